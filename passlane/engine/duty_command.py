"""`passlane duties`, `passlane retake`, `passlane returned` and `passlane withdraw`: what the hub wants of a station.

A retake or a report is journalled at once and forwarded before the command ends, as far as there is a link.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from passlane import UsageError
from passlane.device_commands import open_agent, opened_home

if TYPE_CHECKING:
    from edge_agent.agent import Agent
    from edge_agent.wanted.duties import Duty, Report

FORWARD_SECONDS_MAX = 20.0
_EXAMPLES = {
    "retake": "--kind 0113 vin.jpg",
    "returned": "--by wang-li",
    "withdraw": "--by wang-li --reason applicant",
}
_WHAT = {"retake": "补拍/补检 take again", "recall": "追回车辆 call the vehicle back"}


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommands to the parser."""
    duties = subcommands.add_parser(
        "duties",
        help="say what the hub wants done at a station",
        description="Read a device's home and name the photos to take again, the items to check again and the vehicles "
        "to call back. Exits with status 1 when there is anything to do.",
        epilog="example: passlane duties --home /var/lib/passlane-pda",
    )
    duties.add_argument("--home", metavar="DIR", type=Path, required=True, help="the device's home")
    duties.add_argument("--json", action="store_true", help="one JSON object with all of them")
    duties.set_defaults(run=run_duties)
    retake = _about_case(subcommands, "retake", "give the hub another photo of a case", run_retake)
    retake.add_argument("--kind", metavar="CODE", required=True, help="photo code, as `passlane duties` names it")
    retake.add_argument("photo", metavar="FILE", type=Path, help="the new photo, JPEG or PNG")
    returned = _about_case(subcommands, "returned", "say that a vehicle which was called back is here", run_returned)
    returned.add_argument("--by", metavar="NAME", required=True, help="who saw it")
    returned.add_argument("--note", metavar="TEXT", default="", help="what is to be said of it")
    withdraw = _about_case(subcommands, "withdraw", "take a case back for the applicant (退办)", run_withdraw)
    withdraw.add_argument("--by", metavar="NAME", required=True, help="who writes it down")
    withdraw.add_argument("--reason", metavar="TEXT", required=True, help="why; it is kept in the ledger")


def _about_case(
    subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str, run: object
) -> argparse.ArgumentParser:
    command = subcommands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}. It is kept in the device's journal, and sent with the next link.",
        epilog=f"example: passlane {name} --home /var/lib/passlane-pda --case pda-7.12 {_EXAMPLES[name]}",
    )
    command.add_argument("--home", metavar="DIR", type=Path, required=True, help="the device's home")
    command.add_argument("--case", metavar="ID", required=True, help="the case, e.g. pda-7.12")
    command.set_defaults(run=run)
    return command


def run_duties(options: argparse.Namespace) -> int:
    """Name what is to be done."""
    from edge_agent.journal import Journal  # noqa: PLC0415 - other commands need no journal

    home = opened_home(options.home)
    with Journal(home.journal_path, home.device) as journal:
        duties = journal.duties()
    if options.json:
        print(msgspec.json.encode({"duties": duties}).decode())
    else:
        for line in [_line(duty) for duty in duties] or ["nothing to do 无待办"]:
            print(line)
    return 1 if duties else 0


def _line(duty: "Duty") -> str:
    about = duty.kind or duty.item
    return "  ".join(part for part in (_WHAT[duty.what], duty.case, about, duty.reason, duty.note) if part)


def run_retake(options: argparse.Namespace) -> int:
    """Take a photo again."""
    if not options.photo.is_file():
        raise UsageError(f"{options.photo} is no file")
    with open_agent(options.home) as agent:
        old = {photo.kind: photo.photo.digest for photo in agent.case(options.case).photos}
        agent.take_photo(options.case, options.kind, options.photo.read_bytes(), replaces=old.get(options.kind, ""))
        return _forwarded(agent)


def run_returned(options: argparse.Namespace) -> int:
    """Report that a vehicle is back."""
    from inspection.facts import VehicleReturned  # noqa: PLC0415 - as above

    station = opened_home(options.home).enrolment.station
    return _report(options, VehicleReturned(by=options.by, station=station, note=options.note))


def run_withdraw(options: argparse.Namespace) -> int:
    """Report that the applicant took the case back."""
    from inspection.facts import CaseWithdrawn  # noqa: PLC0415 - as above

    return _report(options, CaseWithdrawn(reason=options.reason, by=options.by))


def _report(options: argparse.Namespace, fact: "Report") -> int:
    with open_agent(options.home) as agent:
        agent.report(options.case, fact)
        return _forwarded(agent)


def _forwarded(agent: "Agent") -> int:
    agent.start()
    if agent.wait_until_receipted(FORWARD_SECONDS_MAX):
        print("the hub has it")
    else:
        print("it is kept on the device and goes out with the next link")
    return 0
