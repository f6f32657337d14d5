import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from aiohttp.test_utils import TestServer

from edge_agent.clock import Clock
from edge_agent.journal import Journal
from edge_agent.sending.events import Arrived, Deliver, LinkDown, LinkUp
from edge_agent.sending.forwarding import PHOTOS_AT_ONCE_MAX, Forwarding, ForwardingError, Route
from edge_agent.sending.link import AnyLink, LinkError
from edge_agent.sending.upload import UploadTarget
from edge_agent.vault import Vault
from firmware_profiles.schema import Retention
from inspection import wire
from inspection.directives import NumberedDirective, Refusal, StickerGranted
from inspection.evidence import PhotoRef
from inspection.facts import ItemChecked, PhotoTaken
from inspection.signing import SigningKey
from tests.edge_agent.stand_ins.fakes import DEVICE, DEVICE_KEY, HUB_KEY, FakeHub, FakeLink, moment, roomy_profile
from tests.edge_agent.stand_ins.photo_door import PhotoDoor

SECONDS_MAX = 300.0
DATA = b"the bytes of a photo" * 100
DIGEST = hashlib.sha256(DATA).hexdigest()
STRANGER = SigningKey(bytes(32))
GRANTED = StickerGranted(case="pda-7.1", number="S1", payload="ABC")


