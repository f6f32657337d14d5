"""The engine (业务引擎): all desks over one hand, wired by hand, and what the hub's clock asks of them.

Decides nothing. Everything here runs inside the writer's transactions.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from central_hub.clock import day_of
from central_hub.deciding.queueing import AuditTerms
from central_hub.desks.acts import ActsDesk
from central_hub.desks.audits import Audits
from central_hub.desks.filings import FilingsDesk
from central_hub.desks.lives import Lives
from central_hub.desks.people import PeopleDesk
from central_hub.desks.rules import RulesDesk
from central_hub.desks.signing_in import SignInDesk
from central_hub.desks.standing import StandingDesk
from central_hub.desks.stickers import Stickers
from central_hub.following import Company, Following
from central_hub.hand import HubHand
from central_hub.people.roles import Actor
from inspection.case import Case
from inspection.checklist import Requirement
from inspection.facts import CaseOpened
from inspection.rules import required_by
from inspection.signing import digest

_SHARE_BYTES = 8
_ONCE = (
    "INSERT INTO daily VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET day = excluded.day "
    "WHERE daily.day < excluded.day RETURNING 1"
)


class Engine:
    """The desks. rulebooks: name and text of those of the data folder. address: what a sticker's QR code leads to."""

    def __init__(
        self, hand: HubHand, *, rulebooks: Sequence[tuple[str, str]] = (), address: Callable[[str], str] = str
    ) -> None:
        self._hand = hand
        self.rules = RulesDesk(hand, from_folder=rulebooks)
        self.filings = FilingsDesk(hand)
        self.stickers = Stickers(hand, address=address)
        self.lives = Lives(
            hand,
            automatic=self._automatic,
            drawn=self._drawn,
            required=self._required,
        )
        self.audits = Audits(hand, terms=self.terms)
        self.standing = StandingDesk(hand)
        self.people = PeopleDesk(hand)
        self.signing_in = SignInDesk(hand)
        self.acts = ActsDesk(
            hand,
            {
                "sticker.withdraw": self.stickers.withdraw,
                "station.unlist": _by_name(self.standing.unlist),
                "station.restore": _by_name(self.standing.restore),
                "recheck.undo": self.lives.undo_by_two,
                "key.use": _by_name(self.rules.adopt),
            },
        )
        company = Company(
            filings=self.filings, stickers=self.stickers, lives=self.lives, standing=self.standing, rules=self.rules
        )
        self.following = Following(hand, company)

    def terms(self) -> AuditTerms:
        """Return what the rulebook of the day settles about the audit."""
        audit = self.rules.today().audit
        return AuditTerms(second_share=audit.second_review_share, recall_days=audit.recall_days)

    def keep_clock(self, entropy: Callable[[int], bytes], *, recalls: int) -> None:
        """Do what time asks for. entropy: gives so many random bytes. recalls: at most so many at once."""
        self.rules.keep_up()
        self.audits.keep_days(entropy)
        self.people.write_notes()
        self.standing.say_rules()
        for case in self._hand.records.recalls_due(self._hand.now(), limit=recalls):
            self.lives.recall_overdue(case)
        today = day_of(self._hand.now())
        if self._once("standing", today):
            self.standing.end_day(today - timedelta(days=1))
        if self.stickers.numbers.withdrawn_version and self._once("withdrawals", today):
            self.stickers.refresh()

    def welcome(self, device: str) -> None:
        """Tell a device that is new here what it has to know: which stickers were withdrawn."""
        if self.stickers.numbers.withdrawn_version:
            self.stickers.welcome(device)

    def _once(self, what: str, day: date) -> bool:
        """Say whether this was not done yet on that day or a later one, and keep that it is now."""
        return self._hand.db.execute(_ONCE, (what, day.isoformat())).fetchone() is not None

    def _required(self, opened: CaseOpened) -> Requirement:
        return required_by(opened, self.rules.today())

    def _automatic(self, case: Case) -> bool:
        if case.opened is None:
            return False
        filing = self.filings.bearing_on(case.opened, case.device).area
        return filing is not None and bool(filing.automatic_review)

    def _drawn(self, case: Case) -> bool:
        # Nobody at a station can foresee whom it hits, and whoever has the hub's key can draw it again.
        drawn = digest(self._hand.key.sign("review", case.case.encode()))[:_SHARE_BYTES]
        share = self.rules.today().audit.second_review_share
        return bool(int.from_bytes(drawn, "big") < share * 2 ** (8 * _SHARE_BYTES))


def _by_name(act: Callable[..., object]) -> Callable[..., object]:
    """Return an act that asks for people's ids alone: what it is about has no inspector and no station of its own."""

    def do(about: str, /, *, by: Actor, confirmed_by: Actor, reason: str) -> object:
        return act(about, by=by.person, confirmed_by=confirmed_by.person, reason=reason)

    return do
