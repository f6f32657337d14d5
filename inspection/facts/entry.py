"""Every kind of fact in one list, and the envelope that puts a fact into its device's chain."""

from typing import get_args

from msgspec import Struct

from inspection.evidence import Whole
from inspection.facts import device, hub, office
from inspection.facts.base import Fact


class UnknownFact(Fact, frozen=True):
    """A fact of a kind that this version does not know: kept as it came, shown as unknown, never folded."""

    kind: str


DeviceFact = (
    device.DeviceStarted
    | device.CaseOpened
    | device.PhotoTaken
    | device.PhotoRefused
    | device.ItemChecked
    | device.ReadingCorrected
    | device.VideoReferenced
    | device.InspectionConcluded
    | device.CaseAbandoned
    | device.PassageNoted
    | device.DirectiveSettled
    | device.CaseWithdrawn
    | device.VehicleReturned
    | device.StickerPrinted
)
CaseFact = (
    hub.PhotoStored
    | hub.StickerIssued
    | hub.StickerWithheld
    | hub.AuditDecided
    | hub.AuditOverdue
    | hub.RecallOrdered
    | hub.Retested
    | hub.ExemptionApplied
    | hub.SuspicionRaised
    | hub.AuditOpinion
    | hub.RetakeRequested
    | hub.AuditEscalated
    | hub.RecallOverdue
    | hub.RecheckConcluded
    | hub.StickerWithdrawn
    | hub.StationPenalised
    | hub.ExaminationReviewed
    | hub.StepUndone
    | hub.ReprintAllowed
    | hub.OwnerCalled
)
OfficeFact = (
    office.DeviceEnrolled
    | office.DeviceRevoked
    | office.DeviceQuarantined
    | office.DeviceReleased
    | office.LedgerSealed
    | office.RulesInForce
    | office.Filed
    | office.RangeAllotted
    | office.NumberVoided
    | office.SampleCommitted
    | office.SampleRevealed
    | office.ProbeAnswered
    | office.WarningRaised
    | office.StationSuspended
    | office.StationRestored
    | office.StationListed
    | office.StationUnlisted
    | office.StationAdmitted
    | office.AppealFiled
    | office.AppealDecided
    | office.TipReceived
    | office.EvidenceViewed
    | office.AccountChanged
    | office.ActRequested
    | office.ActSettled
)
AnyFact = DeviceFact | CaseFact | OfficeFact | UnknownFact

HUB_FACTS: tuple[type[Fact], ...] = (*get_args(CaseFact), *get_args(OfficeFact))
"""Facts that only the hub may write: a device that claims one is refused."""


class Entry(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    rename={
        "device": "d",
        "seq": "n",
        "before": "p",
        "wall": "w",
        "mono": "m",
        "boot": "b",
        "fact": "f",
        "case": "c",
        "schema": "v",
    },
):
    """A fact in its device's chain.

    seq: 1, 2, 3, ... without gaps. before: hash of the entry before (32 bytes). wall: the device's clock, Unix
    milliseconds, which decides nothing. mono: milliseconds since the boot that `boot` names.
    case: id of the case that it belongs to, or empty.
    """

    device: str
    seq: int
    before: bytes
    wall: Whole
    mono: Whole
    boot: str
    fact: AnyFact
    case: str = ""
    schema: int = 1
