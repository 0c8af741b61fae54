"""The state directory: ``.distmap/<stack>/`` under the project root, all that a stack leaves on disk."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from local.failures import LocalError, NoProjectError

PROJECT_FILE = "Pulumi.yaml"


def project_root(start: Path | None = None) -> Path:
    """The nearest directory with a Pulumi.yaml, from ``start`` (default: the working directory) upwards.

    Outside of any project it is the one that this package lies in. Raises NoProjectError when there is none.
    """
    begin = (start or Path.cwd()).resolve()
    package = Path(__file__).resolve().parent.parent
    for directory in (begin, *begin.parents, package):
        if (directory / PROJECT_FILE).is_file():
            return directory
    raise NoProjectError(f"no {PROJECT_FILE} in {begin} or above; run this inside the project")


def write_atomically(path: Path, text: str) -> None:
    """Replace the file's content as one step: a reader sees the old or the new text, never a part."""
    scratch = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class StateDir:
    """Paths of one local stack. The directory is made on first write."""

    path: Path

    @classmethod
    def of(cls, stack: str, root: Path | None = None) -> StateDir:
        """The directory of ``stack`` under ``root`` (default: the project root)."""
        return cls(path=(root or project_root()) / ".distmap" / stack)

    @property
    def server(self) -> Path:
        return self.path / "server.json"

    @property
    def lock(self) -> Path:
        return self.path / "server.lock"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def resources(self) -> Path:
        return self.path / "resources.json"

    @property
    def outputs(self) -> Path:
        return self.path / "outputs.json"

    @property
    def scratch(self) -> Path:
        """Temporary files of the running server and its function workers."""
        return self.path / "tmp"

    @property
    def engine(self) -> Path:
        """Data of the running Step Functions engine."""
        return self.path / "engine"

    def create(self) -> None:
        """Make the directory, readable by its owner alone: it holds secrets of the stack in clear."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def forget_server(self) -> None:
        """Remove what belongs to one run of the server: all of it was in the server's memory."""
        for directory in (self.scratch, self.engine):
            shutil.rmtree(directory, ignore_errors=True)
        for file in (self.server, self.resources, self.outputs):
            file.unlink(missing_ok=True)

    def read(self, path: Path) -> Any | None:
        """The JSON value of the file, None when there is no file. Raises LocalError for a damaged one."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return json.loads(text)
        except ValueError as error:
            raise LocalError(f"{path} is damaged ({error}); delete it and deploy again") from error

    def write(self, path: Path, value: Any) -> None:
        """Write the value as JSON in one step, with the owner's rights alone."""
        self.write_text(path, json.dumps(value, indent=1))

    def write_text(self, path: Path, text: str) -> None:
        """Write JSON text in one step, with the owner's rights alone."""
        self.create()
        write_atomically(path, text + os.linesep)
