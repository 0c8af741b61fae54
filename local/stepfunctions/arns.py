"""Amazon Resource Names of Step Functions: made, taken apart and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):states:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<rest>.+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The partition, Region and account that the engine's resources belong to."""

    region: str
    account: str
    partition: str = "aws"

    def _arn(self, rest: str) -> str:
        return f"arn:{self.partition}:states:{self.region}:{self.account}:{rest}"

    def state_machine(self, name: str) -> str:
        """``...:stateMachine:<name>``; with ``<name>/<label>`` the machine of a distributed map's children."""
        return self._arn(f"stateMachine:{name}")

    def execution(self, machine: str, name: str) -> str:
        """A STANDARD execution; ``machine`` is ``<machine>/<label>`` for a child of a Map Run."""
        return self._arn(f"execution:{machine}:{name}")

    def express(self, machine: str, name: str, execution_id: str) -> str:
        """An EXPRESS execution, whose ARN ends in an id of its own."""
        return self._arn(f"express:{machine}:{name}:{execution_id}")

    def map_run(self, machine: str, label: str, run_id: str) -> str:
        """A Map Run."""
        return self._arn(f"mapRun:{machine}/{label}:{run_id}")

    def activity(self, name: str) -> str:
        """An activity."""
        return self._arn(f"activity:{name}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """A Step Functions ARN in pieces: ``kind`` is ``stateMachine``, ``execution`` ...; ``parts`` follow it."""

    region: str
    account: str
    kind: str
    parts: tuple[str, ...]


def parse(arn: str) -> Parsed | None:
    """The pieces of a Step Functions ARN, or None when it is not one."""
    match = _ARN.fullmatch(arn)
    if match is None:
        return None
    kind, _, rest = match["rest"].partition(":")
    if not rest:
        return None
    return Parsed(region=match["region"], account=match["account"], kind=kind, parts=tuple(rest.split(":")))
