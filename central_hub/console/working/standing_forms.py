"""Which forms a station's page offers to whom. Pure; whether a step is taken is judged again where it is done."""

from datetime import date
from typing import Literal

from central_hub.console.life.forms import Field
from central_hub.console.texts import Texts
from central_hub.people.roles import Actor
from inspection.standing.rules import StandingRules
from inspection.standing.state import StationStanding

StationStep = Literal["list", "unlist", "suspend", "restore", "admit", "dismiss", "appeal", "decide_appeal"]
STATION_STEPS: dict[StationStep, str] = {
    "list": "standing.decide",
    "unlist": "standing.decide",
    "suspend": "standing.decide",
    "restore": "standing.decide",
    "admit": "standing.decide",
    "dismiss": "standing.decide",
    "appeal": "appeal.file",
    "decide_appeal": "appeal.decide",
}
"""The right that each needs."""
_WHY = Field(name="reason", kind="words")


def station_forms(
    standing: StationStanding, actor: Actor, *, rules: StandingRules, texts: Texts
) -> tuple[tuple[StationStep, tuple[Field, ...]], ...]:
    """Return the steps that are open, each with its fields."""
    reasons = tuple((reason.code, texts.either(reason.zh, reason.en)) for reason in rules.listing_reasons)
    listing = (
        Field(name="reason", kind="select", options=reasons),
        Field(name="ends", kind="day", required=False),
        Field(name="note", kind="words", required=False),
    )
    answers = (("yes", texts("station.granted")), ("no", texts("station.refused")))
    open_now: dict[StationStep, tuple[bool, tuple[Field, ...]]] = {
        "list": (not standing.listed, listing),
        "unlist": (standing.listed, (_WHY,)),
        "suspend": (not standing.suspended, (_WHY,)),
        "restore": (standing.suspended, (_WHY,)),
        "admit": (not standing.admitted, (_WHY,)),
        "dismiss": (standing.admitted, (_WHY,)),
        "appeal": ((standing.listed or standing.suspended) and standing.appeal is None, (_WHY,)),
        "decide_appeal": (standing.appeal is not None, (Field(name="granted", kind="select", options=answers), _WHY)),
    }
    return tuple(
        (step, fields) for step, (is_open, fields) in open_now.items() if is_open and actor.may(STATION_STEPS[step])
    )


def day_given(text: str) -> date | None:
    """Return the day that a form or an address gave as YYYY-MM-DD; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
