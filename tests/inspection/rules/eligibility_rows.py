"""The table of eligibility, and what each of its rows says as a case, a vehicle and what stands around them.

The table (`eligibility_table.tsv`) was written from the domain texts, not from the code. "-" means: nothing said, or
of no matter here. `more` holds what only some rows need, as key=value. `failed` lists the clauses that must have
failed, and no others; a "+" behind them: at least these; "+" alone: any. `assumes` names what the texts leave open.
"""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

from msgspec import Struct

from inspection.case import Case
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import AuditDecided, CaseOpened, InspectionConcluded, ItemChecked, PhotoTaken, Vehicle
from inspection.facts.base import History, Outcome
from inspection.identities import Regime
from inspection.rules import Circumstances, Rulebook, Standing, required_by, rulebook_on, shipped_rulebooks

TABLE = Path(__file__).with_name("eligibility_table.tsv")
VIN = "L00PA55L4N0000017"  # invented; its check character holds
STATION = "ST01"
PROVINCE = "粤"
HOME = "粤B"
STILL_VALID = timedelta(days=200)

Decided = Literal["pass", "suspicious"]
Group = Literal["eligibility", "cross_province", "exemption", "exempt_sticker", "validity"]


class Row(Struct, frozen=True, kw_only=True):
    """One named case, as text; `-` is read as empty."""

    group: Group
    name: str
    day: date
    vehicle_class: str
    use: str
    standing: str
    states: str
    insurance: str
    tax: str
    outcome: str
    kind: str
    regime: str
    more: dict[str, str]
    expected: str
    failed: frozenset[str]
    others_may_fail: bool
    source: str
    assumes: str

    @property
    def book(self) -> Rulebook:
        """The rules of the row's day."""
        return rulebook_on(self.day, books())


@cache
def books() -> tuple[Rulebook, ...]:
    """The rulebooks that are shipped, read once."""
    return shipped_rulebooks()


@cache
def table() -> tuple[Row, ...]:
    """The whole table."""
    return tuple(_rows())


def rows(group: Group) -> tuple[Row, ...]:
    """The rows of one question."""
    return tuple(row for row in table() if row.group == group)


def vehicle_of(row: Row) -> Vehicle:
    """The vehicle on paper, as the row tells it."""
    said = row.more
    return Vehicle(
        vin=VIN,
        plate_kind=said.get("plate_kind", "02"),
        plate=said.get("home", HOME) + "00A00",
        vehicle_class=row.vehicle_class,
        use=row.use,
        colours=said.get("colours", "A"),
        states=row.states,
        seats=int(said.get("seats", "0")),
        registered_on=_day(said.get("registered")),
        insured_until=_insured_until(row),
        bread_van="bread_van" in said,
        taxed={"verified": True, "refused": False}.get(row.tax),
        home=said.get("home", HOME),
        made_on=_day(said.get("made")),
        history=tuple(entry for entry in get_args(History) if entry in said),
    )


def case_of(row: Row) -> tuple[Case, Circumstances]:
    """A case in which all that was demanded was done, and what stands around it."""
    opened = CaseOpened(
        regime=cast("Regime", row.regime),
        serial="J0000000000000001",
        vehicle=vehicle_of(row),
        station=STATION,
        inspector="inspector-1",
        business="D" if row.regime == "chayan" else "",
        inspection_kind=row.kind,
        attempt=int(row.more.get("attempt", "1")),
    )
    around = Circumstances(
        today=row.day,
        standing=Standing(
            admitted="admitted" in row.standing.split("+"),
            listed="listed" in row.standing.split("+"),
            suspended="suspended" in row.standing.split("+"),
        ),
        requirement=required_by(opened, row.book),
        open_recall="lane-03.7" if "recalled" in row.more else "",
        valid_sticker=valid_sticker(row),
        earlier_attempt="retested" if opened.attempt > 1 else "",
        province=PROVINCE,
    )
    audited = row.more.get("audited")
    photos = tuple(_photo(number, spec.code) for number, spec in enumerate(around.requirement.photos))
    case = Case(
        case="lane-07.11",
        device="lane-07",
        opened=opened,
        all_photos=photos,
        items=tuple(ItemChecked(item=spec.code, mark="pass") for spec in around.requirement.items),
        concluded=None if row.outcome == "none" else _concluded(row),
        stored=frozenset(photo.photo.digest for photo in photos),
        audits=(AuditDecided(decision=cast("Decided", audited), auditor="auditor-1"),) if audited else (),
    )
    return case, around


def valid_sticker(row: Row) -> tuple[str, date] | None:
    """Number and last day of the sticker that the vehicle has already, where the row says so."""
    last = {"yes": 200, "ends_in_a_year": 365, "ends_in_ten_days": 10, "ended_yesterday": -1}
    said = row.more.get("stickered")
    return None if said is None else ("T0000017", row.day + timedelta(days=last[said]))


def _concluded(row: Row) -> InspectionConcluded:
    return InspectionConcluded(outcome=cast("Outcome", row.outcome), by="inspector-1")


def _photo(number: int, kind: str) -> PhotoTaken:
    reference = PhotoRef(digest=f"{number:064x}", media="image/jpeg", size=1, width=1, height=1)
    return PhotoTaken(kind=kind, photo=reference, vin=VinFinding(vin=VIN, confidence=0.99, accepted=True))


def _insured_until(row: Row) -> date | None:
    ends = {"in_force": STILL_VALID, "ends_today": timedelta(0), "ended_yesterday": timedelta(days=-1)}
    return row.day + ends[row.insurance] if row.insurance in ends else None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _rows() -> Iterator[Row]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True):
            said = {key: "" if value == "-" else value for key, value in line.items()}
            failed = said["failed"].removesuffix("+")
            yield Row(
                group=cast("Group", said["group"]),
                name=said["name"],
                day=date.fromisoformat(said["day"]),
                vehicle_class=said["class"],
                use=said["use"],
                standing=said["standing"],
                states=said["states"],
                insurance=said["insurance"],
                tax=said["tax"],
                outcome=said["outcome"],
                kind=said["kind"],
                regime=said["regime"],
                more=dict(pair.split("=") for pair in said["more"].split()),
                expected=said["expected"],
                failed=frozenset(failed.split(",")) if failed else frozenset(),
                others_may_fail=said["failed"].endswith("+"),
                source=said["source"],
                assumes=said["assumes"],
            )
