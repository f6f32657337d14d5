"""`passlane gaps`, `passlane release` and `passlane replay`: what an operator asks about devices, and does for them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from passlane import UsageError
from passlane.hub_commands import asked_password

if TYPE_CHECKING:
    from central_hub.store.gaps import Gap


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommands to the parser."""
    _add_gaps(subcommands)
    _add_release(subcommands)
    _add_replay(subcommands)


def _add_gaps(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    gaps = subcommands.add_parser(
        "gaps",
        help="say what is missing at a hub, and of whom",
        description="Read a hub's data folder and name the devices of which facts are missing, which lost facts that "
        "the hub has, which nobody hears, which have not settled what was asked of them, and which wait for a person "
        "to look. May be asked while the hub works. Exits with status 1 when there is anything to name.",
        epilog="example: passlane gaps --data /var/lib/passlane",
    )
    gaps.add_argument("--data", metavar="DIR", type=Path, required=True, help="the hub's data folder")
    gaps.add_argument("--json", action="store_true", help="one JSON object with all of them")
    gaps.set_defaults(run=run_gaps)


def _add_release(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    release = subcommands.add_parser(
        "release",
        help="let a quarantined device go on",
        description="The hub takes facts of this device again, from where its chain stands here. A device whose chain "
        "still contradicts what was committed is quarantined again at once: enrol it anew, under another name. "
        "The operator's password is asked for, or read from PASSLANE_PASSWORD.",
        epilog='example: passlane release --hub http://127.0.0.1:8080 --device pda-7 --reason "the copy was wiped"',
    )
    _add_whom(release)
    release.add_argument("--reason", metavar="TEXT", required=True, help="what was found; it is kept in the ledger")
    release.set_defaults(run=run_release)


def _add_replay(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    replay = subcommands.add_parser(
        "replay",
        help="ask a device for all that the hub does not have of it",
        description="The hub tells the device once more what it has; the device sends everything beyond that again. "
        "Harmless at any time. The operator's password is asked for, or read from PASSLANE_PASSWORD.",
        epilog="example: passlane replay --hub http://127.0.0.1:8080 --device pda-7",
    )
    _add_whom(replay)
    replay.set_defaults(run=run_replay)


def _add_whom(command: argparse.ArgumentParser) -> None:
    command.add_argument("--hub", metavar="URL", required=True, help="the hub's address")
    command.add_argument("--user", metavar="NAME", default="operator", help="an operator's name (default: operator)")
    command.add_argument("--device", metavar="ID", required=True, help="the device's name")
    about = "certificates (PEM) to trust at the hub instead of the system's, for a hub with a certificate of its own"
    command.add_argument("--ca-file", metavar="FILE", type=Path, help=about)


def run_gaps(options: argparse.Namespace) -> int:
    """Say what is missing."""
    import msgspec  # noqa: PLC0415 - other commands need not load the hub

    from central_hub import HubError, clock  # noqa: PLC0415
    from central_hub.installation import load_settings  # noqa: PLC0415
    from central_hub.reading import Reading  # noqa: PLC0415

    try:
        reading = Reading(options.data)
    except HubError as error:
        # Not status 1, which says that something is missing.
        raise UsageError(str(error)) from error
    failures: tuple[type[Exception], ...] = (HubError, *reading.failures)
    try:
        silence_hours_max = load_settings(options.data).silence_hours_max
        gaps = reading.gaps(now=clock.now_ms(), silence_hours_max=silence_hours_max)
    except failures as error:
        raise UsageError(f"{options.data}: {error}") from error
    finally:
        reading.close()
    if options.json:
        print(msgspec.json.encode({"gaps": gaps}).decode())
    else:
        for line in [_said(gap) for gap in gaps] or ["nothing is missing"]:
            print(line)
    return 1 if gaps else 0


def _said(gap: "Gap") -> str:
    from central_hub.clock import text_of  # noqa: PLC0415 - as above

    since = text_of(gap.since) if gap.since else "never"
    numbers = f"{gap.count} facts, {gap.first} to {gap.last}"
    said = {
        "missing": f"{numbers}, have not arrived; the device told of them at {since}",
        "lost": f"{numbers}, are here and the device does not have them any more (told at {since}): "
        "was it put back to an older state?",
        "silent": f"nobody heard it since {since}" if gap.since else "nobody ever heard it",
        "directives": f"{gap.count} directives are not settled, the oldest since {since}",
        "quarantined": f"quarantined, nothing of it is taken: {gap.text}",
    }
    return f"{gap.device}: {said[gap.kind]}"


def run_release(options: argparse.Namespace) -> int:
    """Let a quarantined device go on."""
    from passlane.enrolling import release_device  # noqa: PLC0415 - other commands need no HTTP client

    release_device(options.hub, options.device, options.reason, sign_in=_sign_in(options), ca_file=options.ca_file)
    print(f"{options.device} is released: the hub takes its facts again")
    return 0


def run_replay(options: argparse.Namespace) -> int:
    """Ask a device for what is missing."""
    from passlane.enrolling import replay_device  # noqa: PLC0415 - as above

    replay_device(options.hub, options.device, sign_in=_sign_in(options), ca_file=options.ca_file)
    print(f"{options.device} is asked to send again what the hub does not have")
    return 0


def _sign_in(options: argparse.Namespace) -> tuple[str, str]:
    return options.user, asked_password(f"password of {options.user}: ")
