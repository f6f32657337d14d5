from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_profiles import ProfileError
from firmware_profiles.files import shipped_profile
from firmware_profiles.parsing import LINE_CHARACTERS_MAX, PROFILE_BYTES_MAX, parse_profile

TEXT = shipped_profile("lane-box-basic").decode()


def line_of(words: str, text: str = TEXT) -> int:
    return text[: text.index(words)].count("\n") + 1


def refusal_of(text: str) -> str:
    with pytest.raises(ProfileError) as refused:
        parse_profile(text)
    return str(refused.value)


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def test_a_profile_is_read_as_it_is_written() -> None:
    profile = parse_profile(TEXT)
    assert (profile.id, profile.version, profile.kind) == ("lane-box-basic", 1, "lane_box")
    assert profile.issued == date(2026, 3, 2)
    assert [shot.role for shot in profile.shots] == ["left_front", "vin", "seat_belt", "right_rear"]
    assert profile.cameras[2].role == "vin"
    assert [model.name for model in profile.models] == ["line-finder", "character-reader", "surface-teller"]
    assert profile.upload.bytes_per_second_max is None
    assert profile.sequence is not None
    assert profile.sequence.leave_seconds_max == 120


def test_a_profile_without_models_is_one() -> None:
    start, end = TEXT.index("# Finds lines"), TEXT.index("[limits]")
    assert parse_profile(TEXT[:start] + TEXT[end:]).models == ()


def test_facts_are_gathered_for_as_long_as_the_profile_says_and_not_at_all_when_it_says_nothing() -> None:
    assert parse_profile(TEXT).upload.gather_seconds_max == 1.0
    assert parse_profile(changed("gather_seconds_max = 1.0", "gather_seconds_max = 3")).upload.gather_seconds_max == 3.0
    assert parse_profile(changed("gather_seconds_max = 1.0", "")).upload.gather_seconds_max == 0.0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "lane', 'idd = "lane', "idd is not a known key; did you mean id?"),
        (
            "photo_bytes_max =",
            "photo_byte_max =",
            "[limits] photo_byte_max is not a known key; did you mean photo_bytes_max?",
        ),
        ("width = 3840", "widht = 3840", "[[camera]] 3 widht is not a known key; did you mean width?"),
        ("metered = false", "metered = false\ncolour = 1", "[upload] colour is not a known key"),
        ("metered = false", "metered = 0", "[upload] metered must be true or false, not 0"),
        ("width = 3840", 'width = "3840"', '[[camera]] 3 width must be a whole number from 160 to 16384, not "3840"'),
        ("width = 3840", "width = 3840.0", "[[camera]] 3 width must be a whole number from 160 to 16384, not 3840.0"),
        ("width = 3840", "width = true", "[[camera]] 3 width must be a whole number from 160 to 16384, not true"),
        (
            "jpeg_quality = 92",
            "jpeg_quality = 101",
            "[[camera]] 3 jpeg_quality must be a whole number from 50 to 100, not 101",
        ),
        ("version = 1 ", "version = 0 ", "version must be a whole number from 1 to 1000000, not 0"),
        ('"lane_box"', '"lanebox"', 'kind must be "pda" or "lane_box", not "lanebox"; did you mean lane_box?'),
        ('"lane_box"', "7", 'kind must be "pda" or "lane_box", not 7'),
        ("issued = 2026-03-02", 'issued = "2026-3-2"', 'issued must be a date such as 2026-03-01, not "2026-3-2"'),
        (
            'policy = "facts_first"',
            'policy = "facts"',
            'policy must be "facts_first", not "facts"; did you mean facts_first?',
        ),
        ('"0.1.0"', '"0.1"', 'min_software must be a version of three numbers such as 0.1.0, not "0.1"'),
        ('"https://hub.invalid"', '"ftp://hub"', "[hub] http_url must be an http or https address without name or"),
        (
            '"https://hub.invalid"',
            '"https://a:b@hub"',
            "[hub] http_url must be an http or https address without name or",
        ),
        (
            "broker_port = 8883",
            "broker_port = 65536",
            "[hub] broker_port must be a whole number from 1 to 65535, not 65536",
        ),
        (
            "gather_seconds_max = 1.0",
            "gather_seconds_max = 60.5",
            "[upload] gather_seconds_max must be a number from 0 to 60, not 60.5",
        ),
        ("gather_seconds_max = 1.0", "gather_seconds_max = nan", "[upload] gather_seconds_max must be a number from 0"),
        ("threads = 1", "threads = 0x" + "f" * 900, "[[model]] 1 threads must be a whole number from 1 to 32, not"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_its_path(old: str, new: str, told: str) -> None:
    text = refusal_of(changed(old, new))
    assert "\n" not in text
    added = new.count("\n")
    assert text.startswith(f"line {line_of(old) + added}: ")
    assert told in text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("jpeg_quality = 92\n", "[[camera]] 3 jpeg_quality is missing; it must be a whole number from 50 to 100"),
        ("batch_facts_max = 256\n", "[limits] batch_facts_max is missing; it must be a whole number from 1 to 10000"),
        ("issued = 2026-03-02\n", "issued is missing; it must be a date such as 2026-03-01"),
    ],
)
def test_a_missing_key_is_named_at_its_table(line: str, told: str) -> None:
    text = refusal_of(changed(line, ""))
    assert told in text
    assert text.startswith("line ")


