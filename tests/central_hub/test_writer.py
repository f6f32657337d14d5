import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future

import pytest

from central_hub import HubError
from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.store.database import Cursor, Database
from central_hub.writer import (
    GROUP_BYTES_MAX,
    GROUP_ITEMS_MAX,
    WAITING_BYTES_OF_SENDER_MAX,
    WAITING_OF_SENDER_MAX,
    Writer,
    WriterStoppedError,
)
from inspection import topics
from inspection.facts import DeviceStarted, LedgerSealed, PhotoRefused
from inspection.wire import open_receipt
from tests.central_hub.conftest import Bench, until
from tests.central_hub.simulated_device import SimulatedDevice

SECONDS_MAX = 300.0


class Commits:
    """Stands between the writer and its connection: counts commits, looks at each one, and breaks on demand."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.failures = db.failures
        self.shared = db.shared
        self.count = 0
        self.fail_at = ""
        self.at_commit: Callable[[], None] = lambda: None

    def _breaks(self, query: str) -> None:
        if self.fail_at and query.startswith(self.fail_at):
            raise sqlite3.OperationalError("database or disk is full")

    def execute(self, query: str, values: Sequence[object] = ()) -> Cursor:
        self._breaks(query)
        return self._db.execute(query, values)

    def executemany(self, query: str, rows: Iterable[Sequence[object]]) -> object:
        self._breaks(query)
        return self._db.executemany(query, rows)

    def begin(self) -> None:
        self._breaks("BEGIN")
        self._db.begin()

    def commit(self) -> None:
        self._breaks("COMMIT")
        self.count += 1
        self.at_commit()
        self._db.commit()

    def rollback(self) -> None:
        self._db.rollback()


def in_turn(*works: Callable[[], object]) -> Callable[[], None]:
    def work() -> None:
        for each in works:
            each()

    return work


class Office:
    """A writer over a bench. hold() keeps it busy, so that what is asked next waits together."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.commits = Commits(bench.db)
        self.sent: list[tuple[str, bytes]] = []
        self.writer = Writer(Committer(self.commits, bench.casework), publish=self.publish)  # type: ignore[arg-type]
        self.casework: Casework = bench.casework

    def publish(self, topic: str, message: bytes) -> None:
        self.sent.append((topic, message))

    def hold(self) -> threading.Event:
        busy, free = threading.Event(), threading.Event()
        self.writer.submit(in_turn(busy.set, lambda: free.wait(SECONDS_MAX)))
        assert busy.wait(SECONDS_MAX)
        return free

    def offer(self, device: SimulatedDevice, first: int = 1) -> bool:
        message = device.message(first)
        return self.writer.offer(lambda: self.casework.take_message(device.topic, message), sender=device.name)

    def seal(self) -> "Future[None]":
        return self.writer.submit(self.casework.seal)

    def break_store(self, at: str = "COMMIT") -> None:
        """Have the next commit fail, and wait until the writer has seen it."""
        self.commits.fail_at = at
        with pytest.raises(HubError, match="disk is full"):
            self.seal().result(SECONDS_MAX)


@pytest.fixture
def office(bench: Bench, device: SimulatedDevice) -> Iterator[Office]:
    made = Office(bench)
    made.writer.start()
    yield made
    made.writer.stop()


def fail(error: Exception) -> None:
    raise error


def test_work_is_done_in_the_order_in_which_it_came_and_its_result_given_back(office: Office) -> None:
    done: list[int] = []
    for number in range(200):
        last = office.writer.submit(lambda number=number: done.append(number))  # type: ignore[misc]
    last.result(SECONDS_MAX)
    assert office.writer.submit(lambda: len(done)).result(SECONDS_MAX) == 200
    assert done == list(range(200))


def test_what_somebody_waits_for_goes_before_messages(office: Office) -> None:
    done: list[str] = []
    free = office.hold()
    for number in range(3):
        office.writer.offer(lambda number=number: done.append(f"message {number}"), sender="pda-1")  # type: ignore[misc]
    last = [office.writer.submit(lambda number=number: done.append(f"asked {number}")) for number in range(2)]  # type: ignore[misc]
    free.set()
    last[-1].result(SECONDS_MAX)
    office.writer.submit(lambda: None).result(SECONDS_MAX)
    until(lambda: len(done) == 5)
    assert done == ["asked 0", "asked 1", "message 0", "message 1", "message 2"]


