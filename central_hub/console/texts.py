"""What the console says, in Chinese or English: the texts of `templates/*.toml`, by dotted keys.

Knows the languages and how a text is filled in; which text a page shows is the page's. The names of national codes
come from the code tables, see `names`.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from central_hub.clock import text_of

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
MINUTE_MS = 60_000
HOUR_MINUTES = 60


class Texts:
    """The texts of one language; calling it with a key returns the text, filled in."""

    def __init__(self, language: Language, said: Mapping[str, str]) -> None:
        self.language = language
        self._said = said

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key`; a key that is in neither file is a fault of the program (KeyError)."""
        return self._said[key].format(**values)

    def coded(self, family: str, code: str) -> str:
        """Return the text of a code that came from elsewhere, or the code itself where none is known."""
        return self._said.get(f"{family}.{code}", code)

    def either(self, zh: str, en: str) -> str:
        """Choose between two texts that somebody else wrote; the Chinese one where there is no English one."""
        return zh if self.language == "zh" else en or zh

    def in_order(self, beginning: str) -> tuple[str, ...]:
        """Return the keys that begin so, in the order of the file."""
        return tuple(key for key in self._said if key.startswith(beginning))


@cache
def texts_in(language: Language) -> Texts:
    """Return the shipped texts of a language."""
    text = (files(__package__) / "templates" / f"{language}.toml").read_text(encoding="utf-8")
    return Texts(language, _flat(tomllib.loads(text), ""))


def _flat(tree: Mapping[str, Any], above: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
    return flat


def moment(milliseconds: int) -> str:
    """Return a moment (Unix milliseconds) in Beijing time; a device's nonsense figure comes back as it is."""
    try:
        return text_of(milliseconds)
    except (ValueError, OverflowError, OSError):
        return str(milliseconds)


def time_of_day(written: str) -> str:
    """Return the time of a moment without its day; of what `moment` could not write, nothing."""
    _, _, time = written.partition(" ")
    return time


def percent(probability: float) -> str:
    """Return a probability (0 to 1) as whole percent; empty for what is none, as NaN."""
    return f"{round(probability * 100)}%" if 0 <= probability <= 1 else ""


def kilobytes(size: int) -> int:
    """Return bytes as kilobytes of 1024 bytes, at least 1."""
    return max(1, round(size / 1024))


def day_or(day: date | None, otherwise: str) -> str:
    """Return a day as YYYY-MM-DD, or `otherwise` where there is none."""
    return day.isoformat() if day else otherwise


def span(milliseconds: int) -> str:
    """Return a span of time as h:mm, minutes rounded down."""
    minutes = abs(milliseconds) // MINUTE_MS
    return f"{minutes // HOUR_MINUTES}:{minutes % HOUR_MINUTES:02d}"
