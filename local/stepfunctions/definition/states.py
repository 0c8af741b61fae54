"""Each state's fields, checked and compiled."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from local.stepfunctions.definition.fields import Fields, literal
from local.stepfunctions.definition.nodes import (
    Catcher,
    ChoiceRule,
    ChoiceState,
    FailState,
    Field,
    ParallelState,
    PassState,
    Retrier,
    State,
    SucceedState,
    TaskState,
    WaitState,
    Workflow,
)
from local.stepfunctions.definition.workflow import Context, parse_workflow
from local.stepfunctions.integrations import UnknownResource, resolve
from local.stepfunctions.language import QueryLanguage
from local.stepfunctions.limits import MAX_RETRY_DELAY_SECONDS, MAX_TIMEOUT_SECONDS

STATE_TYPES = ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_TERMINAL = frozenset({"Succeed", "Fail"})
_NOT_IN_EXPRESS = {
    "sync": "'.sync' service integration",
    "sync:2": "'.sync:2' service integration",
    "callback": "'.waitForTaskToken' service integration ",
}


_TIMINGS = ("Seconds", "Timestamp", "SecondsPath", "TimestampPath")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


StateParser: TypeAlias = Callable[[str, Fields, QueryLanguage, Context], State | None]


def parse_state(name: str, fields: Fields, context: Context, more: Mapping[str, StateParser]) -> State | None:
    """One state; None when it has mistakes. ``more`` parses the types that are not in this module."""
    before = len(fields.problems)
    kind = fields.one_of("Type", STATE_TYPES, required=True)
    fields.take("Comment", str)
    language = context.language
    if "QueryLanguage" in fields:
        chosen = fields.one_of("QueryLanguage", ("JSONPath", "JSONata"))
        if chosen == "JSONPath" and language == "JSONata":
            fields.problem("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine")
        language = cast("QueryLanguage", chosen or "JSONata")  # AWS reads every other value as JSONata
    fields.language = language
    if kind is None:
        fields.report_missing()
        return None
    state = (_PARSERS.get(kind) or more[kind])(name, fields, language, context)
    fields.done()
    return state if len(fields.problems) == before else None


def common(name: str, fields: Fields, language: QueryLanguage, *, kind: str) -> dict[str, Any]:
    """The fields that most states share, as keyword arguments of their node."""
    found: dict[str, Any] = {"name": name, "language": language}
    if language == "JSONPath":
        found["input_path"] = fields.path("InputPath")
        found["output_path"] = fields.path("OutputPath")
    elif kind != "Choice":
        found["output"] = fields.template("Output", language)
    if kind not in _TERMINAL and kind != "Choice":
        found["next"] = _next(fields)
    if kind not in _TERMINAL:
        found["assign"] = fields.assign(language)
    return found


def _next(fields: Fields) -> str | None:
    end = fields.take("End", bool)
    target = fields.take("Next", str)
    if end and target is not None:
        fields.exclusive("Next", "End")
    if not end and "Next" not in fields:
        fields.lacks("Next", "End")
    return None if end else target


def result_fields(fields: Fields, language: QueryLanguage, *, arguments: str = "Parameters") -> dict[str, Any]:
    """Parameters or Arguments, ResultSelector and ResultPath of states that have a result."""
    if language == "JSONata":
        return {"parameters": fields.template("Arguments", language)}
    return {
        "parameters": fields.template(arguments, language),
        "result_selector": fields.template("ResultSelector", language),
        "result_path": fields.result_path(),
    }


def error_fields(fields: Fields, language: QueryLanguage) -> dict[str, Any]:
    """Retry and Catch."""
    return {
        "retriers": tuple(filter(None, (_retrier(entry) for entry in _error_entries(fields, "Retry")))),
        "catchers": tuple(filter(None, (_catcher(entry, language) for entry in _error_entries(fields, "Catch")))),
    }


def _error_entries(fields: Fields, field: str) -> list[Fields]:
    entries = fields.children(field)
    for index, entry in enumerate(entries):
        errors = entry.take("ErrorEquals", list, required=True)
        if errors is None:
            continue
        if not errors:
            entry.problem("Value cannot be empty", "ErrorEquals")
        elif not all(isinstance(error, str) for error in errors):
            entry.problem("Expected value of type [STRING]", "ErrorEquals")
        elif "States.ALL" in errors and (len(errors) > 1 or index != len(entries) - 1):
            entry.problem("States.ALL must appear alone and at end of list", "ErrorEquals")
    return entries


def _errors(fields: Fields) -> tuple[str, ...] | None:
    errors = fields.raw("ErrorEquals")
    return tuple(errors) if isinstance(errors, list) else None


def _retrier(fields: Fields) -> Retrier | None:
    fields.take("Comment", str)
    errors = _errors(fields)
    interval = fields.integer("IntervalSeconds", 1, MAX_TIMEOUT_SECONDS)
    attempts = fields.integer("MaxAttempts", 0, MAX_TIMEOUT_SECONDS)
    rate = fields.number("BackoffRate", 1.0, float("inf"))
    max_delay = fields.integer("MaxDelaySeconds", 1, MAX_RETRY_DELAY_SECONDS)
    jitter = fields.one_of("JitterStrategy", ("NONE", "FULL"))
    fields.done()
    if max_delay is not None and max_delay <= (interval or 1):
        fields.problem(f"MaxDelaySeconds must be greater than IntervalSeconds ({interval or 1})", "MaxDelaySeconds")
    if errors is None:
        return None
    return Retrier(
        errors=errors,
        interval_seconds=1 if interval is None else interval,
        max_attempts=3 if attempts is None else attempts,
        backoff_rate=2.0 if rate is None else rate,
        max_delay_seconds=max_delay,
        full_jitter=jitter == "FULL",
    )


def _catcher(fields: Fields, language: QueryLanguage) -> Catcher | None:
    fields.take("Comment", str)
    errors = _errors(fields)
    target = fields.take("Next", str, required=True)
    result_path = fields.result_path() if language == "JSONPath" else None
    output = fields.template("Output", language, catching=True) if language == "JSONata" else None
    assign = fields.assign(language, catching=True)
    fields.done()
    if errors is None or target is None:
        return None
    return Catcher(errors=errors, next=target, result_path=result_path, output=output, assign=assign)


def _pass(name: str, fields: Fields, language: QueryLanguage, _context: Context) -> State:
    found = common(name, fields, language, kind="Pass")
    if language == "JSONPath":
        found["parameters"] = fields.template("Parameters", language)
        found["result_path"] = fields.result_path()
        if "Result" in fields:
            found |= {"result": fields.raw("Result"), "has_result": True}
    return PassState(**found)


def _succeed(name: str, fields: Fields, language: QueryLanguage, _context: Context) -> State:
    return SucceedState(**common(name, fields, language, kind="Succeed"))


def _fail(name: str, fields: Fields, language: QueryLanguage, _context: Context) -> State:
    return FailState(
        name=name,
        language=language,
        error=_text(fields, "Error", language),
        cause=_text(fields, "Cause", language),
    )


def _text(fields: Fields, field: str, language: QueryLanguage) -> Field | None:
    """A text of a Fail state: literal, ``...Path`` in JSONPath, expression in JSONata."""
    if language == "JSONPath":
        fields.exclusive(field, f"{field}Path")
        if f"{field}Path" in fields:
            return fields.path_field(f"{field}Path")
    value = fields.take(field, str)
    if value is None:
        return None
    if language == "JSONata" and value.startswith("{%"):
        return fields.expression(field, language)
    return literal(value, field)


def _wait(name: str, fields: Fields, language: QueryLanguage, _context: Context) -> State | None:
    found = common(name, fields, language, kind="Wait")
    usable = _TIMINGS if language == "JSONPath" else _TIMINGS[:2]
    given = [timing for timing in usable if timing in fields]
    if len(given) != 1:
        if given:
            fields.exclusive(*_TIMINGS)
        else:
            fields.lacks(*usable)
        for timing in given:
            fields.raw(timing)
        return None
    field = given[0]
    if field.endswith("Path"):
        found["seconds" if field == "SecondsPath" else "timestamp"] = fields.path_field(field)
        return WaitState(**found)
    if field == "Seconds":
        seconds = fields.expression("Seconds", language)
        if seconds is None and (value := fields.integer("Seconds", 0, MAX_TIMEOUT_SECONDS)) is not None:
            seconds = literal(value, "Seconds")
        return WaitState(**found, seconds=seconds)
    timestamp = fields.expression("Timestamp", language)
    if timestamp is None and (text := fields.take("Timestamp", str)) is not None:
        if _RFC3339.fullmatch(text) is None:
            fields.problem("String does not match RFC3339 timestamp", "Timestamp")
        timestamp = literal(text, "Timestamp")
    return WaitState(**found, timestamp=timestamp)


_HTTP_ENDPOINT = ":states:::http:invoke"
_RULE_FIELDS = ("Next", "Comment", "Assign", "Output")


def _choice(name: str, fields: Fields, language: QueryLanguage, _context: Context) -> State:
    found = common(name, fields, language, kind="Choice")
    if language == "JSONata":
        found["output"] = fields.template("Output", language)
    entries = fields.children("Choices", required=True)
    if fields.raw("Choices") == []:
        fields.problem("Value cannot be empty", "Choices")
    rules = tuple(filter(None, (_choice_rule(entry, language) for entry in entries)))
    return ChoiceState(**found, rules=rules, default=fields.take("Default", str))


def _choice_rule(fields: Fields, language: QueryLanguage) -> ChoiceRule | None:
    fields.take("Comment", str)
    target = fields.take("Next", str, required=True)
    assign = fields.assign(language)
    output = fields.template("Output", language) if language == "JSONata" else None
    rule = {field: fields.raw(field) for field in fields.names() if field not in _RULE_FIELDS}
    condition = fields.rule(language, rule)
    fields.done()
    if target is None or condition is None:
        return None
    return ChoiceRule(condition=condition, next=target, output=output, assign=assign)


def _task(name: str, fields: Fields, language: QueryLanguage, context: Context) -> State | None:
    found = common(name, fields, language, kind="Task") | error_fields(fields, language)
    arguments = fields.raw("Arguments" if language == "JSONata" else "Parameters")
    found |= result_fields(fields, language)
    timeout = seconds_field(fields, "TimeoutSeconds", language)
    heartbeat = seconds_field(fields, "HeartbeatSeconds", language)
    credentials = fields.template("Credentials", language)
    resource = fields.take("Resource", str, required=True)
    if resource is None:
        return None
    if resource.endswith(_HTTP_ENDPOINT):
        fields.problem("HTTP endpoints (http:invoke) are not supported by this engine", "Resource")
        return None
    try:
        integration = resolve(resource)
    except UnknownResource as error:
        fields.problem(str(error), "Resource")
        return None
    for message in integration.problems(arguments):
        fields.problem(message, "Arguments" if language == "JSONata" else "Parameters")
    refused = "Activity ARN" if integration.family == "activity" else _NOT_IN_EXPRESS.get(integration.pattern)
    if context.execution_type == "EXPRESS" and refused is not None:
        fields.problem(f"Express state machine does not support {refused}", "Resource")
    return TaskState(
        **found,
        resource=resource,
        integration=integration,
        timeout=timeout,
        heartbeat=heartbeat,
        credentials=credentials,
    )


def seconds_field(fields: Fields, field: str, language: QueryLanguage) -> Field | None:
    """A timeout: literal, ``...Path`` in JSONPath, expression in JSONata."""
    if language == "JSONPath":
        fields.exclusive(field, f"{field}Path")
        if f"{field}Path" in fields:
            return fields.path_field(f"{field}Path")
    found = fields.expression(field, language)
    if found is None and (value := fields.integer(field, 1, MAX_TIMEOUT_SECONDS)) is not None:
        found = literal(value, field)
    return found


def _parallel(name: str, fields: Fields, language: QueryLanguage, context: Context) -> State:
    found = common(name, fields, language, kind="Parallel") | error_fields(fields, language)
    found |= result_fields(fields, language)
    branches: list[Workflow] = []
    entries = fields.children("Branches", required=True)
    if fields.raw("Branches") == []:
        fields.problem("Value cannot be empty", "Branches")
    for entry in entries:
        entry.take("Comment", str)
        branch = parse_workflow(entry, context.within(execution_type=context.execution_type, language=context.language))
        entry.done()
        if branch is not None:
            branches.append(branch)
    return ParallelState(**found, branches=tuple(branches))


_PARSERS: Mapping[str, StateParser] = {
    "Pass": _pass,
    "Task": _task,
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": _succeed,
    "Fail": _fail,
    "Parallel": _parallel,
}
