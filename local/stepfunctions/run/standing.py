"""Where a stopped branch stands, as bytes: what a redrive needs is kept on disk, not in memory."""

from __future__ import annotations

from typing import Any

import orjson

from local.stepfunctions.history import Cursor
from local.stepfunctions.payload import Payload, dumps
from local.stepfunctions.run.branch import Branch, Checkpoint, Run


def pack(branch: Branch) -> bytes | None:
    """The branch with all branches within it; None when a Map Run is in its place, which lives in memory."""
    packed = _branch(branch)
    return None if packed is None else dumps(packed)


def unpack(packed: bytes, run: Run) -> Branch:
    """The branch that was packed, in a run that goes on."""
    return _restored(orjson.loads(packed), run)


def _branch(branch: Branch) -> dict[str, Any] | None:
    packed: dict[str, Any] = {"last": branch.cursor.last, "variables": branch.variables}
    if branch.output is not None:
        packed["output"] = _text(branch.output)
    at = branch.checkpoint
    if at is not None and branch.output is None:  # a branch that is done is not run again
        if at.map_run is not None:
            return None
        parts = {str(index): _branch(part) for index, part in at.parts.items()}
        if None in parts.values():
            return None
        place = {"state": at.state, "payload": _text(at.payload), "entered": at.entered, "begun": at.begun}
        packed["at"] = place | {"parts": parts}
    return packed


def _text(payload: Payload) -> str:
    return payload.text.decode()


def _restored(packed: dict[str, Any], run: Run) -> Branch:
    branch = Branch(run=run, cursor=Cursor(packed["last"]), variables=packed["variables"])
    if "output" in packed:
        branch.output = Payload.parse(packed["output"])
    at = packed.get("at")
    if at is not None:
        branch.checkpoint = Checkpoint(
            at["state"],
            Payload.parse(at["payload"]),
            at["entered"],
            at["begun"],
            {int(index): _restored(part, run) for index, part in at["parts"].items()},
        )
    return branch
