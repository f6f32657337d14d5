"""Receipts for what was never sent: by who is not the hub, and by the hub itself."""

import msgspec
import pytest

from central_hub import clock
from central_hub.installation import load_key
from edge_agent.agent import Agent
from inspection import topics
from inspection.directives import Receipt
from inspection.signing import SigningKey
from inspection.wire import seal_receipt
from tests.bad_input.conftest import SECONDS_MAX, Honest
from tests.central_hub.conftest import until
from tests.edge_agent.stand_ins.fakes import jpeg, opened
from tests.wires.site import STATION, Site, at_work, settled

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

STRANGER = SigningKey(bytes(range(100, 132)))


def receipt_for(agent: Agent, **changes: object) -> Receipt:
    """Return a receipt for more than the device ever wrote, but for the changes."""
    have = agent.status().counts.newest + 1_000
    receipt = Receipt(device=agent.device, have=have, head=bytes(32), hub_time=clock.now_ms() + 1_000)
    return msgspec.structs.replace(receipt, **changes)


def publish(site: Site, device: str, message: bytes) -> None:
    """Say something to a device as only the hub may: over the real broker, with the hub's own sign-in."""
    with site.ear() as ear:
        assert ear.say(topics.receipts(device), message)


def test_a_receipt_that_the_hub_did_not_sign_is_passed_over_and_counted(site: Site, honest: Honest) -> None:
    home = site.enrol("pda-misled")
    with at_work(home, photos_go=False) as agent:
        case = agent.open_case(msgspec.structs.replace(opened(), station=STATION))
        agent.take_photo(case, "0111", jpeg(77))
        until(lambda: agent.status().counts.receipted == agent.status().counts.newest, seconds_max=SECONDS_MAX)
        before = agent.status().counts
        publish(site, home.device, seal_receipt(receipt_for(agent), STRANGER))
        publish(site, home.device, b"\x91" * 1_000)
        publish(site, home.device, seal_receipt(receipt_for(agent, device="pda-other"), load_key(site.folder)))
        until(lambda: agent.status().forwarding.not_taken == 3, seconds_max=SECONDS_MAX)
        honest.gets_a_sticker()
        assert agent.status().counts == before
        assert before.photos_waiting == 1
        agent.note_passage("lane-1", "the work goes on")
        until(lambda: site.facts_of(home.device) == agent.status().counts.newest, seconds_max=SECONDS_MAX)


def test_a_true_receipt_for_facts_that_were_never_made_forgets_nothing_and_is_shown(site: Site, honest: Honest) -> None:
    home = site.enrol("pda-outrun")
    with at_work(home) as agent:
        settled(agent)
        before = agent.status().counts
        publish(site, home.device, seal_receipt(receipt_for(agent), load_key(site.folder)))
        until(lambda: agent.status().forwarding.fault, seconds_max=SECONDS_MAX)
        assert "which was never made here" in agent.status().forwarding.fault
        assert agent.status().counts == before
        honest.gets_a_sticker()
        # The hub's next word is the truth again, and nobody has to do anything.
        agent.note_passage("lane-1", "the work goes on")
        until(lambda: site.facts_of(home.device) == agent.status().counts.newest, seconds_max=SECONDS_MAX)
        settled(agent)
        assert agent.status().forwarding.fault == ""


def test_a_true_receipt_that_names_another_chain_forgets_nothing(site: Site, honest: Honest) -> None:
    home = site.enrol("pda-other-chain")
    with at_work(home) as agent:
        settled(agent)
        before = agent.status().counts
        other = receipt_for(agent, have=before.newest, head=bytes(range(32)))
        publish(site, home.device, seal_receipt(other, load_key(site.folder)))
        until(lambda: "another chain" in agent.status().forwarding.fault, seconds_max=SECONDS_MAX)
        assert agent.status().counts == before
        honest.gets_a_sticker()
        agent.note_passage("lane-1", "the work goes on")
        until(lambda: site.facts_of(home.device) == agent.status().counts.newest, seconds_max=SECONDS_MAX)
