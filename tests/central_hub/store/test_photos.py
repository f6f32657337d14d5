import contextlib
import io
import itertools
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from central_hub.store.photos import PhotoError, PhotoStore
from inspection.evidence import EvidenceError
from inspection.signing import digest
from tests.central_hub.simulated_device import picture

PIXELS_MAX = 120_000_000
JPEG = picture()
PNG = picture(kind="PNG")
NAME = digest(JPEG).hex()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG whose header claims this size, whatever is inside."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 4))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + chunk(b"IEND", b"")


@pytest.fixture
def store(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "hub", pixels_max=PIXELS_MAX)


def keep(store: PhotoStore, data: bytes, media: str = "image/jpeg") -> str:
    name = digest(data).hex()
    store.add(name, 0, data, size=len(data))
    store.finish(name, media=media)
    return name


def test_below_its_floor_of_free_space_no_photo_is_taken_and_what_is_here_stays(tmp_path: Path) -> None:
    free = [1_000]
    store = PhotoStore(tmp_path / "hub", pixels_max=PIXELS_MAX, free_bytes_min=1_000, free_bytes=lambda _: free[0])
    name = digest(JPEG).hex()
    store.add(name, 0, JPEG[:9], size=len(JPEG))
    assert store.full == ""
    free[0] = 999
    with pytest.raises(PhotoError, match="999 bytes free and leaves 1000 to the ledger") as refused:
        store.add(name, 9, JPEG[9:], size=len(JPEG))
    assert (refused.value.code, store.full, store.offset(name)) == ("hub.disk", str(refused.value), 9)
    free[0] = 2_000
    assert store.add(name, 9, JPEG[9:], size=len(JPEG)) == len(JPEG)


def refusal(store: PhotoStore, data: bytes, media: str = "image/jpeg") -> str:
    with pytest.raises(PhotoError) as refused:
        keep(store, data, media)
    assert not store.has(digest(data).hex())
    return refused.value.code


