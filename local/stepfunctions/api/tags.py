"""Tags of state machines and activities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from local.stepfunctions.api.errors import ApiError, not_found
from local.stepfunctions.api.resources import Answer, Request, check_arn
from local.stepfunctions.engine import Engine

MAX_TAGS: Final = 50
"""Tags of a resource ("Tagging in Step Functions")."""

_RESERVED: Final = "aws:"


def tags_of(tags: Iterable[Mapping[str, Any]], before: Mapping[str, str] | None = None) -> dict[str, str]:
    """A list of tags as a mapping, on top of those from before.

    Raises:
        ApiError: TooManyTags; AccessDeniedException for a name that is AWS's own.
    """
    given = {tag["key"]: tag.get("value", "") for tag in tags}
    _check_names(given)
    merged = {**(before or {}), **given}
    if len(merged) > MAX_TAGS:
        raise ApiError("TooManyTags", f"The resource would have {len(merged)} tags; the limit is {MAX_TAGS}")
    return merged


def _check_names(names: Iterable[str]) -> None:
    if any(name.startswith(_RESERVED) for name in names):
        raise ApiError("AccessDeniedException", "Caller is an end user and not allowed to mutate system tags")


def _tagged(engine: Engine, arn: str) -> dict[str, str]:
    check_arn(arn, "stateMachine", "activity")
    tags = engine.tags.get(arn)
    if tags is None:
        raise not_found(arn)
    return tags


async def tag_resource(engine: Engine, request: Request) -> Answer:
    """TagResource: adds tags, and replaces those of the same name."""
    tags = _tagged(engine, request["resourceArn"])
    tags.update(tags_of(request["tags"], tags))
    return {}


async def untag_resource(engine: Engine, request: Request) -> Answer:
    """UntagResource: names that no tag has are passed over."""
    tags = _tagged(engine, request["resourceArn"])
    _check_names(request["tagKeys"])
    for key in request["tagKeys"]:
        tags.pop(key, None)
    return {}


async def list_tags_for_resource(engine: Engine, request: Request) -> Answer:
    """ListTagsForResource: versions and aliases have none."""
    arn = request["resourceArn"]
    parsed = check_arn(arn, "stateMachine", "activity")
    part = parsed.kind == "stateMachine" and len(parsed.parts) > 1
    tags = {} if part and arn.rpartition(":")[0] in engine.machines else _tagged(engine, arn)
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
