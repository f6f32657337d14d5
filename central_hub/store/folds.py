"""Prepared folds: the newest cases as they stand, so that a fact more is read once and not the whole case again.

Holds what can be folded again from the ledger at any time; what it does not hold, or cannot go on with, it reads there.
"""

from collections import OrderedDict
from collections.abc import Iterable

from central_hub.store.ledger import CASE_FACTS_MAX, Ledger
from inspection.case import Case, Folded, fold_on, folded
from inspection.facts import CaseOpened, Entry

FOLDS_KEPT_MAX = 4_000
_FACTS_MAX = CASE_FACTS_MAX // 2
"""A case with more facts than this is always read from the ledger, which knows which of them count."""


class Folds:
    """The folds of the cases that were touched last."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: OrderedDict[str, Folded] = OrderedDict()
        self._touched: list[str] = []

    def begin(self, *, others_wrote: bool) -> None:
        """Begin a transaction. others_wrote: whether other programs wrote to the ledger since the last one."""
        if others_wrote:
            self._kept.clear()

    def committed(self) -> None:
        """Take note that what was changed is on the disk: nobody goes back behind it."""
        self._touched.clear()

    @property
    def touched(self) -> int:
        """How many changes are not committed yet, to go back to."""
        return len(self._touched)

    def back_to(self, touched: int) -> None:
        """Forget the folds that were changed since: their facts were taken back."""
        for case in self._touched[touched:]:
            self._kept.pop(case, None)
        del self._touched[touched:]

    def begin_case(self, entry: Entry) -> None:
        """Prepare the fold of a case whose opening is about to be written, unless facts about it are here already."""
        if isinstance(entry.fact, CaseOpened) and not self._ledger.knows(entry.case):
            self._keep(entry.case, folded(entry.case, []))

    def add_all(self, entries: Iterable[Entry]) -> None:
        """Go on with the cases of facts that count and were just written; what is not prepared stays so."""
        by_case: dict[str, list[Entry]] = {}
        for entry in entries:
            by_case.setdefault(entry.case, []).append(entry)
        for case, of_case in by_case.items():
            kept = self._kept.get(case)
            if kept is not None:
                self._go_on(case, kept, of_case)

    def _go_on(self, case: str, kept: Folded, entries: list[Entry]) -> None:
        ahead = fold_on(kept, entries) if kept.facts + len(entries) <= _FACTS_MAX else None
        if ahead is None:
            self._touched.append(case)
            del self._kept[case]
        else:
            self._keep(case, ahead)

    def case(self, case: str) -> Case:
        """Return the case as it stands."""
        kept = self._kept.get(case)
        if kept is None:
            kept = folded(case, self._ledger.entries_of(case))
            self._keep(case, kept)
        return kept.case

    def _keep(self, case: str, state: Folded) -> None:
        self._touched.append(case)
        self._kept[case] = state
        self._kept.move_to_end(case)
        if len(self._kept) > FOLDS_KEPT_MAX:
            self._kept.popitem(last=False)