@given(cuts=st.lists(st.integers(0, len(JPEG)), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_photo_in_any_pieces_is_the_same_photo(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    folder = tmp_path_factory.mktemp("hub")
    edges = [0, *sorted(cuts), len(JPEG)]
    for start, end in itertools.pairwise(edges):
        # Each piece comes to a hub that was just started: what is here follows from the disk alone.
        store = PhotoStore(folder, pixels_max=PIXELS_MAX)
        assert store.offset(NAME) == start
        assert store.add(NAME, start, JPEG[start:end], size=len(JPEG)) == end
    store.finish(NAME, media="image/jpeg")
    assert store.path(NAME).read_bytes() == JPEG
    assert store.offset(NAME) == 0


def test_a_photo_is_whole_only_after_it_was_finished(store: PhotoStore) -> None:
    store.add(NAME, 0, JPEG, size=len(JPEG))
    assert not store.has(NAME)
    store.finish(NAME, media="image/jpeg")
    assert store.has(NAME)


@pytest.mark.parametrize("offset", [-1, 0, 9, 11])
def test_a_piece_that_does_not_continue_what_is_here_is_refused_and_changes_nothing(
    store: PhotoStore, offset: int
) -> None:
    store.add(NAME, 0, JPEG[:10], size=len(JPEG))
    with pytest.raises(PhotoError) as refused:
        store.add(NAME, offset, JPEG[10:], size=len(JPEG))
    assert refused.value.code == "photo.offset"
    assert store.offset(NAME) == 10


def test_a_piece_beyond_the_announced_size_is_refused_and_changes_nothing(store: PhotoStore) -> None:
    store.add(NAME, 0, JPEG[:10], size=len(JPEG))
    with pytest.raises(PhotoError) as refused:
        store.add(NAME, 10, JPEG[10:] + b"\0", size=len(JPEG))
    assert refused.value.code == "photo.too_large"
    assert store.offset(NAME) == 10


def test_bytes_with_another_digest_are_given_up_and_the_photo_may_come_again(store: PhotoStore) -> None:
    store.add(NAME, 0, JPEG[:-1] + b"\0", size=len(JPEG))
    with pytest.raises(PhotoError) as refused:
        store.finish(NAME, media="image/jpeg")
    assert refused.value.code == "photo.digest"
    assert store.offset(NAME) == 0
    assert keep(store, JPEG) == NAME


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<script>alert(1)</script>", id="a page"),
        pytest.param(b"\xff\xd8\xff", id="the beginning of a JPEG"),
        pytest.param(JPEG[:20], id="a cut header"),
        pytest.param(PNG, id="a PNG that says it is a JPEG"),
    ],
)
def test_what_is_no_jpeg_is_refused_as_one(store: PhotoStore, data: bytes) -> None:
    assert refusal(store, data) == "photo.not_an_image"


def test_a_jpeg_that_says_it_is_a_png_is_refused(store: PhotoStore) -> None:
    assert refusal(store, JPEG, "image/png") == "photo.not_an_image"


@pytest.mark.parametrize("media", ["", "image/gif", "image/svg+xml", "text/html", "x" * 4000])
def test_another_kind_than_jpeg_and_png_is_refused(store: PhotoStore, media: str) -> None:
    assert refusal(store, JPEG, media) == "photo.not_an_image"


def test_a_gif_is_refused_whatever_it_is_called(store: PhotoStore) -> None:
    gif = io.BytesIO()
    Image.new("L", (2, 2)).save(gif, "GIF")
    assert refusal(store, gif.getvalue(), "image/png") == "photo.not_an_image"


@pytest.mark.parametrize(("width", "height"), [(100_000, 100_000), (20_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_from_the_header(store: PhotoStore, width: int, height: int) -> None:
    assert refusal(store, png(width, height), "image/png") == "photo.too_many_pixels"


def test_the_limit_of_pixels_is_the_hubs_own(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path, pixels_max=64 * 48)
    assert keep(store, JPEG)
    assert refusal(PhotoStore(tmp_path, pixels_max=64 * 48 - 1), PNG, "image/png") == "photo.too_many_pixels"


def test_a_text_chunk_that_unpacks_to_a_hundred_megabytes_is_refused(store: PhotoStore) -> None:
    bomb = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 100_000_000))
    assert refusal(store, png(1, 1, bomb), "image/png") == "photo.not_an_image"


@given(
    media=st.sampled_from(["image/jpeg", "image/png"]),
    changes=st.lists(st.tuples(st.integers(0, 700), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4),
    cut=st.integers(0, 3000),
)
@settings(max_examples=100)
def test_no_spoilt_picture_whatsoever_does_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, media: str, changes: list[tuple[int, bytes]], cut: int
) -> None:
    store = PhotoStore(tmp_path_factory.getbasetemp() / "spoilt", pixels_max=PIXELS_MAX)
    data = bytearray(JPEG if media == "image/jpeg" else PNG)
    for place, put in changes:
        data[place : place + len(put)] = put
    with contextlib.suppress(PhotoError):
        keep(store, bytes(data[: len(data) - cut]), media)


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", f"{NAME[:-1]}/"])
def test_no_name_leads_out_of_the_folder(store: PhotoStore, name: str) -> None:
    for ask in (store.path, store.has, store.offset):
        with pytest.raises(EvidenceError):
            ask(name)
    with pytest.raises(EvidenceError):
        store.add(name, 0, b"", size=1)
    with pytest.raises(EvidenceError):
        store.finish(name, media="image/jpeg")


def test_a_refused_picture_stays_where_it_was_and_is_refused_again(store: PhotoStore) -> None:
    data = b"not a picture"
    name = digest(data).hex()
    assert refusal(store, data) == "photo.not_an_image"
    assert store.offset(name) == len(data)
    with pytest.raises(PhotoError):
        store.finish(name, media="image/jpeg")
