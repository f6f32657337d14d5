from datetime import date
from typing import get_args

import pytest

from central_hub.console.names import CaseNames
from central_hub.console.texts import LANGUAGES, Language, moment, texts_in
from central_hub.console.timeline_view import (
    ROWS_SHOWN_MAX,
    Clocks,
    TimelineRow,
    before_an_audit,
    sentence,
    suspicion,
    timeline,
)
from central_hub.store.timing import Estimate, Sureness
from inspection.evidence import PhotoRef, VideoRef
from inspection.facts import (
    AccountChanged,
    ActRequested,
    ActSettled,
    AnyFact,
    AppealDecided,
    AppealFiled,
    AuditDecided,
    AuditEscalated,
    AuditOpinion,
    AuditOverdue,
    CaseAbandoned,
    CaseOpened,
    CaseWithdrawn,
    DeviceEnrolled,
    DeviceQuarantined,
    DeviceReleased,
    DeviceRevoked,
    DeviceStarted,
    DirectiveSettled,
    Entry,
    EvidenceViewed,
    ExaminationReviewed,
    ExemptionApplied,
    Filed,
    InspectionConcluded,
    ItemChecked,
    LedgerSealed,
    NumberVoided,
    OwnerCalled,
    PassageNoted,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ProbeAnswered,
    RangeAllotted,
    ReadingCorrected,
    Reason,
    RecallOrdered,
    RecallOverdue,
    RecheckConcluded,
    ReprintAllowed,
    RetakeRequested,
    Retested,
    RulesInForce,
    SampleCommitted,
    SampleRevealed,
    StationAdmitted,
    StationListed,
    StationPenalised,
    StationRestored,
    StationSuspended,
    StationUnlisted,
    StepUndone,
    StickerIssued,
    StickerPrinted,
    StickerWithdrawn,
    StickerWithheld,
    SuspicionRaised,
    TipReceived,
    UnknownFact,
    VehicleReturned,
    VideoReferenced,
    WarningRaised,
)
from inspection.filings import InspectorFiling
from tests.central_hub.simulated_device import VIN, private_car

