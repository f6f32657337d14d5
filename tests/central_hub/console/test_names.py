from central_hub.console.names import CaseNames, letters_of, name_of
from central_hub.console.texts import texts_in
from inspection.facts import CaseOpened
from tests.central_hub.simulated_device import private_car

ZH, EN = texts_in("zh"), texts_in("en")


def opened(**changes: object) -> CaseOpened:
    fields: dict[str, object] = {
        "regime": "jianyan",
        "serial": "S1",
        "vehicle": private_car(),
        "station": "ST01",
        "inspector": "i",
        "inspection_kind": "01",
    }
    return CaseOpened(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_code_is_called_as_its_table_calls_it_in_the_chosen_language() -> None:
    assert (name_of("hpzl", "02", ZH), name_of("hpzl", "02", EN)) == ("小型汽车", "small vehicle (blue)")


def test_a_code_that_no_table_has_is_shown_as_it_is() -> None:
    assert name_of("hpzl", "ZZ", ZH) == "ZZ"
    assert CaseNames(opened(), ZH).item("404") == "404"


def test_a_field_of_letters_is_named_letter_by_letter() -> None:
    assert letters_of("csys", "AB", ZH) == "白, 灰"


def test_photo_codes_are_named_by_the_regime_and_items_by_the_form() -> None:
    jianyan = CaseNames(opened(), ZH)
    chayan = CaseNames(opened(regime="chayan", business="A"), ZH)
    assert (jianyan.photo("0113"), chayan.photo("VIN")) == ("车辆识别代号照片", "车辆识别代号")
    assert (jianyan.item("18"), chayan.item("8")) == ("轮胎", "轮胎完好情况")


def test_the_business_is_the_kind_of_inspection_or_the_registration() -> None:
    names = CaseNames(opened(), ZH)
    assert names.business(opened()) == "在用车检验(定检)"
    assert names.business(opened(regime="chayan", business="A")) == "注册登记"


def test_before_a_case_is_opened_codes_have_no_names() -> None:
    names = CaseNames(None, ZH)
    assert (names.photo("0113"), names.item("18"), names.requirement) == ("0113", "18", None)
