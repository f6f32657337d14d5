import math

from hypothesis import given
from hypothesis import strategies as st

from central_hub.console.texts import texts_in
from central_hub.console.vin_view import CELLS_MAX, vin_view
from inspection.case import Case
from inspection.evidence import CharacterReading, PhotoRef, VinFinding
from inspection.facts import CaseOpened, PhotoTaken, ReadingCorrected
from tests.central_hub.simulated_device import VIN, private_car

EN = texts_in("en")
DIGEST = "ab" * 32


def case_with(finding: VinFinding | None, *corrections: ReadingCorrected, vin: str = VIN) -> Case:
    opened = CaseOpened(regime="jianyan", serial="S1", vehicle=private_car(vin=vin), station="ST01", inspector="i")
    ref = PhotoRef(digest=DIGEST, media="image/jpeg", size=10, width=640, height=480)
    photos = (PhotoTaken(kind="0113", photo=ref, vin=finding),) if finding else ()
    return Case(case="pda-1.1", opened=opened, all_photos=photos, corrections=corrections)


def read(text: str, *, doubt_at: int = 0, probability: float = 0.61) -> VinFinding:
    def reading(place: int, character: str) -> CharacterReading:
        if place == doubt_at:
            return CharacterReading(
                character=character, probability=probability, alternatives=(("A", 0.3), ("4", 0.001))
            )
        return CharacterReading(character=character, probability=0.99)

    characters = tuple(reading(place, character) for place, character in enumerate(text, start=1))
    return VinFinding(vin=text, confidence=0.9, characters=characters, accepted=True)


def correction(text: str, by: str, to: str, photo: str = DIGEST) -> ReadingCorrected:
    return ReadingCorrected(photo=photo, read=text, corrected=to, by=by, reason="rust")


def test_a_reading_that_is_the_registered_vin_passes() -> None:
    view = vin_view(case_with(read(VIN)), EN)
    assert (view.verdict, view.summary) == ("pass", "The reading is the registered VIN")
    assert not any(cell.read_differs or cell.doubtful for cell in view.cells)
    assert [cell.position for cell in view.cells] == list(range(1, 18))


def test_differing_positions_are_marked_and_named() -> None:
    view = vin_view(case_with(read("X" + VIN[1:16] + "9")), EN)
    assert [cell.position for cell in view.cells if cell.read_differs] == [1, 17]
    assert (view.verdict, "1, 17" in view.summary) == ("fail", True)


def test_a_doubtful_character_is_marked_and_its_alternatives_are_said() -> None:
    view = vin_view(case_with(read(VIN, doubt_at=5)), EN)
    assert [cell.position for cell in view.cells if cell.doubtful] == [5]
    assert view.doubts == ("Position 5 was read as A (61%); it may be A 30%",)


def test_a_probability_that_is_no_number_counts_as_doubtful() -> None:
    view = vin_view(case_with(read(VIN, doubt_at=3, probability=math.nan)), EN)
    assert [cell.position for cell in view.cells if cell.doubtful] == [3]


def test_a_reading_that_only_a_person_made_agree_is_a_warning() -> None:
    other = "X" + VIN[1:]
    view = vin_view(case_with(read(other), correction(other, "inspector-1", VIN)), EN)
    assert (view.verdict, view.corrected) == ("warn", True)
    assert view.cells[0].read_differs
    assert not view.cells[0].corrected_differs
    assert view.persons == (f"inspector-1 corrected {other} to {VIN}: rust",)


def test_a_confirmation_is_said_as_one_and_one_of_a_replaced_photo_is_marked() -> None:
    view = vin_view(case_with(read(VIN), correction(VIN, "li", VIN, photo="cd" * 32)), EN)
    assert view.persons == (f"li confirmed {VIN}: rust (on a photo that was replaced)",)
    assert not view.corrected


def test_without_a_reading_the_registered_vin_stands_alone() -> None:
    view = vin_view(case_with(None), EN)
    assert (view.verdict, view.read, view.notes) == ("fail", False, ())
    assert "".join(cell.registered for cell in view.cells) == VIN


def test_an_illegal_letter_that_was_replaced_is_said() -> None:
    characters = (CharacterReading(character="0", probability=0.99, corrected="O"),)
    view = vin_view(case_with(VinFinding(vin="0", confidence=0.9, characters=characters)), EN)
    assert view.doubts == ("Position 1 held the letter O, replaced by 0 as no VIN contains it",)


def test_what_is_known_about_the_reading_is_said_in_words() -> None:
    finding = VinFinding(vin=VIN, confidence=0.97, kind="stamped", reasons=("vin.doubtful", "odd.code"), barcode=VIN)
    notes = vin_view(case_with(finding), EN).notes
    assert notes[0] == "A person has to confirm it"
    assert "Surface: stamped" in notes
    assert notes[-2:] == ("the reading is doubtful", "odd.code")


@given(st.text(max_size=60), st.text(max_size=60), st.floats())
def test_whatever_a_device_wrote_is_shown_within_limits(registered: str, text: str, probability: float) -> None:
    view = vin_view(case_with(read(text, doubt_at=1, probability=probability), vin=registered), EN)
    assert len(view.cells) == min(CELLS_MAX, max(len(registered), len(text)))
