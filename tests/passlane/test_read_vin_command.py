import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.evidence import CharacterReading, VinFinding
from models import ModelError
from models.photo import PhotoError
from passlane.__main__ import main
from passlane.read_vin_command import Answer, lines, percent, read_file
from tests.passlane.readings_shown import (
    DOUBTFUL,
    KEYS,
    NONE,
    OTHER,
    SURE,
    VIN,
    FakeReader,
    Shown,
    a_photo,
    characters,
    objects,
)


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
