"""Filings (备案): who may inspect what, where and with which terminal, and until when.

Knows the shape of a filing and how two of them are compared with an act; whether an act is allowed is `rules`'.
Source: the three filings that gate a 查验 (18CF1, 18CF2, 18CF3).
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from inspection.evidence import Line

Codes = tuple[Line, ...]
"""Codes that are allowed, with * ? and [ ] as patterns; an empty tuple allows none, ("*",) all."""


class Scope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a filing allows: uses (syxz), businesses (ywlx, or jylb at 检验) and vehicle classes (cllx)."""

    uses: Codes = ("*",)
    businesses: Codes = ("*",)
    classes: Codes = ("*",)


class InspectorFiling(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="inspector", tag_field="t"):
    """查验员备案. id: the person, as facts name them. areas: 查验区 or stations; valid_until: last day."""

    id: Line
    name: Line
    valid_until: date
    areas: Codes = ("*",)
    police: bool = False
    scope: Scope = Scope()
    state: Literal["normal", "stopped", "revoked"] = "normal"


class AreaFiling(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="area", tag_field="t"):
    """查验区备案. id: its 12-character number (or a station's). The fence is a circle, degrees (WGS 84) and metres.

    automatic_review: whether a 查验 there may be reviewed by the rules alone.
    """

    id: Line
    station: Line
    valid_until: date
    longitude: Annotated[float, Meta(ge=-180, le=180)] = 0.0
    latitude: Annotated[float, Meta(ge=-90, le=90)] = 0.0
    radius_m: Annotated[float, Meta(ge=0)] = 0.0
    fenced: bool = False
    automatic_review: bool = False
    scope: Scope = Scope()
    state: Literal["normal", "stopped", "revoked"] = "normal"


class TerminalFiling(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="terminal", tag_field="t"):
    """终端备案. id: the device's name. areas: where it may be used."""

    id: Line
    valid_until: date
    areas: Codes = ("*",)
    scope: Scope = Scope()
    state: Literal["normal", "stopped", "revoked"] = "normal"


Filing = InspectorFiling | AreaFiling | TerminalFiling
