import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.codes import CodeError, table
from inspection.plate import (
    PLATE_CHARACTERS_MAX,
    PlateError,
    PlateKey,
    full_plate,
    is_registrable,
    normalise_plate,
    parse_plate,
    plate_forms,
    plate_kinds,
    provinces,
    without_province,
)

SERIAL = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
ordinary = st.builds(
    lambda province, agency, serial: province + agency + serial,
    st.sampled_from(sorted(provinces())),
    st.sampled_from("ABCDEFGHJKLMNPQRSTUVWXYZ"),
    st.text(SERIAL, min_size=5, max_size=5),
)


def error_of(text: str, hpzl: str | None = None) -> PlateError | None:
    try:
        parse_plate(text, hpzl)
    except PlateError as error:
        return error
    return None


def refused(text: str, hpzl: str | None = None) -> PlateError:
    error = error_of(text, hpzl)
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("text", "hpzl", "form"),
    [
        ("京A00000", "02", "ordinary"),
        ("京A0000A", "01", "ordinary"),
        ("京AD00000", "52", "new_energy_small"),
        ("京AF0A000", None, None),
        ("京AFA0000", "52", "new_energy_small"),
        ("京A00000D", "51", "new_energy_large"),
        ("京AK00000", "52", "new_energy_small_wider"),
        ("京A00000C", "51", "new_energy_large_wider"),
        ("使000000", "03", "embassy"),
        ("000000使", "03", "embassy_suffix"),
        ("沪A0000领", "04", "consulate"),
        ("京A0000警", "23", "police"),
        ("京A0000挂", "15", "trailer"),
        ("京A0000学", "16", "driver_training"),
        ("京A0000试", "18", "test"),
        ("粤Z0000港", "26", "hong_kong"),
        ("粤Z0000澳", "27", "macao"),
        ("京A00000临", "22", "temporary"),
        ("WJ京00000", "31", "armed_police"),
        ("KA00000", "32", "military"),
    ],
)
def test_every_form_is_recognised_with_its_kind(text: str, hpzl: str | None, form: str | None) -> None:
    assert (plate_forms(text)[0].name if plate_forms(text) else None) == form
    if hpzl is not None:
        assert parse_plate(text, hpzl) == PlateKey(hpzl=hpzl, hphm=text)
        assert hpzl in plate_kinds(text) or hpzl == "22"


@pytest.mark.parametrize(
    ("text", "hpzl"),
    [("京AD00000", "52"), ("京A0000挂", "15"), ("粤Z0000港", "26"), ("WJ京00000", "31"), ("KA00000", "32")],
)
def test_a_form_of_one_kind_needs_no_kind(text: str, hpzl: str) -> None:
    assert parse_plate(text) == PlateKey(hpzl=hpzl, hphm=text)


def test_a_number_alone_is_no_key_where_its_form_has_several_kinds() -> None:
    error = refused("京A00000")
    assert error.code == "plate.kind_needed"
    assert {"01", "02"} <= set(error.kinds)


@pytest.mark.parametrize(
    ("text", "hpzl"), [("", None), ("", ""), ("新车", "02"), ("无", None), ("", "41"), ("京A00000", "41")]
)
def test_a_vehicle_without_a_plate_has_no_key(text: str, hpzl: str | None) -> None:
    assert parse_plate(text, hpzl) is None


@given(ordinary)
def test_every_ordinary_plate_has_a_key_and_survives_the_way_without_its_province(plate: str) -> None:
    assert parse_plate(plate, "02") == PlateKey(hpzl="02", hphm=plate)
    assert full_plate(plate[:2], without_province(plate)) == plate


@pytest.mark.parametrize("hpzl", ["20", "21", "22", "42", "43", "99"])
def test_kinds_without_a_form_of_their_own_take_any_plate_but_no_other_text(hpzl: str) -> None:
    assert parse_plate("京A00000", hpzl) == PlateKey(hpzl=hpzl, hphm="京A00000")
    assert refused("京", hpzl).code == "plate.form"


def test_every_kind_of_the_table_can_be_written_in_some_form() -> None:
    samples = ["京A00000", "京AD00000", "京A00000D", "使000000", "京A0000领", "京A0000警", "京A0000挂", "京A0000学"]
    samples += ["京A0000试", "粤Z0000港", "粤Z0000澳", "WJ京00000", "KA00000"]
    written = {kind for sample in samples for kind in plate_kinds(sample)} | {"20", "21", "22", "41", "42", "43", "99"}
    assert written == {row.code for row in table("hpzl")}


def test_an_unknown_kind_is_refused_by_the_code_table() -> None:
    with pytest.raises(CodeError, match="nearest: 02"):
        parse_plate("京A00000", "2")


