"""Prints a table of figures and keeps it as JSON beside this file, with the machine that it was measured on."""

import json
import os
import platform
from pathlib import Path

HERE = Path(__file__).parent

Row = dict[str, float | int | str]


def publish(name: str, rows: list[Row], notes: str) -> None:
    """Print the rows as a table and write NAME.json. All rows have the keys of the first."""
    titles = list(rows[0])
    cells = [titles, *([_text(row[title]) for title in titles] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(titles))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(notes)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    kept = {"figures": rows, "notes": notes, "machine": machine}
    (HERE / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _text(value: float | str) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
