from datetime import date
from typing import get_args

import pytest

from central_hub.console.names import CaseNames
from central_hub.console.texts import LANGUAGES, Language, moment, texts_in
from central_hub.console.timeline_view import ROWS_SHOWN_MAX, Clocks, TimelineRow, sentence, suspicion, timeline
from central_hub.store.timing import Estimate, Sureness
from inspection.evidence import PhotoRef, VideoRef
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOverdue,
    CaseAbandoned,
    CaseOpened,
    DeviceEnrolled,
    DeviceQuarantined,
    DeviceReleased,
    DeviceRevoked,
    DeviceStarted,
    DirectiveSettled,
    Entry,
    InspectionConcluded,
    ItemChecked,
    LedgerSealed,
    PassageNoted,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    Reason,
    RecallOrdered,
    StickerIssued,
    StickerWithheld,
    UnknownFact,
    VideoReferenced,
)
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
