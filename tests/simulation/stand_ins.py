"""Puts simulated things in the place of what the product takes from the system, and mutants in the product's own.

Only for as long as one schedule runs, and only where the product has no argument for it: the files of photos.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace
from PIL import Image, UnidentifiedImageError

from central_hub import casework
from central_hub.deciding.intake import ChainHead
from central_hub.store import photos
from edge_agent import store, vault
from inspection.directives import Receipt
from inspection.signing import SigningKey
from inspection.wire import Batch, Recorded, seal_receipt
from tests.simulation.machines.files import SimOs, SimPath
from tests.simulation.mutants import Mutant

LOWERED = {"PRAGMA synchronous = FULL": "PRAGMA synchronous = NORMAL"}
KEYLESS = {"UNIQUE (device, seq)": "CHECK (seq > 0)"}


class _SimImage:
    """Stands in for `PIL.Image`, for pictures on simulated files."""

    DecompressionBombWarning = Image.DecompressionBombWarning
    DecompressionBombError = Image.DecompressionBombError
    UnidentifiedImageError = UnidentifiedImageError

    @staticmethod
    def open(path: SimPath, *, formats: list[str]) -> Image.Image:
        """Open a picture by its header."""
        return Image.open(io.BytesIO(path.read_bytes()), formats=formats)


@contextmanager
def simulated(mutant: Mutant) -> Iterator[None]:
    """Have the product run on simulated files, broken as `mutant` says."""
    places: list[tuple[object, str, Any]] = [(vault, "os", SimOs), (store, "os", SimOs)]
    places += [(photos, "os", SimOs), (photos, "Image", _SimImage)]
    if mutant == "no unique key":
        places.append((casework, "new_records", _all_records))
    if mutant == "receipt names one too many":
        places.append((casework, "seal_receipt", _generous_receipt))
    with ExitStack() as stack:
        for place, name, stand_in in places:
            stack.enter_context(patch.object(place, name, stand_in))
        yield


def _all_records(batch: Batch, _known: ChainHead, _committed: bytes | None) -> tuple[Recorded, ...]:
    return batch.records


def _generous_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    return seal_receipt(replace(receipt, have=receipt.have + 1), key)