def test_a_missing_table_is_named_as_a_table() -> None:
    start, end = TEXT.index("[retention]"), TEXT.index("# How long a lane")
    assert refusal_of(TEXT[:start] + TEXT[end:]) == "line 1: retention is missing; it must be a table [retention]"


def test_missing_arrays_of_tables_are_named_as_such() -> None:
    start, end = TEXT.index("[[camera]]"), TEXT.index("[[model]]")
    told = refusal_of(TEXT[:start] + TEXT[end:])
    assert "camera is missing; it must be at least one table [[camera]]" in told
    assert "shot is missing; it must be at least one table [[shot]]" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("limits = 3", "line 1: [limits] must be a table, not 3"),
        ("\ncamera = 3", "line 2: [camera] must be an array of tables, each under [[camera]]"),
        ("[camera]\nname = 'x'", "line 1: camera must be an array of tables, each under [[camera]]"),
        ("camera = [\n{},\n5]", "line 3: [[camera]] 2 must be a table, not 5"),
        ("hub.x.y = 1", "line 1: [hub] x is not a known key"),
    ],
)
def test_a_value_where_a_table_belongs_is_refused(text: str, told: str) -> None:
    assert told.replace("[limits] ", "limits ").replace("[camera] ", "camera ") in refusal_of(text).split("\n")


def test_several_faults_are_told_at_once() -> None:
    text = changed("metered = false", "metered = 1").replace("version = 1 ", "version = -1 ")
    assert refusal_of(text).count("line ") == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = = 2", r"not TOML: .*\(at line 2, column 5\)"),
        ("a = 1\na = 2\n", "not TOML: .*line 2"),
        ('a = "open', "not TOML: "),
        ("", "line 1: the profile is empty"),
        (" \n\t\n", "line 1: the profile is empty"),
        ("a = " + "[" * 900, "not TOML"),
        ("#" * 999 + "\n" + "a." * 600, f"line 2: longer than {LINE_CHARACTERS_MAX} characters"),
        ("#\n" * 40_000, f"too large: 80000 bytes, a profile has at most {PROFILE_BYTES_MAX}"),
        ("a = '\ud800'", "."),
    ],
)
def test_what_is_not_toml_keeps_the_line_of_the_reader(text: str, told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        parse_profile(text)


@given(st.text(max_size=200))
def test_any_text_is_a_profile_or_refused(text: str) -> None:
    with pytest.raises(ProfileError):
        parse_profile(text)


@given(at=st.integers(0, len(TEXT) - 1), put=st.sampled_from(["", "[", "=", '"', "\n", "9", ".", "}", "#", "a"]))
def test_any_slip_of_the_hand_gives_a_profile_or_a_clear_refusal(at: int, put: str) -> None:
    told = told_about(TEXT[:at] + put + TEXT[at + 1 :])
    assert told == "" or "line " in told or "end of document" in told


def told_about(text: str) -> str:
    try:
        parse_profile(text)
    except ProfileError as error:
        return str(error)
    return ""
