import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.evidence import (
    STRIP_BYTES_MAX,
    WHOLE_MAX,
    EvidenceError,
    PhotoRef,
    VideoRef,
    VinFinding,
    checked_digest,
    checked_video,
)


@given(st.binary(min_size=32, max_size=32))
def test_the_hexadecimal_form_of_32_bytes_is_a_digest(data: bytes) -> None:
    assert checked_digest(data.hex()) == data.hex()


@pytest.mark.parametrize(
    "text",
    ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, " " + "0" * 63, "0" * 64 + "\n", "../" + "0" * 61, "\uff10" * 64],
)
def test_anything_else_is_no_digest_and_so_never_becomes_a_file_name(text: str) -> None:
    with pytest.raises(EvidenceError, match="not a SHA-256 digest"):
        checked_digest(text)


def test_an_error_quotes_no_more_than_the_beginning() -> None:
    with pytest.raises(EvidenceError) as caught:
        checked_digest("z" * 10_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("milliseconds", [0, 1, 600_000])
def test_a_video_that_runs_forward_is_taken(milliseconds: int) -> None:
    video = VideoRef(recorder="r", channel="c", start=1_000, end=1_000 + milliseconds)
    assert checked_video(video) is video


def test_a_video_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(EvidenceError, match="ends before it starts: 1000 to 999"):
        checked_video(VideoRef(recorder="r", channel="c", start=1_000, end=999))


@pytest.mark.parametrize("size", [-1, WHOLE_MAX + 1, 2**64 - 1])
def test_a_size_that_no_database_column_takes_is_refused_when_it_is_read(size: int) -> None:
    data = {"digest": "0" * 64, "media": "image/jpeg", "size": size, "width": 1, "height": 1}
    with pytest.raises(msgspec.ValidationError, match="size"):
        msgspec.convert(data, PhotoRef)


def test_a_strip_has_at_most_its_bytes_when_it_is_read() -> None:
    kept = msgspec.msgpack.encode(VinFinding(vin="", confidence=0.0, strip=bytes(STRIP_BYTES_MAX)))
    assert len(msgspec.msgpack.decode(kept, type=VinFinding).strip) == STRIP_BYTES_MAX
    larger = msgspec.msgpack.encode(VinFinding(vin="", confidence=0.0, strip=bytes(STRIP_BYTES_MAX + 1)))
    with pytest.raises(msgspec.ValidationError, match="strip"):
        msgspec.msgpack.decode(larger, type=VinFinding)


def test_a_finding_without_a_strip_is_written_as_it_was_before_there_were_strips() -> None:
    finding = VinFinding(vin="", confidence=0.25, reasons=("vin.none",))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(finding)) == {
        "vin": "",
        "confidence": 0.25,
        "reasons": ["vin.none"],
    }


def test_references_and_findings_are_frozen() -> None:
    finding = VinFinding(vin="", confidence=0.0)
    with pytest.raises(AttributeError):
        finding.vin = "changed"  # type: ignore[misc]
