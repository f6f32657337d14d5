"""An auditors' office over a real store and ledger: cases that wait, people, a clock; each act is a transaction."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

from central_hub.deciding.queueing import AuditTerms, Lease
from central_hub.desks.audits import Audits, Judgement
from central_hub.enrolment import Enrolment
from central_hub.hand import HubHand
from central_hub.people.roles import Actor
from central_hub.settings import HubSettings
from central_hub.store.opening import open_store
from inspection.case import Case
from inspection.facts import AnyFact, PhotoStored, StickerIssued
from inspection.identities import HUB
from inspection.signing import SigningKey
from inspection.wire import decode_entry, open_batch
from tests.central_hub.simulated_device import STATION, SimulatedDevice

NOW = 1_780_000_000_000  # 2026-05-28, 04:26 in Beijing
HOUR = 3_600_000
DAY = 24 * HOUR
_T = TypeVar("_T")
_F = TypeVar("_F")


def auditor(name: str, *, station: str = "", roles: tuple[str, ...] = ("auditor",)) -> Actor:
    return Actor(account=f"{name}-account", person=name, roles=frozenset(roles), station=station)


class Office:
    """The desk `audits`, and what one needs around it. now: the hub's time, which tests set."""

    def __init__(self, folder: Path, store: str = "", *, terms: AuditTerms | None = None) -> None:
        self.now = NOW
        self.terms = terms or AuditTerms(second_share=0.0, probe_share=0.0)
        settings = HubSettings(store=store)
        self.db = open_store(folder, settings)
        self.hand = HubHand(self.db, key=SigningKey(bytes(32)), settings=settings, now=lambda: self.now)
        self.hand.follows(self._row)
        self.audits = Audits(self.hand, terms=lambda: self.terms)
        self._enrolment = Enrolment(self.hand.ledger, self.hand.records, key=self.hand.key, now=lambda: self.now)
        self.do(self._enrolment.begin_hub_chain)
        self.do(self.keep_days)

    def keep_days(self) -> None:
        """Do the clock job's part; the seeds are the same in each run."""
        self.audits.keep_days(lambda count: bytes(range(count)))

    def _row(self, case: str) -> Case:
        folded = self.hand.case(case)
        self.hand.records.keep_case(folded, opened_at=self.now)
        return folded

    def do(self, work: Callable[[], _T]) -> _T:
        """Run work in a transaction, which is taken back when it raises."""
        with self.transaction():
            return work()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        mark = self.hand.mark()
        self.db.begin()
        self.hand.begin()
        with contextlib.ExitStack() as begun:
            begun.callback(self.db.rollback)
            begun.callback(self.hand.back_to, mark)
            yield
            self.hand.ledger.finish(at=self.now)
            self.db.commit()
            begun.pop_all()
        self.hand.committed()

    def device(self, name: str = "lane-1", *, station: str = STATION) -> SimulatedDevice:
        made = SimulatedDevice(name, station=station)
        self.do(lambda: self._enrolment.enrol(name, "lane_box", station, public_key=made.key.public))
        return made

    def waiting(self, device: SimulatedDevice, *, hours: float = 24, accepted: bool = True) -> str:
        """Let a whole inspection come in, with its sticker; return the case, whose audit is due in so many hours."""
        first = len(device.records) + 1
        case, digests = device.whole_case(accepted=accepted)
        stored = [PhotoStored(digest=digest, size=1) for digest in digests]
        batch = open_batch(device.message(first))
        due = self.now + int(hours * HOUR)
        issued = StickerIssued(
            number=f"PL-{case}", payload=b"", valid_until=date(2028, 5, 28), audit_due=due, rulebook="r", reasons=()
        )
        with self.transaction():
            self.hand.ledger.append_batch(batch, tuple(device.records[first - 1 :]), received=self.now)
            self.hand.write(case, *stored, issued)
            self.hand.follow_up(case)
        return case

    def next(self, who: Actor) -> Lease:
        """Take the next case; there must be one."""
        lease = self.do(lambda: self.audits.take_next(who))
        assert lease is not None
        return lease

    def decide(self, who: Actor, lease: Lease, decision: str = "pass", **changes: object) -> Case:
        """Give an opinion as somebody does who saw all that is there."""
        seen = self.do(lambda: self.audits.look(who, lease.token)).device_facts
        fields = {"decision": decision, "seen": seen, "reason": "procedure" if decision == "suspicious" else ""}
        judgement = Judgement(**{**fields, **changes})  # type: ignore[arg-type]
        return self.do(lambda: self.audits.decide(who, lease.token, judgement))

    def pass_all(self, *people: Actor) -> list[str]:
        """Let these people in turn pass whatever they get until there is no more; return the cases in that order."""
        done: list[str] = []
        idle = 0
        while idle < len(people):
            who = people[len(done) % len(people)] if not idle else people[idle]
            lease = self.do(lambda who=who: self.audits.take_next(who))  # type: ignore[misc]
            idle = 0 if lease else idle + 1
            if lease:
                self.decide(who, lease)
                done.append(lease.case)
        return done

    def written(self, kind: type[_F]) -> list[_F]:
        """Return the facts of a kind in the hub's own chain, in order."""
        query = "SELECT raw FROM entries WHERE device = ? AND kind = ? ORDER BY seq"
        rows = self.db.execute(query, (HUB, kind.__name__)).fetchall()
        facts: list[AnyFact] = [decode_entry(row[0]).entry.fact for row in rows]
        return [fact for fact in facts if isinstance(fact, kind)]
