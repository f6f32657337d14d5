import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from edge_agent.clock import Moment
from edge_agent.courier import CONTACT_SECONDS, KeptPhoto, Wait
from edge_agent.journal import Journal, Taken, Word
from edge_agent.sending.dispatching import FREED_AT_ONCE_MAX, Dispatch, Identity, Message, PhotoToSend
from edge_agent.sending.events import (
    Arrived,
    LinkDown,
    LinkEvent,
    LinkUp,
    NotAnnounced,
    Outcome,
    Refused,
    Stored,
    TryLater,
)
from edge_agent.store import JournalError, JournalFullError
from edge_agent.vault import Vault
from firmware_profiles.schema import Profile, Retention
from inspection import wire
from inspection.directives import NumberedDirective, Refusal, StickerDenied, StickerGranted
from inspection.evidence import PhotoRef
from inspection.facts import InspectionConcluded, ItemChecked, PhotoTaken
from tests.edge_agent.stand_ins.fakes import BOOT, DEVICE, DEVICE_KEY, HUB_KEY, FakeHub, opened, roomy_profile

IDENTITY = Identity(device=DEVICE, key=DEVICE_KEY, hub_public=HUB_KEY.public)


class Bench:
    """A dispatch with a hub in memory at its other end, driven by hand in virtual time."""

    def __init__(self, folder: Path, profile: Profile | None = None) -> None:
        Journal.create(folder / "journal.db", DEVICE)
        self.journal = Journal(folder / "journal.db", DEVICE)
        self.vault = Vault(folder / "vault", free_bytes_min=0)
        self.hub = FakeHub()
        self.hub.deliver = self.take
        self.profile = profile or roomy_profile()
        self.seconds = 100.0
        self.messages: list[Message] = []
        self.begin()

    def begin(self) -> None:
        self.dispatch = Dispatch(self.journal, self.vault, profile=self.profile, identity=IDENTITY, chance=lambda: 1.0)

    @property
    def at(self) -> Moment:
        ms = round(self.seconds * 1000)
        return Moment(wall=1_700_000_000_000 + ms, mono=ms, boot=BOOT)

    def take(self, event: LinkEvent) -> None:
        self.dispatch.take([event], self.at)

    def carry(self) -> Wait:
        """Hand over all that may go now; return what is waited for."""
        while isinstance(message := self.dispatch.next_message(self.at), Message):
            self.dispatch.handed_over(message, self.at, taken=True)
            self.messages.append(message)
            if message.kind == "contact":
                self.hub.hear(message.payload)
            else:
                self.hub.take(message.payload)
        return message

    def record(self, count: int = 1) -> None:
        facts = [ItemChecked(item="01", mark="pass") for _ in range(count)]
        self.journal.record_all(facts, self.at, case="pda-7.1")

    def photo(self, number: int, *, case: str = "pda-7.1", size: int = 10, vault: bool = True) -> str:
        data = bytes([number]) * size
        digest = self.vault.put(data) if vault else hashlib.sha256(data).hexdigest()
        ref = PhotoRef(digest=digest, media="image/jpeg", size=size, width=4, height=3)
        self.journal.record(PhotoTaken(kind="0113", photo=ref), self.at, case=case)
        return digest

    def next_photo(self) -> PhotoToSend:
        step = self.dispatch.next_photo(self.at)
        while step == Wait(self.seconds):
            step = self.dispatch.next_photo(self.at)
        assert isinstance(step, PhotoToSend)
        return step

    def until(self) -> float | None:
        step = self.dispatch.next_photo(self.at)
        assert isinstance(step, Wait)
        return step.until

    def done(self, photo: KeptPhoto, outcome: Outcome, sent_bytes: int = 0) -> None:
        self.dispatch.photo_done(photo, outcome, at=self.at, sent_bytes=sent_bytes)

    def fault(self) -> str:
        return self.dispatch.status(self.at).fault


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with bench.journal:
        yield bench


def upload_set(**changes: object) -> Profile:
    profile = roomy_profile()
    return msgspec.structs.replace(profile, upload=msgspec.structs.replace(profile.upload, **changes))


