"""EventBridge rules and their targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from local.provider.failures import ProviderError
from local.provider.names import Naming
from local.provider.resource import (
    Existing,
    Properties,
    PutResource,
    Resource,
    State,
    document,
    existing,
    only,
    retag,
    tag_list,
)
from local.provider.shapes import to_aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.provider.context import Context

DEFAULT_BUS = "default"


class EventRule(Resource):
    """A rule. Its id is its name, on another bus than the default one ``bus/name``."""

    type = "aws:cloudwatch/eventRule:EventRule"
    takes = frozenset(
        {
            *("description", "eventBusName", "eventPattern", "forceDestroy", "name", "namePrefix"),
            *("roleArn", "scheduleExpression", "state"),
        }
    )
    replace_on = frozenset({"name", "namePrefix", "eventBusName"})
    naming = Naming(limit=64)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        self._put(inputs, ctx, create=True)
        bus = inputs.get("eventBusName") or DEFAULT_BUS
        name: str = inputs["name"]
        return name if bus == DEFAULT_BUS else f"{bus}/{name}"

    def _put(self, inputs: Properties, ctx: Context, *, create: bool) -> None:
        events = ctx.client("events")
        shape = events.meta.service_model.operation_model("PutRule").input_shape
        given = only(
            inputs, "name", "description", "roleArn", "scheduleExpression", "eventBusName", "eventPattern", "state"
        )
        if "eventPattern" in given:
            given["eventPattern"] = document(given["eventPattern"])
        given.setdefault("state", "ENABLED")
        tags = {"Tags": tag_list(inputs["tagsAll"])} if create else {}
        events.put_rule(**to_aws(given, shape, "rule"), **tags)

    def read(self, it: Existing, ctx: Context) -> State | None:
        bus, name = _bus_and_name(it.id)
        answer = existing(lambda: ctx.client("events").describe_rule(Name=name, EventBusName=bus))
        if answer is None:
            return None
        told = {
            "eventPattern": "EventPattern",
            "scheduleExpression": "ScheduleExpression",
            "description": "Description",
        }
        return {
            **it.inputs,
            **{key: answer[member] for key, member in told.items() if member in answer},
            "name": name,
            "arn": answer["Arn"],
            "state": answer["State"],
            "eventBusName": bus,
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        self._put(new, ctx, create=False)
        bus, name = _bus_and_name(it.id)
        where = name if bus == DEFAULT_BUS else f"{bus}/{name}"
        arn = f"arn:aws:events:{ctx.region}:{ctx.account}:rule/{where}"
        events = ctx.client("events")
        retag(
            it.inputs,
            new,
            tag=lambda tags: events.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
            untag=lambda keys: events.untag_resource(ResourceARN=arn, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        bus, name = _bus_and_name(it.id)
        force = bool(it.inputs.get("forceDestroy"))
        ctx.client("events").delete_rule(Name=name, EventBusName=bus, Force=force)


class EventTarget(PutResource):
    """What a rule sends its events to. Its id is ``rule-target``, after ``bus-`` on another bus than the
    default one.
    """

    type = "aws:cloudwatch/eventTarget:EventTarget"
    takes = frozenset(
        {
            *("arn", "rule", "deadLetterConfig", "eventBusName", "forceDestroy", "input", "inputPath"),
            *("inputTransformer", "retryPolicy", "roleArn", "targetId"),
        }
    )
    needs = frozenset({"arn", "rule"})
    replace_on = frozenset({"rule", "eventBusName", "targetId"})
    naming = Naming(limit=64, property="targetId", prefix_property=None)
    renames: ClassVar[Mapping[str, str]] = {"inputPaths": "InputPathsMap", "targetId": "Id"}

    def put(self, inputs: Properties, ctx: Context) -> None:
        events = ctx.client("events")
        shape = events.meta.service_model.shape_for("Target")
        given = only(inputs, *(self.takes - {"rule", "eventBusName", "forceDestroy"}))
        bus = inputs.get("eventBusName") or DEFAULT_BUS
        answer = events.put_targets(
            Rule=inputs["rule"], EventBusName=bus, Targets=[to_aws(given, shape, "target", self.renames)]
        )
        if answer["FailedEntryCount"]:
            failed = answer["FailedEntries"][0]
            raise ProviderError(f"target {failed['TargetId']}: {failed['ErrorCode']}: {failed['ErrorMessage']}")

    def identity(self, inputs: Properties) -> str:
        bus = inputs.get("eventBusName") or DEFAULT_BUS
        identity = f"{inputs['rule']}-{inputs['targetId']}"
        return identity if bus == DEFAULT_BUS else f"{bus}-{identity}"

    def read(self, it: Existing, ctx: Context) -> State | None:
        bus = it.inputs.get("eventBusName") or DEFAULT_BUS
        answer = existing(lambda: ctx.client("events").list_targets_by_rule(Rule=it.inputs["rule"], EventBusName=bus))
        targets = [] if answer is None else answer["Targets"]
        target = next((target for target in targets if target["Id"] == it.inputs["targetId"]), None)
        return None if target is None else {**it.inputs, "arn": target["Arn"], "eventBusName": bus}

    def delete(self, it: Existing, ctx: Context) -> None:
        bus = it.inputs.get("eventBusName") or DEFAULT_BUS
        force = bool(it.inputs.get("forceDestroy"))
        ctx.client("events").remove_targets(
            Rule=it.inputs["rule"], EventBusName=bus, Ids=[it.inputs["targetId"]], Force=force
        )


def _bus_and_name(identity: str) -> tuple[str, str]:
    bus, _, name = identity.rpartition("/")
    return bus or DEFAULT_BUS, name