EN = texts_in("en")
OPENED = CaseOpened(
    regime="jianyan", serial="S1", vehicle=private_car(), station="ST01", inspector="i", inspection_kind="01"
)
REF = PhotoRef(digest="ab" * 32, media="image/jpeg", size=4096, width=1, height=1)
FAILED = Reason(code="use", result="failed", zh="非营运", en="not used for hire")
ISSUED = StickerIssued(
    number="PL00000001", payload=b"", valid_until=date(2027, 1, 2), audit_due=1, rulebook="r", reasons=()
)
FACTS: list[tuple[AnyFact, str]] = [
    (DeviceStarted(profile="p", software="1"), "Program started, profile p, software 1"),
    (OPENED, "Case opened: Roadworthiness, serial S1, attempt 1"),
    (PhotoTaken(kind="0113", photo=REF), "Photo taken: VIN"),
    (PhotoTaken(kind="0113", photo=REF, replaces="cd" * 32), "Photo taken again: VIN"),
    (PhotoRefused(kind="0113", code="photo.empty", detail=""), "Shot not used: VIN, the file is empty"),
    (ItemChecked(item="18", mark="fail"), "Item checked: tyres ×"),
    (ReadingCorrected(photo="x", read=VIN, corrected=VIN, by="li", reason=""), "li confirmed the reading"),
    (ReadingCorrected(photo="x", read="A", corrected=VIN, by="li", reason=""), "li corrected the reading"),
    (VideoReferenced(video=VideoRef(recorder="r", channel="c", start=1, end=2)), "Video referred to: r / c"),
    (
        VideoReferenced(video=VideoRef(recorder="r", channel="c", start=1, end=2, missing="no power")),
        "Video missing: no power",
    ),
    (InspectionConcluded(outcome="pass_advised", by="li"), "li gave the verdict: Pass (maintenance advised)"),
    (CaseAbandoned(reason="drove off"), "Inspection abandoned: drove off"),
    (DeviceRevoked(device="pda-7", reason="stolen"), "Device pda-7 was revoked: stolen"),
    (PassageNoted(lane="1", reason="unknown"), "A vehicle went through lane 1 without a case: unknown"),
    (DirectiveSettled(number=3), "The device has directive 3"),
    (DeviceEnrolled(device="pda-1", kind="pda", station="s", public_key=bytes(32)), "Device pda-1 enrolled"),
    (DeviceQuarantined(device="pda-1", code="batch.fork", text="two chains"), "Device pda-1 quarantined: two chains"),
    (
        DeviceReleased(device="pda-1", by="wu", reason="wiped"),
        "wu released device pda-1 from quarantine: wiped",
    ),
    (PhotoStored(digest="ab" * 32, size=4096), "Photo stored at the centre (4 KB)"),
    (ISSUED, "Sticker PL00000001 issued, valid until 2027-01-02"),
    (StickerWithheld(rulebook="r", reasons=(FAILED,)), "No sticker: not used for hire"),
    (AuditDecided(decision="pass", auditor="wu"), "wu passed the case"),
    (
        AuditDecided(decision="suspicious", auditor="wu", reason="vin.differs"),
        "wu found it suspicious: the VIN is not the registered one",
    ),
    (AuditOverdue(due=1), "Audit overdue"),
    (RecallOrdered(reason="odd", station="ST01"), "ST01 told to recall: odd"),
    (LedgerSealed(size=9, root=bytes(32)), "Ledger sealed at 9 facts"),
    (CaseWithdrawn(reason="applicant", by="li"), "li took the case back for the applicant: the applicant asks for it"),
    (VehicleReturned(by="zhou", station="ST01"), "zhou saw the vehicle back at ST01"),
    (StickerPrinted(number="PL1", copy=2, by="li"), "li printed sticker PL1, copy 2"),
    (Retested(by="pda-1.9", attempt=2), "Re-tested as pda-1.9, attempt 2"),
    (
        ExemptionApplied(serial="E1", vehicle=private_car(), office="centre", by="li"),
        "li applied for the sticker of an exempt car, serial E1, centre",
    ),
    (SuspicionRaised(rule="tempo", detail="too fast"), "Rule tempo found something odd: too fast"),
    (AuditOpinion(decision="pass", auditor="wu"), "wu, opinion 1: nothing suspicious"),
    (
        AuditOpinion(decision="suspicious", auditor="wu", round=2, reason="vin.differs"),
        "wu, opinion 2: suspicious the VIN is not the registered one",
    ),
    (
        RetakeRequested(by="wu", reason="photo.dark", kind="0113"),
        "wu asked for it again: VIN, the photo is too dark or too bright",
    ),
    (RetakeRequested(by="wu", reason="of.old", item="18"), "wu asked for it again: tyres, of.old"),
    (AuditEscalated(level=2, to="li", due=0), "Will be late, li was told (level 2, due 1970-01-01 08:00:00)"),
    (RecallOverdue(due=0), "The vehicle was not back by 1970-01-01 08:00:00"),
    (
        RecheckConcluded(result="cleared", by="li", reason="vehicle.right"),
        "li checked it again, nothing was wrong: the vehicle is the registered one, and nothing is wrong with it",
    ),
    (
        RecheckConcluded(result="proven", by="li", reason="vin.differs"),
        "li checked it again, it is proven: the VIN is not the registered one",
    ),
    (
        StickerWithdrawn(number="PL1", reason="vin.differs", by="li", confirmed_by="han"),
        "Sticker PL1 withdrawn by li and han: the VIN is not the registered one",
    ),
    (
        StationPenalised(station="ST01", measure="warned", by="han", reason="vin.differs"),
        "han penalised ST01 (warned): the VIN is not the registered one",
    ),
    (ExaminationReviewed(decision="pass", by="wu"), "wu passed the review"),
    (ExaminationReviewed(decision="pass", by="rules", automatic=True), "The rules passed the review"),
    (
        ExaminationReviewed(decision="fail", by="wu", reason="vin.differs"),
        "wu failed the review: the VIN is not the registered one",
    ),
    (StepUndone(step="audit", by="li", reason="wrong car"), "li undid the audit: wrong car"),
    (ReprintAllowed(number="PL1", copy=2, by="li", cause="torn"), "li allowed copy 2 of sticker PL1: torn"),
    (
        OwnerCalled(result="supports", by="wu"),
        "wu called the owner back: what the owner says supports the inspection",
    ),
    (RulesInForce(name="rulebook", digest="ab" * 32, text=""), "Rules rulebook in force (abababababab)"),
    (Filed(filing=InspectorFiling(id="i-1", name="Wu", valid_until=date(2027, 1, 1)), by="han"), "han filed something"),
    (
        RangeAllotted(prefix="PL", first=1, last=9, holder="ST01", by="han"),
        "han allotted PL1 to 9 to ST01",
    ),
    (NumberVoided(number="PL1", holder="ST01", by="han", reason="spoilt"), "han voided number PL1 (ST01): spoilt"),
    (SampleCommitted(day=date(2026, 5, 28), commitment="c"), "Seed of 2026-05-28 committed to: c"),
    (SampleRevealed(day=date(2026, 5, 28), seed="s"), "Seed of 2026-05-28 shown: s"),
    (
        ProbeAnswered(case="pda-1.1", auditor="wu", expected="pass", given="pass"),
        "wu answered a known case",
    ),
    (
        WarningRaised(subject="station", name="ST01", rule="tempo", level="warning", rules="r", figures="f"),
        "ST01 raised tempo: f",
    ),
    (StationSuspended(station="ST01", rule="person", by="han", reason="why"), "ST01 suspended by han: why"),
    (
        StationRestored(station="ST01", by="han", confirmed_by="jiang", reason="why"),
        "han and jiang restored ST01: why",
    ),
    (StationListed(station="ST01", reason="fraud", by="han"), "han listed ST01: fraud"),
    (
        StationUnlisted(station="ST01", by="han", confirmed_by="jiang", reason="why"),
        "han and jiang took ST01 off the list: why",
    ),
    (StationAdmitted(station="ST01", admitted=True, by="han", reason="why"), "han admitted ST01: why"),
    (StationAdmitted(station="ST01", admitted=False, by="han", reason="why"), "han admits ST01 no longer: why"),
    (AppealFiled(station="ST01", text="not us", by="zhou"), "zhou appealed for ST01: not us"),
    (AppealDecided(station="ST01", granted=True, by="jiang", reason="r"), "jiang granted the appeal of ST01: r"),
    (AppealDecided(station="ST01", granted=False, by="jiang", reason="r"), "jiang refused the appeal of ST01: r"),
    (TipReceived(text="they swap plates"), "Told by somebody: they swap plates"),
    (EvidenceViewed(case="pda-1.1", what="ab", by="wu"), "wu looked at evidence of pda-1.1"),
    (
        AccountChanged(name="wu", person="wu", roles=("auditor",), station="", by="admin", change="made"),
        "admin changed account wu (made)",
    ),
    (ActRequested(number=1, act="a", about="ST01", by="han", reason="why"), "han asked for act 1 (ST01): why"),
    (ActSettled(number=1, confirmed=True, by="jiang"), "jiang confirmed act 1"),
    (ActSettled(number=1, confirmed=False, by="jiang", reason="no"), "jiang refused act 1"),
    (UnknownFact(kind="Weighed"), "A fact that this version does not know: Weighed"),
]


