from pathlib import Path

from edge_agent.clock import BOOT_ID_CHARACTERS, Clock


def test_a_moment_names_the_boot_by_its_first_eight_characters(tmp_path: Path) -> None:
    boot_file = tmp_path / "boot_id"
    boot_file.write_text("0a1b2c3d-1111-2222-3333-444455556666\n")
    assert Clock(boot_file).now().boot == "0a1b2c3d"


def test_where_the_system_names_no_boot_each_start_has_a_name_of_its_own(tmp_path: Path) -> None:
    first, second = Clock(tmp_path / "none"), Clock(tmp_path / "none")
    assert len(first.boot) == BOOT_ID_CHARACTERS
    assert first.boot != second.boot
    assert first.now().boot == first.boot


def test_a_boot_name_that_is_no_text_is_replaced(tmp_path: Path) -> None:
    boot_file = tmp_path / "boot_id"
    boot_file.write_bytes(b"\xff\xfe\xff")
    assert len(Clock(boot_file).boot) == BOOT_ID_CHARACTERS


def test_the_monotonic_clocks_never_go_back() -> None:
    clock = Clock()
    readings = [clock.now().mono for _ in range(50)]
    seconds = [clock.seconds() for _ in range(50)]
    assert readings == sorted(readings)
    assert seconds == sorted(seconds)


def test_the_wall_clock_counts_unix_milliseconds() -> None:
    assert Clock().wall_ms() > 1_600_000_000_000
