from pathlib import Path

import pytest

from passlane.__main__ import main
from passlane.demo import running
from passlane.demo.running import DemoOptions


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[DemoOptions]:
    """What a demonstration was asked for, in place of one; its status says whether it was to end by itself."""
    asked: list[DemoOptions] = []

    def run_demo(options: DemoOptions, say: object) -> int:
        asked.append(options)
        assert callable(say)
        say("线 a line")
        return 1 if options.once else 0

    monkeypatch.setattr(running, "run_demo", run_demo)
    return asked


def test_options_and_status_are_handed_on(
    runs: list[DemoOptions], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--once", "--photos", str(tmp_path), "--data", str(tmp_path / "new")]) == 1
    assert main(["demo"]) == 0
    assert runs == [
        DemoOptions(once=True, photos=tmp_path, data=tmp_path / "new"),
        DemoOptions(once=False, photos=None, data=None),
    ]
    assert capsys.readouterr().out == "线 a line\n" * 2


def test_a_folder_that_is_there_already_is_never_used_for_data(runs: list[DemoOptions], tmp_path: Path) -> None:
    assert main(["demo", "--data", str(tmp_path)]) == 2
    assert runs == []


def test_photos_are_taken_from_a_folder_only(runs: list[DemoOptions], tmp_path: Path) -> None:
    assert main(["demo", "--photos", str(tmp_path / "not there")]) == 2
    assert runs == []
