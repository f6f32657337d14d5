"""What facts are made of: the base class, the vehicle as it is on paper, marks and reasons."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from inspection.evidence import Line, Whole, Words

Vin = Annotated[str, Meta(max_length=25)]
"""Room for a 整车出厂编号: the platform's field clsbdh is 25 wide."""

PlateKind = Annotated[str, Meta(max_length=4)]
"""hpzl: two characters today."""

Plate = Annotated[str, Meta(max_length=15)]
"""As wide as the platform's field hphm."""

Mark = Literal["pass", "fail", "not_required", "value"]
"""√ pass, × fail, — not required, or a determined value (colour, seats, type at 注册登记)."""

Outcome = Literal["pass", "fail", "pass_advised"]
"""合格, 不合格, 合格(建议维护)."""


History = Literal["injury_accident", "modified", "commissioned"]
"""涉及伤人事故, 非法改装, 已办委托检验."""


class Vehicle(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The vehicle as it is on paper, from the platform's record; codes as in `codes`.

    vin: registered VIN, or 整车出厂编号. plate_kind (hpzl) and plate (full, with province) are empty for a new vehicle.
    vehicle_class: cllx. use: syxz. colours: csys letters. states: zt letters. bread_van: seen to be a 面包车, whatever
    its class says. insured_until: last day of the compulsory insurance (交强险), none when not verified.
    taxed: whether the vehicle tax (车船税) was verified; None when nobody says. home: where it is registered (发证机关,
    fzjg, e.g. "京A"). made_on: day of manufacture. history: what else is on record.
    """

    vin: Vin
    plate_kind: PlateKind = ""
    plate: Plate = ""
    vehicle_class: Line = ""
    use: Line = ""
    colours: Line = ""
    states: Line = ""
    seats: Whole = 0
    registered_on: date | None = None
    insured_until: date | None = None
    bread_van: bool = False
    taxed: bool | None = None
    home: Line = ""
    made_on: date | None = None
    history: tuple[History, ...] = ()

    @property
    def injury_accident(self) -> bool:
        """Whether it had an accident with injured people."""
        return "injury_accident" in self.history

    @property
    def modified(self) -> bool:
        """Whether it was illegally modified."""
        return "modified" in self.history

    @property
    def commissioned(self) -> bool:
        """Whether its inspection at another place was commissioned (委托检验)."""
        return "commissioned" in self.history


class Position(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where a device says it is: degrees (WGS 84), and how far off that may be, metres (0 where it does not say)."""

    longitude: Annotated[float, Meta(ge=-180, le=180)]
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    accuracy_m: Annotated[float, Meta(ge=0)] = 0.0


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One clause of a decision: its code, how it came out, and what it says to a person."""

    code: Line
    result: Literal["passed", "failed", "pending"]
    zh: Words
    en: Words
    clause: Line = ""


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="t", tag=True):
    """Something that happened. The tag on the wire is the class name.

    gc=False, here and in what facts hold: what is frozen stands in no cycle, and the collector would walk through the
    facts of all cases that a hub keeps in memory again and again, and stop its writer for 0.1 s each time.
    """
