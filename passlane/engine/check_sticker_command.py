"""`passlane check-sticker`: is this sticker (检验合格标志) genuine and valid, checked without a hub or a network.

It knows what a person shows (a photo, a text, an address, a certificate) and how the answer is put into words. What a
sticker is, and who is on the list of withdrawn ones, is the language's.

Exit status: 0 valid, 1 not valid, 2 asked for wrongly: no such file, no code on the photo, no key, no list.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from central_hub import clock
from inspection.signing import SignatureError, public_key_from_hex
from inspection.sticker import Sticker, StickerError, open_sticker_of, payload_of_text, standing_of, text_in
from inspection.withdrawals import WITHDRAWALS_BYTES_MAX, Withdrawals, WithdrawalsError, open_file
from passlane import UsageError

KEYS_MAX = 100
KEYS_BYTES_MAX = 64 * 1024
PHOTO_PIXELS_MAX = 60_000_000
PHOTO_SIDE_PIXELS_MAX = 4_000
"""Larger ones are reduced to it; a code that fills a fifth of such a photo still has 15 pixels a module."""
_PHOTO_ENDINGS = (".jpg", ".jpeg", ".png")
_WORDS = {
    "valid": ("有效", "VALID"),
    "expired": ("已过期", "EXPIRED"),
    "withdrawn": ("已撤销", "WITHDRAWN"),
    "not_genuine": ("不是这些密钥签发的标志", "NOT A STICKER OF THESE KEYS"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What is said of a sticker.

    list_as_of, list_until: hub time of the list of withdrawn stickers as people write it, empty without a list.
    list_old: whether a newer one should have been asked for by then. why: what is wrong with what is no sticker.
    """

    status: Literal["valid", "expired", "withdrawn", "not_genuine"]
    on: str
    number: str = ""
    plate: str = ""
    issued_on: str = ""
    valid_until: str = ""
    list_as_of: str = ""
    list_until: str = ""
    list_old: bool = False
    why: str = ""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    check = subcommands.add_parser(
        "check-sticker",
        help="say whether a sticker is genuine and valid, without a hub",
        description="Check a sticker from a photo of its QR code (JPEG or PNG), from the code's text, or from the "
        "address that the code holds. --keys names a file with the public keys of hubs, one in hexadecimal a line; "
        "what follows a # is a note. --withdrawn names a list of withdrawn stickers of one of these keys. "
        "Status 0: valid; 1: not valid; 2: asked for wrongly.",
        epilog="example: passlane check-sticker windscreen.jpg --keys hubs.keys --withdrawn withdrawn.list",
    )
    check.add_argument("shown", metavar="PHOTO-or-TEXT", help="a photo of the sticker, or what its QR code says")
    check.add_argument("--keys", metavar="FILE", type=Path, required=True, help="public keys of hubs")
    check.add_argument("--withdrawn", metavar="FILE", type=Path, help="a list of withdrawn stickers, signed by a hub")
    check.add_argument("--on", metavar="DATE", help="the day to check for, as 2026-05-28 (default: today in China)")
    check.add_argument("--json", action="store_true", help="one JSON object")
    check.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check a sticker."""
    keys = keys_in(_bytes_of(options.keys, KEYS_BYTES_MAX))
    now = clock.now_ms()
    day = _day(options.on) if options.on else clock.day_of(now)
    withdrawn = _withdrawn(options.withdrawn, keys)
    answer = judged(_texts(options.shown), keys, withdrawn, day=day, now=now)
    print(json.dumps(asdict(answer), ensure_ascii=False) if options.json else lines(answer))
    return 0 if answer.status == "valid" else 1


def keys_in(data: bytes) -> list[bytes]:
    """Return the public keys of a file: one a line in hexadecimal, notes behind #; raises UsageError."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError("the file of keys is not UTF-8") from error
    keys = []
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.partition("#")[0].strip()
        if written:
            try:
                keys.append(public_key_from_hex(written))
            except SignatureError as error:
                raise UsageError(f"the file of keys, line {number}: {error}") from error
    if not 1 <= len(keys) <= KEYS_MAX:
        raise UsageError(f"the file of keys names 1 to {KEYS_MAX} keys, this one {len(keys)}")
    return keys


