import pytest

from inspection import InspectionError, shipped_names, shipped_text
from inspection.checklist import ChecklistError
from inspection.codes import CodeError
from inspection.evidence import EvidenceError
from inspection.identities import IdentityError
from inspection.plate import PlateError
from inspection.rules import RulebookError
from inspection.signing import SignatureError
from inspection.sticker import StickerError
from inspection.topics import TopicError
from inspection.vin import VinError
from inspection.wire import WireError

ERRORS = (
    ChecklistError,
    CodeError,
    EvidenceError,
    IdentityError,
    PlateError,
    RulebookError,
    SignatureError,
    StickerError,
    TopicError,
    VinError,
    WireError,
)


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_of_the_room_is_an_inspection_error(error: type[Exception]) -> None:
    assert issubclass(error, InspectionError)
    assert error.__name__.endswith("Error")


@pytest.mark.parametrize("folder", ["code_tables", "checklists", "rulebooks"])
def test_the_files_of_a_folder_are_listed_in_order_and_each_can_be_read(folder: str) -> None:
    names = shipped_names(folder)
    assert names
    assert list(names) == sorted(names)
    assert all(shipped_text(folder, name).strip() for name in names)


def test_a_folder_inside_a_data_folder_is_no_data_file() -> None:
    assert "rulebooks" not in shipped_names(".")
    assert "wire.py" in shipped_names(".")


def test_a_file_is_read_as_utf_8() -> None:
    assert "非营运" in shipped_text("code_tables", "syxz.tsv")


def test_a_file_that_is_not_shipped_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        shipped_text("code_tables", "no_such_table.tsv")
