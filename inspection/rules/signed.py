"""Whose rulebooks count: those that this program carries, and an installation's own ones that were signed for it.

Knows the form of a signature file (NAME.toml.sig) and that nothing in a text is believed before its signature holds.
Reading the files is for others.
"""

import re
from collections.abc import Sequence
from functools import cache

from inspection import shipped_names, shipped_text
from inspection.rules.parsing import FOLDER, parse_rulebooks
from inspection.rules.rulebook import Rulebook, RulebookError
from inspection.rules.timeline import timeline
from inspection.signing import SignatureError, SigningKey, digest, verify

PURPOSE = "rulebook"
SIGNATURE_SUFFIX = ".sig"
_KEY_CHARACTERS = 16
_SIGNATURE_LINE = re.compile(r"passlane-rulebook ed25519 ([0-9a-f]{16}) ([0-9a-f]{128})\r?\n?\Z")


def sign_rulebook(text: str, key: SigningKey) -> str:
    """Return the signature file of a rulebook's text; that the text can be applied is checked by the caller."""
    return f"passlane-rulebook ed25519 {_called(key.public)} {key.sign(PURPOSE, text.encode()).hex()}\n"


def open_rulebook(text: str, signature: str, public: bytes, *, name: str = "rulebook") -> str:
    """Return the text if the holder of `public` (32 bytes) signed exactly it. signature: the signature file's text.

    name: how errors call it. Raises RulebookError (rulebook.signature).
    """
    found = _SIGNATURE_LINE.match(signature)
    if found is None:
        said = f"{name}{SIGNATURE_SUFFIX}: not a whole signature file ({len(signature)} characters)"
        raise RulebookError(said, code="rulebook.signature")
    try:
        verify(public, PURPOSE, text.encode(), bytes.fromhex(found[2]))
    except SignatureError as error:
        said = f"{name}: it or its signature was altered after signing"
        if found[1] != _called(public):
            said = f"{name}: signed by key {found[1]}, not by the expected {_called(public)}"
        raise RulebookError(said, code="rulebook.signature") from error
    return text


def load_rulebooks(
    shipped: Sequence[tuple[str, str]], own: Sequence[tuple[str, str, str]], public: bytes | None
) -> tuple[Rulebook, ...]:
    """Return the rulebooks of an installation, oldest first.

    shipped: file name and text of those that the program carries. own: file name, text and signature file's text of the
    installation's own, which may amend the shipped ones. public: the key that must have signed them, None where the
    installation names none. Raises RulebookError: rulebook.signature, rulebook.key, rulebook.doubled, and those of
    `parse_rulebooks` and `timeline`.
    """
    if own and public is None:
        raise RulebookError(f"{own[0][0]}: no key is named that rulebooks are signed with", code="rulebook.key")
    opened = [(name, open_rulebook(text, signature, public or b"", name=name)) for name, text, signature in own]
    texts: dict[str, str] = {}
    for name, text in (*shipped, *opened):
        if name in texts:
            raise RulebookError(f"{name}: there are two files of this name", code="rulebook.doubled")
        texts[name] = text
    return timeline(parse_rulebooks(texts))


def shipped_texts() -> tuple[tuple[str, str], ...]:
    """Return file name and text of each rulebook that this program carries."""
    return tuple((name, shipped_text(FOLDER, name)) for name in shipped_names(FOLDER))


@cache
def shipped_rulebooks() -> tuple[Rulebook, ...]:
    """Return the rulebooks that this program carries, oldest first."""
    return load_rulebooks(shipped_texts(), (), None)


def _called(public: bytes) -> str:
    return digest(public).hex()[:_KEY_CHARACTERS]
