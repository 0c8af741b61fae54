"""What the environment tells a worker, checked when it starts."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HEARTBEAT_SECONDS: Final = 20.0
GRACE_SECONDS: Final = 100.0  # of the 120 that Fargate leaves a container
MAX_GRACE_SECONDS: Final = 115.0
MAX_HEARTBEAT_SECONDS: Final = 3_600.0
POLL_SECONDS: Final = 70.0  # a poll lasts 60
NAME_CHARACTERS: Final = 80  # of a worker's name: "GetActivityTask", Step Functions API Reference
_ACTIVITY: Final = re.compile(r"arn:aws[\w-]*:states:([a-z0-9-]+):\d{12}:activity:[^\s:]{1,80}", re.ASCII)


class InvalidSettings(Exception):
    """The environment lacks something, or has it wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How a worker works.

    heartbeat_seconds  between two heartbeats; a third of what the state allows leaves room for two that fail
    grace_seconds      from SIGTERM on; a task that takes longer is handed back for another worker
    poll_seconds       from SIGTERM on, an open poll is waited for: a task that comes to a worker that has left is
                       missed until its heartbeats are
    health_file        touched while the worker makes progress; None for no such file
    """

    activity_arn: str
    region: str
    worker_name: str
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    grace_seconds: float = GRACE_SECONDS
    poll_seconds: float = POLL_SECONDS
    health_file: Path | None = None


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings in ACTIVITY_ARN and, where the defaults do not fit, WORKER_NAME, HEARTBEAT_SECONDS, GRACE_SECONDS,
    POLL_SECONDS and HEALTH_FILE.

    Raises InvalidSettings, naming the variable.
    """
    arn = environment.get("ACTIVITY_ARN", "")
    if not (found := _ACTIVITY.fullmatch(arn)):
        raise InvalidSettings(f"ACTIVITY_ARN must be the ARN of an activity, got {arn!r:.200}")
    name = environment.get("WORKER_NAME") or socket.gethostname()
    if len(name) > NAME_CHARACTERS:
        raise InvalidSettings(f"WORKER_NAME may have {NAME_CHARACTERS} characters, got {len(name)}: {name!r:.200}")
    health = environment.get("HEALTH_FILE")
    return Settings(
        activity_arn=arn,
        region=found[1],
        worker_name=name,
        heartbeat_seconds=_seconds(environment, "HEARTBEAT_SECONDS", HEARTBEAT_SECONDS, 0.1, MAX_HEARTBEAT_SECONDS),
        grace_seconds=_seconds(environment, "GRACE_SECONDS", GRACE_SECONDS, 0, MAX_GRACE_SECONDS),
        poll_seconds=_seconds(environment, "POLL_SECONDS", POLL_SECONDS, 0, POLL_SECONDS),
        health_file=Path(health) if health else None,
    )


def _seconds(environment: Mapping[str, str], name: str, unless_given: float, least: float, most: float) -> float:
    given = environment.get(name)
    if not given:
        return unless_given
    try:
        seconds = float(given)
    except ValueError:
        seconds = float("nan")
    if not least <= seconds <= most:
        raise InvalidSettings(f"{name} must be a number of seconds from {least:g} to {most:g}, got {given!r:.100}")
    return seconds
