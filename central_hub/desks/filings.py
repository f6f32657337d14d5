"""The desk of filings (备案): who may inspect what, where and with which terminal is written down, and looked up."""

from central_hub.deciding.permitting import check_filing, filings_of, kind_of, names_of
from central_hub.desks import ActError, Hand
from central_hub.people.roles import Actor
from central_hub.store.office.filings import FilingTable
from inspection.facts import CaseOpened, Filed
from inspection.filings import Filing, InspectorFiling
from inspection.rules.permissions import FilingKind, Filings

FILINGS_SHOWN_MAX = 500


class FilingsDesk:
    """What is filed. A filing that changes is filed again, whole; what stood before stays in the ledger."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._table = FilingTable(hand.db)

    def file(self, actor: Actor, filing: Filing) -> Filing:
        """File an inspector, an area or a terminal, or change what was filed; return it as it stands.

        Nobody files what they may do themselves. Filing the same again changes nothing and writes nothing.
        Raises FilingError, ActError (filing.own).
        """
        check_filing(filing)
        if isinstance(filing, InspectorFiling) and filing.id in (actor.person, actor.account):
            raise ActError("filing.own", "nobody files what they may do themselves: somebody else has to")
        kind = kind_of(filing)
        if self._table.get(kind, filing.id) != filing:
            self._hand.write("", Filed(filing=filing, by=actor.person))
            self._table.keep(filing)
        return filing

    def get(self, kind: FilingKind, name: str) -> Filing:
        """Return the filing of this inspector, area or terminal; raises ActError (filing.none)."""
        filing = self._table.get(kind, name)
        if filing is None:
            raise ActError("filing.none", f"no {kind} {name[:40]!r} is filed")
        return filing

    def of_kind(self, kind: FilingKind, *, after: str = "", limit: int = FILINGS_SHOWN_MAX) -> list[Filing]:
        """Return the filings of a kind, by id, from the one after `after` on, at most FILINGS_SHOWN_MAX."""
        return self._table.of_kind(kind, after=after, limit=min(limit, FILINGS_SHOWN_MAX))

    def bearing_on(self, opened: CaseOpened, device: str) -> Filings:
        """Return the three filings that bear on a case which `device` opened, for `rules.judge_permission`."""
        kept = self._table.kinds()
        found = (self._table.get(kind, name) for kind, name in names_of(opened, device) if kind in kept)
        return filings_of(opened, device, [filing for filing in found if filing is not None], kept=kept)
