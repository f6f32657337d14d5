from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from central_hub.clock import day_of
from central_hub.deciding.issuing import HOUR_MS, IssueOrder, next_exempt_step, next_step
from inspection.case import Case, fold
from inspection.checklist import required_for
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOpinion,
    CaseAbandoned,
    CaseWithdrawn,
    Entry,
    ExemptionApplied,
    ItemChecked,
    PhotoStored,
    StickerIssued,
    StickerWithheld,
    Vehicle,
)
from inspection.rules import (
    Application,
    Circumstances,
    Rulebook,
    Standing,
    exempt_until,
    rulebook_on,
    shipped_rulebooks,
    valid_until,
)
from tests.central_hub.simulated_device import VIN, SimulatedDevice, hub_entries, private_car

NOW = 1_780_000_000_000
TODAY = day_of(NOW)
BOOK: Rulebook = rulebook_on(TODAY, shipped_rulebooks())


class Story:
    """One case: what its device wrote, and what the hub wrote about it."""

    def __init__(self) -> None:
        self.device = SimulatedDevice()
        self.hub: list[Entry] = []
        self.name = ""

    def whole(self, vehicle: Vehicle | None = None, *, outcome: str = "pass", vin: str = VIN) -> list[str]:
        self.name = self.device.open_case(vehicle)
        digests = self.device.inspect(self.name, vin=vin)
        self.device.conclude(self.name, outcome)
        return digests

    def hub_says(self, *facts: AnyFact) -> None:
        self.hub += hub_entries(self.name, *facts, first=len(self.hub) + 1)

    def stored(self, digests: list[str]) -> None:
        self.hub_says(*(PhotoStored(digest=digest, size=1) for digest in digests))

    def case(self) -> Case:
        return fold(self.name, [record.entry for record in self.device.records] + self.hub)

    def step(self, *, admitted: bool = True, now: int = NOW) -> IssueOrder | StickerWithheld | None:
        case = self.case()
        assert case.opened is not None
        standing = Standing(admitted=admitted, listed=False)
        around = Circumstances(today=day_of(now), standing=standing, requirement=required_for(case.opened))
        return next_step(case, BOOK, around, now=now)

    def withheld(self, **around: bool) -> StickerWithheld:
        step = self.step(**around)
        assert isinstance(step, StickerWithheld)
        self.hub_says(step)
        return step


def issued(order: IssueOrder) -> StickerIssued:
    return StickerIssued(
        number="PL00000001",
        payload=b"",
        valid_until=order.valid_until,
        audit_due=order.audit_due,
        rulebook=order.rulebook,
        reasons=order.reasons,
    )


def test_nothing_follows_before_the_opening_has_come() -> None:
    story = Story()
    story.whole()
    circumstances = Circumstances(
        today=TODAY,
        standing=Standing(admitted=True, listed=False),
        requirement=required_for(story.case().opened),  # type: ignore[arg-type]
    )
    assert next_step(Case(case="lane-1.1"), BOOK, circumstances, now=NOW) is None


def test_nothing_follows_while_a_photo_is_only_promised() -> None:
    story = Story()
    digests = story.whole()
    story.stored(digests[:-1])
    assert story.step() is None


def test_a_whole_case_gets_its_sticker_and_the_audit_its_24_hours() -> None:
    story = Story()
    story.stored(story.whole())
    order = story.step()
    assert isinstance(order, IssueOrder)
    assert order.valid_until == valid_until(BOOK, private_car(), TODAY)
    assert order.audit_due == NOW + 24 * HOUR_MS
    assert order.rulebook == BOOK.name
    assert {reason.result for reason in order.reasons} == {"passed"}


def test_a_case_with_a_sticker_never_gets_another() -> None:
    story = Story()
    story.stored(story.whole())
    order = story.step()
    assert isinstance(order, IssueOrder)
    story.hub_says(issued(order))
    story.device.write(ItemChecked(item="01", mark="fail"), story.name)
    assert story.step() is None


def test_a_failed_test_withholds_and_asks_for_no_auditor() -> None:
    story = Story()
    story.stored(story.whole(outcome="fail"))
    step = story.withheld()
    assert (step.audit_due, step.audit_first) == (0, False)


def test_a_test_that_was_broken_off_withholds_and_asks_for_no_auditor() -> None:
    story = Story()
    story.name = story.device.open_case()
    story.device.write(CaseAbandoned(reason="drove off"), story.name)
    step = story.withheld()
    assert (step.audit_due, step.audit_first) == (0, False)


def test_another_vin_than_the_registered_one_withholds_until_a_person_has_looked() -> None:
    story = Story()
    story.stored(story.whole(vin=VIN[:-1] + "9"))
    step = story.withheld()
    assert (step.audit_due, step.audit_first) == (NOW + BOOK.audit.audit_first_hours * HOUR_MS, False)


def test_a_station_without_the_privilege_waits_for_an_auditor_and_their_pass_brings_the_sticker_at_once() -> None:
    story = Story()
    story.stored(story.whole())
    held = story.withheld(admitted=False)
    assert held.audit_first
    assert story.step(admitted=False) is None
    story.hub_says(AuditDecided(decision="pass", auditor="auditor", seen=len(story.device.records)))
    order = story.step(admitted=False, now=NOW + HOUR_MS)
    assert isinstance(order, IssueOrder)
    # Where that pass is undone, it is due again by the clock that ran.
    assert order.audit_due == held.audit_due


