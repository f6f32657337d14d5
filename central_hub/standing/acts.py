"""What people may decide about a station's standing: listing, suspension, admission, appeals, tip-offs. Decides only.

Each function returns the fact to write, or raises StepError with the reason in English and Chinese. Taking off the list
and restoring need two people: that both may, and are two, is checked where such acts are settled, and here again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from central_hub.deciding.conflicts import NOTE_CHARACTERS_MAX, Person, StepError, name_of, same
from inspection.facts import (
    AppealDecided,
    AppealFiled,
    StationAdmitted,
    StationListed,
    StationRestored,
    StationSuspended,
    StationUnlisted,
    TipReceived,
)
from inspection.standing.state import StationStanding

BY_A_PERSON = "person"
"""Stands for the rule where no rule but a person suspended a station."""
LINE_CHARACTERS_MAX = 200
TIP_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a listing says. reason: code. ends: last day, after which people may decide; None: until they decide."""

    reason: str
    note: str = ""
    ends: date | None = None


def listed(
    standing: StationStanding, who: Person, listing: Listing, *, known: Collection[str], today: date
) -> StationListed:
    """Put a station on the list of dishonest ones (失信名单). known: the coded reasons. today: the hub's."""
    _not_own(standing.station, who)
    if standing.listed:
        raise StepError("standing.listed", "the station is on the list already", "该机构已在失信名单中")
    if listing.reason not in known:
        raise StepError("standing.reason", "a listing needs one of the coded reasons", "列入失信名单须选择规定的原因")
    if listing.ends is not None and listing.ends < today:
        raise StepError("standing.ends", "a listing cannot end before today", "截止日期不得早于今天")
    _bounded(listing.note)
    return StationListed(
        station=standing.station,
        reason=listing.reason,
        by=name_of(who),
        note=listing.note,
        ends=listing.ends,
    )


def unlisted(standing: StationStanding, *, by: str, confirmed_by: str, reason: str) -> StationUnlisted:
    """Take a station off the list, by decision of two people: also when the end of the listing has come."""
    if not standing.listed:
        raise StepError("standing.not_listed", "the station is not on the list", "该机构不在失信名单中")
    _two(by, confirmed_by)
    return StationUnlisted(station=standing.station, by=by, confirmed_by=confirmed_by, reason=_reason(reason))


def suspended(standing: StationStanding, who: Person, *, reason: str) -> StationSuspended:
    """Take sticker-first (先发放标志) from a station until somebody decides."""
    _not_own(standing.station, who)
    if standing.suspended:
        raise StepError("standing.suspended", "the station is suspended already", "该机构已被暂停")
    return StationSuspended(station=standing.station, rule=BY_A_PERSON, by=name_of(who), reason=_reason(reason))


def restored(standing: StationStanding, *, by: str, confirmed_by: str, reason: str) -> StationRestored:
    """End a suspension, by decision of two people."""
    if not standing.suspended:
        raise StepError("standing.not_suspended", "the station is not suspended", "该机构未被暂停")
    _two(by, confirmed_by)
    return StationRestored(station=standing.station, by=by, confirmed_by=confirmed_by, reason=_reason(reason))


def admitted(standing: StationStanding, who: Person, *, admit: bool, reason: str) -> StationAdmitted:
    """Admit a station to sticker-first, or no longer."""
    _not_own(standing.station, who)
    if standing.admitted == admit:
        raise StepError("standing.same", "that is how the station stands already", "该机构已是此状态")
    return StationAdmitted(station=standing.station, admitted=admit, by=name_of(who), reason=_reason(reason))


def appeal_filed(standing: StationStanding, who: Person, *, text: str) -> AppealFiled:
    """Write down a station's appeal (申诉) against its listing or suspension; one at a time."""
    if who.station and who.station != standing.station:
        raise StepError("appeal.other_station", "a station appeals for itself", "只能为本机构申诉")
    if not (standing.listed or standing.suspended):
        raise StepError("appeal.nothing", "the station is neither listed nor suspended", "该机构未被列入名单或暂停")
    if standing.appeal is not None:
        raise StepError("appeal.open", "an appeal of the station waits for its decision", "该机构已有申诉待处理")
    return AppealFiled(station=standing.station, text=_reason(text), by=name_of(who))


def appeal_decided(standing: StationStanding, who: Person, *, granted: bool, reason: str) -> AppealDecided:
    """Decide an appeal; nobody decides about what they ordered themselves. What follows is an act of its own."""
    _not_own(standing.station, who)
    if standing.appeal is None:
        raise StepError("appeal.none", "no appeal of the station waits for a decision", "该机构没有待处理的申诉")
    ordered = [step.by for step in (standing.listing, standing.suspension, standing.appeal) if step is not None]
    if any(same(who, name) for name in ordered):
        raise StepError(
            "appeal.own",
            "who listed or suspended the station, or appealed, does not decide",
            "不得处理本人所作决定的申诉",
        )
    return AppealDecided(station=standing.station, granted=granted, by=name_of(who), reason=_reason(reason))


def tip(text: str, *, station: str = "", plate: str = "", contact: str = "") -> TipReceived:
    """Return what somebody told of (举报), as plain text; whoever tells need not say who they are."""
    said = plain(text).strip()
    if not said:
        raise StepError("tip.empty", "say what happened", "请填写举报内容")
    if len(said) > TIP_CHARACTERS_MAX:
        raise StepError(
            "tip.too_long",
            f"a tip-off has at most {TIP_CHARACTERS_MAX} characters",
            f"举报内容不得超过 {TIP_CHARACTERS_MAX} 字",
        )
    lines = [" ".join(plain(line).split()) for line in (station, plate, contact)]
    if any(len(line) > LINE_CHARACTERS_MAX for line in lines):
        raise StepError(
            "tip.too_long",
            f"a line has at most {LINE_CHARACTERS_MAX} characters",
            f"每行不得超过 {LINE_CHARACTERS_MAX} 字",
        )
    return TipReceived(text=said, station=lines[0], plate=lines[1], contact=lines[2])


def plain(text: str) -> str:
    """Return a text without what no screen shows: control characters but the line end, and marks that turn lines."""
    return "".join(letter for letter in text.replace("\r\n", "\n") if letter == "\n" or letter.isprintable())


def _not_own(station: str, who: Person) -> None:
    if who.station == station:
        raise StepError("standing.own_station", "nobody decides about their own station", "不得处理本人所在机构")


def _two(by: str, confirmed_by: str) -> None:
    if not by or not confirmed_by or by == confirmed_by:
        raise StepError("standing.two_people", "this takes two people", "须两人办理")


def _reason(text: str) -> str:
    if not text.strip():
        raise StepError("standing.no_reason", "this needs its reason in words", "须说明理由")
    _bounded(text)
    return text.strip()


def _bounded(text: str) -> None:
    if len(text) > NOTE_CHARACTERS_MAX:
        raise StepError(
            "standing.too_long",
            f"a text has at most {NOTE_CHARACTERS_MAX} characters",
            f"不得超过 {NOTE_CHARACTERS_MAX} 字",
        )
