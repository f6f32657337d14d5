from datetime import date

import msgspec

from central_hub.console.case_view import NOBODY_HOLDS, CaseView, Hold, Surroundings, case_view
from central_hub.console.texts import texts_in
from central_hub.console.timeline_view import Clocks
from central_hub.deciding.queueing import blinded
from central_hub.store.timing import Estimate
from inspection.case import fold
from inspection.evidence import PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOpinion,
    AuditOverdue,
    CaseAbandoned,
    Entry,
    InspectionConcluded,
    ItemChecked,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    Reason,
    RecallOrdered,
    StickerIssued,
    StickerWithheld,
    UnknownFact,
    VideoReferenced,
)
from inspection.identities import HUB
from inspection.sticker import sticker_text
from tests.central_hub.simulated_device import VIN, SimulatedDevice

EN = texts_in("en")
NOW = 1_780_000_000_000
HOUR_MS = 3_600_000
REASONS = (
    Reason(code="items", result="passed", zh="项目齐全", en="every item", clause="GB 38900"),
    Reason(code="use", result="failed", zh="非营运", en="not for hire", clause="§10.2"),
)


class Story:
    """Facts of one case in the order of arrival, and the view of them."""

    def __init__(self, **opening: object) -> None:
        self.device = SimulatedDevice("pda-1")
        self.case = self.device.open_case(None, **opening)
        self.entries: list[tuple[int, Entry]] = [(NOW, self.device.records[0].entry)]
        self.happened: dict[tuple[str, int], Estimate] = {}

    def tell(self, *facts: AnyFact, by_hub: bool = False) -> "Story":
        for fact in facts:
            entry = self.device.write(fact, self.case).entry
            self.entries.append((NOW, msgspec.structs.replace(entry, device=HUB) if by_hub else entry))
        return self

    def view(
        self, *, hold: Hold = NOBODY_HOLDS, blind: bool = False, reused: dict[str, tuple[str, ...]] | None = None
    ) -> CaseView:
        case = fold(self.case, [entry for _, entry in self.entries])
        clocks = Clocks(happened=self.happened, skew_seconds_max=300)
        around = Surroundings(station="North station", reused=reused or {}, clocks=clocks, hold=hold, blind=blind)
        shown = blinded(case, due=case.audit_due) if blind else case
        return case_view(shown, self.entries, around, now=NOW, texts=EN)


def photo(kind: str, name: str, *, replaces: str = "", vin: str = "") -> PhotoTaken:
    ref = PhotoRef(digest=name * 64, media="image/jpeg", size=2048, width=640, height=480)
    finding = VinFinding(vin=vin, confidence=0.9) if vin else None
    return PhotoTaken(kind=kind, photo=ref, vin=finding, replaces=replaces)


def issued(due: int = NOW + HOUR_MS) -> StickerIssued:
    return StickerIssued(
        number="PL00000001",
        payload=b"p",
        valid_until=date(2028, 5, 28),
        audit_due=due,
        rulebook="book:1",
        reasons=REASONS,
    )


def test_the_head_says_what_was_opened_in_words() -> None:
    view = Story(lane="2").view()
    assert (view.title, view.plate_kind, view.regime, view.stage) == (
        "京A12345", "small vehicle (blue)", "Roadworthiness", "In progress",
    )  # fmt: skip
    assert ("Lane", "2") in view.about
    assert ("Business", "periodic in-use inspection") in view.about
    assert ("Colour", "white") in view.vehicle
    assert not any(name == "Bread van" for name, _ in view.vehicle)


def test_current_photos_come_first_the_vin_before_all_and_replaced_ones_below() -> None:
    story = Story().tell(photo("0112", "a"), photo("0111", "b"), photo("0113", "c", vin=VIN))
    view = story.tell(photo("0111", "d", replaces="b" * 64)).view()
    assert [item.digest[0] for item in view.photos] == ["c", "d", "a"]
    assert [item.digest[0] for item in view.replaced] == ["b"]
    assert [item.carries_vin for item in view.photos] == [True, False, False]


def test_a_photo_is_here_once_the_hub_has_its_bytes() -> None:
    story = Story().tell(photo("0111", "a"), photo("0112", "b"))
    view = story.tell(PhotoStored(digest="a" * 64, size=2048), by_hub=True).view()
    assert [item.here for item in view.photos] == [True, False]
    assert view.photos[0].size == "640×480, 2 KB"


def test_required_photos_that_nobody_took_and_shots_that_were_not_used_are_named() -> None:
    view = Story().tell(photo("0111", "a"), PhotoRefused(kind="0113", code="photo.empty", detail="")).view()
    assert "VIN" in view.photos_missing
    assert "left front" not in view.photos_missing
    assert view.refused == ("VIN: the file is empty",)


def test_a_photo_that_another_case_used_too_says_so() -> None:
    view = Story().tell(photo("0111", "a")).view(reused={"a" * 64: ("pda-9.4",)})
    assert view.photos[0].reused_in == ("pda-9.4",)


