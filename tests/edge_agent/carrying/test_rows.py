import io
import tracemalloc
from collections.abc import Iterator
from typing import IO, cast

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.carrying.rows import READ_BYTES, rows
from inspection.carried import CarriedError
from inspection.carried.form import ITEM_BYTES_MAX


def cut(data: bytes) -> list[bytes]:
    return list(rows(io.BytesIO(data)))


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_row_of_byte_strings_is_cut_where_they_end(items: list[bytes]) -> None:
    assert cut(b"".join(msgpack.packb(item) for item in items)) == items


def test_byte_strings_as_large_as_an_item_may_be_are_given() -> None:
    largest = bytes(ITEM_BYTES_MAX)
    assert cut(msgpack.packb(largest) * 3) == [largest] * 3


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5), st.data())
def test_what_breaks_off_is_not_given(items: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(msgpack.packb(item) for item in items)
    kept = whole[: data.draw(st.integers(0, len(whole) - 1))]
    given = cut(kept)
    assert given == items[: len(given)]
    assert len(given) < len(items)


@pytest.mark.parametrize(
    "thing", [1, None, True, 0.5, "text", [], [1], {}, {"a": 1}, msgpack.ExtType(5, b"x"), msgpack.Timestamp(1)]
)
def test_anything_but_byte_strings_is_refused(thing: object) -> None:
    with pytest.raises(CarriedError) as refused:
        cut(msgpack.packb(b"first") + msgpack.packb(thing))
    assert refused.value.code == "carried.garbled"


@pytest.mark.parametrize(
    "bomb",
    [
        b"\xc6\x7f\xff\xff\xff" + bytes(3 * ITEM_BYTES_MAX),
        msgpack.packb(bytes(ITEM_BYTES_MAX + 1)),
        b"\x91" * 1_000_000,
        b"\xdd\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff" + bytes(3 * ITEM_BYTES_MAX),
        b"\xc1",
    ],
)
def test_a_bomb_is_refused_before_it_is_in_memory(bomb: bytes) -> None:
    with pytest.raises(CarriedError) as refused:
        cut(bomb)
    assert refused.value.code == "carried.garbled"


class Endless(io.RawIOBase):
    """A file that goes on for as long as it is asked for."""

    def __init__(self, items: Iterator[bytes]) -> None:
        self._items = items
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and (more := next(self._items, b"")):
            self._left += msgpack.packb(more)
        given, self._left = self._left[:size], self._left[size:]
        return given


def test_memory_does_not_grow_with_the_file() -> None:
    file = Endless(bytes(ITEM_BYTES_MAX) for _ in range(200))
    tracemalloc.start()
    try:
        count = sum(1 for _ in rows(cast("IO[bytes]", file)))
        assert count == 200
        assert tracemalloc.get_traced_memory()[1] < 10 * (ITEM_BYTES_MAX + READ_BYTES)
    finally:
        tracemalloc.stop()
