"""A whole day of a city through the real engine, with enough auditors and with too few; keeps city-day.json.

`python -m benchmarks.city_day`. Both days are those of `passlane simulate-day`, in virtual time. The store is the
SQLite file without waiting for the disk (synchronous = OFF); all else is as in a hub. The seconds depend on the
machine, all other figures on the seed alone.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import keep, machine
from passlane.day.city import Sizes
from passlane.day.figures import Figures
from passlane.day.living import live
from passlane.day.printing import heading, hour_line, report

DAYS = {"staffed": Sizes(), "understaffed": Sizes(understaffed=True)}
_KEPT = ("cases", "day", "audits", "pre_audit", "recalls", "stops", "warnings", "suspicions", "refused")


def main() -> int:
    """Live both days; keep their figures when all held that has to, and return 0 then."""
    lived = {name: _live(sizes) for name, sizes in DAYS.items()}
    held = all(figures.held for figures in lived.values())
    if held:
        days: dict[str, Any] = {name: _kept(figures) for name, figures in lived.items()}
        keep(Path(__file__).parent / "city-day.json", {**days, "machine": machine()})
    return 0 if held else 1


def _live(sizes: Sizes) -> Figures:
    print("\n".join(heading()))
    with tempfile.TemporaryDirectory(prefix="passlane-day-") as folder:
        figures = live(sizes, Path(folder), lambda hour: print(hour_line(hour), flush=True))
    print("\n".join(report(figures)))
    return figures


def _kept(figures: Figures) -> dict[str, Any]:
    values = figures.as_json()
    return {name: values[name] for name in ("city", *_KEPT, "promises", "held", "seconds")}


if __name__ == "__main__":
    sys.exit(main())
