"""`passlane export-samples` on a real data folder."""

import argparse
from datetime import date
from pathlib import Path

import pytest

from central_hub.clock import day_of
from passlane import UsageError
from passlane.engine import samples_command
from tests.central_hub.audit_office import Office, auditor


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    samples_command.add(parser.add_subparsers())
    options = parser.parse_args(["export-samples", *words])
    return int(options.run(options))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "hub"
    office = Office(folder)
    office.waiting(office.device())
    who = auditor("p-a")
    office.decide(who, office.next(who), corrected="LZZAA1A26RA000018")
    office.db.close()
    return folder


def test_what_was_written_and_what_was_not_there_is_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--data", str(data), "--out", str(tmp_path / "out")) == 1
    said = capsys.readouterr().out
    assert "0 samples written" in said
    assert "left out, not on the disk: " in said


def test_a_day_is_one_in_china(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    midnight = samples_command._milliseconds("2026-05-29")
    assert (day_of(midnight), day_of(midnight - 1)) == (date(2026, 5, 29), date(2026, 5, 28))
    assert run("--data", str(data), "--out", str(tmp_path / "out"), "--since", "2999-01-01") == 0
    assert "0 samples written" in capsys.readouterr().out


def test_what_is_no_day_no_folder_or_no_free_place_is_said_in_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a day"):
        run("--data", str(data), "--out", str(tmp_path / "out"), "--since", "yesterday")
    with pytest.raises(UsageError, match="no hub's data folder"):
        run("--data", str(tmp_path / "nothing"), "--out", str(tmp_path / "out"))
    with pytest.raises(UsageError, match="not empty"):
        run("--data", str(data), "--out", str(data))
