from pathlib import Path

from benchmarks.faults.setting_up import broker_process, broker_store, kept_ports, make_hub_folder, make_profile
from central_hub.settings import parse_settings
from firmware_profiles.files import load
from inspection.signing import public_key_from_hex


def test_the_profile_is_signed_and_fits_a_small_disk(tmp_path: Path) -> None:
    path, key = make_profile(tmp_path)
    limits = load(path, public_key_from_hex(key)).profile.limits
    assert 0 < limits.journal_free_bytes_min < limits.vault_free_bytes_min < 100_000_000


def test_the_hubs_folder_has_settings_that_it_takes(tmp_path: Path) -> None:
    data = make_hub_folder(tmp_path)
    settings = parse_settings((data / "hub.toml").read_text(encoding="utf-8"))
    assert settings.stations[0].admitted
    assert broker_store(data).is_relative_to(data)


def test_where_the_hub_is_stands_in_its_folder(tmp_path: Path) -> None:
    assert kept_ports(tmp_path) == {}
    (tmp_path / "ports.json").write_text('{"http": 8080, "mqtt": 1883}', encoding="ascii")
    assert kept_ports(tmp_path) == {"http": 8080, "mqtt": 1883}
    (tmp_path / "ports.json").write_text("", encoding="ascii")
    assert kept_ports(tmp_path) == {}


def test_no_process_is_taken_for_the_broker_but_one_of_this_folder(tmp_path: Path) -> None:
    assert broker_process(tmp_path) is None
    (tmp_path / "broker.pid").write_text("1", encoding="ascii")
    assert broker_process(tmp_path) is None