def test_at_each_link_up_contact_comes_first_and_says_how_the_device_stands(bench: Bench) -> None:
    bench.record(3)
    bench.photo(1)
    bench.take(LinkUp())
    bench.carry()
    assert [message.kind for message in bench.messages] == ["contact", "facts"]
    [contact] = bench.hub.contacts
    assert (contact.device, contact.newest, contact.receipted, contact.photos_waiting) == (DEVICE, 4, 0, 1)
    assert contact.head == bench.journal.head
    assert (contact.wall, contact.mono, contact.boot) == (bench.at.wall, bench.at.mono, BOOT)
    bench.take(LinkDown("gone"))
    bench.take(LinkUp())
    bench.carry()
    assert [message.kind for message in bench.messages] == ["contact", "facts", "contact"]


def test_contact_is_made_every_minute_while_there_is_nothing_else_to_say(bench: Bench) -> None:
    bench.take(LinkUp())
    for _ in range(5):
        wait = bench.carry()
        assert wait.until == bench.seconds + CONTACT_SECONDS
        bench.seconds = wait.until
    assert len(bench.hub.contacts) == 5


def test_each_receipt_over_the_network_pairs_the_clocks(bench: Bench) -> None:
    bench.take(LinkUp())
    bench.carry()
    [pairing] = bench.journal.pairings()
    assert pairing == (BOOT, bench.at.mono, bench.at.wall, bench.hub.time)


def test_a_contact_brings_a_restored_hub_what_it_lost(bench: Bench) -> None:
    bench.record(5)
    bench.take(LinkUp())
    bench.carry()
    del bench.hub.records[2:]
    bench.seconds += CONTACT_SECONDS
    bench.carry()
    assert len(bench.hub.records) == 5
    assert bench.journal.receipted == 5


def test_what_the_link_does_not_take_goes_after_a_pause(bench: Bench) -> None:
    bench.take(LinkUp())
    message = bench.dispatch.next_message(bench.at)
    assert isinstance(message, Message)
    bench.dispatch.handed_over(message, bench.at, taken=False)
    assert bench.carry().until == bench.seconds + 1
    assert bench.messages == []


def test_a_pause_that_the_hub_asks_for_holds_the_next_batch_and_is_shown(bench: Bench) -> None:
    bench.hub.pause_ms = 5_000
    bench.take(LinkUp())
    bench.carry()
    bench.record(1)
    assert bench.carry().until == bench.seconds + 5
    assert bench.dispatch.status(bench.at).paused
    bench.seconds += 5
    bench.carry()
    assert bench.journal.receipted == 1


def test_what_waits_at_the_hub_is_shown(bench: Bench) -> None:
    bench.take(LinkUp())
    bench.hub.answer(msgspec.structs.replace(bench.hub.receipt(), waiting=77))
    status = bench.dispatch.status(bench.at)
    assert (status.connected, status.hub_waiting, status.paused) == (True, 77, False)


def test_a_hub_that_was_silent_for_long_gets_everything_as_soon_as_it_speaks(bench: Bench) -> None:
    bench.take(LinkUp())
    bench.carry()
    bench.hub.lose = 10**6
    bench.record(2)
    for _ in range(20):
        bench.hub.deliver = lambda _event: None
        wait = bench.carry()
        assert wait.until is not None
        bench.seconds = wait.until
    bench.carry()
    bench.hub.lose = 0
    bench.hub.deliver = bench.take
    bench.hub.answer(bench.hub.receipt())
    bench.carry()
    assert bench.journal.receipted == 2


def test_facts_drain_in_full_batches_and_few_are_in_flight(bench: Bench) -> None:
    bench.record(wire.BATCH_FACTS_MAX * 6)
    bench.take(LinkUp())
    bench.hub.lose = 10**6
    bench.carry()
    assert [message.last for message in bench.messages] == [0, *(256 * count for count in range(1, 5))]


def test_a_refusal_stands_until_the_hub_takes_the_fact_whatever_it_says_meanwhile(bench: Bench) -> None:
    bench.hub.refuse = Refusal(code="batch.fork", text="this is another fact")
    bench.record(1)
    bench.take(LinkUp())
    bench.carry()
    assert bench.fault() == "this is another fact"
    bench.hub.answer(bench.hub.receipt())
    assert bench.fault() == "this is another fact"
    assert [refusal.code for refusal in bench.journal.refusals()] == ["batch.fork"]
    bench.hub.refuse = None
    bench.seconds += 60
    bench.carry()
    assert (bench.fault(), bench.journal.refusals(), bench.journal.receipted) == ("", [], 1)


