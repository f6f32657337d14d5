import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.identities import (
    DEVICE_CHARACTERS_MAX,
    HUB,
    REGIMES,
    IdentityError,
    case_device,
    case_id,
    checked_case,
    checked_device,
)

devices = st.from_regex(r"[a-z0-9][a-z0-9-]{1,31}", fullmatch=True)
numbers = st.integers(min_value=1, max_value=2**63 - 1)


def test_the_two_regimes_are_chayan_and_jianyan() -> None:
    assert REGIMES == ("chayan", "jianyan")


@given(devices)
def test_a_device_name_of_2_to_32_characters_is_taken(device: str) -> None:
    assert checked_device(device) == device


def test_the_hub_has_the_form_of_a_device() -> None:
    assert checked_device(HUB) == HUB


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "-lane",
        "Lane-1",
        "lane 1",
        "lane_1",
        "lane/1",
        "lane.1",
        "lane+",
        "lane#",
        "lane-1\n",
        "lane\x00",
        "车道",
        "lane-\uff11",
        "lane\udc80",
        "a" * (DEVICE_CHARACTERS_MAX + 1),
    ],
)
def test_a_name_that_is_unsafe_in_a_topic_or_file_name_is_refused(text: str) -> None:
    with pytest.raises(IdentityError, match="cannot name a device"):
        checked_device(text)


def test_the_longest_name_is_taken() -> None:
    assert checked_device("a" * DEVICE_CHARACTERS_MAX)


def test_an_error_quotes_no_more_than_the_beginning() -> None:
    with pytest.raises(IdentityError) as caught:
        checked_device("X" * 10_000)
    assert len(str(caught.value)) < 200


@given(devices, numbers)
def test_a_case_id_names_the_device_that_opened_it(device: str, number: int) -> None:
    case = case_id(device, number)
    assert case == f"{device}.{number}"
    assert checked_case(case) == case
    assert case_device(case) == device


@given(st.tuples(devices, numbers), st.tuples(devices, numbers))
def test_two_openings_never_share_a_case_id(a: tuple[str, int], b: tuple[str, int]) -> None:
    assert (case_id(*a) == case_id(*b)) == (a == b)


@pytest.mark.parametrize("number", [0, -1])
def test_no_case_is_opened_by_a_fact_without_a_number(number: int) -> None:
    with pytest.raises(IdentityError, match="no case id"):
        case_id("lane-07", number)


def test_no_case_is_opened_by_a_device_that_cannot_be_one() -> None:
    with pytest.raises(IdentityError, match="cannot name a device"):
        case_id("Lane 07", 1)


@pytest.mark.parametrize(
    "text", ["", "lane-07", "lane-07.", ".1", "lane-07.0", "lane-07.01", "lane-07.-1", "lane-07.1\n", "a.b.1", "l.1"]
)
def test_a_text_that_is_no_case_id_is_refused(text: str) -> None:
    with pytest.raises(IdentityError, match="no case id"):
        checked_case(text)
    with pytest.raises(IdentityError, match="no case id"):
        case_device(text)
