"""One AWS on localhost for all end-to-end tests of a session, and one with the stack deployed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import server
from local.deploy import deploy
from local.state import StateDir
from operate import cli, stacks

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
    """The stack `local`, deployed; tests that use it are of the groups `operate` and `measure`, which leave their
    data behind. It ends with its server, which holds it in memory.
    """
    found = StateDir(path=tmp_path_factory.mktemp("stack") / "local")
    with server.serving(state=found) as running:
        deploy(stack=stacks.LOCAL, state=found, endpoint=running.endpoint)
        yield found


@pytest.fixture(scope="session")
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
