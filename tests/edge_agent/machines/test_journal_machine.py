"""Whatever happens to a journal, in any order: the properties that must hold all the same."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edge_agent.journal import Directed, Journal
from edge_agent.store import JournalError
from inspection.directives import NumberedDirective, Receipt, StickerGranted
from inspection.facts import ItemChecked
from inspection.signing import CHAIN_START
from inspection.wire import Recorded
from tests.edge_agent.stand_ins.fakes import DEVICE, moment


class JournalMachine(RuleBasedStateMachine):
    """Whatever happens to a journal: no fact without a receipt is lost, the chain holds, the numbers have no gap."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.lives = 0
        Journal.create(self.folder / "0.db", DEVICE)
        self.journal = Journal(self.folder / "0.db", DEVICE)
        self.told: list[Recorded] = []
        self.receipted = 0
        self.time = 0
        self.last_directive = 0

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()
            shutil.rmtree(self.folder)

    def receipt(self, have: int) -> Receipt:
        head = self.told[have - 1].digest if have else CHAIN_START
        return Receipt(device=DEVICE, have=have, head=head, hub_time=self.time)

    @rule(count=st.integers(1, 4))
    def record(self, count: int) -> None:
        for _ in range(count):
            fact = ItemChecked(item=f"{len(self.told):02}", mark="pass")
            self.told.append(self.journal.record(fact, moment(1), case="pda-7.1"))

    @rule(share=st.floats(0, 1))
    def settle(self, share: float) -> None:
        self.time += 1
        have = self.receipted + round(share * (len(self.told) - self.receipted))
        assert self.journal.settle(self.receipt(have)) == have
        self.receipted = have

    @rule(share=st.floats(0, 1), age=st.integers(0, 3))
    def late_receipt(self, share: float, age: int) -> None:
        late = self.receipt(round(share * self.receipted))
        late = Receipt(device=DEVICE, have=late.have, head=late.head, hub_time=max(0, self.time - age))
        assert self.journal.settle(late) == self.receipted

    @rule(share=st.floats(0, 1))
    def restored_hub(self, share: float) -> None:
        self.time += 1
        have = round(share * self.receipted)
        kept = have == self.receipted or all(self.journal.fact(seq) for seq in range(max(have, 1), self.receipted))
        if kept:
            assert self.journal.settle(self.receipt(have)) == have
            self.receipted = have
        else:
            with pytest.raises(JournalError, match="no longer kept"):
                self.journal.settle(self.receipt(have))

    @precondition(lambda self: self.told)
    @rule(head=st.binary(min_size=32, max_size=32), beyond=st.integers(0, 3))
    def forged_receipt(self, head: bytes, beyond: int) -> None:
        have = len(self.told) + beyond
        with pytest.raises(JournalError):
            self.journal.settle(Receipt(device=DEVICE, have=have, head=head, hub_time=self.time + 1))

    @rule(number=st.integers(-1, 2))
    def directive(self, number: int) -> None:
        sticker = StickerGranted(case="pda-7.1", number="S1", payload="ABC")
        numbered = NumberedDirective(device=DEVICE, number=self.last_directive + number, directive=sticker)
        taken = self.journal.take([numbered], moment(1)) == [Directed(kept=True)]
        assert taken == (number == 1)
        if taken:
            self.last_directive += 1
            newest = self.journal.fact(self.journal.newest)
            assert newest is not None
            self.told.append(newest)

    @rule(age=st.integers(0, 5))
    def forget(self, age: int) -> None:
        self.journal.forget(self.time - age)

    @rule(between_writes=st.booleans())
    def crash(self, between_writes: bool) -> None:  # noqa: FBT001
        """The files as they lie on the disk at this moment are all that the next life finds."""
        self.lives += 1
        old, new = self.folder / f"{self.lives - 1}.db", self.folder / f"{self.lives}.db"
        connection = self.journal._store._connection
        if between_writes:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM facts")
            connection.execute("UPDATE chain SET receipted = 0")
        shutil.copy(old, new)
        shutil.copy(f"{old}-wal", f"{new}-wal")
        if between_writes:
            connection.execute("ROLLBACK")
        self.journal.close()
        self.journal = Journal(new, DEVICE)

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "journal"):
            return
        assert self.journal.unreceipted(0, 10**6) == self.told[self.receipted :]
        assert self.journal.newest == len(self.told)
        before = CHAIN_START
        for number, one in enumerate(self.told, start=1):
            assert (one.entry.seq, one.entry.before) == (number, before)
            before = one.digest


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
