import json
import os
import pty
import re
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import StringIO, TextIOWrapper
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_profiles.files import shipped_profile
from firmware_profiles.schema import Profile
from inspection.evidence import CharacterReading, VinFinding
from models import ModelError
from models.drawing.rendering import vin_photo
from models.photo import Photo, PhotoError
from passlane import reading
from passlane.__main__ import main
from passlane.read_vin_command import Answer, json_line, lines, offered, percent, read_file, wants_colours
from tests.passlane.conftest import SignedProfile

VIN = "LZZZ5ABC8RA000017"
OTHER = "LZZZ5ABCXRA000018"
KEYS = ["file", "vin", "confidence", "accepted", "kind", "box", "characters", "barcode", "milliseconds", "error"]
SURE = 0.998


def characters(vin: str, **doubtful: float) -> tuple[CharacterReading, ...]:
    """Every character sure but those at the named positions, as p3=0.62, which may be a B as well."""
    return tuple(
        CharacterReading(character=one, probability=SURE)
        if f"p{place}" not in doubtful
        else CharacterReading(
            character=one,
            probability=doubtful[f"p{place}"],
            alternatives=(("B", round(1 - doubtful[f"p{place}"], 4)), ("8", 0.001)),
        )
        for place, one in enumerate(vin, start=1)
    )


READ = VinFinding(
    vin=VIN,
    confidence=0.9876,
    characters=characters(VIN),
    box=((1.0, 2.0), (90.0, 2.0), (90.0, 12.0), (1.0, 12.0)),
    kind="stamped",
    accepted=True,
    model="ab+cd",
    milliseconds=31.5,
)
DOUBTFUL = VinFinding(
    vin=VIN,
    confidence=0.41,
    characters=characters(VIN, p3=0.62, p12=0.55),
    reasons=("vin.check_digit", "vin.doubtful"),
    barcode=OTHER,
)
NONE = VinFinding(vin="", confidence=0.0, reasons=("vin.short",), milliseconds=20.0)


@dataclass(frozen=True)
class Shown:
    probability: float
    positions: tuple[int, ...] = ()


@dataclass
class FakeReader:
    """Answers by a photo's width, in pixels; every other photo is read without doubt."""

    by_width: dict[int, VinFinding | BaseException] = field(default_factory=dict)
    shown: Shown = Shown(0.125, (9, 17))
    expected: list[str] = field(default_factory=list)
    seen: list["weakref.ref[Photo]"] = field(default_factory=list)
    held_max: int = 0

    def read(self, photo: Photo) -> VinFinding:
        self.held_max = max(self.held_max, sum(one() is not None for one in self.seen))
        self.seen.append(weakref.ref(photo))
        answer = self.by_width.get(photo.width, READ)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def matches(self, _photo: Photo, expected: str) -> Shown:
        self.expected.append(expected)
        return self.shown


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> FakeReader:
    """The reader that the command is given in place of the real one."""
    fake = FakeReader()

    def reader_for(profile: Profile) -> FakeReader:
        assert profile.id in {"lane-box-basic", "pda-basic"}
        return fake

    monkeypatch.setattr(reading, "vin_reader", reader_for)
    return fake