def note(office: Office, done: list[str], *, sender: str, what: str) -> bool:
    return office.writer.offer(lambda: done.append(what), sender=sender)


def test_senders_take_turns_so_that_who_floods_the_hub_waits_behind_himself(office: Office) -> None:
    done: list[str] = []
    free = office.hold()
    for number in range(4):
        assert note(office, done, sender="flooding", what=f"flood {number}")
    for number in range(2):
        assert note(office, done, sender="lane-1", what=f"fact {number}")
    assert note(office, done, sender="lane-2", what="contact")
    free.set()
    until(lambda: len(done) == 7)
    assert done == ["flood 0", "fact 0", "contact", "flood 1", "fact 1", "flood 2", "flood 3"]


def test_who_has_sent_much_before_stands_no_further_back_than_who_comes_anew(office: Office) -> None:
    done: list[str] = []
    for number in range(9):
        assert note(office, done, sender="lane-1", what=f"early {number}")
    until(lambda: len(done) == 9)
    free = office.hold()
    assert note(office, done, sender="lane-1", what="first")
    assert note(office, done, sender="lane-2", what="second")
    assert note(office, done, sender="lane-2", what="third")
    free.set()
    until(lambda: len(done) == 12)
    assert done[9:] == ["first", "second", "third"]


def test_of_one_sender_no_more_waits_than_its_share_and_another_has_room(office: Office) -> None:
    done: list[str] = []
    free = office.hold()
    took = [note(office, done, sender="flooding", what=str(number)) for number in range(WAITING_OF_SENDER_MAX + 3)]
    assert took == [True] * WAITING_OF_SENDER_MAX + [False] * 3
    assert note(office, done, sender="lane-1", what="fact")
    free.set()
    until(lambda: len(done) == WAITING_OF_SENDER_MAX + 1)
    until(lambda: note(office, done, sender="flooding", what="again"))


def test_large_messages_of_one_sender_leave_room_for_those_of_others(office: Office) -> None:
    free = office.hold()
    half = WAITING_BYTES_OF_SENDER_MAX // 2
    took = [office.writer.offer(lambda: None, sender="flooding", size=half) for _ in range(3)]
    assert took == [True, True, False]
    assert office.writer.offer(lambda: None, sender="lane-1", size=half)
    free.set()
    until(lambda: office.writer.offer(lambda: None, sender="flooding", size=half))


