"""The shapes of facts. Their bytes are kept for ever in golden/: ledgers and journals in the field hold such bytes."""

from typing import get_args

import pytest

from inspection.evidence import CharacterReading, PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    HUB_FACTS,
    AnyFact,
    CaseAbandoned,
    Entry,
    Fact,
    UnknownFact,
)
from inspection.facts.base import Position, Reason, Vehicle
from inspection.wire import Recorded, decode_entry, encode_entry
from tests.conftest import Golden
from tests.inspection.every_fact import EVERY, FACTS


def entry(fact: AnyFact) -> Entry:
    return Entry(
        device="lane-07",
        seq=2,
        before=bytes(range(32)),
        wall=1_780_000_000_123,
        mono=4_567,
        boot="boot-1",
        fact=fact,
        case="lane-07.2",
    )


def test_every_kind_of_fact_has_golden_bytes() -> None:
    assert {type(fact) for fact in FACTS.values()} == set(get_args(AnyFact))


@pytest.mark.parametrize("name", EVERY)
def test_a_fact_is_written_and_read_as_its_golden_bytes_say(name: str, golden: Golden) -> None:
    written = entry(EVERY[name])
    kept = golden(f"fact-{name}", encode_entry(written).raw)
    assert decode_entry(kept).entry == written


def test_the_kinds_are_told_apart_by_their_class_names() -> None:
    assert all(kind.__struct_config__.tag == kind.__name__ for kind in get_args(AnyFact))
    assert all(issubclass(kind, Fact) for kind in get_args(AnyFact))


def test_what_only_the_hub_may_write_is_part_of_the_language() -> None:
    assert set(HUB_FACTS) < set(get_args(AnyFact))
    assert not issubclass(UnknownFact, HUB_FACTS)


def test_no_fact_and_nothing_that_it_is_made_of_is_the_collectors_business() -> None:
    parts = (Vehicle, Position, Reason, PhotoRef, VideoRef, VinFinding, CharacterReading)
    for kind in (Recorded, Entry, *parts, *get_args(AnyFact)):
        assert (kind.__struct_config__.gc, kind.__struct_config__.frozen) == (False, True)


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_never_changes(name: str) -> None:
    fact = FACTS[name]
    with pytest.raises(AttributeError):
        setattr(fact, fact.__struct_fields__[0], "changed")


def test_an_entry_outside_any_case_has_an_empty_case() -> None:
    bare = Entry(device="lane-07", seq=1, before=bytes(32), wall=0, mono=0, boot="b", fact=CaseAbandoned(reason=""))
    assert (bare.case, bare.schema) == ("", 1)
    assert decode_entry(encode_entry(bare).raw).entry == bare
