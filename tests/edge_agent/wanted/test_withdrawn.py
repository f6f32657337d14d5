from pathlib import Path

import pytest

from edge_agent.wanted.withdrawn import WithdrawnError, pieces_of, withdrawn_stickers, write_withdrawn
from inspection.directives import AnyDirective, VehicleRecalled, WithdrawalsPublished
from inspection.signing import SigningKey
from inspection.withdrawals import NOTHING_KNOWN, Withdrawals, open_file, piece_since, seal_withdrawals

KEY = SigningKey(b"\x01" * 32)
OTHER = SigningKey(b"\x02" * 32)
NOW = 1_780_000_000_000


def told(version: int, *, since: int | None = None, key: SigningKey = KEY) -> WithdrawalsPublished:
    since = piece_since(version) if since is None else since
    numbers = frozenset(f"PL{number:08d}" for number in range(since + 1, version + 1))
    at = NOW + version
    withdrawals = Withdrawals(since=since, version=version, issued_at=at, until=at + 1, numbers=numbers)
    return WithdrawalsPublished(version=version, payload=seal_withdrawals(withdrawals, key))


def test_a_device_knows_every_sticker_that_it_was_told_of_in_few_pieces() -> None:
    directives: list[AnyDirective] = [VehicleRecalled(case="lane-1.1", reason="r"), *map(told, range(1, 301))]
    known = withdrawn_stickers(directives, KEY.public)
    assert (known.version, known.issued_at, len(known.numbers)) == (300, NOW + 300, 300)
    assert len(pieces_of(directives, KEY.public)) == 1 + 2 + 12


def test_a_device_that_was_told_nothing_says_so() -> None:
    assert withdrawn_stickers([], KEY.public) == NOTHING_KNOWN


def test_what_another_key_signed_or_nobody_can_read_leaves_the_date_where_it_was() -> None:
    for odd in (told(2, key=OTHER), WithdrawalsPublished(version=2, payload=b"of the future")):
        known = withdrawn_stickers([told(1), odd, told(3)], KEY.public)
        assert (known.version, known.issued_at) == (1, NOW + 1)
        assert known.numbers == {"PL00000001", "PL00000003"}


def test_the_file_says_the_same_wherever_it_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "withdrawn.list"
    directives = [told(version) for version in range(1, 20)]
    written = write_withdrawn(path, directives, KEY.public)
    assert open_file(path.read_bytes(), KEY.public) == written == withdrawn_stickers(directives, KEY.public)
    assert write_withdrawn(path, [*directives, told(20)], KEY.public).version == 20
    assert [file.name for file in tmp_path.iterdir()] == ["withdrawn.list"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "withdrawn.list"
    write_withdrawn(path, [told(1)], KEY.public)
    (tmp_path / "withdrawn.list.part").mkdir()
    with pytest.raises(WithdrawnError, match=r"withdrawn\.list cannot be written"):
        write_withdrawn(path, [told(1), told(2)], KEY.public)
    assert open_file(path.read_bytes(), KEY.public).version == 1
