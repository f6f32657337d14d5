"""`passlane rulebook`: check, sign and show the rules of a date."""

import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from inspection.rules import (
    Rulebook,
    load_rulebooks,
    parse_rulebooks,
    rulebook_on,
    shipped_texts,
    sign_rulebook,
    timeline,
)
from inspection.rules.signed import open_rulebook
from inspection.signing import SignatureError, public_key_from_hex
from passlane import UsageError
from passlane.engine.rulebook_files import read_folder, read_signed, read_text, write_signature
from passlane.profile_command import profile_key

_NOT_SHOWN = ("text", "digest", "clauses", "provisional")


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    rulebook = subcommands.add_parser(
        "rulebook",
        help="check, sign or show the rules of a date",
        description="check: say what is wrong with these rulebooks, together with those that this program carries; "
        "with --key also that their signatures hold. sign: check them and write FILE.sig; the private key file is made "
        "when it is not there. show: print the rules in force, all amendments applied.",
        epilog="example: passlane rulebook sign city-2027.toml --key-file rules.key",
    )
    rulebook.add_argument("action", choices=["check", "sign", "show"], help="what to do")
    rulebook.add_argument("files", metavar="FILE", type=Path, nargs="*", help="rulebooks, TOML files")
    rulebook.add_argument("--key", metavar="HEX", help="check: the public key that must have signed them")
    rulebook.add_argument("--key-file", metavar="FILE", type=Path, help="sign: the private key")
    rulebook.add_argument("--on", metavar="DATE", type=day_of_text, help="show: the rules of this day only")
    rulebook.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, sign or show rulebooks."""
    actions = {"check": _check, "sign": _sign, "show": _show}
    return actions[options.action](options)


def day_of_text(text: str) -> date:
    """Return the day written as YYYY-MM-DD, for an option of the command."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write YYYY-MM-DD") from error


def key_of_text(text: str) -> bytes:
    """Return the public key written as 64 hexadecimal characters; raises UsageError."""
    try:
        return public_key_from_hex(text)
    except SignatureError as error:
        raise UsageError(str(error)) from error


def rulebooks_of(folder: Path | None, key: str | None) -> tuple[Rulebook, ...]:
    """Return the shipped rulebooks, with the signed ones of a folder where one is named.

    Raises UsageError, RulebookError.
    """
    if (folder is None) != (key is None):
        raise UsageError("--rulebooks DIR and --key HEX are given both or not at all")
    own = read_folder(folder) if folder else []
    return load_rulebooks(shipped_texts(), own, key_of_text(key) if key else None)


def _given(options: argparse.Namespace) -> dict[str, str]:
    if not options.files:
        raise UsageError(f"rulebook {options.action} needs a FILE")
    texts = {path.name: read_text(path) for path in options.files}
    if len(texts) < len(options.files):
        raise UsageError("two of the files have the same name")
    return texts


def _with_shipped(texts: dict[str, str]) -> tuple[Rulebook, ...]:
    # A shipped rulebook may be checked itself; it is then not there twice.
    shipped = {name: text for name, text in shipped_texts() if text not in texts.values()}
    if double := sorted(set(shipped) & set(texts)):
        raise UsageError(f"{double[0]} is the name of a rulebook that this program carries; take another one")
    return timeline(parse_rulebooks({**shipped, **texts}))


def _check(options: argparse.Namespace) -> int:
    texts = _given(options)
    books = _with_shipped(texts)
    said = "its signature was not asked"
    if options.key:
        key = key_of_text(options.key)
        for name, text, signature in map(read_signed, options.files):
            open_rulebook(text, signature, key, name=name)
        said = "the signature holds"
    for book in books:
        if book.text.rpartition("\f")[2] in texts.values():
            print(f"{book.name}: sound, {_dates(book, books)}; {said}")
    return 0


def _sign(options: argparse.Namespace) -> int:
    texts = _given(options)
    if options.key_file is None:
        raise UsageError("rulebook sign needs --key-file FILE")
    # Before the key: what is refused leaves no key file behind.
    _with_shipped(texts)
    key = profile_key(options.key_file)
    for path in options.files:
        print(f"signed: {write_signature(path, sign_rulebook(texts[path.name], key))} (public key {key.public.hex()})")
    return 0


def _show(options: argparse.Namespace) -> int:
    books = _with_shipped(_given(options) if options.files else {})
    shown = (rulebook_on(options.on, books),) if options.on else books
    print("\n".join(_shown(book, books) for book in shown))
    return 0


def _dates(book: Rulebook, books: tuple[Rulebook, ...]) -> str:
    following = [other.in_force_from for other in books if other.in_force_from > book.in_force_from]
    until = book.in_force_until or min(following, default=None)
    return f"in force from {book.in_force_from}" + (f" to before {until}" if until else " on")


def _shown(book: Rulebook, books: tuple[Rulebook, ...]) -> str:
    rules = {key: value for key, value in msgspec.to_builtins(book).items() if key not in _NOT_SHOWN}
    values = (
        f"{name} = {json.dumps(value, ensure_ascii=False)}{_provisional(name, book)}"
        for name, value in _flat("", rules)
        if value is not None
    )
    clauses = (f"{code} ({text.kind}): {text.zh} / {text.en} [{text.clause}]" for code, text in book.clauses.items())
    return "\n".join([f"{book.name}, {_dates(book, books)}", *values, *clauses, ""])


def _flat(before: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield before, value
        return
    for key, within in value.items():
        yield from _flat(f"{before}.{key}" if before else key, within)


def _provisional(name: str, book: Rulebook) -> str:
    marked = any(name == one or name.startswith(f"{one}.") for one in book.provisional)
    return "  # provisional" if marked else ""
