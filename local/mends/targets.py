"""State machines as targets of rules, schedules and pipes: started with the target's role, as on AWS.

Ministack starts them whatever their role may do, or without one, and tells nobody when a start fails. Source:
EventBridge User Guide, "Identity-based policies", "Monitoring Amazon EventBridge" (FailedInvocations).
"""

from __future__ import annotations

import importlib
import logging
from contextvars import ContextVar
from typing import Any

log = logging.getLogger("distmap.targets")

START = "states:StartExecution"

_rule: ContextVar[str | None] = ContextVar("rule", default=None)
"""The rule whose target is being started."""


def apply() -> None:
    """Ask whether the target's role may start it before ministack does."""
    events = importlib.import_module("ministack.services.eventbridge")
    pipes = importlib.import_module("ministack.services.pipes")
    invoke, start_from_pipe = events._invoke_target, pipes._start_state_machine_from_records  # noqa: SLF001 - the seam
    refused_pipes: dict[str, str] = {}

    def _invoke_target(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        arn, source = target.get("Arn", ""), rule.get("Arn", "")
        service = "scheduler" if ":scheduler:" in source else "events"
        reset = _rule.set(rule.get("Name") if service == "events" else None)
        try:
            reason = refusal(target.get("RoleArn", ""), service, arn, source) if _is_machine(arn) else None
            if reason is None:
                invoke(target, event, rule, view)
            else:
                log.warning("%s does not start %s: %s", source, arn, reason)
                not_started()
        finally:
            _rule.reset(reset)

    def _start_state_machine_from_records(arn: str, pipe: dict[str, Any], records: list[Any]) -> Any:
        reason = refusal(pipe.get("RoleArn", ""), "pipes", arn, pipe["Arn"])
        if reason is None:
            return start_from_pipe(arn, pipe, records)
        if refused_pipes.get(pipe["Arn"]) != reason:  # it tries again and again
            refused_pipes[pipe["Arn"]] = reason
            log.warning("%s does not start %s: %s", pipe["Arn"], arn, reason)
        return False

    events._invoke_target = _invoke_target  # type: ignore[attr-defined] # noqa: SLF001 - by design
    pipes._start_state_machine_from_records = _start_state_machine_from_records  # type: ignore[attr-defined] # noqa: SLF001 - by design


def _is_machine(arn: str) -> bool:
    return arn.startswith("arn:") and arn.split(":")[2] == "states"


def refusal(role_arn: str, service: str, machine_arn: str, source_arn: str) -> str | None:
    """Why the service may not start the machine with the role; None when it may."""
    if not role_arn:
        return "the target has no role"
    iam = importlib.import_module("ministack.core.iam_evaluator")
    roles = importlib.import_module("ministack.services.iam")._roles  # noqa: SLF001 - the seam
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    role = roles.get_scoped(account, None, name)
    if role is None:
        return f"there is no role {role_arn}"
    principal = f"{service}.amazonaws.com"
    asks = {"aws:sourceaccount": account, "aws:sourcearn": source_arn}
    assume = _context(iam, principal, account, "sts:AssumeRole", role_arn, asks)
    if iam.evaluate_resource_policy(role["AssumeRolePolicyDocument"], assume, service=principal).decision != "Allow":
        return f"{principal} is not allowed to assume {role_arn}"
    session = f"arn:aws:sts::{account}:assumed-role/{name}/{service}"
    start = _context(iam, session, account, START, machine_arn, {})
    if iam.evaluate(start, iam._gather_role_policies(name, account)).decision != "Allow":  # noqa: SLF001 - the seam
        return f"{session} is not authorized to perform {START} on {machine_arn}"
    return None


def _context(iam: Any, principal: str, account: str, action: str, resource: str, more: dict[str, str]) -> Any:
    return iam.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        service_context=more,
    )


def not_started() -> None:
    """Count the failed invocation for the rule whose target was to be started, if one was."""
    rule = _rule.get()
    if rule is not None:
        cloudwatch = importlib.import_module("ministack.services.cloudwatch")
        cloudwatch.record_metric("AWS/Events", "FailedInvocations", 1, "Count", {"RuleName": rule})
