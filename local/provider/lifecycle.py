"""Make, look at, change and delete one resource, with every failure told in the resource's name."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.provider.failures import ProviderError
from local.provider.resource import Existing, Properties, Resource, State, is_absent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.provider.context import Context


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that exists: its id and all its properties."""

    id: str
    outputs: State


@contextmanager
def told_as(action: str, resource: Resource, name: str) -> Iterator[None]:
    """Failures inside become a ProviderError that says which resource could not be made, changed ..."""
    try:
        yield
    except ClientError as error:
        failure = error.response["Error"]
        raise ProviderError(
            f"{name} ({resource.type}) could not be {action}: "
            f"{error.operation_name}: {failure['Code']}: {failure['Message']}"
        ) from error
    except (BotoCoreError, ProviderError) as error:
        raise ProviderError(f"{name} ({resource.type}) could not be {action}: {error}") from error


def prepare(resource: Resource, name: str, given: Properties, previous: Properties | None, ctx: Context) -> State:
    """The checked and named inputs. Raises ProviderError."""
    with told_as("made", resource, name):
        return resource.prepare(name, given, previous, ctx)


def create(resource: Resource, name: str, inputs: Properties, ctx: Context) -> Made:
    """Make it from prepared inputs. Raises ProviderError."""
    with told_as("made", resource, name):
        identity = resource.create(inputs, ctx)
        return _made(resource, Existing(id=identity, inputs=inputs), ctx)


def read(resource: Resource, name: str, it: Existing, ctx: Context) -> State | None:
    """Its properties now; None when it is gone. Raises ProviderError."""
    with told_as("read", resource, name):
        return resource.read(it, ctx)


def update(resource: Resource, name: str, it: Existing, new: Properties, ctx: Context) -> Made:
    """Change it in place to new prepared inputs. Raises ProviderError."""
    with told_as("changed", resource, name):
        resource.update(it, new, ctx)
        return _made(resource, Existing(id=it.id, inputs=new), ctx)


def delete(resource: Resource, name: str, it: Existing, ctx: Context) -> None:
    """Delete it; one that is gone already is fine. Raises ProviderError."""
    with told_as("deleted", resource, name):
        try:
            resource.delete(it, ctx)
        except ClientError as error:
            if not is_absent(error):
                raise


def _made(resource: Resource, it: Existing, ctx: Context) -> Made:
    outputs = resource.read(it, ctx)
    if outputs is None:
        raise ProviderError("it was not there right after it was made")
    return Made(id=it.id, outputs=outputs)
