"""The rules of standing (失信管理规则): what is suspicious, who is warned, stopped, checked; as dated TOML data.

Knows the shape of such a file and how it is validated. How a rule is applied is `suspicion`'s and `chain`'s; which
limits hold stands in `standing-*.toml`. A rule of a new date is a new file; what was decided keeps its file's digest.
"""

import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from inspection import InspectionError, shipped_names, shipped_text
from inspection.evidence import Line
from inspection.identities import Regime
from inspection.rules.judging import matches
from inspection.signing import digest

FOLDER = "standing"
RULES_CHARACTERS_MAX = 100_000

SUSPICIONS = (
    "tempo.impossible",
    "tempo.inspector",
    "places.inspector",
    "places.device",
    "places.vehicle",
    "area.outside",
    "clock.wrong",
    "clock.jumped",
    "photo.reused",
    "vin.differs",
    "video.missing",
    "call.contradicts",
)
"""What this program can find suspicious; a file has to speak about each."""

FIGURES = (
    "volume",
    "passed",
    "tempo",
    "retaken",
    "distance",
    "duplicates",
    "suspected",
    "proven",
    "retested",
    "doubtful",
    "overturned",
    "night",
)
"""What is counted of a station and of an inspector; see `figures`."""

Level = Literal["warning", "stop", "check"]
Subject = Literal["station", "inspector"]
Share = Annotated[float, Meta(gt=0, lt=1)]
Count = Annotated[int, Meta(ge=1)]
Days = Annotated[int, Meta(ge=1, le=366)]
Metres = Annotated[float, Meta(ge=0)]
Hour = Annotated[int, Meta(ge=0, le=24)]


class StandingRulesError(InspectionError):
    """Rules of standing that cannot be applied, or a day on which none were in force."""


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code's text in Chinese and English; source: whence, "provisional" where no text says so."""

    code: Line
    zh: str
    en: str
    source: str = "provisional"


class SuspicionRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much a suspicion weighs, and how it reads. on: whether it is looked for at all."""

    weight: Annotated[int, Meta(ge=0, le=100)]
    zh: str
    en: str
    source: str = "provisional"
    on: bool = True


class Tempo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No inspection of such a vehicle is done in less than seconds_min. classes (cllx): patterns."""

    regime: Regime
    classes: tuple[str, ...]
    seconds_min: Count


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the suspicion rules compare with.

    way_kmh_max: nobody gets from place to place faster. way_metres_free: places so near are one. unknown_way_seconds:
    how long the way between two places takes at least where one is not known. fence_metres_over: so far outside the
    fence, beyond what the device itself is unsure of, which is believed up to accuracy_metres_max. clock_seconds_max,
    jump_seconds_max: of a device's wall clock against the hub's, and against its own monotonic clock.
    inspector_minutes, inspector_cases_max: so many conclusions of one inspector within so many minutes. video_regimes:
    inspections that need a reference to video. call_results_against: what an owner may say that speaks against one.
    """

    way_kmh_max: Annotated[float, Meta(gt=0)]
    way_metres_free: Metres
    unknown_way_seconds: Count
    fence_metres_over: Metres
    clock_seconds_max: Count
    jump_seconds_max: Count
    inspector_minutes: Count
    inspector_cases_max: Count
    accuracy_metres_max: Metres
    video_regimes: tuple[Regime, ...] = ()
    call_results_against: tuple[Line, ...] = ()


class Counting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How figures are counted and compared.

    days: as long as the period is. class_characters: so many characters of the class make vehicles alike. night_from,
    night_until: hours in China. inspections_min, subjects_min: so many inspections by so many others have to be there
    before a kind of vehicle is compared. calls_a_day: so many owners are drawn to be called back (回访).
    """

    days: Days
    class_characters: Annotated[int, Meta(ge=0, le=3)]
    night_from: Hour
    night_until: Hour
    inspections_min: Count
    subjects_min: Count
    calls_a_day: Annotated[int, Meta(ge=0, le=10_000)]