def test_a_receipt_for_what_was_never_sent_is_refused_and_shown_and_settles_nothing(bench: Bench) -> None:
    bench.record(1)
    bench.take(LinkUp())
    bench.hub.lose = 1
    bench.carry()
    bench.hub.answer(bench.hub.receipt(have=9, head=b"\1" * 32))
    assert "has fact 9 of pda-7, which was never made here" in bench.fault()
    bench.hub.answer(bench.hub.receipt(have=1, head=b"\1" * 32))
    assert "another chain" in bench.fault()
    # Also whoever only looks into the folder finds it.
    assert [(one.about, one.code) for one in bench.journal.refusals()] == [("1", "device.chain")]
    assert bench.journal.receipted == 0
    bench.hub.answer(bench.hub.receipt(have=1, head=bench.journal.head))
    assert (bench.fault(), bench.journal.refusals(), bench.journal.receipted) == ("", [], 1)


def test_a_directive_that_cannot_be_read_is_passed_over_and_counted_and_the_next_is_taken(bench: Bench) -> None:
    sticker = StickerGranted(case="pda-7.1", number="S1", payload="ABC")
    good = wire.seal_directive(NumberedDirective(device=DEVICE, number=1, directive=sticker), HUB_KEY)
    bench.take(Arrived("directive", b"\xc1"))
    bench.take(Arrived("directive", good[:-5]))
    bench.take(Arrived("directive", good))
    assert bench.dispatch.status(bench.at).not_taken == 2
    assert len(bench.journal.directives_for("pda-7.1")) == 1


def test_on_a_full_disk_a_directive_waits_and_is_shown_until_there_is_room(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = NumberedDirective(device=DEVICE, number=1, directive=StickerDenied(case="pda-7.1", reasons=()))
    message = Arrived("directive", wire.seal_directive(denied, HUB_KEY))
    with monkeypatch.context() as full:
        full.setattr(bench.journal._store, "_free_bytes_min", 2**60)
        bench.take(message)
        bench.hub.answer(bench.hub.receipt())
        assert "存储空间已满" in bench.fault()
    bench.take(message)
    assert (bench.fault(), bench.journal.newest) == ("", 1)


def test_a_receipt_that_finds_no_room_changes_nothing_and_comes_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> list[object]:
        raise JournalFullError("存储空间已满")

    bench.record(1)
    bench.take(LinkUp())
    with monkeypatch.context() as disk:
        disk.setattr(bench.journal, "take", full)
        bench.carry()
        assert bench.fault() == "存储空间已满"
    bench.seconds += 1
    bench.carry()
    assert (bench.fault(), bench.journal.receipted) == ("", 1)


def message(number: int, *, case: str = "pda-7.1") -> Arrived:
    sticker = StickerGranted(case=case, number=f"S{number}", payload="ABC")
    return Arrived(
        "directive", wire.seal_directive(NumberedDirective(device=DEVICE, number=number, directive=sticker), HUB_KEY)
    )


def answer(bench: Bench, have: int, *, refusal: Refusal | None = None) -> Arrived:
    receipt = bench.hub.receipt(have=have, head=bench.journal.unsent(have, 1)[0].digest, refusal=refusal)
    return Arrived("receipt", wire.seal_receipt(receipt, HUB_KEY))


def test_what_arrives_together_is_one_commit_and_what_is_wrong_spoils_none_of_it(bench: Bench) -> None:
    bench.record(3)
    statements: list[str] = []
    bench.journal._store._connection.set_trace_callback(statements.append)
    garbled = Arrived("directive", b"\xc1")
    bench.dispatch.take([LinkUp(), message(1), garbled, answer(bench, 2), message(2), answer(bench, 3)], bench.at)
    bench.journal._store._connection.set_trace_callback(None)
    assert statements.count("COMMIT") == 1
    assert (bench.journal.receipted, bench.journal.counts().directives) == (3, 2)
    status = bench.dispatch.status(bench.at)
    assert (status.connected, status.fault, status.not_taken) == (True, "", 1)


def test_link_and_messages_are_taken_in_the_order_in_which_they_came(bench: Bench) -> None:
    bench.record(1)
    bench.dispatch.take([LinkUp(), answer(bench, 1), LinkDown("gone")], bench.at)
    assert bench.dispatch.status(bench.at)[:2] == (False, "gone")
    assert bench.journal.receipted == 1


def test_of_what_came_together_a_directive_without_room_does_not_keep_the_receipt_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = bench.journal.take

    def small(words: Sequence[Word], at: Moment) -> list[Taken]:
        if any(isinstance(word, NumberedDirective) for word in words):
            raise JournalFullError("存储空间已满")
        return take(words, at)

    bench.record(1)
    with monkeypatch.context() as disk:
        disk.setattr(bench.journal, "take", small)
        bench.dispatch.take([LinkUp(), message(1), answer(bench, 1)], bench.at)
    assert (bench.fault(), bench.journal.receipted, bench.journal.newest) == ("存储空间已满", 1, 1)


@pytest.mark.parametrize("noted", ["mark_refused", "take_back_photos"])
def test_no_room_to_note_a_receipt_keeps_neither_the_link_nor_what_came_with_it_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, noted: str
) -> None:
    def full(*_: object) -> None:
        raise JournalFullError("存储空间已满")

    bench.record(2)
    refusal = Refusal(code="batch.fork", text="this is another fact")
    receipt = bench.hub.receipt(have=1, head=bench.journal.unsent(1, 1)[0].digest, refusal=refusal)
    asking = replace(receipt, photos_missing=("a" * 64,))
    with monkeypatch.context() as disk:
        disk.setattr(bench.journal, noted, full)
        said = Arrived("receipt", wire.seal_receipt(asking, HUB_KEY))
        bench.dispatch.take([LinkUp(), said, message(1), LinkDown("gone")], bench.at)
    assert (bench.journal.receipted, bench.journal.counts().directives) == (1, 1)
    assert bench.dispatch.status(bench.at).connected is False
    assert "存储空间已满" in bench.dispatch._faults.values()