def judged(
    texts: Sequence[str], keys: Sequence[bytes], withdrawn: Withdrawals | None, *, day: date, now: int
) -> Answer:
    """Return what is to be said of the first genuine sticker among these texts. now: Unix milliseconds."""
    why = ""
    for text in texts:
        try:
            sticker, _ = open_sticker_of(payload_of_text(text_in(text)), keys)
        except StickerError as error:
            why = why or str(error)
        else:
            return _of_genuine(sticker, withdrawn, day=day, now=now)
    return Answer(status="not_genuine", on=day.isoformat(), why=why)


def _of_genuine(sticker: Sticker, withdrawn: Withdrawals | None, *, day: date, now: int) -> Answer:
    listed = withdrawn is not None and sticker.number in withdrawn.numbers
    return Answer(
        status=standing_of(sticker, day=day, withdrawn=listed),
        on=day.isoformat(),
        number=sticker.number,
        plate=sticker.plate,
        issued_on=sticker.issued_on.isoformat(),
        valid_until=sticker.valid_until.isoformat(),
        list_as_of=clock.text_of(withdrawn.issued_at) if withdrawn else "",
        list_until=clock.text_of(withdrawn.until) if withdrawn else "",
        list_old=withdrawn is not None and withdrawn.until < now,
    )


def lines(answer: Answer) -> str:
    """Return the answer for a person, in Chinese and English."""
    zh, en = _WORDS[answer.status]
    said = [f"{zh} / {en}"]
    if answer.why:
        return "\n".join([*said, f"  {answer.why}"])
    said.append(f"  编号 number       {answer.number}")
    said.append(f"  号牌 plate        {answer.plate or '—'}")
    said.append(f"  签发 issued on    {answer.issued_on}")
    said.append(f"  有效期至 until    {answer.valid_until}  (核验日 checked for {answer.on})")
    if not answer.list_as_of:
        said.append("  未核对撤销名单 / withdrawn stickers were not looked up: no list was given")
        return "\n".join(said)
    said.append(f"  撤销名单截至 list of withdrawn stickers as of {answer.list_as_of}")
    if answer.list_old:
        said.append(f"  名单应于 {answer.list_until} 前更新 / the list is old: a newer one was due by then")
    return "\n".join(said)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--on: {text[:40]!r} is no date: write it as 2026-05-28") from error


def _withdrawn(path: Path | None, keys: Sequence[bytes]) -> Withdrawals | None:
    if path is None:
        return None
    try:
        withdrawn = open_file(_bytes_of(path, WITHDRAWALS_BYTES_MAX), *keys)
    except WithdrawalsError as error:
        raise UsageError(f"{path.name}: {error}") from error
    if not withdrawn.issued_at:
        raise UsageError(f"{path.name}: the list has no beginning, so what it does not name may be withdrawn as well")
    return withdrawn


def _texts(shown: str) -> Sequence[str]:
    """Return what a photo's codes say, or the text itself where it names no file."""
    path = Path(shown)
    # A text may be longer than any file's name.
    is_name = len(shown.encode(errors="replace")) < 255 and "\0" not in shown  # noqa: PLR2004 - of Linux
    if not (is_name and path.is_file()):
        if shown.lower().endswith(_PHOTO_ENDINGS):
            raise UsageError(f"there is no photo {shown}")
        return [shown]
    found = _codes_on(path)
    if not found:
        raise UsageError(f"{path.name}: no QR code can be read on this photo; go closer and take it again")
    return found


def _codes_on(path: Path) -> tuple[str, ...]:
    from models.barcodes import qr_texts  # noqa: PLC0415 - a text needs no pixels
    from models.photo import PhotoError, PhotoLimits, open_photo  # noqa: PLC0415

    limits = PhotoLimits(photo_pixels_max=PHOTO_PIXELS_MAX)
    try:
        return qr_texts(open_photo(_bytes_of(path, limits.photo_bytes_max), limits).pixels(PHOTO_SIDE_PIXELS_MAX))
    except PhotoError as error:
        raise UsageError(f"{path.name}: {error}") from error


def _bytes_of(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(data) > bytes_max:
        raise UsageError(f"{path.name} has more than {bytes_max} bytes")
    return data
