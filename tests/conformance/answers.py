"""What to ask the server for each recorded answer, by the answer's name.

Most answers are the outcome of one of the case's own calls. The others are read back, as the recording's test
did: histories, descriptions, pages of lists, and calls that must fail.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.conformance.replay import Outcome, ReplayError, log_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.replay import Replay

PAGE = 10
TOO_MANY = 1001
NOWHERE = "-that-is-not"  # appended to a name
LOG_SECONDS = 15.0
LAST_EVENTS = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
OPERATION = re.compile(r"when calling the (\w+) operation")

CLAIMS: dict[str, str] = {  # the answer's name: the call whose outcome it is
    r"creation_(response|resp|error)(_\w+)?|map_state_label_\w+_fail": "CreateStateMachine",
    r"create_activity_(output|response|response_duplicate)|invalid_name": "CreateActivity",
    r"describe_response|describe_resp_\w+|describe_nonexistent_sm": "DescribeStateMachine",
    r"describe_resp|describe_for_execution_response": "DescribeStateMachineForExecution",
    r"update_state_machine_res_\w+|missing_required_parameter": "UpdateStateMachine",
    r"exec_resp|start_exec_str_inp": "StartExecution",
    r"start_execution_sync_response|start_sync_execution_error": "StartSyncExecution",
    r"validation_response": "ValidateStateMachineDefinition",
    r"no_such_activity": "DescribeActivity",
    r"list_map_runs": "ListMapRuns",
    r"describe_map_run": "DescribeMapRun",
}
INPUTS = {  # StartExecution calls that the recording names and the calls leave out
    "start_exec_not_json_inp": "{'not': 'json'",
    "start_res_empty": "",
    "start_res_num": "2",
    "start_res_str": '"some text"',
    "start_res_null": "null",
}


def answer(replay: Replay, name: str, expected: Any) -> Any:
    """The server's answer in the place of the recorded one of that name. Raises ReplayError."""
    for pattern, operation in CLAIMS.items():
        if re.fullmatch(pattern, name):
            return shown(replay.claim(operation), expected)
    for pattern, read in READS.items():
        match = re.fullmatch(pattern, name)
        if match:
            got = read(replay, expected, *match.groups())
            return shown(got, expected) if isinstance(got, Outcome) else got
    raise ReplayError(f"no way is known to get an answer named {name!r}")


def shown(outcome: Outcome, expected: Any) -> Any:
    """The outcome in the form in which the recording shows one: of an exception it may be the text alone."""
    if outcome.error is not None and isinstance(expected, str):
        return str(outcome.error)
    if outcome.error is not None and "exception_typename" in expected:
        return {"exception_typename": type(outcome.error).__name__, "exception_value": str(outcome.error)}
    return outcome.response


def _history(replay: Replay, expected: Any, index: str = "-1") -> dict[str, Any]:
    replay.make_calls()
    return _events(replay, replay.execution(int(index)))


def _history_ordered(replay: Replay, expected: Any, reverse: str) -> dict[str, Any]:
    replay.make_calls()
    return _events(replay, replay.execution(), reverse=reverse == "True")


def _events(replay: Replay, arn: str, *, reverse: bool = False) -> dict[str, Any]:
    """All events of an ended execution, page after page."""
    replay.ended(arn)
    events: list[Any] = []
    parameters: dict[str, Any] = {"executionArn": arn, "maxResults": 1000, "reverseOrder": reverse}
    while True:
        page = replay.read("GetExecutionHistory", **parameters)
        events += page["events"]
        if "nextToken" not in page:
            return page | {"events": events}
        parameters["nextToken"] = page["nextToken"]


def _inputs_and_outputs(replay: Replay, expected: Any) -> list[dict[str, Any]]:
    replay.make_calls()
    inputs = [call.parameters["input"] for call in replay.case.calls if call.operation == "StartExecution"]
    return [
        {"input": text, "output": replay.ended(replay.execution(index)).get("output")}
        for index, text in enumerate(inputs)
    ]


def _description(replay: Replay, expected: Any) -> dict[str, Any]:
    replay.make_calls()
    return replay.ended(replay.execution())


def _start(name: str) -> Callable[[Replay, Any], Outcome]:
    return lambda replay, _: replay.ask("StartExecution", stateMachineArn=replay.machine(), input=INPUTS[name])


def _executions(replay: Replay, expected: Any, **parameters: Any) -> Outcome:
    """The list of the machine's executions, once those that were started have ended."""
    for outcome in replay.outcomes["StartExecution"]:
        replay.ended(outcome.value["executionArn"])
    return replay.ask("ListExecutions", stateMachineArn=replay.machine(), **parameters)


def _with_status(status: str) -> Callable[[Replay, Any], Outcome]:
    return lambda replay, expected: _executions(replay, expected, statusFilter=status)


def _page_of_executions(replay: Replay, expected: Any, number: str) -> Outcome:
    replay.make_calls()
    outcome = _executions(replay, expected, maxResults=PAGE)
    for _ in range(1, int(number)):
        outcome = _executions(replay, expected, maxResults=PAGE, nextToken=outcome.value["nextToken"])
    return outcome


