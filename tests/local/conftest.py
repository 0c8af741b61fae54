from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import server
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
