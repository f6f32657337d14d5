from pathlib import Path

import msgspec
import pytest

from edge_agent.home import ENROLMENT_BYTES_MAX, HomeError, create_home, open_home
from edge_agent.journal import Journal
from tests.edge_agent.stand_ins.fakes import DEVICE, DEVICE_KEY, HUB_KEY, enrolment, make_home

PRIVATE = bytes(range(32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_home(tmp_path).path


def test_a_home_reads_back_as_it_was_made(folder: Path) -> None:
    home = open_home(folder)
    assert home.enrolment == enrolment()
    assert home.device == DEVICE
    assert home.key.public == DEVICE_KEY.public
    assert home.hub_public == HUB_KEY.public
    assert home.profile_path == folder / "pda-basic.toml"
    assert home.addresses().broker_port == 9


def test_key_and_enrolment_are_for_the_device_alone(folder: Path) -> None:
    for name in ("device.key", "enrolment.toml"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_a_new_home_has_an_empty_journal_and_a_vault(folder: Path) -> None:
    with Journal(folder / "journal.db", DEVICE) as journal:
        assert journal.newest == 0
    assert (folder / "vault").is_dir()


@pytest.mark.parametrize("name", ["device.key", "enrolment.toml"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_is_refused(folder: Path, name: str, mode: int) -> None:
    (folder / name).chmod(mode)
    with pytest.raises(HomeError, match="chmod 600"):
        open_home(folder)


def test_a_home_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(HomeError, match="never overwritten"):
        create_home(folder, enrolment(), PRIVATE)


def test_a_home_whose_making_was_interrupted_is_made_again(folder: Path) -> None:
    (folder / "enrolment.toml").unlink()
    assert create_home(folder, enrolment(), PRIVATE).device == DEVICE


def test_a_missing_journal_is_not_made_anew(folder: Path) -> None:
    (folder / "journal.db").unlink()
    with pytest.raises(HomeError, match=r"journal\.db is missing"):
        open_home(folder)
    assert not (folder / "journal.db").exists()


def test_a_folder_that_is_no_home_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"enrolment.toml cannot be read"):
        open_home(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("device = ", "end of document"),
        ("devise = 'pda-7'", "devise"),
        ("device = 'pda-7'", "kind"),
        ("device = 7", "device"),
    ],
)
def test_a_wrong_enrolment_is_refused_by_its_key(folder: Path, text: str, said: str) -> None:
    (folder / "enrolment.toml").write_text(text)
    with pytest.raises(HomeError, match=said):
        open_home(folder)


def test_an_enrolment_that_is_no_text_or_too_long_is_refused(folder: Path) -> None:
    (folder / "enrolment.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(HomeError, match="UTF-8"):
        open_home(folder)
    (folder / "enrolment.toml").write_text("#" * (ENROLMENT_BYTES_MAX + 1))
    with pytest.raises(HomeError, match="more than"):
        open_home(folder)


def test_certificates_lie_in_the_home_or_anywhere_else_or_are_the_systems(tmp_path: Path) -> None:
    for name, path in (("", ""), ("hub-ca.pem", str(tmp_path / "hub-ca.pem")), ("/etc/ca.pem", "/etc/ca.pem")):
        home = create_home(tmp_path, msgspec.structs.replace(enrolment(), broker_ca_file=name), PRIVATE)
        assert home.ca_file == path
        (tmp_path / "enrolment.toml").unlink()


@pytest.mark.parametrize("text", ["00", "not hexadecimal", ""])
def test_a_key_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "device.key").write_text(text)
    with pytest.raises(HomeError, match="private key"):
        open_home(folder)


@pytest.mark.parametrize(
    "change",
    [{"device": "No Device"}, {"hub_public_key": "00"}, {"profile_public_key": "zz"}, {"station": "a\nb = 1"}],
)
def test_a_home_is_not_made_for_values_that_cannot_be(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(HomeError):
        create_home(tmp_path / "home", msgspec.structs.replace(enrolment(), **change), PRIVATE)
    assert not (tmp_path / "home").exists()


def test_a_key_of_another_length_makes_no_home(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="32 bytes"):
        create_home(tmp_path / "home", enrolment(), b"short")


def test_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="cannot be made"):
        create_home(tmp_path / "file" / "home", enrolment(), PRIVATE)