def _page_of_machines(replay: Replay, expected: Any, number: str) -> list[dict[str, Any]]:
    """The page as far as it is the case's own: other cases have machines on the server too."""
    replay.make_calls()
    own = {outcome.value["stateMachineArn"] for outcome in replay.outcomes["CreateStateMachine"]}
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = replay.read("ListStateMachines", maxResults=PAGE, **token)
        if len(page["stateMachines"]) > PAGE:
            raise ReplayError(f"a page holds more than {PAGE} state machines")
        found += [machine for machine in page["stateMachines"] if machine["stateMachineArn"] in own]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    begin = (int(number) - 1) * PAGE
    return found[begin : begin + PAGE]


def _bad_page(replay: Replay, expected: Any, listed: str, mistake: str) -> Outcome:
    if mistake == "too-large":
        parameters: dict[str, Any] = {"maxResults": TOO_MANY}
    elif mistake == "short-nextToken":
        parameters = {"nextToken": ""}
    else:
        size = re.search(r"<invalid_token_(\d+)_chars>", json.dumps(expected))
        parameters = {"nextToken": "x" * int(size[1] if size else 0)}
    if listed == "executions":
        return _executions(replay, expected, **parameters)
    return replay.ask("ListStateMachines", **parameters)


def _exception(replay: Replay, expected: Any) -> Outcome:
    """The failure of the operation that the recorded text names: of a call, or on an ARN of nothing."""
    operation = OPERATION.search(expected["exception_value"])
    if operation is None:
        raise ReplayError(f"the recorded exception names no operation: {expected}")
    if any(call.operation == operation[1] for call in replay.case.calls):
        return replay.claim(operation[1])
    replay.make_calls()
    if operation[1] == "GetExecutionHistory":
        return replay.ask(operation[1], executionArn=replay.execution() + NOWHERE)
    return replay.ask(operation[1], stateMachineArn=replay.machine() + NOWHERE)


def _refused(operation: str, parameter: str) -> Callable[[Replay, Any], Outcome]:
    """An operation that the case's machine or its last execution does not support."""

    def ask(replay: Replay, expected: Any) -> Outcome:
        arn = replay.machine() if parameter == "stateMachineArn" else replay.execution()
        return replay.ask(operation, **{parameter: arn})

    return ask


def _activity(operation: str) -> Callable[[Replay, Any], Outcome]:
    def ask(replay: Replay, expected: Any) -> Outcome:
        return replay.ask(operation, activityArn=replay.outcomes["CreateActivity"][0].value["activityArn"])

    return ask


def _delete_nothing(replay: Replay, expected: Any) -> Outcome:
    return replay.ask("DeleteStateMachine", stateMachineArn=replay.machine() + NOWHERE)


def _update_with_none(replay: Replay, expected: Any) -> Outcome:
    return replay.ask("UpdateStateMachine", stateMachineArn=replay.machine(), definition=None, roleArn=None)


def _last_logged_event(replay: Replay, expected: Any) -> dict[str, Any]:
    """The event that ends the execution, as the machine's log group got it."""
    replay.make_calls()
    created = next(call for call in replay.case.calls if call.operation == "CreateStateMachine")
    group = log_group(created.parameters["loggingConfiguration"]["destinations"][0])

    def logged() -> dict[str, Any] | None:
        streams = replay.read("DescribeLogStreams", "logs", logGroupName=group)["logStreams"]
        for stream in streams:
            page = replay.read(
                "GetLogEvents", "logs", logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )
            for event in page["events"]:
                message: dict[str, Any] = json.loads(event["message"])
                if message.get("type") in LAST_EVENTS:
                    return message
        return None

    return replay.until(logged, f"the last event in log group {group}", LOG_SECONDS)


def _messages(replay: Replay, expected: Any) -> list[dict[str, Any]]:
    replay.make_calls()
    return replay.messages


READS: dict[str, Callable[..., Any]] = {
    r"get_execution_history|exec_hist_resp": _history,
    r"exec_hist_resp_(\d+)": _history,
    r"get_execution_history_reverseOrder\[(\w+)\]": _history_ordered,
    r"cases": _inputs_and_outputs,
    r"describe_execution": _description,
    **{name: _start(name) for name in INPUTS},
    r"exec_list_resp|list_before_execution": _executions,
    r"list_succeeded_when_complete": _with_status("SUCCEEDED"),
    r"list_running_when_complete": _with_status("RUNNING"),
    r"list_executions_filter_exc": _with_status("succeeded"),
    r"list-executions?-page-(\d+)": _page_of_executions,
    r"list-state-machines-page-(\d+)": _page_of_machines,
    r"list-(executions|state-machines)-invalid-param-([\w-]+)": _bad_page,
    r"exception": _exception,
    r"list_executions_error": _refused("ListExecutions", "stateMachineArn"),
    r"describe_execution_error": _refused("DescribeExecution", "executionArn"),
    r"stop_execution_error": _refused("StopExecution", "executionArn"),
    r"get_execution_history_error": _refused("GetExecutionHistory", "executionArn"),
    r"deletion_resp(?:onse)?": _refused("DeleteStateMachine", "stateMachineArn"),
    r"deletion_resp_1": _delete_nothing,
    r"describe_activity_response": _activity("DescribeActivity"),
    r"delete_activity_response(?:_2)?": _activity("DeleteActivity"),
    r"null_required_parameter": _update_with_none,
    r"end_event": _last_logged_event,
    r"messages": _messages,
}
