"""Facts of one case that contradict each other: what was passed over, and what cannot all be true. In words.

Which of them counts is `folding`'s; what a contradiction stands in the way of, the rules'.
"""

from collections.abc import Callable

from msgspec import Struct

from inspection.case.state import Case
from inspection.facts import HUB_FACTS

_HUB_KINDS = frozenset(kind.__name__ for kind in HUB_FACTS)
_ENDINGS = frozenset({"InspectionConcluded", "CaseAbandoned"})


class Contradiction(Struct, frozen=True, kw_only=True):
    """What contradicts what: a code, and words for a person."""

    code: str
    zh: str
    en: str


def contradictions(case: Case) -> tuple[Contradiction, ...]:
    """Return what in the case's facts contradicts the rest of them, each kind once."""
    return tuple(Contradiction(code=code, zh=zh, en=en) for code, is_so, zh, en in _CHECKS if is_so(case))


def _read_twice(case: Case) -> bool:
    read: dict[str, set[str]] = {}
    for correction in case.corrections:
        read.setdefault(correction.photo, set()).add(correction.corrected)
    return any(len(readings) > 1 for readings in read.values())


_CHECKS: tuple[tuple[str, Callable[[Case], bool], str, str], ...] = (
    (
        "opening.twice",
        lambda case: "CaseOpened" in case.passed_over,
        "另有一条受理记录, 不予采信",
        "the case was opened a second time, which does not count",
    ),
    (
        "ending.twice",
        lambda case: not _ENDINGS.isdisjoint(case.passed_over),
        "检验结束了不止一次, 以第一次为准",
        "the inspection was ended more than once; the first ending counts",
    ),
    (
        "verdict.items",
        lambda case: (
            case.concluded is not None
            and case.concluded.outcome != "fail"
            and any(item.mark == "fail" for item in case.items)
        ),
        "结论为合格, 但有不合格项",
        "the verdict is pass, but an item failed",
    ),
    (
        "sticker.failed",
        lambda case: case.issued is not None and case.concluded is not None and case.concluded.outcome == "fail",
        "标志已发放, 但结论为不合格",
        "the sticker is out, but the verdict that counts is fail",
    ),
    (
        "vin.read_twice",
        _read_twice,
        "同一照片上的车辆识别代号有两种读法",
        "people read the VIN on one photo in two ways",
    ),
    (
        "device.hub_fact",
        lambda case: not _HUB_KINDS.isdisjoint(case.passed_over),
        "设备写了只有中心才能写的记录, 不予采信",
        "a device wrote what only the hub may write, which does not count",
    ),
    (
        "hub.stands_on_nothing",
        lambda case: not _HUB_KINDS.isdisjoint(case.hub_passed_over),
        "中心的一条记录没有依据, 不予采信",
        "a fact of the hub follows on nothing, and does not count",
    ),
)
