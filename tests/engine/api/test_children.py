"""Map Runs and their child executions, as the operations on executions show them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.engine.api.service import WORK, Refused, Service
from tests.engine.memory import PLACE, machine

ARN = PLACE.state_machine("m")
LABELED = "API_DOES_NOT_SUPPORT_LABELED_ARNS"


def fan_out(execution_type: str, state: dict[str, Any] | None = None) -> dict[str, Any]:
    """A distributed map over the input, whose children return their item unless they run another state."""
    processor = machine(Child={"End": True, **(state or {"Type": "Pass"})})
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}}
    return machine(Fan={"Type": "Map", "Label": "Fan", "ItemProcessor": {**config, **processor}, "End": True})


def ran(service: Service, definition: dict[str, Any], items: list[Any]) -> tuple[str, list[dict[str, Any]]]:
    """The ARN of the Map Run of an execution that has ended, and the rows of its children."""
    service.create(definition=definition)
    execution = service.start(ARN, input=orjson.dumps(items).decode())
    service.settle(execution)
    ((run),) = service.call("ListMapRuns", executionArn=execution)["mapRuns"]
    rows = service.call("ListExecutions", mapRunArn=run["mapRunArn"])["executions"]
    return run["mapRunArn"], rows


@pytest.mark.aws("documented")
def test_a_standard_child_is_described_with_its_history(service: Service) -> None:
    map_run, (row,) = ran(service, fan_out("STANDARD"), ["x"])
    shown = service.call("DescribeExecution", executionArn=row["executionArn"])
    assert (shown["status"], shown["input"], shown["output"]) == ("SUCCEEDED", '"x"', '"x"')
    assert (shown["mapRunArn"], shown["stateMachineArn"]) == (map_run, f"{ARN}/Fan")
    assert row["itemCount"] == 1
    pages = service.all_pages("GetExecutionHistory", "events", 3, executionArn=row["executionArn"])
    kinds = [event["type"] for page in pages for event in page]
    assert kinds == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    bare = service.call("DescribeExecution", executionArn=row["executionArn"], includedData="METADATA_ONLY")
    assert set(shown) - set(bare) == {"input", "inputDetails", "output", "outputDetails"}


@pytest.mark.aws("documented")
def test_an_express_child_is_described_without_a_history(service: Service) -> None:
    _map_run, (row,) = ran(service, fan_out("EXPRESS"), ["x"])
    shown = service.call("DescribeExecution", executionArn=row["executionArn"])
    assert (shown["status"], shown["output"]) == ("SUCCEEDED", '"x"')
    refusal = service.refusal("GetExecutionHistory", executionArn=row["executionArn"])
    assert refusal == ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")


@pytest.mark.aws("recorded")
def test_the_workflow_of_a_child_is_that_of_the_map(service: Service) -> None:
    map_run, (row,) = ran(service, fan_out("STANDARD"), ["x"])
    processor = machine(Child={"End": True, "Type": "Pass"})  # without the ProcessorConfig
    shown = service.call("DescribeStateMachineForExecution", executionArn=row["executionArn"])
    assert orjson.loads(shown["definition"]) == processor
    assert (shown["label"], shown["mapRunArn"], shown["stateMachineArn"]) == ("Fan", map_run, f"{ARN}/Fan")
    shown = service.call("DescribeStateMachine", stateMachineArn=f"{ARN}/Fan")
    assert (orjson.loads(shown["definition"]), shown["label"]) == (processor, "Fan")
    refusal = service.refusal("DescribeStateMachine", stateMachineArn=f"{ARN}/Other")
    assert refusal == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}/Other'")


@pytest.mark.aws("documented")
def test_children_are_paged_and_filtered(service: Service) -> None:
    fails = {"Type": "Fail", "Error": "E"}
    choice = {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 3, "Next": "Bad"}], "Default": "Good"}
    definition = fan_out("STANDARD")
    fan = definition["States"]["Fan"]
    fan["ItemProcessor"] |= machine(Pick=choice, Good={"Type": "Succeed"}, Bad=fails)
    fan["ToleratedFailureCount"] = 1
    map_run, rows = ran(service, definition, [0, 1, 2, 3, 4])
    pages = service.all_pages("ListExecutions", "executions", 2, mapRunArn=map_run)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {row["executionArn"] for page in pages for row in page} == {row["executionArn"] for row in rows}
    (failed,) = service.call("ListExecutions", mapRunArn=map_run, statusFilter="FAILED")["executions"]
    shown = service.call("DescribeExecution", executionArn=failed["executionArn"])
    assert (shown["input"], shown["error"], shown["redriveStatus"]) == ("3", "E", "REDRIVABLE_BY_MAP_RUN")
    for wanted, count in (("REDRIVEN", 0), ("NOT_REDRIVEN", 5)):
        found = service.all_pages("ListExecutions", "executions", 2, mapRunArn=map_run, redriveFilter=wanted)
        assert sum(len(page) for page in found) == count


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("operation", ["StopExecution", "RedriveExecution"])
def test_a_child_is_stopped_and_redriven_with_its_map_run(service: Service, operation: str) -> None:
    _map_run, (row,) = ran(service, fan_out("STANDARD"), ["x"])
    with pytest.raises(Refused) as refused:
        service.call(operation, executionArn=row["executionArn"])
    expected = {"StopExecution": LABELED, "RedriveExecution": None}[operation]
    assert refused.value.reason == expected


@pytest.mark.aws("documented")
@pytest.mark.parametrize("operation", ["StartExecution", "UpdateStateMachine", "PublishStateMachineVersion"])
def test_a_map_is_no_machine_of_its_own(service: Service, operation: str) -> None:
    service.create(definition=fan_out("STANDARD"))
    more = {"roleArn": "arn:aws:iam::000000000000:role/r"} if operation == "UpdateStateMachine" else {}
    with pytest.raises(Refused) as refused:
        service.call(operation, stateMachineArn=f"{ARN}/Fan", **more)
    assert (refused.value.name, refused.value.reason) == ("ValidationException", LABELED)


@pytest.mark.aws("documented")
def test_children_go_with_their_machine(service: Service) -> None:
    map_run, (row,) = ran(service, fan_out("STANDARD"), ["x"])
    service.call("DeleteStateMachine", stateMachineArn=ARN)
    for operation in ("DescribeExecution", "DescribeStateMachineForExecution"):
        assert service.refusal(operation, executionArn=row["executionArn"])[0] == "ExecutionDoesNotExist"
    for operation in ("DescribeMapRun", "ListExecutions"):
        refusal = service.refusal(operation, mapRunArn=map_run)
        assert refusal == ("ResourceNotFound", f"Resource not found: '{map_run}'")


@pytest.mark.aws("documented")
def test_a_map_run_is_changed_while_it_runs(service: Service) -> None:
    service.call("CreateActivity", name="work")
    service.create(definition=fan_out("STANDARD", {"Type": "Task", "Resource": WORK}))
    execution = service.start(ARN, input='["x"]')
    token = service.take_task()
    (run,) = service.call("ListMapRuns", executionArn=execution)["mapRuns"]
    arn = run["mapRunArn"]
    with pytest.raises(Refused) as refused:
        service.call("UpdateMapRun", mapRunArn=arn)
    assert refused.value.reason == "MISSING_REQUIRED_PARAMETER"
    changes = {"maxConcurrency": 3, "toleratedFailureCount": 0, "toleratedFailurePercentage": 12.5}
    assert service.call("UpdateMapRun", mapRunArn=arn, **changes) == {}
    shown = service.call("DescribeMapRun", mapRunArn=arn)
    assert {name: shown[name] for name in changes} == changes, "0 is a value, too"
    service.finish(token)
    service.settle(execution)
    with pytest.raises(Refused) as refused:
        service.call("UpdateMapRun", mapRunArn=arn, maxConcurrency=1)
    assert refused.value.reason == "CANNOT_UPDATE_COMPLETED_MAP_RUN"
