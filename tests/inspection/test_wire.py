from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspection.directives import NumberedDirective, Receipt, VehicleRecalled
from inspection.facts import AnyFact, CaseAbandoned, DeviceEnrolled, DirectiveSettled, Entry, ItemChecked, UnknownFact
from inspection.signing import CHAIN_START, HASH_BYTES, SignatureError, SigningKey, digest
from inspection.wire import (
    BATCH_BYTES_MAX,
    BATCH_FACTS_MAX,
    FACT_BYTES_MAX,
    REPLY_BYTES_MAX,
    SCHEMA,
    SEQ_MAX,
    Batch,
    Recorded,
    WireError,
    check_batch_signature,
    decode_entry,
    encode_entry,
    fits_in_batch,
    head_bytes,
    open_batch,
    open_directive,
    open_receipt,
    seal_batch,
    seal_directive,
    seal_raw_batch,
    seal_receipt,
)
from tests.conftest import Golden

KEY = SigningKey(b"\x01" * 32)
OTHER = SigningKey(b"\x02" * 32)
SENT = 1_780_000_000_000
RECEIPT = Receipt(device="lane-07", have=2, head=bytes(32), hub_time=SENT)
DIRECTIVE = NumberedDirective(device="lane-07", number=1, directive=VehicleRecalled(case="lane-07.1", reason="other"))
BOMB = b"\x91" * 200_000

pack = msgspec.msgpack.encode
unpack = msgspec.msgpack.decode


def chain(*facts: AnyFact, device: str = "lane-07", first: int = 1) -> tuple[Recorded, ...]:
    records: list[Recorded] = []
    for seq, fact in enumerate(facts, start=first):
        before = records[-1].digest if records else CHAIN_START
        records.append(encode_entry(Entry(device=device, seq=seq, before=before, wall=1, mono=2, boot="b", fact=fact)))
    return tuple(records)


def ticks(count: int) -> tuple[Recorded, ...]:
    return chain(*(ItemChecked(item=f"{number:02d}", mark="pass") for number in range(count)))


def message(facts: list[bytes], **changes: Any) -> bytes:
    return pack({"v": SCHEMA, "d": "lane-07", "w": SENT, "f": facts, "s": bytes(64)} | changes)


def raw_entry(**changes: Any) -> bytes:
    return pack(unpack(ticks(1)[0].raw) | changes)


def refused(code: str, data: bytes) -> WireError:
    with pytest.raises(WireError) as caught:
        open_batch(data)
    assert caught.value.code == code
    return caught.value


def refused_fact(code: str, raw: bytes) -> None:
    with pytest.raises(WireError) as caught:
        decode_entry(raw)
    assert caught.value.code == code


SEALED = seal_batch(ticks(3), sent=SENT, key=KEY)


def test_a_batch_is_written_and_read_as_its_golden_bytes_say(golden: Golden) -> None:
    records = chain(ItemChecked(item="04", mark="pass"), CaseAbandoned(reason="drove off"))
    batch = open_batch(golden("batch", seal_batch(records, sent=SENT, key=KEY)))
    assert batch.records == records
    assert (batch.device, batch.first, batch.last, batch.sent) == ("lane-07", 1, 2, SENT)
    check_batch_signature(batch, KEY.public)


def test_what_a_device_signs_is_its_name_its_last_number_that_hash_and_the_time(golden: Golden) -> None:
    kept = golden("head", head_bytes("lane-07", 2, bytes(range(HASH_BYTES)), SENT))
    assert unpack(kept) == ["lane-07", 2, bytes(range(HASH_BYTES)), SENT]


