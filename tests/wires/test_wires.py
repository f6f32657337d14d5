"""One suite over every wire: a broker may acknowledge and then lose everything, and it costs a delay, nothing else.

Nothing here knows which broker it is, nor whether it speaks TLS.
"""

import asyncio
from collections.abc import Iterator

import pytest

from edge_agent.journal import Journal
from edge_agent.sending.events import Stored
from inspection import topics
from inspection.directives import StickerGranted
from tests.central_hub.brokers import needs_mosquitto
from tests.central_hub.conftest import until
from tests.wires.site import SECONDS_MAX, Site, at_work, batch, device_of, inspect, settled, upload_all

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

WIRES = [
    pytest.param(("nats", False), id="nats"),
    pytest.param(("mosquitto", False), id="mosquitto", marks=needs_mosquitto),
    pytest.param(("nats", True), id="nats with TLS"),
    pytest.param(("mosquitto", True), id="mosquitto with TLS", marks=needs_mosquitto),
]


@pytest.fixture(scope="module", params=WIRES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    broker, tls = request.param
    made = Site(tmp_path_factory.mktemp("site"), broker=broker, tls=tls)
    try:
        made.start()
        yield made
    finally:
        made.stop()
    made.verify()


def granted(home_journal: Journal, case: str) -> int:
    """Return how many stickers of a case a device has been given."""
    return sum(isinstance(it.numbered.directive, StickerGranted) for it in home_journal.directives_for(case))


def test_facts_and_photos_go_up_and_receipts_and_the_sticker_come_back(site: Site) -> None:
    home = site.enrol("pda-there")
    with at_work(home) as agent:
        case = inspect(agent, "1")
        assert isinstance(agent.wait_for_decision(case, SECONDS_MAX), StickerGranted)
        settled(agent)
        assert agent.status().forwarding.connected
        assert agent.status().refusals == []
        assert site.facts_of("pda-there") == agent.status().counts.newest
    assert site.stickers_of(case) == 1


def test_what_the_broker_took_and_lost_while_the_hub_was_dead_arrives_once(site: Site) -> None:
    home = site.enrol("pda-unheard")
    with at_work(home) as agent:
        settled(agent)
        site.kill_hub()
        with site.ear() as ear:
            assert ear.hear(topics.facts("pda-unheard"))
            case = inspect(agent, "2")
            until(lambda: ear.heard, seconds_max=SECONDS_MAX)
        site.kill_broker()
        assert agent.decision(case) is None
        site.start()
        assert isinstance(agent.wait_for_decision(case, SECONDS_MAX), StickerGranted)
        settled(agent)
        assert site.facts_of("pda-unheard") == agent.status().counts.newest
    assert site.stickers_of(case) == 1
    with Journal(home.journal_path, home.device) as journal:
        assert granted(journal, case) == 1


def test_a_sticker_that_the_broker_lost_while_the_device_was_away_arrives_once(site: Site) -> None:
    home = site.enrol("pda-away")
    with at_work(home, photos_go=False) as agent:
        case = inspect(agent, "3")
        until(lambda: agent.status().counts.receipted == agent.status().counts.newest, seconds_max=SECONDS_MAX)
    assert set(asyncio.run(upload_all(home))) == {Stored()}
    until(lambda: site.stickers_of(case) == 1, seconds_max=SECONDS_MAX)
    before, hub = site.broker_process, site.process
    site.kill_broker()
    with at_work(home) as agent:
        assert isinstance(agent.wait_for_decision(case, SECONDS_MAX), StickerGranted)
        settled(agent)
        assert site.facts_of("pda-away") == agent.status().counts.newest
    assert site.broker_process != before
    assert site.process == hub
    assert site.stickers_of(case) == 1
    with Journal(home.journal_path, home.device) as journal:
        assert granted(journal, case) == 1


def test_what_a_device_says_in_anothers_place_never_reaches_the_hub(site: Site) -> None:
    """The broker may well acknowledge it: with MQTT 3.1.1 it has no other word."""
    mine, other = site.enrol("pda-forger"), site.enrol("pda-victim")
    for home in (mine, other):
        device_of(home).close()
    message, theirs = batch(mine), batch(other)
    with site.wire(mine) as forger, site.wire(other) as victim:
        for topic in (topics.receipts("pda-forger"), topics.receipts("pda-victim"), "#", "passlane/#"):
            forger.hear(topic)
        assert victim.hear(topics.receipts("pda-victim"))
        # Genuine to the last byte: the hub would take it, if it came.
        forger.say(topics.facts("pda-victim"), theirs)
    with site.wire(mine) as forger:
        assert forger.hear(topics.receipts("pda-forger"))
        assert forger.say(topics.facts("pda-forger"), message)
        until(lambda: forger.heard, seconds_max=SECONDS_MAX)
    assert site.facts_of("pda-forger") > 0
    assert site.facts_of("pda-victim") == 0


def test_a_device_does_not_hear_anothers_receipts(site: Site) -> None:
    mine, other = site.enrol("pda-forger"), site.enrol("pda-speaker")
    for home in (mine, other):
        device_of(home).close()
    mine_topic = topics.receipts("pda-forger")
    with site.wire(mine) as listener, site.wire(other) as speaker:
        for topic in (topics.receipts("pda-speaker"), "#", "passlane/#", mine_topic):
            listener.hear(topic)
        assert speaker.hear(topics.receipts("pda-speaker"))
        assert speaker.say(topics.facts("pda-speaker"), batch(other))
        until(lambda: speaker.heard, seconds_max=SECONDS_MAX)
        assert listener.say(topics.facts("pda-forger"), batch(mine))
        until(lambda: listener.heard, seconds_max=SECONDS_MAX)
        assert {topic for topic, _ in listener.heard} == {mine_topic}
        assert {topic for topic, _ in speaker.heard} == {topics.receipts("pda-speaker")}


def test_whoever_does_not_know_the_password_is_not_let_in(site: Site) -> None:
    home = site.enrol("pda-forger")
    with site.wire(home) as known:
        assert known.let_in
    for changes in ({"password": "wrong"}, {"password": ""}, {"user": "hub"}, {"user": "pda-there"}, {"user": ""}):
        with site.wire(home, **changes) as stranger:
            assert not stranger.let_in, changes


def test_a_revoked_device_is_shut_out_at_once_and_nothing_is_started_anew(site: Site) -> None:
    lost, other = site.enrol("pda-lost"), site.enrol("pda-forger")
    before = site.process, site.broker_process
    with at_work(lost) as thief, site.wire(other) as kept:
        settled(thief)
        site.revoke("pda-lost")
        until(lambda: "refused" in thief.status().forwarding.fault, seconds_max=SECONDS_MAX)
        assert not thief.status().forwarding.connected
        assert kept.connected
        written = site.facts_of("pda-lost")
        thief.note_passage("lane-1", "after it was lost")
        with site.wire(lost) as again:
            assert not again.let_in
    assert (site.process, site.broker_process) == before
    assert site.facts_of("pda-lost") == written
