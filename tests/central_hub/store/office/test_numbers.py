from datetime import date

import pytest

from central_hub.deciding.numbering import NUMBERS_LEFT_MIN, NumberFact, NumberingError, NumberRange
from central_hub.store.office.numbers import KeptSticker, Numbers, number_facts
from inspection.facts import NumberVoided, RangeAllotted, StickerPrinted
from tests.central_hub.conftest import NOW, Bench

pytestmark = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)

VIN = "L00PA55L4N0000017"  # invented


def allotted(prefix: str, first: int, last: int, holder: str = "st-1") -> RangeAllotted:
    return RangeAllotted(prefix=prefix, first=first, last=last, holder=holder, by="wang")


def kept(number: str, case: str, *, vehicle: str = VIN, until: date = date(2028, 5, 28)) -> KeptSticker:
    return KeptSticker(
        number=number, case=case, payload=b"p", issued=NOW, vehicle=vehicle, valid_until=until, holder="st-1"
    )


@pytest.fixture
def numbers(bench: Bench) -> Numbers:
    return Numbers(bench.db, "PL")


def test_without_any_range_the_installations_own_numbers_are_given_out(numbers: Numbers) -> None:
    assert [numbers.take(holder).number for holder in ("st-1", "st-2", "")] == [
        *("PL00000001", "PL00000002", "PL00000003")
    ]
    assert numbers.ranges() == []


def test_a_holders_numbers_come_from_its_ranges_in_the_order_of_their_allotment(numbers: Numbers) -> None:
    numbers.allot(allotted("B", 11, 12), at=NOW)
    numbers.allot(allotted("A", 1, 2), at=NOW + 1)
    numbers.allot(allotted("A", 3, 9, "st-2"), at=NOW + 2)
    assert [numbers.take("st-1").number for _ in range(4)] == ["B00000011", "B00000012", "A00000001", "A00000002"]
    assert numbers.take("st-2").number == "A00000003"
    assert numbers.take("st-3").number == "PL00000001"
    assert [each.next for each in numbers.ranges()] == [3, 4, 13]


def test_an_exhausted_range_is_an_error_and_not_the_installations_numbers(numbers: Numbers) -> None:
    numbers.allot(allotted("A", 1, 1), at=NOW)
    assert numbers.take("st-1").low
    with pytest.raises(NumberingError) as caught:
        numbers.take("st-1")
    assert caught.value.code == "sticker.range_empty"
    numbers.allot(allotted("A", 2, 2), at=NOW + 1)
    assert numbers.take("st-1").number == "A00000002"


def test_holders_that_run_low_are_named(numbers: Numbers) -> None:
    numbers.allot(allotted("A", 1, NUMBERS_LEFT_MIN), at=NOW)
    numbers.allot(allotted("B", 1, 5, "st-2"), at=NOW)
    assert numbers.low() == [("st-2", 5)]
    numbers.take("st-1")
    assert numbers.low() == [("st-1", NUMBERS_LEFT_MIN - 1), ("st-2", 5)]


def test_a_range_shares_no_number_with_another_nor_the_prefix_with_the_installation(numbers: Numbers) -> None:
    numbers.allot(allotted("A", 1, 5), at=NOW)
    with pytest.raises(NumberingError, match="shares numbers"):
        numbers.allot(allotted("A", 5, 9, "st-2"), at=NOW)
    with pytest.raises(NumberingError, match="use another prefix"):
        numbers.allot(allotted("PL", 500, 600), at=NOW)
    assert numbers.ranges("st-1") == [NumberRange(prefix="A", first=1, last=5, holder="st-1", next=1)]


def test_a_prefix_that_was_the_installations_is_not_allotted_later_and_one_that_was_allotted_not_its_own(
    bench: Bench, numbers: Numbers
) -> None:
    numbers.take("st-1")
    renamed = Numbers(bench.db, "A")
    with pytest.raises(NumberingError, match="use another prefix"):
        renamed.allot(allotted("PL", 500, 600), at=NOW)
    numbers.allot(allotted("A", 1, 5), at=NOW)
    with pytest.raises(NumberingError, match="set another one"):
        renamed.take("st-2")


def test_a_spoilt_number_is_passed_over_and_no_other_can_be_voided(numbers: Numbers) -> None:
    numbers.allot(allotted("A", 1, 5), at=NOW)
    numbers.take("st-1")
    numbers.void("A00000002", "st-1")
    for number, code in (
        ("A00000001", "number.used"),
        ("A00000002", "number.used"),
        ("A00000004", "number.gap"),
        ("A00000006", "number.outside"),
        ("PL00000001", "number.outside"),
        ("A3", "number.garbled"),
    ):
        with pytest.raises(NumberingError) as caught:
            numbers.void(number, "st-1")
        assert caught.value.code == code
    assert numbers.take("st-1").number == "A00000003"
    numbers.void("PL00000001", "")
    assert numbers.take("st-2").number == "PL00000002"