def test_fields_of_a_newer_program_survive_in_the_bytes_and_in_what_is_sent_again() -> None:
    newer = unpack(ticks(1)[0].raw)
    newer["f"]["weather"] = {"rain": True}
    newer["zone"] = 8
    raw = pack(newer)
    read = decode_entry(raw)
    assert (read.raw, read.digest) == (raw, digest(raw))
    assert read.entry == ticks(1)[0].entry
    again = open_batch(seal_batch((read,), sent=SENT, key=KEY))
    assert again.records[0].raw == raw
    assert unpack(again.records[0].raw)["f"]["weather"] == {"rain": True}


def test_facts_that_are_sent_as_they_are_kept_make_the_same_message() -> None:
    records = ticks(3)
    head = (records[-1].entry.device, records[-1].entry.seq, records[-1].digest)
    assert seal_raw_batch([record.raw for record in records], head, sent=SENT, key=KEY) == SEALED


@given(st.text(max_size=200).filter(lambda kind: kind not in {"ItemChecked", "UnknownFact"}))
def test_a_fact_of_an_unknown_kind_is_kept_as_it_came(kind: str) -> None:
    raw = raw_entry(f={"t": kind, "tread": [1.5, None], "mm": 2})
    read = decode_entry(raw)
    assert read.entry.fact == UnknownFact(kind=kind[:80])
    assert (read.raw, read.digest) == (raw, digest(raw))
    assert (read.entry.device, read.entry.seq, read.entry.boot) == ("lane-07", 1, "b")


def test_an_unknown_fact_keeps_its_case() -> None:
    assert decode_entry(raw_entry(c="lane-07.1", f={"t": "TyreWorn"})).entry.case == "lane-07.1"


@pytest.mark.parametrize("inside", [b"\xa2\xff\xfe", b"\x81\x80\x01", b"\xc7\x04\xff\0\0\0\0", b"\xd9\x02\xc3\x28"])
def test_an_unknown_fact_is_kept_whatever_its_fields_hold(inside: bytes) -> None:
    # Text that is no UTF-8, maps as keys, extension types: not for this program to judge.
    raw = raw_entry(f={"t": "TyreWorn", "x": "HERE"}).replace(b"\xa4HERE", inside)
    assert decode_entry(raw).entry.fact == UnknownFact(kind="TyreWorn")


@pytest.mark.parametrize("fact", [{}, [], None, "TyreWorn", {"t": 1}, {"t": None}, {"kind": "TyreWorn"}])
def test_a_fact_without_a_kind_is_garbled(fact: object) -> None:
    refused_fact("wire.garbled", raw_entry(f=fact))


@pytest.mark.parametrize("missing", ["d", "n", "p", "w", "m", "b", "f"])
def test_an_unknown_fact_without_its_envelope_is_garbled(missing: str) -> None:
    envelope = unpack(raw_entry(f={"t": "TyreWorn"}))
    del envelope[missing]
    refused_fact("wire.garbled", pack(envelope))


@pytest.mark.parametrize("schema", [SCHEMA + 1, 99, 2**64 - 1])
def test_a_message_or_fact_of_a_future_schema_is_refused_by_that_name_whatever_else_it_holds(schema: int) -> None:
    refused("wire.future_schema", message([ticks(1)[0].raw], v=schema))
    refused("wire.future_schema", pack({"v": schema, "other": "shape"}))
    refused("wire.future_schema", message([raw_entry(v=schema)]))
    refused_fact("wire.future_schema", pack({"v": schema, "other": "shape"}))
    for opened in (open_receipt, open_directive):
        with pytest.raises(WireError, match="schema") as caught:
            opened(pack([schema, b"", b"", "more"]), KEY.public)
        assert caught.value.code == "wire.future_schema"


@pytest.mark.parametrize("schema", [0, -1, "1", 1.5, None])
def test_a_schema_that_never_was_is_garbled(schema: object) -> None:
    refused("wire.garbled", message([ticks(1)[0].raw], v=schema))
    refused("wire.garbled", pack({"d": "lane-07"}))
    refused_fact("wire.garbled", raw_entry(v=schema))
    with pytest.raises(WireError, match="a receipt cannot be read"):
        open_receipt(pack([schema, b"", b""]), KEY.public)


