import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection.identities import IdentityError
from inspection.topics import (
    PARTITIONS,
    TopicError,
    contact,
    device_root,
    directives,
    every,
    facts,
    of_partition,
    partition,
    receipts,
    upward,
)

devices = st.from_regex(r"[a-z0-9][a-z0-9-]{1,31}", fullmatch=True)
LANE = "lane-07"


def fits(topic_filter: str, topic: str) -> bool:
    wanted, levels = topic_filter.split("/"), topic.split("/")
    return len(wanted) == len(levels) and all(w in ("+", level) for w, level in zip(wanted, levels, strict=True))


def test_a_partition_is_fixed_for_ever() -> None:
    # SHA-256 of the name, first byte modulo 64: a device that changed its topic would be unheard.
    assert [partition(device) for device in ("lane-07", "pda-0012", "hub")] == [37, 44, 8]
    assert facts(LANE) == "passlane/1/37/lane-07/facts"


@given(devices)
def test_any_device_name_comes_back_from_its_facts_topic(device: str) -> None:
    assert upward(facts(device)) == (device, "facts")
    assert upward(contact(device)) == (device, "contact")
    assert 0 <= partition(device) < PARTITIONS == 64


@given(devices)
def test_everything_of_a_device_stands_under_its_root(device: str) -> None:
    topics = {facts(device), contact(device), receipts(device), directives(device)}
    assert {topic.rpartition("/")[0] for topic in topics} == {device_root(device)}
    assert {topic.rpartition("/")[2] for topic in topics} == {"facts", "contact", "receipts", "directives"}


@given(devices)
def test_a_worker_hears_the_devices_of_its_partitions_and_no_others(device: str) -> None:
    heard = [number for number in range(PARTITIONS) if fits(of_partition(number, "facts"), facts(device))]
    assert heard == [partition(device)]
    assert not fits(of_partition(heard[0], "facts"), contact(device))


@given(devices)
def test_the_hub_hears_what_devices_send_and_not_what_it_says_itself(device: str) -> None:
    said = [facts(device), contact(device), receipts(device), directives(device)]
    assert [fits(every("facts"), topic) for topic in said] == [True, False, False, False]
    assert [fits(every("contact"), topic) for topic in said] == [False, True, False, False]


@given(devices, st.integers(min_value=1, max_value=PARTITIONS - 1))
def test_a_device_in_a_partition_that_is_not_its_own_is_refused(device: str, step: int) -> None:
    wrong = (partition(device) + step) % PARTITIONS
    with pytest.raises(TopicError, match="a partition that is not its own"):
        upward(f"passlane/1/{wrong:02d}/{device}/facts")


def test_a_partition_that_is_written_otherwise_is_not_its_own() -> None:
    for written in (str(partition(LANE)) + " ", f"{partition(LANE):03d}", f"+{partition(LANE)}", ""):
        with pytest.raises(TopicError, match="a partition that is not its own"):
            upward(f"passlane/1/{written}/{LANE}/facts")


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "facts",
        receipts(LANE),
        directives(LANE),
        device_root(LANE),
        facts(LANE) + "/more",
        facts(LANE) + "/",
        "/" + facts(LANE),
        facts(LANE).upper(),
        facts(LANE).replace("passlane/1", "passlane/2"),
        facts(LANE).replace("passlane", "passplane"),
        device_root(LANE) + "/+",
        device_root(LANE) + "/#",
        "passlane/1/#",
        "$SYS/1/00/lane-07/facts",
    ],
)
def test_a_topic_with_another_root_leaf_or_number_of_levels_carries_no_facts(topic: str) -> None:
    with pytest.raises(TopicError, match="no device sends on topic"):
        upward(topic)


@pytest.mark.parametrize("name", ["+", "#", "", "a", "Lane-07", "lane 07", "lane-07\x00", "a" * 33, "\udc80x"])
def test_a_topic_with_a_wildcard_or_an_impossible_device_is_refused(name: str) -> None:
    with pytest.raises(TopicError, match="names no device"):
        upward(f"passlane/1/00/{name}/facts")
    with pytest.raises(IdentityError):
        device_root(name)


@given(st.text())
def test_any_other_text_is_refused_and_nothing_else_happens(topic: str) -> None:
    with pytest.raises(TopicError):
        upward(topic)
