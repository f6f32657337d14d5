"""What a thief tries who has a device's key and its password at the broker, and what a station tries that cheats."""

import http.client

import msgspec
import pytest

from central_hub import clock
from central_hub.people.lockout import FREE_FAILURES_MAX
from inspection import topics
from inspection.facts import CaseOpened, ItemChecked, StickerIssued
from inspection.signing import digest
from inspection.wire import BATCH_FACTS_MAX
from tests.bad_input.conftest import HONEST, SECONDS_MAX, Honest, Operator
from tests.bad_input.thief import Thief
from tests.central_hub.conftest import until
from tests.central_hub.simulated_device import SimulatedDevice, picture, private_car
from tests.wires.site import Site

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

FLOOD_MESSAGES = 5_000
STICKER_SECONDS_MAX = 15.0
"""Under a flood and on a slow machine; before senders took turns it came after the flood, in half a minute."""

NO_QUARANTINE = "SELECT quarantined FROM devices WHERE device = ?"


@pytest.mark.parametrize("kind", ["contacts", "old batches"])
def test_a_flood_of_messages_that_are_true_keeps_nobody_else_waiting(
    site: Site, operator: Operator, honest: Honest, kind: str
) -> None:
    thief = Thief(site, f"pda-true-{kind[:3]}")
    for number in range(BATCH_FACTS_MAX):
        thief.write(ItemChecked(item=str(number), mark="pass"), f"{thief.name}.{number + 1}")
    thief.commits()
    if kind == "contacts":
        topic, messages = topics.contact(thief.name), [thief.contact(mono=n) for n in range(FLOOD_MESSAGES)]
    else:
        topic, messages = thief.topic, [thief.message()] * (FLOOD_MESSAGES // 4)
    before = operator.dropped()
    with site.wire(thief.home) as wire:
        wire.shout(topic, messages)
        began = clock.seconds()
        honest.gets_a_sticker()
        assert clock.seconds() - began < STICKER_SECONDS_MAX
        until(lambda: operator.dropped() > before, seconds_max=SECONDS_MAX)
    assert site.value(NO_QUARANTINE, thief.name) == ""


def test_boots_that_never_were_do_not_fill_the_hubs_disk(site: Site, operator: Operator, honest: Honest) -> None:
    thief = Thief(site, "pda-booting")
    thief.say(thief.contact(boot="b" * 200_000), topic=topics.contact(thief.name))
    assert "length <= 200" in operator.refused(thief.name, "wire.garbled").text
    assert site.count("SELECT count(*) FROM contacts WHERE device = ?", thief.name) == 0
    honest.gets_a_sticker()


def test_an_old_contact_that_is_sent_again_moves_no_pairing_of_the_clocks(site: Site, honest: Honest) -> None:
    thief = Thief(site, "pda-replayer")
    old = thief.contact(mono=1_000)
    topic = topics.contact(thief.name)
    pairing = "SELECT at - mono FROM contacts WHERE device = ?"
    thief.say(old, topic=topic)
    until(lambda: site.count("SELECT count(*) FROM contacts WHERE device = ?", thief.name), seconds_max=SECONDS_MAX)
    before = site.value(pairing, thief.name)
    told = site.value("SELECT told_at FROM devices WHERE device = ?", thief.name)
    honest.gets_a_sticker()
    thief.say(old, topic=topic)
    again = "SELECT told_at > ? FROM devices WHERE device = ?"
    until(lambda: site.count(again, told, thief.name), seconds_max=SECONDS_MAX)
    assert site.value(pairing, thief.name) == before


def test_nobody_speaks_of_how_another_stands(site: Site, operator: Operator, honest: Honest) -> None:
    """Whoever could have a device quarantined by a word in its name could stop a whole country's lanes."""
    thief, mask = Thief(site, "pda-slanderer"), SimulatedDevice(HONEST)
    contact = thief.contact(device=HONEST, newest=1, head=bytes(32))
    thief.say(contact, topic=topics.contact(HONEST))
    thief.say(contact, topic=topics.contact(thief.name))
    assert f"{HONEST} wrote on the topic of" in operator.refused(thief.name, "contact.wrong_device").text
    forged = thief.contact(newest=1, head=bytes(32), key=mask.key)
    thief.say(forged, topic=topics.contact(thief.name))
    operator.refused(thief.name, "contact.signature")
    with site.wire(thief.home, will=topics.contact(HONEST)) as wire:
        wire.break_off()
        until(lambda: not wire.connected, seconds_max=SECONDS_MAX)
    honest.gets_a_sticker()
    assert [site.value(NO_QUARANTINE, name) for name in (HONEST, thief.name)] == ["", ""]
    about = "SELECT count(*) FROM refusal_counts WHERE device = ? AND code LIKE 'contact.%'"
    assert site.count(about, HONEST) == 0


def test_old_messages_of_another_device_are_worth_nothing(site: Site, operator: Operator, honest: Honest) -> None:
    victim, thief = Thief(site, "pda-overheard"), Thief(site, "pda-parrot")
    victim.open_case()
    victim.commits()
    thief.say(victim.message())
    assert "pda-overheard wrote on the topic of pda-parrot" in operator.refused(thief.name, "batch.wrong_device").text
    thief.say(victim.contact(), topic=topics.contact(thief.name))
    operator.refused(thief.name, "contact.signature")
    thief.say(victim.message(), topic=victim.topic)
    honest.gets_a_sticker()
    assert (site.facts_of(victim.name), site.facts_of(thief.name)) == (1, 0)


def test_a_photo_of_another_device_cannot_be_sent_nor_spoilt(site: Site, honest: Honest) -> None:
    photo, wrong = picture(11), picture(12)
    victim, thief = Thief(site, "pda-owner"), Thief(site, "pda-grabber")
    victim.announce(victim.open_case(), photo)
    victim.commits()
    name = digest(photo).hex()
    refused = (http.client.FORBIDDEN, "photo.ticket")
    assert thief.send_photo(photo, wrong)[:2] == refused
    mask = thief.ticket(name, len(photo), device=victim.name) | {"Upload-Offset": "0"}
    assert thief.ask("PATCH", f"/photos/{name}", mask, wrong)[:2] == refused
    # Announced by himself as well, he may send it; what he sends wrongly is his own.
    thief.announce(thief.open_case(), photo, size=len(photo) + 1)
    thief.commits()
    other_size = thief.ticket(name, len(photo) + 1) | {"Upload-Offset": "0"}
    assert thief.ask("PATCH", f"/photos/{name}", other_size, wrong[:10]).status == http.client.NO_CONTENT
    honest.gets_a_sticker()
    assert victim.send_photo(photo, photo).status == http.client.NO_CONTENT
    stored = "SELECT count(*) FROM photos WHERE device = ? AND stored > 0"
    assert site.count(stored, victim.name) == 1


def test_facts_that_only_the_hub_may_write_are_kept_shown_and_count_for_nothing(
    site: Site, operator: Operator, honest: Honest
) -> None:
    thief = Thief(site, "pda-printer")
    case = thief.open_case()
    genuine = site.value("SELECT raw FROM entries WHERE kind = 'StickerIssued' LIMIT 1")
    assert isinstance(genuine, bytes)
    sticker = msgspec.msgpack.decode(genuine)["f"]
    thief.write(msgspec.convert(sticker, StickerIssued, strict=False), case)
    thief.commits()
    assert operator.refused(thief.name, "fact.not_yours").text == "only the hub may write StickerIssued"
    assert site.count("SELECT count(*) FROM stickers WHERE case_id = ?", case) == 0
    assert site.value("SELECT stage FROM cases WHERE case_id = ?", case) == "in_progress"
    assert case in operator.page(f"/cases/{case}", "auditor")
    honest.gets_a_sticker()


def test_a_station_that_may_not_hand_out_stickers_gains_nothing_by_naming_one_that_may(
    site: Site, operator: Operator, honest: Honest
) -> None:
    cheat = Thief(site, "pda-cheat", station="ST66")
    cheat.station = "ST01"
    case, _ = cheat.whole_case()
    target = honest.gets_a_sticker()
    cheat.write(ItemChecked(item="18", mark="fail"), target)
    opening = CaseOpened(
        regime="jianyan", serial="S", vehicle=private_car(), station="ST01", inspector="i", inspection_kind="01"
    )
    cheat.write(opening, target)
    cheat.commits()
    assert "works at 'ST66', not where it says" in operator.refused(cheat.name, "fact.station").text
    assert f"{target} is a case of another station" in operator.refused(cheat.name, "fact.foreign_case").text
    assert site.stickers_of(case) == 0
    assert site.value("SELECT stage FROM cases WHERE case_id = ?", target) == "audit_pending"
    honest.gets_a_sticker()


def test_a_flood_of_facts_about_a_case_to_come_does_not_push_out_those_of_the_device_that_opens_it(
    site: Site, honest: Honest
) -> None:
    thief = Thief(site, "pda-crowder")
    ahead = site.facts_of(HONEST) + 1
    for _ in range(1_100):
        thief.write(ItemChecked(item="of nobody", mark="pass"), f"{HONEST}.{ahead}")
        if len(thief.records) % BATCH_FACTS_MAX == 0:
            thief.say(thief.message(len(thief.records) - BATCH_FACTS_MAX + 1))
    thief.say(thief.message(len(thief.records) // BATCH_FACTS_MAX * BATCH_FACTS_MAX + 1))
    until(lambda: site.facts_of(thief.name) == len(thief.records), seconds_max=SECONDS_MAX)
    assert honest.gets_a_sticker() == f"{HONEST}.{ahead}"


def test_a_password_cannot_be_tried_for_ever_and_its_owner_is_let_in_elsewhere(site: Site, honest: Honest) -> None:
    thief = Thief(site, "pda-guesser")
    tries = [
        thief.ask("GET", "/api/gaps", {"Authorization": "Basic bm9ib2R5Om5v"}) for _ in range(FREE_FAILURES_MAX + 3)
    ]
    assert [answer.code for answer in tries[:FREE_FAILURES_MAX]] == ["gaps.sign_in"] * FREE_FAILURES_MAX
    assert [answer[:2] for answer in tries[FREE_FAILURES_MAX:]] == [(429, "sign_in.wait")] * 3
    honest.gets_a_sticker()
    # The operator's own name was not tried, and is let in from here too.
    Thief(site, "pda-guesser-2")
