"""What the files that judge share: a result for each clause, in words for a person, and what they add up to.

Knows how a clause of a rulebook becomes a reason. Which clauses there are is for the file that judges.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

from inspection.facts import Reason
from inspection.rules.rulebook import Rulebook

Result = Literal["passed", "failed", "pending"]
Found = tuple[Result, str]
"""How a clause came out, and what was found: codes, dates, numbers; never a VIN."""

DETAIL_CHARACTERS_MAX = 400
"""What a device wrote, e.g. item codes, may be long; a decision has to be short enough to be a fact itself."""

_MATCHES_KEPT_MAX = 10_000
"""Few codes meet few patterns, again and again; but a device may name any code: so many answers are kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Whether something is allowed, with every clause that was judged, passed and failed."""

    allowed: bool
    reasons: tuple[Reason, ...]

    @property
    def failed(self) -> tuple[Reason, ...]:
        """The clauses that stand in the way."""
        return tuple(reason for reason in self.reasons if reason.result != "passed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What follows: issue now, withhold, audit first, or wait for facts that are still on their way.

    rulebook: id and digest of the rules that were applied.
    """

    outcome: Literal["issue", "withhold", "audit_first", "wait"]
    rulebook: str
    reasons: tuple[Reason, ...]

    @property
    def failed(self) -> tuple[Reason, ...]:
        """The clauses that stand in the way."""
        return tuple(reason for reason in self.reasons if reason.result != "passed")


@lru_cache(maxsize=_MATCHES_KEPT_MAX)
def matches(code: str, patterns: tuple[str, ...]) -> bool:
    """Return whether one of the patterns (* ? and [ ]) fits the code; an empty tuple fits nothing."""
    return any(fnmatchcase(code, pattern) for pattern in patterns)


def held(condition: bool, detail: str = "") -> Found:  # noqa: FBT001 - a clause is a yes or a no
    """Return that a clause passed or failed."""
    return ("passed" if condition else "failed"), detail


def held_all(odd: Iterable[str]) -> Found:
    """Return that a clause passed when nothing odd was found, or failed with what was."""
    found = sorted(odd)
    return held(not found, ", ".join(found))


def reason(book: Rulebook, clause: str, found: Found, *, code: str = "") -> Reason:
    """Return the reason that a clause of the rulebook gives. code: by what it is called, where not by the clause."""
    text, (result, detail) = book.clauses[clause], found
    if len(detail) > DETAIL_CHARACTERS_MAX:
        detail = detail[:DETAIL_CHARACTERS_MAX] + "…"
    zh = f"{text.zh} ({detail})" if detail else text.zh
    en = f"{text.en} ({detail})" if detail else text.en
    return Reason(code=code or clause, result=result, zh=zh, en=en, clause=text.clause)


def judgement(reasons: Iterable[Reason]) -> Judgement:
    """Return the judgement of these reasons: allowed when all of them passed."""
    all_of_them = tuple(reasons)
    return Judgement(allowed=all(one.result == "passed" for one in all_of_them), reasons=all_of_them)