def test_a_group_of_large_messages_is_cut_short_so_that_nobody_waits_long_for_its_commit(office: Office) -> None:
    free = office.hold()
    for _ in range(6):
        assert office.writer.offer(lambda: None, sender="pda-1", size=GROUP_BYTES_MAX // 2)
    before = office.commits.count
    free.set()
    until(lambda: office.writer.waiting == 0 and office.commits.count >= before + 4)


def test_what_waits_together_is_committed_together(office: Office) -> None:
    free = office.hold()
    waiting = [office.seal() for _ in range(GROUP_ITEMS_MAX + 1)]
    free.set()
    waiting[-1].result(SECONDS_MAX)
    assert office.commits.count == 3  # what held it, one full group, and the one that did not fit


def test_messages_of_many_devices_share_a_commit_and_each_gets_one_receipt(office: Office, bench: Bench) -> None:
    devices = [SimulatedDevice(f"pda-{number}") for number in range(10)]
    for device in devices:
        office.writer.submit(
            lambda d=device: office.casework.enrolment.enrol(d.name, "pda", d.station, public_key=d.key.public)  # type: ignore[misc]
        ).result(SECONDS_MAX)
        device.write(DeviceStarted(profile="pda", software="1"))
        device.write(DeviceStarted(profile="pda", software="2"))
    before, free = office.commits.count, office.hold()
    for device in devices:
        assert office.offer(device)
        assert office.offer(device)
    free.set()
    until(lambda: len(office.sent) >= 10)
    assert office.commits.count - before <= 2
    receipts = {topic: open_receipt(message, bench.key.public) for topic, message in office.sent}
    assert len(office.sent) == 10
    assert {receipts[topics.receipts(device.name)].have for device in devices} == {2}


def test_a_piece_that_fails_is_taken_back_whole_and_the_others_stand(office: Office, bench: Bench) -> None:
    free = office.hold()
    first = office.seal()
    broken = office.writer.submit(in_turn(office.casework.seal, lambda: fail(HubError("not this one"))))
    last = office.seal()
    free.set()
    last.result(SECONDS_MAX)
    assert first.exception(SECONDS_MAX) is None
    with pytest.raises(HubError, match="not this one"):
        broken.result(SECONDS_MAX)
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'LedgerSealed'") == 2
    assert bench.casework.ledger.sealed[0] == bench.value("SELECT count(*) FROM entries")
    assert office.writer.errors == 0


@pytest.mark.parametrize("error", [RuntimeError("unforeseen"), sqlite3.IntegrityError("doubled"), KeyError("x")])
def test_an_unforeseen_error_of_one_piece_is_counted_and_stops_nothing(office: Office, error: Exception) -> None:
    broken = office.writer.submit(lambda: fail(error))
    assert broken.exception(SECONDS_MAX) is error
    assert office.writer.errors == 1
    assert office.writer.failure is None
    office.seal().result(SECONDS_MAX)


def test_what_a_piece_would_have_sent_is_not_sent_when_it_is_taken_back(
    office: Office, device: SimulatedDevice
) -> None:
    device.write(DeviceStarted(profile="lane", software="1"))
    taken = device.message()
    work = office.writer.submit(
        in_turn(lambda: office.casework.take_message(device.topic, taken), lambda: fail(HubError("taken back")))
    )
    assert work.exception(SECONDS_MAX)
    assert office.sent == []


def test_nobody_is_told_before_the_commit(office: Office, device: SimulatedDevice) -> None:
    device.write(DeviceStarted(profile="lane", software="1"))
    seen: list[tuple[int, bool]] = []
    free = office.hold()
    future = office.seal()
    office.commits.at_commit = lambda: seen.append((len(office.sent), future.done()))
    free.set()
    future.result(SECONDS_MAX)
    assert set(seen) == {(0, False)}
    office.offer(device)
    until(lambda: office.sent)
    assert seen[-1] == (0, True)
    assert [topic for topic, _ in office.sent] == [topics.receipts(device.name)]


@pytest.mark.parametrize("at", ["BEGIN", "INSERT", "UPDATE", "COMMIT"])
def test_a_store_that_fails_commits_nothing_tells_nobody_and_takes_no_more(
    office: Office, bench: Bench, device: SimulatedDevice, at: str
) -> None:
    device.write(DeviceStarted(profile="lane", software="1"))
    bench.casework.ledger._db = bench.casework.records._db = office.commits  # type: ignore[assignment]
    before = bench.value("SELECT count(*) FROM entries")
    free = office.hold()
    office.offer(device)
    future = office.seal()
    office.commits.fail_at = at
    free.set()
    with pytest.raises(HubError, match="disk is full"):
        future.result(SECONDS_MAX)
    assert office.sent == []
    assert bench.value("SELECT count(*) FROM entries") == before
    assert bench.casework.ledger.sealed[0] == before
    assert isinstance(office.writer.failure, sqlite3.OperationalError)
    with pytest.raises(WriterStoppedError, match="disk is full"):
        office.seal()
    assert not office.offer(device)


def test_a_disk_that_is_really_full_stops_the_writer_and_no_receipt_is_sent(
    office: Office, bench: Bench, device: SimulatedDevice
) -> None:
    for number in range(60):
        device.write(PhotoRefused(kind="0113", code="photo.empty", detail=f"{number:04d}" * 500))
    pages = bench.value("PRAGMA page_count")
    bench.db.execute(f"PRAGMA max_page_count = {pages}")
    free = office.hold()
    office.offer(device)
    free.set()
    until(lambda: office.writer.failure)
    with pytest.raises(HubError, match="database or disk is full"):
        office.seal()
    assert office.sent == []
    assert bench.value("SELECT have FROM devices WHERE device = ?", device.name) == 0
    bench.db.begin()
    bench.db.rollback()


def test_whoever_still_waits_when_the_store_fails_is_told(office: Office) -> None:
    free = office.hold()
    waiting = [office.seal() for _ in range(3 * GROUP_ITEMS_MAX)]
    office.commits.fail_at = "COMMIT"
    free.set()
    for future in waiting:
        assert isinstance(future.exception(SECONDS_MAX), HubError)


def test_a_writer_whose_store_failed_can_still_be_stopped(office: Office) -> None:
    office.break_store()
    office.writer.stop()
    assert not office.writer._thread.is_alive()


def test_whoever_gives_up_waiting_stops_nothing(office: Office, bench: Bench) -> None:
    free = office.hold()
    given_up = office.seal()
    assert given_up.cancel()
    last = office.seal()
    free.set()
    last.result(SECONDS_MAX)
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'LedgerSealed'") == 1


def test_an_error_outside_every_piece_stops_the_writer_with_its_cause(office: Office, bench: Bench) -> None:
    office.writer._publish = lambda _topic, _message: fail(RuntimeError("the wire fell over"))
    device = SimulatedDevice("pda-1")
    office.writer.submit(
        lambda: office.casework.enrolment.enrol("pda-1", "pda", "", public_key=device.key.public)
    ).result(SECONDS_MAX)
    device.write(LedgerSealed(size=1, root=b""))
    free = office.hold()
    office.offer(device)
    free.set()
    until(lambda: office.writer.failure)
    assert isinstance(office.writer.failure, RuntimeError)
    with pytest.raises(WriterStoppedError, match="the wire fell over"):
        office.seal()


def test_what_waits_when_the_writer_is_stopped_is_finished_first(office: Office, bench: Bench) -> None:
    free = office.hold()
    waiting = [office.seal() for _ in range(GROUP_ITEMS_MAX + 5)]
    stopping = threading.Thread(target=office.writer.stop)
    stopping.start()
    free.set()
    stopping.join(SECONDS_MAX)
    assert all(future.done() for future in waiting)
    assert bench.value("SELECT count(*) FROM entries WHERE kind = 'LedgerSealed'") == GROUP_ITEMS_MAX + 5


def test_a_stopped_writer_takes_no_work(office: Office, device: SimulatedDevice) -> None:
    device.write(DeviceStarted(profile="lane", software="1"))
    office.writer.stop()
    with pytest.raises(WriterStoppedError):
        office.seal()
    assert not office.offer(device)


def test_a_message_for_which_there_is_no_room_is_not_taken(
    bench: Bench, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central_hub.writer.WAITING_ITEMS_MAX", 2)
    device.write(DeviceStarted(profile="lane", software="1"))
    office = Office(bench)
    assert [office.offer(device) for _ in range(3)] == [True, True, False]
    office.writer.start()
    office.seal().result(SECONDS_MAX)
    assert office.offer(device)
    office.writer.stop()
    assert bench.value("SELECT have FROM devices WHERE device = ?", device.name) == 1


def test_messages_wait_for_one_commit_of_what_was_asked_for_and_not_for_a_second(office: Office) -> None:
    done: list[str] = []
    free = office.hold()
    for number in range(2):
        office.writer.submit(lambda number=number: done.append(f"asked {number}"))  # type: ignore[misc]
    office.writer.offer(lambda: done.append("message"), sender="lane-1")

    def asking() -> None:
        done.append("asked last")
        office.writer.submit(lambda: done.append("asked anew"))

    last = office.writer.submit(asking)
    before = office.commits.count
    free.set()
    last.result(SECONDS_MAX)
    until(lambda: len(done) == 5)
    assert done == ["asked 0", "asked 1", "asked last", "asked anew", "message"]
    until(lambda: office.commits.count == before + 3)
