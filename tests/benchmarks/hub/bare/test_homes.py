from pathlib import Path

import msgspec

from benchmarks.hub.bare.homes import KNOWN_FILE, make_homes
from benchmarks.hub.bare.terms import Known, TermsOfHomes
from benchmarks.hub.devices import fill_journal, loaded_profile
from benchmarks.hub.inprocess import announced_photos
from benchmarks.hub.inspections import FACTS
from edge_agent.home import open_home
from edge_agent.journal import Journal
from edge_agent.sending.link import broker_of
from inspection.wire import open_receipt


def homes(folder: Path, *names: str) -> list[Path]:
    return make_homes(folder, names, port=1883, password="secret", batch_facts=30)  # noqa: S106 - of no broker


def test_a_home_is_a_real_one_whose_keys_the_bare_hub_knows(tmp_path: Path) -> None:
    first, second = homes(tmp_path, "bare-1", "bare-2")
    terms = TermsOfHomes(msgspec.json.decode((tmp_path / KNOWN_FILE).read_bytes(), type=Known))
    home = open_home(first)
    assert terms.public("bare-1") == home.key.public != terms.public("bare-2") == open_home(second).key.public
    assert open_receipt(terms.receipt("bare-1", 1, head=bytes(32), now=5), home.hub_public).have == 1


def test_a_device_at_home_there_sends_batches_of_that_size_to_that_broker(tmp_path: Path) -> None:
    (path,) = homes(tmp_path, "bare-1")
    home = open_home(path)
    profile = loaded_profile(home).profile.with_addresses(home.addresses())
    broker = broker_of(home, profile)
    assert profile.limits.batch_facts_max == 30
    assert (broker.host, broker.port, broker.user, broker.tls) == ("127.0.0.1", 1883, "bare-1", False)


def test_its_journal_takes_inspections_with_photos_that_need_not_be_sent(tmp_path: Path) -> None:
    (path,) = homes(tmp_path, "bare-1")
    fill_journal(path, range(1, 3), announced_photos())
    with Journal(open_home(path).journal_path, "bare-1") as journal:
        counts = journal.counts()
    assert (counts.newest, counts.receipted, counts.photos_waiting) == (2 * FACTS, 0, 0)