def test_a_message_that_was_cut_is_garbled_wherever_it_was_cut() -> None:
    for length in range(len(SEALED)):
        refused("wire.garbled", SEALED[:length])
    refused("wire.garbled", SEALED + b"\xc0")


@given(st.integers(0, len(SEALED) - 1), st.binary(max_size=6), st.integers(0, 6))
@settings(max_examples=60)
def test_altered_bytes_give_a_wire_error_or_a_batch_and_nothing_else(at: int, inserted: bytes, taken: int) -> None:
    try:
        batch = open_batch(SEALED[:at] + inserted + SEALED[at + taken :])
    except WireError:
        return
    assert isinstance(batch, Batch)


def test_any_one_altered_byte_gives_a_wire_error_or_a_batch_whose_signature_does_not_hold() -> None:
    for at in range(len(SEALED)):
        changed = bytearray(SEALED)
        changed[at] ^= 0xFF
        try:
            batch = open_batch(bytes(changed))
        except WireError:
            continue
        with pytest.raises(SignatureError):
            check_batch_signature(batch, KEY.public)


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_as_a_fact_and_as_a_message(data: bytes) -> None:
    for read in (open_batch, decode_entry):
        with pytest.raises(WireError):
            read(data)


@given(st.recursive(st.none() | st.integers(-5, 5) | st.text(max_size=3) | st.binary(max_size=40), st.lists))
def test_well_formed_bytes_of_another_shape_are_refused(value: object) -> None:
    refused("wire.garbled", pack(value))
    refused("wire.garbled", message([pack({"f": value, "t": value})]))


@pytest.mark.parametrize("data", [BOMB, message([BOMB[:60_000]]), pack({"v": 1, "x": 0})[:-1] + BOMB])
def test_a_bomb_of_nested_arrays_is_garbled(data: bytes) -> None:
    refused("wire.garbled", data)


@pytest.mark.parametrize("kind", ["ItemChecked", "TyreWorn"])
def test_a_bomb_inside_a_fact_is_garbled(kind: str) -> None:
    raw = raw_entry(f={"t": kind, "x": "HERE"}).replace(b"\xa4HERE", BOMB[:60_000])
    refused_fact("wire.garbled", raw)


@pytest.mark.parametrize("part", [b"\xa6\xff\xfe\xfd\xfc\xfb\xfa", b"\xa2\xc3\x28"])
def test_text_that_is_no_utf_8_in_a_known_fact_is_garbled(part: bytes) -> None:
    refused_fact(
        "wire.garbled", raw_entry(f={"t": "ItemChecked", "item": "HERE", "mark": "pass"}).replace(b"\xa4HERE", part)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"d": "Lane 07"},
        {"d": ""},
        {"c": "no case"},
        {"n": 0},
        {"n": -1},
        {"n": SEQ_MAX + 1},
        {"n": "1"},
        {"p": b""},
        {"p": bytes(31)},
        {"p": bytes(33)},
        {"w": -1},
        {"w": 2**64 - 1},
        {"m": 2**63},
        {"f": {"t": "ItemChecked"}},
        {"f": {"t": "ItemChecked", "item": "04", "mark": "perhaps"}},
        {"f": {"t": "DirectiveSettled", "number": 2**63}},
    ],
)
def test_a_fact_with_an_impossible_envelope_or_value_is_garbled(changes: dict[str, Any]) -> None:
    refused_fact("wire.garbled", raw_entry(**changes))
    refused("wire.garbled", message([raw_entry(**changes)]))


@pytest.mark.parametrize("sent", [-1, 2**63])
def test_a_time_of_sending_that_no_database_column_takes_is_garbled(sent: int) -> None:
    refused("wire.garbled", message([ticks(1)[0].raw], w=sent))


