from benchmarks.vin.reading import Said
from benchmarks.vin.with_rapidocr import best_candidate, normalised

VIN = "LFVAA1A2XPM000042"
OTHER = "LSVAA1A20LA000101"


def test_a_line_is_written_as_a_vin_would_be() -> None:
    assert normalised("* lfvaa1a2xpm OOOQ42 #") == VIN
    assert normalised("iOq☆") == "100"


def test_the_best_scored_line_of_17_characters_is_the_answer() -> None:
    assert best_candidate([VIN, OTHER, "MADE IN"], [0.8, 0.9, 1.0]) == Said(vin=OTHER, confidence=0.9, accepted=True)


def test_a_whole_line_goes_before_a_part_of_one() -> None:
    assert best_candidate(["KIA" + OTHER, VIN], [0.99, 0.5]).vin == VIN


def test_in_a_longer_line_the_check_digit_and_then_the_end_decide() -> None:
    assert best_candidate(["VIN" + VIN], [0.9]).vin == VIN
    assert best_candidate([VIN + "55"], [0.9]).vin == VIN
    without = VIN[:8] + "5" + VIN[9:]
    assert best_candidate(["ABC" + without], [0.9]).vin == without


def test_nothing_of_17_characters_is_no_answer() -> None:
    assert best_candidate([], []) == Said()
    assert best_candidate(["LFVAA1A2XPM00004", "1" * 17], [0.9, 0.9]) == Said()
