"""Following an execution: what is read, when it ends, and what a wait that is too long says."""

from __future__ import annotations

import time

import pytest

from operate import execution
from operate.errors import ExecutionError
from operate.execution import Counts
from tests.unit.operate.answers import EXECUTION, MAP_RUN, STARTED, counts_answer, execution_answer


def queue_description(stubber, status, *, items, **given):
    stubber.add_response("describe_execution", execution_answer(status, **given), {"executionArn": EXECUTION})
    stubber.add_response(
        "list_map_runs",
        {
            "mapRuns": [
                {"executionArn": EXECUTION, "mapRunArn": MAP_RUN, "stateMachineArn": "arn:m", "startDate": STARTED}
            ]
        },
        {"executionArn": EXECUTION, "maxResults": 1000},
    )
    stubber.add_response(
        "describe_map_run",
        {
            "mapRunArn": MAP_RUN,
            "executionArn": EXECUTION,
            "status": status,
            "startDate": STARTED,
            "maxConcurrency": 10,
            "toleratedFailurePercentage": 0.0,
            "toleratedFailureCount": 0,
            "itemCounts": counts_answer(**items),
            "executionCounts": counts_answer(total=1),
        },
        {"mapRunArn": MAP_RUN},
    )


def test_following_ends_with_the_execution_and_shows_its_map_runs(stubbed):
    sfn, stubber = stubbed()
    queue_description(stubber, "RUNNING", items={"total": 5, "running": 5})
    queue_description(stubber, "SUCCEEDED", items={"total": 5, "succeeded": 5}, output='{"a":1}', stopDate=STARTED)
    seen = list(execution.follow(sfn, EXECUTION, every=0.0, at_most=60))
    assert [each.execution.status for each in seen] == ["RUNNING", "SUCCEEDED"]
    assert seen[1].execution.output == {"a": 1}, "the output is JSON text on the wire"
    assert [each.map_runs[0].items.succeeded for each in seen] == [0, 5]
    assert seen[0].map_runs[0].label == "Reviews", "the label stands between the machine and the id"


def test_a_wait_that_is_too_long_says_that_the_execution_goes_on(stubbed):
    sfn, stubber = stubbed()
    queue_description(stubber, "RUNNING", items={})
    with pytest.raises(ExecutionError, match=f"{EXECUTION} is still RUNNING after 0 s and goes on") as raised:
        list(execution.follow(sfn, EXECUTION, every=0.0, at_most=0))
    assert "--timeout" in str(raised.value), "the remedy is named"


def test_every_page_of_the_children_is_read(stubbed):
    sfn, stubber = stubbed()
    rows = [
        {
            "executionArn": f"{EXECUTION}{n}",
            "stateMachineArn": "arn:m",
            "name": str(n),
            "status": "SUCCEEDED",
            "startDate": STARTED,
        }
        for n in range(3)
    ]
    request = {"mapRunArn": MAP_RUN, "maxResults": 1000}
    stubber.add_response("list_executions", {"executions": rows[:2], "nextToken": "more"}, request)
    stubber.add_response("list_executions", {"executions": rows[2:]}, {**request, "nextToken": "more"})
    assert [row["name"] for row in execution.children(sfn, MAP_RUN)] == ["0", "1", "2"]


def test_counts_add_up_state_by_state():
    total = Counts(total=3, succeeded=1, failed=1, timed_out=1) + Counts(total=2, aborted=1, pending=1)
    assert total == Counts(total=5, succeeded=1, failed=1, timed_out=1, aborted=1, pending=1)
    assert (total.unsuccessful, total.finished) == (3, 4), "pending items are not finished"


def test_polling_waits_between_requests(stubbed):
    sfn, stubber = stubbed()
    queue_description(stubber, "RUNNING", items={})
    queue_description(stubber, "FAILED", items={}, error="E", cause="c", stopDate=STARTED)
    began = time.monotonic()
    last = list(execution.follow(sfn, EXECUTION, every=0.05, at_most=60))[-1]
    assert time.monotonic() - began >= 0.05, "DescribeMapRun is limited to about one request a second"
    assert (last.execution.error, last.execution.cause) == ("E", "c")
