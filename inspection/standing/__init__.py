"""Standing (信用监管): figures against peers, suspicion rules, the chain of warning, stop and check, the 失信 list."""

from inspection.standing.chain import ChainFact, Marked, Past, Proven, Warned, compared, daily, live
from inspection.standing.explaining import Explanation, explain
from inspection.standing.figures import Figure, Inspected, figures_of, is_night, mix_of
from inspection.standing.rules import (
    StandingRules,
    StandingRulesError,
    parse_standing_rules,
    shipped_standing_rules,
    standing_rules_on,
)
from inspection.standing.state import StationStanding, Step, after, standing_of
from inspection.standing.suspicion import Around, Neighbour, Reuse, Timing, place_of, raised_by, suspicions

__all__ = [
    "Around",
    "ChainFact",
    "Explanation",
    "Figure",
    "Inspected",
    "Marked",
    "Neighbour",
    "Past",
    "Proven",
    "Reuse",
    "StandingRules",
    "StandingRulesError",
    "StationStanding",
    "Step",
    "Timing",
    "Warned",
    "after",
    "compared",
    "daily",
    "explain",
    "figures_of",
    "is_night",
    "live",
    "mix_of",
    "parse_standing_rules",
    "place_of",
    "raised_by",
    "shipped_standing_rules",
    "standing_of",
    "standing_rules_on",
    "suspicions",
]
