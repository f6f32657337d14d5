"""A data folder is made by the hub's own hands, then spoiled as a thief with the disk would, then checked."""

import os
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from central_hub.people.roles import Actor
from central_hub.store.database import SqliteDatabase, StoreError
from central_hub.store.photos import PhotoStore
from central_hub.verify import VerifyError, verify_folder
from inspection.facts import ExemptionApplied
from inspection.signing import SigningKey, digest
from inspection.sticker import Sticker, sign_sticker, vin_tag
from tests.central_hub.conftest import Bench
from tests.central_hub.simulated_device import VIN, SimulatedDevice, photo_bytes, private_car

Spoil = Callable[[Bench], object]


@pytest.fixture
def filled(bench: Bench, device: SimulatedDevice) -> Bench:
    """Two cases with stickers, their photos on the disk, one audited; a seal in between and facts after it."""
    store = PhotoStore(bench.folder, pixels_max=1)
    for _ in range(2):
        case, digests = device.whole_case()
        for record in device.records:
            if type(record.entry.fact).__name__ == "PhotoTaken" and record.entry.case == case:
                photo = record.entry.fact
                path = store.path(photo.photo.digest)  # type: ignore[union-attr]
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(photo_bytes(case, photo.kind))  # type: ignore[union-attr]
        bench.send(device)
        bench.store(*digests)
        bench.transaction(bench.casework.seal)
    bench.transaction(lambda: bench.audit(case, "pass", auditor="auditor"))
    return bench


def check(bench: Bench) -> dict[str, int]:
    return dict(verify_folder(bench.folder, bench.key.public))


def change(query: str, *values: object) -> Spoil:
    return lambda bench: bench.db.execute(query, values)


def test_a_folder_that_nobody_touched_is_sound_and_counted(filled: Bench) -> None:
    counts = check(filled)
    assert (counts["cases"], counts["stickers"], counts["seals"], counts["photos"]) == (2, 2, 2, 8)
    assert counts["facts"] == filled.value("SELECT count(*) FROM entries")


def test_a_sticker_without_an_inspection_is_checked_against_the_application(bench: Bench) -> None:
    car = private_car(registered_on=date(2024, 6, 17), made_on=date(2024, 5, 1), taxed=True)
    applied = ExemptionApplied(serial="E-1", vehicle=car, office="O1", by="", channel="counter")
    clerk = Actor("wang", "p-wang", frozenset({"office"}))
    bench.transaction(lambda: bench.casework.engine.stickers.apply_exempt(clerk, applied))
    counts = check(bench)
    assert (counts["cases"], counts["stickers"]) == (1, 1)
    bench.db.execute("UPDATE stickers SET case_id = 'hub.999'")
    with pytest.raises(VerifyError, match="is not the one that was issued"):
        check(bench)


