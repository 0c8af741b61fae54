"""What a run used is counted from its history, its children and its files."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from operate import usage
from operate.evidence import Evidence
from operate.results import Manifest, ResultFile
from tests.unit.operate.answers import EXECUTION, MAP_RUN, STARTED, execution, history_page, map_run

PARENT = (
    "ExecutionStarted",
    "PassStateEntered",
    "PassStateExited",
    "MapStateEntered",
    "MapStateStarted",
    "MapRunStarted",
    "MapRunSucceeded",
    "MapStateSucceeded",
    "MapStateExited",
    "ExecutionSucceeded",
)


def definition(execution_type="EXPRESS", resource="arn:aws:states:::s3:getObject"):
    return {
        "StartAt": "Defaults",
        "States": {
            "Defaults": {"Type": "Pass", "Next": "Reviews"},
            "Reviews": {
                "Type": "Map",
                "Label": "Reviews",
                "ItemReader": {"Resource": resource},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type},
                    "StartAt": "Keep",
                    "States": {"Keep": {"Type": "Pass", "End": True}},
                },
                "End": True,
            },
        },
    }


class FakeStack:
    def __init__(self, client):
        self._client = client

    def client(self, service):
        assert service == "stepfunctions"
        return self._client


def evidence(client, **given):
    fields = {
        "stack": FakeStack(client),
        "execution": execution(),
        "map_runs": (map_run(),),
        "events": tuple(history_page(*PARENT)["events"]),
        "definition": definition(),
        "logging_level": "ERROR",
        "logs_data": False,
        "manifests": {
            MAP_RUN: Manifest(
                bucket="b",
                key="out/manifest.json",
                map_run_arn=MAP_RUN,
                files={"SUCCEEDED": (ResultFile(key="s", size=20 * 2**20),), "FAILED": (), "PENDING": ()},
            )
        },
    }
    return Evidence(**{**fields, **given})


def queue_children(stubber, *milliseconds):
    rows = [
        {
            "executionArn": f"{EXECUTION}{number}",
            "stateMachineArn": "arn:m",
            "name": str(number),
            "status": "SUCCEEDED",
            "startDate": STARTED,
            "stopDate": STARTED + timedelta(milliseconds=each),
        }
        for number, each in enumerate(milliseconds)
    ]
    stubber.add_response("list_executions", {"executions": rows}, {"mapRunArn": MAP_RUN, "maxResults": 1000})


def quantities(cost):
    return {(line.name, line.basis.split(",")[0]): line.quantity for line in cost.lines}


def test_a_run_with_express_children_is_billed_by_starts_requests_and_steps_of_100_ms(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber, 12, 250)
    assert quantities(usage.cost_of(evidence(sfn))) == {
        ("Step Functions transitions", "states the parent entered"): 2,
        ("Step Functions transitions", "child executions started"): 2,
        ("Step Functions EXPRESS requests", "child executions"): 2,
        ("Step Functions EXPRESS duration", "0.4 s in 100 ms steps at 64 MB"): pytest.approx(0.4 * 64 / 1024),
        ("S3 GET requests", "objects the reader fetched"): 1,
        ("S3 PUT, POST, LIST requests", "manifest twice"): 2 + 2 + 3,
        ("S3 Standard storage", "results kept for a month"): pytest.approx(20 / 1024),
    }


def test_standard_children_are_billed_by_the_states_that_the_first_one_entered(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber, 12, 250)
    stubber.add_response(
        "get_execution_history",
        history_page("ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"),
        {"executionArn": f"{EXECUTION}0", "maxResults": 1000},
    )
    found = quantities(usage.cost_of(evidence(sfn, definition=definition("STANDARD"))))
    assert found["Step Functions transitions", "child executions started"] == 2
    assert found["Step Functions transitions", "states the children entered"] == 2
    assert ("Step Functions EXPRESS requests", "child executions") not in found


def test_a_listing_is_billed_by_the_page(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber)
    listing = definition(resource="arn:aws:states:::s3:listObjectsV2")
    found = quantities(usage.cost_of(evidence(sfn, definition=listing, manifests={})))
    assert found["S3 PUT, POST, LIST requests", "pages of keys the reader listed"] == 2, "2,000 keys, 1,000 a page"


@pytest.mark.parametrize(("data", "payload"), [(False, 0), (True, 2 * 20 * 2**20)])
def test_log_level_all_is_billed_and_execution_data_twice(stubbed, data, payload):
    sfn, stubber = stubbed()
    queue_children(stubber)
    found = evidence(sfn, logging_level="ALL", logs_data=data)
    (line,) = [line for line in usage.cost_of(found).lines if line.unit == "GB"]
    events = sum(len(orjson.dumps(event, default=str)) for event in found.events)
    assert line.quantity * 2**30 == pytest.approx(events + 2 * 4 * usage.LOG_EVENT_BYTES + payload)


@pytest.mark.parametrize(
    ("types", "count", "why"),
    [
        (PARENT, 2, "two states"),
        (("TaskStateEntered", "TaskScheduled", "TaskFailed", "TaskScheduled", "TaskSucceeded"), 2, "a retry is billed"),
        ((*PARENT, "ExecutionRedriven", "MapRunRedriven"), 3, "a redrive is billed"),
        ((), 0, "nothing happened"),
    ],
)
def test_transitions_are_states_entered_retries_and_redrives(types, count, why):
    assert usage.transitions(tuple(history_page(*types)["events"])) == count, why


def test_a_map_inside_a_parallel_branch_is_found(stubbed):
    sfn, stubber = stubbed()
    queue_children(stubber, 1)
    nested = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [definition()], "End": True}}}
    assert usage.cost_of(evidence(sfn, definition=nested, manifests={})).total_usd > 0
