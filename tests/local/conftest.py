from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import server
from local.provider.context import Context
from local.state import StateDir
from tests.local.helpers import STUB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateDir]:
    """The state directory of a stack of the test's own, with no server left in it."""
    state = StateDir(path=tmp_path / "state")
    yield state
    server.stop(state)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """One server with the stand-in engine for all tests that leave it as it was."""
    state = StateDir(path=tmp_path_factory.mktemp("aws") / "state")
    with server.serving(state=state, engine=STUB) as running:
        yield running


@pytest.fixture(scope="session")
def whole_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """One server with the real engine for all tests that leave it as it was."""
    state = StateDir(path=tmp_path_factory.mktemp("whole") / "state")
    with server.serving(state=state) as running:
        yield running


@pytest.fixture(scope="session")
def context(whole_aws: server.Server) -> Iterator[Context]:
    """Where resources are made in tests, with one tag that all of them bear."""
    context = Context(endpoint=whole_aws.endpoint, default_tags={"project": "tests"})
    yield context
    context.close()
