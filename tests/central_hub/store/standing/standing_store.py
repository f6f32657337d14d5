"""Rows for the tables of standing."""

from datetime import date
from typing import Any

from central_hub.store.database import Database
from central_hub.store.records import Records
from central_hub.store.standing.keeping import Placed, StandingTables
from inspection.case import Case
from inspection.facts import CaseOpened, Position, Vehicle
from inspection.signing import SigningKey
from inspection.standing.figures import Inspected

DAY = date(2026, 5, 28)
NOW = 1_779_940_800_000  # that day's noon in China


def row(number: int = 1, **changes: Any) -> Inspected:
    fields: dict[str, Any] = {
        "case": f"pda-1.{number}", "day": DAY, "station": "ST01", "inspector": "li", "mix": "m", "passed": True,
    }  # fmt: skip
    return Inspected(**{**fields, **changes})


def placed(**changes: Any) -> Placed:
    fields: dict[str, Any] = {
        "device": "pda-1", "registered": "LZZAA1A26RA000017", "opened": NOW - 600_000, "concluded": NOW,
        "position": Position(longitude=120.123456, latitude=-30.654321, accuracy_m=9.0), "looked": "9/0",
        "stage": "concluded",
    }  # fmt: skip
    return Placed(**{**fields, **changes})


def keep(tables: StandingTables, number: int = 1, where: Placed | None = None, **changes: Any) -> None:
    tables.keep(row(number, **changes), where or placed())


def keep_case(db: Database, number: int, *, registered: str) -> None:
    """Keep of a case what the vehicle's other cases are found by."""
    opened = CaseOpened(
        regime="jianyan", serial="S-1", vehicle=Vehicle(vin=registered), station="ST01", inspector="li"
    )  # fmt: skip
    case = Case(case=f"pda-1.{number}", device="pda-1", opened=opened)
    Records(db, SigningKey(bytes(32))).keep_case(case, opened_at=NOW)
