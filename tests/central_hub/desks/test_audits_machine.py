"""Whatever people and clocks do in whatever order: a case has one holder, and only they decide it, once."""

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from central_hub import HubError
from central_hub.deciding.queueing import AuditTerms, Lease
from inspection.facts import AuditDecided, AuditOpinion
from tests.central_hub.audit_office import HOUR, Office, auditor

PEOPLE = [
    *(auditor(f"p-{number}") for number in range(3)),
    auditor("p-l", roles=("auditor", "lead_auditor")),
    auditor("inspector-1"),
]
LEASE_MS = 300_000
people = st.sampled_from(PEOPLE)


class Leases(RuleBasedStateMachine):
    """A naive model: who was given which case, and how long ago in time that passed for people."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.office = Office(Path(self._folder.name) / "hub", terms=AuditTerms(second_share=0.3, probe_share=0.0))
        self.office.db.execute("PRAGMA synchronous = OFF")
        self.lane = self.office.device()
        self.passed = 0
        self.given: list[tuple[Lease, int]] = []
        """Every lease with when it ends, in milliseconds that have passed for people."""

    def teardown(self) -> None:
        self.office.db.close()
        self._folder.cleanup()

    def holds(self, lease: Lease) -> bool:
        return any(lease.token == one.token and self.passed < until for one, until in self.given)

    def forget(self, lease: Lease) -> None:
        self.given = [(one, until) for one, until in self.given if one.token != lease.token]

    @rule(hours=st.integers(1, 30))
    def a_case_comes_in(self, hours: int) -> None:
        self.office.waiting(self.lane, hours=hours)

    @rule(who=people)
    def somebody_takes(self, who: object) -> None:
        lease = self.office.do(lambda: self.office.audits.take_next(who))  # type: ignore[arg-type]
        if lease is None:
            return
        assert lease.person != "inspector-1"
        others = [one for one, until in self.given if self.passed < until and one.token != lease.token]
        assert lease.case not in {one.case for one in others}
        assert lease.person not in {one.person for one in others}
        self.forget(lease)
        self.given.append((lease, self.passed + LEASE_MS))

    @precondition(lambda self: self.given)
    @rule(data=st.data(), who=people, suspicious=st.booleans())
    def somebody_decides(self, data: st.DataObject, who: object, *, suspicious: bool) -> None:
        lease, _ = data.draw(st.sampled_from(self.given))
        own = lease.person == who.person and self.holds(lease)  # type: ignore[attr-defined]
        try:
            self.office.decide(who, lease, "suspicious" if suspicious else "pass")  # type: ignore[arg-type]
        except HubError:
            assert not own
        else:
            assert own
            self.forget(lease)

    @precondition(lambda self: self.given)
    @rule(data=st.data(), release=st.booleans())
    def the_holder_says_something(self, data: st.DataObject, *, release: bool) -> None:
        lease, _ = data.draw(st.sampled_from(self.given))
        who = next(one for one in PEOPLE if one.person == lease.person)
        act = self.office.audits.release if release else self.office.audits.heartbeat
        held = self.holds(lease)
        try:
            self.office.do(lambda: act(who, lease.token))
        except HubError:
            assert not held
        else:
            assert held
            self.forget(lease)
            if not release:
                self.given.append((lease, self.passed + LEASE_MS))

    @rule(milliseconds=st.integers(1, 2 * LEASE_MS))
    def time_passes(self, milliseconds: int) -> None:
        self.office.now += milliseconds
        self.passed += milliseconds

    @rule(hours=st.integers(1, 3))
    def the_hubs_clock_is_put_back(self, hours: int) -> None:
        # Time that passes while nobody asks cannot be known: so the clock is written down first.
        self.office.do(lambda: self.office.audits._table.tick(self.office.now - 1_000))
        self.office.do(lambda: self.office.audits._table.tick(self.office.now))
        self.office.now -= hours * HOUR

    @invariant()
    def no_opinion_counts_twice(self) -> None:
        opinions = Counter(
            (record[0], record[1])
            for record in self.office.db.execute("SELECT case_id, person FROM audit_opinions").fetchall()
        )
        assert not opinions or max(opinions.values()) == 1
        assert len(self.office.written(AuditOpinion)) == sum(opinions.values())
        decided = "SELECT count(*) FROM entries WHERE kind = 'AuditDecided' GROUP BY case_id"
        assert all(row[0] == 1 for row in self.office.db.execute(decided))
        assert len(self.office.written(AuditDecided)) <= sum(opinions.values())


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
