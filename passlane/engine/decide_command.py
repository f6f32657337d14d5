"""`passlane decide`: explains the decision about a case, without a hub: each clause in Chinese and English."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec

from central_hub.clock import BEIJING
from inspection.facts import Reason
from inspection.rules import (
    Application,
    Decision,
    Rulebook,
    decide,
    decide_exempt,
    judge_cross_province,
    rulebook_on,
    valid_until,
)
from passlane.engine.decide_input import CaseText, case_of, circumstances_of, parse_case
from passlane.engine.rulebook_command import day_of_text, rulebooks_of
from passlane.engine.rulebook_files import read_text

MARKS = {"passed": "✓", "failed": "✗", "pending": "…"}
OUTCOMES = {
    "issue": "发标志 / the sticker is issued",
    "withhold": "不发标志 / no sticker",
    "audit_first": "先审核 / a person audits first",
    "wait": "等待 / it waits for facts that are still to come",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """A decision with what stands behind two of its clauses. until: the sticker's last day, where one is issued."""

    day: date
    decision: Decision
    until: date | None
    permission: tuple[Reason, ...] = ()
    cross_province: tuple[Reason, ...] = ()


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    command = subcommands.add_parser(
        "decide",
        help="explain whether a case gets its sticker",
        description="Read a case (JSON), decide it by the rules of the day and say why, clause by clause. Keys: "
        "vehicle (as in facts: vin, vehicle_class, use, states, seats, registered_on, insured_until, taxed, ...), day, "
        "regime, inspection_kind, business, attempt, outcome, items, photos, photos_waiting, vin, station, audit, "
        "valid_sticker, filings, exempt, ...; what is left out is as it has to be.",
        epilog="example: passlane decide case.json --on 2026-05-28",
    )
    command.add_argument("case", metavar="CASE.json", type=Path, help="the case")
    command.add_argument(
        "--on", metavar="DATE", type=day_of_text, help="decide on this day, not on the case's or today"
    )
    command.add_argument("--rulebooks", metavar="DIR", type=Path, help="a folder with signed rulebooks of your own")
    command.add_argument("--key", metavar="HEX", help="the public key that must have signed them")
    command.add_argument("--json", action="store_true", help="print the decision as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain a case."""
    told = parse_case(read_text(options.case))
    day = options.on or told.day or datetime.now(BEIJING).date()
    book = rulebook_on(day, rulebooks_of(options.rulebooks, options.key))
    explained = explain(told, book, day)
    print(_as_json(explained) if options.json else _as_text(explained))
    return 0


def explain(told: CaseText, book: Rulebook, day: date) -> Explained:
    """Return the decision about a case, with what stands behind it."""
    if told.exempt:
        return _explain_exempt(told, book, day)
    around = circumstances_of(told, book, day)
    decision = decide(case_of(told, around.requirement), book, around)
    return Explained(
        day=day,
        decision=decision,
        until=valid_until(book, told.vehicle, day) if decision.outcome == "issue" else None,
        permission=around.permission.reasons if around.permission else (),
        cross_province=_crossing(told, book),
    )


def _crossing(told: CaseText, book: Rulebook) -> tuple[Reason, ...]:
    province = told.station.province
    return judge_cross_province(told.vehicle, book, province).reasons if province else ()


def _explain_exempt(told: CaseText, book: Rulebook, day: date) -> Explained:
    other = told.valid_sticker
    applied = Application(
        valid_sticker=(other.number, other.valid_until) if other else None,
        open_recall=told.open_recall,
        last_test=told.last_test,
        channel=told.channel,
        province=told.station.province,
    )
    decision = decide_exempt(told.vehicle, book, day, applied)
    until = valid_until(book, told.vehicle, day) if decision.outcome == "issue" else None
    return Explained(day=day, decision=decision, until=until)


def _as_json(explained: Explained) -> str:
    decision = explained.decision
    shown = {
        "day": explained.day.isoformat(),
        "rulebook": decision.rulebook,
        "outcome": decision.outcome,
        "valid_until": explained.until.isoformat() if explained.until else None,
        "reasons": msgspec.to_builtins(decision.reasons),
        "permission": msgspec.to_builtins(explained.permission),
        "cross_province": msgspec.to_builtins(explained.cross_province),
    }
    return json.dumps(shown, ensure_ascii=False, indent=2)


def _as_text(explained: Explained) -> str:
    decision = explained.decision
    until = f", 有效期至 / valid until {explained.until}" if explained.until else ""
    lines = [f"{explained.day}: {OUTCOMES[decision.outcome]}{until}", f"{decision.rulebook}", *_lines(decision.reasons)]
    for title, reasons in (("备案 / filings", explained.permission), ("跨省 / province", explained.cross_province)):
        if reasons:
            lines += [f"{title}:", *_lines(reasons)]
    return "\n".join(lines)


def _lines(reasons: Iterable[Reason]) -> list[str]:
    return [f"  {MARKS[one.result]} {one.code}: {one.zh} / {one.en} [{one.clause}]" for one in reasons]
