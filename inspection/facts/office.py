"""What happens at the centre around the cases: devices, stations, people, filings, samples. Hub facts without a case.

Times are the hub's, Unix milliseconds; days are the hub's days.
"""

from datetime import date
from typing import Literal

from inspection.evidence import Line, Whole, Words
from inspection.facts.base import Fact
from inspection.filings import Filing


class DeviceEnrolled(Fact, frozen=True):
    """Hub: this device may write facts, signed with this key (32 bytes)."""

    device: Line
    kind: Line
    station: Line
    public_key: bytes


class DeviceRevoked(Fact, frozen=True):
    """Hub: nothing of this device is taken any more, e.g. because it was stolen. What it wrote before stands."""

    device: Line
    reason: Words


class DeviceQuarantined(Fact, frozen=True):
    """Hub: nothing of this device is taken until a person has looked; what it wrote before stands. code: why."""

    device: Line
    code: Line
    text: Words


class DeviceReleased(Fact, frozen=True):
    """Hub: a person looked, and the device may go on."""

    device: Line
    by: Line
    reason: Words


class LedgerSealed(Fact, frozen=True):
    """Hub: the ledger had this many facts, and this Merkle root (32 bytes), before this fact."""

    size: int
    root: bytes


class RulesInForce(Fact, frozen=True):
    """Hub: from now on decisions follow these rules. name: "rulebook", "standing", "roles". text: the file, whole."""

    name: Line
    digest: Line
    text: str


class Filed(Fact, frozen=True):
    """Hub: an inspector, an area or a terminal was filed (备案), or its filing changed. by: who did it."""

    filing: Filing
    by: Line


class RangeAllotted(Fact, frozen=True):
    """Hub: sticker numbers first to last (both included) of a prefix belong to a holder: an office or a station."""

    prefix: Line
    first: Whole
    last: Whole
    holder: Line
    by: Line


class NumberVoided(Fact, frozen=True):
    """Hub: a sticker number that will never be issued, e.g. a spoilt form; the next one follows."""

    number: Line
    holder: Line
    by: Line
    reason: Line


class SampleCommitted(Fact, frozen=True):
    """Hub: the seed of the day's random samples, committed to before the day: its SHA-256, hexadecimal."""

    day: date
    commitment: Line


class SampleRevealed(Fact, frozen=True):
    """Hub: the seed of a day that is over (hexadecimal): whoever wants can draw its samples again."""

    day: date
    seed: Line


class ProbeAnswered(Fact, frozen=True):
    """Hub: an auditor decided a case whose answer was known, and was not told so. The case stays as it is."""

    case: Line
    auditor: Line
    expected: Literal["pass", "suspicious"]
    given: Literal["pass", "suspicious"]
    seconds: Whole = 0


class WarningRaised(Fact, frozen=True):
    """Hub: figures of a station or an inspector are out of the ordinary (预警).

    subject: "station" or "inspector", and whose name. rule: code; rules: digest of the rules of standing. figures: in
    words, those that led to it. level: "warning" 预警, "stop" 干预, "check" 核查.
    """

    subject: Literal["station", "inspector"]
    name: Line
    rule: Line
    level: Literal["warning", "stop", "check"]
    rules: Line
    figures: Words


class StationSuspended(Fact, frozen=True):
    """Hub: sticker-first is off for the station until somebody decides; by the rules or by a person."""

    station: Line
    rule: Line
    by: Line
    reason: Words


class StationRestored(Fact, frozen=True):
    """Hub: a suspension ended by decision of two people."""

    station: Line
    by: Line
    confirmed_by: Line
    reason: Words


class StationListed(Fact, frozen=True):
    """Hub: the station is on the list of dishonest ones (失信名单) from now on. ends: last day; none: until decided."""

    station: Line
    reason: Line
    by: Line
    note: Words = ""
    ends: date | None = None


class StationUnlisted(Fact, frozen=True):
    """Hub: the station is off the list, by decision of two people; an end date alone takes nobody off."""

    station: Line
    by: Line
    confirmed_by: Line
    reason: Words


class StationAdmitted(Fact, frozen=True):
    """Hub: the station may hand out stickers first (admitted), or no longer."""

    station: Line
    admitted: bool
    by: Line
    reason: Words


class AppealFiled(Fact, frozen=True):
    """Hub: the station appeals (申诉) against its listing or suspension."""

    station: Line
    text: Words
    by: Line


class AppealDecided(Fact, frozen=True):
    """Hub: an appeal was decided; a granted one is carried out by the fact that restores or unlists."""

    station: Line
    granted: bool
    by: Line
    reason: Words


class TipReceived(Fact, frozen=True):
    """Hub: somebody told of something (举报). station: whom it is about, where known."""

    text: Words
    station: Line = ""
    plate: Line = ""
    contact: Line = ""


class EvidenceViewed(Fact, frozen=True):
    """Hub: somebody looked at a photo or a clip. case: whose; what: digest, or recorder/channel/start/end."""

    case: Line
    what: Line
    by: Line


class AccountChanged(Fact, frozen=True):
    """Hub: an account was made or changed. person: id of the person, as inspections name them. No secret."""

    name: Line
    person: Line
    roles: tuple[Line, ...]
    station: Line
    by: Line
    change: Literal["made", "changed", "locked", "unlocked", "password", "second_factor"]


class ActRequested(Fact, frozen=True):
    """Hub: somebody asked for an act that needs two people. act: its code; about: case, sticker or station."""

    number: Whole
    act: Line
    about: Line
    by: Line
    reason: Words


class ActSettled(Fact, frozen=True):
    """Hub: a second person confirmed or refused such an act."""

    number: Whole
    confirmed: bool
    by: Line
    reason: Words = ""
