"""Interrupt tasks of a running server as Spot does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Final

from local.failures import LocalError

PATH: Final = "/_distmap/spot"
"""Where the server takes interruptions."""

NOTICE_SECONDS: Final = 120.0
"""Between the signal and the end ("Fargate Spot termination notices")."""

SECONDS: Final = 10.0


class InterruptionError(LocalError):
    """The server does not interrupt what it is asked to; the message says why."""


def interrupt(
    endpoint: str, *, cluster: str, service: str, count: int = 1, notice_seconds: float = NOTICE_SECONDS
) -> tuple[str, ...]:
    """Take back the capacity of ``count`` tasks on FARGATE_SPOT, the oldest first; their ARNs.

    Each is told to stop, and killed ``notice_seconds`` later; 0 kills it at once, as a machine that fails does.
    """
    given = {"cluster": cluster, "service": service, "count": count, "notice_seconds": notice_seconds}
    request = urllib.request.Request(  # noqa: S310 - the server's own address
        f"{endpoint}{PATH}",
        data=json.dumps(given).encode(),
        method="POST",
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the same
            return tuple(json.load(answer)["tasks"])
    except urllib.error.HTTPError as error:
        with error:
            raise InterruptionError(json.loads(error.read())["message"]) from error
    except urllib.error.URLError as error:
        raise InterruptionError(f"AWS on localhost does not answer at {endpoint}: {error.reason}") from error
