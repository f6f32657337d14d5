import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from central_hub import clock
from inspection.signing import SigningKey
from inspection.sticker import STICKER_SCHEMA, Sticker, sign_sticker, sticker_text, vin_tag
from inspection.withdrawals import Withdrawals, pack, seal_withdrawals
from passlane import UsageError
from passlane.engine import check_sticker_command
from passlane.engine.check_sticker_command import KEYS_BYTES_MAX, judged, keys_in

NOW = 1_780_000_000_000  # 2026-05-29 04:26:40 in China
DAY_MS = 86_400_000
KEY, OLD, OTHER = (SigningKey(bytes([each]) * 32) for each in (1, 2, 3))
STICKER = Sticker(
    schema=STICKER_SCHEMA,
    number="YA00000001",
    plate_kind="02",
    plate="京A00X00",
    vin_tag=vin_tag("L00PA55L4N0000017"),
    issued_on=date(2026, 5, 28),
    valid_until=date(2028, 5, 28),
)
PAYLOAD = sign_sticker(STICKER, KEY)
TEXT = sticker_text(PAYLOAD)
ADDRESS = f"HTTPS://HUB.EXAMPLE/S/{TEXT}"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "hubs.keys"
    path.write_text(f"# hubs\n\n{OLD.public.hex()}  # until 2027\n{KEY.public.hex()}\n", encoding="utf-8")
    return path


def listed(path: Path, *numbers: str, until: int = NOW + DAY_MS, since: int = 0, key: SigningKey = KEY) -> Path:
    withdrawals = Withdrawals(
        since=since, version=since + len(numbers), issued_at=NOW - 1_000, until=until, numbers=frozenset(numbers)
    )
    path.write_bytes(seal_withdrawals(withdrawals, key))
    return path


def passlane(shown: str | Path, keys: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    check_sticker_command.add(parser.add_subparsers())
    options = parser.parse_args(["check-sticker", str(shown), "--keys", str(keys), *more])
    return int(options.run(options))


def photo_of(path: Path, text: str, *, side: int = 900, degrees: float = 7.0) -> Path:
    """A sticker behind a windscreen: its code, small and slanted, in a grey and noisy picture."""
    modules = np.array([[0 if dark else 255 for dark in row] for row in segno.make(text, error="m").matrix_iter()])
    code = Image.fromarray(modules.astype(np.uint8)).resize((side, side), Image.Resampling.NEAREST)
    turned = code.rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=200)
    picture = Image.new("L", (2400, 1800), 150)
    picture.paste(turned, (900, 400))
    noise = np.random.default_rng(5).normal(0, 6, (1800, 2400))
    seen = np.clip(np.asarray(picture, dtype=np.float32) * 0.8 + 20 + noise, 0, 255)
    Image.fromarray(seen.astype(np.uint8)).convert("RGB").save(path, quality=85)
    return path


