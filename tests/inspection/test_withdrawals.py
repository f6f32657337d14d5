import random
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection import withdrawals as module
from inspection.signing import SigningKey
from inspection.withdrawals import (
    NOTHING_KNOWN,
    PIECE_BASE,
    PIECE_VERSIONS_MAX,
    WITHDRAWALS_BYTES_MAX,
    Withdrawals,
    WithdrawalsError,
    covers,
    join,
    merge,
    open_file,
    open_withdrawals,
    pack,
    piece_since,
    pieces_up_to,
    seal_withdrawals,
)

KEY = SigningKey(b"\x01" * 32)
OTHER = SigningKey(b"\x02" * 32)
NOW = 1_780_000_000_000
DAY_MS = 86_400_000


def made(*numbers: str, since: int = 0, version: int = 1, issued_at: int = NOW) -> Withdrawals:
    return Withdrawals(
        since=since, version=version, issued_at=issued_at, until=issued_at + DAY_MS, numbers=frozenset(numbers)
    )


def sealed(*body: object) -> bytes:
    data = msgspec.msgpack.encode(body)
    return msgspec.msgpack.encode((data, KEY.sign("withdrawals", data)))


def refused(data: bytes) -> str:
    with pytest.raises(WithdrawalsError) as caught:
        open_withdrawals(data, KEY.public)
    return caught.value.code


LIST = made("PL00000001", "PL00000128", "PL99999999", "00000007", "A100000007")
DATA = seal_withdrawals(LIST, KEY)

numbers = st.builds(
    lambda prefix, value: f"{prefix}{value:08d}", st.sampled_from(["", "PL", "A1", "A10"]), st.integers(1, 99_999_999)
)


@given(st.frozensets(numbers, max_size=200))
def test_a_list_comes_back_as_it_was_sealed(which: frozenset[str]) -> None:
    withdrawals = made(*which)
    assert open_withdrawals(seal_withdrawals(withdrawals, KEY), KEY.public) == withdrawals


def test_a_list_is_written_for_ever_in_the_same_bytes() -> None:
    body = msgspec.msgpack.decode(msgspec.msgpack.decode(DATA)[0])
    packed = bytes.fromhex("017fffc0d72f")  # 1, 127 further, 99 999 871 further
    assert body == [1, 0, 1, NOW, NOW + DAY_MS, [["", b"\x07"], ["A1", b"\x07"], ["PL", packed]]]


def test_a_list_does_not_depend_on_the_order_in_which_its_numbers_were_named() -> None:
    assert seal_withdrawals(made(*sorted(LIST.numbers)), KEY) == DATA


def test_100_000_of_10_million_stickers_take_less_than_250_kb() -> None:
    values = random.Random(5).sample(range(1, 10_000_001), 100_000)  # noqa: S311 - no secret
    which = frozenset(f"PL{value:08d}" for value in values)
    data = seal_withdrawals(made(*which, version=100_000), KEY)
    assert len(data) < 250_000
    assert open_withdrawals(data, KEY.public).numbers == which