def test_a_disk_that_fails_otherwise_is_told_to_whoever_runs_the_sending(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Taken]:
        raise JournalError("disk I/O error")

    bench.record(1)
    monkeypatch.setattr(bench.journal, "take", broken)
    with pytest.raises(JournalError, match="I/O"):
        bench.dispatch.take([LinkUp(), answer(bench, 1)], bench.at)


def test_a_refusal_is_not_shown_when_the_fact_was_taken_meanwhile(bench: Bench) -> None:
    bench.record(2)
    refused = answer(bench, 1, refusal=Refusal(code="batch.fork", text="this is another fact"))
    bench.dispatch.take([LinkUp(), refused, answer(bench, 2)], bench.at)
    assert (bench.fault(), bench.journal.refusals(), bench.journal.receipted) == ("", [], 2)


def test_a_fact_that_was_lost_here_and_is_not_at_the_hub_stops_sending_with_words(bench: Bench) -> None:
    bench.record(3)
    with bench.journal._store.writing() as connection:
        connection.execute("DELETE FROM facts WHERE seq = 1")
    bench.take(LinkUp())
    with pytest.raises(JournalError, match="fact 1 is not in the journal"):
        bench.carry()


def test_photos_wait_for_facts_and_then_several_may_travel_at_once(bench: Bench) -> None:
    digests = [bench.photo(number) for number in range(3)]
    bench.take(LinkUp())
    assert bench.until() is None
    bench.carry()
    assert [bench.next_photo().photo.digest for _ in digests] == digests
    assert bench.until() is None


def test_what_was_under_way_when_the_wires_fell_is_given_out_again(bench: Bench) -> None:
    bench.photo(1)
    bench.take(LinkUp())
    bench.carry()
    first = bench.next_photo()
    bench.dispatch.begin()
    assert bench.next_photo().photo == first.photo


def test_only_a_photo_that_was_taken_since_the_start_and_never_tried_begins_without_asking(bench: Bench) -> None:
    bench.photo(1)
    bench.begin()
    bench.photo(2, case="pda-7.2")
    bench.take(LinkUp())
    bench.carry()
    new, old = bench.next_photo(), bench.next_photo()
    assert (new.never_tried, old.never_tried) == (True, False)
    bench.done(new.photo, TryLater("the line broke"))
    bench.seconds += 60
    assert not bench.next_photo().never_tried


@pytest.mark.parametrize("outcome", [TryLater("the hub answered 500"), NotAnnounced()])
def test_a_photo_that_does_not_get_through_lets_the_others_go_first(bench: Bench, outcome: Outcome) -> None:
    bad, good = bench.photo(1), bench.photo(2)
    bench.take(LinkUp())
    bench.carry()
    assert bench.next_photo().photo.digest == bad
    bench.done(_photo(bench, bad), outcome)
    assert bench.until() == bench.seconds + 1
    bench.seconds += 1
    assert bench.next_photo().photo.digest == good
    bench.done(_photo(bench, good), Stored())
    assert bench.until() == bench.seconds + 1


