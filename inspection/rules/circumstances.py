"""What a decision needs beside the case: the day, the station's standing, and what is known about the vehicle."""

from dataclasses import dataclass
from datetime import date

from inspection.checklist import Requirement, required_for
from inspection.facts import CaseOpened
from inspection.rules.judging import Judgement
from inspection.rules.rulebook import Rulebook


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A station's standing: admitted to sticker-first, on the 失信 list, suspended from the measure for now."""

    admitted: bool
    listed: bool
    suspended: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What the decision needs beside the case: the hub's day, the station's standing, what had to be done.

    earlier_sticker: number of a sticker that another case has for the same serial and attempt. open_recall: another
    case for which this vehicle was ordered back. permission: what the filings say; None where they are not judged.
    valid_sticker: number and last day of another valid sticker of the vehicle (registered VIN). earlier_attempt: stage
    of the attempt before this one of the same serial; empty where none is known. province: the station's, e.g. "京";
    empty where nobody says.
    """

    today: date
    standing: Standing
    requirement: Requirement
    earlier_sticker: str = ""
    open_recall: str = ""
    permission: Judgement | None = None
    valid_sticker: tuple[str, date] | None = None
    earlier_attempt: str = ""
    province: str = ""


def required_by(opened: CaseOpened, book: Rulebook) -> Requirement:
    """Return what the checklist of the rulebook demands of an opened case: by ywlx at 查验, by jylb at 检验."""
    return required_for(opened, book.checklist)
