"""What is wrong with a profile, and how that is said to the person who has to mend it.

It knows how a key is named, how a wrong name is answered with the nearest right one, and how a type says what it
expects. Which faults there are is for `parsing` and `consistency` to find.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple, get_args, get_origin

from msgspec import Meta

from firmware_profiles import ProfileError
from firmware_profiles.positions import KeyPath

FAULTS_SHOWN_MAX = 20
TEXT_SHOWN_CHARACTERS_MAX = 60

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}\Z")
_PLAIN_TYPES = {
    bool: "true or false",
    date: "a date such as 2026-03-01",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


class Fault(NamedTuple):
    """One thing that is wrong: the path of the key that it is about, and the rest of the sentence after its name."""

    path: KeyPath
    text: str


def refusal(faults: Iterable[Fault], lines: Mapping[KeyPath, int]) -> ProfileError:
    """Return the error that names every fault with its line and its key's full path, in the order of the file.

    One fault a line, e.g. `line 14: [limits] photo_byte_max is not a known key; did you mean photo_bytes_max?`.
    Past FAULTS_SHOWN_MAX the rest is only counted.
    """
    found = sorted((_line_of(fault.path, lines), f"{_key_name(fault.path)} {fault.text}") for fault in faults)
    shown = [f"line {line}: {sentence}" for line, sentence in found[:FAULTS_SHOWN_MAX]]
    if len(found) > FAULTS_SHOWN_MAX:
        shown.append(f"and {len(found) - FAULTS_SHOWN_MAX} more")
    return ProfileError("\n".join(shown))


def nearest(wrong: str, right: Iterable[str]) -> str:
    """Return `; did you mean NAME?` for the right name most like the wrong one, or nothing when none is like it."""
    found = difflib.get_close_matches(wrong, list(right), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def shown(value: object) -> str:
    """Return a value as a profile would spell it, cut to TEXT_SHOWN_CHARACTERS_MAX."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:
        # Python refuses to write out an integer of thousands of digits; TOML may hold one, in hexadecimal.
        return "a number too large to show"
    return text if len(text) <= TEXT_SHOWN_CHARACTERS_MAX else f"{text[:TEXT_SHOWN_CHARACTERS_MAX]}..."


def expectation(kind: Any) -> str:
    """Return in words what a value of an annotated type may be, e.g. `a whole number from 1 to 20`."""
    if get_origin(kind) is Literal:
        return " or ".join(shown(choice) for choice in get_args(kind))
    plain, *notes = get_args(kind) or (kind,)
    for note in notes:
        if isinstance(note, Meta) and note.description is not None:
            return note.description
        if isinstance(note, Meta) and note.ge is not None:
            return f"{_PLAIN_TYPES[plain]} from {note.ge} to {note.le}"
    return _PLAIN_TYPES[plain]


def _line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int:
    """Return the line of the key, or of the nearest table around it that the file has, or the first line."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _key_name(path: KeyPath) -> str:
    *around, last = path
    if isinstance(last, int):
        return _table_name(path)
    return f"{_table_name(tuple(around))} {_spelt(last)}" if around else _spelt(last)


def _table_name(path: KeyPath) -> str:
    """Return `[limits]`, or `[[camera]] 2` for the second of an array of tables."""
    *around, last = path
    names = ".".join(_spelt(part) for part in around if isinstance(part, str))
    if isinstance(last, int):
        return f"[[{names}]] {last + 1}"
    return f"[{names}.{_spelt(last)}]" if names else f"[{_spelt(last)}]"


def _spelt(key: str) -> str:
    return key if _BARE_KEY.match(key) else shown(key)