def _photo(bench: Bench, digest: str) -> KeptPhoto:
    photo = bench.journal.photo(digest)
    assert photo is not None
    return photo


def test_while_the_hub_cannot_be_reached_photos_are_not_tried_one_after_the_other(bench: Bench) -> None:
    for number in range(9):
        bench.photo(number)
    bench.take(LinkUp())
    bench.carry()
    tried = 0
    while bench.seconds < 100 + 60:
        step = bench.dispatch.next_photo(bench.at)
        if isinstance(step, Wait):
            assert step.until is not None
            bench.seconds = step.until
            continue
        tried += 1
        bench.done(step.photo, TryLater("the hub cannot be reached"))
    assert tried <= 60
    assert bench.fault() == "the hub cannot be reached"


def test_when_the_link_is_back_photos_go_at_once(bench: Bench) -> None:
    refused, held = bench.photo(1), bench.photo(2)
    bench.take(LinkUp())
    bench.carry()
    bench.done(bench.next_photo().photo, Refused("photo.too_large", "too large"))
    bench.done(bench.next_photo().photo, TryLater("the hub cannot be reached"))
    bench.take(LinkDown("gone"))
    bench.take(LinkUp())
    bench.carry()
    assert bench.next_photo().photo.digest == held
    assert bench.until() == bench.seconds + 2
    assert [refusal.about for refusal in bench.journal.refusals()] == [refused]


def test_one_refused_and_one_unreadable_photo_do_not_hold_up_the_others(bench: Bench) -> None:
    refused, lost, good = bench.photo(1), bench.photo(2, vault=False), bench.photo(3)
    bench.take(LinkUp())
    bench.carry()
    bench.done(bench.next_photo().photo, Refused("photo.too_large", "too large"))
    assert bench.next_photo().photo.digest == good
    bench.done(_photo(bench, good), Stored())
    assert {one.about: one.code for one in bench.journal.refusals()} == {
        refused: "photo.too_large",
        lost: "photo.not_in_vault",
    }
    assert [photo.digest for photo in bench.journal.photos("kept")] == [refused, lost]


def test_a_vault_that_lost_its_photos_holds_nothing_up(bench: Bench) -> None:
    for number in range(20):
        bench.photo(number, vault=False)
    bench.take(LinkUp())
    bench.carry()
    for _ in range(20):
        assert bench.until() == bench.seconds
    assert bench.until() == bench.seconds + 2
    assert len(bench.journal.refusals()) == 20


def test_what_was_refused_goes_after_what_may_get_through(bench: Bench) -> None:
    refused, good = bench.photo(1), bench.photo(2)
    bench.take(LinkUp())
    bench.carry()
    bench.done(bench.next_photo().photo, Refused("photo.too_large", "too large"))
    bench.seconds += 60
    assert [bench.next_photo().photo.digest for _ in range(2)] == [good, refused]


def test_a_paid_link_carries_facts_without_end_and_photos_by_the_hour(tmp_path: Path) -> None:
    bench = Bench(tmp_path, upload_set(metered_bytes_per_hour_max=100_000))
    with bench.journal:
        for number in range(3):
            bench.photo(number, size=8_000)
        bench.record(2_000)
        bench.take(LinkUp())
        bench.carry()
        assert bench.journal.receipted == bench.journal.newest
        bench.done(bench.next_photo().photo, Stored(), sent_bytes=8_000)
        until = bench.until()
        assert until is not None
        assert until - bench.seconds == pytest.approx(6_000 / 25, abs=0.01)
        bench.seconds = until + 0.01
        bench.next_photo()


def test_what_did_not_go_out_is_given_back_to_the_budget(tmp_path: Path) -> None:
    bench = Bench(tmp_path, upload_set(metered_bytes_per_hour_max=100_000))
    with bench.journal:
        for number in range(2):
            bench.photo(number, size=8_000)
        bench.take(LinkUp())
        bench.carry()
        first = bench.next_photo()
        assert bench.until() != bench.seconds
        bench.done(first.photo, Stored(), sent_bytes=0)
        bench.next_photo()


