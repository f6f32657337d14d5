"""Cuts a carried file into its byte strings, as it is read: never more than one of them is in memory."""

from collections.abc import Iterator
from typing import IO

import msgpack

from inspection.carried.form import ITEM_BYTES_MAX, garbled

READ_BYTES = 256 * 1024


def rows(file: IO[bytes]) -> Iterator[bytes]:
    """Give the byte strings of a carried file in their order; one that breaks off at the end is not given.

    Raises CarriedError for anything but byte strings of at most ITEM_BYTES_MAX, before it is in memory.
    """
    unpacker = msgpack.Unpacker(
        file,
        read_size=READ_BYTES,
        max_buffer_size=ITEM_BYTES_MAX + 2 * READ_BYTES,
        max_bin_len=ITEM_BYTES_MAX,
        max_str_len=0,
        max_array_len=0,
        max_map_len=0,
        max_ext_len=0,
    )
    try:
        for row in unpacker:
            if not isinstance(row, bytes):
                raise garbled("the file holds something else than items")
            yield row
    except (msgpack.UnpackException, ValueError) as error:
        raise garbled(f"the file cannot be read on ({error})") from error
