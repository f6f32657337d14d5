"""How a simulated day is told to a person: a line an hour, then tables. Values in, text out."""

from collections.abc import Iterator, Sequence
from typing import Any

from passlane.day.figures import Figures
from passlane.day.running import Hour

TITLES = {
    "cases": "案件状态 cases by stage",
    "day": "当日 the day",
    "audits": "审核 audits",
    "pre_audit": "机器预审 pre-audit (it sorts and does not decide)",
    "recalls": "追回 recalls",
    "stops": "暂停先发放 stations stopped",
    "warnings": "预警与核查 warnings and checks",
    "suspicions": "可疑规则 rules that raised suspicions",
    "auditors": "审核员 auditors",
    "refused": "拒绝的操作 acts that the hub refused, as it has to",
}
_COLUMNS = (
    ("时刻", "time", 13),
    ("受理", "opened", 8),
    ("发标", "stickers", 10),
    ("审核", "audited", 9),
    ("待审", "waiting", 9),
    ("最久", "oldest", 10),
    ("在班", "on shift", 10),
    ("将超时", "will be late", 14),
)
"""What an hour's line says, Chinese and English, and how wide."""


def heading() -> tuple[str, str]:
    """Return the two lines above the hours. A Chinese character is as wide as two letters."""
    zh = "".join(f"{' ' * (width - 2 * len(word))}{word}" for word, _, width in _COLUMNS)
    return zh, "".join(f"{word:>{width}}" for _, word, width in _COLUMNS)


def hour_line(hour: Hour) -> str:
    """Return an hour as a line under the heading."""
    oldest = f"{hour.oldest_minutes // 60}:{hour.oldest_minutes % 60:02d} h"
    said = (hour.text, hour.opened, hour.stickers, hour.audited, hour.waiting, oldest, hour.staff, hour.breaches)
    return "".join(f"{value:>{width}}" for value, (_, _, width) in zip(said, _COLUMNS, strict=True))


def report(figures: Figures) -> Iterator[str]:
    """Give the tables of a day, and at the end what had to hold."""
    yield "; ".join(f"{key} {value}" for key, value in figures.city.items())
    for name, rows in figures.tables.items():
        yield ""
        yield TITLES[name]
        yield from _rows(rows)
    yield ""
    yield "必须成立 what had to hold"
    for promise in figures.promises:
        yield f"  {'✓' if promise.held else '✗'} {promise.name}: {promise.text}"
    day, checks = figures.seconds
    yield f"  {day:.0f} s of wall time for the day, {checks:.0f} s to check its folder"


def _rows(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    if not rows:
        yield "  -"
    elif len(rows) == 1:
        width = max(map(len, rows[0]))
        yield from (f"  {key.replace('_', ' '):<{width}}  {value}" for key, value in rows[0].items())
    else:
        yield from _table(rows)


def _table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    titles = list(rows[0])
    cells = [[title.replace("_", " ") for title in titles], *([str(row[title]) for title in titles] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(titles))]
    for line in cells:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
