"""A rule in JSON, checked field by field: what is wrong is said with the values that it may have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, get_args

from botocore.exceptions import UnknownServiceError

from local.faults import answers, requests
from local.faults.fault import Fault, Kind

TAKES_CODE: Final = ("error", "function_error")
CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
LEAST_STATUS, GREATEST_STATUS = 400, 599
LONGEST_SECONDS: Final = 3600.0
GREATEST_COUNT: Final = 10**9
INVOKE: Final = ("lambda", "Invoke")
ALTERNATIVES: Final = 12  # names that a message lists
SHOWN_CHARACTERS: Final = 80
SIGNED_NAMES: Final[Mapping[str, str]] = {"states": "stepfunctions", "monitoring": "cloudwatch"}
"""What boto3 calls services that policies and signatures name otherwise."""


class BadRuleError(Exception):
    """A rule that cannot be: the message names the field and what it may be."""


def parse(given: Any) -> Fault:
    """The fault that a JSON object describes. Raises BadRuleError."""
    if not isinstance(given, dict):
        raise BadRuleError(f"a rule is a JSON object, not {_shown(given)}")
    names = [each.name for each in fields(Fault)]
    for name in given:
        if name not in names:
            raise BadRuleError(f"{_shown(name)} is no field of a rule: the fields are {', '.join(names)}")
    given = {name: value for name, value in given.items() if value is not None}
    _check_service(given)
    _check_kind(given)
    _check_operation(given)
    _check_resource(given)
    _check_code(given)
    _check_status(given)
    _check_counts(given)
    _check_amounts(given)
    return Fault(**given)


def _check_service(given: Mapping[str, Any]) -> None:
    name = given.get("service")
    if not isinstance(name, str):
        raise BadRuleError(f"service must be what boto3 calls a service, such as s3 or dynamodb, not {_shown(name)}")
    try:
        requests.service(name)
    except UnknownServiceError as error:
        meant = SIGNED_NAMES.get(name)
        hint = f"did you mean {meant}?" if meant else _alternatives(name, requests.known_services())
        raise BadRuleError(f"service {_shown(name)} is not one that boto3 knows: {hint}") from error


def _check_kind(given: Mapping[str, Any]) -> None:
    kinds = get_args(Kind)
    kind = given.get("kind", "error")
    if kind not in kinds:
        raise BadRuleError(f"kind must be one of {', '.join(kinds)}, not {_shown(kind)}")
    if kind in {"function_error", "kill"} and (given["service"], given.get("operation")) != INVOKE:
        raise BadRuleError(f"kind {kind} is for service lambda, operation Invoke")
    if kind == "unprocessed" and (given["service"], given.get("operation")) not in answers.BATCHES:
        batches = ", ".join(f"{service} {operation}" for service, operation in answers.BATCHES)
        raise BadRuleError(f"kind unprocessed is for service and operation {batches}")
    if kind == "delay" and "delay" not in given:
        raise BadRuleError("kind delay needs delay: how many seconds a request waits")


def _check_operation(given: Mapping[str, Any]) -> None:
    name = given.get("operation")
    if name is None:
        return
    service = requests.service(given["service"])
    if not isinstance(name, str) or service.operation(name) is None:
        known = [each.name for each in service.operations]
        raise BadRuleError(f"operation {_shown(name)} is none of {given['service']}: {_alternatives(str(name), known)}")


def _check_resource(given: Mapping[str, Any]) -> None:
    resource = given.get("resource", {})
    if not isinstance(resource, dict) or not all(isinstance(text, str) for text in resource.values()):
        raise BadRuleError(
            'resource must be an object of patterns by input member, such as {"TableName": "stations"}, '
            f"not {_shown(resource)}"
        )
    service = requests.service(given["service"])
    named = service.operation(given.get("operation") or "")
    known: set[str] = set()
    for operation in [named] if named is not None else service.operations:
        shape = operation.input_shape
        known |= requests.rest_members(operation) if service.is_rest else set() if shape is None else set(shape.members)
    for member in resource:
        if member not in known:
            where = f"{given['service']} {given['operation']}" if named is not None else given["service"]
            head = " has in path, query or headers" if service.is_rest else " takes"
            alternatives = _alternatives(member, sorted(known))
            raise BadRuleError(f"resource: {_shown(member)} is nothing that {where}{head}: {alternatives}")


def _check_code(given: Mapping[str, Any]) -> None:
    kind, code, message = given.get("kind", "error"), given.get("code"), given.get("message")
    if code is None and kind == "error":
        raise BadRuleError("kind error needs code: the error's code, such as SlowDown or ThrottlingException")
    if kind not in TAKES_CODE and (code, message) != (None, None):
        raise BadRuleError(f"code and message are for kinds {' and '.join(TAKES_CODE)}, not for {kind}")
    if code is not None and not (isinstance(code, str) and CODE.fullmatch(code)):
        raise BadRuleError(f"code must be 1 to 128 letters, digits, dots, hyphens or underscores, not {_shown(code)}")
    if not isinstance(message, str | None):
        raise BadRuleError(f"message must be a text, not {_shown(message)}")


def _check_status(given: Mapping[str, Any]) -> None:
    kind, status = given.get("kind", "error"), given.get("status")
    if status is None:
        if kind == "error" and answers.status_of(requests.service(given["service"]), given["code"]) is None:
            raise BadRuleError(f"status is needed: the model of {given['service']} has no error {given['code']}")
    elif kind != "error":
        raise BadRuleError(f"status is for kind error, not for {kind}")
    elif not _is_whole(status) or not LEAST_STATUS <= status <= GREATEST_STATUS:
        raise BadRuleError(
            f"status must be an HTTP status from {LEAST_STATUS} to {GREATEST_STATUS}, not {_shown(status)}"
        )


def _check_counts(given: Mapping[str, Any]) -> None:
    for name, least in (("after", 0), ("first", 1), ("every", 1), ("seed", 0)):
        value = given.get(name, least)
        if not _is_whole(value) or not least <= value <= GREATEST_COUNT:
            raise BadRuleError(f"{name} must be a whole number from {least} to {GREATEST_COUNT:,}, not {_shown(value)}")


def _check_amounts(given: Mapping[str, Any]) -> None:
    for name, greatest in (("delay", LONGEST_SECONDS), ("seconds", LONGEST_SECONDS), ("probability", 1.0)):
        value = given.get(name, greatest)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= greatest:
            raise BadRuleError(f"{name} must be a number over 0 and at most {greatest:g}, not {_shown(value)}")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _alternatives(name: str, known: list[str]) -> str:
    """What was meant, or all there is if that is little."""
    like = difflib.get_close_matches(name, known, 3, 0.5)
    if like:
        return f"did you mean {' or '.join(like)}?"
    return f"known are {', '.join(sorted(known)[:ALTERNATIVES])}" + (" and others" if len(known) > ALTERNATIVES else "")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
