"""Tells what carries a VIN: stamped metal, a plate, a sticker, a windshield, a rubbing or a document.

It looks at the line and a little of its surroundings. The kind is told to people and kept with the finding; no decision
hangs on it.
"""

import numpy as np

from inspection.evidence import SurfaceKind
from models.lines import Quad, grown_quad, strip_of
from models.photo import Pixels
from models.weights import Floats, Network

KINDS: tuple[SurfaceKind, ...] = ("stamped", "plate", "sticker", "windshield", "rubbing", "document")
VIEW_PIXELS = (192, 48)
_AROUND_ALONG = 0.6
_AROUND_ACROSS = 0.9
_PROBABILITY_MIN = 0.5


class SurfaceTeller:
    """Tells kinds with the network that the manifest lists as "surface-teller"."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def kind_of(self, image: Pixels, quad: Quad) -> SurfaceKind:
        """Return what carries a VIN, by its quad on a BGR picture; "unknown" below a probability of one half."""
        scores = self._network.run(prepared_for_telling(view_of(image, quad)))[0]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        return KINDS[best] if shares[best] >= _PROBABILITY_MIN else "unknown"


def view_of(image: Pixels, quad: Quad) -> Pixels:
    """Return the line with its surroundings, upright, BGR (48, 192, 3)."""
    return strip_of(image, grown_quad(quad, along=_AROUND_ALONG, across=_AROUND_ACROSS), VIEW_PIXELS)


def prepared_for_telling(view: Pixels) -> Floats:
    """Return the view as (1, 3, 48, 192) float32 in -1 to 1."""
    return np.ascontiguousarray(view.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1)