def test_items_are_listed_in_the_order_of_the_form_checked_or_not_and_others_after_them() -> None:
    view = (
        Story()
        .tell(
            ItemChecked(item="18", mark="fail", remark="worn"),
            ItemChecked(item="09", mark="value", value="5"),
            ItemChecked(item="02", mark="pass"),
        )
        .view()
    )
    by_code = {item.code: item for item in view.items}
    assert (by_code["18"].name, by_code["18"].result, by_code["18"].remark) == ("tyres", "× fail", "worn")
    assert (by_code["02"].result, by_code["03"].mark) == ("√ pass", "unchecked")
    assert (view.items[-1].code, view.items[-1].result) == ("09", "5")


def test_the_verdict_is_said_with_who_gave_it() -> None:
    assert Story().view().verdict == "The inspector has not given a verdict."
    assert Story().tell(InspectionConcluded(outcome="fail", by="li")).view().verdict == "Fail, li"
    assert Story().tell(CaseAbandoned(reason="drove off")).view().verdict == "Abandoned: drove off"


def test_missing_video_says_why() -> None:
    video = VideoRef(recorder="r", channel="c", start=0, end=1000, missing="no power")
    view = Story().tell(VideoReferenced(video=video)).view()
    assert (view.videos[0].start, view.videos[0].missing) == ("1970-01-01 08:00:00", "no power")


def test_the_decision_shows_what_failed_first_and_the_rulebook() -> None:
    view = Story().tell(StickerWithheld(rulebook="book:1", reasons=REASONS, audit_due=NOW), by_hub=True).view()
    assert [reason.result for reason in view.decision.reasons] == ["failed", "passed"]
    assert (view.decision.kind, view.decision.rulebook) == ("withheld", "book:1")
    assert view.decision.reasons[0].words == "failed"


def test_a_case_that_is_audited_first_says_so_and_an_undecided_one_has_no_decision() -> None:
    first = StickerWithheld(rulebook="b", reasons=REASONS, audit_due=NOW, audit_first=True)
    assert Story().tell(first, by_hub=True).view().decision.kind == "audit_first"
    assert Story().view().decision.kind == "none"


def test_an_issued_sticker_brings_its_number_and_the_text_of_its_code() -> None:
    view = Story().tell(issued(), by_hub=True).view()
    assert (view.decision.number, view.decision.text) == ("PL00000001", sticker_text(b"p"))
    assert (view.left.text, view.stage_code) == ("1:00", "audit_pending")


def test_under_what_the_visitor_may_decide_stands_with_the_audit() -> None:
    story = Story().tell(issued(), by_hub=True)
    for hold in (Hold(token="7"), Hold(why_not="held")):  # noqa: S106 - a lease is named by its number
        assert story.view(hold=hold).audit.hold == hold
    assert story.view().audit.hold == NOBODY_HOLDS


def test_a_blind_page_tells_neither_what_others_thought_nor_of_which_day_the_case_is() -> None:
    opinion = AuditOpinion(decision="suspicious", auditor="zheng", reason="modified")
    story = Story().tell(issued(), opinion, by_hub=True)
    story.happened["pda-1", 1] = Estimate(at=NOW, earliest=NOW, latest=NOW, sure="paired")
    view = story.view(blind=True)
    assert (view.stage_code, view.decision.kind, view.decision.number, view.decision.text) == (
        "audit_pending", "issued", "", "",
    )  # fmt: skip
    assert [row.sentence for row in view.timeline][1:] == ["The sticker was issued"]
    assert (view.timeline[0].received, view.timeline[0].device_time) == ("04:26:40", "08:00:01")
    assert view.timeline[0].happened == "it happened at another time"
    assert story.view().stage_code == "suspected"


def test_a_decided_case_shows_the_outcome_and_no_clock() -> None:
    decided = AuditDecided(decision="suspicious", auditor="wu", reason="photo.reused", note="seen before")
    recall = RecallOrdered(reason="photo.reused", station="ST01")
    view = Story().tell(issued(), decided, recall, AuditOverdue(due=NOW), by_hub=True).view()
    assert (view.audit.decision, view.audit.note) == ("suspicious", "seen before")
    assert (view.audit.reason, view.audit.recalled_station) == ("a photo seems to be used again", "North station")
    assert (view.left.urgency, view.audit.overdue) == ("none", True)


def test_only_facts_of_devices_count_as_seen() -> None:
    story = Story().tell(photo("0111", "a")).tell(issued(), by_hub=True)
    assert story.view().audit.seen == 2


def test_facts_of_an_unknown_kind_are_named() -> None:
    assert Story().tell(UnknownFact(kind="Weighed")).view().unknown == "Weighed"


def test_facts_without_an_opening_are_still_shown() -> None:
    story = Story().tell(photo("0113", "a", vin=VIN))
    story.entries = story.entries[1:]
    view = story.view()
    assert (view.title, view.about, view.vehicle, view.items) == (story.case, (), (), ())
    assert view.photos[0].name == "0113"
    assert view.vin.verdict == "fail"


def test_a_fact_that_a_wrong_clock_dated_shows_when_it_happened() -> None:
    story = Story()
    story.happened["pda-1", 1] = Estimate(at=NOW, earliest=NOW, latest=NOW, sure="paired")
    (row,) = story.view().timeline
    assert row.happened == f"happened at {row.received}"
