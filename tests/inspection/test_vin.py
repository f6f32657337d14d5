from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.codes import table
from inspection.vin import (
    VIN_ALPHABET,
    VIN_CHARACTERS,
    VinError,
    check_digit,
    check_digit_holds,
    check_digit_is_mandatory,
    differing_positions,
    is_vin,
    maker_is_known,
    masked_vin,
    model_year,
    model_years,
    normalise_vin,
    parse_vin,
    wmi,
    wmi_region,
)

# Invented. The check character of the Chinese one holds, that of the European one does not.
CHINESE = "LZZAB2CD{}JE001234".format(check_digit("LZZAB2CD0JE001234"))
EUROPEAN = "SZZAB2CD{}JE001234".format("1" if check_digit("SZZAB2CD0JE001234") == "0" else "0")

vins = st.text(VIN_ALPHABET, min_size=VIN_CHARACTERS, max_size=VIN_CHARACTERS).filter(lambda vin: len(set(vin)) > 1)


def refused(text: str) -> VinError:
    with pytest.raises(VinError) as caught:
        parse_vin(text)
    return caught.value


def test_the_alphabet_has_33_characters_and_the_tables_know_each() -> None:
    assert len(VIN_ALPHABET) == len(set(VIN_ALPHABET)) == 33
    assert {row.code for row in table("vin_char_value")} == set(VIN_ALPHABET)
    assert {row.code for row in table("wmi_region")} == set(VIN_ALPHABET)
    assert not set("IOQ") & set(VIN_ALPHABET)


@given(vins)
def test_seventeen_legal_characters_are_a_vin(vin: str) -> None:
    assert parse_vin(vin) == vin
    assert is_vin(vin)
    assert normalise_vin(vin) == vin


@pytest.mark.parametrize(("letter", "digit"), [("I", "1"), ("O", "0"), ("Q", "0")])
def test_a_letter_that_no_vin_contains_is_named_with_the_digit_likely_meant(letter: str, digit: str) -> None:
    error = refused(CHINESE[:11] + letter + CHINESE[12:])
    assert (error.code, error.position) == ("vin.illegal_letter", 12)
    assert f"position 12 holds the letter {letter}" in str(error)
    assert f"the digit {digit}" in str(error)
    assert error.suggestion == CHINESE[:11] + digit + CHINESE[12:]


@pytest.mark.parametrize("text", ["", CHINESE[:16], CHINESE + "7"])
def test_a_text_of_another_length_is_refused_with_its_length(text: str) -> None:
    error = refused(text)
    assert error.code == "vin.length"
    assert f"has {len(text)}" in str(error)


def test_lower_case_is_named_and_the_upper_case_form_offered() -> None:
    error = refused(CHINESE[:3] + CHINESE[3:].lower())
    assert (error.code, error.position, error.suggestion) == ("vin.lower_case", 4, CHINESE)
    assert "lower case" in str(error)


def test_full_width_characters_are_named_and_the_half_width_form_offered() -> None:
    error = refused("Ｌ" + CHINESE[1:])
    assert (error.code, error.position, error.suggestion) == ("vin.full_width", 1, CHINESE)
    assert "full-width" in str(error)


@pytest.mark.parametrize("character", ["-", " ", "京", "\n", "\u0301"])
def test_any_other_character_is_named_with_its_position(character: str) -> None:
    error = refused(CHINESE[:5] + character + CHINESE[6:])
    assert (error.code, error.position) == ("vin.character", 6)


def test_one_character_repeated_is_no_vin_although_its_sum_can_hold() -> None:
    assert check_digit_holds("1" * 17)
    assert refused("1" * 17).code == "vin.repeated"
    assert not is_vin("1" * 17)


@given(st.text(max_size=40))
def test_any_text_is_a_vin_or_refused_with_a_code_and_never_quoted_whole(text: str) -> None:
    if is_vin(text):
        assert len(parse_vin(text)) == VIN_CHARACTERS
        return
    error = refused(text)
    assert error.code.startswith("vin.")
    assert len(text) < 4 or text not in str(error)


@pytest.mark.parametrize(
    "typed", [f" *{CHINESE}* ", f"#{CHINESE.lower()}#", f"＊{CHINESE[:4]} {CHINESE[4:]}　", CHINESE]
)
def test_what_a_person_typed_is_brought_into_form(typed: str) -> None:
    assert normalise_vin(typed) == CHINESE


@given(st.text(VIN_ALPHABET + VIN_ALPHABET.lower() + " *#IOQ１Ａ", max_size=30))
def test_bringing_into_form_twice_changes_nothing(text: str) -> None:
    assert normalise_vin(normalise_vin(text)) == normalise_vin(text)