@pytest.mark.parametrize("shown", [TEXT, TEXT.lower(), ADDRESS, f" {ADDRESS}\n"])
def test_a_genuine_sticker_is_valid_from_its_text_or_its_address(
    keys: Path, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passlane(shown, keys) == 0
    said = capsys.readouterr().out
    assert said.startswith("有效 / VALID\n")
    for part in ("YA00000001", "京A00X00", "2028-05-28", "未核对撤销名单", "no list was given"):
        assert part in said


def test_a_genuine_sticker_is_valid_from_a_photo(
    keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passlane(photo_of(tmp_path / "windscreen.jpg", ADDRESS), keys) == 0
    assert "YA00000001" in capsys.readouterr().out


def test_a_sticker_is_valid_to_the_end_of_its_last_day(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert passlane(TEXT, keys, "--on", "2028-05-28") == 0
    assert passlane(TEXT, keys, "--on", "2028-05-29") == 1
    assert "已过期 / EXPIRED" in capsys.readouterr().out


def test_a_withdrawn_sticker_is_not_valid_and_the_date_of_the_list_is_said(
    keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawn = listed(tmp_path / "list", "YA00000001", "YA00000009")
    assert passlane(TEXT, keys, "--withdrawn", str(withdrawn)) == 1
    said = capsys.readouterr().out
    assert said.startswith("已撤销 / WITHDRAWN\n")
    assert "as of 2026-05-29 04:26:39" in said
    assert "the list is old" not in said
    assert passlane(TEXT, keys, "--withdrawn", str(listed(tmp_path / "list", "YA00000009"))) == 0


def test_an_old_list_is_said_to_be_old(keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert passlane(TEXT, keys, "--withdrawn", str(listed(tmp_path / "list", "YA00000009", until=NOW - 1))) == 0
    assert "名单应于 2026-05-29 04:26:39 前更新 / the list is old" in capsys.readouterr().out


def test_programs_get_the_same_as_json(keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    passlane(TEXT, keys, "--withdrawn", str(listed(tmp_path / "list", "YA00000001")), "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["status"], said["number"], said["on"], said["list_old"]) == (
        *("withdrawn", "YA00000001", "2026-05-29", False),
    )


@given(st.integers(0, 8 * len(PAYLOAD) - 1))
def test_a_sticker_with_any_one_bit_altered_is_not_one_of_these_keys(bit: int) -> None:
    altered = bytearray(PAYLOAD)
    altered[bit // 8] ^= 1 << bit % 8
    answer = judged([sticker_text(bytes(altered))], [OLD.public, KEY.public], None, day=date(2026, 5, 28), now=NOW)
    assert answer.status == "not_genuine"


@pytest.mark.parametrize(
    "shown", ["hello", "", sticker_text(sign_sticker(STICKER, OTHER)), "A" * 1_001, "\0", "京" * 90]
)
def test_what_is_no_sticker_of_these_keys_is_said_to_be_none(
    keys: Path, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passlane(shown, keys, "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["status"] == "not_genuine"
    assert said["why"]


def test_another_code_on_the_photo_does_not_hide_the_sticker() -> None:
    answer = judged(["https://elsewhere.example", ADDRESS], [KEY.public], None, day=date(2026, 5, 28), now=NOW)
    assert answer.status == "valid"
    assert judged([], [KEY.public], None, day=date(2026, 5, 28), now=NOW).status == "not_genuine"


def test_a_photo_with_a_code_that_is_no_sticker_is_not_valid_and_one_without_a_code_is_asked_for_wrongly(
    keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passlane(photo_of(tmp_path / "other.jpg", "https://elsewhere.example/menu"), keys) == 1
    assert "NOT A STICKER OF THESE KEYS" in capsys.readouterr().out
    Image.new("RGB", (640, 480), (90, 90, 90)).save(tmp_path / "grey.png")
    with pytest.raises(UsageError, match=r"grey\.png: no QR code"):
        passlane(tmp_path / "grey.png", keys)


def test_files_that_cannot_be_used_are_asked_for_wrongly(keys: Path, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("not a photo")
    with pytest.raises(UsageError, match=r"text\.jpg: "):
        passlane(tmp_path / "text.jpg", keys)
    with pytest.raises(UsageError, match=r"there is no photo missing\.JPG"):
        passlane("missing.JPG", keys)
    with pytest.raises(UsageError, match=r"none\.keys cannot be read: No such file"):
        passlane(TEXT, tmp_path / "none.keys")
    (tmp_path / "huge.keys").write_bytes(bytes(KEYS_BYTES_MAX + 1))
    with pytest.raises(UsageError, match=r"huge\.keys has more than 65536 bytes"):
        passlane(TEXT, tmp_path / "huge.keys")
    with pytest.raises(UsageError, match=r"'28\.5\.2026' is no date"):
        passlane(TEXT, keys, "--on", "28.5.2026")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "names 1 to 100 keys, this one 0"),
        (b"# nothing\n", "names 1 to 100 keys, this one 0"),
        ((KEY.public.hex() + "\n").encode() * 101, "this one 101"),
        (b"\nxyz\n", "line 2: a public key is written in hexadecimal"),
        (b"abcd", "line 1: a public key has 32 bytes, not 2"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_a_file_without_usable_keys_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        keys_in(data)


def test_a_list_of_another_key_or_without_its_beginning_is_refused(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a list of these keys"):
        passlane(TEXT, keys, "--withdrawn", str(listed(tmp_path / "list", "YA00000009", key=OTHER)))
    with pytest.raises(UsageError, match="the list has no beginning"):
        passlane(TEXT, keys, "--withdrawn", str(listed(tmp_path / "list", "YA00000009", since=4)))
    (tmp_path / "empty").write_bytes(pack([]))
    with pytest.raises(UsageError, match="the list has no beginning"):
        passlane(TEXT, keys, "--withdrawn", str(tmp_path / "empty"))