def test_the_greatest_number_is_taken() -> None:
    entry = decode_entry(raw_entry(n=SEQ_MAX, f={"t": "DirectiveSettled", "number": SEQ_MAX})).entry
    assert (entry.seq, entry.fact) == (SEQ_MAX, DirectiveSettled(number=SEQ_MAX))


def enrolled(size: int) -> DeviceEnrolled:
    """A fact whose bytes are not text, and so have no limit but the fact's."""
    return DeviceEnrolled(device="pda-01", kind="pda", station="ST01", public_key=bytes(size))


def test_a_text_that_is_too_long_is_refused_where_it_is_written() -> None:
    for fact in (CaseAbandoned(reason="x" * 201), ItemChecked(item="04", mark="pass", remark="长" * 2_001)):
        with pytest.raises(WireError) as caught:
            chain(fact)
        assert caught.value.code == "wire.garbled"


def test_a_fact_has_at_most_its_bytes_when_written_and_when_read() -> None:
    overhead = len(chain(enrolled(60_000))[0].raw) - 60_000
    fits = enrolled(FACT_BYTES_MAX - overhead)
    assert len(decode_entry(chain(fits)[0].raw).raw) == FACT_BYTES_MAX
    with pytest.raises(WireError, match="at most 65536 bytes, this one 65537") as caught:
        chain(enrolled(FACT_BYTES_MAX - overhead + 1))
    assert caught.value.code == "wire.too_large"
    refused_fact("wire.too_large", chain(fits)[0].raw + b"x")


def test_a_message_has_at_most_its_bytes() -> None:
    refused("wire.too_large", bytes(BATCH_BYTES_MAX + 1))
    with pytest.raises(WireError) as caught:
        seal_batch(chain(*[enrolled(60_000)] * 9), sent=SENT, key=KEY)
    assert caught.value.code == "wire.too_large"


def test_a_message_has_1_to_256_facts() -> None:
    refused("wire.too_large", message([]))
    many = ticks(BATCH_FACTS_MAX + 1)
    refused("wire.too_large", message([record.raw for record in many]))
    with pytest.raises(WireError) as caught:
        seal_batch(many, sent=SENT, key=KEY)
    assert caught.value.code == "wire.too_large"
    assert open_batch(seal_batch(many[:-1], sent=SENT, key=KEY)).last == BATCH_FACTS_MAX


@pytest.mark.parametrize("opened", [open_receipt, open_directive])
def test_an_answer_has_at_most_its_bytes(opened: Any) -> None:
    with pytest.raises(WireError) as caught:
        opened(bytes(REPLY_BYTES_MAX + 1), KEY.public)
    assert caught.value.code == "wire.too_large"


@given(st.lists(st.integers(1, FACT_BYTES_MAX), max_size=300))
def test_as_many_facts_as_fit_are_sent_and_always_at_least_one(sizes: list[int]) -> None:
    count = fits_in_batch(sizes)
    assert min(len(sizes), 1) <= count <= min(len(sizes), BATCH_FACTS_MAX)
    facts = [bytes(size) for size in sizes[: count + 1]]
    assert len(message(facts[:count], d="d" * 32, w=SENT)) <= BATCH_BYTES_MAX
    if count < min(len(sizes), BATCH_FACTS_MAX):
        assert len(message(facts, d="d" * 32, w=SENT)) > BATCH_BYTES_MAX - 2_048


