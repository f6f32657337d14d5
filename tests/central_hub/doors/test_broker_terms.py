from central_hub.doors.broker_terms import MESSAGE_BYTES_MAX, BrokerUser
from inspection import topics, wire

LANE = BrokerUser(name="lane-1", password="lane's own", device="lane-1")  # noqa: S106 - made up for the tests


def test_a_device_says_its_facts_and_how_it_stands_and_nothing_else() -> None:
    assert LANE.says() == (topics.facts("lane-1"), topics.contact("lane-1"))


def test_a_device_hears_its_receipts_and_directives_and_nothing_else() -> None:
    assert LANE.hears() == (topics.receipts("lane-1"), topics.directives("lane-1"))


def test_a_batch_that_is_somewhat_too_large_reaches_the_hub_which_says_why_it_is_refused() -> None:
    assert MESSAGE_BYTES_MAX > wire.BATCH_BYTES_MAX
