"""Rulebooks (TOML with dates) and what follows from them: stickers before audit, cross-province, exempt cars, filings.

Rules are data of a date; the files here know how each clause is judged. Every decision names its rulebook with the
whole digest, and carries each clause, passed and failed, in Chinese and English.
"""

from inspection.rules.circumstances import Circumstances, Standing, required_by
from inspection.rules.cross_province import judge_cross_province
from inspection.rules.exemption import Application, decide_exempt, exempt_until, judge_exemption
from inspection.rules.judging import DETAIL_CHARACTERS_MAX, Decision, Judgement
from inspection.rules.parsing import parse_rulebook, parse_rulebooks
from inspection.rules.permissions import Filings, distance_m, judge_permission
from inspection.rules.rulebook import ClauseText, Rulebook, RulebookError
from inspection.rules.signed import (
    load_rulebooks,
    open_rulebook,
    shipped_rulebooks,
    shipped_texts,
    sign_rulebook,
)
from inspection.rules.sticker_first import CLAUSES, decide
from inspection.rules.timeline import rulebook_on, timeline
from inspection.rules.validity import valid_until

__all__ = [
    "CLAUSES",
    "DETAIL_CHARACTERS_MAX",
    "Application",
    "Circumstances",
    "ClauseText",
    "Decision",
    "Filings",
    "Judgement",
    "Rulebook",
    "RulebookError",
    "Standing",
    "decide",
    "decide_exempt",
    "distance_m",
    "exempt_until",
    "judge_cross_province",
    "judge_exemption",
    "judge_permission",
    "load_rulebooks",
    "open_rulebook",
    "parse_rulebook",
    "parse_rulebooks",
    "required_by",
    "rulebook_on",
    "shipped_rulebooks",
    "shipped_texts",
    "sign_rulebook",
    "timeline",
    "valid_until",
]
