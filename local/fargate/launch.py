"""What a container is started with on localhost: its command, run by this environment's Python, and its environment."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local.environment import INHERITED, INHERITED_PREFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = re.compile(r"(.*/)?python(3(\.\d+)?)?")
NOT_THE_CONTAINERS: Final = frozenset({"HOME", "USER", "LOGNAME", "SHELL"})
"""What of the server's environment leads to files of the person at this machine, credentials among them."""

DEFAULT_STOP_SECONDS: Final = 30
"""`stopTimeout` when the definition has none ("Amazon ECS task definition parameters for Fargate")."""


class CannotStartError(Exception):
    """A container cannot be started; the message is the task's stopped reason."""


def command(definition: Mapping[str, Any], override: Mapping[str, Any]) -> list[str]:
    """The command line of a container. ``python`` is this environment's. Raises CannotStartError."""
    given = [*(definition.get("entryPoint") or []), *(override.get("command") or definition.get("command") or [])]
    if not given:
        raise CannotStartError(
            f"CannotStartContainerError: container {definition['name']} needs a command: its image is not there on "
            "localhost to tell one"
        )
    program = sys.executable if PYTHON.fullmatch(given[0]) else shutil.which(given[0])
    if program is None:
        raise CannotStartError(f'CannotStartContainerError: exec: "{given[0]}": executable file not found in $PATH')
    return [program, *given[1:]]


def environment(
    definition: Mapping[str, Any], override: Mapping[str, Any], given: Mapping[str, str], directory: Path
) -> dict[str, str]:
    """The whole environment of a container: the definition's, over it the override's, and what ECS itself gives.

    Nothing of the server's credentials or of the person's who started it. Raises CannotStartError.
    """
    if definition.get("secrets"):
        raise CannotStartError("ResourceInitializationError: secrets in a container definition are not on localhost")
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name in INHERITED and name not in NOT_THE_CONTAINERS) or name.startswith(INHERITED_PREFIXES)
    }
    own = {one["name"]: one["value"] for part in (definition, override) for one in part.get("environment") or []}
    return {
        **kept,
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "PYTHONPATH": str(PROJECT),  # where the image has the project's packages
        "PYTHONUNBUFFERED": "1",
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "AWS_EC2_METADATA_DISABLED": "true",
        **given,
        **own,
    }


def stop_seconds(definition: Mapping[str, Any]) -> float:
    """How long a container has between the signal to stop and its end."""
    given = definition.get("stopTimeout")
    return DEFAULT_STOP_SECONDS if given is None else float(given)
