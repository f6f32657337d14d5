"""`passlane simulate-day`, with a city as small as one can be."""

import argparse
import json
from pathlib import Path

import pytest

from central_hub.verify import verify_folder
from passlane import UsageError
from passlane.day.figures import Figures
from passlane.engine import simulate_day_command

SMALL = ("--inspections", "84", "--stations", "6", "--auditors", "6")


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    simulate_day_command.add(parser.add_subparsers())
    options = parser.parse_args(["simulate-day", *arguments])
    return int(options.run(options))


def test_a_day_is_printed_hour_by_hour_and_its_folder_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kept"
    assert run(*SMALL, "--keep", str(folder)) == 0
    said = capsys.readouterr().out
    assert "05-28 12:00" in said
    assert said.count("✓") == 6
    counts = verify_folder(folder, bytes.fromhex((folder / "hub.pub").read_text(encoding="ascii").strip()))
    assert counts["cases"] >= 84


def test_json_is_all_that_is_printed_and_a_broken_promise_is_status_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Figures, "held", property(lambda _figures: False))
    assert run(*SMALL, "--seed", "4", "--json") == 1
    read = json.loads(capsys.readouterr().out)
    assert read["held"] is False
    assert read["city"]["inspections"] == 84


def test_a_folder_with_something_in_it_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "somebody's").touch()
    with pytest.raises(UsageError, match="not empty"):
        run(*SMALL, "--keep", str(tmp_path))
