"""The shapes of facts. Their bytes are kept for ever in golden/: ledgers and journals in the field hold such bytes."""

from datetime import date
from typing import get_args

import pytest

from inspection.evidence import CharacterReading, PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    HUB_FACTS,
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
    Fact,
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
    Vehicle,
    VideoReferenced,
)
from inspection.wire import decode_entry, encode_entry
from tests.conftest import Golden

VIN = "L00PA55L4N0000017"  # invented; its check character holds
PHOTO, RETAKE = "a1" * 32, "b2" * 32
REASON = Reason(code="insurance", result="failed", zh="交强险在有效期内", en="insurance is in force", clause="§9")

VEHICLE = Vehicle(
    vin=VIN,
    plate_kind="02",
    plate="京A00X00",
    vehicle_class="K33",
    use="A",
    colours="AH",
    states="GQ",
    seats=5,
    registered_on=date(2020, 2, 29),
    insured_until=date(2027, 1, 31),
    bread_van=True,
)
FINDING = VinFinding(
    vin=VIN,
    confidence=0.75,
    characters=(CharacterReading(character="1", probability=0.5, alternatives=(("7", 0.25),), corrected="I"),),
    box=((0.5, 1.0), (100.0, 1.0), (100.0, 20.0), (0.5, 20.0)),
    kind="stamped",
    accepted=True,
    reasons=("vin.doubtful",),
    barcode=VIN,
    model="cc" * 32,
    milliseconds=12.5,
)

FACTS: dict[str, AnyFact] = {
    "DeviceStarted": DeviceStarted(profile="lane-box:1", software="0.1.0"),
    "CaseOpened": CaseOpened(
        regime="jianyan",
        serial="J0000000000000001",
        vehicle=VEHICLE,
        station="ST01",
        inspector="inspector-1",
        lane="1",
        business="A",
        inspection_kind="01",
        attempt=2,
        profile="lane-box:1",
    ),
    "PhotoTaken": PhotoTaken(
        kind="0113",
        photo=PhotoRef(digest=RETAKE, media="image/jpeg", size=320_000, width=4000, height=3000),
        vin=FINDING,
        replaces=PHOTO,
    ),
    "PhotoTaken-strip": PhotoTaken(
        kind="0113",
        photo=PhotoRef(digest=PHOTO, media="image/jpeg", size=1, width=1, height=1),
        vin=VinFinding(
            vin=VIN, confidence=0.5, kind="rubbing", reasons=("vin.doubtful",), strip=b"\xff\xd8strip\xff\xd9"
        ),
    ),
    "PhotoRefused": PhotoRefused(kind="0113", code="photo.blurred", detail="0.1 of 0.3"),
    "ItemChecked": ItemChecked(item="04", mark="value", value="白", remark="车门另色"),
    "ReadingCorrected": ReadingCorrected(photo=PHOTO, read="L00", corrected=VIN, by="inspector-1", reason="glare"),
    "VideoReferenced": VideoReferenced(
        video=VideoRef(
            recorder="0" * 20, channel="1" * 20, start=1_780_000_000_000, end=1_780_000_060_000, missing="断网"
        )
    ),
    "InspectionConcluded": InspectionConcluded(outcome="pass_advised", by="inspector-1", remark="建议维护"),
    "CaseAbandoned": CaseAbandoned(reason="drove off"),
    "DeviceQuarantined": DeviceQuarantined(
        device="lane-07", code="batch.fork", text="fact 2 of lane-07 is not the one that was committed"
    ),
    "DeviceReleased": DeviceReleased(device="lane-07", by="operator", reason="its disk was changed"),
    "DeviceRevoked": DeviceRevoked(device="pda-7", reason="stolen"),
    "PassageNoted": PassageNoted(lane="1", reason="nobody knew the vehicle"),
    "DirectiveSettled": DirectiveSettled(number=7),
    "DeviceEnrolled": DeviceEnrolled(device="lane-07", kind="lane-box", station="ST01", public_key=bytes(range(32))),
    "PhotoStored": PhotoStored(digest=PHOTO, size=320_000),
    "StickerIssued": StickerIssued(
        number="T00000001",
        payload=b"\x00\xffpayload",
        valid_until=date(2028, 2, 29),
        audit_due=1_780_086_400_000,
        rulebook="sticker-first-2022-10-01:0123456789ab",
        reasons=(REASON,),
    ),
    "StickerWithheld": StickerWithheld(
        rulebook="sticker-first-2022-10-01:0123456789ab",
        reasons=(REASON,),
        audit_due=1_780_086_400_000,
        audit_first=True,
    ),
    "AuditDecided": AuditDecided(decision="suspicious", auditor="auditor-1", reason="vin.tampered", note="见照片"),
    "AuditOverdue": AuditOverdue(due=1_780_086_400_000),
    "RecallOrdered": RecallOrdered(reason="vin.tampered", station="ST01", note="见照片"),
    "LedgerSealed": LedgerSealed(size=70, root=bytes(range(32))),
    "UnknownFact": UnknownFact(kind="TyreWorn"),
}