def test_a_list_with_any_one_bit_changed_is_refused() -> None:
    for bit in range(8 * len(DATA)):
        changed = bytearray(DATA)
        changed[bit // 8] ^= 1 << bit % 8
        assert refused(bytes(changed)) in ("withdrawals.garbled", "withdrawals.signature")


def test_a_list_is_taken_when_one_of_several_keys_signed_it() -> None:
    assert open_withdrawals(DATA, OTHER.public, KEY.public) == LIST
    with pytest.raises(WithdrawalsError, match="not a list of these keys"):
        open_withdrawals(DATA, OTHER.public)
    with pytest.raises(WithdrawalsError, match="not a list of these keys"):
        open_withdrawals(DATA)


def test_a_signature_for_another_purpose_is_no_list() -> None:
    body = msgspec.msgpack.decode(DATA)[0]
    assert refused(msgspec.msgpack.encode((body, KEY.sign("sticker", body)))) == "withdrawals.signature"


@given(st.binary(max_size=200))
def test_any_bytes_give_an_error_and_never_a_list(data: bytes) -> None:
    with pytest.raises(WithdrawalsError):
        open_withdrawals(data, KEY.public)


def test_a_list_of_a_future_schema_is_refused_rather_than_misread() -> None:
    assert refused(sealed(2, "something else")) == "withdrawals.future_schema"


@pytest.mark.parametrize(
    "body",
    [
        (1, 0),
        (1, 2, 1, NOW, NOW, ()),
        (1, 0, 1, NOW, NOW, (("PL", b"\x01"), ("A1", b"\x01"))),
        (1, 0, 1, NOW, NOW, (("PL", b"\x01"), ("PL", b"\x01"))),
        (1, 0, 1, NOW, NOW, (("pl", b"\x01"),)),
        (1, 0, 1, NOW, NOW, (("PL", b"\x00"),)),
        (1, 0, 1, NOW, NOW, (("PL", b"\x01\x00"),)),
        (1, 0, 1, NOW, NOW, (("PL", b"\x81\x00"),)),
        (1, 0, 1, NOW, NOW, (("PL", b"\x80\x80\x80\x80\x01"),)),
        (1, 0, 1, NOW, NOW, (("PL", b"\xff\xff\xff\x7f"),)),
        (1, 0, 1, NOW, NOW, (("PL", b"\x01\x80"),)),
    ],
)
def test_signed_bytes_that_are_no_list_are_refused(body: tuple[object, ...]) -> None:
    assert refused(sealed(*body)) == "withdrawals.garbled"


def test_a_list_with_too_many_numbers_or_bytes_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WITHDRAWN_NUMBERS_MAX", 4)
    assert refused(DATA) == "withdrawals.too_large"
    with pytest.raises(WithdrawalsError, match="at most 4 stickers"):
        seal_withdrawals(LIST, KEY)
    assert refused(bytes(WITHDRAWALS_BYTES_MAX + 1)) == "withdrawals.too_large"
    monkeypatch.setattr(module, "WITHDRAWALS_BYTES_MAX", 50)
    with pytest.raises(WithdrawalsError, match="at most 50 bytes"):
        seal_withdrawals(made("PL00000001"), KEY)


@pytest.mark.parametrize("number", ["", "PL1", "pl00000001", "PL-00000001", "PL0000000１", "P" * 13 + "00000001"])
def test_what_is_no_sticker_number_is_not_sealed(number: str) -> None:
    with pytest.raises(WithdrawalsError, match="is no sticker number"):
        seal_withdrawals(made(number), KEY)


def test_a_list_that_goes_backwards_is_not_sealed() -> None:
    with pytest.raises(WithdrawalsError, match="goes backwards, from version 3 to 2"):
        seal_withdrawals(made(since=3, version=2), KEY)


def test_two_lists_join_in_either_order_and_the_newer_date_counts() -> None:
    base, addition = made("PL00000001", version=4), made("PL00000002", since=4, version=5, issued_at=NOW + 1)
    joined = made("PL00000001", "PL00000002", version=5, issued_at=NOW + 1)
    assert merge(base, addition) == merge(addition, base) == joined
    assert merge(joined, base) == joined


def test_lists_with_a_gap_between_them_do_not_join() -> None:
    with pytest.raises(WithdrawalsError, match="between version 4 and 5 withdrawals are missing"):
        merge(made(version=4), made(since=5, version=6))


def test_nothing_is_lost_when_a_restored_hub_gives_a_version_out_again() -> None:
    before, again = made("PL00000001", version=4), made("PL00000009", version=4, issued_at=NOW + 1)
    assert merge(before, again).numbers == {"PL00000001", "PL00000009"}
    assert not covers(again, before)
    assert covers(merge(before, again), before)


def test_a_later_word_that_nothing_was_added_covers_the_earlier_one() -> None:
    first, later = made(since=4, version=4), made(since=4, version=4, issued_at=NOW + 1)
    assert covers(later, first)
    assert not covers(first, later)
    assert not covers(later, made("PL00000001", since=3, version=4))


@given(st.integers(1, 3 * PIECE_VERSIONS_MAX))
def test_few_pieces_carry_everything_without_a_gap(version: int) -> None:
    pieces = pieces_up_to(version)
    assert pieces[0][0] == 0
    assert pieces[-1] == (piece_since(version), version)
    assert all(before[1] == after[0] for before, after in pairwise(pieces))
    assert len(pieces) <= 3 * (PIECE_BASE - 1) + 3
    assert all(0 < to - since <= PIECE_VERSIONS_MAX for since, to in pieces)


def test_each_16th_piece_carries_the_16_before_and_each_256th_the_256() -> None:
    assert [piece_since(version) for version in (1, 15, 16, 17, 32, 256, 512, 65_536, 131_072)] == [
        *(0, 14, 0, 16, 16, 0, 256, 61_440, 126_976)
    ]
    assert pieces_up_to(0) == []


def test_whoever_keeps_what_no_later_piece_covers_holds_few_pieces() -> None:
    held: list[Withdrawals] = []
    for version in range(1, 1_000):
        since = piece_since(version)
        which = [f"PL{number:08d}" for number in range(since + 1, version + 1)]
        piece = made(*which, since=since, version=version, issued_at=NOW + version)
        held = [*(one for one in held if not covers(piece, one)), piece]
        assert len(held) <= 45
    assert len(frozenset[str]().union(*(one.numbers for one in held))) == 999


def test_what_several_lists_say_together_names_every_number() -> None:
    pieces = [
        made("PL00000003", since=2, version=3, issued_at=NOW + 3),
        made("PL00000001", since=0, version=1, issued_at=NOW + 1),
        made("PL00000002", since=1, version=2, issued_at=NOW + 2),
        made(since=3, version=3, issued_at=NOW + 9),
    ]
    joined = join(pieces)
    assert (joined.since, joined.version, joined.issued_at, joined.until) == (0, 3, NOW + 9, NOW + 9 + DAY_MS)
    assert joined.numbers == {"PL00000001", "PL00000002", "PL00000003"}
    assert join([]) == NOTHING_KNOWN


def test_after_a_gap_the_list_is_as_new_as_before_it_and_still_names_what_it_knows() -> None:
    joined = join([made("PL00000001"), made("PL00000003", since=2, version=3, issued_at=NOW + 3)])
    assert (joined.version, joined.issued_at) == (1, NOW)
    assert joined.numbers == {"PL00000001", "PL00000003"}
    assert join([made("PL00000003", since=2, version=3)]).issued_at == 0


def test_a_file_holds_one_list_or_several() -> None:
    second = seal_withdrawals(made("PL00000009", since=1, version=2, issued_at=NOW + 1), OTHER)
    assert open_file(DATA, KEY.public).numbers == LIST.numbers
    both = open_file(pack([DATA, second]), KEY.public, OTHER.public)
    assert (both.version, both.numbers) == (2, LIST.numbers | {"PL00000009"})
    assert open_file(pack([]), KEY.public) == NOTHING_KNOWN
    with pytest.raises(WithdrawalsError, match="not a list of these keys"):
        open_file(pack([DATA, second]), KEY.public)


def test_a_file_that_is_none_or_too_large_is_refused() -> None:
    for data, code in ((b"", "garbled"), (b"\xc0", "garbled"), (bytes(WITHDRAWALS_BYTES_MAX + 1), "too_large")):
        with pytest.raises(WithdrawalsError) as caught:
            open_file(data, KEY.public)
        assert caught.value.code == f"withdrawals.{code}"
    with pytest.raises(WithdrawalsError, match="at most"):
        pack([bytes(WITHDRAWALS_BYTES_MAX)])
