import msgspec

from benchmarks.hub.bare.terms import Frame, Place, bench_key, receipt, receipted
from benchmarks.hub.inprocess import announced_photos
from benchmarks.hub.inspections import Chain
from inspection.signing import digest, verify
from inspection.wire import head_bytes, seal_batch


def test_the_bare_hub_reads_of_a_batch_its_frame_and_checks_the_same_signature() -> None:
    records = tuple(Chain("bare-1").inspect(1, announced_photos()))
    frame = msgspec.msgpack.decode(seal_batch(records, sent=5, key=bench_key("bare-1")), type=Frame)
    assert frame.facts == [record.raw for record in records]
    last = msgspec.msgpack.decode(frame.facts[-1], type=Place).seq
    assert (frame.device, frame.sent, last) == ("bare-1", 5, 30)
    head = head_bytes("bare-1", last, digest(frame.facts[-1]), frame.sent)
    verify(bench_key("bare-1").public, "batch", head, frame.signature)


def test_a_receipt_of_the_bare_hub_names_the_last_fact() -> None:
    assert receipted(receipt(270_000)) == 270_000