def test_full_width_text_is_named_and_the_half_width_form_offered() -> None:
    error = refused("京Ａ00000", "02")
    assert (error.code, error.position, error.suggestion) == ("plate.full_width", 2, "京A00000")


def test_lower_case_text_is_named_and_the_upper_case_form_offered() -> None:
    error = refused("京a00000", "02")
    assert (error.code, error.position, error.suggestion) == ("plate.lower_case", 2, "京A00000")


def test_a_separator_is_named_and_the_plain_form_offered() -> None:
    error = refused("京A·00000", "02")
    assert (error.code, error.position, error.suggestion) == ("plate.character", 3, "京A00000")


def test_a_character_that_no_plate_has_is_named_without_a_guess() -> None:
    error = refused("京A0000!", "02")
    assert (error.code, error.position, error.suggestion) == ("plate.character", 7, "")


def test_too_long_a_text_is_refused_with_its_length() -> None:
    error = refused("京" * (PLATE_CHARACTERS_MAX + 1))
    assert error.code == "plate.length"
    assert "has 16" in str(error)


@pytest.mark.parametrize("hpzl", [None, "02"])
def test_a_letter_that_plates_avoid_is_named_with_the_digit_likely_meant(hpzl: str | None) -> None:
    error = refused("京A0O00I", hpzl)
    assert (error.code, error.position, error.suggestion) == ("plate.illegal_letter", 4, "京A00001")


@pytest.mark.parametrize(("text", "hpzl"), [("A00000", None), ("A00000", "02"), ("BD00000", "52")])
def test_a_missing_province_is_said_even_where_the_rest_looks_military(text: str, hpzl: str | None) -> None:
    assert refused(text, hpzl).code == "plate.province"


def test_a_plate_of_another_kind_is_refused_with_the_kinds_it_may_be() -> None:
    error = refused("京A00000", "52")
    assert error.code == "plate.kind_mismatch"
    assert "02" in error.kinds
    assert refused("KA00000", "23").code == "plate.kind_mismatch"


@pytest.mark.parametrize("text", ["京A", "京京00000", "0" * PLATE_CHARACTERS_MAX])
def test_a_text_of_no_known_form_is_refused(text: str) -> None:
    assert refused(text).code == "plate.form"


@given(st.text("京沪粤ABDFIOZ01警学使临WJ·ａ", max_size=18), st.sampled_from([None, "02", "52", "15", "99"]))
def test_any_text_has_a_key_or_none_or_an_error_that_does_not_quote_it(text: str, hpzl: str | None) -> None:
    error = error_of(text, hpzl)
    if error is None:
        key = parse_plate(text, hpzl)
        assert key is None or key.hphm == text
        return
    assert error.code.startswith("plate.")
    assert len(text) < 4 or text not in str(error)


def test_armed_police_military_and_enforcement_kinds_are_not_handled_at_a_lane() -> None:
    barred = {row.code for row in table("hpzl") if not is_registrable(PlateKey(hpzl=row.code, hphm=""))}
    assert barred == {"31", "32", "41", "42", "43"}


@pytest.mark.parametrize("typed", [" 京a·00000", "京Ａ-０００００", "京A 000.00"])
def test_what_a_person_typed_is_brought_into_form(typed: str) -> None:
    assert normalise_plate(typed) == "京A00000"


@pytest.mark.parametrize(
    ("fzjg", "hphm", "plate"),
    [
        ("京A", "A00000", "京A00000"),
        ("粤B", "BD00000", "粤BD00000"),
        ("京A", "京A00000", "京A00000"),
        ("京A", "使000000", "使000000"),
        ("京A", "XYZ", "京XYZ"),
    ],
)
def test_a_number_is_completed_with_the_province_of_its_office(fzjg: str, hphm: str, plate: str) -> None:
    assert full_plate(fzjg, hphm) == plate


@pytest.mark.parametrize(("fzjg", "hphm", "code"), [("", "A00000", "plate.province"), ("京A", "", "plate.form")])
def test_a_number_cannot_be_completed_without_office_or_number(fzjg: str, hphm: str, code: str) -> None:
    with pytest.raises(PlateError) as caught:
        full_plate(fzjg, hphm)
    assert caught.value.code == code


def test_a_plate_without_a_province_comes_back_as_it_is() -> None:
    assert without_province("使000000") == "使000000"
    assert without_province("") == ""


def test_the_mainland_has_thirty_one_province_characters() -> None:
    assert len(provinces()) == 31
    assert {"京", "粤", "贵", "云"} <= provinces()
    assert not {"黔", "滇", "港", "使"} & provinces()