def test_any_flipped_byte_of_any_fact_is_found(filled: Bench) -> None:
    rows = filled.db.execute("SELECT pos, raw FROM entries").fetchall()
    for pos, raw in rows[:: max(1, len(rows) // 12)]:
        place = len(raw) // 2
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        filled.db.execute("UPDATE entries SET raw = ? WHERE pos = ?", (flipped, pos))
        with pytest.raises(VerifyError):
            check(filled)
        filled.db.execute("UPDATE entries SET raw = ? WHERE pos = ?", (raw, pos))
    check(filled)


def _forge_sticker(bench: Bench) -> None:
    thief = SigningKey(os.urandom(32))
    sticker = Sticker(1, "PL00000099", "02", "京A99999", vin_tag(VIN), date(2026, 1, 1), date(2030, 1, 1))
    row = ("PL00000099", "lane-1.999", sign_sticker(sticker, thief), 1)
    bench.db.execute("INSERT INTO stickers (number, case_id, payload, issued) VALUES (?, ?, ?, ?)", row)


def _swap_sticker(bench: Bench) -> None:
    thief = SigningKey(os.urandom(32))
    sticker = Sticker(1, "PL00000001", "02", "京A99999", vin_tag(VIN), date(2026, 1, 1), date(2030, 1, 1))
    payload = sign_sticker(sticker, thief)
    bench.db.execute("UPDATE stickers SET payload = ? WHERE number = 'PL00000001'", (payload,))


def _photo(bench: Bench) -> Path:
    return next(path for path in sorted((bench.folder / "photos").rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            change("DELETE FROM entries WHERE device='lane-1' AND seq=5"),
            "fact 5 of lane-1 is missing",
            id="removed fact",
        ),
        pytest.param(
            change("DELETE FROM entries WHERE pos=(SELECT max(pos) FROM entries)"),
            "are missing at the end",
            id="removed last fact",
        ),
        pytest.param(
            change("UPDATE entries SET received = received - 90000000 WHERE seq = 7"),
            "not what was sealed|does not fit",
            id="backdated receipt",
        ),
        pytest.param(
            change("UPDATE entries SET case_id = 'lane-1.999' WHERE device='lane-1' AND seq=3"),
            "filed under",
            id="refiled fact",
        ),
        pytest.param(
            change("UPDATE heads SET signature = ? WHERE device='lane-1'", bytes(64)),
            "signature over fact",
            id="broken signature",
        ),
        pytest.param(change("DELETE FROM heads WHERE device='lane-1'"), "are not signed", id="removed signature"),
        pytest.param(change("UPDATE seal SET signature = ?", bytes(64)), "seal does not hold", id="broken seal"),
        pytest.param(change("DELETE FROM seal"), "no seal", id="removed seal"),
        pytest.param(
            change("UPDATE devices SET public_key = ? WHERE device='lane-1'", bytes(32)),
            "the key, kind and station it was enrolled with",
            id="other device key",
        ),
        pytest.param(
            change("UPDATE devices SET station = 'ST09' WHERE device='lane-1'"),
            "the key, kind and station it was enrolled with",
            id="other station",
        ),
        pytest.param(change("DELETE FROM stickers WHERE number='PL00000002'"), "is not filed", id="removed sticker"),
        pytest.param(_forge_sticker, "never issued", id="forged sticker"),
        pytest.param(_swap_sticker, "is not the one that was issued", id="altered sticker"),
        pytest.param(
            change("UPDATE stickers SET withdrawn = 1 WHERE number='PL00000002'"),
            "PL00000002 was not withdrawn, and the store says otherwise",
            id="sticker withdrawn in the store alone",
        ),
        pytest.param(
            lambda bench: _photo(bench).write_bytes(b"another photo"),
            "is not the one that was stored",
            id="swapped photo",
        ),
        pytest.param(lambda bench: _photo(bench).unlink(), "is missing", id="removed photo"),
    ],
)
def test_each_kind_of_tampering_is_named(filled: Bench, spoil: Spoil, said: str) -> None:
    spoil(filled)
    with pytest.raises(VerifyError, match=said):
        check(filled)


def test_the_newest_facts_with_their_signatures_and_counts_cannot_be_cut_off(filled: Bench) -> None:
    """As a thief who knows the schema: rows, signatures and chain heads all put back to an earlier state."""
    before = filled.value(
        "SELECT max(last) FROM heads WHERE device = 'hub' AND last < (SELECT max(last) FROM heads WHERE device = 'hub')"
    )
    raw = filled.value("SELECT raw FROM entries WHERE device = 'hub' AND seq = ?", before)
    assert isinstance(raw, bytes)
    filled.db.execute("DELETE FROM entries WHERE device = 'hub' AND seq > ?", (before,))
    filled.db.execute("DELETE FROM heads WHERE device = 'hub' AND last > ?", (before,))

    filled.db.execute("UPDATE devices SET have = ?, head = ? WHERE device = 'hub'", (before, digest(raw)))
    with pytest.raises(VerifyError, match="was sealed with"):
        check(filled)


def test_a_key_of_another_hub_does_not_fit(filled: Bench) -> None:
    with pytest.raises(VerifyError, match=r"signature over fact \d+ of hub"):
        verify_folder(filled.folder, SigningKey(os.urandom(32)).public)


def test_a_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no hub's data folder"):
        verify_folder(tmp_path, bytes(32))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_damaged_database_file_is_a_break_and_no_traceback(filled: Bench) -> None:
    filled.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = filled.folder / "ledger.db"
    data = bytearray(path.read_bytes())
    data[4096:20_000] = b"\xff" * (20_000 - 4096)
    filled.db.close()
    path.write_bytes(data)
    with pytest.raises(VerifyError, match="cannot be read"):
        check(filled)
    filled.db = SqliteDatabase(sqlite3.connect(":memory:"))
