"""On which line each key of a TOML text stands. The standard library's reader tells the line of a syntax error only.

It knows where keys, headers and values begin and end, in TOML 1.0, and nothing of what they mean: the caller has read
the text with `tomllib` first, so what is not TOML never comes here. Line feeds are counted, as `tomllib` counts them.
"""

import re
import tomllib

from firmware_profiles import ProfileError

KeyPath = tuple[str | int, ...]

NESTING_LEVELS_MAX = 16

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_QUOTED = r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'"
_KEY_PART = re.compile(rf"{_QUOTED}|[A-Za-z0-9_-]+")
# A long string may end in one or two quotes of its own, right before the three that close it.
_LONG_STRING = re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|' + r"'''.*?'''(?:'{0,2})", re.DOTALL)
_SCALAR = re.compile(rf"{_QUOTED}|[^,\]}}#\n]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) where each key, table and array element of a valid TOML text first stands.

    A path holds keys as tomllib returns them, and the index (from 0) of an element of an array: ("camera", 1, "width").
    Raises ProfileError when keys or values are nested deeper than NESTING_LEVELS_MAX.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


class _Scan:
    """One pass over one text: where it is, the lines found, and how many tables each array of tables has."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._tables: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            table = self._statement(table)
            self._take(_BLANK)

    def _statement(self, table: KeyPath) -> KeyPath:
        if self._text.startswith("[[", self._at):
            return self._array_header()
        if self._text.startswith("[", self._at):
            return self._header()
        self._pair(table, levels=0)
        return table

    def _header(self) -> KeyPath:
        line = self._line
        self._skip(1)
        path = self._entered(self._key(), line)
        self._skip(1)
        return path

    def _array_header(self) -> KeyPath:
        line = self._line
        self._skip(2)
        key = self._key()
        array = (*self._entered(key[:-1], line), key[-1])
        index = self._tables.get(array, 0)
        self._tables[array] = index + 1
        self._mark(array, line)
        self._mark((*array, index), line)
        self._skip(2)
        return (*array, index)

    def _entered(self, key: tuple[str, ...], line: int) -> KeyPath:
        """Walk down a header's key; a name that is an array of tables stands for its newest table."""
        path: KeyPath = ()
        for part in key:
            path = (*path, part)
            self._mark(path, line)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: KeyPath, *, levels: int) -> None:
        path = table
        line = self._line
        for part in self._key():
            path = (*path, part)
            self._mark(path, line)
        self._skip(1)
        self._take(_SPACE)
        self._value(path, levels=levels)

    def _key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self._take(_SPACE)
            parts.append(_plain(self._take(_KEY_PART)))
            self._check_levels(len(parts) - 1)
            self._take(_SPACE)
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._skip(1)

    def _value(self, path: KeyPath, *, levels: int) -> None:
        self._check_levels(levels)
        if self._text.startswith("[", self._at):
            self._array(path, levels=levels)
        elif self._text.startswith("{", self._at):
            self._inline_table(path, levels=levels)
        elif self._text.startswith(('"""', "'''"), self._at):
            self._take(_LONG_STRING)
        else:
            self._take(_SCALAR)

    def _array(self, path: KeyPath, *, levels: int) -> None:
        index = 0
        while not self._closed("]"):
            self._mark((*path, index), self._line)
            self._value((*path, index), levels=levels + 1)
            index += 1

    def _inline_table(self, path: KeyPath, *, levels: int) -> None:
        while not self._closed("}"):
            self._pair(path, levels=levels + 1)

    def _closed(self, bracket: str) -> bool:
        """Step over the opening bracket or a comma, and over the closing bracket if it stands there.

        The end of the text closes too, so that not even a text that is no TOML could hold the scan for ever.
        """
        self._take(_BLANK)
        if not self._text.startswith(bracket, self._at):
            self._skip(1)
            self._take(_BLANK)
        if not self._text.startswith(bracket, self._at):
            return self._at >= len(self._text)
        self._skip(1)
        return True

    def _check_levels(self, levels: int) -> None:
        # Paths are kept whole, so depth without a bound would cost memory by its square.
        if levels > NESTING_LEVELS_MAX:
            raise ProfileError(f"line {self._line}: nested deeper than {NESTING_LEVELS_MAX} levels")

    def _mark(self, path: KeyPath, line: int) -> None:
        self.lines.setdefault(path, line)

    def _skip(self, characters: int) -> None:
        self._at += characters

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        taken = found.group() if found else ""
        self._at += len(taken)
        self._line += taken.count("\n")
        return taken


def _plain(token: str) -> str:
    if token[:1] not in ("'", '"'):
        return token
    return str(tomllib.loads(f"key = {token}")["key"])
