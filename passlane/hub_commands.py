"""`passlane hub`, `passlane verify` and `passlane account`: the hub's side."""

import argparse
import asyncio
import getpass
import json
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from passlane import UsageError, garbage
from passlane.parents import told_to_stop

if TYPE_CHECKING:
    from central_hub.assembly import SignIn
    from central_hub.store.database import Database
    from central_hub.store.office.accounts import Account

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
        help="make an account, set its password or roles, unlock it",
        description="Make an account, or give it a new password, another title or other roles; its open sessions end. "
        "The password is asked for, or read from the environment variable PASSLANE_PASSWORD. A role that takes a "
        "second factor has it enrolled at the first sign-in. The hub writes what was changed into its ledger.",
        epilog="example: passlane account --data /var/lib/passlane --role auditor --person p-0815 wang-li",
    )
    account.add_argument("name", metavar="NAME", help="the name to sign in with")
    account.add_argument("--data", metavar="DIR", type=Path, required=True, help="the hub's data folder")
    account.add_argument(
        "--role",
        metavar="CODE",
        action="append",
        dest="roles",
        help="what the person is, e.g. auditor; may be repeated (default: auditor, or as before)",
    )
    account.add_argument("--title", metavar="TEXT", default="", help="how the person is called on screens")
    account.add_argument("--person", metavar="ID", default="", help="the person's id, as inspections name them")
    account.add_argument("--station", metavar="ID", default="", help="where an inspector or a station's person works")
    account.add_argument("--password-only", action="store_true", help="ask for no second factor, whatever the role")
    without = account.add_mutually_exclusive_group()
    without.add_argument("--unlock", action="store_true", help="only unlock the account; its password stays")
    without.add_argument("--reset-second-factor", action="store_true", help="only forget its second factor, as above")
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

    garbage.look_less()
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
    """Make an account, set its password or roles, or unlock it."""
    from central_hub.installation import load_settings  # noqa: PLC0415
    from central_hub.people import PeopleError  # noqa: PLC0415
    from central_hub.settings import SettingsError  # noqa: PLC0415
    from central_hub.store.opening import open_store  # noqa: PLC0415

    try:
        _check_words(options)
        settings = load_settings(options.data)
    except PeopleError as error:
        raise UsageError(str(error)) from error
    except SettingsError as error:
        raise UsageError(f"{options.data}: {error}") from error
    if not settings.store and not (options.data / "ledger.db").is_file():
        raise UsageError(f"{options.data} is no hub's data folder; start `passlane hub` on it first")
    db = open_store(options.data, settings)
    try:
        said = _change_account(db, options)
    except PeopleError as error:
        raise UsageError(str(error)) from error
    finally:
        db.rollback()
        db.close()
    print(said)
    return 0


def _check_words(options: argparse.Namespace) -> None:
    """Raise PeopleError for a name or a role that cannot be: nobody is asked for a password that is of no use."""
    from central_hub.people.roles import shipped_roles  # noqa: PLC0415
    from central_hub.store.office.accounts import checked_name  # noqa: PLC0415

    checked_name(options.name)
    if options.roles:
        shipped_roles().check_known(options.roles)


def _change_account(db: "Database", options: argparse.Namespace) -> str:
    """Change the account as the options say; return what to say. Raises PeopleError, UsageError."""
    from central_hub.people.roles import shipped_roles  # noqa: PLC0415
    from central_hub.store.office.accounts import Accounts, hash_password  # noqa: PLC0415

    accounts = Accounts(db)
    before = accounts.get(options.name)
    if options.unlock or options.reset_second_factor:
        return _mend_account(db, before, options)
    account = _as_asked(before, options)
    others = [other for other in accounts.of_person(account.person) if other.name != account.name]
    elsewhere = {role for other in others for role in other.roles}
    shipped_roles().check(account.roles, station=account.station, elsewhere=elsewhere)
    # Before the transaction: the hub cannot write while one is open, and people type slowly.
    hashed = hash_password(asked_password(f"new password of {options.name}: "))
    db.begin()
    accounts.keep(replace(account, password=hashed))
    accounts.note(account.name, "password" if before else "made")
    db.commit()
    return f"account {account.name} ({', '.join(account.roles)}) is set"


def _as_asked(before: "Account | None", options: argparse.Namespace) -> "Account":
    from central_hub.store.office.accounts import Account  # noqa: PLC0415

    known = before or Account(name=options.name, title=options.name, person=options.name, roles=("auditor",))
    return replace(
        known,
        title=options.title or known.title,
        person=options.person or known.person,
        roles=tuple(sorted(set(options.roles))) if options.roles else known.roles,
        station=options.station or known.station,
        plain=options.password_only,
    )


def _mend_account(db: "Database", account: "Account | None", options: argparse.Namespace) -> str:
    from central_hub.store.office.accounts import Accounts  # noqa: PLC0415

    if account is None:
        raise UsageError(f"there is no account {options.name}")
    accounts = Accounts(db)
    db.begin()
    if options.unlock:
        accounts.forgive(account.name)
        accounts.keep(replace(account, locked=False))
        accounts.note(account.name, "unlocked")
    else:
        accounts.drop_factor(account.name)
        accounts.keep(account)
        accounts.note(account.name, "second_factor")
    db.commit()
    return f"account {account.name} " + ("is unlocked" if options.unlock else "has no second factor any more")
