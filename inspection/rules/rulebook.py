"""The shape of a rulebook: the rules of a date, as its TOML file states them, with defaults for what came later.

Knows names, types and ranges. Reading and checking are `parsing`'s and `checking`'s, which one a day has `timeline`'s,
what follows for a vehicle is said by the files that judge. A value that an older file does not know has its default
here; a default never hands out more than the file's author could have meant.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from inspection import InspectionError

Count = Annotated[int, Meta(ge=0, le=100_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Codes = tuple[str, ...]
"""Codes of a national table, with * ? and [ ] as patterns."""

OTHERS = "others"
"""The validity of vehicles that no other one fits."""

ClauseKind = Literal["requirement", "privilege"]
"""requirement: failed, it withholds the sticker. privilege: failed, it only sends the case to an auditor first."""


class RulebookError(InspectionError):
    """A rulebook that cannot be applied, or a day on which none is in force. code: stable, e.g. "rulebook.gap"."""

    def __init__(self, text: str, *, code: str = "rulebook.shape") -> None:
        super().__init__(text)
        self.code = code


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a rulebook: a key that it does not have is a mistake in the file."""


class Cars(Part, frozen=True, kw_only=True):
    """非营运小微型载客汽车 (面包车除外): uses (syxz), classes (cllx).

    k34: whether 小型专用客车 is one of them. bread_van_flag: whether a vehicle that a person saw to be a 面包车 is out,
    whatever its class says.
    """

    uses: Codes
    classes: Codes
    k34: bool = False
    bread_van_flag: bool = True


class VehicleChecks(Part, frozen=True, kw_only=True):
    """What is asked of every vehicle, whichever way its sticker comes. blocking_states: letters of zt."""

    blocking_states: Codes
    insurance_required: bool = True


class StickerFirst(Part, frozen=True, kw_only=True):
    """Who may get the sticker before the audit (先发标志).

    enabled: whether the measure is in force at all. inspection_kinds: jylb. plate_kinds: hpzl. outcomes: of the
    inspection. photos_at_hub: whether the bytes of all photos have to be there. tax_required: whether the vehicle tax
    has to be verified; where not, a vehicle of which nobody says anything passes. filings_required: whether inspector,
    area and terminal have to be filed even where the installation knows no filing of that kind. renewal_days: so many
    days before a sticker ends the next one may be had. retest_stages: stages of the earlier attempt that a re-test
    may follow.
    """

    inspection_kinds: Codes
    outcomes: tuple[Literal["pass", "pass_advised"], ...]
    enabled: bool = True
    plate_kinds: Codes = ("*",)
    photos_at_hub: bool = True
    tax_required: bool = False
    filings_required: bool = False
    renewal_days: Count = 90
    retest_stages: tuple[str, ...] = ("failed", "retested")


class AuditClock(Part, frozen=True, kw_only=True):
    """Until when people must have looked, and how often two of them do.

    hours, audit_first_hours: from the sticker, or from its being withheld, to the audit. review_hours: from a 查验 to
    its review. recall_days: from the order to the vehicle's return. second_review_share: of the passes that a second
    person sees blindly, 0 to 1.
    """

    hours: Count
    audit_first_hours: Count
    review_hours: Count = 24
    recall_days: Count = 7
    second_review_share: Share = 0.05


class CrossProvince(Part, frozen=True, kw_only=True):
    """Inspection outside the province of registration (跨省异地检验).

    commission_needed: whether every vehicle needs a 委托书. dangerous_uses: those that need one anyway. school_classes,
    school_uses, large_bus_classes: never. classes: those that may. tax_required: whether 车船税 has to be verified.
    """

    classes: Codes
    commission_needed: bool = False
    dangerous_uses: Codes = ("R",)
    school_classes: Codes = ("K18", "K28", "K38")
    school_uses: Codes = ("O", "P", "Q", "S")
    large_bus_classes: Codes = ("K1[!6]",)
    tax_required: bool = True


class Window(Part, frozen=True, kw_only=True):
    """Years since 注册登记 in which a sticker needs no line test: from_years to before until_years.

    tested_at_years: the line test that must have been taken before, at that many years; 0 for none.
    """

    from_years: Count
    until_years: Count
    tested_at_years: Count = 0


class Exemption(Part, frozen=True, kw_only=True):
    """Exempt cars (免检): their seats, their years, and how the sticker may be had.

    made_years_max: so many years after manufacture a vehicle must have been registered; 0: not asked. early_days: so
    many days before a window begins its sticker may be had. channels: ways of applying. elsewhere: whether the sticker
    may be had outside the province without a 委托书. test_record_required: whether an earlier line test has to be on
    record; where not, a vehicle of which nothing is known passes.
    """

    seats_max: Count
    windows: tuple[Window, ...]
    made_years_max: Count = 4
    early_days: Count = 90
    channels: tuple[str, ...] = ("counter",)
    elsewhere: bool = False
    tax_required: bool = True
    test_record_required: bool = False


class Permissions(Part, frozen=True, kw_only=True):
    """How filings (备案) are held against an act.

    position_required: whether a fence needs a position. accuracy_m_max: up to so many metres of what a device says that
    it may be off are added to the radius of the fence.
    """

    position_required: bool = True
    accuracy_m_max: Count = 50


class Step(Part, frozen=True, kw_only=True):
    """How many months a sticker is valid below so many years since 注册登记; 0 years: at any age beyond."""

    months: Annotated[int, Meta(ge=1, le=1_200)]
    below_years: Count = 0


class Validity(Part, frozen=True, kw_only=True):
    """How long stickers of such vehicles are valid. uses, classes: of whom; steps: by age, the youngest first.

    counts_from: the day of issue, or the anniversaries of 注册登记. ends: on the same day of the month, on the day
    before, or with the month.
    """

    steps: tuple[Step, ...]
    uses: Codes = ("*",)
    classes: Codes = ("*",)
    counts_from: Literal["issue", "registration"] = "issue"
    ends: Literal["same_day", "day_before", "month_end"] = "same_day"


class ClauseText(Part, frozen=True, kw_only=True):
    """How a clause reads, what its failing means, and where it comes from."""

    zh: str
    en: str
    clause: str
    kind: ClauseKind = "requirement"


class Rulebook(Part, frozen=True, kw_only=True):
    """The rules of a date.

    id: its name for ever. amends: id of the rulebook whose rules hold where this file says nothing else. in_force_from:
    first day; in_force_until: the day after the last, none: until the next one begins. checklist: version of the
    checklist that inspections follow. validity: the first that fits a vehicle counts, `OTHERS` where none does.
    provisional: dotted names of what the sources do not settle.
    text: the file's text, behind those that it amends; digest: its SHA-256, hexadecimal. Both are set by `parsing`.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    in_force_from: date
    source: str
    cars: Cars
    vehicle_checks: VehicleChecks
    sticker_first: StickerFirst
    audit: AuditClock
    cross_province: CrossProvince
    exemption: Exemption
    validity: dict[str, Validity]
    clauses: dict[str, ClauseText]
    permissions: Permissions = msgspec.field(default_factory=Permissions)
    amends: str = ""
    in_force_until: date | None = None
    checklist: str = "1"
    provisional: tuple[str, ...] = ()
    text: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The id with the whole digest, as decisions keep it."""
        return f"{self.id}:{self.digest}"
