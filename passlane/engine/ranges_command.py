"""`passlane ranges`: prove from a hub's ledger that sticker numbers have no gap and none was used twice."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from passlane import UsageError

if TYPE_CHECKING:
    from central_hub.deciding.numbering import NumberRange, Proof


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    ranges = subcommands.add_parser(
        "ranges",
        help="prove that sticker numbers have no gap",
        description="Read a hub's ledger and follow every number range from its first number on: each number was "
        "issued or voided once, in order, and by its holder. Prints how far each range is used; at the first break it "
        "names it and exits with status 1. May be asked while the hub works. That the facts themselves are genuine, "
        "`passlane verify` says.",
        epilog="example: passlane ranges --data /var/lib/passlane",
    )
    ranges.add_argument("--data", metavar="DIR", type=Path, required=True, help="the hub's data folder")
    ranges.add_argument("--json", action="store_true", help="one JSON object with all of them")
    ranges.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prove the numbers."""
    proof = _proof(options.data)
    if options.json:
        print(json.dumps(_as_json(proof), ensure_ascii=False))
    else:
        print("\n".join(_said(each) for each in proof.ranges) or "no sticker number was used or allotted")
        if proof.broken:
            print(f"BROKEN at fact {proof.broken.fact} of the hub: {proof.broken.text} ({proof.broken.code})")
    return 1 if proof.broken else 0


def _proof(folder: Path) -> "Proof":
    from central_hub import HubError  # noqa: PLC0415 - other commands need not load the hub
    from central_hub.deciding.numbering import prove  # noqa: PLC0415
    from central_hub.installation import load_settings  # noqa: PLC0415
    from central_hub.store.office.numbers import number_facts  # noqa: PLC0415
    from central_hub.store.opening import open_reader  # noqa: PLC0415
    from inspection import InspectionError  # noqa: PLC0415

    try:
        db = open_reader(folder, load_settings(folder))
    except HubError as error:
        # Not status 1, which says that the numbers do not add up.
        raise UsageError(str(error)) from error
    failures: tuple[type[Exception], ...] = (HubError, InspectionError, *db.damages)
    try:
        return prove(number_facts(db))
    except failures as error:
        raise UsageError(f"{folder}: {error}") from error
    finally:
        db.close()


def _as_json(proof: "Proof") -> dict[str, object]:
    ranges = [{**asdict(each), "left": each.left} for each in proof.ranges]
    return {"ranges": ranges, "broken": proof.broken._asdict() if proof.broken else None}


def _said(each: "NumberRange") -> str:
    holder = each.holder or "the installation"
    return f"{each.name} of {holder}: {each.issued} issued, {each.voided} voided, {each.left} left"
