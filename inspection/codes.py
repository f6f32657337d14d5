"""The national code tables (代码表) as data: what each code of a field is called, and how sure that is.

Knows how a table file reads and how to look a code up. Which codes a
rule or a form wants is left to rules and checklist.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Literal, cast, get_args

from msgspec import Struct

from inspection import InspectionError, shipped_names, shipped_text

Sure = Literal["T", "T*", "K", "?"]

COLUMNS = ("code", "name_zh", "name_en", "note")
FOLDER = "code_tables"
SUFFIX = ".tsv"
NEAREST_CODES_MAX = 5

_MARK = re.compile(r"(T\*|T|K|\?)(?![A-Za-z0-9*])")


class CodeError(InspectionError):
    """A code, table or table file that does not hold.

    table: the table asked. value: the code refused, or empty. nearest: codes that may have been meant, best first.
    """

    def __init__(self, text: str, *, table: str = "", value: str = "", nearest: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.table = table
        self.value = value
        self.nearest = nearest


class CodeRow(Struct, frozen=True):
    """One code of a table.

    code: as it travels, e.g. "02". name_zh, name_en: what it is called; name_en is empty where none is known.
    note: provenance and traps, beginning with the mark.
    sure: "T" read in a text or in working code, "T*" in one vendor's code only, "K" own knowledge, "?" unsure.
    """

    code: str
    name_zh: str
    name_en: str
    note: str
    sure: Sure

    @property
    def provisional(self) -> bool:
        """Whether the code may change: it is unconfirmed, or its sources conflict."""
        return self.sure in ("K", "?") or "conflict" in self.note.lower()


class CodeTable(Struct, frozen=True):
    """One table of codes, in the order of its file.

    rows: every row. repeated: codes that stand in more than one row; they are placeholders and cannot be looked up.
    """

    name: str
    rows: tuple[CodeRow, ...]
    by_code: dict[str, CodeRow]
    repeated: tuple[str, ...]

    def __getitem__(self, code: str) -> CodeRow:
        """Return the row of `code`; raises CodeError with the nearest right codes when there is none."""
        row = self.by_code.get(code)
        if row is None:
            raise self._unknown(code)
        return row

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __iter__(self) -> Iterator[CodeRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, code: str) -> tuple[str, ...]:
        """Return at most `NEAREST_CODES_MAX` codes that look like `code`, best first; empty when none does."""
        asked = unicodedata.normalize("NFKC", code[:40]).strip().upper()
        # Spreadsheets and hurried people drop the zeros in front: "2" is meant as "02" before it is meant as "52".
        padded = [code for code in self.by_code if asked and code.lstrip("0") == asked.lstrip("0")]
        alike = get_close_matches(asked, list(self.by_code), n=NEAREST_CODES_MAX, cutoff=0.5)
        # Codes are built from the left, class before kind: of near ones the one that begins the same is meant.
        alike.sort(key=lambda code: -_shared_start(code, asked))
        return tuple(dict.fromkeys(padded + alike))[:NEAREST_CODES_MAX]

    def _unknown(self, code: str) -> CodeError:
        if code in self.repeated:
            text = f"{self.name}: {code!r} stands for several rows and names none of them"
            return CodeError(text, table=self.name, value=code)
        nearest = self.nearest(code)
        hint = f"nearest: {', '.join(nearest)}" if nearest else f"no code of the {len(self.by_code)} looks like it"
        return CodeError(f"{self.name} has no code {code[:40]!r}; {hint}", table=self.name, value=code, nearest=nearest)


def table_names() -> tuple[str, ...]:
    """Return the names of all shipped tables, sorted."""
    return tuple(name.removesuffix(SUFFIX) for name in shipped_names(FOLDER) if name.endswith(SUFFIX))


@cache
def table(name: str) -> CodeTable:
    """Return the shipped table `name`, e.g. "hpzl" (号牌种类), "syxz" (使用性质) or "cllx" (车辆类型).

    Raises CodeError when there is no such table.
    """
    names = table_names()
    if name not in names:
        nearest = tuple(get_close_matches(name, names, n=NEAREST_CODES_MAX))
        raise CodeError(f"no code table {name[:40]!r}; nearest: {', '.join(nearest) or 'none'}", nearest=nearest)
    return parse_table(name, shipped_text(FOLDER, name + SUFFIX))


def parse_table(name: str, text: str) -> CodeTable:
    """Return the table written in `text`: tab-separated lines under a header of `COLUMNS`.

    Raises CodeError naming the line: wrong header, wrong number of columns, no code, or a note without its mark.
    """
    lines = text.splitlines()
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise CodeError(f"{name} line 1: the columns must be {', '.join(COLUMNS)}", table=name)
    rows = tuple(_row(name, number, line) for number, line in enumerate(lines[1:], start=2))
    repeated = tuple(sorted(code for code, count in Counter(row.code for row in rows).items() if count > 1))
    by_code = {row.code: row for row in rows if row.code not in repeated}
    return CodeTable(name=name, rows=rows, by_code=by_code, repeated=repeated)


def _shared_start(a: str, b: str) -> int:
    differing = (index for index, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
    return next(differing, min(len(a), len(b)))


def _row(name: str, number: int, line: str) -> CodeRow:
    cells = line.split("\t")
    if len(cells) != len(COLUMNS) or not cells[0]:
        raise CodeError(f"{name} line {number}: {len(COLUMNS)} columns and a code wanted", table=name)
    code, name_zh, name_en, note = cells
    mark = _MARK.match(note)
    if mark is None:
        raise CodeError(f"{name} line {number}: the note must begin with {' or '.join(get_args(Sure))}", table=name)
    return CodeRow(code=code, name_zh=name_zh, name_en=name_en, note=note, sure=cast("Sure", mark.group()))
