"""The ten vehicles of the demonstration, all made up, and the decision that each should get."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from edge_agent.orders import Footage, OrderText, VehicleOnPaper
from inspection.identities import Regime
from inspection.vin import CHECK_POSITION, check_digit
from models.drawing.rendering import Surface

INSPECTOR = "inspector-zhao"
INSURED_UNTIL = date(2099, 12, 31)
LAPSED = date(2024, 1, 1)
_RECORDER = "11010100001180000001"
_CHANNEL = "11010100001320000007"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What the hub must have decided in the end.

    failed: codes of the clauses that stand in the way of the sticker, sorted; none where it must be issued.
    """

    outcome: Literal["pass", "fail"] = "pass"
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoVehicle:
    """A vehicle, how its VIN is carried, what goes wrong at its photos, and what should come of it.

    vin_on_car: the VIN that the photo shows; the registered one where empty. spoilt_first: how the first VIN shot is
    damaged; the second one is good.
    """

    name: str
    device: Literal["lane-1", "pda-1"]
    order: OrderText
    surface: Surface = "stamped"
    colour: str = "white"
    vin_on_car: str = ""
    spoilt_first: Literal["", "truncated", "not_an_image", "blur"] = ""
    expected: Expected = field(default_factory=Expected)


def made_up_vin(start: str, end: str) -> str:
    """Return a VIN with a right check digit: `start` (8 characters), check digit, `end` (8 characters)."""
    draft = f"{start}0{end}"
    return draft[: CHECK_POSITION - 1] + check_digit(draft) + draft[CHECK_POSITION:]


_MAKERS = (
    ("SV", "L"),
    ("GX", "P"),
    ("ZW", "K"),
    ("FV", "M"),
    ("BE", "J"),
    ("HG", "N"),
    ("VS", "H"),
    ("JD", "R"),
    ("6T", "T"),
    ("PR", "S"),
)
# 查验 carries no sticker, and what a new car comes for is no periodic inspection.
_REGIME = ("inspection_kind", "regime")
_VINS = tuple(
    made_up_vin(f"L{maker}AA1A2", f"{year}A{number:06d}") for number, (maker, year) in enumerate(_MAKERS, 101)
)


def _order(number: int, plate: str, vin: str, *, regime: Regime = "jianyan", **changes: object) -> OrderText:
    """Return an order for a private saloon at its periodic inspection, its record changed as `changes` says."""
    paper: dict[str, object] = {
        "vin": vin,
        "plate_kind": "52" if len(plate) > 7 else "02",  # noqa: PLR2004 - a new-energy plate has eight characters
        "plate": plate,
        "vehicle_class": "K33",
        "use": "A",
        "colours": "A",
        "states": "A",
        "seats": 5,
        "registered_on": date(2019, 6, 3),
        "insured_until": INSURED_UNTIL,
    }
    identity = regime == "chayan"
    return OrderText(
        regime=regime,
        serial=f"2611220000{number:03d}" if identity else f"JY26112200000{number:04d}",
        inspector=INSPECTOR,
        business="1" if identity else "",
        inspection_kind="" if identity else "01",
        lane="1",
        vehicle=VehicleOnPaper(**{**paper, **changes}),  # type: ignore[arg-type]
        video=Footage(recorder=_RECORDER, channel=_CHANNEL),
    )


def _new_car(number: int, vin: str) -> OrderText:
    order = _order(number, "", vin, regime="chayan", plate_kind="", registered_on=None)
    # At 注册登记 the colour, the seats and the type are written down as determined, not ticked.
    return replace_items(order, {"4": "白", "5": "5", "6": "小型轿车"})


def replace_items(order: OrderText, items: dict[str, str]) -> OrderText:
    """Return the order with these items marked otherwise than as passed."""
    return OrderText(**{**{name: getattr(order, name) for name in order.__struct_fields__}, "items": items})


def demo_vehicles() -> tuple[DemoVehicle, ...]:
    """Return the ten, in the order in which they come."""
    return (*_through_the_lane(), *_with_the_handheld())


def _through_the_lane() -> tuple[DemoVehicle, ...]:
    return (
        DemoVehicle(name="01-private-saloon", device="lane-1", order=_order(1, "京A10286", _VINS[0])),
        DemoVehicle(
            name="02-new-energy",
            device="lane-1",
            order=_order(2, "粤BD12345", _VINS[1]),
            surface="windshield",
            colour="green",
        ),
        DemoVehicle(
            name="03-bread-van",
            device="lane-1",
            order=_order(3, "鲁C30917", _VINS[2], vehicle_class="K39"),
            surface="plate",
            expected=Expected(failed=("class",)),
        ),
        DemoVehicle(
            name="04-taxi",
            device="lane-1",
            order=_order(4, "沪E20458", _VINS[3], use="D"),
            colour="yellow",
            expected=Expected(failed=("use",)),
        ),
        DemoVehicle(
            name="05-other-vin",
            device="lane-1",
            order=_order(5, "苏F55310", _VINS[4]),
            vin_on_car=_VINS[9],
            colour="red",
            expected=Expected(outcome="fail", failed=("concluded", "items", "vin_matches")),
        ),
        DemoVehicle(
            name="06-cut-off-photo",
            device="lane-1",
            order=_order(6, "浙G77120", _VINS[5]),
            surface="sticker",
            spoilt_first="truncated",
            colour="blue",
        ),
        DemoVehicle(
            name="07-insurance-lapsed",
            device="lane-1",
            order=_order(7, "京H43019", _VINS[6], insured_until=LAPSED),
            expected=Expected(failed=("insurance",)),
        ),
    )


def _with_the_handheld() -> tuple[DemoVehicle, ...]:
    return (
        DemoVehicle(
            name="08-by-handheld",
            device="pda-1",
            order=_order(8, "苏J60622", _VINS[7]),
            surface="sticker",
            colour="silver",
        ),
        DemoVehicle(
            name="09-new-car",
            device="pda-1",
            order=_new_car(9, _VINS[8]),
            expected=Expected(failed=_REGIME),
        ),
        DemoVehicle(
            name="10-new-car-worn-tyre",
            device="pda-1",
            order=replace_items(_new_car(10, _VINS[9]), {"4": "白", "5": "5", "6": "小型轿车", "8": "fail"}),
            surface="plate",
            expected=Expected(outcome="fail", failed=("concluded", *_REGIME[:1], "items", *_REGIME[1:])),
        ),
    )
