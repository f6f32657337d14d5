"""Prints a table of figures and keeps it as JSON beside this file, with the machine that it was measured on."""

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

Row = dict[str, float | int | str]


def publish(name: str, rows: list[Row], notes: str) -> None:
    """Print the rows as a table and write NAME.json. All rows have the keys of the first."""
    print(table(rows))
    print(notes)
    keep(HERE / f"{name}.json", {"figures": rows, "notes": notes, "machine": machine()})


def table(rows: Sequence[Row]) -> str:
    """Return rows as an aligned table with their keys above. All rows have the keys of the first; of none, nothing."""
    if not rows:
        return ""
    titles = list(rows[0])
    cells = [titles, *([_text(row[title]) for title in titles] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(titles))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def machine() -> dict[str, str | int | None]:
    """Return what the figures were measured on; no name by which the machine could be found."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def keep(path: Path, values: dict[str, Any]) -> None:
    """Write values as JSON."""
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text(encoding="utf-8", errors="replace").splitlines() if listing.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _text(value: float | str) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
