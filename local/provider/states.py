"""State machines and activities."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local.provider.failures import ProviderError
from local.provider.names import Naming
from local.provider.resource import (
    Existing,
    Properties,
    Resource,
    State,
    document,
    existing,
    retag,
    tag_list,
)
from local.provider.shapes import from_aws

if TYPE_CHECKING:
    from local.provider.context import Context

DELETE_SECONDS = 30  # a state machine is DELETING until its executions have ended
POLL_SECONDS = 0.05


class StateMachine(Resource):
    """A state machine. Its id is its ARN."""

    type = "aws:sfn/stateMachine:StateMachine"
    takes = frozenset(
        {
            *("definition", "roleArn", "loggingConfiguration", "tracingConfiguration"),
            *("name", "namePrefix", "publish", "type"),
        }
    )
    needs = frozenset({"definition", "roleArn"})
    replace_on = frozenset({"name", "namePrefix", "type"})
    naming = Naming(limit=80)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("stepfunctions").create_state_machine(
            name=inputs["name"],
            type=inputs.get("type") or "STANDARD",
            tags=tag_list(inputs["tagsAll"], "key", "value"),
            **_settings(inputs),
        )
        arn: str = answer["stateMachineArn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        states = ctx.client("stepfunctions")
        machine = existing(lambda: states.describe_state_machine(stateMachineArn=it.id))
        if machine is None or machine["status"] == "DELETING":
            return None
        found = {
            **it.inputs,
            "arn": it.id,
            "name": machine["name"],
            "definition": machine["definition"],
            "roleArn": machine["roleArn"],
            "type": machine["type"],
            "status": machine["status"],
            "creationDate": machine["creationDate"].isoformat(),
            "revisionId": machine.get("revisionId", ""),
            "stateMachineVersionArn": machine.get("stateMachineVersionArn", ""),
        }
        if "loggingConfiguration" in it.inputs:
            found["loggingConfiguration"] = _logging_property(machine["loggingConfiguration"])
        if "tracingConfiguration" in it.inputs:
            found["tracingConfiguration"] = from_aws(machine["tracingConfiguration"])
        return found

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        states = ctx.client("stepfunctions")
        states.update_state_machine(stateMachineArn=it.id, **_settings(new))
        _retag(it.id, it.inputs, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        """Stop what runs, delete the machine, and wait until it is gone."""
        states = ctx.client("stepfunctions")
        if it.inputs.get("type", "STANDARD") == "STANDARD":
            for execution in _running(states, it.id):
                states.stop_execution(executionArn=execution, cause="the it.inputs machine is being deleted")
        states.delete_state_machine(stateMachineArn=it.id)
        deadline = time.monotonic() + DELETE_SECONDS
        while existing(lambda: states.describe_state_machine(stateMachineArn=it.id)) is not None:
            if time.monotonic() > deadline:
                raise ProviderError(f"{it.id} was still there {DELETE_SECONDS} s after its deletion")
            time.sleep(POLL_SECONDS)


def _running(states: Any, machine: str) -> list[str]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return [execution["executionArn"] for page in pages for execution in page["executions"]]


def _retag(arn: str, old: Properties, new: Properties, ctx: Context) -> None:
    states = ctx.client("stepfunctions")
    retag(
        old,
        new,
        tag=lambda tags: states.tag_resource(resourceArn=arn, tags=tag_list(tags, "key", "value")),
        untag=lambda keys: states.untag_resource(resourceArn=arn, tagKeys=keys),
    )


def _settings(inputs: Properties) -> dict[str, Any]:
    """The parameters that creating and updating share."""
    settings: dict[str, Any] = {
        "definition": document(inputs["definition"]),
        "roleArn": inputs["roleArn"],
        "publish": bool(inputs.get("publish")),
    }
    logging = inputs.get("loggingConfiguration")
    if logging is not None:
        settings["loggingConfiguration"] = {
            "level": logging.get("level", "OFF"),
            "includeExecutionData": bool(logging.get("includeExecutionData")),
        }
        if logging.get("logDestination"):
            group = {"logGroupArn": logging["logDestination"]}
            settings["loggingConfiguration"]["destinations"] = [{"cloudWatchLogsLogGroup": group}]
    if inputs.get("tracingConfiguration") is not None:
        settings["tracingConfiguration"] = {"enabled": bool(inputs["tracingConfiguration"].get("enabled"))}
    return settings


def _logging_property(answer: dict[str, Any]) -> dict[str, Any]:
    logging = {"level": answer["level"], "includeExecutionData": answer.get("includeExecutionData", False)}
    for destination in answer.get("destinations", []):
        logging["logDestination"] = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
    return logging


class Activity(Resource):
    """An activity. Its id is its ARN."""

    type = "aws:sfn/activity:Activity"
    takes = frozenset({"name"})
    replace_on = frozenset({"name"})
    naming = Naming(limit=80, prefix_property=None)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        answer = ctx.client("stepfunctions").create_activity(
            name=inputs["name"], tags=tag_list(inputs["tagsAll"], "key", "value")
        )
        arn: str = answer["activityArn"]
        return arn

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = existing(lambda: ctx.client("stepfunctions").describe_activity(activityArn=it.id))
        if found is None:
            return None
        date = found["creationDate"].isoformat()
        return {**it.inputs, "arn": it.id, "name": found["name"], "creationDate": date}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        _retag(it.id, it.inputs, new, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("stepfunctions").delete_activity(activityArn=it.id)
