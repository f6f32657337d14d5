"""Devices that lie, or were led to: an older state, a copied key, a chain that forks, clocks of another century."""

import shutil
from pathlib import Path

import pytest

from central_hub import clock
from edge_agent.agent import Agent, Equipment
from edge_agent.clock import Clock
from edge_agent.home import open_home
from inspection import topics
from inspection.directives import StickerGranted
from inspection.evidence import WHOLE_MAX, VideoRef
from inspection.facts import PassageNoted, StickerIssued, VideoReferenced
from inspection.wire import decode_entry
from passlane.__main__ import main
from passlane.enrolling import release_device
from tests.bad_input.conftest import SECONDS_MAX, Honest, Operator
from tests.bad_input.thief import Thief
from tests.central_hub.conftest import until
from tests.central_hub.simulated_device import VIN
from tests.edge_agent.stand_ins.fakes import SayingReader
from tests.wires.site import PROFILE, Site, at_work, inspect, settled

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

DAY_MS = 24 * 3_600_000
YEAR_1970 = 1_000
YEAR_2099 = 4_080_000_000_000


def gaps(site: Site, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what `passlane gaps` says, which finds something."""
    capsys.readouterr()
    assert main(["gaps", "--data", str(site.folder)]) == 1
    return capsys.readouterr().out


def test_a_device_that_was_put_back_to_a_backup_is_set_apart_and_what_it_writes_since_stays_with_it(
    site: Site, operator: Operator, honest: Honest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = site.enrol("pda-restored")
    with at_work(home) as agent:
        settled(agent)
    shutil.copy(home.journal_path, tmp_path / "backup.db")
    with at_work(home) as agent:
        # With its sticker, or the device would still write that it has it.
        assert agent.wait_for_decision(inspect(agent, "1"), SECONDS_MAX) is not None
        settled(agent)
        have = agent.status().counts.newest
    shutil.copy(tmp_path / "backup.db", home.journal_path)
    with at_work(home) as agent:
        why = operator.quarantined("pda-restored")
        honest.gets_a_sticker()
        agent.note_passage("lane-1", "after the backup was put back")
        counts = agent.status().counts
        until(lambda: "which was never made here" in agent.status().forwarding.fault, seconds_max=SECONDS_MAX)
    assert "is not the one that was committed" in why
    assert main(["status", "--home", str(home.path)]) == 0
    assert "refused: 2: the hub says that it has fact" in capsys.readouterr().out
    assert f"pda-restored: quarantined, nothing of it is taken: {why}" in gaps(site, capsys)
    assert counts.newest - counts.receipted >= 2
    assert site.facts_of("pda-restored") == have
    honest.gets_a_sticker()


def test_two_devices_with_one_key_are_found_out_and_only_one_chain_is_taken(
    site: Site, operator: Operator, honest: Honest, tmp_path: Path
) -> None:
    home = site.enrol("pda-doubled")
    with at_work(home) as agent:
        settled(agent)
    shutil.copytree(home.path, tmp_path / "copy")
    with at_work(home) as first, at_work(open_home(tmp_path / "copy")) as second:
        for agent in (first, second):
            inspect(agent, "2")
        why = operator.quarantined("pda-doubled")
        honest.gets_a_sticker()
    assert why.startswith(("batch.fork", "batch.chain", "contact.fork"))
    numbers = "SELECT count(*) - count(DISTINCT seq) FROM entries WHERE device = 'pda-doubled'"
    assert site.count(numbers) == 0
    honest.gets_a_sticker()


def test_a_chain_that_forks_is_set_apart_and_a_release_does_not_let_it_through(
    site: Site, operator: Operator, honest: Honest, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, other = Thief(site, "pda-forked"), Thief(site, "pda-forked")
    for reason in ("one", "two", "three"):
        ours.write(PassageNoted(lane="1", reason=reason))
        other.write(PassageNoted(lane="1", reason=f"not {reason}"))
    ours.say(ours.message())
    until(lambda: site.facts_of("pda-forked") == 3, seconds_max=SECONDS_MAX)
    other.say(other.message(1, 2))
    refused = operator.refused("pda-forked", "batch.fork")
    assert refused.text == "fact 2 of pda-forked is not the one that was committed"
    assert operator.quarantined("pda-forked") == f"batch.fork: {refused.text}"
    ours.write(PassageNoted(lane="1", reason="four"))
    ours.say(ours.message(4))
    assert "waits for a person to look" in operator.refused("pda-forked", "device.quarantined").text
    honest.gets_a_sticker()

    release_device(site.url, "pda-forked", "looked at", sign_in=("operator", site.password))
    ours.say(ours.message(4))
    until(lambda: site.facts_of("pda-forked") == 4, seconds_max=SECONDS_MAX)
    other.write(PassageNoted(lane="1", reason="not four"))
    other.write(PassageNoted(lane="1", reason="not five"))
    other.say(other.message(5))
    assert operator.quarantined("pda-forked").startswith("batch.chain: fact 5 of pda-forked does not follow")
    assert "pda-forked: quarantined" in gaps(site, capsys)
    assert site.facts_of("pda-forked") == 4
    honest.gets_a_sticker()


class SetClock(Clock):
    """A clock whose battery is flat, or that somebody set."""

    def __init__(self, wall: int) -> None:
        super().__init__()
        self._wall = wall

    def wall_ms(self) -> int:
        return self._wall


@pytest.mark.parametrize(("device", "wall"), [("pda-1970", YEAR_1970), ("pda-2099", YEAR_2099)])
def test_a_device_whose_clock_shows_another_century_gets_its_sticker_and_is_marked(
    site: Site, operator: Operator, honest: Honest, device: str, wall: int
) -> None:
    home = site.enrol(device)
    equipment = Equipment(profile=PROFILE, reader=SayingReader(VIN), software="0.1.0", clock=SetClock(wall))
    began = clock.now_ms()
    with Agent(home, equipment) as agent:
        agent.start()
        case = inspect(agent, device[-4:])
        assert isinstance(agent.wait_for_decision(case, SECONDS_MAX), StickerGranted)
        settled(agent)
        assert agent.status().refusals == []
    issued = decode_entry(
        bytes(site.value("SELECT raw FROM entries WHERE kind = 'StickerIssued' AND case_id = ?", case))  # type: ignore[call-overload]
    ).entry.fact
    assert isinstance(issued, StickerIssued)
    assert began + DAY_MS <= issued.audit_due <= clock.now_ms() + DAY_MS
    assert issued.valid_until.year < 2099
    assert "clock" in operator.page(f"/cases/{case}", "auditor")
    row = operator.page("/operations").partition(f'"code">{device}<')[2].partition("</tr>")[0]
    assert "clock" in row
    honest.gets_a_sticker()


def test_times_at_the_end_of_all_numbers_are_taken_and_every_page_still_shows(
    site: Site, operator: Operator, honest: Honest
) -> None:
    device = Thief(site, "pda-endless")
    device.wall = WHOLE_MAX - 100
    case, _ = device.whole_case()
    footage = VideoRef(recorder="1", channel="1", start=0, end=WHOLE_MAX)
    device.write(VideoReferenced(video=footage), case)
    device.commits()
    told = device.contact(newest=WHOLE_MAX, receipted=WHOLE_MAX, mono=WHOLE_MAX, photos_waiting=WHOLE_MAX)
    device.say(told, topic=topics.contact(device.name))
    heard = "SELECT told FROM devices WHERE device = 'pda-endless'"
    until(lambda: site.value(heard) == WHOLE_MAX, seconds_max=SECONDS_MAX)
    assert case in operator.page(f"/cases/{case}", "auditor")
    assert case in operator.page("/recent", "auditor")
    assert "pda-endless" in operator.page("/operations")
    honest.gets_a_sticker()
