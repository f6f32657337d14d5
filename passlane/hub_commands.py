"""`passlane hub`, `passlane verify` and `passlane account`: the hub's side."""

import argparse
import asyncio
import getpass
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from passlane import UsageError
from passlane.parents import told_to_stop

if TYPE_CHECKING:
    from central_hub.assembly import SignIn

PRIVATE_UMASK = 0o077
"""Ledgers, journals and photos are nobody else's to read."""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommands to the parser."""
    _add_hub(subcommands)
    _add_verify(subcommands)
    _add_account(subcommands)


def _add_hub(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    hub = subcommands.add_parser(
        "hub",
        help="run the hub with its embedded broker and store",
        description="Run the hub: broker, ledger, photos, issuing, audit and console. The first start makes the data "
        "folder, the keys and two accounts, and prints their sign-in once. Settings are read from DIR/hub.toml.",
        epilog="example: passlane hub --data /var/lib/passlane",
    )
    hub.add_argument("--data", metavar="DIR", type=Path, required=True, help="the hub's data folder")
    hub.add_argument("--json", action="store_true", help="say what is ready as one line of JSON")
    hub.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    hub.set_defaults(run=run_hub)


def _add_verify(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verify = subcommands.add_parser(
        "verify",
        help="re-check a hub's data folder from the bytes up",
        description="Check every chain, signature, seal, photo and sticker of a data folder. Prints what was counted; "
        "at the first break it names it and exits with status 1.",
        epilog="example: passlane verify /var/lib/passlane --key 8f3c...",
    )
    verify.add_argument("data", metavar="DIR", type=Path, help="the hub's data folder")
    verify.add_argument("--key", metavar="HEX", help="the hub's public key, from elsewhere (default: DIR/hub.pub)")
    verify.set_defaults(run=run_verify)


def _add_account(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    account = subcommands.add_parser(
        "account",
        help="make an account for the console, or set its password",
        description="Make an account, or give it a new password; its open sessions end. The password is asked for, or "
        "read from the environment variable PASSLANE_PASSWORD.",
        epilog="example: passlane account --data /var/lib/passlane --role auditor wang-li",
    )
    account.add_argument("name", metavar="NAME", help="the name to sign in with")
    account.add_argument("--data", metavar="DIR", type=Path, required=True, help="the hub's data folder")
    account.add_argument("--role", choices=["auditor", "operator"], default="auditor", help="what the person may do")
    account.add_argument("--title", metavar="TEXT", default="", help="how the person is called on screens")
    account.set_defaults(run=run_account)


def _say_ready(url: str, accounts: "list[SignIn]", *, as_json: bool) -> None:
    if as_json:
        made = {account.name: account.password for account in accounts}
        print(json.dumps({"event": "ready", "url": url, "accounts": made}), flush=True)
        return
    print(f"console: {url}")
    for account in accounts:
        print(f"sign in as {account.name} with password {account.password} (shown this once)")
    sys.stdout.flush()


def run_hub(options: argparse.Namespace) -> int:
    """Run the hub until it is told to stop."""
    from central_hub.assembly import Hub  # noqa: PLC0415 - other commands need not load the hub
    from central_hub.settings import SettingsError  # noqa: PLC0415

    try:
        options.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{options.data} is not a folder, and cannot be made: {error.strerror}") from error
    logging.getLogger("central_hub").setLevel(logging.INFO)
    os.umask(PRIVATE_UMASK)

    async def serve() -> None:
        stop = told_to_stop(with_parent=options.with_parent)
        try:
            hub = Hub(options.data)
        except SettingsError as error:
            raise UsageError(f"{options.data}: {error}") from error
        await hub.run(stop, ready=lambda made: _say_ready(hub.url, made, as_json=options.json))

    asyncio.run(serve())
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """Check a data folder."""
    from central_hub import HubError  # noqa: PLC0415
    from central_hub.installation import public_key_of  # noqa: PLC0415
    from central_hub.verify import VerifyError, verify_folder  # noqa: PLC0415
    from inspection.signing import SignatureError, public_key_from_hex  # noqa: PLC0415

    if not options.data.is_dir():
        raise UsageError(f"{options.data} is not a folder")
    try:
        key = public_key_from_hex(options.key or public_key_of(options.data))
    except (HubError, SignatureError) as error:
        raise UsageError(str(error)) from error
    try:
        counts = verify_folder(options.data, key)
    except VerifyError as error:
        print(f"BROKEN: {error}")
        return 1
    print("sound: " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    return 0


def asked_password(prompt: str) -> str:
    """Return the password from the environment variable PASSLANE_PASSWORD, or ask for it; raises UsageError."""
    set_before = os.environ.get("PASSLANE_PASSWORD")
    if set_before:
        return set_before
    if not sys.stdin.isatty():
        # A program that waits at a pipe for a password that nobody types looks as if it hung.
        raise UsageError("there is nobody to ask for the password: set the environment variable PASSLANE_PASSWORD")
    try:
        return getpass.getpass(prompt)
    except EOFError as error:
        raise UsageError("no password was given") from error


def run_account(options: argparse.Namespace) -> int:
    """Make an account or set its password."""
    from central_hub.installation import load_settings  # noqa: PLC0415
    from central_hub.settings import SettingsError  # noqa: PLC0415
    from central_hub.store.accounts import AccountError, Accounts, checked_name  # noqa: PLC0415
    from central_hub.store.opening import open_store  # noqa: PLC0415

    try:
        # Before the password: nobody is asked for one that is of no use.
        checked_name(options.name)
    except AccountError as error:
        raise UsageError(str(error)) from error
    try:
        settings = load_settings(options.data)
    except SettingsError as error:
        raise UsageError(f"{options.data}: {error}") from error
    if not settings.store and not (options.data / "ledger.db").is_file():
        raise UsageError(f"{options.data} is no hub's data folder; start `passlane hub` on it first")
    db = open_store(options.data, settings)
    try:
        Accounts(db).put(
            options.name,
            title=options.title or options.name,
            role=options.role,
            password=asked_password(f"new password of {options.name}: "),
        )
    except AccountError as error:
        raise UsageError(str(error)) from error
    finally:
        db.close()
    print(f"account {options.name} ({options.role}) is set")
    return 0
