"""Facts about one case, as a lane, a PDA and the hub write them, and strategies that mix them."""

from datetime import date

from hypothesis import strategies as st

from inspection.case import Case, fold
from inspection.evidence import PhotoRef, VideoRef, VinFinding
from inspection.facts import (
    AnyFact,
    AuditDecided,
    AuditOpinion,
    AuditOverdue,
    CaseAbandoned,
    CaseOpened,
    CaseWithdrawn,
    DirectiveSettled,
    Entry,
    InspectionConcluded,
    ItemChecked,
    PhotoRefused,
    PhotoStored,
    PhotoTaken,
    ReadingCorrected,
    RecallOrdered,
    RecallOverdue,
    RecheckConcluded,
    RetakeRequested,
    Retested,
    StationPenalised,
    StepUndone,
    StickerIssued,
    StickerPrinted,
    StickerWithdrawn,
    StickerWithheld,
    UnknownFact,
    Vehicle,
    VehicleReturned,
    VideoReferenced,
)
from inspection.identities import HUB

CASE = "lane-07.11"
VIN = "L00PA55L4N0000017"  # invented; its check character holds
MISREAD = "L00PA55L4N0000011"
DUE = 1_780_086_400_000

OPENED = CaseOpened(
    regime="jianyan", serial="J0000000000000001", vehicle=Vehicle(vin=VIN), station="ST01", inspector="inspector-1"
)
PASSED = InspectionConcluded(outcome="pass", by="inspector-1")
ISSUED = StickerIssued(number="T1", payload=b"p", valid_until=date(2028, 1, 1), audit_due=DUE, rulebook="r", reasons=())
WITHHELD = StickerWithheld(rulebook="r", reasons=())
AUDIT_FIRST = StickerWithheld(rulebook="r", reasons=(), audit_due=DUE, audit_first=True)
AUDITED = AuditDecided(decision="pass", auditor="auditor-1")
DOUBTED = AuditDecided(decision="suspicious", auditor="auditor-1", reason="vin.tampered")
RECALL = RecallOrdered(reason="vin.tampered", station="ST01")
OVERDUE = AuditOverdue(due=DUE)
FAILED = InspectionConcluded(outcome="fail", by="inspector-1")
LATE = RecallOverdue(due=DUE)
BACK = VehicleReturned(by="clerk-1", station="ST01")
CLEARED = RecheckConcluded(result="cleared", by="officer-1", reason="vehicle.right")
PROVEN = RecheckConcluded(result="proven", by="officer-1", reason="vin.tampered")
GONE = StickerWithdrawn(number="T1", reason="vin.tampered", by="officer-1", confirmed_by="officer-2")
PENALISED = StationPenalised(station="ST01", measure="fine", by="officer-1", reason="vin.tampered")
TAKEN_BACK = CaseWithdrawn(reason="applicant", by="clerk-1")
RETESTED = Retested(by="lane-07.90", attempt=2)
OPINION = AuditOpinion(decision="pass", auditor="auditor-1")
SUSPICION = AuditOpinion(decision="suspicious", auditor="auditor-1", reason="vin.tampered")
PRINTED = StickerPrinted(number="T1", copy=1, by="clerk-1")


def undone(step: str) -> StepUndone:
    return StepUndone(step=step, by="officer-1", reason="a slip of the hand")  # type: ignore[arg-type]


def wanted(kind: str = "", taken: str = "", *, item: str = "", checked: int = 0) -> RetakeRequested:
    """The request to take a photo again in place of `taken`, or to check an item that was checked so many times."""
    return RetakeRequested(by="auditor-1", reason="photo.blurred", kind=kind, photo=taken, item=item, checked=checked)


def photo(name: str, kind: str = "0113", *, vin: str | None = None, replaces: str = "") -> PhotoTaken:
    """A photo whose digest is its name, and that carries a reading where `vin` is given."""
    finding = None if vin is None else VinFinding(vin=vin, confidence=0.9)
    reference = PhotoRef(digest=name, media="image/jpeg", size=1, width=1, height=1)
    return PhotoTaken(kind=kind, photo=reference, vin=finding, replaces=replaces)


def corrected(name: str, text: str = VIN) -> ReadingCorrected:
    return ReadingCorrected(photo=name, read=MISREAD, corrected=text, by="inspector-1", reason="glare")


def entry(fact: AnyFact, device: str = "lane-07", seq: int = 11, case: str = CASE) -> Entry:
    return Entry(device=device, seq=seq, before=bytes(32), wall=1, mono=1, boot="b", fact=fact, case=case)


def written(*facts: AnyFact, device: str = "lane-07", first: int = 11) -> list[Entry]:
    return [entry(fact, device, seq) for seq, fact in enumerate(facts, start=first)]


def case_of(*facts: AnyFact, hub: tuple[AnyFact, ...] = (), pda: tuple[AnyFact, ...] = ()) -> Case:
    """The case that the lane opened and to which a PDA and the hub added."""
    return fold(CASE, [*written(*facts), *written(*hub, device=HUB), *written(*pda, device="pda-02")])


# Histories: what a lane, a PDA and the hub may write about one case, in any mixture.

names = st.sampled_from(["p1", "p2", "p3"])
kinds = st.sampled_from(["0111", "0113"])
device_facts = st.one_of(
    st.builds(photo, names, kinds, vin=st.sampled_from([None, "", VIN, MISREAD]), replaces=st.just("") | names),
    st.builds(corrected, names, st.sampled_from([VIN, MISREAD])),
    st.builds(ItemChecked, item=st.sampled_from(["01", "04"]), mark=st.sampled_from(["pass", "fail", "not_required"])),
    st.builds(PhotoRefused, kind=kinds, code=st.just("photo.blurred"), detail=st.just("")),
    st.builds(InspectionConcluded, outcome=st.sampled_from(["pass", "fail", "pass_advised"]), by=st.just("i")),
    st.builds(UnknownFact, kind=st.sampled_from(["TyreWorn", "Weighed"])),
    st.builds(
        VideoReferenced, video=st.builds(VideoRef, recorder=names, channel=names, start=st.just(1), end=st.just(2))
    ),
    st.sampled_from([CaseAbandoned(reason="drove off"), OPENED, ISSUED, AUDITED, RECALL, DirectiveSettled(number=1)]),
    st.sampled_from([TAKEN_BACK, BACK, PRINTED]),
)
hub_facts = st.one_of(
    st.builds(PhotoStored, digest=names, size=st.just(1)),
    st.sampled_from([ISSUED, WITHHELD, AUDIT_FIRST, AUDITED, DOUBTED, OVERDUE, RECALL, UnknownFact(kind="Weighed")]),
    st.sampled_from([LATE, BACK, CLEARED, PROVEN, GONE, PENALISED, TAKEN_BACK, RETESTED, OPINION, SUSPICION, PRINTED]),
    st.sampled_from([undone(step) for step in ("audit", "recall", "recheck", "review", "withdrawal")]),
    st.sampled_from([wanted("0113", "p1"), wanted(item="01")]),
)
histories = st.builds(
    lambda lane, pda, hub: [
        *written(OPENED, *lane),
        *written(*pda, device="pda-02", first=1),
        *written(*hub, device=HUB, first=1),
    ],
    st.lists(device_facts, max_size=8),
    st.lists(device_facts, max_size=4),
    st.lists(hub_facts, max_size=10),
)
