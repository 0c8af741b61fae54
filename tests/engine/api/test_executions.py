"""Starting, stopping, describing and listing executions."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from tests.engine.api.service import WORK, Service
from tests.engine.memory import PLACE, machine

ARN = PLACE.state_machine("m")
VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
FAILS = machine(F={"Type": "Fail", "Error": "E", "Cause": "C"})


# --- starting ----------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_a_start_is_idempotent_while_the_execution_runs_with_that_input(service: Service) -> None:
    service.create_asking()
    request = {"stateMachineArn": ARN, "name": "x", "input": '{"a": 1}'}
    first = service.call("StartExecution", **request)
    assert service.call("StartExecution", **request) == first
    taken = ("ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'")
    assert service.refusal("StartExecution", **{**request, "input": '{"a":1}'}) == taken, "inputs are compared as texts"
    service.call("StopExecution", executionArn=first["executionArn"])
    assert service.refusal("StartExecution", **request) == taken, "an execution that has ended keeps its name"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "Invalid execution input."),
        ("a", f"Unrecognized token 'a': was expecting {VALUES}"),
        ('{"a": }', "Unexpected character ('}' (code 125)): expected a value"),
        ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
    ],
    ids=["blank", "word", "no value", "quotes"],
)
def test_an_input_that_is_not_json_is_refused_in_the_words_of_the_parser(
    service: Service, given: str, why: str
) -> None:
    service.create()
    refusal = service.refusal("StartExecution", stateMachineArn=ARN, input=given)
    assert refusal == ("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{why}'")


@pytest.mark.aws("documented")
def test_an_input_is_limited_in_bytes_and_kept_as_text(service: Service) -> None:
    service.create()
    fits = '"' + "é" * 131_071 + '"'
    assert len(fits.encode()) == 256 * 1024
    execution = service.start(ARN, input=fits)
    assert service.settle(execution)["input"] == fits
    refused, message = service.refusal("StartExecution", stateMachineArn=ARN, input=fits + " ")
    assert refused == "ValidationException"
    assert "'input' failed to satisfy constraint: Member must have length less than or equal to 262144" in message
    spaced = service.start(ARN, input='{ "a" : 1.0 }')
    assert service.settle(spaced)["input"] == '{ "a" : 1.0 }'


@pytest.mark.aws("recorded")
def test_an_execution_without_input_gets_an_empty_object(service: Service) -> None:
    service.create()
    assert service.settle(service.start(ARN))["input"] == "{}"


@pytest.mark.aws("documented")
def test_the_trace_header_is_told_back(service: Service) -> None:
    service.create()
    execution = service.start(ARN, traceHeader="Root=1-5")
    assert service.settle(execution)["traceHeader"] == "Root=1-5"
    refused, message = service.refusal("StartExecution", stateMachineArn=ARN, traceHeader="é")
    assert refused == "ValidationException"
    assert message.endswith(r"regular expression pattern: \p{ASCII}*")


# --- describing and stopping -------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_metadata_alone_leaves_out_all_data(service: Service) -> None:
    execution = service.start(service.create(definition=FAILS), input='{"secret": 1}')
    whole = service.settle(execution)
    bare = service.call("DescribeExecution", executionArn=execution, includedData="METADATA_ONLY")
    assert set(whole) - set(bare) == {"input", "inputDetails", "error", "cause"}


@pytest.mark.aws("recorded")
def test_a_stop_tells_when_and_a_second_one_changes_nothing(service: Service) -> None:
    service.create_asking()
    execution = service.start(ARN)
    service.take_task()
    stopped = service.call("StopExecution", executionArn=execution, error="E", cause="C")
    shown = service.call("DescribeExecution", executionArn=execution)
    assert (shown["status"], shown["error"], shown["cause"]) == ("ABORTED", "E", "C")
    assert shown["stopDate"] == stopped["stopDate"]
    assert service.call("StopExecution", executionArn=execution, error="F") == stopped
    assert service.call("DescribeExecution", executionArn=execution) == shown


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("operation", ["DescribeExecution", "GetExecutionHistory", "StopExecution", "RedriveExecution"])
def test_executions_that_are_not_there_are_refused(service: Service, operation: str) -> None:
    missing = PLACE.execution("m", "x")
    refusal = service.refusal(operation, executionArn=missing)
    assert refusal == ("ExecutionDoesNotExist", f"Execution Does Not Exist: '{missing}'")
    refusal = service.refusal(operation, executionArn="x")
    assert refusal == ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'")
    refusal = service.refusal(operation, executionArn=ARN)
    assert refusal == ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: stateMachine'")


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("name", ["a b", "a/b"])
def test_an_execution_needs_a_good_name(service: Service, name: str) -> None:
    refusal = service.refusal("StartExecution", stateMachineArn=service.create(), name=name)
    assert refusal == ("InvalidName", f"Invalid Name: '{name}'")


@pytest.mark.aws("recorded")
def test_only_what_has_failed_is_redriven(service: Service) -> None:
    done = service.start(service.create("done"))
    service.settle(done)
    refusal = service.refusal("RedriveExecution", executionArn=done)
    assert refusal == ("ExecutionNotRedrivable", "Execution is SUCCEEDED and cannot be redriven")
    service.create_asking()
    runs = service.start(ARN)
    refusal = service.refusal("RedriveExecution", executionArn=runs)
    assert refusal == ("ExecutionNotRedrivable", "Execution is RUNNING and cannot be redriven")
    service.call("StopExecution", executionArn=runs)
    assert service.call("RedriveExecution", executionArn=runs)["redriveDate"] > 0
    assert service.call("DescribeExecution", executionArn=runs)["status"] == "RUNNING"


@pytest.mark.aws("documented")
def test_a_redrive_is_idempotent_for_its_client_token(service: Service) -> None:
    execution = service.start(service.create(definition=FAILS))
    service.settle(execution)

    def redrive(token: str) -> float:
        answer = service.call("RedriveExecution", executionArn=execution, clientToken=token)
        service.settle(execution)
        return float(answer["redriveDate"])

    first = redrive("t0")
    assert redrive("t0") == first
    later = [redrive(f"t{number}") for number in range(1, 10)]
    assert redrive("t0") == first, "ten tokens are remembered"
    redrive("t10")
    assert redrive("t0") > later[-1], "the oldest token is forgotten"
    assert service.call("DescribeExecution", executionArn=execution)["redriveCount"] == 12


@pytest.mark.aws("documented")
def test_nothing_is_redriven_while_its_machine_is_deleted(service: Service) -> None:
    service.create_asking()
    stopped, runs = service.start(ARN, name="stopped"), service.start(ARN, name="runs")
    service.call("StopExecution", executionArn=stopped)
    service.call("DeleteStateMachine", stateMachineArn=ARN)
    refusal = service.refusal("RedriveExecution", executionArn=stopped)
    assert refusal == ("ExecutionNotRedrivable", "State machine is in DELETING status")
    service.call("StopExecution", executionArn=runs)


@pytest.mark.aws("documented")
def test_the_history_is_paged_in_both_orders(service: Service) -> None:
    execution = service.start(service.create())
    service.settle(execution)
    pages = service.all_pages("GetExecutionHistory", "events", 3, executionArn=execution)
    assert [[event["id"] for event in page] for page in pages] == [[1, 2, 3], [4]]
    pages = service.all_pages("GetExecutionHistory", "events", 3, executionArn=execution, reverseOrder=True)
    assert [[event["id"] for event in page] for page in pages] == [[4, 3, 2], [1]]


# --- listing -----------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_executions_are_listed_newest_first_and_by_status(service: Service) -> None:
    service.create("fails", FAILS)
    service.create_asking()
    done = service.start(ARN, name="done")
    service.finish(service.take_task())
    runs = service.start(ARN, name="runs")
    service.settle(service.start(PLACE.state_machine("fails")))

    def listed(**more: Any) -> list[str]:
        shown = service.call("ListExecutions", stateMachineArn=ARN, **more)["executions"]
        return [row["executionArn"] for row in shown]

    assert listed() == [runs, done], "those of this machine alone"
    assert listed(statusFilter="SUCCEEDED") == [done]
    assert listed(statusFilter="RUNNING") == [runs]
    assert listed(statusFilter="FAILED") == []
    service.call("StopExecution", executionArn=runs)


@pytest.mark.aws("documented")
def test_executions_are_listed_by_whether_they_were_redriven(service: Service) -> None:
    service.create(definition=FAILS)
    redriven, other = service.start(ARN), service.start(ARN)
    for execution in (redriven, other):
        service.settle(execution)
    service.call("RedriveExecution", executionArn=redriven)
    service.settle(redriven)

    def listed(wanted: str) -> list[str]:
        shown = service.call("ListExecutions", stateMachineArn=ARN, redriveFilter=wanted)["executions"]
        return [row["executionArn"] for row in shown]

    assert listed("REDRIVEN") == [redriven]
    assert listed("NOT_REDRIVEN") == [other]


@pytest.mark.aws("recorded")
def test_a_listing_needs_exactly_one_machine_or_map_run(service: Service) -> None:
    assert service.refusal("ListExecutions") == (
        "ValidationException",
        "Either stateMachineArn or mapRunArn must be specified",
    )
    run = f"{PLACE.state_machine('m').replace('stateMachine', 'mapRun')}/L:0"
    both = service.refusal("ListExecutions", stateMachineArn=ARN, mapRunArn=run)
    assert both[0] == "ValidationException"
    assert service.refusal("ListExecutions", mapRunArn=run) == ("ResourceNotFound", f"Resource not found: '{run}'")
    assert service.refusal("ListExecutions", mapRunArn=ARN)[0] == "InvalidArn"
    pending = service.refusal("ListExecutions", stateMachineArn=ARN, statusFilter="PENDING_REDRIVE")
    assert pending[0] == "ValidationException", "only children wait for a redrive"
    missing = service.refusal("ListExecutions", stateMachineArn=ARN)
    assert missing == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{ARN}'")


# --- EXPRESS -----------------------------------------------------------------------------------------


@pytest.mark.aws("recorded")
def test_a_synchronous_execution_is_answered_with_its_output_and_its_bill(service: Service) -> None:
    service.create(type="EXPRESS")
    before = time.time()
    shown = service.call("StartSyncExecution", stateMachineArn=ARN, name="x", input='{"a":1}', traceHeader="Root=1-5")
    assert before - 0.001 <= shown.pop("startDate") <= shown.pop("stopDate") <= time.time() + 0.001
    assert shown.pop("executionArn").startswith("arn:aws:states:us-east-1:000000000000:express:m:x:")
    assert shown == {
        "stateMachineArn": ARN,
        "name": "x",
        "status": "SUCCEEDED",
        "input": '{"a":1}',
        "inputDetails": {"included": True},
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "traceHeader": "Root=1-5",
        "billingDetails": {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64},
    }


@pytest.mark.aws("recorded")
def test_a_failed_synchronous_execution_is_an_answer_not_an_error(service: Service) -> None:
    shown = service.call("StartSyncExecution", stateMachineArn=service.create(definition=FAILS, type="EXPRESS"))
    assert (shown["status"], shown["error"], shown["cause"]) == ("FAILED", "E", "C")
    assert "output" not in shown


@pytest.mark.aws("documented")
def test_a_synchronous_execution_has_five_minutes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from local.stepfunctions import limits

    assert limits.EXPRESS_SECONDS == 300
    monkeypatch.setattr("local.stepfunctions.execution.EXPRESS_SECONDS", 0.05)
    definition = machine(W={"Type": "Wait", "Seconds": 30, "End": True})
    shown = service.call("StartSyncExecution", stateMachineArn=service.create(definition=definition, type="EXPRESS"))
    assert shown["status"] == "TIMED_OUT"


@pytest.mark.aws("recorded")
def test_only_express_machines_answer_synchronously(service: Service) -> None:
    refusal = service.refusal("StartSyncExecution", stateMachineArn=service.create())
    text = "This operation is not supported by this type of state machine"
    assert refusal == ("StateMachineTypeNotSupported", text)
    service.create("e", type="EXPRESS")
    refusal = service.refusal("ListExecutions", stateMachineArn=PLACE.state_machine("e"))
    assert refusal == ("StateMachineTypeNotSupported", text)


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("operation", ["DescribeExecution", "GetExecutionHistory", "StopExecution"])
def test_nothing_can_be_asked_of_an_express_execution(service: Service, operation: str) -> None:
    service.create(type="EXPRESS")
    execution = service.start(ARN)
    refusal = service.refusal(operation, executionArn=execution)
    assert refusal == ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")


@pytest.mark.aws("documented")
def test_express_executions_share_names_and_are_not_kept(service: Service) -> None:
    service.create(type="EXPRESS")
    arns = {service.start(ARN, name="x", input=text) for text in ("1", "2")}
    arns.add(service.call("StartSyncExecution", stateMachineArn=ARN, name="x")["executionArn"])
    assert len(arns) == 3, "each has an ARN of its own"
    assert not service.engine.executions, "what nobody can ask for is not kept"


@pytest.mark.aws("recorded")
@pytest.mark.parametrize(
    ("resource", "what"),
    [
        (WORK, "Activity ARN"),
        ("arn:aws:states:::states:startExecution.sync", "'.sync' service integration"),
        ("arn:aws:states:::states:startExecution.sync:2", "'.sync:2' service integration"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "'.waitForTaskToken' service integration "),
    ],
    ids=["activity", "sync", "sync:2", "token"],
)
def test_express_machines_cannot_wait_for_others(service: Service, resource: str, what: str) -> None:
    parameters = {"MessageBody.$": "$$.Task.Token", "QueueUrl": "q"} if "sqs" in resource else {"StateMachineArn": ARN}
    more = {} if resource == WORK else {"Parameters": parameters}
    definition = machine(T={"Type": "Task", "Resource": resource, "End": True, **more})
    refusal = service.refusal(
        "CreateStateMachine",
        name="e",
        type="EXPRESS",
        roleArn="arn:aws:iam::000000000000:role/r",
        definition=orjson.dumps(definition).decode(),
    )
    assert refusal[0] == "InvalidDefinition"
    assert (
        f"SCHEMA_VALIDATION_FAILED: Express state machine does not support {what} at /States/T/Resource" in refusal[1]
    )
    service.create(definition=definition)  # STANDARD machines can


@pytest.mark.aws("documented")
def test_an_express_context_has_no_redrives(service: Service) -> None:
    definition = machine(P={"Type": "Pass", "Parameters": {"e.$": "$$.Execution"}, "End": True})
    shown = service.call("StartSyncExecution", stateMachineArn=service.create(definition=definition, type="EXPRESS"))
    assert set(orjson.loads(shown["output"])["e"]) == {"Id", "Input", "StartTime", "Name", "RoleArn"}