def entry(fact: AnyFact, seq: int = 1, device: str = "pda-1") -> Entry:
    return Entry(device=device, seq=seq, before=bytes(32), wall=1_000, mono=1, boot="b", fact=fact)


def shown(entries: list[tuple[int, Entry]], **happened: Estimate) -> tuple[TimelineRow, ...]:
    """The time line of facts of one device; happened: when its facts happened, by "fact" and their number."""
    dated = {("pda-1", int(name.removeprefix("fact"))): estimate for name, estimate in happened.items()}
    return timeline(entries, Clocks(happened=dated, skew_seconds_max=300), names=CaseNames(OPENED, EN), texts=EN)


@pytest.mark.parametrize(("fact", "said"), FACTS)
def test_every_fact_is_said_in_a_sentence(fact: AnyFact, said: str) -> None:
    assert sentence(fact, CaseNames(OPENED, EN), EN) == said


def test_no_kind_of_fact_was_forgotten_here() -> None:
    assert {type(fact) for fact, _ in FACTS} == set(get_args(AnyFact))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_has_a_sentence_in_every_language(language: Language) -> None:
    texts = texts_in(language)
    assert all(sentence(fact, CaseNames(OPENED, texts), texts) for fact, _ in FACTS)


def test_a_row_shows_when_the_hub_received_the_fact_and_what_the_device_clock_said() -> None:
    rows = shown([(0, entry(OPENED)), (1_000, entry(AuditOverdue(due=1), device="hub"))])
    assert (rows[0].received, rows[0].device_time) == ("1970-01-01 08:00:00", "1970-01-01 08:00:01")
    assert (rows[0].source, rows[1].source) == ("pda-1 #1", "Hub #1")
    assert (rows[1].device_time, rows[1].by_hub) == ("", True)


def test_a_long_time_line_is_cut_to_its_newest_rows() -> None:
    entries = [(0, entry(OPENED, seq)) for seq in range(1, ROWS_SHOWN_MAX + 3)]
    rows = shown(entries)
    assert (len(rows), rows[0].source) == (ROWS_SHOWN_MAX, "pda-1 #3")


