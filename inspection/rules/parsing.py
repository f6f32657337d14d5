"""Reading rulebooks: from TOML texts, one amending another, to rules that can be applied.

A rulebook that `amends` another says only what changes: tables are merged key by key, lists are replaced. Its id, its
dates and its source are its own. A rulebook's whole text is the texts that it rests on, the oldest first, with a form
feed between two of them (TOML allows none); its digest is over that, so one digest vouches for all that was applied.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from inspection import shipped_text
from inspection.rules.checking import check_rulebook
from inspection.rules.rulebook import Rulebook, RulebookError
from inspection.signing import digest

RULEBOOK_CHARACTERS_MAX = 100_000
AMENDMENTS_MAX = 100
SEPARATOR = "\f"
FOLDER = "rulebooks"
FIRST = "2014-09-01.toml"
"""The oldest rulebook, which amends none: it says how clauses read of which another rulebook says nothing."""

_OWN_KEYS = ("id", "amends", "in_force_from", "in_force_until", "source")
_SET_HERE = ("text", "digest")

Document = dict[str, Any]


def parse_rulebook(text: str) -> Rulebook:
    """Read one rulebook; a text that amends others has those in front (see above).

    Raises RulebookError naming what is wrong: rulebook.toml, .shape, .size, .unknown_parent and those of `checking`.
    """
    merged: Document = {}
    before = ""
    for part in text.split(SEPARATOR, AMENDMENTS_MAX):
        document = _document(part)
        if document.get("amends", "") != before:
            said = f"rulebook {document.get('id')} amends {document.get('amends')!r}, which is not here"
            raise RulebookError(said, code="rulebook.unknown_parent")
        merged = _merged({key: merged[key] for key in merged if key not in _OWN_KEYS}, document)
        before = str(document.get("id", ""))
    book = _converted(merged)
    check_rulebook(book)
    return msgspec.structs.replace(book, text=text, digest=digest(text.encode()).hex())


def parse_rulebooks(texts: Mapping[str, str]) -> tuple[Rulebook, ...]:
    """Read the rulebooks of several files, which may amend each other. texts: file name to text.

    Returns them in the order of the files. Raises RulebookError naming the file; beyond those of `parse_rulebook`:
    rulebook.doubled, rulebook.unknown_parent, rulebook.cycle, rulebook.order.
    """
    documents = {name: _read(name, text) for name, text in texts.items()}
    files: dict[str, str] = {}
    for name, document in documents.items():
        book_id = str(document.get("id", ""))
        if book_id in files:
            said = f"{name}: the id {book_id!r} is that of {files[book_id]} already"
            raise RulebookError(said, code="rulebook.doubled")
        files[book_id] = name
    whole = {name: SEPARATOR.join(texts[one] for one in _chain(name, documents, files)) for name in documents}
    books = {name: _named(name, text) for name, text in whole.items()}
    for name, book in books.items():
        if book.amends and books[files[book.amends]].in_force_from >= book.in_force_from:
            said = f"{name}: it begins on {book.in_force_from}, no later than what it amends"
            raise RulebookError(said, code="rulebook.order")
    return tuple(books.values())


@cache
def default_clauses() -> Document:
    """Return how clauses read in the oldest rulebook that this program carries."""
    clauses = _document(shipped_text(FOLDER, FIRST))["clauses"]
    return dict(clauses)


def _chain(name: str, documents: Mapping[str, Document], files: Mapping[str, str]) -> list[str]:
    """Return the files that a file rests on, the oldest first, and itself."""
    chain = [name]
    while parent := str(documents[chain[0]].get("amends", "")):
        if parent not in files:
            said = f"{chain[0]}: it amends {parent!r}, which is not here"
            raise RulebookError(said, code="rulebook.unknown_parent")
        if files[parent] in chain:
            said = f"{chain[0]}: it amends {parent!r}, which rests on it: {' < '.join([files[parent], *chain])}"
            raise RulebookError(said, code="rulebook.cycle")
        chain.insert(0, files[parent])
    return chain


def _named(name: str, text: str) -> Rulebook:
    try:
        return parse_rulebook(text)
    except RulebookError as error:
        raise RulebookError(f"{name}: {error}", code=error.code) from error


def _read(name: str, text: str) -> Document:
    try:
        return _document(text)
    except RulebookError as error:
        raise RulebookError(f"{name}: {error}", code=error.code) from error


def _document(text: str) -> Document:
    if len(text) > RULEBOOK_CHARACTERS_MAX:
        said = f"a rulebook has at most {RULEBOOK_CHARACTERS_MAX} characters, this one has {len(text)}"
        raise RulebookError(said, code="rulebook.size")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"it is no TOML: {error}", code="rulebook.toml") from error
    for key in _SET_HERE:
        if key in document:
            raise RulebookError(f"unknown key {key!r}: it follows from the text", code="rulebook.shape")
    return document


def _merged(before: Document, change: Document) -> Document:
    merged = dict(before)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(before.get(key), dict)
        merged[key] = _merged(before[key], value) if both else value
    return merged


def _converted(document: Document) -> Rulebook:
    clauses = document.get("clauses", {})
    if isinstance(clauses, dict):
        document = {**document, "clauses": _merged(default_clauses(), clauses)}
    try:
        return msgspec.convert(document, Rulebook)
    except msgspec.ValidationError as error:
        said = f"rulebook {document.get('id', 'without an id')}: {error}"
        raise RulebookError(said, code="rulebook.shape") from error
