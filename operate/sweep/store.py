"""The finished runs of a sweep on disk, so that an interrupted one goes on where it was."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from local.state import write_atomically
from operate.errors import OperateError
from operate.sweep.grid import Setting
from operate.sweep.runs import Run

VERSION = 1


class StoreError(OperateError):
    """The file of an earlier sweep cannot be read."""


class Store:
    """Runs that count as done for the same ``identity``: use case, deployment and data.

    Which points a sweep asks for is no part of it: a grid that grows runs only what is new.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.identity = dict(identity)
        digest = hashlib.sha256(orjson.dumps(self.identity, option=orjson.OPT_SORT_KEYS)).hexdigest()
        self.path = folder / f"{digest[:16]}.json"
        self._runs: list[Run] = []

    def read(self) -> None:
        """Take up what was kept; StoreError for a damaged file, which nothing overwrites."""
        try:
            kept = orjson.loads(self.path.read_bytes())
            self._runs = [Run.from_json(each) for each in kept["runs"]] if kept["version"] == VERSION else []
        except FileNotFoundError:
            return
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(f"{self.path} is damaged ({error}): delete it, or give --fresh") from error

    def add(self, run: Run) -> None:
        """Keep a finished run, on disk before this returns."""
        self._runs.append(run)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = {"version": VERSION, "identity": self.identity, "runs": [each.to_json() for each in self._runs]}
        write_atomically(self.path, orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())

    def of(self, setting: Setting, items: int) -> list[Run]:
        """Return the runs of a setting and size, oldest first."""
        return [run for run in self._runs if run.setting == setting and run.items == items]

    def __len__(self) -> int:
        """How many runs are kept."""
        return len(self._runs)
