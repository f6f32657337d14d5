"""Whether the items of a carried file stand as they must, from its heading to its signed ending. Decides only.

Holds one item at a time, however long the file is. What the items mean, and whether they are taken, is left to the
rooms; a file of which `finish` raised is to be taken in no part.
"""

import hashlib

from inspection.carried import CarriedError
from inspection.carried.form import (
    AnyItem,
    CarriedBatch,
    CarriedReceipt,
    Contents,
    Ending,
    Heading,
    NotTaken,
    PhotoPiece,
    PhotoReceipt,
    Tally,
    check_ending,
    decode_item,
    framed,
    garbled,
)
from inspection.signing import SignatureError

_RECEIPTS = (CarriedReceipt, PhotoReceipt, NotTaken, Tally)
_WAY = {
    "facts": "it carries what a device wrote: bring it to the hub",
    "receipts": "it carries the hub's receipts: bring it to the device",
}


class Following:
    """Follows one file. contents: what it is expected to carry. device: whose it says it is, empty before that."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._sum = hashlib.sha256()
        self._items = 0
        self._piece: PhotoPiece | None = None
        self._ending: Ending | None = None
        self.device = ""

    def begin(self, raw: bytes | None) -> Heading:
        """Take the first byte string of the file, None for an empty one; return its heading.

        Raises CarriedError: "carried.truncated", ".garbled", ".future_schema", or ".wrong_way" when it carries the
        other thing.
        """
        if raw is None:
            raise CarriedError("carried.truncated", "the file is empty: it was cut off while it was copied")
        heading = decode_item(raw, 1)
        if not isinstance(heading, Heading):
            raise garbled("the file has no heading")
        self.device = heading.device
        if heading.contents != self._contents:
            raise CarriedError("carried.wrong_way", f"this file is for the other side; {_WAY[heading.contents]}")
        self._count(raw)
        return heading

    def take(self, raw: bytes) -> AnyItem:
        """Take the next byte string; return its item. Raises CarriedError "carried.garbled" or ".damaged".

        1. Nothing stands behind the ending. 2. It can be read. 3. It may stand here: batches before photos, the pieces
        of a photo together and in their order. 4. The ending is of all that stood before it.
        """
        if self._ending is not None:
            raise garbled("something stands behind the file's end")
        item = decode_item(raw, self._items + 1)
        if isinstance(item, Ending):
            self._end(item)
        elif not self._may_stand(item):
            raise garbled(f"item {self._items + 1} stands where it cannot")
        self._count(raw)
        return item

    def finish(self, public: bytes) -> None:
        """Say that the file is over: it must have ended, signed by the holder of `public` (32 bytes).

        Raises CarriedError "carried.truncated" or "carried.signature".
        """
        if self._ending is None:
            text = f"the file of {self.device} breaks off after {self._items} items: copy it again, or export again"
            raise CarriedError("carried.truncated", text)
        try:
            check_ending(self._ending, public)
        except SignatureError as error:
            text = f"the signature over the file of {self.device} does not hold: somebody else wrote or changed it"
            raise CarriedError("carried.signature", text) from error

    def _count(self, raw: bytes) -> None:
        self._sum.update(framed(raw))
        self._items += 1

    def _may_stand(self, item: AnyItem) -> bool:
        if self._contents == "receipts":
            return isinstance(item, _RECEIPTS)
        if isinstance(item, CarriedBatch):
            return self._piece is None
        if not isinstance(item, PhotoPiece) or item.end > item.size:
            return False
        last, self._piece = self._piece, item
        if last is None or last.end == last.size:
            return item.offset == 0
        return (item.digest, item.size, item.offset) == (last.digest, last.size, last.end)

    def _end(self, ending: Ending) -> None:
        if self._piece is not None and self._piece.end != self._piece.size:
            raise garbled(f"photo {self._piece.digest[:12]} breaks off")
        if (ending.items, ending.digest) != (self._items, self._sum.digest()):
            text = f"the file of {self.device} was damaged on the way: copy it again, or export again"
            raise CarriedError("carried.damaged", text)
        self._ending = ending
