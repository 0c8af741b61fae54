"""Activities and task tokens: who answers, when the clocks run, and what an answer that comes late finds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local.stepfunctions.activities import MAX_POLLERS, Activity, TooManyPollers
from local.stepfunctions.callbacks import TokenExpired, UnknownToken
from local.stepfunctions.errors import StatesError
from local.stepfunctions.payload import Payload
from tests.engine.memory import PLACE, machine, run

ARN = PLACE.activity("work")


def activity_state(**fields: Any) -> dict[str, Any]:
    return machine(A={"Type": "Task", "Resource": ARN, "End": True, **fields})


def work(during: Any) -> Any:
    """``during`` with the activity made before the execution's first state runs."""

    async def act(engine: Any, execution: Any) -> None:
        activity = engine.activities[ARN] = Activity(arn=ARN, name="work")
        await during(engine, activity, execution)

    return act


@pytest.mark.aws("recorded")
def test_a_worker_takes_the_task_and_its_output_is_the_result(tmp_path: Path) -> None:
    async def during(engine: Any, activity: Activity, _execution: Any) -> None:
        task = await activity.poll("worker-1")
        assert task is not None
        assert task.input.value == {"n": 1}
        engine.tokens.find(task.ticket.token).answer(Payload({"done": True}))

    ran = run(activity_state(), {"n": 1}, data_dir=tmp_path, during=work(during))
    assert ran.output == {"done": True}
    assert [kind for _previous, kind in ran.types[2:5]] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
    assert ran.events[3]["activityStartedEventDetails"] == {"workerName": "worker-1"}


@pytest.mark.aws("recorded")
def test_a_worker_that_waits_gets_the_next_task(tmp_path: Path) -> None:
    async def scenario() -> None:
        activity = Activity(arn=ARN, name="work")
        waiting = asyncio.create_task(activity.poll("early"))
        await asyncio.sleep(0)
        from local.stepfunctions.callbacks import TaskTokens

        scheduled = activity.schedule(TaskTokens().issue(), Payload(5))
        found = await asyncio.wait_for(waiting, 1)
        assert found is scheduled
        assert await scheduled.taken == "early"
        assert not activity.waiting

    asyncio.run(scenario())
    assert tmp_path.exists()


@pytest.mark.aws("documented")
def test_no_timeout_runs_before_a_worker_has_the_task(tmp_path: Path) -> None:
    async def during(engine: Any, activity: Activity, _execution: Any) -> None:
        await asyncio.sleep(1.3)
        task = await activity.poll(None)
        assert task is not None
        engine.tokens.find(task.ticket.token).answer(Payload("late but in time"))

    ran = run(activity_state(TimeoutSeconds=1), data_dir=tmp_path, during=work(during))
    assert ran.output == "late but in time"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("limits", [{"TimeoutSeconds": 1}, {"TimeoutSeconds": 60, "HeartbeatSeconds": 1}])
def test_a_silent_worker_times_the_task_out_as_states_timeout_without_a_cause(
    tmp_path: Path, limits: dict[str, int]
) -> None:
    async def during(_engine: Any, activity: Activity, _execution: Any) -> None:
        assert await activity.poll(None) is not None

    ran = run(activity_state(**limits), data_dir=tmp_path, during=work(during))
    assert (ran.execution.status, ran.execution.error, ran.execution.cause) == ("FAILED", "States.Timeout", None)
    assert ran.events[-2]["type"] == "ActivityTimedOut"
    assert ran.events[-2]["activityTimedOutEventDetails"] == {"error": "States.Timeout"}


@pytest.mark.aws("documented")
@pytest.mark.parametrize("name", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_missed_heartbeat_is_caught_by_either_name(tmp_path: Path, name: str) -> None:
    async def during(_engine: Any, activity: Activity, _execution: Any) -> None:
        await activity.poll(None)

    definition = activity_state(
        TimeoutSeconds=60, HeartbeatSeconds=1, Catch=[{"ErrorEquals": [name], "Next": "Caught"}]
    )
    definition["States"]["Caught"] = {"Type": "Pass", "Result": "caught", "End": True}
    assert run(definition, data_dir=tmp_path, during=work(during)).output == "caught"


@pytest.mark.aws("documented")
def test_heartbeats_keep_a_task_alive_past_its_heartbeat_limit(tmp_path: Path) -> None:
    async def during(engine: Any, activity: Activity, _execution: Any) -> None:
        task = await activity.poll(None)
        assert task is not None
        ticket = engine.tokens.find(task.ticket.token)
        for _ in range(3):
            await asyncio.sleep(0.5)
            ticket.beat()
        ticket.answer(Payload("alive"))

    ran = run(activity_state(TimeoutSeconds=60, HeartbeatSeconds=1), data_dir=tmp_path, during=work(during))
    assert ran.output == "alive"


@pytest.mark.aws("documented")
def test_a_retry_hands_out_a_new_token_and_the_old_one_is_stale(tmp_path: Path) -> None:
    async def during(engine: Any, activity: Activity, _execution: Any) -> None:
        first = await activity.poll(None)
        assert first is not None
        first.ticket.refuse(StatesError("Again", "please"))
        second = await activity.poll(None)
        assert second is not None
        assert second.ticket.token != first.ticket.token
        with pytest.raises(TokenExpired):
            engine.tokens.find(first.ticket.token)
        with pytest.raises(UnknownToken):
            engine.tokens.find("never issued")
        second.ticket.answer(Payload("second"))

    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    assert run(activity_state(Retry=retry), data_dir=tmp_path, during=work(during)).output == "second"


@pytest.mark.aws("recorded")
def test_an_activity_that_is_not_there_is_a_runtime_failure(tmp_path: Path) -> None:
    ran = run(activity_state(), data_dir=tmp_path)
    assert ran.execution.error == "States.Runtime"
    assert ran.execution.cause == f"The activity {ARN} does not exist."


@pytest.mark.aws("documented")
def test_one_poller_too_many_is_refused_and_a_cancelled_one_frees_its_place() -> None:
    async def scenario() -> None:
        activity = Activity(arn=ARN, name="work")
        pollers = [asyncio.create_task(activity.poll(None)) for _ in range(MAX_POLLERS)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyPollers):
            await activity.poll(None)
        pollers[0].cancel()
        await asyncio.gather(pollers[0], return_exceptions=True)
        assert len(activity.pollers) == MAX_POLLERS - 1
        for poller in pollers:
            poller.cancel()
        await asyncio.gather(*pollers, return_exceptions=True)

    asyncio.run(scenario())
