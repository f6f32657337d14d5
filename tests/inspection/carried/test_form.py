import hashlib
import math

import msgspec
import pytest

from inspection.carried import CarriedError
from inspection.carried.form import (
    ITEM_BYTES_MAX,
    PIECE_BYTES_MAX,
    AnyItem,
    CarriedBatch,
    CarriedReceipt,
    Ending,
    Heading,
    NotTaken,
    PhotoPiece,
    PhotoReceipt,
    Sealer,
    Tally,
    check_ending,
    check_photo_receipt,
    decode_item,
    file_name,
    framed,
    photo_receipt,
    pieces,
)
from inspection.signing import SignatureError, SigningKey
from inspection.wire import BATCH_BYTES_MAX
from tests.conftest import Golden

KEY = SigningKey(b"\x01" * 32)
OTHER = SigningKey(b"\x02" * 32)
NAME = "ab" * 32
HEADING = Heading(contents="facts", device="pda-7", first=1, last=40, part=2, written=1_780_000_000_000)
ITEMS: list[AnyItem] = [
    HEADING,
    CarriedBatch(message=b"batch"),
    PhotoPiece(digest=NAME, size=9, offset=3, data=b"photo"),
    CarriedReceipt(message=b"receipt"),
    PhotoReceipt(digest=NAME, size=9, signature=bytes(64)),
    NotTaken(about=NAME, code="photo.digest", text="other bytes"),
    Tally(facts_taken=1, facts_present=2, photos_taken=3, photos_present=4),
    Ending(items=7, digest=bytes(32), signature=bytes(64)),
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: type(item).__name__)
def test_an_item_reads_back_as_it_was_written_and_its_bytes_are_kept_for_ever(item: AnyItem, golden: Golden) -> None:
    kept = golden(f"carried-{type(item).__name__}", Sealer().add(item))
    assert decode_item(msgspec.msgpack.decode(kept), 1) == item


def test_the_ending_is_signed_over_the_bytes_before_it() -> None:
    sealer = Sealer()
    data = b"".join(sealer.add(item) for item in ITEMS[:3])
    last = sealer.end(KEY)
    assert sealer.size == len(data + last)
    ending = decode_item(msgspec.msgpack.decode(last), 4)
    assert isinstance(ending, Ending)
    assert (ending.items, ending.digest) == (3, hashlib.sha256(data).digest())
    check_ending(ending, KEY.public)
    with pytest.raises(SignatureError):
        check_ending(ending, OTHER.public)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xc1",
        b"\x91" * 100_000,
        msgspec.msgpack.encode({"t": "Unheard"}),
        msgspec.msgpack.encode({"t": "CarriedBatch", "message": bytes(BATCH_BYTES_MAX + 1)}),
        msgspec.msgpack.encode({"t": "CarriedBatch", "message": b"", "more": b"\xff"})[:-1],
        msgspec.msgpack.encode({"t": "PhotoPiece", "digest": "../etc", "size": 1, "offset": 0, "data": b"1"}),
        msgspec.msgpack.encode({"t": "PhotoPiece", "digest": NAME + "\n", "size": 1, "offset": 0, "data": b"1"}),
        msgspec.msgpack.encode({"t": "PhotoPiece", "digest": NAME, "size": 1, "offset": 0, "data": b""}),
        msgspec.msgpack.encode({"t": "Ending", "items": 1, "digest": b"", "signature": bytes(64)}),
        msgspec.msgpack.encode(msgspec.structs.asdict(HEADING) | {"t": "Heading", "v": 1, "device": "../pda"}),
        msgspec.msgpack.encode(msgspec.structs.asdict(HEADING) | {"t": "Heading", "part": 0}),
        msgspec.msgpack.encode(msgspec.structs.asdict(HEADING) | {"t": "Heading", "contents": "orders"}),
    ],
)
def test_what_no_program_of_this_system_wrote_is_refused_with_its_place(raw: bytes) -> None:
    with pytest.raises(CarriedError, match="item 17 cannot be read") as refused:
        decode_item(raw, 17)
    assert refused.value.code == "carried.garbled"


def test_a_heading_of_a_newer_program_is_refused_as_that_whatever_else_is_in_it() -> None:
    raw = msgspec.msgpack.encode({"t": "Heading", "v": 2, "contents": "orders"})
    with pytest.raises(CarriedError, match="schema 2") as refused:
        decode_item(raw, 1)
    assert refused.value.code == "carried.future_schema"


def test_fields_that_a_newer_program_added_are_passed_over() -> None:
    raw = msgspec.msgpack.encode({"t": "CarriedBatch", "message": b"batch", "added": [1, 2]})
    assert decode_item(raw, 2) == CarriedBatch(message=b"batch")


@pytest.mark.parametrize("size", [1, PIECE_BYTES_MAX - 1, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, 3 * PIECE_BYTES_MAX])
def test_a_photo_is_cut_into_pieces_that_add_up_to_it(size: int) -> None:
    data = hashlib.shake_256(b"photo").digest(size)
    cut = pieces(NAME, data)
    assert len(cut) == math.ceil(size / PIECE_BYTES_MAX)
    assert b"".join(piece.data for piece in cut) == data
    assert [piece.offset for piece in cut] == [0, *(piece.end for piece in cut[:-1])]
    assert {(piece.digest, piece.size) for piece in cut} == {(NAME, size)}


def test_the_largest_batch_and_the_largest_piece_fit_into_an_item() -> None:
    largest_piece = PhotoPiece(digest=NAME, size=2**63 - 1, offset=2**63 - 1, data=bytes(PIECE_BYTES_MAX))
    for item in (CarriedBatch(message=bytes(BATCH_BYTES_MAX)), largest_piece):
        assert len(msgspec.msgpack.encode(item)) <= ITEM_BYTES_MAX


def test_a_photos_receipt_holds_for_its_device_its_photo_and_its_hub_alone() -> None:
    receipt = photo_receipt("pda-7", NAME, 9, key=KEY)
    check_photo_receipt(receipt, "pda-7", KEY.public)
    wrong = [
        (receipt, "pda-8", KEY.public),
        (receipt, "pda-7", OTHER.public),
        (msgspec.structs.replace(receipt, size=8), "pda-7", KEY.public),
        (msgspec.structs.replace(receipt, digest="cd" * 32), "pda-7", KEY.public),
    ]
    for altered, device, public in wrong:
        with pytest.raises(SignatureError):
            check_photo_receipt(altered, device, public)


def test_a_file_is_called_by_its_device_its_facts_and_its_part() -> None:
    assert file_name(HEADING) == "pda-7-1-40-002.passlane"


def test_an_item_stands_in_the_file_as_a_byte_string() -> None:
    assert framed(b"x") == b"\xc4\x01x"
