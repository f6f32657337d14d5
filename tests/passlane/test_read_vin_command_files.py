import json
import os
import pty
import re
import sys
from collections.abc import Callable, Iterator
from io import StringIO, TextIOWrapper
from pathlib import Path

import pytest

from firmware_profiles.files import shipped_profile
from inspection.evidence import VinFinding
from models.drawing.rendering import vin_photo
from models.photo import Photo
from passlane.__main__ import main
from passlane.read_vin_command import Answer, json_line, lines, offered, wants_colours
from tests.passlane.conftest import SignedProfile
from tests.passlane.readings_shown import (
    DOUBTFUL,
    OTHER,
    READ,
    VIN,
    FakeReader,
    Terminal,
    a_photo,
    objects,
)


def test_a_folder_is_searched_to_its_ground_for_photos_in_order(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["a/z.PNG", "a/b/c.jpeg", "b.JPG", "ä.jpg", "a.jpg", "车架/1.Jpeg"]
    for name in names:
        a_photo(tmp_path / "photos" / name)
    (tmp_path / "photos" / "notes.txt").write_text("no photo")
    (tmp_path / "photos" / "jpg").write_text("no photo")
    (tmp_path / "photos" / "a" / "round").symlink_to(tmp_path / "photos")
    assert main(["read-vin", "--json", str(tmp_path / "photos")]) == 0
    files = [str(one["file"]) for one in objects(capsys.readouterr().out)]
    assert files == sorted((str(tmp_path / "photos" / name) for name in names), key=lambda file: Path(file).parts)


def test_a_file_that_is_named_is_read_whatever_its_ending(reader: FakeReader, tmp_path: Path) -> None:
    assert main(["read-vin", str(a_photo(tmp_path / "photo"))]) == 0
    assert len(reader.seen) == 1


def test_an_empty_folder_is_said_and_the_rest_is_read(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    asked = [str(tmp_path / "empty"), str(a_photo(tmp_path / "a.jpg"))]
    assert main(["read-vin", *asked]) == 1
    empty, read = capsys.readouterr().out.splitlines()
    sentence = "文件夹中没有照片 The folder holds no photo (.jpg, .jpeg, .png). [folder.empty]"
    assert empty == f"{asked[0]}  —  {sentence}"
    assert VIN in read


def test_a_folder_that_may_not_be_opened_is_said_beside_what_could_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, closed = a_photo(tmp_path / "a.jpg"), tmp_path / "closed"
    closed.mkdir()
    scandir = os.scandir

    def refusing(path: str) -> "Iterator[os.DirEntry[str]]":
        # Permissions do not stop whoever runs the tests as root.
        if path == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = list(offered(str(tmp_path)))
    assert found[0] == str(photo)
    assert isinstance(found[1], Answer)
    assert found[1].fault is not None
    assert (found[1].file, found[1].fault.code) == (str(closed), "folder.unreadable")
    assert found[1].fault.sentence == "It cannot be read: Permission denied."


def test_only_one_photo_is_held_at_a_time(reader: FakeReader, tmp_path: Path) -> None:
    a_photo(tmp_path / "a.jpg")
    assert main(["read-vin", "--expected", VIN, *[str(tmp_path / "a.jpg")] * 50]) == 0
    assert (len(reader.seen), reader.held_max) == (50, 0)


def test_each_line_is_written_out_before_the_next_photo_is_read(
    reader: FakeReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []

    def read(photo: Photo) -> VinFinding:
        printed.append((tmp_path / "out").read_text(encoding="utf-8"))
        return READ

    monkeypatch.setattr(reader, "read", read)
    photo = str(a_photo(tmp_path / "a.jpg"))
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["read-vin", photo, photo, photo]) == 0
        monkeypatch.undo()
    assert [text.count("\n") for text in printed] == [0, 1, 2]


def test_a_reader_that_went_away_ends_the_command_quietly(
    reader: FakeReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    photo = str(a_photo(tmp_path / "a.jpg"))
    gone, end = os.pipe()
    os.close(gone)
    with os.fdopen(end, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["read-vin", *[photo] * 1000]) == 1
        monkeypatch.undo()
    assert len(reader.seen) < 1000
    assert capfd.readouterr() == ("", "")


def test_an_interrupt_ends_the_command_without_a_traceback(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader.by_width = {33: KeyboardInterrupt()}
    assert main(["read-vin", *(str(a_photo(tmp_path / f"{width}.jpg", width)) for width in (32, 33, 34))]) == 130
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_a_terminal_is_shown_how_far_it_is_and_no_line_is_lost(
    reader: FakeReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    photo = str(a_photo(tmp_path / "a.jpg"))
    assert main(["read-vin", photo]) == 0
    assert terminal.getvalue() == ""
    assert main(["read-vin", photo, photo, photo]) == 0
    assert "3/3" in terminal.getvalue()
    assert capsys.readouterr().out.count(VIN) == 4


@pytest.mark.parametrize(
    ("stream", "environment", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "", "TERM": "xterm"}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals_whose_owner_wants_them(
    stream: StringIO, environment: dict[str, str], *, coloured: bool
) -> None:
    assert wants_colours(stream, environment) is coloured


@pytest.mark.parametrize("unwanted", ["", "1"])
def test_on_a_terminal_lines_are_coloured_unless_no_color_is_set(
    reader: FakeReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unwanted: str
) -> None:
    reader.by_width = {33: DOUBTFUL}
    photo = str(a_photo(tmp_path / "a.jpg", 33))
    monkeypatch.setenv("NO_COLOR", unwanted)
    monkeypatch.setenv("TERM", "xterm")
    wanted = lines(Answer(file=photo, finding=DOUBTFUL)).splitlines()
    looking, terminal = pty.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["read-vin", photo]) == 0
        monkeypatch.undo()
        shown = ""
        # A terminal gives what is there, which may be less than was written.
        while shown.count("\n") < len(wanted):
            shown += os.read(looking, 65_536).decode()
    os.close(looking)
    assert ("\x1b[1;33mZ\x1b[0m" in shown) is (not unwanted)
    assert ("\x1b" in shown) is (not unwanted)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert plain.splitlines() == wanted


def test_a_name_can_neither_steer_the_terminal_nor_break_a_line() -> None:
    answer = Answer(file=os.fsdecode(b"a\x1b[2J\n\xff.jpg"), finding=READ)
    assert lines(answer).startswith(r"a\x1b[2J\n\xff.jpg  ")
    assert json.loads(json_line(answer, None))["file"] == "a\x1b[2J\n\\xff.jpg"


@pytest.mark.parametrize(("options", "told"), [([], r"\u6a21\u578b"), (["--json"], "车架.jpg")])
def test_a_terminal_without_chinese_stops_no_line_and_json_is_utf_8(
    reader: FakeReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    photo = str(a_photo(tmp_path / "车架.jpg"))
    with (tmp_path / "out").open("wb") as file, TextIOWrapper(file, encoding="ascii") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["read-vin", *options, photo]) == 0
        monkeypatch.undo()
    assert told in (tmp_path / "out").read_text(encoding="utf-8")


def test_a_profile_of_ones_own_names_the_models(
    reader: FakeReader, signed_profile: SignedProfile, tmp_path: Path
) -> None:
    assert main(["read-vin", "--profile", str(signed_profile.path), str(a_photo(tmp_path / "a.jpg"))]) == 0


Ask = Callable[[Path], Path]


def written(content: bytes) -> Ask:
    def write(folder: Path) -> Path:
        (folder / "p.toml").write_bytes(content)
        return folder / "p.toml"

    return write


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (lambda folder: folder / "no.toml", "no.toml cannot be read"),
        (lambda folder: folder, "cannot be read: It is no regular file."),
        (written(b"\xff\xfe"), "cannot be read"),
        (written(b"x" * 10_000_000), "The file has 10000000 bytes"),
        (written(b"id = 5"), "id must be"),
        (written(shipped_profile("pda-basic").replace(b'"0.1.0"', b'"99.0.0"', 1)), "needs passlane 99.0.0 or newer"),
    ],
)
def test_a_profile_that_cannot_be_used_is_a_mistake(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str], profile: Ask, told: str
) -> None:
    assert main(["read-vin", "--profile", str(profile(tmp_path)), str(a_photo(tmp_path / "a.jpg"))]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert told in said.err


def test_a_drawn_photo_is_read_by_the_real_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(vin_photo(VIN, "sticker", seed=3))
    (tmp_path / "b.jpg").write_bytes(b"")
    assert main(["read-vin", "--json", str(tmp_path)]) == 1
    read, empty = objects(capsys.readouterr().out)
    assert (read["vin"], read["error"]) == (VIN, None)
    assert isinstance(read["characters"], list)
    assert "".join(one["character"] for one in read["characters"]) == VIN
    assert isinstance(empty["error"], dict)
    assert empty["error"]["code"] == "photo.empty"


def test_a_drawn_photo_shows_the_vin_that_was_drawn_and_not_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jpg").write_bytes(vin_photo(VIN, "sticker", seed=3))
    shown = []
    for expected in (VIN, OTHER):
        assert main(["read-vin", "--json", "--expected", expected, str(tmp_path / "a.jpg")]) == 0
        [said] = objects(capsys.readouterr().out)
        assert isinstance(said["expected"], dict)
        shown.append(said["expected"])
    assert shown[0]["probability"] > 0.5 > shown[1]["probability"]
    assert (shown[0]["positions"], shown[1]["positions"]) == ([], [9, 17])