# Fields at their defaults are not written. They are spelled out here, so that a default that changed shows as well:
# it would give bytes that were written long ago another meaning.
PLAIN: dict[str, AnyFact] = {
    "CaseOpened": CaseOpened(
        regime="chayan",
        serial="C000000000001",
        vehicle=Vehicle(
            vin=VIN,
            plate_kind="",
            plate="",
            vehicle_class="",
            use="",
            colours="",
            states="",
            seats=0,
            registered_on=None,
            insured_until=None,
            bread_van=False,
        ),
        station="ST01",
        inspector="inspector-1",
        lane="",
        business="",
        inspection_kind="",
        attempt=1,
        profile="",
    ),
    "PhotoTaken": PhotoTaken(
        kind="0111",
        photo=PhotoRef(digest=PHOTO, media="image/png", size=1, width=1, height=1),
        vin=None,
        replaces="",
    ),
    "PhotoTaken-nothing-read": PhotoTaken(
        kind="0113",
        photo=PhotoRef(digest=PHOTO, media="image/png", size=1, width=1, height=1),
        vin=VinFinding(
            vin="",
            confidence=0.0,
            characters=(),
            box=(),
            kind="unknown",
            accepted=False,
            reasons=(),
            barcode="",
            strip=b"",
            model="",
            milliseconds=0.0,
        ),
    ),
    "ItemChecked": ItemChecked(item="04", mark="pass", value="", remark=""),
    "InspectionConcluded": InspectionConcluded(outcome="fail", by="inspector-1", remark=""),
    "StickerWithheld": StickerWithheld(
        rulebook="r",
        reasons=(Reason(code="use", result="failed", zh="非营运", en="not for hire", clause=""),),
        audit_due=0,
        audit_first=False,
    ),
    "AuditDecided": AuditDecided(decision="pass", auditor="auditor-1", reason="", note=""),
    "RecallOrdered": RecallOrdered(reason="other", station="ST01", note=""),
}
EVERY = FACTS | {f"{name}-plain": fact for name, fact in PLAIN.items()}


def entry(fact: AnyFact) -> Entry:
    return Entry(
        device="lane-07",
        seq=2,
        before=bytes(range(32)),
        wall=1_780_000_000_123,
        mono=4_567,
        boot="boot-1",
        fact=fact,
        case="lane-07.2",
    )


def test_every_kind_of_fact_has_golden_bytes() -> None:
    assert {type(fact) for fact in FACTS.values()} == set(get_args(AnyFact))


@pytest.mark.parametrize("name", EVERY)
def test_a_fact_is_written_and_read_as_its_golden_bytes_say(name: str, golden: Golden) -> None:
    written = entry(EVERY[name])
    kept = golden(f"fact-{name}", encode_entry(written).raw)
    assert decode_entry(kept).entry == written


def test_the_kinds_are_told_apart_by_their_class_names() -> None:
    assert all(kind.__struct_config__.tag == kind.__name__ for kind in get_args(AnyFact))
    assert all(issubclass(kind, Fact) for kind in get_args(AnyFact))


def test_what_only_the_hub_may_write_is_part_of_the_language() -> None:
    assert set(HUB_FACTS) < set(get_args(AnyFact))
    assert not issubclass(UnknownFact, HUB_FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_never_changes(name: str) -> None:
    fact = FACTS[name]
    with pytest.raises(AttributeError):
        setattr(fact, fact.__struct_fields__[0], "changed")


def test_an_entry_outside_any_case_has_an_empty_case() -> None:
    bare = Entry(device="lane-07", seq=1, before=bytes(32), wall=0, mono=0, boot="b", fact=CaseAbandoned(reason=""))
    assert (bare.case, bare.schema) == ("", 1)
    assert decode_entry(encode_entry(bare).raw).entry == bare
