"""Takes the hub's receipts from a file that a person brought back (回执导入).

The whole file is checked before anything of it counts, and every receipt in it by itself as well. Receipts that the
network brought before change nothing.
"""

from pathlib import Path
from typing import NamedTuple

from edge_agent.carrying import CarryError
from edge_agent.carrying.rows import rows
from edge_agent.courier import GAP
from edge_agent.journal import Journal
from edge_agent.store import JournalError
from inspection import InspectionError, wire
from inspection.carried import CarriedError
from inspection.carried.following import Following
from inspection.carried.form import CarriedReceipt, NotTaken, PhotoReceipt, check_photo_receipt, decode_item
from inspection.directives import Receipt, Refusal

_NOT_ANNOUNCED = "photo.not_announced"
"""Its fact has not arrived there yet; the photo's turn comes after it."""


class Settled(NamedTuple):
    """What a file settled. receipted: number of the last fact that the hub has now. photos: how many it has."""

    receipted: int
    photos: int


def settle_file(journal: Journal, path: Path, *, device: str, hub_public: bytes) -> Settled:
    """Take the receipts in the file at `path`. hub_public: the key that the hub signs with, 32 bytes.

    1. The file is whole, 2. for this device, 3. signed by the hub. 4. Each receipt in it is. Raises CarryError: with
    the code of the CarriedError, "carry.wrong_device", "carry.forged", "carry.chain" when the journal refuses the hub's
    word, or "carry.disk".
    """
    try:
        _check(path, device=device, hub_public=hub_public)
        return _settle(journal, path, device=device, hub_public=hub_public)
    except CarriedError as error:
        raise CarryError(error.code, f"{path.name}: {error}") from error
    except InspectionError as error:
        raise CarryError("carry.forged", f"{path.name}: a receipt in it is not the hub's: {error}") from error
    except JournalError as error:
        raise CarryError("carry.chain", f"{path.name}: {error}") from error
    except OSError as error:
        raise CarryError("carry.disk", f"{path.name} cannot be read: {error.strerror}") from error


def _check(path: Path, *, device: str, hub_public: bytes) -> None:
    following = Following("receipts")
    with path.open("rb") as file:
        row = rows(file)
        heading = following.begin(next(row, None))
        if heading.device != device:
            raise CarryError(
                "carry.wrong_device", f"{path.name}: these are receipts for {heading.device}, not {device}"
            )
        for raw in row:
            item = following.take(raw)
            if isinstance(item, CarriedReceipt):
                wire.open_receipt(item.message, hub_public)
            elif isinstance(item, PhotoReceipt):
                check_photo_receipt(item, device, hub_public)
        following.finish(hub_public)


def _settle(journal: Journal, path: Path, *, device: str, hub_public: bytes) -> Settled:
    receipted, photos = journal.receipted, 0
    with path.open("rb") as file:
        for number, raw in enumerate(rows(file), start=1):
            item = decode_item(raw, number)
            if isinstance(item, CarriedReceipt):
                receipted = _settle_facts(journal, wire.open_receipt(item.message, hub_public))
            elif isinstance(item, PhotoReceipt) and _is_ours(journal, item):
                # Checked again: the file may have been changed between the two readings.
                check_photo_receipt(item, device, hub_public)
                journal.receipt_photo(item.digest)
                photos += 1
            elif isinstance(item, NotTaken):
                _mark_photo(journal, item)
    return Settled(receipted, photos)


def _settle_facts(journal: Journal, receipt: Receipt) -> int:
    receipted = journal.settle(receipt)
    # A gap mends itself, and what the hub has meanwhile it did not refuse; all else is shown to a person.
    stands = receipted == receipt.have < journal.newest
    if receipt.refusal is not None and receipt.refusal.code != GAP and stands:
        journal.mark_refused(receipt.refusal, receipted + 1)
    return receipted


def _mark_photo(journal: Journal, said: NotTaken) -> None:
    photo = journal.photo(said.about)
    if photo is not None and photo.state == "kept" and said.code != _NOT_ANNOUNCED:
        journal.refuse_photo(said.about, Refusal(code=said.code, text=said.text))


def _is_ours(journal: Journal, receipt: PhotoReceipt) -> bool:
    photo = journal.photo(receipt.digest)
    return photo is not None and photo.size == receipt.size
