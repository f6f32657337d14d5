"""The language that the applications share: pure values and rules, with no I/O, clock, randomness or logging.

This module knows the room's root error and how to read the data files that are shipped inside the room.
"""

from functools import cache
from importlib.resources import files


class InspectionError(ValueError):
    """A value that the language refuses; its text is written for the person who has to mend it."""


@cache
def shipped_text(folder: str, name: str) -> str:
    """Return the text of a data file of this room, e.g. `shipped_text("code_tables", "hpzl.tsv")`.

    The files are part of the code: versioned, read once, never written.
    """
    return (files(__package__) / folder / name).read_text(encoding="utf-8")


def shipped_names(folder: str) -> tuple[str, ...]:
    """Return the sorted names of the data files in one of this room's folders."""
    return tuple(sorted(entry.name for entry in (files(__package__) / folder).iterdir() if entry.is_file()))
