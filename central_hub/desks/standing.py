"""The desk of standing (信用监管): looks at concluded cases, runs the chain, keeps lists, appeals, tips and call-backs.

Loads, lets the pure files judge (`inspection.standing`, `central_hub.standing`), writes. What it raises by the rules
alone takes sticker-first from a station from that moment; what it takes back, two people decided.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from central_hub.clock import day_of
from central_hub.deciding.conflicts import Person, StepError
from central_hub.desks import Hand
from central_hub.standing import acts
from central_hub.standing.observing import FactName, events_of, looked_at, row_of, timing_of
from central_hub.store.office.filings import FilingTable
from central_hub.store.standing.keeping import Placed, StandingTables
from central_hub.store.standing.reading import CONCLUDED_OVER_MAX, StandingReading
from central_hub.store.timing import Estimate, happened
from inspection.case import Case
from inspection.facts import (
    AnyFact,
    CaseOpened,
    RulesInForce,
    StationSuspended,
    SuspicionRaised,
    TipReceived,
    WarningRaised,
)
from inspection.filings import AreaFiling
from inspection.standing import chain
from inspection.standing.explaining import Explanation
from inspection.standing.rules import StandingRules, SuspicionLink, shipped_standing_rules, standing_rules_on
from inspection.standing.state import StationStanding
from inspection.standing.suspicion import Around, Timing, place_of, suspicions

_NOT_IN_PRACTICE = frozenset({"tempo", "places", "photo"})
DAY_MS = 86_400_000
MINUTE_MS = 60_000
TIPS_A_DAY_MAX = 2_000
"""Anybody may tell of something: what a flood of it would write is bounded, and the door slows it down before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a look at a concluded case leaves for its row. around: None where there was nothing new to look at.

    first: whether nothing is kept of the case yet. stages: the one in which it was kept, and the one at the look.
    issued: whether it had its sticker then, which an archived case may still get: its stage stays.
    """

    around: Around | None = None
    first: bool = False
    stages: frozenset[str] = frozenset()
    issued: bool = False


class StandingDesk:
    """Everything about how stations stand. rules: of all dates; those that the program carries where none are given."""

    def __init__(self, hand: Hand, rules: tuple[StandingRules, ...] | None = None) -> None:
        self._hand = hand
        self._books = shipped_standing_rules() if rules is None else rules
        self._tables = StandingTables(hand.db)
        self._reading = StandingReading(hand.db)
        self._filings = FilingTable(hand.db)

    def standing(self, station: str) -> StationStanding:
        """Return how a station stands now; cheap enough for every decision about a sticker."""
        begun = self._hand.settings.station(station)
        return self._tables.standing(station, admitted=begun.admitted, listed=begun.listed)

    def explain(self, station: str) -> Explanation:
        """Return why a station stands as it does."""
        today = self._today()
        return self._reading.explanation(self.standing(station), rules=self._rules(today), today=today)

    def look(self, case: Case) -> Look | None:
        """Write what is newly suspicious about a concluded case, and what follows for its station.

        Called whenever something about a case changed, before anything is decided about it; what was said is not said
        again. Return what `keep` needs once the case stands as it will; None before the verdict.
        """
        if case.opened is None or case.concluded is None:
            return None
        kept = self._tables.kept(case.case)
        if kept is not None and kept[0] == looked_at(case):
            return Look(stages=frozenset({kept[1], case.stage}), issued=case.issued is not None)
        return self._look_closely(case, case.opened, first=kept is None)

    def keep(self, case: Case, look: Look) -> None:
        """Keep a case that was looked at as it stands now: its row, and what happened to it."""
        if case.opened is None or (look.around is None and _stands_as_seen(case, look)):
            return
        if look.around is None:
            row = row_of(case, case.opened, None, day=self._today(), area=None, counting=self._rules().counting)
            self._tables.keep_outcome(row, case.stage)
        else:
            self._keep_row(case, case.opened, look.around)
        keep_events = self._tables.begin_events if look.first else self._tables.keep_events
        keep_events(case.case, case.opened.station, events_of(case), at=self._hand.now())

    def _look_closely(self, case: Case, opened: CaseOpened, *, first: bool) -> Look:
        rules = self._rules()
        around = self._around(case, opened, rules)
        new = tuple(fact for fact in suspicions(case, around, rules) if self._judged(fact))
        if new:
            self._hand.write(case.case, *new)
        if _may_stop(new, rules):
            # The rules count this case too.
            self._keep_row(self._hand.case(case.case), opened, around)
            self._stop_now(opened.station, rules)
        return Look(around=around, first=first)

    def _around(self, case: Case, opened: CaseOpened, rules: StandingRules) -> Around:
        area, timing, limits = self._area(opened), self._timing(case), rules.limits
        reuses = self._reading.reuses(case.case, [photo.photo.digest for photo in case.all_photos])
        if timing is None or not timing.sure:
            # Then it proves nothing about who was where.
            return Around(timing=timing, reuses=reuses, area=area)
        until = timing.concluded
        return Around(
            timing=timing,
            concluded=self._reading.concluded(
                case,
                opened,
                since=until - limits.inspector_minutes * MINUTE_MS,
                until=until,
                most=limits.inspector_cases_max + CONCLUDED_OVER_MAX,
            ),
            neighbours=self._reading.neighbours(case, opened, timing, here=place_of(opened, area), limits=limits),
            reuses=reuses,
            area=area,
        )

    def _judged(self, fact: SuspicionRaised) -> bool:
        # Where people practise, or vehicles are simulated, time and place say nothing, and photos are used again.
        return not self._hand.settings.practice or fact.rule.partition(".")[0] not in _NOT_IN_PRACTICE

    def _keep_row(self, case: Case, opened: CaseOpened, around: Around) -> None:
        timing, area, today = around.timing, around.area, self._today()
        # A time that nobody is sure of is kept as none: it proves nothing about who was where.
        sure = timing if timing and timing.sure else Timing(opened=0, concluded=0)
        placed = Placed(
            device=case.device,
            registered=opened.vehicle.vin,
            opened=sure.opened,
            concluded=sure.concluded,
            position=place_of(opened, area),
            looked=looked_at(case),
            stage=case.stage,
        )
        row = row_of(case, opened, timing, day=today, area=area, counting=self._rules(today).counting)
        self._tables.keep(row, placed)
        if case.calls:
            self._tables.keep_called(case.case, case.calls[-1].result)

    def _area(self, opened: CaseOpened) -> AreaFiling | None:
        found = self._filings.get("area", opened.area or opened.station)
        return found if isinstance(found, AreaFiling) else None

    def _timing(self, case: Case) -> Timing | None:
        ends = self._reading.ends_of(case)
        estimates: dict[FactName, Estimate] = {}
        for device in {entry.device for _, entry in ends}:
            facts = [end for end in ends if end[1].device == device]
            pairings = self._reading.pairings(device, [entry.boot for _, entry in facts])
            estimates |= {(device, seq): estimate for seq, estimate in happened(facts, pairings).items()}
        return timing_of(ends, estimates)

    def _stop_now(self, station: str, rules: StandingRules) -> None:
        today, days = self._today(), chain.marked_days(rules)
        marked, past = self._reading.marked(station, today, days), self._past(today, rules)
        # Others can only excuse a station, by being odder than is ordinary. To count them goes through all their rows,
        # and is for where something would be raised beside ordinary ones.
        if chain.live(today, station, marked, past, rules):
            marked += self._reading.marked_elsewhere(station, today, days)
            self._write(today, chain.live(today, station, marked, past, rules))

    def say_rules(self) -> None:
        """Write down which rules of standing hold, where others held before; cheap at each tick of the clock."""
        rules = self._rules()
        if self._tables.put_in_force(rules.digest):
            self._hand.write("", RulesInForce(name="standing", digest=rules.digest, text=rules.text))

    def end_day(self, day: date) -> tuple[AnyFact, ...]:
        """Make the figures of a day that is over, write what the rules raise, and draw whose owner is called back."""
        # Nobody at a station can foresee whose owner is called, and whoever has the hub's key can draw it again.
        self.draw_calls(day, self._hand.key.sign("calls", day.isoformat().encode()))
        return self.run_day(day)

    def run_day(self, day: date) -> tuple[AnyFact, ...]:
        """Make the figures of a day anew and write what the rules raise; done twice, it writes nothing twice."""
        rules = self._rules(day)
        rows = self._reading.inspected(day, max(rules.counting.days, chain.marked_days(rules)))
        figures = chain.compared(rows, day, rules)
        for subject, of_subject in figures.items():
            self._tables.keep_figures(subject, of_subject, day=day)
        facts = chain.daily(day, figures, chain.marks(rows), self._past(day, rules), rules)
        return self._write(day, facts)

    def _past(self, day: date, rules: StandingRules) -> chain.Past:
        days = chain.days_back(rules)
        return self._reading.past(day, days, since=self._hand.now() - (days + 1) * DAY_MS)

    def _write(self, day: date, facts: tuple[chain.ChainFact, ...]) -> tuple[AnyFact, ...]:
        for fact in facts:
            if isinstance(fact, WarningRaised):
                self._tables.keep_warning(fact, day=day, at=self._hand.now())
            if isinstance(fact, StationSuspended) or fact.subject == "station":
                self._follow(fact.station if isinstance(fact, StationSuspended) else fact.name, fact)
            else:
                self._hand.write("", fact)
        return facts

    def _follow(self, station: str, fact: AnyFact) -> StationStanding:
        begun = self._hand.settings.station(station)
        self._hand.write("", fact)
        return self._tables.follow(station, fact, at=self._hand.now(), admitted=begun.admitted, listed=begun.listed)

    def list_station(self, actor: Person, station: str, listing: acts.Listing) -> StationStanding:
        """Put a station on the 失信 list: sticker-first is off from this moment. Raises StepError."""
        today = self._today()
        known = [reason.code for reason in self._rules(today).listing_reasons]
        fact = acts.listed(self._known(station), actor, listing, known=known, today=today)
        return self._follow(station, fact)

    def unlist(self, station: str, *, by: str, confirmed_by: str, reason: str) -> StationStanding:
        """Take a station off the list; an act of two people. Raises StepError."""
        return self._follow(
            station, acts.unlisted(self.standing(station), by=by, confirmed_by=confirmed_by, reason=reason)
        )

    def suspend(self, actor: Person, station: str, *, reason: str) -> StationStanding:
        """Take sticker-first from a station until somebody decides. Raises StepError."""
        return self._follow(station, acts.suspended(self._known(station), actor, reason=reason))

    def restore(self, station: str, *, by: str, confirmed_by: str, reason: str) -> StationStanding:
        """End a suspension; an act of two people. Raises StepError."""
        return self._follow(
            station, acts.restored(self.standing(station), by=by, confirmed_by=confirmed_by, reason=reason)
        )

    def admit(self, actor: Person, station: str, *, admit: bool, reason: str) -> StationStanding:
        """Admit a station to sticker-first, or no longer. Raises StepError."""
        return self._follow(station, acts.admitted(self._known(station), actor, admit=admit, reason=reason))

    def file_appeal(self, actor: Person, station: str, *, text: str) -> StationStanding:
        """Write down a station's appeal (申诉). Raises StepError."""
        return self._follow(station, acts.appeal_filed(self._known(station), actor, text=text))

    def decide_appeal(self, actor: Person, station: str, *, granted: bool, reason: str) -> StationStanding:
        """Decide a station's appeal; a granted one is carried out by restore or unlist. Raises StepError."""
        return self._follow(station, acts.appeal_decided(self._known(station), actor, granted=granted, reason=reason))

    def receive_tip(self, text: str, *, station: str = "", plate: str = "", contact: str = "") -> TipReceived:
        """Take in what somebody tells of (举报). Raises StepError, also when too many came today."""
        fact = acts.tip(text, station=station, plate=plate, contact=contact)
        now = self._hand.now()
        today = self._reading.tips_counted(now - DAY_MS, now + 1)
        if sum(row["count"] for row in today) >= TIPS_A_DAY_MAX:
            raise StepError(
                "tip.too_many", "too many tip-offs came today: try again tomorrow", "今日举报过多，请明日再试"
            )
        self._hand.write("", fact)
        self._tables.keep_tip(fact, at=now)
        return fact

    def draw_calls(self, day: date, seed: bytes) -> list[str]:
        """Draw the owners to call back (回访) of a day's passed inspections; the same seed draws the same ones.

        A day is drawn once: asked again, it returns what was drawn then.
        """
        if not self._reading.calls(day):
            passed = self._reading.passed_cases(day)
            ordered = sorted(passed, key=lambda row: hmac.new(seed, f"call {row[0]}".encode(), hashlib.sha256).digest())
            chosen = ordered[: self._rules(day).counting.calls_a_day]
            self._tables.keep_calls(chosen, day=day, at=self._hand.now())
        return [row["case_id"] for row in self._reading.calls(day)]

    def _known(self, station: str) -> StationStanding:
        listed = any(known.id == station for known in self._hand.settings.stations)
        query = "SELECT 1 FROM devices WHERE station = ? LIMIT 1"
        if not station or not (listed or self._hand.db.execute(query, (station,)).fetchone()):
            raise StepError("standing.unknown", f"there is no station {station[:40]!r}", "没有该检验机构")
        return self.standing(station)

    def _rules(self, day: date | None = None) -> StandingRules:
        return standing_rules_on(day or self._today(), self._books)

    def _today(self) -> date:
        return day_of(self._hand.now())


def _stands_as_seen(case: Case, look: Look) -> bool:
    return look.stages == {case.stage} and look.issued == (case.issued is not None)


def _may_stop(new: Iterable[SuspicionRaised], rules: StandingRules) -> bool:
    """Say whether a rule about stations counts one of these suspicions."""
    links = [link for link in rules.chain if isinstance(link, SuspicionLink) and link.subject == "station"]
    return not {code for link in links for code in link.suspicions}.isdisjoint(raised.rule for raised in new)