def test_a_case_that_auditors_doubted_is_not_written_about_again() -> None:
    story = Story()
    story.stored(story.whole())
    story.withheld(admitted=False)
    story.hub_says(AuditDecided(decision="suspicious", auditor="auditor", reason="procedure", opinions=2))
    assert story.step(admitted=False) is None


APPLIED = ExemptionApplied(
    serial="M-1",
    vehicle=private_car(seats=5, registered_on=TODAY.replace(year=TODAY.year - 2), taxed=True),
    office="office-1",
    by="p-1",
    channel="counter",
)


def exempt(*facts: AnyFact, vehicle: Vehicle = APPLIED.vehicle) -> Case:
    return fold("hub.1", hub_entries("hub.1", replace(APPLIED, vehicle=vehicle), *facts, first=1))


def test_an_exempt_car_gets_its_sticker_once_and_nobody_audits_it() -> None:
    order = next_exempt_step(exempt(), BOOK, Application(), today=TODAY)
    assert isinstance(order, IssueOrder)
    assert (order.audit_due, order.valid_until) == (0, exempt_until(BOOK, APPLIED.vehicle, TODAY))
    issued = StickerIssued(
        number="PL00000001",
        payload=b"",
        valid_until=order.valid_until,
        audit_due=0,
        rulebook=order.rulebook,
        reasons=order.reasons,
    )
    assert next_exempt_step(exempt(issued), BOOK, Application(), today=TODAY) is None


def test_an_application_that_does_not_hold_is_refused_once_with_every_reason() -> None:
    taxi = replace(APPLIED.vehicle, use="D")
    refused = next_exempt_step(exempt(vehicle=taxi), BOOK, Application(), today=TODAY)
    assert isinstance(refused, StickerWithheld)
    assert (refused.audit_due, refused.audit_first) == (0, False)
    assert "exempt_use" in [reason.code for reason in refused.reasons if reason.result == "failed"]
    assert next_exempt_step(exempt(refused, vehicle=taxi), BOOK, Application(), today=TODAY) is None


def test_an_inspection_is_no_application_and_what_was_taken_back_gets_nothing() -> None:
    story = Story()
    story.stored(story.whole())
    assert next_exempt_step(story.case(), BOOK, Application(), today=TODAY) is None
    story.hub_says(CaseWithdrawn(reason="sold", by="p-1"))
    assert story.step() is None


def test_a_sticker_waits_while_two_people_look_at_the_case() -> None:
    story = Story()
    story.stored(story.whole())
    story.withheld(admitted=False)
    story.hub_says(AuditOpinion(decision="suspicious", auditor="auditor", reason="procedure"))
    assert story.step() is None


def test_new_reasons_are_written_down_and_the_first_deadline_stays() -> None:
    story = Story()
    story.stored(story.whole(vin=VIN[:-1] + "9"))
    first = story.withheld()
    story.device.write(ItemChecked(item="01", mark="fail"), story.name)
    second = story.step(now=NOW + HOUR_MS)
    assert isinstance(second, StickerWithheld)
    assert second.reasons != first.reasons
    assert second.audit_due == first.audit_due


def test_a_second_verdict_changes_nothing() -> None:
    story = Story()
    story.stored(story.whole(outcome="fail"))
    assert story.withheld().audit_due == 0
    story.device.conclude(story.name, "pass")
    again = story.step()
    # That it contradicts the first is said, and is all that it changes.
    assert isinstance(again, StickerWithheld)
    assert (again.audit_due, again.audit_first) == (0, False)
    assert "facts_agree" in [reason.code for reason in again.reasons if reason.result == "failed"]


def test_facts_that_came_after_the_auditor_looked_bring_no_sticker() -> None:
    story = Story()
    story.stored(story.whole(vin=VIN[:-1] + "9"))
    story.withheld()
    story.hub_says(AuditDecided(decision="pass", auditor="auditor", seen=len(story.device.records)))
    story.device.write(ItemChecked(item="01", mark="pass"), story.name)
    step = story.step()
    assert isinstance(step, StickerWithheld)
    assert "audit" in {reason.code for reason in step.reasons if reason.result == "failed"}


cars = st.builds(
    private_car,
    vehicle_class=st.sampled_from(["K33", "K39", "H31"]),
    use=st.sampled_from(["A", "B"]),
    states=st.sampled_from(["A", "G"]),
    insured_until=st.sampled_from([None, date(2020, 1, 1), date(2999, 1, 1)]),
    registered_on=st.one_of(st.none(), st.dates()),
)


vins = st.sampled_from([VIN, ""])
outcomes = st.sampled_from(["pass", "pass_advised", "fail"])


@given(cars, outcomes, vins, st.sets(st.sampled_from(["photos here", "station admitted"])))
def test_the_same_facts_asked_about_again_change_nothing(car: Vehicle, outcome: str, vin: str, holds: set[str]) -> None:
    story = Story()
    digests = story.whole(car, outcome=outcome, vin=vin)
    story.stored(digests if "photos here" in holds else digests[1:])
    admitted = "station admitted" in holds
    step = story.step(admitted=admitted)
    if step is not None:
        story.hub_says(issued(step) if isinstance(step, IssueOrder) else step)
    assert story.step(admitted=admitted, now=NOW + HOUR_MS) is None
