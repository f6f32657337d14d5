"""What an auditor of the simulated day thinks of a case (审核员判断). Pure: the truth and a seeded generator in.

People err: a little is passed that is wrong, and very little is suspected that is right.
"""

from dataclasses import dataclass
from math import exp
from random import Random
from typing import Literal

from passlane.day.visits import Visit

SECONDS_SPREAD = 0.55
SECONDS_MIN, SECONDS_MAX = 15, 3_600
DOUBT_TIMES = 1.8
"""So much longer somebody looks where something is wrong."""
MISSED = {"odd": 0.08, "missed": 0.15, "absent": 0.06}
"""How often one auditor passes what is not as it should be."""
FALSE_ALARM_SHARE = 0.003
RETAKE_ASKED_SHARE = 0.9
RECUSED_SHARE = 0.003
"""How often somebody knows the owner, and gives the case back."""
LOST_SHARE = 0.004
"""How often somebody's line breaks while they look: the hold ends by itself, and the case comes to another."""

Verdict = Literal["pass", "suspicious", "retake", "recuse", "lost"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Thought:
    """What somebody thinks after so many seconds. reason: code, where it is suspicious."""

    verdict: Verdict
    seconds: int
    reason: str = ""


def think(visit: Visit, chance: Random, *, look_seconds: int, retaken: bool, probe: bool = False) -> Thought:
    """Return what somebody thinks of a visit. look_seconds: the median.

    retaken: whether the blurred photo was taken again. probe: whether the case's answer is known; nobody is told so, it
    is only asked here whether a line may break.
    """
    seconds = look_seconds * exp(chance.gauss(0, SECONDS_SPREAD))
    if visit.truth != "sound":
        seconds *= DOUBT_TIMES
    held = int(min(SECONDS_MAX, max(SECONDS_MIN, seconds)))
    odd = chance.random()
    if not probe and odd < LOST_SHARE:
        return Thought(verdict="lost", seconds=held)
    if not probe and odd < LOST_SHARE + RECUSED_SHARE:
        return Thought(verdict="recuse", seconds=SECONDS_MIN)
    if visit.truth != "sound":
        missed = chance.random() < MISSED[visit.truth]
        return Thought(
            verdict="pass" if missed else "suspicious", seconds=held, reason="" if missed else _reason(visit)
        )
    if visit.blurred and not retaken and not probe and chance.random() < RETAKE_ASKED_SHARE:
        return Thought(verdict="retake", seconds=held, reason="photo.blurred")
    if chance.random() < FALSE_ALARM_SHARE:
        return Thought(verdict="suspicious", seconds=held, reason="procedure")
    return Thought(verdict="pass", seconds=held)


def _reason(visit: Visit) -> str:
    match visit.truth:
        case "absent":
            return "photo.reused" if visit.reuses else "vehicle.absent"
        case "missed":
            return "modified"
        case _:
            return "vin.tampered" if visit.corrected else "vehicle.differs"
