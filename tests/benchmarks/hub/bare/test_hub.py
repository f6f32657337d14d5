from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from benchmarks.hub.bare.hub import Appender
from benchmarks.hub.bare.terms import Frame, TermsOfNames, bench_key, receipted
from benchmarks.hub.inprocess import announced_photos
from benchmarks.hub.inspections import Chain
from inspection import topics
from inspection.signing import SignatureError
from inspection.wire import Recorded, seal_batch


class Receipts:
    """Stands in for the link: what was told to whom."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def publish(self, topic: str, message: bytes) -> None:
        self.told.append((topic, receipted(message)))


def sealed(records: Sequence[Recorded], signer: str = "bare-1") -> bytes:
    return seal_batch(tuple(records), sent=5, key=bench_key(signer))


def appender(folder: Path) -> Appender:
    return Appender(folder, TermsOfNames(), now=lambda: 5)


def took(folder: Path, *messages: bytes) -> tuple[int, list[tuple[str, int]]]:
    """Return how many facts a bare hub holds that got these messages, and its receipts."""
    hub, link = appender(folder), Receipts()
    for message in messages:
        hub.take("", message)
    hub.start(link)
    return hub.stop(), link.told


@pytest.fixture(name="records")
def inspected() -> list[Recorded]:
    return Chain("bare-1").inspect(1, announced_photos())


def test_what_waited_is_one_commit_with_one_receipt_for_each_device(tmp_path: Path, records: list[Recorded]) -> None:
    others = Chain("bare-2").inspect(1, announced_photos())
    held, told = took(tmp_path, sealed(records[:10]), sealed(others, "bare-2"), sealed(records[10:]))
    assert held == 60
    assert sorted(told) == sorted([(topics.receipts("bare-1"), 30), (topics.receipts("bare-2"), 30)])


def test_a_batch_that_comes_twice_is_held_once_and_receipted_again(tmp_path: Path, records: list[Recorded]) -> None:
    message = sealed(records)
    assert took(tmp_path, message, message) == (30, [(topics.receipts("bare-1"), 30)])


def test_a_batch_after_one_that_is_missing_is_not_receipted(tmp_path: Path, records: list[Recorded]) -> None:
    assert took(tmp_path, sealed(records[:10]), sealed(records[20:])) == (10, [(topics.receipts("bare-1"), 10)])


def test_a_batch_of_another_chain_or_signed_by_another_is_not_taken(tmp_path: Path, records: list[Recorded]) -> None:
    hub = appender(tmp_path)
    forked = Chain("bare-1", seq=10, head=b"x" * 32).inspect(2, announced_photos())
    hub._take_batch(msgspec.msgpack.decode(sealed(records[:10]), type=Frame))
    with pytest.raises(ValueError, match="chain"):
        hub._take_batch(msgspec.msgpack.decode(sealed(forked), type=Frame))
    with pytest.raises(ValueError, match="chain"):
        hub._take_batch(msgspec.msgpack.decode(sealed([*records[:5], *records[6:]]), type=Frame))
    with pytest.raises(SignatureError):
        hub._take_batch(msgspec.msgpack.decode(sealed(records[10:], "bare-2"), type=Frame))
    assert hub._head("bare-1") == (10, records[9].digest)
    hub._db.close()
