from pathlib import Path

import pytest

from benchmarks.faults import world
from benchmarks.faults.children import Child
from benchmarks.faults.disk.mounting import Disk, ForgetfulMount, PlainDisk, SmallDisk
from benchmarks.faults.faulting import Place
from benchmarks.faults.plan import HUB, Kind
from benchmarks.faults.world import DEVICES, Standing, World, choose_disks


def troubled(monkeypatch: pytest.MonkeyPatch, *, forgetful: str = "", small: str = "") -> None:
    monkeypatch.setattr(world, "forgetful_trouble", lambda: forgetful)
    monkeypatch.setattr(world, "small_trouble", lambda: small)


def placed(folder: Path, disks: dict[str, Disk]) -> World:
    made = World(folder=folder, pause_seconds=0.1, disks=disks)
    for name, disk in disks.items():
        child = Child(name, ["true"], log=folder / "log", heard=lambda _said: None)
        made.places[name] = Place(name=name, child=child, disk=disk, folder=folder)
    return made


def test_where_all_is_allowed_every_kind_of_fault_can_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    troubled(monkeypatch)
    disks, skipped = choose_disks(tmp_path)
    assert not skipped
    assert isinstance(disks[HUB], ForgetfulMount)
    assert {type(disks[name]) for name in DEVICES} == {ForgetfulMount, SmallDisk}
    possible = placed(tmp_path, disks).possible()
    assert set(possible) == set(Kind)
    assert possible[Kind.DEVICE_POWER_CUT] == [DEVICES[0]]
    assert possible[Kind.DEVICE_DISK_FULL] == list(DEVICES)
    assert possible[Kind.HUB_KILLED] == [HUB]


def test_without_root_all_disks_are_forgetful_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    troubled(monkeypatch, small="only root may mount")
    disks, skipped = choose_disks(tmp_path)
    assert {type(disk) for disk in disks.values()} == {ForgetfulMount}
    assert list(skipped.values()) == ["only root may mount"]
    assert set(placed(tmp_path, disks).possible()) == set(Kind)


def test_without_fuse_no_power_is_cut_and_disks_are_still_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubled(monkeypatch, forgetful="no /dev/fuse")
    disks, skipped = choose_disks(tmp_path)
    possible = placed(tmp_path, disks).possible()
    assert list(skipped) == ["power cuts"]
    assert set(Kind) - set(possible) == {Kind.DEVICE_POWER_CUT, Kind.HUB_POWER_CUT}


def test_with_neither_the_disks_are_left_alone_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubled(monkeypatch, forgetful="no /dev/fuse", small="only root may mount")
    disks, skipped = choose_disks(tmp_path)
    assert {type(disk) for disk in disks.values()} == {PlainDisk}
    assert "full disks" in skipped
    assert not {kind for kind in placed(tmp_path, disks).possible() if "disk" in kind or "power" in kind}


def test_a_device_is_drained_when_nothing_waits_there() -> None:
    assert Standing(newest=3, receipted=3, resting=True).drained
    assert not Standing(newest=3, receipted=3).drained
    assert not Standing(newest=3, receipted=2, resting=True).drained
    assert not Standing(newest=3, receipted=3, photos=1, resting=True).drained
    assert not Standing().drained
