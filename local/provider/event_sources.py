"""What feeds a function: queues and streams that Lambda polls for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local.provider.failures import ProviderError
from local.provider.resource import Existing, Properties, Resource, State, existing, only, retag
from local.provider.shapes import from_aws, to_aws

if TYPE_CHECKING:
    from local.provider.context import Context

SETTLED_SECONDS = 30
POLL_SECONDS = 0.02
CHANGEABLE = (
    *("batchSize", "bisectBatchOnFunctionError", "destinationConfig", "enabled", "filterCriteria", "functionName"),
    *("functionResponseTypes", "maximumBatchingWindowInSeconds", "maximumRecordAgeInSeconds"),
    *("maximumRetryAttempts", "parallelizationFactor", "scalingConfig", "tumblingWindowInSeconds"),
)
FIXED = ("eventSourceArn", "startingPosition")


class EventSourceMapping(Resource):
    """One mapping of a source to a function. Its id is the UUID that Lambda gives it."""

    type = "aws:lambda/eventSourceMapping:EventSourceMapping"
    takes = frozenset({*CHANGEABLE, *FIXED})
    needs = frozenset({"eventSourceArn", "functionName"})
    replace_on = frozenset(FIXED)
    tagged = True

    def create(self, inputs: Properties, ctx: Context) -> str:
        functions = ctx.client("lambda")
        answer = functions.create_event_source_mapping(
            **_request(functions, "CreateEventSourceMapping", inputs, (*CHANGEABLE, *FIXED)),
            Tags=dict(inputs["tagsAll"]),
        )
        identity: str = answer["UUID"]
        _wait_settled(functions, identity)
        return identity

    def read(self, it: Existing, ctx: Context) -> State | None:
        found = existing(lambda: ctx.client("lambda").get_event_source_mapping(UUID=it.id))
        if found is None:
            return None
        told = from_aws(found)
        function: str = found["FunctionArn"]
        return {
            **it.inputs,
            **only(told, *({"batchSize", "maximumBatchingWindowInSeconds"} & it.inputs.keys())),
            "arn": found.get("EventSourceMappingArn", ""),
            "functionArn": function,
            "uuid": it.id,
            "state": found["State"],
            "enabled": found["State"] in {"Enabled", "Enabling", "Creating", "Updating"},
        }

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        functions = ctx.client("lambda")
        if self.difference(it.inputs, new).changed & {*CHANGEABLE}:
            functions.update_event_source_mapping(
                UUID=it.id, **_request(functions, "UpdateEventSourceMapping", new, CHANGEABLE)
            )
            _wait_settled(functions, it.id)
        arn = f"arn:aws:lambda:{ctx.region}:{ctx.account}:event-source-mapping:{it.id}"
        retag(
            it.inputs,
            new,
            tag=lambda tags: functions.tag_resource(Resource=arn, Tags=tags),
            untag=lambda keys: functions.untag_resource(Resource=arn, TagKeys=keys),
        )

    def delete(self, it: Existing, ctx: Context) -> None:
        ctx.client("lambda").delete_event_source_mapping(UUID=it.id)


def _request(functions: Any, operation: str, inputs: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    shape = functions.meta.service_model.operation_model(operation).input_shape
    request: dict[str, Any] = to_aws(only(inputs, *names), shape, "eventSourceMapping")
    return request


def _wait_settled(functions: Any, identity: str) -> None:
    """Return when Lambda is done with creating or changing it."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while True:
        state = functions.get_event_source_mapping(UUID=identity)["State"]
        if state in {"Enabled", "Disabled"}:
            return
        if time.monotonic() > deadline:
            raise ProviderError(f"event source mapping {identity} is still {state} after {SETTLED_SECONDS} s")
        time.sleep(POLL_SECONDS)
