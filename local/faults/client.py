"""Set rules on a running server, see how often they struck, and take them away."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.failures import LocalError
from local.faults.fault import PATH, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 10.0


class FaultError(LocalError):
    """The server does not take the rule, or does not know it; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A rule with how many requests it ``matched``, and how many of them it ``fired`` at."""

    id: str
    fault: Fault
    matched: int
    fired: int


class Injected:
    """Rules that are in force within a block."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._ids: list[str] = []
        self._last: tuple[Counted, ...] | None = None

    def add(self, fault: Fault) -> None:
        """Put one more rule in force, after the others."""
        self._ids.append(inject(self._endpoint, fault))

    def counts(self) -> tuple[Counted, ...]:
        """The rules as they stand, in their order; after the block as they stood at its end."""
        if self._last is not None:
            return self._last
        return tuple(found for found in counts(self._endpoint) if found.id in self._ids)

    def end(self) -> None:
        """Take the rules away and keep their counts."""
        self._last = tuple(clear(self._endpoint, one)[0] for one in self._ids)


def inject(endpoint: str, fault: Fault) -> str:
    """Put a rule in force and return its id; FaultError names the field that is wrong and what it may be."""
    return str(_call("POST", endpoint, PATH, fault.to_json())["id"])


def counts(endpoint: str) -> tuple[Counted, ...]:
    """All rules in force, in the order in which they are asked."""
    return _counted(_call("GET", endpoint, PATH))


def clear(endpoint: str, fault_id: str | None = None) -> tuple[Counted, ...]:
    """Take away one rule, or all of them; they are returned as they stood."""
    return _counted(_call("DELETE", endpoint, PATH if fault_id is None else f"{PATH}/{fault_id}"))


@contextmanager
def injected(endpoint: str, *faults: Fault) -> Iterator[Injected]:
    """The rules in force within the block, and no longer."""
    rules = Injected(endpoint)
    try:
        for fault in faults:
            rules.add(fault)
        yield rules
    finally:
        rules.end()


def _counted(answer: dict[str, Any]) -> tuple[Counted, ...]:
    return tuple(
        Counted(id=row["id"], fault=Fault(**row["fault"]), matched=row["matched"], fired=row["fired"])
        for row in answer["faults"]
    )


def _call(method: str, endpoint: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the server's own address
        f"{endpoint}{path}", data=data, method=method, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the same
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            raise FaultError(_message(error.read())) from error
    except urllib.error.URLError as error:
        raise FaultError(f"AWS on localhost does not answer at {endpoint}: {error.reason}") from error


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server does not know {PATH}: {body[:200].decode(errors='replace')}"
