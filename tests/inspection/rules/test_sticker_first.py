"""Who gets a sticker before the audit. The named cases follow the 20 measures of 2018 (§10.2), not the code."""

import dataclasses
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from inspection.case import Case
from inspection.checklist import ItemSpec, PhotoSpec, Requirement
from inspection.evidence import PhotoRef, VinFinding
from inspection.facts import (
    AuditDecided,
    CaseAbandoned,
    CaseOpened,
    CaseWithdrawn,
    InspectionConcluded,
    ItemChecked,
    Mark,
    Outcome,
    PhotoTaken,
    ReadingCorrected,
    Reason,
    RecheckConcluded,
    Vehicle,
)
from inspection.rules import (
    CLAUSES,
    Circumstances,
    Decision,
    Judgement,
    Standing,
    decide,
    rulebook_on,
    shipped_rulebooks,
)

VIN = "L00PA55L4N0000017"  # invented; its check character holds
MISREAD = "L00PA55L4N0000011"
TODAY = date(2026, 5, 28)
BOOKS = shipped_rulebooks()
BOOK = rulebook_on(TODAY, BOOKS)

REQUIREMENT = Requirement(
    version="test",
    items=tuple(ItemSpec(form="f", code=code, name_zh="", name_en="", value_kind="mark") for code in ("02", "04")),
    photos=tuple(PhotoSpec(code=code, name_zh="", name_en="", role="vin") for code in ("0111", "0113")),
    provisional=False,
)
CAR = Vehicle(
    vin=VIN,
    plate_kind="02",
    plate="京A00X00",
    vehicle_class="K33",
    use="A",
    states="A",
    seats=5,
    registered_on=date(2020, 5, 28),
    insured_until=TODAY,
)
OPENED = CaseOpened(
    regime="jianyan", serial="J0000000000000001", vehicle=CAR, station="ST01", inspector="i", inspection_kind="01"
)
GOOD = Standing(admitted=True, listed=False)
NEW = Standing(admitted=False, listed=False)
LISTED = Standing(admitted=True, listed=True)
EXPELLED = Standing(admitted=False, listed=True)
MARKS: dict[str, Mark] = {"02": "pass", "04": "pass"}


@dataclass(frozen=True, kw_only=True)
class Story:
    """One inspection in the words of the test: all is well but what is named."""

    vehicle: dict[str, Any] = field(default_factory=dict)
    opening: dict[str, Any] = field(default_factory=dict)
    opened: bool = True
    outcome: Outcome | None = "pass"
    abandoned: bool = False
    marks: dict[str, Mark] = field(default_factory=lambda: MARKS)
    kinds: tuple[str, ...] = ("0111", "0113")
    stored: tuple[str, ...] = ("0111", "0113")
    read: str | None = VIN
    accepted: bool = True
    seen: str | None = None
    standing: Standing = GOOD
    audit: str | None = None
    seen_by_auditor: int = 0
    same_picture: bool = False
    earlier_sticker: str = ""
    open_recall: str = ""
    recheck: str = ""
    withdrawn: bool = False
    around: dict[str, Any] = field(default_factory=dict)

    def case(self) -> Case:
        opened = replace(OPENED, **({"vehicle": replace(CAR, **self.vehicle)} | self.opening))
        finding = None if self.read is None else VinFinding(vin=self.read, confidence=0.5, accepted=self.accepted)
        return Case(
            case="lane-07.1",
            opened=opened if self.opened else None,
            all_photos=tuple(
                photo(kind, finding if kind == "0113" else None, "0113" if self.same_picture else kind)
                for kind in self.kinds
            ),
            stored=frozenset(self.stored),
            items=tuple(ItemChecked(item=item, mark=mark) for item, mark in self.marks.items()),
            corrections=() if self.seen is None else (seen("0113", self.seen),),
            concluded=None if self.outcome is None else InspectionConcluded(outcome=self.outcome, by="i"),
            abandoned=CaseAbandoned(reason="drove off") if self.abandoned else None,
            audits=() if self.audit is None else (audited(self.audit, self.seen_by_auditor),),
            recheck=rechecked(self.recheck) if self.recheck else None,
            withdrawn=CaseWithdrawn(reason="applicant", by="i") if self.withdrawn else None,
        )

    def decision(self, today: date = TODAY) -> Decision:
        around = Circumstances(
            today=today,
            standing=self.standing,
            requirement=REQUIREMENT,
            earlier_sticker=self.earlier_sticker,
            open_recall=self.open_recall,
            **self.around,
        )
        return decide(self.case(), rulebook_on(today, BOOKS), around)


