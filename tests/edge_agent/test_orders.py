from datetime import date
from pathlib import Path

import pytest

from edge_agent.orders import ORDER_BYTES_MAX, OrderError, load_order, order_folders, parse_order
from inspection.facts import Vehicle
from tests.edge_agent.stand_ins.fakes import VIN

TEXT = f"""
regime = "jianyan"
serial = "T-0001"
inspector = "inspector-1"
lane = "2"
inspection_kind = "01"
person_confirms_vin = "{VIN}"
drives_off_after = "0111"

[vehicle]
vin = "{VIN}"
plate_kind = "02"
plate = "粤Z0000港"
vehicle_class = "K33"
use = "A"
registered_on = 2021-05-04
insured_until = 2027-01-01

[items]
"04" = "fail"
"05" = "not_required"
"06" = "A"

[video]
recorder = "34020000001180000001"
channel = "34020000001320000001"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    order = tmp_path / "01-car"
    order.mkdir()
    (order / "order.toml").write_text(TEXT, encoding="utf-8")
    return order


def test_an_order_opens_a_case_with_what_the_platform_says(folder: Path) -> None:
    fact = load_order(folder).case_opened(station="station-1", profile="pda-basic@1:00")
    assert fact.vehicle == Vehicle(
        vin=VIN,
        plate_kind="02",
        plate="粤Z0000港",
        vehicle_class="K33",
        use="A",
        registered_on=date(2021, 5, 4),
        insured_until=date(2027, 1, 1),
    )
    assert (fact.regime, fact.station, fact.lane, fact.attempt) == ("jianyan", "station-1", "2", 1)


def test_what_an_item_says_is_a_mark_or_a_value_and_what_is_not_named_passes(folder: Path) -> None:
    order = load_order(folder)
    assert [order.mark(item) for item in ("04", "05", "06", "07")] == [
        ("fail", ""),
        ("not_required", ""),
        ("value", "A"),
        ("pass", ""),
    ]


def test_the_verdict_follows_from_the_items_unless_the_order_gives_one(folder: Path) -> None:
    order = load_order(folder)
    assert order.verdict() == "fail"
    (folder / "order.toml").write_text(f'verdict = "pass_advised"\n{TEXT}', encoding="utf-8")
    assert load_order(folder).verdict() == "pass_advised"
    (folder / "order.toml").write_text(TEXT.replace('"fail"', '"pass"'), encoding="utf-8")
    assert load_order(folder).verdict() == "pass"


def test_each_attempt_has_its_own_picture_or_the_last_before_it(folder: Path) -> None:
    (folder / "0113.jpg").write_bytes(b"first")
    (folder / "0113-3.jpg").write_bytes(b"third")
    order = load_order(folder)
    assert [order.photo("0113", attempt) for attempt in (1, 2, 3, 4)] == [b"first", b"first", b"third", b"third"]
    assert [order.has_attempt("0113", attempt) for attempt in (1, 2, 3)] == [True, False, True]
    assert order.photo("0111", 3) is None


def test_a_code_that_could_leave_the_folder_is_refused(folder: Path) -> None:
    with pytest.raises(OrderError, match="no photo code"):
        load_order(folder).photo("../order", 1)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lane", "lain", "lain"),
        ("plate_kind", "plate_sort", "plate_sort"),
        ("channel", "chanel", "chanel"),
        ('serial = "T-0001"', "", "serial"),
        ('"jianyan"', '"both"', "both"),
        ('serial = "T-0001"', 'serial = " "', "serial is empty"),
        ('inspector = "inspector-1"', 'inspector = ""', "inspector is empty"),
        (f'\nvin = "{VIN}"', '\nvin = ""', "vehicle.vin is empty"),
        ('"06" = "A"', '"06" = ""', "items.06 is empty"),
        ('"06" = "A"', '"06" = 7', "items"),
        ('lane = "2"', "attempt = 0", "attempt is 0"),
        ("2021-05-04", "2021-15-04", "line 16"),
        ("2021-05-04", "7", "registered_on"),
        ('lane = "2"', "lane = ", "line 5"),
    ],
)
def test_a_wrong_order_is_refused_and_says_which_key(folder: Path, old: str, new: str, said: str) -> None:
    assert old in TEXT
    (folder / "order.toml").write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(OrderError, match=said) as refused:
        load_order(folder)
    assert "01-car/order.toml" in str(refused.value)


def test_an_order_that_is_no_text_too_long_or_missing_is_refused(folder: Path) -> None:
    (folder / "order.toml").write_bytes(b"\xff")
    with pytest.raises(OrderError, match="UTF-8"):
        load_order(folder)
    (folder / "order.toml").write_text("#" * (ORDER_BYTES_MAX + 1))
    with pytest.raises(OrderError, match="more than"):
        load_order(folder)
    (folder / "order.toml").unlink()
    with pytest.raises(OrderError, match="cannot be read"):
        load_order(folder)


def test_the_orders_of_a_folder_come_by_name_and_other_folders_are_passed_over(folder: Path) -> None:
    other = folder.with_name("00-first")
    other.mkdir()
    (other / "order.toml").write_text(TEXT, encoding="utf-8")
    folder.with_name("no order").mkdir()
    assert [path.name for path in order_folders(folder.parent)] == [
        "00-first",
        "01-car",
    ]


def test_a_folder_without_orders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OrderError, match="holds 0 orders"):
        order_folders(tmp_path)
    with pytest.raises(OrderError, match="cannot be read"):
        order_folders(tmp_path / "none")


def test_the_text_of_an_order_needs_no_folder() -> None:
    assert parse_order(TEXT).vehicle.vin == VIN
