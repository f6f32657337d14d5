"""One fact of each kind with every field set, and one with every default spelled out: what golden/ holds bytes of."""

from datetime import date

from msgspec.structs import replace

from inspection.evidence import CharacterReading, PhotoRef, VideoRef, VinFinding
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
    Position,
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
    Vehicle,
    VehicleReturned,
    VideoReferenced,
    WarningRaised,
)
from inspection.filings import AreaFiling, InspectorFiling, Scope, TerminalFiling

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
WHOLE_VEHICLE = replace(
    VEHICLE,
    taxed=False,
    home="京A",
    made_on=date(2019, 12, 31),
    history=("injury_accident", "modified", "commissioned"),
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
    "CaseWithdrawn": CaseWithdrawn(reason="applicant", by="clerk-1", note="不再办理"),
    "VehicleReturned": VehicleReturned(by="clerk-1", station="ST01", note="下午到站"),
    "StickerPrinted": StickerPrinted(number="T00000001", copy=2, by="clerk-1", printer="P1", cause="jammed"),
    "Retested": Retested(by="lane-07.90", attempt=2),
    "ExemptionApplied": ExemptionApplied(
        serial="M0000000000000001", vehicle=WHOLE_VEHICLE, office="OF01", by="clerk-1", channel="counter"
    ),
    "SuspicionRaised": SuspicionRaised(rule="tempo", detail="3 分钟", weight=5, rules="standing-1:0123456789ab"),
    "AuditOpinion": AuditOpinion(
        decision="suspicious", auditor="auditor-1", round=2, reason="other", note="见照片", seen=40, seconds=95
    ),
    "RetakeRequested": RetakeRequested(
        by="auditor-1", reason="photo.blurred", kind="0113", photo=PHOTO, item="04", checked=2, note="请重拍"
    ),
    "AuditEscalated": AuditEscalated(level=2, to="lead-1", due=1_780_086_400_000),
    "RecallOverdue": RecallOverdue(due=1_780_086_400_000),
    "RecheckConcluded": RecheckConcluded(result="proven", by="officer-1", reason="vin.tampered", note="实车核对"),
    "StickerWithdrawn": StickerWithdrawn(
        number="T00000001", reason="vin.tampered", by="officer-1", confirmed_by="officer-2"
    ),
    "StationPenalised": StationPenalised(
        station="ST01", measure="fine", by="officer-1", reason="vin.tampered", note="按规定"
    ),
    "ExaminationReviewed": ExaminationReviewed(
        decision="fail",
        by="reviewer-1",
        reason="vin.differs",
        note="见照片",
        automatic=True,
        sampled=True,
        seen=40,
    ),
    "StepUndone": StepUndone(step="audit", by="officer-1", reason="点错了"),
    "ReprintAllowed": ReprintAllowed(number="T00000001", copy=2, by="officer-1", cause="lost"),
    "OwnerCalled": OwnerCalled(result="supports", by="caller-1", note="到过站"),
    "RulesInForce": RulesInForce(name="rulebook", digest="cc" * 32, text='id = "r"\n'),
    "Filed": Filed(
        filing=InspectorFiling(
            id="inspector-1",
            name="甲",
            valid_until=date(2027, 12, 31),
            areas=("ST01",),
            police=True,
            scope=Scope(uses=("A",), businesses=("01",), classes=("K3*",)),
            state="stopped",
        ),
        by="officer-1",
    ),
    "Filed-area": Filed(
        filing=AreaFiling(
            id="000000CY0001",
            station="ST01",
            valid_until=date(2027, 12, 31),
            longitude=116.5,
            latitude=39.5,
            radius_m=300.0,
            fenced=True,
            automatic_review=True,
        ),
        by="officer-1",
    ),
    "Filed-terminal": Filed(
        filing=TerminalFiling(id="pda-02", valid_until=date(2027, 12, 31), areas=("ST01",)), by="officer-1"
    ),
    "RangeAllotted": RangeAllotted(prefix="T", first=1, last=500, holder="ST01", by="officer-1"),
    "NumberVoided": NumberVoided(number="T00000002", holder="ST01", by="clerk-1", reason="spoilt"),
    "SampleCommitted": SampleCommitted(day=date(2026, 5, 28), commitment="dd" * 32),
    "SampleRevealed": SampleRevealed(day=date(2026, 5, 28), seed="ee" * 32),
    "ProbeAnswered": ProbeAnswered(
        case="lane-07.2", auditor="auditor-1", expected="suspicious", given="pass", seconds=30
    ),
    "WarningRaised": WarningRaised(
        subject="station", name="ST01", rule="tempo", level="stop", rules="standing-1:0123456789ab", figures="3 分钟"
    ),
    "StationSuspended": StationSuspended(station="ST01", rule="tempo", by="rules", reason="过快"),
    "StationRestored": StationRestored(station="ST01", by="officer-1", confirmed_by="officer-2", reason="已整改"),
    "StationListed": StationListed(
        station="ST01", reason="fraud", by="officer-1", note="见案卷", ends=date(2027, 5, 28)
    ),
    "StationUnlisted": StationUnlisted(station="ST01", by="officer-1", confirmed_by="officer-2", reason="申诉成立"),
    "StationAdmitted": StationAdmitted(station="ST01", admitted=True, by="officer-1", reason="达标"),
    "AppealFiled": AppealFiled(station="ST01", text="不服", by="clerk-1"),
    "AppealDecided": AppealDecided(station="ST01", granted=True, by="officer-1", reason="证据不足"),
    "TipReceived": TipReceived(text="没有验车", station="ST01", plate="京A00X00", contact="by letter"),
    "EvidenceViewed": EvidenceViewed(case="lane-07.2", what=PHOTO, by="auditor-1"),
    "AccountChanged": AccountChanged(
        name="account-1", person="auditor-1", roles=("auditor",), station="", by="admin-1", change="made"
    ),
    "ActRequested": ActRequested(
        number=7, act="sticker.withdraw", about="lane-07.2", by="officer-1", reason="查证属实"
    ),
    "ActSettled": ActSettled(number=7, confirmed=False, by="officer-2", reason="依据不足"),
    # Fields that were added to kinds of facts that were there before.
    "CaseOpened-placed": CaseOpened(
        regime="chayan",
        serial="C000000000001",
        vehicle=WHOLE_VEHICLE,
        station="ST01",
        inspector="inspector-1",
        area="000000CY0001",
        position=Position(longitude=116.5, latitude=39.5, accuracy_m=12.5),
    ),
    "PhotoTaken-placed": PhotoTaken(
        kind="L45",
        photo=PhotoRef(digest=PHOTO, media="image/jpeg", size=1, width=1, height=1),
        position=Position(longitude=-0.5, latitude=-0.5),
    ),
    "AuditDecided-seen": AuditDecided(decision="pass", auditor="auditor-1", seen=40, opinions=2),
    "RecallOrdered-due": RecallOrdered(reason="vin.tampered", station="ST01", due=1_780_086_400_000),
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
    "RecallOrdered": RecallOrdered(reason="other", station="ST01", note="", due=0),
    "CaseWithdrawn": CaseWithdrawn(reason="applicant", by="clerk-1", note=""),
    "VehicleReturned": VehicleReturned(by="clerk-1", station="ST01", note=""),
    "StickerPrinted": StickerPrinted(number="T00000001", copy=1, by="clerk-1", printer="", cause=""),
    "ExemptionApplied": ExemptionApplied(
        serial="M0000000000000001",
        vehicle=Vehicle(vin=VIN, taxed=None, home="", made_on=None, history=()),
        office="OF01",
        by="clerk-1",
        channel="",
    ),
    "SuspicionRaised": SuspicionRaised(rule="tempo", detail="", weight=1, rules=""),
    "AuditOpinion": AuditOpinion(decision="pass", auditor="auditor-1", round=1, reason="", note="", seen=0, seconds=0),
    "RetakeRequested": RetakeRequested(
        by="auditor-1", reason="photo.blurred", kind="", photo="", item="", checked=0, note=""
    ),
    "RecheckConcluded": RecheckConcluded(result="cleared", by="officer-1", reason="vehicle.right", note=""),
    "StationPenalised": StationPenalised(station="ST01", measure="fine", by="officer-1", reason="procedure", note=""),
    "ExaminationReviewed": ExaminationReviewed(
        decision="pass", by="reviewer-1", reason="", note="", automatic=False, sampled=False, seen=0
    ),
    "OwnerCalled": OwnerCalled(result="unreached", by="caller-1", note=""),
    "ProbeAnswered": ProbeAnswered(case="lane-07.2", auditor="auditor-1", expected="pass", given="pass", seconds=0),
    "Filed": Filed(
        filing=InspectorFiling(
            id="inspector-1",
            name="甲",
            valid_until=date(2027, 12, 31),
            areas=("*",),
            police=False,
            scope=Scope(uses=("*",), businesses=("*",), classes=("*",)),
            state="normal",
        ),
        by="officer-1",
    ),
    "Filed-area": Filed(
        filing=AreaFiling(
            id="000000CY0001",
            station="ST01",
            valid_until=date(2027, 12, 31),
            longitude=0.0,
            latitude=0.0,
            radius_m=0.0,
            fenced=False,
            automatic_review=False,
            scope=Scope(),
            state="normal",
        ),
        by="officer-1",
    ),
    "Filed-terminal": Filed(
        filing=TerminalFiling(id="pda-02", valid_until=date(2027, 12, 31), areas=("*",), scope=Scope(), state="normal"),
        by="officer-1",
    ),
    "StationListed": StationListed(station="ST01", reason="fraud", by="officer-1", note="", ends=None),
    "TipReceived": TipReceived(text="没有验车", station="", plate="", contact=""),
    "ActSettled": ActSettled(number=7, confirmed=True, by="officer-2", reason=""),
}
EVERY = FACTS | {f"{name}-plain": fact for name, fact in PLAIN.items()}
