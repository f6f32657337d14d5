import msgspec
import pytest

from benchmarks.hub.bare.terms import Frame, Known, Place, TermsOfHomes, TermsOfNames, bench_key, receipted
from benchmarks.hub.inprocess import announced_photos
from benchmarks.hub.inspections import Chain
from inspection.directives import Receipt
from inspection.signing import SigningKey, digest, verify
from inspection.wire import head_bytes, open_receipt, seal_batch


def test_the_bare_hub_reads_of_a_batch_its_frame_and_checks_the_same_signature() -> None:
    records = tuple(Chain("bare-1").inspect(1, announced_photos()))
    frame = msgspec.msgpack.decode(seal_batch(records, sent=5, key=bench_key("bare-1")), type=Frame)
    assert frame.facts == [record.raw for record in records]
    last = msgspec.msgpack.decode(frame.facts[-1], type=Place).seq
    assert (frame.device, frame.sent, last) == ("bare-1", 5, 30)
    head = head_bytes("bare-1", last, digest(frame.facts[-1]), frame.sent)
    verify(TermsOfNames().public("bare-1"), "batch", head, frame.signature)


def test_a_receipt_for_senders_without_a_home_names_the_last_fact() -> None:
    assert receipted(TermsOfNames().receipt("bare-1", 270_000, head=bytes(32), now=5)) == 270_000


def test_a_receipt_for_devices_with_homes_is_the_one_of_a_real_hub() -> None:
    hub, device = SigningKey(bytes(32)), SigningKey(b"1" * 32)
    terms = TermsOfHomes(Known(hub_key=bytes(32).hex(), devices={"bare-1": device.public.hex()}))
    assert terms.public("bare-1") == device.public
    message = terms.receipt("bare-1", 30, head=b"h" * 32, now=5)
    assert open_receipt(message, hub.public) == Receipt(device="bare-1", have=30, head=b"h" * 32, hub_time=5)
    with pytest.raises(KeyError):
        terms.public("bare-2")
