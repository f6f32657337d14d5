import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.journal import Directed, Journal
from edge_agent.keeping import photo_rows
from inspection.directives import (
    AnyDirective,
    NumberedDirective,
    Receipt,
    Refusal,
    StickerDenied,
    StickerGranted,
    VehicleRecalled,
)
from inspection.evidence import PhotoRef
from inspection.facts import CaseAbandoned, PhotoTaken
from inspection.wire import Recorded
from tests.edge_agent.stand_ins.fakes import DEVICE, moment, opened


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    Journal.create(tmp_path / "journal.db", DEVICE)
    with Journal(tmp_path / "journal.db", DEVICE) as journal:
        yield journal


def name(number: int) -> str:
    return f"{number:064x}"


def take(journal: Journal, case: str, number: int, *, media: str = "image/jpeg", replaces: int = 0) -> Recorded:
    ref = PhotoRef(digest=name(number), media=media, size=9, width=4, height=3)
    fact = PhotoTaken(kind="0113", photo=ref, replaces=name(replaces) if replaces else "")
    return journal.record(fact, moment(1), case=case)


def open_case(journal: Journal) -> str:
    return journal.record(opened(), moment(1)).entry.case


def direct(journal: Journal, directive: AnyDirective) -> None:
    number = journal.counts().directives + 1
    numbered = NumberedDirective(device=DEVICE, number=number, directive=directive)
    assert journal.take([numbered], moment(2)) == [Directed(kept=True)]


def settle(journal: Journal, hub_time: int = 1) -> None:
    receipt = Receipt(device=DEVICE, have=journal.newest, head=journal.head, hub_time=hub_time)
    assert journal.settle(receipt) == journal.newest


def order(journal: Journal) -> list[int]:
    passed: set[str] = set()
    while (photo := journal.first_photo(passed)) is not None:
        passed.add(photo.digest)
    return [int(digest, 16) for digest in sorted(passed, key=lambda one: _places(journal)[one])]


def _places(journal: Journal) -> dict[str, int]:
    places: dict[str, int] = {}
    while (photo := journal.first_photo(places)) is not None:
        places[photo.digest] = len(places)
    return places


def test_the_newest_case_goes_first_and_in_it_the_photos_as_they_were_taken(journal: Journal) -> None:
    first, second = open_case(journal), open_case(journal)
    for number, case in ((1, first), (2, second), (3, first), (4, second)):
        take(journal, case, number)
    settle(journal)
    assert order(journal) == [2, 4, 1, 3]


def test_a_photo_whose_fact_has_no_receipt_waits(journal: Journal) -> None:
    case = open_case(journal)
    take(journal, case, 1)
    settle(journal)
    take(journal, case, 2)
    assert order(journal) == [1]


@pytest.mark.parametrize("decision", [StickerGranted, StickerDenied])
def test_photos_of_a_case_that_waits_go_before_those_of_a_newer_one_that_was_decided(
    journal: Journal, decision: type[AnyDirective]
) -> None:
    waits, decided = open_case(journal), open_case(journal)
    take(journal, waits, 1)
    take(journal, decided, 2)
    granted = StickerGranted(case=decided, number="S1", payload="ABC")
    direct(journal, granted if decision is StickerGranted else StickerDenied(case=decided, reasons=()))
    settle(journal)
    assert order(journal) == [1, 2]


def test_a_directive_that_decides_nothing_changes_no_order(journal: Journal) -> None:
    older, newer = open_case(journal), open_case(journal)
    take(journal, older, 1)
    take(journal, newer, 2)
    direct(journal, VehicleRecalled(case=newer, reason="look again"))
    settle(journal)
    assert order(journal) == [2, 1]


def test_photos_of_an_abandoned_case_wait_for_those_of_an_older_one(journal: Journal) -> None:
    older, left = open_case(journal), open_case(journal)
    take(journal, older, 1)
    take(journal, left, 2)
    journal.record(CaseAbandoned(reason="drove_off"), moment(2), case=left)
    settle(journal)
    assert order(journal) == [1, 2]


def test_a_photo_that_was_replaced_waits_for_those_that_count(journal: Journal) -> None:
    older, newer = open_case(journal), open_case(journal)
    take(journal, older, 1)
    take(journal, newer, 2)
    take(journal, newer, 3, replaces=2)
    settle(journal)
    assert order(journal) == [3, 1, 2]


def test_a_picture_that_is_taken_again_after_it_was_replaced_is_waited_for_again(journal: Journal) -> None:
    older, newer = open_case(journal), open_case(journal)
    take(journal, older, 1)
    take(journal, newer, 2)
    take(journal, newer, 3, replaces=2)
    take(journal, newer, 2, replaces=3)
    settle(journal)
    assert order(journal) == [2, 1, 3]


def test_footage_goes_last(journal: Journal) -> None:
    older, newer = open_case(journal), open_case(journal)
    take(journal, older, 1)
    take(journal, newer, 2, media="video/mp4")
    settle(journal)
    assert order(journal) == [1, 2]


