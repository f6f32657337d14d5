from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.carried import CarriedError
from inspection.carried.following import Following
from inspection.carried.form import (
    AnyItem,
    CarriedBatch,
    CarriedReceipt,
    Contents,
    Heading,
    NotTaken,
    PhotoPiece,
    PhotoReceipt,
    Sealer,
    Tally,
)
from inspection.signing import SigningKey

KEY = SigningKey(b"\x01" * 32)
OTHER = SigningKey(b"\x02" * 32)
NAME, OTHER_NAME = "ab" * 32, "cd" * 32
HEADING = Heading(contents="facts", device="pda-7", first=1, last=40, part=1, written=1_780_000_000_000)
ANSWER = msgspec.structs.replace(HEADING, contents="receipts")
BATCH = CarriedBatch(message=b"batch")


def piece(offset: int, data: bytes, *, size: int = 6, digest: str = NAME) -> PhotoPiece:
    return PhotoPiece(digest=digest, size=size, offset=offset, data=data)


WHOLE: list[AnyItem] = [
    HEADING,
    BATCH,
    BATCH,
    piece(0, b"abc"),
    piece(3, b"def"),
    piece(0, b"x", size=1, digest=OTHER_NAME),
]
RECEIPTS: list[AnyItem] = [
    ANSWER,
    CarriedReceipt(message=b"receipt"),
    PhotoReceipt(digest=NAME, size=6, signature=bytes(64)),
    NotTaken(about=OTHER_NAME, code="photo.digest", text="other bytes"),
    Tally(facts_taken=1, facts_present=0, photos_taken=1, photos_present=0),
]


def sealed(items: Iterable[AnyItem], key: SigningKey = KEY) -> list[bytes]:
    sealer = Sealer()
    rows = [sealer.add(item) for item in items]
    return [msgspec.msgpack.decode(row) for row in [*rows, sealer.end(key)]]


def followed(raws: list[bytes], *, contents: Contents = "facts", public: bytes = KEY.public) -> list[AnyItem]:
    following = Following(contents)
    items: list[AnyItem] = [following.begin(raws[0] if raws else None)]
    items += [following.take(raw) for raw in raws[1:]]
    following.finish(public)
    return items


def code_of(raws: list[bytes], *, contents: Contents = "facts", public: bytes = KEY.public) -> str:
    with pytest.raises(CarriedError) as refused:
        followed(raws, contents=contents, public=public)
    return refused.value.code


def test_a_whole_file_of_a_device_is_followed_to_its_end() -> None:
    assert followed(sealed(WHOLE))[:-1] == WHOLE


def test_a_whole_file_of_receipts_is_followed_to_its_end() -> None:
    assert followed(sealed(RECEIPTS), contents="receipts")[:-1] == RECEIPTS


def test_a_file_that_carries_nothing_is_whole() -> None:
    assert len(followed(sealed([HEADING]))) == 2


@pytest.mark.parametrize("kept", range(len(WHOLE) + 1))
def test_a_file_that_breaks_off_between_two_items_is_cut_off(kept: int) -> None:
    assert code_of(sealed(WHOLE)[:kept]) == "carried.truncated"


@given(st.integers(0, len(WHOLE)), st.data())
def test_a_changed_byte_anywhere_is_found(index: int, data: st.DataObject) -> None:
    raws = sealed(WHOLE)
    place = data.draw(st.integers(0, len(raws[index]) - 1))
    changed = bytearray(raws[index])
    changed[place] ^= data.draw(st.integers(1, 255))
    raws[index] = bytes(changed)
    assert code_of(raws).startswith("carried.")


@given(st.permutations(range(1, len(WHOLE))).filter(lambda order: order != sorted(order)))
def test_items_in_another_order_are_refused(order: list[int]) -> None:
    raws = sealed(WHOLE)
    shuffled = [raws[0], *(raws[index] for index in order), raws[-1]]
    if shuffled != raws:
        assert code_of(shuffled) in {"carried.garbled", "carried.damaged"}


@pytest.mark.parametrize("index", range(1, len(WHOLE)))
def test_an_item_that_was_taken_out_is_missed(index: int) -> None:
    raws = sealed(WHOLE)
    del raws[index]
    assert code_of(raws) in {"carried.garbled", "carried.damaged"}


def test_a_count_that_is_wrong_under_a_right_signature_is_refused() -> None:
    raws = sealed(WHOLE)
    ending = msgspec.msgpack.decode(raws[-1])
    raws[-1] = msgspec.msgpack.encode(ending | {"items": 1})
    assert code_of(raws) == "carried.damaged"


@pytest.mark.parametrize(
    "items",
    [
        [HEADING, piece(0, b"x", size=1), BATCH],
        [HEADING, HEADING],
        [HEADING, RECEIPTS[1]],
        [HEADING, piece(1, b"x", size=2)],
        [HEADING, piece(0, b"xyz", size=2)],
        [HEADING, piece(0, b"abc"), piece(2, b"cdef")],
        [HEADING, piece(0, b"abc"), piece(4, b"ef")],
        [HEADING, piece(0, b"abc"), piece(3, b"def", digest=OTHER_NAME)],
        [HEADING, piece(0, b"abc"), piece(3, b"de", size=5)],
        [HEADING, piece(0, b"abc"), piece(0, b"x", size=1, digest=OTHER_NAME)],
        [HEADING, piece(0, b"abc"), piece(3, b"def"), piece(6, b"g", size=7)],
        [HEADING, piece(0, b"abc")],
        [BATCH, BATCH],
    ],
)
def test_items_that_stand_where_they_cannot_are_refused_though_they_are_signed(items: list[AnyItem]) -> None:
    assert code_of(sealed(items)) == "carried.garbled"


def test_a_devices_items_have_no_place_among_receipts() -> None:
    assert code_of(sealed([ANSWER, BATCH]), contents="receipts") == "carried.garbled"


def test_nothing_stands_behind_the_ending() -> None:
    raws = sealed(WHOLE)
    assert code_of([*raws, raws[1]]) == "carried.garbled"


def test_another_key_does_not_sign_for_the_device() -> None:
    assert code_of(sealed(WHOLE), public=OTHER.public) == "carried.signature"


@pytest.mark.parametrize(("items", "contents"), [(WHOLE, "receipts"), (RECEIPTS, "facts")])
def test_a_file_that_was_brought_to_the_wrong_side_is_told_where_to(items: list[AnyItem], contents: Contents) -> None:
    with pytest.raises(CarriedError, match="bring it to the") as refused:
        followed(sealed(items), contents=contents)
    assert refused.value.code == "carried.wrong_way"


def test_the_device_is_known_from_the_heading_on() -> None:
    following = Following("facts")
    assert following.device == ""
    following.begin(sealed(WHOLE)[0])
    assert following.device == "pda-7"