def photo(kind: str, finding: VinFinding | None, digest: str) -> PhotoTaken:
    return PhotoTaken(
        kind=kind, vin=finding, photo=PhotoRef(digest=digest, media="image/jpeg", size=1, width=1, height=1)
    )


def seen(kind: str, text: str) -> ReadingCorrected:
    return ReadingCorrected(photo=kind, read=MISREAD, corrected=text, by="i", reason="")


def audited(decision: Any, seen: Any) -> AuditDecided:
    return AuditDecided(decision=decision, auditor="a", reason="" if decision == "pass" else "vin.tampered", seen=seen)


def rechecked(result: Any) -> RecheckConcluded:
    return RecheckConcluded(result=result, by="a", reason="vin.original")


def known(**around: Any) -> Story:
    return Story(around=around)


def retest(**around: Any) -> Story:
    return Story(opening={"attempt": 2}, around=around)


def car(**changes: Any) -> Story:
    return Story(vehicle=changes)


NOT_FILED = Reason(code="inspector.filed", result="failed", zh="已备案", en="filed")

# name: the story, what follows, and the clauses that stand in the way.
CASES: dict[str, tuple[Story, str, str]] = {
    "a private small saloon that passed": (Story(), "issue", ""),
    "a small ordinary passenger car K31": (car(vehicle_class="K31"), "issue", ""),
    "a small off-roader K32": (car(vehicle_class="K32"), "issue", ""),
    "a small special passenger car K34, a switch that is on": (car(vehicle_class="K34"), "issue", ""),
    "a mini passenger car K41": (car(vehicle_class="K41"), "issue", ""),
    "a mini off-roader K42": (car(vehicle_class="K42"), "issue", ""),
    "a mini saloon K43": (car(vehicle_class="K43"), "issue", ""),
    "a small bread van K39": (car(vehicle_class="K39"), "audit_first", "class"),
    "a mini bread van K49": (car(vehicle_class="K49"), "audit_first", "class"),
    "a bread van that is registered as K31": (car(vehicle_class="K31", bread_van=True), "audit_first", "class"),
    "a small school bus K38": (car(vehicle_class="K38", use="P"), "audit_first", "class use"),
    "a small car that serves as a school bus": (car(use="O"), "audit_first", "use"),
    "a medium coach K21": (car(vehicle_class="K21"), "audit_first", "class"),
    "a large coach K11 for tourists": (car(vehicle_class="K11", use="E"), "audit_first", "class use"),
    "a truck H31 for freight": (car(vehicle_class="H31", use="F"), "audit_first", "class use"),
    "a private light truck": (car(vehicle_class="H31"), "audit_first", "class"),
    "a motorcycle": (car(vehicle_class="M21"), "audit_first", "class"),
    "a vehicle without a class": (car(vehicle_class=""), "audit_first", "class"),
    "a class in lower case": (car(vehicle_class="k33"), "audit_first", "class"),
    "a taxi": (car(use="D"), "audit_first", "use"),
    "a rented car": (car(use="G"), "audit_first", "use"),
    "a ride-hailing car": (car(use="T"), "audit_first", "use"),
    "a police car": (car(use="H"), "audit_first", "use"),
    "a car once operated, now private (L)": (car(use="L"), "audit_first", "use"),
    "a taxi once, now private (M)": (car(use="M"), "audit_first", "use"),
    "a ride-hailing car once, now private (U)": (car(use="U"), "audit_first", "use"),
    "a dangerous-goods carrier": (car(vehicle_class="H11", use="R"), "audit_first", "class use"),
    "a car without a use": (car(use=""), "audit_first", "use"),
    "a car of all uses": (car(use="AB"), "audit_first", "use"),
    "a pass with maintenance advised": (Story(outcome="pass_advised"), "issue", ""),
    "a failed test": (Story(outcome="fail"), "withhold", "concluded"),
    "a vehicle that drove off": (Story(outcome=None, abandoned=True), "withhold", "concluded"),
    "a test still going on": (Story(outcome=None), "wait", "concluded"),
    "a police check of identity": (Story(opening={"regime": "chayan"}), "withhold", "regime"),
    "a test for first registration": (Story(opening={"inspection_kind": "00"}), "audit_first", "inspection_kind"),
    "a temporary test": (Story(opening={"inspection_kind": "02"}), "audit_first", "inspection_kind"),
    "a test after the engine was replaced": (
        Story(opening={"inspection_kind": "0401"}),
        "audit_first",
        "inspection_kind",
    ),
    "a test of no kind": (Story(opening={"inspection_kind": ""}), "audit_first", "inspection_kind"),
    "insurance that ends today": (car(insured_until=TODAY), "issue", ""),
    "insurance that ended yesterday": (car(insured_until=TODAY - timedelta(days=1)), "withhold", "insurance"),
    "insurance that nobody verified": (car(insured_until=None), "withhold", "insurance"),
    "no state at all": (car(states=""), "issue", ""),
    "overdue for inspection, which is why it came": (car(states="Q"), "issue", ""),
    "violations open and overdue": (car(states="GQ"), "withhold", "states"),
    "transferred out": (car(states="B"), "withhold", "states"),
    "stolen": (car(states="C"), "withhold", "states"),
    "deregistered": (car(states="E"), "withhold", "states"),
    "a suspect vehicle": (car(states="AJ"), "withhold", "states"),
    "sealed by a court": (car(states="QK"), "withhold", "states"),
    "due for scrapping": (car(states="M"), "withhold", "states"),
    "plates announced void": (car(states="P"), "withhold", "states"),
    "a stolen taxi": (car(states="C", use="D"), "withhold", "states use"),
    "a station not yet admitted": (Story(standing=NEW), "audit_first", "station_allowed"),
    "a dishonest station": (Story(standing=LISTED), "audit_first", "station_honest"),
    "a dishonest station and a failed test": (
        Story(standing=EXPELLED, outcome="fail"),
        "withhold",
        "concluded station_allowed station_honest",
    ),
    "another VIN": (Story(read=MISREAD), "withhold", "vin_matches"),
    "a VIN cut short": (Story(read=VIN[:-1]), "withhold", "vin_matches"),
    "a frame number that was read in full": (Story(read="WJ0012", vehicle={"vin": "WJ0012"}), "issue", ""),
    "no VIN photo with a reading": (Story(read=None), "withhold", "vin_read vin_matches"),
    "a photo on which nothing was read": (Story(read="", accepted=False), "withhold", "vin_read vin_matches"),
    "a photo on which nothing was read, typed by a person": (Story(read="", accepted=False, seen=VIN), "issue", ""),
    "a doubtful reading": (Story(accepted=False), "withhold", "vin_read"),
    "a doubtful reading that a person confirmed": (Story(accepted=False, seen=VIN), "issue", ""),
    "a wrong reading that a person corrected": (Story(read=MISREAD, seen=VIN), "issue", ""),
    "a right reading that a person made wrong": (Story(seen=MISREAD), "withhold", "vin_matches"),
    "a failed item": (Story(marks=MARKS | {"04": "fail"}), "withhold", "items"),
    "a failed item that was not even required": (Story(marks=MARKS | {"77": "fail"}), "withhold", "items"),
    "an item passed over as not required": (Story(marks=MARKS | {"04": "not_required"}), "audit_first", "items_done"),
    "one picture for two photos": (Story(same_picture=True), "withhold", "photos_differ"),
    "a serial that has its sticker": (Story(earlier_sticker="PL00000001"), "withhold", "first_sticker"),
    "a vehicle that is ordered back": (Story(open_recall="lane-07.9"), "withhold", "no_recall"),
    "passed by an auditor who saw less": (Story(audit="pass", seen_by_auditor=-1), "withhold", "audit"),
    "a forgotten item": (Story(marks={"02": "pass"}), "withhold", "items"),
    "a forgotten photo": (Story(kinds=("0113",)), "withhold", "photos"),
    "a photo that is on its way": (Story(stored=("0113",)), "wait", "photos_at_hub"),
    "a photo on its way of a taxi": (Story(stored=(), vehicle={"use": "D"}), "wait", "photos_at_hub use"),
    "a photo on its way and no insurance": (
        Story(stored=(), vehicle={"insured_until": None}),
        "withhold",
        "photos_at_hub insurance",
    ),
    "an audited taxi": (Story(vehicle={"use": "D"}, audit="pass"), "issue", "use"),
    "an audited car of a dishonest station": (
        Story(standing=EXPELLED, audit="pass"),
        "issue",
        "station_allowed station_honest",
    ),
    "an audited taxi without insurance": (
        Story(vehicle={"use": "D", "insured_until": None}, audit="pass"),
        "withhold",
        "insurance use",
    ),
    "an audited car with another VIN": (Story(read=MISREAD, audit="pass"), "withhold", "vin_matches"),
    "an audited car with a photo on its way": (Story(stored=(), audit="pass"), "wait", "photos_at_hub"),
    "a car that an auditor suspects": (Story(audit="suspicious"), "withhold", "audit"),
    "a car that was cleared after a recall": (Story(audit="suspicious", recheck="cleared"), "issue", ""),
    "a taxi that was cleared after a recall": (
        Story(audit="suspicious", recheck="cleared", vehicle={"use": "D"}, seen_by_auditor=-1),
        "issue",
        "use",
    ),
    "a car of which the suspicion was proven": (Story(audit="suspicious", recheck="proven"), "withhold", "audit"),
    "a case that the applicant took back": (Story(withdrawn=True), "withhold", "not_withdrawn"),
    "a car whose tax was verified": (car(taxed=True), "issue", ""),
    "a car whose tax was not paid": (car(taxed=False), "withhold", "tax"),
    "a car from elsewhere whose tax was verified": (
        Story(vehicle={"home": "粤B", "taxed": True}, around={"province": "京"}),
        "issue",
        "",
    ),
    "a car from elsewhere of whose tax nobody says anything": (
        Story(vehicle={"home": "粤B"}, around={"province": "京"}),
        "withhold",
        "tax",
    ),
    "a car at home of whose tax nobody says anything": (known(province="京"), "issue", ""),
    "a dangerous-goods carrier from elsewhere": (
        Story(vehicle={"home": "粤B", "taxed": True, "use": "R"}, around={"province": "京"}),
        "withhold",
        "use cross_province",
    ),
    "a car with another sticker for a year": (
        known(valid_sticker=("PL1", TODAY + timedelta(days=365))),
        "withhold",
        "one_sticker",
    ),
    "a car whose sticker ends in ninety days": (known(valid_sticker=("PL1", TODAY + timedelta(days=90))), "issue", ""),
    "a re-test that follows on a failed one": (retest(earlier_attempt="failed"), "issue", ""),
    "a re-test of one that is marked as retested": (retest(earlier_attempt="retested"), "issue", ""),
    "a re-test of which nobody knows the first": (retest(), "audit_first", "attempt_follows"),
    "a re-test of one that had passed": (retest(earlier_attempt="archived"), "audit_first", "attempt_follows"),
    "a suspended station": (
        Story(standing=Standing(admitted=True, listed=False, suspended=True)),
        "audit_first",
        "station_suspended",
    ),
    "an inspector who is not filed": (
        known(permission=Judgement(allowed=False, reasons=(NOT_FILED,))),
        "audit_first",
        "permitted",
    ),
    "an inspector who is filed": (known(permission=Judgement(allowed=True, reasons=())), "issue", ""),
    "a taxi that an auditor suspects": (Story(vehicle={"use": "D"}, audit="suspicious"), "withhold", "audit use"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_named_case_is_decided_as_the_measures_say(name: str) -> None:
    story, outcome, clauses = CASES[name]
    decision = story.decision()
    assert (decision.outcome, {reason.code for reason in decision.failed}) == (outcome, set(clauses.split()))


def test_every_clause_is_judged_once_and_said_in_both_languages() -> None:
    decision = Story().decision()
    assert [reason.code for reason in decision.reasons] == list(CLAUSES)
    assert all(reason.result == "passed" and reason.zh and reason.en for reason in decision.reasons)
    assert decision.rulebook == f"rules-2022-10-01:{BOOK.digest}"
    assert len(BOOK.digest) == 64


def test_a_reason_says_what_was_found_but_never_the_vin() -> None:
    said = {reason.code: reason.zh for reason in Story(read=MISREAD, marks={}, kinds=("0113",)).decision().reasons}
    assert said["vin_matches"].endswith(" (#17)")
    assert said["items"].endswith(" (02, 04)")
    assert said["photos"].endswith(" (0111)")
    assert not any(VIN in text or MISREAD in text for text in said.values())


@pytest.mark.parametrize(
    "story", [Story(opened=False), Story(opened=False, outcome=None), Story(opened=False, read=None)]
)
def test_a_case_whose_opening_has_not_arrived_waits(story: Story) -> None:
    assert story.decision().outcome == "wait"


def test_before_the_verdict_nothing_fails_that_may_still_come() -> None:
    decision = Story(outcome=None, marks={}, kinds=(), read=None).decision()
    assert decision.outcome == "wait"
    assert {reason.result for reason in decision.failed} == {"pending"}
    doubtful = Story(outcome=None, accepted=False).decision()
    assert {reason.code: reason.result for reason in doubtful.failed} == {"concluded": "pending", "vin_read": "pending"}


def test_a_rulebook_may_do_without_the_photos_bytes() -> None:
    book = replace(BOOK, sticker_first=replace(BOOK.sticker_first, photos_at_hub=False))
    around = Circumstances(today=TODAY, standing=GOOD, requirement=REQUIREMENT)
    assert decide(Story(stored=()).case(), book, around).outcome == "issue"


@pytest.mark.parametrize("day", [date(2014, 9, 1), date(2018, 8, 31)])
def test_before_the_measure_a_person_audits_every_case_first(day: date) -> None:
    decision = Story().decision(day)
    assert (decision.outcome, [reason.code for reason in decision.failed]) == ("audit_first", ["measure"])
    assert Story(audit="pass").decision(day).outcome == "issue"


def test_a_rulebook_may_admit_some_kinds_of_plates_only() -> None:
    book = replace(BOOK, sticker_first=replace(BOOK.sticker_first, plate_kinds=("5?",)))
    around = Circumstances(today=TODAY, standing=GOOD, requirement=REQUIREMENT)
    assert decide(Story().case(), book, around).outcome == "audit_first"
    assert decide(Story(vehicle={"plate_kind": "52"}).case(), book, around).outcome == "issue"


def test_a_rulebook_may_require_the_tax_of_everybody() -> None:
    book = replace(BOOK, sticker_first=replace(BOOK.sticker_first, tax_required=True))
    around = Circumstances(today=TODAY, standing=GOOD, requirement=REQUIREMENT)
    assert decide(Story().case(), book, around).outcome == "withhold"
    assert decide(Story(vehicle={"taxed": True}).case(), book, around).outcome == "issue"


def test_what_the_filings_refuse_is_named() -> None:
    decision = known(permission=Judgement(allowed=False, reasons=(NOT_FILED,))).decision()
    assert decision.failed[0].en.endswith("(inspector.filed)")


classes = st.sampled_from(["K33", "K41", "K39", "K38", "H31", ""])
stories = st.builds(
    Story,
    vehicle=st.fixed_dictionaries(
        {},
        optional={
            "vehicle_class": classes,
            "use": st.sampled_from(["A", "D", "L"]),
            "states": st.sampled_from(["A", "Q", "GQ", "C"]),
            "insured_until": st.sampled_from([None, TODAY, TODAY - timedelta(days=1)]),
            "bread_van": st.booleans(),
        },
    ),
    opening=st.fixed_dictionaries({}, optional={"inspection_kind": st.sampled_from(["01", "00"])}),
    opened=st.sampled_from([True, True, True, False]),
    outcome=st.sampled_from(["pass", "pass", "pass_advised", "fail", None]),
    abandoned=st.booleans(),
    marks=st.sampled_from([MARKS, MARKS, {}, MARKS | {"04": "fail"}]),
    kinds=st.sampled_from([("0111", "0113"), ("0111", "0113"), ("0113",), ()]),
    stored=st.sampled_from([("0111", "0113"), ("0111", "0113"), ()]),
    read=st.sampled_from([VIN, VIN, MISREAD, "", None]),
    accepted=st.booleans(),
    seen=st.sampled_from([None, VIN, MISREAD]),
    standing=st.sampled_from([GOOD, GOOD, NEW, LISTED]),
    audit=st.sampled_from([None, "pass", "suspicious"]),
)


@given(stories)
@settings(max_examples=60)
def test_no_sticker_is_issued_while_any_clause_stands_in_the_way(story: Story) -> None:
    decision = story.decision()
    in_the_way = {reason.code for reason in decision.failed}
    requirements = {code for code in in_the_way if BOOK.clauses[code].kind == "requirement"}
    if decision.outcome == "issue":
        assert not requirements
        assert not in_the_way or story.audit == "pass"
    if not in_the_way:
        assert decision.outcome == "issue"


@given(stories)
def test_a_case_only_waits_before_opening_and_verdict_or_while_photos_are_on_their_way(story: Story) -> None:
    decision = story.decision()
    early = not story.opened or (story.outcome is None and not story.abandoned)
    if decision.outcome == "wait":
        assert early or [r.code for r in decision.failed if r.result == "pending"] == ["photos_at_hub"]
    assert decision.outcome == "wait" or not early


@given(stories)
def test_an_auditors_pass_lifts_privileges_but_never_a_requirement(story: Story) -> None:
    unaudited = dataclasses.replace(story, audit=None).decision()
    passed = dataclasses.replace(story, audit="pass").decision()
    assert passed.reasons == unaudited.reasons
    assert passed.outcome == ("issue" if unaudited.outcome == "audit_first" else unaudited.outcome)


@given(stories)
def test_whom_an_auditor_suspects_gets_no_sticker_whatever_is_mended_later(story: Story) -> None:
    assert dataclasses.replace(story, audit="suspicious").decision().outcome in {"withhold", "wait"}


def test_a_reason_stays_short_however_much_stands_behind_it() -> None:
    many: dict[str, Mark] = {f"{number:04d}": "fail" for number in range(500)}
    (items,) = [reason for reason in Story(marks=many).decision().reasons if reason.code == "items"]
    assert items.result == "failed"
    assert len(items.en) < 500
