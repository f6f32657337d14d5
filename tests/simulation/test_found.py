"""What schedules found in the product and was mended: each as a test of its own, without chance."""

from pathlib import Path
from typing import cast

import pytest

from central_hub.casework import Casework
from central_hub.committing import Committer
from central_hub.store.database import prepared
from central_hub.store.photos import PhotoStore
from edge_agent.vault import Vault
from inspection import topics
from inspection.facts import DirectiveSettled, Entry
from inspection.signing import CHAIN_START, digest
from inspection.wire import encode_entry, seal_batch
from tests.simulation.actors.device import VaultFiles
from tests.simulation.actors.vehicles import STATION, picture
from tests.simulation.actors.world import HUB_KEY, HUB_SETTINGS, key_of
from tests.simulation.machines.disk import Disk
from tests.simulation.machines.files import SimFiles
from tests.simulation.machines.power import Power, SimCrash
from tests.simulation.machines.scheduler import START_MS, Scheduler
from tests.simulation.stand_ins import simulated

DEVICE = "lane-1"
OPERATIONS_MAX = 20


def machine(seed: int) -> SimFiles:
    power = Power(DEVICE)
    power.on()
    return SimFiles(power, Scheduler(seed).dice)


def vault_on(files: SimFiles) -> Vault:
    return Vault(cast("Path", files.root() / "vault"), free_bytes_min=0, files=VaultFiles(files))


@pytest.mark.parametrize("operation", range(1, OPERATIONS_MAX))
def test_a_photo_that_is_put_again_after_its_writer_died_survives_a_power_cut(operation: int) -> None:
    data = picture(Scheduler(1).dice)
    with simulated(""):
        for seed in range(8):
            files = machine(seed)
            vault = vault_on(files)
            files.power.light(operation, "kill")
            try:
                vault.put(data)
            except SimCrash:
                files.power.on()
            files.power.spare()
            name = vault_on(files).put(data)
            files.cut_power()
            assert vault_on(files).read(name) == data


@pytest.mark.parametrize("operation", range(1, OPERATIONS_MAX))
def test_a_photo_that_the_hub_holds_survives_a_power_cut_whoever_died_before_it_was_named(operation: int) -> None:
    data = picture(Scheduler(1).dice)
    name = digest(data).hex()
    with simulated(""):
        for seed in range(8):
            files = machine(seed)
            store = PhotoStore(cast("Path", files.root()), pixels_max=10**6, free_bytes=files.free_bytes)
            store.add(name, 0, data, size=len(data))
            files.power.light(operation, "kill")
            try:
                store.finish(name, media="image/png")
            except SimCrash:
                files.power.on()
            files.power.spare()
            held = store.holds(name)
            files.cut_power()
            assert store.has(name) >= held


def test_a_restored_hub_does_not_number_a_directive_like_one_that_its_device_settled() -> None:
    power = Power("hub")
    power.on()
    db = prepared(Disk(power, Scheduler(1).dice).connect())
    casework = Casework(db, key=HUB_KEY, settings=HUB_SETTINGS, now=lambda: START_MS)
    key = key_of(DEVICE)
    records, before = [], CHAIN_START
    for seq in range(1, 4):
        fact = DirectiveSettled(number=2 if seq == 2 else 10**9)
        entry = Entry(device=DEVICE, seq=seq, before=before, wall=0, mono=0, boot="1", fact=fact)
        records.append(encode_entry(entry))
        before = records[-1].digest
    message = seal_batch(tuple(records), sent=0, key=key)
    committer = Committer(db, casework)
    committer.commit([casework.start])
    committer.commit([lambda: casework.enrolment.enrol(DEVICE, "pda", STATION, public_key=key.public)])
    committer.commit([lambda: casework.take_message(topics.facts(DEVICE), message)])
    assert db.execute("SELECT have, directives FROM devices WHERE device = ?", (DEVICE,)).fetchone() == (3, 2)