def estimate(at: int, sure: Sureness, *, earliest: int | None = None, latest: int | None = None) -> Estimate:
    earliest, latest = at if earliest is None else earliest, at if latest is None else latest
    return Estimate(at=at, earliest=earliest, latest=latest, sure=sure)


def test_a_clock_that_was_right_or_of_which_nothing_is_known_is_shown_alone() -> None:
    rows = shown([(0, entry(OPENED)), (0, entry(OPENED, 2))], fact1=estimate(301_000, "paired"))
    assert [row.happened for row in rows] == ["", ""]


@pytest.mark.parametrize(
    ("dated", "said"),
    [
        (estimate(301_001, "paired"), "happened at 1970-01-01 08:05:01"),
        (
            estimate(400_000, "bounded", earliest=360_000, latest=600_000),
            "happened at about 1970-01-01 08:06:40, between 1970-01-01 08:06:00 and 1970-01-01 08:10:00",
        ),
        (estimate(600_000, "received", earliest=480_000), "happened not after 1970-01-01 08:10:00"),
    ],
)
def test_where_the_clock_was_far_off_the_row_says_when_it_happened_and_how_sure_that_is(
    dated: Estimate, said: str
) -> None:
    (row,) = shown([(0, entry(OPENED))], fact1=dated)
    assert (row.device_time, row.happened) == ("1970-01-01 08:00:01", said)


@pytest.mark.parametrize("wall", [0, 4_070_908_800_000, 2**53])
def test_a_clock_in_1970_in_2099_or_beyond_the_calendar_is_marked_and_shown_as_it_is(wall: int) -> None:
    told = Entry(device="pda-1", seq=1, before=bytes(32), wall=wall, mono=1, boot="b", fact=OPENED)
    (row,) = shown([(0, told)], fact1=estimate(1_780_000_000_000, "paired"))
    assert row.device_time == moment(wall)
    assert row.happened == "happened at 2026-05-29 04:26:40"


def test_a_suspicion_without_words_is_shown_by_its_code() -> None:
    assert suspicion("of.tomorrow", EN) == "of.tomorrow"


def hub_entry(fact: AnyFact, seq: int) -> tuple[int, Entry]:
    return 0, entry(fact, seq, device="hub")


def test_what_was_undone_is_marked_and_what_came_after_is_not() -> None:
    opinion, passed = AuditOpinion(decision="pass", auditor="wu"), AuditDecided(decision="pass", auditor="wu")
    undone = StepUndone(step="audit", by="li", reason="wrong")
    facts: list[AnyFact] = [passed, RecallOverdue(due=1), undone, opinion, passed]
    rows = shown([hub_entry(fact, seq) for seq, fact in enumerate(facts, start=1)])
    assert [row.undone for row in rows] == [True, False, False, False, False]


def test_a_recall_that_was_undone_takes_its_audit_with_it_and_no_report_of_a_device() -> None:
    back = VehicleReturned(by="zhou", station="ST01")
    decided = AuditDecided(decision="suspicious", auditor="wu", reason="modified")
    undone = StepUndone(step="recall", by="li", reason="wrong")
    rows = shown([hub_entry(decided, 1), (0, entry(back)), hub_entry(back, 2), hub_entry(undone, 3)])
    assert [row.undone for row in rows] == [True, False, True, False]


def test_before_an_audit_nothing_is_told_that_somebody_thought_or_that_followed() -> None:
    kept = [(0, entry(OPENED)), hub_entry(PhotoStored(digest="ab" * 32, size=1), 1), hub_entry(ISSUED, 2)]
    back, read = (
        VehicleReturned(by="zhou", station="ST01"),
        ReadingCorrected(photo="x", read="A", corrected="B", by="wu", reason="audit"),
    )
    gone = [hub_entry(AuditOpinion(decision="pass", auditor="wu"), 3), (0, entry(back, 2)), hub_entry(read, 4)]
    assert before_an_audit([*kept, *gone]) == kept


def test_a_blind_time_line_has_times_without_days_and_no_number_of_a_sticker() -> None:
    clocks = Clocks(happened={("pda-1", 1): estimate(400_000, "paired")}, skew_seconds_max=300)
    rows = timeline(
        [(0, entry(OPENED)), hub_entry(ISSUED, 1)], clocks, names=CaseNames(OPENED, EN), texts=EN, blind=True
    )
    assert (rows[0].received, rows[0].device_time) == ("08:00:00", "08:00:01")
    assert rows[0].happened == "it happened at another time"
    assert rows[1].sentence == "The sticker was issued"
