"""A hub behind its API, with people of every role."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central_hub.doors.openapi.served_hub import ServedHub, running


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedHub]:
    with running(tmp_path / "hub", monkeypatch) as hub:
        yield hub
