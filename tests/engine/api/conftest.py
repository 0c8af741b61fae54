"""A service for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.api.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service without resources."""
    made = Service(tmp_path)
    yield made
    made.close()