class Link(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A rule of the chain 预警 干预 核查. quiet_days: not raised again so soon for the same name."""

    code: Line
    subject: Subject
    level: Level
    zh: str
    en: str
    source: str = "provisional"
    quiet_days: Annotated[int, Meta(ge=0, le=366)] = 0


class FigureLink(Link, frozen=True, tag="figure"):
    """A figure differs from the peers': by z_min on the given side, over count_min inspections, by difference_min."""

    figure: Line
    side: Literal["high", "low"]
    count_min: Count
    z_min: Annotated[float, Meta(gt=0)]
    difference_min: Annotated[float, Meta(ge=0)] = 0.0


class SuspicionLink(Link, frozen=True, tag="suspicions"):
    """So many cases with one of these suspicions in so many days: cases_min, and more than chance gives.

    ordinary: share of inspections that is taken for ordinary (the peers' share, where that is greater). tail_max: the
    chance at most, were the subject ordinary, of as many or more among as many inspections (exact binomial).
    """

    suspicions: tuple[str, ...]
    days: Days
    cases_min: Count
    ordinary: Share
    tail_max: Share


class ProvenLink(Link, frozen=True, tag="proven"):
    """So many cases were proven in so many days."""

    days: Days
    cases_min: Count


class RepeatedLink(Link, frozen=True, tag="repeated"):
    """There were warnings on so many different days in so many days."""

    days: Days
    warned_days_min: Count


AnyLink = FigureLink | SuspicionLink | ProvenLink | RepeatedLink


class StandingRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of a date. `text` (the file, whole) and `digest` (its SHA-256, hexadecimal) are set when it is read."""

    id: str
    in_force_from: date
    source: str
    counting: Counting
    limits: Limits
    tempo: tuple[Tempo, ...]
    suspicions: dict[str, SuspicionRule]
    chain: tuple[AnyLink, ...]
    listing_reasons: tuple[Words, ...]
    measures: tuple[Words, ...]
    text: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The id with the first 12 characters of the digest, as facts keep it."""
        return f"{self.id}:{self.digest[:12]}"

    def seconds_min(self, regime: Regime, vehicle_class: str) -> int:
        """Return the least seconds that an inspection of such a vehicle takes; 0 where the rules say nothing."""
        for row in self.tempo:
            if row.regime == regime and matches(vehicle_class, row.classes):
                return row.seconds_min
        return 0

    def link(self, code: str) -> AnyLink | None:
        """Return the rule of the chain of this code, or None."""
        return next((link for link in self.chain if link.code == code), None)


def parse_standing_rules(text: str) -> StandingRules:
    """Read a file of rules; raises StandingRulesError naming what is wrong, an unknown key or code included."""
    if len(text) > RULES_CHARACTERS_MAX:
        raise StandingRulesError(f"rules of standing have at most {RULES_CHARACTERS_MAX} characters")
    try:
        rules = msgspec.convert(tomllib.loads(text), StandingRules)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise StandingRulesError(f"the rules of standing cannot be applied: {error}") from error
    if faults := list(_faults(rules)):
        raise StandingRulesError(f"the rules of standing {rules.id} cannot be applied: {'; '.join(faults)}")
    return msgspec.structs.replace(rules, text=text, digest=digest(text.encode()).hex())


def _faults(rules: StandingRules) -> Iterable[str]:
    if odd := set(SUSPICIONS) ^ set(rules.suspicions):
        yield f"it and this program differ in the suspicions {', '.join(sorted(odd))}"
    lists = (rules.chain, rules.listing_reasons, rules.measures)
    for rows in lists:
        codes = [row.code for row in rows]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            yield f"{', '.join(twice)} stands there twice"
    for link in rules.chain:
        yield from _link_faults(link)


def _link_faults(link: AnyLink) -> Iterable[str]:
    if link.level == "stop" and link.subject != "station":
        yield f"{link.code}: only a station can be stopped"
    if isinstance(link, FigureLink) and link.figure not in FIGURES:
        yield f"{link.code}: there is no figure {link.figure!r}"
    if isinstance(link, SuspicionLink) and (unknown := sorted(set(link.suspicions) - set(SUSPICIONS))):
        yield f"{link.code}: there is no suspicion {', '.join(unknown)}"
    if isinstance(link, ProvenLink) and link.subject != "station":
        yield f"{link.code}: what was proven is counted by station"


@cache
def shipped_standing_rules() -> tuple[StandingRules, ...]:
    """Return the rules that this program carries, oldest first."""
    names = [name for name in shipped_names(FOLDER) if name.endswith(".toml")]
    return in_order(parse_standing_rules(shipped_text(FOLDER, name)) for name in names)


def in_order(books: Iterable[StandingRules]) -> tuple[StandingRules, ...]:
    """Return the rules, oldest first; raises StandingRulesError when two begin on the same day."""
    ordered = tuple(sorted(books, key=lambda rules: rules.in_force_from))
    days = [rules.in_force_from for rules in ordered]
    for rules in ordered:
        if days.count(rules.in_force_from) > 1:
            raise StandingRulesError(f"two rules of standing begin on {rules.in_force_from}")
    return ordered


def standing_rules_on(day: date, books: tuple[StandingRules, ...]) -> StandingRules:
    """Return the rules in force on `day`; raises StandingRulesError when the first begin later."""
    in_force = [rules for rules in books if rules.in_force_from <= day]
    if not in_force:
        raise StandingRulesError(f"no rules of standing were in force on {day}")
    return max(in_force, key=lambda rules: rules.in_force_from)
