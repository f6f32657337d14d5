"""What the hub does about a ledger whose rows an older program wrote."""

import functools
from collections.abc import Iterator

import pytest

from central_hub import casework as module
from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer
from central_hub.desks.audits import Judgement
from central_hub.people.roles import Actor
from central_hub.store.database import Database, open_for_writing
from tests.central_hub.conftest import Bench
from tests.central_hub.old_ledgers import of_schema
from tests.central_hub.simulated_device import SimulatedDevice, private_car

AUDITOR = Actor("lin", "lin", frozenset({"auditor"}))


class Later:
    """The newer program over the older ledger."""

    def __init__(self, bench: Bench) -> None:
        self.folder = of_schema(2, bench)
        self.db: Database = open_for_writing(self.folder)
        self.casework = Casework(
            self.db,
            key=bench.key,
            settings=bench.settings,
            now=lambda: bench.now,
            supplies=Supplies(entropy=bytes),
        )
        self._committer = Committer(self.db, self.casework)

    def commit(self, *work: object) -> None:
        for done in self._committer.commit(list(work))[1]:  # type: ignore[arg-type]
            if done.error is not None:
                raise done.error


@pytest.fixture
def cases(bench: Bench, device: SimulatedDevice) -> list[str]:
    """Two cases with stickers that wait for their audit, and one that failed."""
    cases, photos = [], []
    for _ in range(2):
        case, digests = device.whole_case()
        cases.append(case)
        photos += digests
    cases.append(device.open_case())
    device.conclude(cases[-1], "fail")
    bench.send(device)
    bench.store(*photos)
    return cases


@pytest.fixture
def later(bench: Bench, cases: list[str]) -> Iterator[Later]:
    assert cases
    bench.db.execute("UPDATE cases SET stage = 'withheld' WHERE stage = 'failed'")
    made = Later(bench)
    yield made
    made.db.close()


def test_what_waits_is_handed_out_once_the_clock_has_ticked(
    later: Later, cases: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CASES_REWRITTEN_AT_ONCE_MAX", 2)
    later.commit(later.casework.start)
    audits = later.casework.engine.audits
    assert audits.take_next(AUDITOR) is None
    for _ in range(2):
        later.commit(later.casework.check_clock)
    stages = dict(later.db.execute("SELECT case_id, stage FROM cases").fetchall())
    assert stages == dict(zip(cases, ["audit_pending", "audit_pending", "failed"], strict=True))
    assert later.casework.records.cases_of_before(limit=9) == []
    lease = audits.take_next(AUDITOR)
    assert lease is not None
    judgement = Judgement(decision="pass", seen=audits.look(AUDITOR, lease.token).device_facts)
    later.commit(functools.partial(audits.decide, AUDITOR, lease.token, judgement))
    assert later.casework.hand.case(lease.case).opinions


def test_a_sticker_of_before_still_keeps_its_vehicle_from_a_second_one(
    bench: Bench, later: Later, device: SimulatedDevice
) -> None:
    later.commit(later.casework.start)
    first = len(device.records)
    case, digests = device.whole_case(private_car())
    later.commit(lambda: later.casework.take_message(device.topic, device.message(first + 1)))
    later.commit(*(functools.partial(later.casework.store_photo, digest) for digest in digests))
    withheld = later.casework.hand.case(case).withheld
    assert withheld is not None
    assert [reason.code for reason in withheld.reasons if reason.result == "failed"] == ["one_sticker"]
    sticker = later.casework.engine.stickers.numbers.sticker("PL00000001")
    assert sticker is not None
    assert sticker.valid_until.isoformat() > "2026-05-28"


def test_two_stickers_of_one_period_of_before_are_both_dated_and_one_that_cannot_be_read_is_left(
    bench: Bench, later: Later
) -> None:
    vehicle = "SELECT vehicle FROM stickers WHERE number = 'PL00000001'"
    later.db.execute(f"UPDATE stickers SET vehicle = ({vehicle}) WHERE number = 'PL00000002'")  # noqa: S608
    later.db.execute("INSERT INTO stickers (number, case_id, payload, issued) VALUES ('PL9', 'pda-9.1', ?, 1)", (b"?",))
    later.commit(later.casework.start)
    rows = later.db.execute("SELECT number, vehicle, valid_until <> '' FROM stickers ORDER BY number").fetchall()
    registered = later.db.execute(vehicle).fetchone()[0]
    assert rows == [("PL00000001", registered, 1), ("PL00000002", "PL00000002", 1), ("PL9", "", 0)]
    unread = later.casework.engine.stickers.numbers.sticker("PL9")
    assert unread is not None
    assert unread.valid_until.year == 1