@pytest.mark.parametrize(
    ("first_eight", "rest", "expected"), [("11111111", "11111111", "1"), ("00000000", "00000000", "0")]
)
def test_the_check_character_is_the_weighted_sum_modulo_eleven(first_eight: str, rest: str, expected: str) -> None:
    assert check_digit(f"{first_eight}A{rest}") == expected


def test_a_remainder_of_ten_is_written_x() -> None:
    # Only position 8 (weight 10) holds a value, 1, so that the sum is 10.
    assert check_digit("00000001000000000") == "X"
    assert check_digit_holds("00000001X00000000")


@given(vins)
def test_the_right_check_character_makes_the_check_hold_and_any_other_does_not(vin: str) -> None:
    right = check_digit(vin)
    assert check_digit_holds(vin[:8] + right + vin[9:])
    assert not any(check_digit_holds(vin[:8] + wrong + vin[9:]) for wrong in VIN_ALPHABET if wrong != right)


@given(vins, st.integers(0, 16), st.sampled_from(VIN_ALPHABET))
def test_one_character_of_another_value_is_noticed_by_the_check(vin: str, index: int, other: str) -> None:
    values = table("vin_char_value")
    right = vin[:8] + check_digit(vin) + vin[9:]
    changed = right[:index] + other + right[index + 1 :]
    same = index != 8 and values[other].name_zh == values[right[index]].name_zh
    assert check_digit_holds(changed) == (same or changed == right)


def test_a_text_that_is_no_vin_has_no_check_character() -> None:
    with pytest.raises(VinError):
        check_digit("LZZ")


def test_the_check_is_mandatory_in_china_and_north_america_only() -> None:
    assert check_digit_is_mandatory(CHINESE)
    assert check_digit_is_mandatory("1" + CHINESE[1:])
    assert not check_digit_is_mandatory(EUROPEAN)
    assert not check_digit_is_mandatory("J" + CHINESE[1:])
    assert not check_digit_holds(EUROPEAN)


def test_the_first_characters_name_the_maker_and_its_region() -> None:
    assert wmi(CHINESE) == "LZZ"
    assert wmi_region(CHINESE) == "china"
    assert wmi_region(EUROPEAN) == "europe"
    assert wmi_region("5" + CHINESE[1:]) == "north_america"


def with_year(code: str) -> str:
    return CHINESE[:9] + code + CHINESE[10:]


def test_a_year_code_means_several_years() -> None:
    assert model_years(with_year("A")) == (1980, 2010)
    assert model_years(with_year("9")) == (2009, 2039)


@pytest.mark.parametrize("code", ["0", "U", "Z"])
def test_a_character_that_is_no_year_code_means_no_year(code: str) -> None:
    assert model_years(with_year(code)) == ()
    assert model_year(with_year(code), date(2020, 1, 1)) is None
    assert model_year(with_year(code), None) is None


@pytest.mark.parametrize(
    ("registered", "year"),
    [
        (date(2009, 12, 1), 2010),
        (date(2012, 5, 1), 2010),
        (date(2008, 12, 31), 1980),
        (date(1979, 6, 1), 1980),
        (date(1978, 6, 1), None),
        (None, None),
    ],
)
def test_the_registration_day_chooses_the_model_year(registered: date | None, year: int | None) -> None:
    assert model_year(with_year("A"), registered) == year


def test_a_masked_vin_keeps_its_first_three_and_last_two() -> None:
    assert masked_vin(CHINESE) == "LZZ" + "*" * 12 + "34"
    assert masked_vin("ABCDE") == "*****"
    assert masked_vin("") == ""


@given(st.text(max_size=30))
def test_masking_keeps_the_length_and_hides_the_middle(text: str) -> None:
    masked = masked_vin(text)
    assert len(masked) == len(text)
    assert set(masked[3:-2]) <= {"*"}


def test_differing_positions_count_from_one_and_include_what_only_one_reading_has() -> None:
    assert differing_positions(CHINESE, CHINESE) == ()
    assert differing_positions("ABCD", "ABXD") == (3,)
    assert differing_positions("ABCD", "ABCDEF") == (5, 6)


@given(vins, vins)
def test_differing_positions_do_not_depend_on_the_order(a: str, b: str) -> None:
    assert differing_positions(a, b) == differing_positions(b, a)


def test_a_listed_maker_is_known_and_any_other_is_not() -> None:
    assert maker_is_known("LSVAA1A20LA000101")
    assert not maker_is_known("YYYAA1A20LA000101")
    with pytest.raises(VinError):
        maker_is_known("LSV")
