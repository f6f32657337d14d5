import signal
from pathlib import Path

import msgspec
import pytest

from edge_agent.orders import order_folders
from edge_agent.visits import VisitResult
from passlane import UsageError
from passlane.demo import running
from passlane.demo.folders import RealPhoto
from passlane.demo.processes import Processes
from passlane.demo.running import DemoOptions, run_demo
from tests.edge_agent.stand_ins.fakes import jpeg
from tests.passlane.demo.test_report import GRANTED, VIN


@pytest.fixture
def said() -> list[str]:
    return []


def options(*, photos: Path | None = None, data: Path | None = None) -> DemoOptions:
    return DemoOptions(once=True, photos=photos, data=data)


def test_a_folder_without_photos_is_said_before_any_folder_is_made(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match="holds no photo"):
        run_demo(options(photos=tmp_path / "photos", data=tmp_path / "data"), said.append)
    assert said == []
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_made_is_said(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("x")
    for data in (tmp_path, tmp_path / "file" / "data"):
        with pytest.raises(UsageError, match="cannot be made"):
            run_demo(options(data=data), said.append)


def test_without_a_name_the_data_is_gone_when_the_demonstration_is_over(tmp_path: Path) -> None:
    with running._data_folder(None) as folder:
        assert folder.is_dir()
    assert not folder.exists()
    with running._data_folder(tmp_path / "kept") as folder:
        assert folder == tmp_path / "kept"
    assert folder.is_dir()


def test_a_persons_photos_are_shared_out_between_the_devices(tmp_path: Path, said: list[str]) -> None:
    photos = []
    for number in range(3):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(jpeg(number))
        photos.append(RealPhoto(path=path, vin=VIN))
    running._write_orders(tmp_path, photos, said.append)
    names = {
        device: [path.name for path in order_folders(tmp_path / "orders" / device)] for device in ("lane-1", "pda-1")
    }
    assert names == {"lane-1": ["0001-0", "0003-2"], "pda-1": ["0002-1"]}


def watched(tmp_path: Path, lines: list[tuple[str, str]], said: list[str]) -> list[VisitResult]:
    processes = Processes(tmp_path)
    for line in lines:
        processes.lines.put(line)
    return running._watch(processes, 2, said.append, mask=True)


def test_each_vehicle_is_told_as_it_comes_and_then_no_more_is_waited_for(tmp_path: Path, said: list[str]) -> None:
    line = ("lane-1", msgspec.json.encode(GRANTED).decode())
    assert watched(tmp_path, [line, line, ("lane-1", "")], said) == [GRANTED, GRANTED]
    assert len(said) == 3
    assert VIN not in "".join(said)


def test_a_process_that_ends_too_early_is_named(tmp_path: Path, said: list[str]) -> None:
    assert watched(tmp_path, [("pda-1", "")], said) == []
    assert said[-1] == "pda-1 went silent; its log is in the data folder"


def test_silence_of_all_is_told(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SILENCE_SECONDS_MAX", 0.01)
    assert watched(tmp_path, [], said) == []
    assert said[-1].startswith("every process went silent")


JUDGED = [
    (None, [], 10, 0),
    (None, [], 9, 1),
    (None, ["04-taxi: no sticker"], 10, 1),
    (Path("photos"), ["not asked"], 1, 0),
    (Path("photos"), ["not asked"], 0, 1),
]


@pytest.mark.parametrize("judged", JUDGED)
def test_the_status_says_whether_every_vehicle_got_what_it_should(
    tmp_path: Path,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    judged: tuple[Path | None, list[str], int, int],
) -> None:
    photos, wrong, count, status = judged
    monkeypatch.setattr(running, "complaints", lambda _hub, _vehicles: wrong)
    expected = 1 if photos else 10
    judged_as = running._judged(tmp_path, [GRANTED] * count, expected, options=options(photos=photos), say=said.append)
    assert judged_as == status
    assert any(f"{count} 枚 stickers" in text for text in said)
    assert ("WRONG: 04-taxi: no sticker" in said) == bool(wrong and status and not photos)


def test_an_interrupt_ends_the_stay_and_not_the_rest(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passlane.demo.running.signal.pause", lambda: signal.raise_signal(signal.SIGINT))
    running._stay(said.append)
    assert "Ctrl-C" in said[0]
