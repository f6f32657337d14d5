"""Reads strips: what the network sees at each step along a strip, folded onto what can stand in a VIN (GB 16735).

It knows the network's character list and which of its characters are the same shape as a VIN's character: small
letters, full-width forms and the look-alikes of Cyrillic and Greek. It leaves to `sequences` how steps become text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import cv2
import numpy as np

from models import ModelError
from models.photo import Pixels
from models.weights import Floats, Network

SYMBOLS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
STRIP_PIXELS = (384, 48)
"""Width and height of every strip: 17 characters of whatever type face then have much the same pitch."""

# Letters that GB 16735 forbids because they look like a digit, with the digit they are taken for.
ILLEGAL = {"I": "1", "O": "0", "Q": "0"}
_LOOKALIKES = str.maketrans("АВЕЅКМНОРСТУХІЈҮΑΒΕΖΗΙΚΜΝΟΡΤΥΧØ", "ABESKMHOPCTYXIJYABEZHIKMNOPTYXO")


class CharacterError(ModelError):
    """A recogniser without a usable character list."""


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What was seen along one strip, left to right.

    symbols: (T, 33) probability of each of SYMBOLS, the illegal letters counted as their digits.
    illegal: (T, 3) the share of that which stood there as I, O and Q. space, mark: (T,) probability of a space, and of
    a character that no VIN holds. Blank is what remains.
    """

    symbols: Floats
    illegal: Floats
    space: Floats
    mark: Floats

    @property
    def blank(self) -> Floats:
        """(T,) probability that nothing new stands there."""
        rest = 1 - self.symbols.sum(axis=1) - self.space - self.mark
        return np.asarray(np.maximum(rest, 0), dtype=np.float32)

    def followed_by(self, other: "Steps") -> "Steps":
        """Return the steps of two strips as if they were one, a blank step between them."""
        return Steps(
            symbols=_parted(self.symbols, other.symbols),
            illegal=_parted(self.illegal, other.illegal),
            space=_parted(self.space, other.space),
            mark=_parted(self.mark, other.mark),
        )


class CharacterReader:
    """Reads strips with the network that the manifest lists as "character-reader"."""

    def __init__(self, network: Network) -> None:
        self._network = network
        listed = network.metadata.get("character", "")
        if not listed:
            raise CharacterError("the recogniser's weights carry no list of characters")
        # Class 0 is the CTC blank, the last class the space; the list stands between them.
        characters = ["", *listed.split("\n"), " "]
        self._classes_of = [_classes(characters, symbol) for symbol in (*SYMBOLS, *ILLEGAL, " ")]

    def read(self, strip: Pixels) -> Steps:
        """Return what stands along one upright BGR strip, shape (height, width, 3)."""
        return self._folded(self._network.run(prepared_for_reading(strip))[0])

    def _folded(self, seen: Floats) -> Steps:
        folded = np.stack([seen[:, classes].sum(axis=1) for classes in self._classes_of], axis=1)
        blank = seen[:, 0]
        count = len(SYMBOLS)
        symbols, illegal, space = folded[:, :count].copy(), folded[:, count:-1], folded[:, -1]
        mark = np.maximum(1 - blank - folded.sum(axis=1), 0)
        for column, digit in enumerate(ILLEGAL.values()):
            symbols[:, SYMBOLS.index(digit)] += illegal[:, column]
        return Steps(symbols=symbols, illegal=illegal, space=space, mark=np.asarray(mark, dtype=np.float32))


def prepared_for_reading(strip: Pixels) -> Floats:
    """Return the strip as (1, 3, 48, 384) float32 in -1 to 1."""
    sized = strip if strip.shape[1::-1] == STRIP_PIXELS else cv2.resize(strip, STRIP_PIXELS)
    return np.ascontiguousarray(sized.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1)


def symbol_for(character: str) -> str:
    """Return the capital of the same shape that a network's character stands for, or "" where it stands for none.

    "l" and "|" stand for "I", which is illegal in a VIN and taken for 1.
    """
    plain = normalize("NFKC", character)
    if plain in {"l", "|"}:
        return "I"
    capital = plain.upper().translate(_LOOKALIKES)
    return capital if len(capital) == 1 and (capital in SYMBOLS or capital in ILLEGAL or capital == " ") else ""


def _parted(first: Floats, second: Floats) -> Floats:
    return np.concatenate([first, np.zeros_like(first[:1]), second])


def _classes(characters: Sequence[str], symbol: str) -> list[int]:
    return [index for index, character in enumerate(characters) if index and symbol_for(character) == symbol]