@pytest.mark.parametrize("count", [2, 9, BATCH_FACTS_MAX])
def test_a_batch_that_is_filled_to_the_last_byte_is_still_taken(count: int) -> None:
    size = next(size for size in range(BATCH_BYTES_MAX // count, 0, -1) if fits_in_batch([size] * count) == count)
    filled = message([bytes(size)] * count, d="d" * 32)
    assert BATCH_BYTES_MAX - 6 * count - 512 < len(filled) <= BATCH_BYTES_MAX


def test_one_fact_always_fits() -> None:
    assert fits_in_batch([BATCH_BYTES_MAX * 2]) == 1
    assert fits_in_batch([]) == 0
    assert fits_in_batch([60_000] * 20) == 8
    assert fits_in_batch([1] * 300) == BATCH_FACTS_MAX


def test_a_batch_that_holds_another_devices_fact_is_refused() -> None:
    own, foreign = ticks(2)
    foreign = encode_entry(msgspec.structs.replace(foreign.entry, device="lane-08"))
    refused("wire.chain", message([own.raw, foreign.raw]))
    refused("wire.chain", message([own.raw], d="lane-08"))


@pytest.mark.parametrize("kept", [(0, 2), (1, 0), (0, 0), (2, 1, 0)])
def test_a_batch_with_a_gap_a_repetition_or_another_order_is_refused(kept: tuple[int, ...]) -> None:
    records = ticks(3)
    refused("wire.chain", message([records[at].raw for at in kept]))


def test_facts_have_to_follow_one_another_but_may_begin_anywhere_in_the_chain() -> None:
    first, second = ticks(2)
    changed = encode_entry(msgspec.structs.replace(first.entry, wall=99))
    refused("wire.chain", message([changed.raw, second.raw]))
    assert open_batch(seal_batch(ticks(5)[3:], sent=SENT, key=KEY)).first == 4


def test_a_batch_signed_by_another_key_or_with_another_time_or_name_does_not_hold() -> None:
    batch = open_batch(SEALED)
    check_batch_signature(batch, KEY.public)
    renamed = tuple(
        msgspec.structs.replace(record, entry=msgspec.structs.replace(record.entry, device="lane-08"))
        for record in batch.records
    )
    for changed, public in (
        (batch, OTHER.public),
        (msgspec.structs.replace(batch, sent=SENT + 1), KEY.public),
        (msgspec.structs.replace(batch, device="lane-08", records=renamed), KEY.public),
        (msgspec.structs.replace(batch, records=batch.records[:-1]), KEY.public),
        (msgspec.structs.replace(batch, signature=KEY.sign("receipt", b"")), KEY.public),
    ):
        with pytest.raises(SignatureError, match="the batch signature does not hold"):
            check_batch_signature(changed, public)


def test_a_receipt_signed_by_anyone_but_the_hub_is_refused() -> None:
    with pytest.raises(SignatureError):
        open_receipt(seal_receipt(RECEIPT, OTHER), KEY.public)
    with pytest.raises(SignatureError):
        open_directive(seal_directive(DIRECTIVE, OTHER), KEY.public)


def test_a_directive_does_not_pass_for_a_receipt_nor_a_receipt_for_a_directive() -> None:
    with pytest.raises(SignatureError, match="the receipt signature"):
        open_receipt(seal_directive(DIRECTIVE, KEY), KEY.public)
    with pytest.raises(SignatureError, match="the directive signature"):
        open_directive(seal_receipt(RECEIPT, KEY), KEY.public)


@pytest.mark.parametrize("payload", [b"", b"\xc1", pack({"device": "lane-07"}), b"\x81\xa6device\xa1\xff"])
def test_an_answer_that_was_signed_but_cannot_be_read_is_garbled(payload: bytes) -> None:
    for purpose, opened in (("receipt", open_receipt), ("directive", open_directive)):
        with pytest.raises(WireError) as caught:
            opened(pack([SCHEMA, payload, KEY.sign(purpose, payload)]), KEY.public)
        assert caught.value.code == "wire.garbled"


@given(st.integers(0, 400), st.binary(max_size=4))
def test_altered_answers_give_a_wire_error_or_a_signature_error(at: int, inserted: bytes) -> None:
    whole = seal_receipt(RECEIPT, KEY)
    at %= len(whole)
    altered = whole[:at] + inserted + whole[at + 1 :]
    try:
        assert open_receipt(altered, KEY.public) == RECEIPT
        assert altered == whole
    except (WireError, SignatureError):
        assert altered != whole