def test_a_sticker_is_found_by_its_number_its_case_and_its_vehicle(numbers: Numbers) -> None:
    sticker = kept("A00000001", "lane-1.1")
    numbers.keep_sticker(sticker)
    assert numbers.sticker("A00000001") == numbers.sticker_of("lane-1.1") == sticker
    assert numbers.sticker("A00000002") is None
    assert numbers.sticker_of("lane-1.2") is None
    assert numbers.valid_sticker(VIN, date(2028, 5, 28)) == "A00000001"
    assert numbers.valid_sticker(VIN, date(2028, 5, 29)) == ""
    assert numbers.valid_sticker("another", date(2026, 5, 28)) == ""


def test_a_vehicle_has_one_sticker_a_period_that_was_not_withdrawn(bench: Bench, numbers: Numbers) -> None:
    numbers.keep_sticker(kept("A00000001", "lane-1.1"))
    with pytest.raises(bench.db.damages):
        numbers.keep_sticker(kept("A00000002", "lane-1.2"))
    numbers.keep_sticker(kept("A00000003", "lane-1.3", until=date(2030, 5, 28)))
    numbers.withdraw("A00000001", at=NOW)
    numbers.keep_sticker(kept("A00000004", "lane-1.4"))
    assert numbers.valid_sticker(VIN, date(2028, 5, 28)) == "A00000003"
    numbers.withdraw("A00000003", at=NOW)
    assert numbers.valid_sticker(VIN, date(2028, 5, 28)) == "A00000004"


def test_each_withdrawal_raises_the_version_by_one(numbers: Numbers) -> None:
    assert numbers.withdrawn_version == 0
    for value in (1, 2, 3):
        numbers.keep_sticker(kept(f"A{value:08d}", f"lane-1.{value}", until=date(2028, 5, value)))
        assert numbers.withdraw(f"A{value:08d}", at=NOW + value) == value
    assert numbers.withdrawn_version == 3
    assert numbers.withdrawn(0, 3) == {"A00000001", "A00000002", "A00000003"}
    assert numbers.withdrawn(1, 2) == {"A00000002"}
    sticker = numbers.sticker("A00000002")
    assert sticker is not None
    assert sticker.withdrawn == NOW + 2


def test_prints_and_permissions_are_kept(numbers: Numbers) -> None:
    assert (numbers.printed("A00000001"), numbers.allowed_copies("A00000001")) == (0, frozenset())
    first = StickerPrinted(number="A00000001", copy=1, by="li", printer="p-1")
    numbers.note_print(first, device="lane-1", at=NOW, allowed=True)
    numbers.note_print(first, device="lane-2", at=NOW + 1, allowed=False)
    numbers.allow_copy("A00000001", 2, at=NOW + 2, person="wang", cause="spoilt")
    assert (numbers.printed("A00000001"), numbers.allowed_copies("A00000001")) == (1, frozenset({2}))
    log = numbers.prints("A00000001")
    assert [(row["device"], row["copy"], row["person"], row["allowed"]) for row in log] == [
        ("lane-1", 1, "li", 1),
        ("lane-2", 1, "li", 0),
    ]


def test_the_hubs_facts_about_numbers_are_gone_through_in_their_order(bench: Bench) -> None:
    facts: list[NumberFact] = [
        allotted("A", 1, 5),
        NumberVoided(number="A00000001", holder="st-1", by="wang", reason="spoilt"),
        allotted("A", 6, 9, "st-2"),
    ]

    def write() -> None:
        for fact in facts:
            bench.casework.ledger.write("", fact, at=NOW)

    bench.transaction(write)
    found = list(number_facts(bench.db))
    assert [fact for _, fact in found] == facts
    assert [seq for seq, _ in found] == sorted(seq for seq, _ in found)


def test_cases_that_wait_for_a_number_are_found_by_their_station(bench: Bench, numbers: Numbers) -> None:
    columns = "(case_id, regime, station, inspector, device, serial, attempt, registered, plate_kind, plate, vin, stage"
    insert = (
        f"INSERT INTO cases {columns}, opened, audit_due, waiting, overdue) "  # noqa: S608 - constants
        "VALUES (?, 'jianyan', ?, '', '', '', 1, '', '', '', '', ?, ?, 0, 0, 0)"
    )
    for row in (
        ("lane-1.9", "st-1", "concluded", 1),
        ("lane-1.1", "st-1", "concluded", 2),
        ("hub.7", "st-1", "applied", 3),
        ("lane-1.2", "st-1", "audit_pending", 4),
        ("lane-2.1", "st-2", "concluded", 5),
    ):
        bench.db.execute(insert, row)
    assert numbers.waiting_cases("st-1") == ["lane-1.9", "lane-1.1", "hub.7"]
