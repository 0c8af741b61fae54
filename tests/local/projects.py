"""Small Pulumi projects for tests of the embedded deploy."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.deploy import Outputs, deploy, destroy
from local.state import StateDir

if TYPE_CHECKING:
    from pathlib import Path

    from local.changes import Step

PROJECT = """
name: tiny
runtime: python
config:
  size:
    type: integer
    default: 1
    description: a number
  fifo:
    type: boolean
    default: false
  label:
    type: string
    default: none
  list:
    type: array
    default: [1]
    items: {type: integer}
"""
HEADER = """
import json
import pulumi
import pulumi_aws as aws
config = pulumi.Config()
"""


@dataclass
class Project:
    """A project directory whose program a test writes, deployed to one endpoint."""

    root: Path
    endpoint: str
    steps: list[Step] = field(default_factory=list)

    @property
    def state(self) -> StateDir:
        return StateDir.of("local", self.root)

    def write(self, program: str, *, stack: str = "config: {}") -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / "Pulumi.yaml").write_text(PROJECT)
        (self.root / "Pulumi.local.yaml").write_text(stack)
        (self.root / "__main__.py").write_text(HEADER + textwrap.dedent(program))

    def deploy(self, program: str | None = None, **config: str) -> Outputs:
        """Deploy, after writing ``program`` if one is given."""
        if program is not None:
            self.write(program)
        self.steps.clear()
        return deploy(
            stack="local",
            state=self.state,
            endpoint=self.endpoint,
            config_overrides=config,
            on_resource=self.steps.append,
            root=self.root,
        )

    def destroy(self) -> None:
        self.steps.clear()
        destroy(state=self.state, endpoint=self.endpoint, on_resource=self.steps.append)

    def done(self) -> list[tuple[str, str]]:
        """Action and name of each step."""
        return [(step.action, step.name) for step in self.steps]

    def recorded(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state.read(self.state.resources) or []
        return found
