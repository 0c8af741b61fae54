"""What every type of resource can do, and the parts that are the same for all of them."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from botocore.exceptions import ClientError

from local.provider.archive import recorded
from local.provider.failures import InvalidPropertyError, UnsupportedPropertyError

if TYPE_CHECKING:
    from local.provider.context import Context
    from local.provider.names import Naming

Properties: TypeAlias = Mapping[str, Any]
State: TypeAlias = dict[str, Any]

ABSENT = re.compile(r"NotFound|NoSuch|NonExist|DoesNotExist|^404$")  # how AWS services say that a thing is not there


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The properties that differ; any of ``replaced`` needs a new resource in place of the old one."""

    changed: frozenset[str]
    replaced: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A resource that was made: its id, and the prepared inputs that it was last made or changed with."""

    id: str
    inputs: Properties


class Resource(ABC):
    """One Pulumi type. Instances hold no state: inputs, state and context are given to each call.

    ``takes`` are the properties that it has on localhost (``region`` and, for a ``tagged`` type, ``tags``
    come by themselves), ``needs`` those it cannot do without, ``replace_on`` those that AWS cannot change.
    """

    type: ClassVar[str]
    takes: ClassVar[frozenset[str]]
    needs: ClassVar[frozenset[str]] = frozenset()
    replace_on: ClassVar[frozenset[str]] = frozenset()
    naming: ClassVar[Naming | None] = None
    tagged: ClassVar[bool] = False

    @abstractmethod
    def create(self, inputs: Properties, ctx: Context) -> str:
        """Make it; the id."""

    @abstractmethod
    def read(self, it: Existing, ctx: Context) -> State | None:
        """All its properties: its inputs, and over them what AWS tells now. None when it is gone."""

    @abstractmethod
    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        """Change it in place."""

    @abstractmethod
    def delete(self, it: Existing, ctx: Context) -> None:
        """Delete it. The caller takes an answer that it is not there for success."""

    def prepare(self, logical: str, given: Properties, previous: Properties | None, ctx: Context) -> State:
        """The inputs that the resource is made with: checked, named, and with the tags that it will bear.

        A generated name stays as it is in ``previous``. Raises UnsupportedPropertyError and
        InvalidPropertyError.
        """
        known = self.takes | {"region"} | ({"tags"} if self.tagged else set())
        for name in given:
            if name not in known:
                raise UnsupportedPropertyError(name, known)
        missing = sorted(self.needs - given.keys())
        if missing:
            raise InvalidPropertyError(f"property {missing[0]} is missing")
        if given.get("region", ctx.region) != ctx.region:
            raise InvalidPropertyError(f"property region is {given['region']!r}, localhost has {ctx.region} alone")
        inputs: State = {**given, "region": ctx.region}
        if self.naming is not None and self.naming.property not in given:
            inputs[self.naming.property] = self._name(self.naming, logical, given, previous)
        if self.tagged:
            inputs["tagsAll"] = {**ctx.default_tags, **(given.get("tags") or {})}
        return inputs

    def _name(self, naming: Naming, logical: str, given: Properties, previous: Properties | None) -> str:
        prefix = given.get(naming.prefix_property) if naming.prefix_property else None
        if (
            previous is not None
            and naming.property in previous
            and previous.get(naming.prefix_property or "") == prefix
        ):
            kept: str = previous[naming.property]
            return kept
        return naming.generate(logical, prefix)

    def difference(self, old: Properties, new: Properties, ignore: frozenset[str] = frozenset()) -> Difference:
        """What differs between two inputs, prepared or recorded."""
        old, new = recorded(old), recorded(new)
        names = (old.keys() | new.keys()) - ignore
        changed = frozenset(name for name in names if old.get(name) != new.get(name))
        return Difference(changed=changed, replaced=changed & self.replace_on)


class PutResource(Resource):
    """A type that AWS makes and changes by one and the same call."""

    @abstractmethod
    def put(self, inputs: Properties, ctx: Context) -> None:
        """Make it, or change it to these inputs."""

    @abstractmethod
    def identity(self, inputs: Properties) -> str:
        """The id that follows from the inputs."""

    def create(self, inputs: Properties, ctx: Context) -> str:
        self.put(inputs, ctx)
        return self.identity(inputs)

    def update(self, it: Existing, new: Properties, ctx: Context) -> None:
        if self.identity(new) != it.id:
            raise AssertionError(f"{self.type}: what names a resource must be in replace_on")
        self.put(new, ctx)


def existing(call: Callable[[], Any]) -> Any | None:
    """The answer of ``call``; None when AWS says that there is no such thing."""
    try:
        return call()
    except ClientError as error:
        if is_absent(error):
            return None
        raise


def is_absent(error: ClientError) -> bool:
    """Whether AWS says that the thing is not there."""
    return bool(ABSENT.search(error.response["Error"]["Code"]))


def document(value: Any) -> str:
    """A policy or another JSON document as text: programs give text or an object."""
    return value if isinstance(value, str) else json.dumps(value)


def only(inputs: Properties, *names: str) -> State:
    """The named properties that are set."""
    return {name: inputs[name] for name in names if inputs.get(name) is not None}


def tag_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as AWS lists them."""
    return [{key: name, value: tags[name]} for name in tags]


def retag(
    old: Properties,
    new: Properties,
    *,
    tag: Callable[[dict[str, str]], object],
    untag: Callable[[list[str]], object],
) -> None:
    """Take away the tags that ``new`` does not have, and set those that differ."""
    before, after = old.get("tagsAll") or {}, new.get("tagsAll") or {}
    if removed := [key for key in before if key not in after]:
        untag(removed)
    if added := {key: value for key, value in after.items() if before.get(key) != value}:
        tag(added)