class Rig:
    """A device's journal and vault, a hub in memory, and the forwarding between them."""

    def __init__(self, folder: Path, http_url: str, door: PhotoDoor) -> None:
        Journal.create(folder / "journal.db", DEVICE)
        self.journal = Journal(folder / "journal.db", DEVICE)
        self.vault = Vault(folder / "vault", free_bytes_min=0)
        self.hub = FakeHub()
        self.door = door
        self.links: list[FakeLink] = []
        self.unreachable = False
        self.broken_links = 0
        self.retention = Retention(receipted_photo_days_min=3, receipted_fact_days_min=30)
        self.target = UploadTarget(
            http_url=http_url, device=DEVICE, key=DEVICE_KEY, hub_public=HUB_KEY.public, chunk_bytes=1_000
        )
        self.forwarding: Forwarding | None = None

    def link(self, deliver: Deliver) -> AnyLink:
        if self.broken_links:
            self.broken_links -= 1
            raise LinkError("the certificates are gone")
        link = FakeLink(self.hub, deliver)
        if self.unreachable:
            link.reachable.clear()
        self.links.append(link)
        return link

    def start(self) -> Forwarding:
        route = Route(
            journal=self.journal,
            vault=self.vault,
            profile=msgspec.structs.replace(roomy_profile(batch_facts_max=100), retention=self.retention),
            target=self.target,
            link=self.link,
            clock=Clock(),
            chance=lambda: 0.0,
        )
        self.forwarding = Forwarding(route)
        self.forwarding.start()
        return self.forwarding

    def record(self, count: int = 1) -> None:
        for _ in range(count):
            self.journal.record(ItemChecked(item="01", mark="pass"), moment(1), case="pda-7.1")
        if self.forwarding:
            self.forwarding.nudge()

    def photo(self, data: bytes = DATA, *, vault: bool = True) -> None:
        digest = self.vault.put(data) if vault else DIGEST
        ref = PhotoRef(digest=digest, media="image/jpeg", size=len(data), width=4, height=3)
        self.journal.record(PhotoTaken(kind="0113", photo=ref), moment(1), case="pda-7.1")
        if self.forwarding:
            self.forwarding.nudge()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds; looked at again after each commit, and often enough to see what commits nothing."""
        end = time.monotonic() + SECONDS_MAX
        while not await asyncio.to_thread(self.journal.wait_until, holds, iter((0.02, 0.0)).__next__):
            assert time.monotonic() < end, "it did not come to hold in time"

    async def all_receipted(self) -> None:
        await self.until(lambda: self.journal.receipted == self.journal.newest)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    door = PhotoDoor({DIGEST: len(DATA)})
    async with TestServer(door.app(), host="127.0.0.1") as server:
        rig = Rig(tmp_path, str(server.make_url("/")), door)
        yield rig
        if rig.forwarding:
            await asyncio.to_thread(rig.forwarding.stop, SECONDS_MAX)
        rig.journal.close()


async def test_what_waited_and_what_comes_later_reaches_the_hub_in_order(rig: Rig) -> None:
    rig.record(250)
    rig.start()
    await rig.all_receipted()
    rig.record(3)
    await rig.all_receipted()
    assert [record.entry.seq for record in rig.hub.records] == list(range(1, 254))


async def test_a_batch_that_the_wire_lost_is_sent_again(rig: Rig) -> None:
    rig.hub.lose = 1
    rig.record(2)
    rig.start()
    await rig.all_receipted()
    assert len(rig.hub.records) == 2


async def test_a_lost_first_batch_makes_a_gap_that_is_closed_at_once(rig: Rig) -> None:
    rig.hub.lose = 1
    rig.record(150)
    rig.start()
    await rig.all_receipted()
    assert len(rig.hub.records) == 150


async def test_what_comes_together_is_one_commit(rig: Rig) -> None:
    rig.hub.on_fact = lambda _record: GRANTED if len(rig.hub.directives) < 5 else None
    rig.record(5)
    statements: list[str] = []
    rig.journal._store._connection.set_trace_callback(statements.append)
    rig.start()
    await rig.until(lambda: rig.journal.counts().directives == 5)
    rig.journal._store._connection.set_trace_callback(None)
    kept = [place for place, text in enumerate(statements) if text.startswith("INSERT INTO directives")]
    assert len(kept) == 5
    assert "COMMIT" not in statements[kept[0] : kept[-1]]


async def test_without_a_connection_facts_wait_and_go_when_it_is_back(rig: Rig) -> None:
    rig.unreachable = True
    rig.record(2)
    forwarding = rig.start()
    await rig.until(lambda: forwarding.status().fault == "not there")
    assert not forwarding.status().connected
    rig.links[0].reachable.set()
    rig.links[0].start()
    await rig.all_receipted()
    assert forwarding.status()[:3] == (True, True, "")


async def test_a_message_that_the_link_does_not_take_goes_later(rig: Rig) -> None:
    rig.unreachable = True
    rig.record(1)
    forwarding = rig.start()
    await rig.until(lambda: bool(rig.links))
    rig.hub.deliver(LinkUp())
    await rig.until(lambda: forwarding.status().connected)
    rig.links[0].reachable.set()
    await rig.all_receipted()


@pytest.mark.parametrize("what", ["receipt", "directive"])
async def test_what_is_forged_or_garbled_is_counted_and_changes_nothing(rig: Rig, what: str) -> None:
    rig.hub.refuse = Refusal(code="batch.gap", text="nothing is taken")
    rig.record(1)
    forwarding = rig.start()
    await rig.until(lambda: rig.hub.batches > 0)
    record = rig.journal.unreceipted(0, 1)[0]
    receipt = rig.hub.receipt(have=1, head=record.digest)
    numbered = NumberedDirective(device=DEVICE, number=1, directive=GRANTED)
    if what == "receipt":
        forged = Arrived("receipt", wire.seal_receipt(receipt, STRANGER))
        rig.hub.deliver(Arrived("receipt", wire.seal_directive(numbered, HUB_KEY)))
    else:
        forged = Arrived("directive", wire.seal_directive(numbered, STRANGER))
        rig.hub.deliver(Arrived("directive", b"\xc1"))
    rig.hub.deliver(forged)
    await rig.until(lambda: forwarding.status().not_taken == 2)
    assert (rig.journal.receipted, rig.journal.newest) == (0, 1)


async def test_a_refused_fact_is_kept_shown_and_taken_once_the_hub_relents(rig: Rig) -> None:
    rig.hub.refuse = Refusal(code="batch.fork", text="this is another fact")
    rig.record(1)
    forwarding = rig.start()
    await rig.until(lambda: rig.journal.refusals() == [("1", "batch.fork", "this is another fact")])
    await rig.until(lambda: forwarding.status().fault == "this is another fact")
    rig.hub.refuse = None
    await rig.all_receipted()
    assert rig.journal.refusals() == []
    await rig.until(lambda: forwarding.status().fault == "")


async def test_a_hub_that_speaks_of_another_chain_is_shown_and_nothing_is_forgotten(rig: Rig) -> None:
    rig.record(1)
    forwarding = rig.start()
    await rig.all_receipted()
    rig.hub.answer(rig.hub.receipt(head=b"\1" * 32))
    await rig.until(lambda: "another chain" in forwarding.status().fault)
    assert rig.journal.receipted == 1


async def test_a_hub_that_was_restored_from_a_backup_gets_everything_again(rig: Rig) -> None:
    rig.record(5)
    rig.start()
    await rig.all_receipted()
    del rig.hub.records[2:]
    rig.hub.answer(rig.hub.receipt())
    await rig.until(lambda: len(rig.hub.records) == 5)
    await rig.all_receipted()


async def test_a_directive_is_committed_and_said_so(rig: Rig) -> None:
    rig.hub.on_fact = lambda record: GRANTED if isinstance(record.entry.fact, ItemChecked) else None
    rig.record(1)
    rig.start()
    await rig.until(lambda: len(rig.hub.records) == 2)
    [settled] = rig.journal.directives_for("pda-7.1")
    assert settled.numbered.directive == GRANTED


async def test_on_a_full_disk_receipts_still_settle_and_the_directive_comes_again(rig: Rig) -> None:
    rig.record(2)
    rig.journal._store._free_bytes_min = 2**60
    rig.hub.on_fact = lambda record: GRANTED if record.entry.seq == 2 else None
    forwarding = rig.start()
    await rig.until(lambda: rig.journal.receipted == 2)
    await rig.until(lambda: "存储空间已满" in forwarding.status().fault)
    assert (rig.journal.newest, forwarding.status().restarts) == (2, 0)


async def test_a_directive_for_another_device_is_passed_over(rig: Rig) -> None:
    forwarding = rig.start()
    await rig.until(lambda: forwarding.status().connected)
    other = NumberedDirective(device="pda-8", number=1, directive=GRANTED)
    rig.hub.deliver(Arrived("directive", wire.seal_directive(other, HUB_KEY)))
    await rig.until(lambda: forwarding.status().not_taken == 1)
    assert rig.journal.newest == 0


async def test_a_photo_follows_its_fact_and_is_receipted(rig: Rig) -> None:
    rig.start()
    rig.photo()
    await rig.until(lambda: bool(rig.journal.photos("receipted")))
    assert bytes(rig.door.came[DIGEST]) == DATA
    assert rig.vault.read(DIGEST) == DATA


async def test_a_photo_waits_while_a_fact_can_travel(rig: Rig) -> None:
    rig.photo()
    forwarding = rig.start()
    await rig.until(lambda: bool(rig.journal.photos("receipted")))
    rig.hub.lose = 10**6
    rig.record(1)
    await rig.until(lambda: rig.hub.lose < 10**6)
    assert forwarding.status().running
    assert len(rig.door.requests) == len(rig.door.offsets) + 1


async def test_the_photos_of_a_vehicle_travel_side_by_side(rig: Rig) -> None:
    photos = [bytes([number]) * 2_500 for number in range(PHOTOS_AT_ONCE_MAX)]
    rig.door.sizes = {hashlib.sha256(data).hexdigest(): len(data) for data in photos}
    rig.door.together = asyncio.Barrier(PHOTOS_AT_ONCE_MAX)
    for data in photos:
        rig.photo(data)
    rig.start()
    await rig.until(lambda: len(rig.journal.photos("receipted")) == PHOTOS_AT_ONCE_MAX)


async def test_when_it_comes_to_the_hub_it_says_how_it_stands(rig: Rig) -> None:
    rig.record(2)
    rig.start()
    await rig.all_receipted()
    contact = rig.hub.contacts[0]
    assert (contact.device, contact.newest, contact.receipted) == (DEVICE, 2, 0)


async def test_a_pause_of_the_hubs_and_what_waits_there_are_shown(rig: Rig) -> None:
    rig.hub.pause_ms = 100
    forwarding = rig.start()
    await rig.until(lambda: forwarding.status().paused)
    rig.record(1)
    await rig.all_receipted()
    assert forwarding.status().hub_waiting == 0


async def test_a_refused_photo_stays_and_is_shown(rig: Rig) -> None:
    rig.door.answers = [(200, ""), (413, '{"code": "photo.too_large", "text": "too large"}')]
    rig.photo()
    rig.start()
    await rig.until(lambda: rig.journal.refusals() == [(DIGEST, "photo.too_large", "too large")])
    assert rig.vault.read(DIGEST) == DATA
    await rig.until(lambda: bool(rig.journal.photos("receipted")))
    assert rig.journal.refusals() == []


async def test_a_photo_that_the_vault_lost_is_shown(rig: Rig) -> None:
    rig.photo(vault=False)
    rig.start()
    await rig.until(lambda: [refusal.code for refusal in rig.journal.refusals()] == ["photo.not_in_vault"])


async def test_a_hub_that_is_busy_gets_the_photo_later(rig: Rig) -> None:
    rig.door.answers = [(503, "")]
    rig.photo()
    forwarding = rig.start()
    await rig.until(lambda: bool(rig.journal.photos("receipted")))
    assert len(rig.door.requests) > 2
    await rig.until(lambda: forwarding.status().fault == "")


async def test_photos_whose_time_is_over_are_freed_and_the_others_stay(rig: Rig) -> None:
    rig.start()
    rig.photo()
    await rig.until(lambda: bool(rig.journal.photos("receipted")))
    assert rig.forwarding is not None
    await asyncio.to_thread(rig.forwarding.stop, SECONDS_MAX)
    rig.retention = Retention(receipted_photo_days_min=0, receipted_fact_days_min=30)
    rig.start()
    await rig.until(lambda: bool(rig.journal.photos("freed")))
    with pytest.raises(Exception, match="not in the vault"):
        rig.vault.read(DIGEST)


async def test_it_is_started_once_and_stopping_it_twice_is_harmless(rig: Rig) -> None:
    forwarding = rig.start()
    with pytest.raises(ForwardingError, match="already"):
        forwarding.start()
    for _ in range(2):
        await asyncio.to_thread(forwarding.stop, SECONDS_MAX)
        forwarding.nudge()
    assert not forwarding.status().running


async def test_a_stop_that_takes_too_long_is_told(rig: Rig) -> None:
    forwarding = rig.start()
    await rig.until(lambda: forwarding.status().connected)
    with rig.journal._store.changed:
        # Whoever holds the journal holds up the thread.
        forwarding.nudge()
        with pytest.raises(ForwardingError, match="did not stop"):
            await asyncio.to_thread(forwarding.stop, 0.05)


async def test_a_fact_that_was_lost_here_and_is_not_at_the_hub_is_told_and_nothing_is_sent(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.sending.forwarding.RESTART_SECONDS", 0.01)
    rig.record(3)
    with rig.journal._store.writing() as connection:
        connection.execute("DELETE FROM facts WHERE seq = 1")
    forwarding = rig.start()
    await rig.until(lambda: "fact 1 is not in the journal" in forwarding.status().fault)
    assert rig.hub.batches == 0


async def test_it_can_be_started_again_after_it_was_stopped(rig: Rig) -> None:
    forwarding = rig.start()
    await asyncio.to_thread(forwarding.stop, SECONDS_MAX)
    rig.record(2)
    forwarding.start()
    await rig.all_receipted()


async def test_when_it_falls_over_it_says_why_and_begins_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.sending.forwarding.RESTART_SECONDS", 0.01)
    rig.broken_links = 2
    rig.record(1)
    forwarding = rig.start()
    await rig.all_receipted()
    assert forwarding.status().restarts == 2


async def test_it_does_not_wait_for_an_upload_when_it_is_stopped(rig: Rig) -> None:
    forwarding = rig.start()
    rig.hub.deliver(LinkDown("gone"))
    rig.photo()
    started = time.monotonic()
    await asyncio.to_thread(forwarding.stop, SECONDS_MAX)
    assert time.monotonic() - started < SECONDS_MAX / 2


async def test_more_events_than_fit_are_dropped_and_the_hub_repeats_them(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.sending.forwarding.EVENTS_WAITING_MAX", 1)
    rig.record(3)
    forwarding = rig.start()
    for _ in range(50):
        rig.hub.deliver(Arrived("directive", b""))
    await rig.until(lambda: len(rig.links) == 1 and forwarding.status().running)
    rig.hub.deliver(LinkUp())
    await rig.all_receipted()
