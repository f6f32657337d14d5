"""What an inspection has to show for itself, clause by clause; how they add up stands in test_sticker_first."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from inspection.case import Case
from inspection.checklist import ItemSpec, PhotoSpec, Requirement
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import CaseAbandoned, CaseOpened, InspectionConcluded, ItemChecked, Mark, PhotoTaken, Vehicle
from inspection.rules import Circumstances, Standing, shipped_rulebooks
from inspection.rules import evidence_clauses as evidence

BOOK = shipped_rulebooks()[-1]
VIN = "L00PA55L4N0000017"  # invented
AROUND = Circumstances(
    today=date(2026, 5, 28),
    standing=Standing(admitted=True, listed=False),
    requirement=Requirement(
        version="test",
        items=tuple(ItemSpec(form="f", code=code, name_zh="", name_en="", value_kind="mark") for code in ("02", "04")),
        photos=tuple(PhotoSpec(code=code, name_zh="", name_en="", role="vin") for code in ("0111", "0113")),
        provisional=False,
    ),
)
PASSED = InspectionConcluded(outcome="pass", by="i")
DROVE_OFF = CaseAbandoned(reason="drove off")


def case(**fields: Any) -> Case:
    opened = CaseOpened(regime="jianyan", serial="J1", vehicle=Vehicle(vin=VIN), station="ST01", inspector="i")
    return Case(case="lane-07.1", opened=opened, **fields)


def marked(**marks: Mark) -> tuple[ItemChecked, ...]:
    return tuple(ItemChecked(item=item.removeprefix("i"), mark=mark) for item, mark in marks.items())


def photo(kind: str, digest: str = "", vin: str | None = None, *, accepted: bool = True) -> PhotoTaken:
    reference = PhotoRef(digest=digest or kind, media="image/jpeg", size=1, width=1, height=1)
    finding = (
        VinFinding(vin=vin, confidence=0.5, accepted=accepted, reasons=("vin.doubtful",)) if vin is not None else None
    )
    return PhotoTaken(kind=kind, photo=reference, vin=finding)


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"concluded": PASSED}, "passed"),
        ({"concluded": replace(PASSED, outcome="fail")}, "failed"),
        ({"abandoned": DROVE_OFF}, "failed"),
        ({}, "pending"),
    ],
)
def test_an_inspection_passed_failed_or_goes_on(fields: dict[str, Any], result: str) -> None:
    assert evidence.concluded(case(**fields), BOOK, AROUND)[0] == result


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"items": marked(i02="pass", i04="pass")}, ("passed", "")),
        ({"items": marked(i02="pass")}, ("pending", "04")),
        ({"items": marked(i02="pass"), "concluded": PASSED}, ("failed", "04")),
        ({"items": marked(i02="pass"), "abandoned": DROVE_OFF}, ("failed", "04")),
        ({"items": marked(i77="fail", i04="fail")}, ("failed", "04, 77")),
    ],
)
def test_items_are_missing_or_failed_by_their_codes(fields: dict[str, Any], found: tuple[str, str]) -> None:
    assert evidence.items(case(**fields), BOOK, AROUND) == found


def test_an_item_that_is_required_cannot_be_passed_over() -> None:
    over = case(items=marked(i02="not_required", i99="not_required"))
    assert evidence.items_done(over, BOOK, AROUND) == ("failed", "02")


def test_photos_are_missing_by_their_codes_and_wait_for_their_bytes() -> None:
    half = case(all_photos=(photo("0111"),))
    assert evidence.photos(half, BOOK, AROUND) == ("pending", "0113")
    assert evidence.photos_at_hub(half, BOOK, AROUND) == ("pending", "1")
    lax = replace(BOOK, sticker_first=replace(BOOK.sticker_first, photos_at_hub=False))
    assert evidence.photos_at_hub(half, lax, AROUND) == ("passed", "")
    assert evidence.photos_at_hub(replace(half, stored=frozenset({"0111"})), BOOK, AROUND) == ("passed", "")


def test_one_picture_is_one_photo() -> None:
    double = case(all_photos=(photo("0111", "a"), photo("0113", "a"), photo("0112", "b")))
    assert evidence.photos_differ(double, BOOK, AROUND) == ("failed", "0111 = 0113")
    assert evidence.photos_differ(case(all_photos=(photo("0111"),)), BOOK, AROUND) == ("passed", "")


@pytest.mark.parametrize(
    ("fields", "read", "matches"),
    [
        ({"all_photos": (photo("0113", vin=VIN),)}, ("passed", ""), ("passed", "")),
        ({"all_photos": (photo("0113", vin=VIN, accepted=False),)}, ("pending", "vin.doubtful"), ("passed", "")),
        (
            {"all_photos": (photo("0113", vin=VIN[:-1], accepted=False),), "concluded": PASSED},
            ("failed", "vin.doubtful"),
            ("failed", "17 / 16"),
        ),
        ({"all_photos": (photo("0113", vin="M" + VIN[1:]),)}, ("passed", ""), ("failed", "#1")),
        ({"all_photos": (photo("0111"),)}, ("pending", "VIN"), ("pending", "")),
        ({"concluded": PASSED}, ("failed", "VIN"), ("failed", "")),
    ],
)
def test_the_vin_is_read_and_compared(fields: dict[str, Any], read: tuple[str, str], matches: tuple[str, str]) -> None:
    assert evidence.vin_read(case(**fields), BOOK, AROUND) == read
    assert evidence.vin_matches(case(**fields), BOOK, AROUND) == matches
