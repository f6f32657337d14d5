"""The store that the load is measured on: its queue is one that the desk hands out from, and its ledger goes on."""

from pathlib import Path

import pytest

from benchmarks.audit.filling import Sizes, fill
from benchmarks.hub.inprocess import now_ms
from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.desks.audits import Judgement
from central_hub.people.roles import Actor
from central_hub.settings import HubSettings
from central_hub.store.opening import open_store
from inspection.signing import SigningKey
from tests.central_hub.postgresql_server import running_server

SIZES = Sizes(cases=500, waiting=100, whole=20)


@pytest.mark.real
def test_a_filled_postgresql_can_be_worked_on_too(tmp_path: Path) -> None:
    with running_server() as server:
        work_on(tmp_path, server.create())


def test_a_filled_store_has_its_numbers_and_a_case_of_it_can_be_taken_and_decided(tmp_path: Path) -> None:
    work_on(tmp_path, "")


def work_on(tmp_path: Path, store: str) -> None:
    settings, key = HubSettings(store=store), SigningKey(bytes(32))
    db = open_store(tmp_path, settings)
    fill(db, Casework(db, key=key, settings=settings, now=now_ms), SIZES, now=now_ms())
    counts = db.execute("SELECT count(*), sum(queued) FROM cases").fetchone()
    assert tuple(counts) == (500, 100)
    casework = Casework(db, key=key, settings=settings, now=now_ms)
    audits, committer = casework.engine.audits, Committer(db, casework)
    who = Actor(account="auditor-1", person="p-1", roles=frozenset({"auditor"}))

    def run(act: object) -> object:
        (done,) = committer.commit([act])[1]  # type: ignore[list-item]
        if done.error:
            raise done.error
        return done.result

    run(lambda: audits.keep_days(bytes))
    run(lambda: audits.take_next(who))
    (lease,) = audits._table.leases(0)
    assert lease.case.startswith("bench-")
    seen = audits.look(who, lease.token).device_facts
    run(lambda: audits.decide(who, lease.token, Judgement(decision="pass", seen=seen)))
    assert casework.hand.case(lease.case).opinions
    db.close()
