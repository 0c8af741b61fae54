"""One AWS on localhost for all end-to-end tests of a session, which leave it as they found it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import server
from local.state import StateDir

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """The running server; ``aws.environment`` points any AWS SDK or the AWS CLI to it."""
    with server.serving(state=StateDir(path=tmp_path_factory.mktemp("aws") / "state")) as running:
        yield running