def a_photo(path: Path, width: int = 32) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ending = path.suffix.lower() if path.suffix.lower() in {".jpg", ".png"} else ".jpg"
    done, data = cv2.imencode(ending, np.full((16, width, 3), 90, dtype=np.uint8))
    assert done
    path.write_bytes(bytes(data))
    return path


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_tells_file_vin_confidence_and_that_nobody_needs_to_look(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = a_photo(tmp_path / "a.jpg")
    assert main(["read-vin", str(photo)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{photo}  {VIN}  98.7%  模型可独立采信 Accepted by the model alone\n"
    assert said.err == ""


def test_doubtful_characters_are_marked_under_the_vin_with_what_else_they_may_be() -> None:
    first, second = lines(Answer(file="照片/b.jpg", finding=DOUBTFUL)).splitlines()
    assert first == (
        f"照片/b.jpg  {VIN}  41.0%  需人工确认 A person has to confirm it: 校验位不符 the check digit does not hold; "
        f"读数存疑 the reading is doubtful; 条码 barcode {OTHER}"
    )
    # Two Chinese characters are four columns wide.
    assert second == " " * 12 + "  ^        ^       #3 Z 62.0%, B 38.0%; #12 0 55.0%, B 45.0%"


@given(st.lists(st.floats(0, 1), min_size=17, max_size=17))
def test_a_mark_stands_under_each_character_below_nine_in_ten_and_under_no_other(probabilities: list[float]) -> None:
    read = tuple(
        CharacterReading(character=one, probability=sure) for one, sure in zip(VIN, probabilities, strict=True)
    )
    said = lines(Answer(file="x.jpg", finding=VinFinding(vin=VIN, confidence=0.5, characters=read))).splitlines()
    start = said[0].index(VIN)
    marks = said[1][start : start + 17] if len(said) > 1 else ""
    assert [mark == "^" for mark in marks.ljust(17)] == [sure < 0.9 for sure in probabilities]


def test_a_reading_that_is_doubtful_as_a_whole_has_its_weakest_character_marked() -> None:
    finding = VinFinding(vin=VIN, confidence=0.8, characters=characters(VIN, p8=0.94), reasons=("vin.doubtful",))
    assert lines(Answer(file="x", finding=finding)).splitlines()[1].startswith(" " * 10 + "^")


def test_where_the_doubt_lies_in_no_character_none_is_marked() -> None:
    finding = VinFinding(vin=VIN, confidence=0.9, characters=characters(VIN), reasons=("vin.two", "vin.doubtful"))
    assert lines(Answer(file="x", finding=finding)).count("\n") == 0


def test_a_probability_that_is_no_number_is_marked_and_shown_as_unknown() -> None:
    finding = VinFinding(vin=VIN, confidence=float("nan"), characters=characters(VIN, p1=float("nan")))
    said = lines(Answer(file="x", finding=finding))
    assert f"{VIN}  ?  " in said
    assert "#1 L ?" in said


def test_an_illegal_letter_that_was_replaced_is_told_with_its_position() -> None:
    read = (*characters(VIN)[:16], CharacterReading(character="0", probability=SURE, corrected="O"))
    finding = VinFinding(vin=f"{VIN[:16]}0", confidence=0.9, characters=read, reasons=("vin.corrected",))
    said = lines(Answer(file="x", finding=finding))
    assert said.endswith(": 已替换非法字母 an illegal letter was replaced; #17 O → 0")


def test_a_reason_that_has_no_words_yet_is_told_by_its_code_once() -> None:
    finding = VinFinding(vin=VIN, confidence=0.8, reasons=("vin.upside_down",))
    assert lines(Answer(file="x", finding=finding)).endswith(": vin.upside_down")


@given(st.floats(0, 1))
def test_what_is_not_certain_is_never_called_certain(probability: float) -> None:
    said = float(percent(probability).removesuffix("%"))
    assert said <= probability * 100 + 1e-6
    assert said >= probability * 100 - 0.1 - 1e-6


@pytest.mark.parametrize(
    ("probability", "said"), [(1.0, "100.0%"), (0.9996, "99.9%"), (0.057, "5.7%"), (0.0, "0.0%"), (1.5, "?")]
)
def test_percent_has_one_decimal(probability: float, said: str) -> None:
    assert percent(probability) == said


def test_json_has_one_object_a_line_with_the_same_keys_every_time(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader.by_width = {33: DOUBTFUL, 34: NONE}
    photos = [a_photo(tmp_path / f"{width}.png", width) for width in (32, 33, 34)]
    missing = tmp_path / "not there.jpg"
    assert main(["read-vin", "--json", *map(str, photos), str(missing)]) == 1
    read, doubtful, none, absent = objects(capsys.readouterr().out)
    for one in (read, doubtful, none, absent):
        assert list(one) == KEYS
    assert read == {
        "file": str(photos[0]),
        "vin": VIN,
        "confidence": 0.9876,
        "accepted": True,
        "kind": "stamped",
        "box": [[1, 2], [90, 2], [90, 12], [1, 12]],
        "characters": [{"character": one, "probability": SURE, "alternatives": [], "corrected": ""} for one in VIN],
        "barcode": "",
        "milliseconds": 31.5,
        "error": None,
    }
    assert isinstance(doubtful["characters"], list)
    assert doubtful["characters"][2]["alternatives"] == [["B", 0.38], ["8", 0.001]]
    assert (doubtful["barcode"], doubtful["accepted"], doubtful["error"]) == (OTHER, False, None)
    assert (none["vin"], none["milliseconds"]) == ("", 20)
    assert none["error"] == {"code": "vin.short", "sentence": "Fewer than 17 characters were read."}
    assert absent["error"] == {"code": "file.missing", "sentence": "There is no such file or folder."}
    assert (absent["vin"], absent["confidence"], absent["box"], absent["characters"]) == ("", 0, [], [])


def test_a_vin_that_is_expected_is_compared_on_every_photo(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader.by_width = {33: NONE}
    photos = [str(a_photo(tmp_path / "a.jpg")), str(a_photo(tmp_path / "b.jpg", 33)), str(tmp_path / "none.jpg")]
    assert main(["read-vin", "--json", "--expected", OTHER, *photos]) == 1
    said = objects(capsys.readouterr().out)
    assert all(list(one) == [*KEYS, "expected"] for one in said)
    compared = {"vin": OTHER, "probability": 0.125, "positions": [9, 17]}
    assert [one["expected"] for one in said] == [compared, compared, {**compared, "probability": None, "positions": []}]
    assert reader.expected == [OTHER, OTHER]


def test_people_are_told_how_probable_the_expected_vin_is_and_where_the_photo_differs(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = str(a_photo(tmp_path / "a.jpg"))
    assert main(["read-vin", "--expected", OTHER, photo]) == 0
    reader.shown = Shown(0.9712)
    assert main(["read-vin", "--expected", VIN, photo]) == 0
    _, differs, _, agrees = capsys.readouterr().out.splitlines()
    under = " " * (len(photo) + 2)
    assert differs == f"{under}{OTHER}  12.5%  应为此号 expected; 不同位 differs at #9 #17"
    assert agrees == f"{under}{VIN}  97.1%  应为此号 expected; 各位相符 no position differs"


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("LZZZ5ABC8RA00001", "a VIN has 17 characters, this text has 16"),
        ("", "a VIN has 17 characters, this text has 0"),
        (
            "LZZZ5ABC8RAO00017",
            f"position 12 holds the letter O, which no VIN contains; likely the digit 0; did you mean {VIN}",
        ),
        ("lzzz5abc8ra000017", f"position 1 holds l in lower case; a VIN is written in upper case; did you mean {VIN}?"),
        ("LZZZ5ABC8RA0000-7", "position 16 holds '-'"),
    ],
)
def test_an_expected_vin_that_is_none_is_told_with_its_wrong_place_before_any_photo_is_read(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str], expected: str, said: str
) -> None:
    assert main(["read-vin", "--expected", expected, str(a_photo(tmp_path / "a.jpg"))]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith("passlane: --expected: ")
    assert said in told.err
    assert reader.seen == []


@pytest.mark.parametrize("options", [[], ["--json"], ["--expected", VIN]])
def test_nothing_to_read_is_a_mistake(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["read-vin", *options])
    assert ended.value.code == 2
    assert "FILE" in capsys.readouterr().err


def spoilt(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Yield files that cannot be read, each with its code."""
    whole = a_photo(tmp_path / "whole.jpg").read_bytes()
    for name, content, code in (
        ("empty.jpg", b"", "photo.empty"),
        ("text.jpg", b"no photo at all", "photo.not_an_image"),
        ("cut.jpg", whole[:-30], "photo.truncated"),
    ):
        (tmp_path / name).write_bytes(content)
        yield str(tmp_path / name), code
    with (tmp_path / "large.jpg").open("wb") as large:
        large.truncate(64 * 1024**3)
    yield str(tmp_path / "large.jpg"), "photo.too_large"
    os.mkfifo(tmp_path / "pipe.jpg")
    yield str(tmp_path / "pipe.jpg"), "file.special"
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    yield str(tmp_path / "loop.jpg"), "file.unreadable"
    yield str(tmp_path / "whole.jpg" / "below.jpg"), "file.missing"
    yield str(tmp_path / ("long" * 100)), "file.unreadable"


def test_one_bad_file_never_stops_the_rest(
    reader: FakeReader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader.by_width = {
        33: PhotoError("photo.not_an_image", "Its content cannot be decoded."),
        34: ModelError("The strip is too wide."),
    }
    bad = [*spoilt(tmp_path)]
    bad += [(str(a_photo(tmp_path / "33.jpg", 33)), "photo.not_an_image")]
    bad += [(str(a_photo(tmp_path / "34.jpg", 34)), "photo.unreadable")]
    good = str(tmp_path / "whole.jpg")
    asked = [name for file, _ in bad for name in (file, good)]
    assert main(["read-vin", "--json", *asked]) == 1
    said = objects(capsys.readouterr().out)
    assert [one["file"] for one in said] == asked
    errors = [one["error"] for one in said]
    assert errors[1::2] == [None] * len(bad)
    for error, (_, code) in zip(errors[::2], bad, strict=True):
        assert isinstance(error, dict)
        assert error["code"] == code
        assert re.fullmatch(r"[A-Z].*\.", error["sentence"])


def test_people_are_told_in_both_languages_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    reader = FakeReader({33: NONE})
    (tmp_path / "empty.jpg").touch()
    told = [
        lines(read_file(str(file), reader)).removeprefix(str(file))
        for file in (tmp_path / "empty.jpg", tmp_path / "missing.jpg", a_photo(tmp_path / "33.jpg", 33))
    ]
    assert told == [
        "  —  照片为空 The file is empty; take the photo again. [photo.empty]",
        "  —  没有这个文件或文件夹 There is no such file or folder. [file.missing]",
        "  —  读到的字符不足 17 位 Fewer than 17 characters were read. [vin.short]",
    ]


def test_a_barcode_on_a_photo_without_a_readable_vin_is_told() -> None:
    finding = VinFinding(vin="", confidence=0.0, barcode=VIN)
    answer = read_file("x", FakeReader())
    assert f"条码 barcode {VIN}" in lines(Answer(file="x", finding=finding, fault=answer.fault))


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
    looking, terminal = pty.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["read-vin", photo]) == 0
        shown = os.read(looking, 65_536).decode()
        monkeypatch.undo()
    os.close(looking)
    assert ("\x1b[1;33mZ\x1b[0m" in shown) is (not unwanted)
    assert ("\x1b" in shown) is (not unwanted)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert plain.splitlines() == lines(Answer(file=photo, finding=DOUBTFUL)).splitlines()


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
