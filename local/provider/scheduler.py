"""Schedules and their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.provider.names import Naming
from local.provider.resource import Existing, Properties, Resource, State, existing, only, retag, tag_list
from local.provider.shapes import from_aws, to_aws

if TYPE_CHECKING:
    from local.provider.context import Context

DEFAULT_GROUP = "default"


class Schedule(Resource):
    """A schedule. Its id is ``group/name``."""

    type = "aws:scheduler/schedule:Schedule"
    takes = frozenset(
        {
            *("flexibleTimeWindow", "scheduleExpression", "target", "actionAfterCompletion", "description", "endDate"),
            *("groupName", "kmsKeyArn", "name", "namePrefix", "scheduleExpressionTimezone", "startDate", "state"),
        }
    )
    needs = frozenset({"flexibleTimeWindow", "scheduleExpression", "target"})
    replace_on = frozenset({"name", "namePrefix", "groupName"})
    naming = Naming(limit=64)

    def create(self, inputs: Properties, ctx: Context) -> str:
        self._put("create_schedule", inputs, ctx)
        return f"{inputs.get('groupName') or DEFAULT_GROUP}/{inputs['name']}"

    def _put(self, operation: str, inputs: Properties, ctx: Context) -> None:
        scheduler = ctx.client("scheduler")
        shape = scheduler.meta.service_model.operation_model("CreateSchedule").input_shape
        given = only(inputs, *(self.takes - {"namePrefix"}))
        getattr(scheduler, operation)(**to_aws(given, shape, "schedule"))

    def read(self, it: Existing, ctx: Context) -> State | None:
        group, _, name = it.id.partition("/")
        answer = existing(lambda: ctx.client("scheduler").get_schedule(Name=name, GroupName=group))
        if answer is None:
            return None
        told = only(from_aws(answer), *(self.takes & it.inputs.keys() - {"startDate", "endDate", "target"}))
        return {**it.inputs, **told, "name": name, "groupName": group, "arn": answer["Arn"], "state": answer["State"]}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        group, _, name = it.id.partition("/")
        self._put("update_schedule", {**new, "name": name, "groupName": group}, ctx)

    def delete(self, it: Existing, ctx: Context) -> None:
        group, _, name = it.id.partition("/")
        ctx.client("scheduler").delete_schedule(Name=name, GroupName=group)


class ScheduleGroup(Resource):
    """A group of schedules. Its id is its name."""

    type = "aws:scheduler/scheduleGroup:ScheduleGroup"
    takes = frozenset({"name", "namePrefix"})
    replace_on = takes
    naming = Naming(limit=64)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        name: str = inputs["name"]
        ctx.client("scheduler").create_schedule_group(Name=name, Tags=tag_list(inputs["tagsAll"]))
        return name

    def read(self, it: Existing, ctx: Context) -> State | None:
        answer = existing(lambda: ctx.client("scheduler").get_schedule_group(Name=it.id))
        if answer is None:
            return None
        told = only(from_aws(answer), "arn", "state", "creationDate", "lastModificationDate")
        return {**it.inputs, **told, "name": it.id}

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        scheduler = ctx.client("scheduler")
        arn = f"arn:aws:scheduler:{ctx.region}:{ctx.account}:schedule-group/{it.id}"
        retag(
            it.inputs,
            new,
            tag=lambda tags: scheduler.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
            untag=lambda keys: scheduler.untag_resource(ResourceArn=arn, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("scheduler").delete_schedule_group(Name=it.id)
