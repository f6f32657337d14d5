"""How the demonstration shows a vehicle in one line, and what the lines add up to. Decides only."""

import unicodedata
from dataclasses import dataclass
from statistics import median

from edge_agent.visits import VisitResult
from inspection.vin import masked_vin

_WIDTHS = (6, 20, 19, 10, 58)
_REGIMES = {"jianyan": "检验", "chayan": "查验"}
_OUTCOMES = {"pass": "合格", "fail": "不合格", "pass_advised": "合格*", "abandoned": "中止"}
HEADINGS = ("业务", "号牌/流水号", "识读VIN", "结论", "检验合格标志/未发原因", "秒")


def columns(cells: tuple[str, ...]) -> str:
    """Return the cells side by side; a Chinese character is two columns wide on a terminal."""
    padded = []
    for cell, width in zip(cells, (*_WIDTHS, 0), strict=True):
        wide = sum(unicodedata.east_asian_width(character) in "WF" for character in cell)
        padded.append(cell + " " * max(0, width - len(cell) - wide))
    return " ".join(padded).rstrip()


def line(result: VisitResult, *, mask: bool) -> str:
    """Return a vehicle's line: regime, plate or serial, VIN read, verdict, sticker or why not, seconds.

    mask: show real VINs with most characters covered.
    """
    vin = masked_vin(result.vin) if mask and result.vin else result.vin or "—"
    seconds = result.seconds_photo_to_sticker
    return columns(
        (
            _REGIMES[result.regime],
            result.plate or result.serial,
            vin,
            _OUTCOMES[result.outcome],
            sticker_or_reason(result),
            "—" if seconds is None else f"{seconds:.2f}",
        )
    )


def sticker_or_reason(result: VisitResult) -> str:
    """Return the sticker's number, or in words why there is none."""
    if result.sticker:
        return f"已发 {result.sticker}"
    if result.abandoned:
        return f"未发: {result.abandoned}"
    if result.regime == "chayan":
        return "无: 查验不核发检验合格标志, 待复核"
    if not result.reasons:
        return "未发: 中心尚未答复"
    return "未发, 不满足: " + "; ".join(reason.zh for reason in result.reasons)


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What the lines add up to."""

    vehicles: int
    stickers: int
    seconds_median: float | None


def summary(results: list[VisitResult]) -> Summary:
    """Return the counts over all vehicles; the median is over those that got their sticker."""
    seconds = [r.seconds_photo_to_sticker for r in results if r.seconds_photo_to_sticker is not None]
    return Summary(
        vehicles=len(results),
        stickers=sum(bool(result.sticker) for result in results),
        seconds_median=median(seconds) if seconds else None,
    )