def test_without_a_budget_photos_go_as_they_can(bench: Bench) -> None:
    bench.profile = upload_set(metered=False, metered_bytes_per_hour_max=None)
    bench.begin()
    for number in range(3):
        bench.photo(number, size=50_000)
    bench.take(LinkUp())
    bench.carry()
    for _ in range(3):
        bench.next_photo()


def test_photos_are_freed_in_shares_and_nothing_without_a_receipt_ever_is(tmp_path: Path) -> None:
    keep_nothing = Retention(receipted_photo_days_min=0, receipted_fact_days_min=0)
    bench = Bench(tmp_path, msgspec.structs.replace(roomy_profile(), retention=keep_nothing))
    with bench.journal:
        digests = [bench.photo(number % 256, size=1 + number // 256) for number in range(FREED_AT_ONCE_MAX + 3)]
        assert not bench.dispatch.tidy()
        bench.take(LinkUp())
        bench.carry()
        for digest in digests[:-1]:
            bench.journal.receipt_photo(digest)
        assert bench.dispatch.tidy()
        assert not bench.dispatch.tidy()
        assert len(bench.journal.photos("freed")) == FREED_AT_ONCE_MAX + 2
        assert [photo.digest for photo in bench.journal.photos("kept")] == digests[-1:]
        assert bench.vault.read(digests[-1])


def test_a_message_does_not_show_what_it_carries(bench: Bench) -> None:
    bench.journal.record(opened(), bench.at)
    bench.take(LinkUp())
    for _ in range(2):
        message = bench.dispatch.next_message(bench.at)
        assert isinstance(message, Message)
        bench.dispatch.handed_over(message, bench.at, taken=True)
        assert "LZZZ" not in repr(message)


@pytest.fixture
def gathering(tmp_path: Path) -> Iterator[Bench]:
    """A dispatch that gathers facts for 5 seconds, with the link up and all that was before it sent."""
    bench = Bench(tmp_path, upload_set(gather_seconds_max=5.0))
    with bench.journal:
        bench.record(3)
        bench.take(LinkUp())
        bench.carry()
        assert [message.last for message in bench.messages] == [0, 3]
        bench.messages.clear()
        yield bench


def test_the_facts_of_an_inspection_travel_together_and_its_verdict_takes_them_along(gathering: Bench) -> None:
    for _ in range(29):
        gathering.record()
        assert gathering.carry() == Wait(105.0)
        gathering.seconds += 0.1
    gathering.journal.record(InspectionConcluded(outcome="pass", by="inspector-1"), gathering.at, case="pda-7.1")
    gathering.carry()
    assert [message.last for message in gathering.messages] == [33]
    assert gathering.journal.receipted == 33


def test_facts_that_no_verdict_follows_go_when_their_time_is_over(gathering: Bench) -> None:
    gathering.record()
    gathering.carry()
    gathering.seconds = 104.9
    gathering.record()
    assert gathering.carry() == Wait(105.0)
    gathering.seconds = 105.0
    gathering.carry()
    assert [message.last for message in gathering.messages] == [5]


def test_facts_of_the_moment_before_the_link_came_back_are_not_gathered(gathering: Bench) -> None:
    gathering.take(LinkDown("gone"))
    gathering.record()
    gathering.take(LinkUp())
    gathering.carry()
    assert [message.last for message in gathering.messages] == [0, 4]


def test_the_photos_of_facts_that_travelled_go_while_others_are_gathered(gathering: Bench) -> None:
    digest = gathering.photo(1)
    gathering.carry()
    gathering.record()
    assert gathering.carry() == Wait(105.0)
    assert gathering.next_photo().photo.digest == digest


def test_a_photo_is_announced_at_once_unless_another_is_on_its_way(gathering: Bench) -> None:
    gathering.photo(1)
    gathering.carry()
    assert [message.last for message in gathering.messages] == [4]
    under_way = gathering.next_photo().photo
    gathering.photo(2)
    gathering.photo(3)
    assert gathering.carry() == Wait(105.0)
    gathering.seconds += 1.0
    gathering.done(under_way, Stored())
    gathering.carry()
    assert [message.last for message in gathering.messages] == [4, 6]


def test_a_photo_that_is_announced_while_another_is_on_its_way_waits_no_longer_than_other_facts(
    gathering: Bench,
) -> None:
    gathering.photo(1)
    gathering.carry()
    gathering.next_photo()
    gathering.photo(2)
    gathering.carry()
    gathering.seconds += 5.0
    gathering.carry()
    assert [message.last for message in gathering.messages] == [4, 5]
