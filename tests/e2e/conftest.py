"""One AWS on localhost for all end-to-end tests of a session, and one with the stack deployed to it."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from local import server
from local.state import StateDir
from operate import cli, local_aws, stacks
from operate.console import THEME
from operate.watch import QuietDisplay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from operate.stacks import Stack


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """The running server; ``aws.environment`` points any AWS SDK or the AWS CLI to it."""
    with server.serving(state=StateDir(path=tmp_path_factory.mktemp("aws") / "state")) as running:
        yield running


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateDir]:
    """The stack `local`, deployed; tests that use it are of the group `operate` and leave their data behind."""
    found = StateDir(path=tmp_path_factory.mktemp("stack") / "local")
    with local_aws.deployed(found, QuietDisplay(Console(file=StringIO(), theme=THEME)), port=0):
        yield found


@pytest.fixture
def stack(state: StateDir) -> Stack:
    return stacks.local_stack(state)


@pytest.fixture
def distmap(
    state: StateDir, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run one command against the session's stack; returns its exit code, stdout and stderr."""
    monkeypatch.setattr(StateDir, "of", classmethod(lambda cls, stack, root=None: state))

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run_command(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return call
