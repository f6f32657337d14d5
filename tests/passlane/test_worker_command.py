import asyncio
import json
from pathlib import Path

import pytest

from central_hub import working
from inspection.topics import PARTITIONS
from passlane.__main__ import main


class ShortWork:
    """Stands for a worker that takes half of the partitions and is then told to stop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def run(self, stop: asyncio.Event, *, told: working.Told) -> None:
        assert not stop.is_set()
        told(frozenset(range(PARTITIONS // 2)))


def test_a_worker_says_what_it_holds_in_words_or_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(working, "Worker", ShortWork)
    assert main(["worker", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "takes in 32 of 64 partitions of devices\n"
    assert main(["worker", "--data", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"event": "holds", "partitions": list(range(32))}


def test_a_folder_that_is_none_or_that_no_hub_was_started_on_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", "--data", str(tmp_path / "none")]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert main(["worker", "--data", str(tmp_path)]) == 1
    assert "start `passlane hub` on it first" in capsys.readouterr().err


def test_over_the_sqlite_file_a_worker_is_a_mistake_in_one_plain_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("hub.key", "hub-broker.secret", "ports.json"):
        (tmp_path / name).write_text("{}", encoding="ascii")
    assert main(["worker", "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "store names no PostgreSQL database" in said
    assert said.count("\n") == 1
