"""Whether the VIN on a photo is the registered one (车辆识别代号比对), and what to tell the inspector at once.

Decides from plain values. The binding decision is the hub's; this one says what to do while the vehicle still stands
there. The sentences name positions, never the VIN, so that they may be shown and kept anywhere.
"""

from dataclasses import dataclass
from typing import Literal

from inspection.evidence import VinFinding
from inspection.vin import differing_positions

Verdict = Literal["matches", "differs", "doubtful"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What came out. positions: where reading and registered VIN differ, from 1. zh, en: what the inspector is told."""

    verdict: Verdict
    positions: tuple[int, ...]
    zh: str
    en: str

    @property
    def ask_person(self) -> bool:
        """Whether a person has to look at the photo before the vehicle goes on."""
        return self.verdict != "matches"


def compare(finding: VinFinding | None, registered: str) -> Comparison:
    """Return how a finding compares with the registered VIN, or 整车出厂编号.

    A reading that the model itself did not accept is doubtful, whether or not it is the registered one.
    """
    if finding is None or not finding.vin:
        return Comparison(
            verdict="doubtful",
            positions=(),
            zh="未识别到车辆识别代号，请重拍或人工核对。",
            en="No VIN was read: take the photo again, or read it yourself.",
        )
    positions = differing_positions(finding.vin, registered)
    if not finding.accepted:
        return _doubtful(finding, positions)
    return _differs(positions) if positions else _matches()


def _matches() -> Comparison:
    zh, en = "车辆识别代号与登记一致。", "The VIN is the registered one."
    return Comparison(verdict="matches", positions=(), zh=zh, en=en)


def _differs(positions: tuple[int, ...]) -> Comparison:
    places = _places(positions)
    return Comparison(
        verdict="differs",
        positions=positions,
        zh=f"车辆识别代号与登记不一致：第{places}位，请人工核对。",
        en=f"The VIN differs from the registered one at position {places}: look at it yourself.",
    )


def _doubtful(finding: VinFinding, positions: tuple[int, ...]) -> Comparison:
    why = ", ".join(finding.reasons) or f"{finding.confidence:.2f}"
    zh, en = f"识别不确定（{why}），请人工核对", f"The reading is doubtful ({why}): look at it yourself"
    if positions:
        zh, en = f"{zh}；第{_places(positions)}位与登记不同", f"{en}; it differs at position {_places(positions)}"
    return Comparison(verdict="doubtful", positions=positions, zh=f"{zh}。", en=f"{en}.")


def _places(positions: tuple[int, ...]) -> str:
    return ", ".join(str(position) for position in positions)