def test_what_was_refused_goes_last(journal: Journal) -> None:
    older, newer = open_case(journal), open_case(journal)
    take(journal, older, 1, media="video/mp4")
    take(journal, newer, 2)
    settle(journal)
    journal.refuse_photo(name(2), Refusal(code="photo.too_large", text="too large"))
    assert order(journal) == [1, 2]


def test_no_more_rows_are_looked_at_than_the_named_maximum(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.keeping.photo_rows.PASSED_OVER_MAX", 2)
    case = open_case(journal)
    for number in (1, 2, 3):
        take(journal, case, number)
    settle(journal)
    assert journal.first_photo({name(1)}) is not None
    assert journal.first_photo({name(1), name(2)}) is None


def test_what_is_passed_over_lets_the_next_one_go_and_at_the_end_there_is_none(journal: Journal) -> None:
    case = open_case(journal)
    for number in (1, 2):
        take(journal, case, number)
    settle(journal)
    found = journal.first_photo({name(1)})
    assert found is not None
    assert found.digest == name(2)
    assert journal.first_photo({name(1), name(2)}) is None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=12), st.sets(st.integers(0, 3)))
def test_the_index_has_the_order_that_the_rules_say(
    tmp_path_factory: pytest.TempPathFactory, taken: list[tuple[int, bool]], decided: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    Journal.create(folder / "journal.db", DEVICE)
    with Journal(folder / "journal.db", DEVICE) as journal:
        cases = [open_case(journal) for _ in range(4)]
        for number, (case, video) in enumerate(taken, start=1):
            take(journal, cases[case], number, media="video/mp4" if video else "image/jpeg")
        for case in sorted(decided):
            direct(journal, StickerDenied(case=cases[case], reasons=()))
        settle(journal)
        numbered = list(enumerate(taken, start=1))
        numbered.sort(key=lambda one: (2 if one[1][1] else int(one[1][0] in decided), -one[1][0], one[0]))
        assert order(journal) == [number for number, _ in numbered]


def test_the_order_of_a_long_outage_is_there_at_once(journal: Journal) -> None:
    case = open_case(journal)
    rows = [
        (f"{number:064x}", "image/jpeg", 9, case, 1, 0, "kept", number % 3, number // 8) for number in range(30_000)
    ]
    with journal._store.writing() as connection:
        connection.executemany(
            "INSERT INTO photos (digest, media, size, case_id, seq, created, state, turn, began)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    settle(journal)
    begun = time.process_time()
    for _ in range(100):
        photo = journal.first_photo({name(29_994)})
    assert photo is not None
    assert photo.digest == name(29_997)
    # Sorting 30 000 rows takes thirty times as long; the bound leaves room for a busy machine.
    assert time.process_time() - begun < 0.5


def test_the_photos_that_were_receipted_first_are_the_first_to_be_freed(journal: Journal) -> None:
    case = open_case(journal)
    for number in (1, 2, 3):
        take(journal, case, number)
        settle(journal, hub_time=number)
    for number in (2, 3, 1):
        journal.receipt_photo(name(number))
    assert [one.receipted_at for one in journal.oldest_receipted(2)] == [3, 3]
    journal.free_photo(name(1), name(2), name(3))
    assert journal.oldest_receipted(2) == []


def test_a_photo_whose_receipt_has_no_hub_time_is_not_among_them(journal: Journal) -> None:
    take(journal, open_case(journal), 1)
    journal.receipt_photo(name(1))
    assert journal.oldest_receipted(9) == []


def test_a_restored_hub_is_asked_again_for_what_it_said_to_have_since_the_last_fact_that_it_still_has(
    journal: Journal,
) -> None:
    hour = 3_600_000
    case = open_case(journal)
    for number in (1, 2, 3):
        take(journal, case, number)
        settle(journal, hub_time=number * hour)
        journal.receipt_photo(name(number))
    second = journal.fact(3)
    assert second is not None
    receipt = Receipt(device=DEVICE, have=3, head=second.digest, hub_time=9 * hour)
    assert journal.settle(receipt) == 3
    assert [int(one.digest, 16) for one in journal.photos("kept")] == [2, 3]


def test_what_waits_is_counted_with_its_bytes(journal: Journal) -> None:
    case = open_case(journal)
    take(journal, case, 1)
    take(journal, case, 2)
    assert photo_rows.waiting(journal._store) == (2, 18)


def test_photos_that_the_hub_lost_wait_again_and_those_whose_bytes_are_gone_do_not(journal: Journal) -> None:
    case = open_case(journal)
    for number in (1, 2):
        take(journal, case, number)
    settle(journal)
    for number in (1, 2):
        journal.receipt_photo(name(number))
    journal.free_photo(name(2))
    assert order(journal) == []
    journal.take_back_photos([name(1), name(2), name(3)])
    assert order(journal) == [1]
