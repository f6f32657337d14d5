from hypothesis import given
from hypothesis import strategies as st

from edge_agent.comparing import compare
from inspection.evidence import VinFinding
from inspection.vin import VIN_ALPHABET
from tests.edge_agent.stand_ins.fakes import OTHER_VIN, VIN

vins = st.text(VIN_ALPHABET, min_size=17, max_size=17)


def finding(vin: str, *, accepted: bool = True) -> VinFinding:
    return VinFinding(vin=vin, confidence=0.5, accepted=accepted, reasons=() if accepted else ("vin.doubtful",))


def test_an_accepted_reading_of_the_registered_vin_matches_and_asks_nobody() -> None:
    comparison = compare(finding(VIN), VIN)
    assert (comparison.verdict, comparison.positions, comparison.ask_person) == ("matches", (), False)


def test_an_accepted_reading_of_another_vin_differs_and_names_the_position() -> None:
    comparison = compare(finding(OTHER_VIN), VIN)
    assert (comparison.verdict, comparison.positions) == ("differs", (17,))
    assert "17" in comparison.zh
    assert "17" in comparison.en


def test_a_reading_that_the_model_did_not_accept_is_doubtful_even_when_it_matches() -> None:
    comparison = compare(finding(VIN, accepted=False), VIN)
    assert (comparison.verdict, comparison.positions, comparison.ask_person) == ("doubtful", (), True)
    assert "vin.doubtful" in comparison.en


def test_a_doubtful_reading_says_where_it_differs() -> None:
    comparison = compare(finding(OTHER_VIN, accepted=False), VIN)
    assert (comparison.verdict, comparison.positions) == ("doubtful", (17,))
    assert "17" in comparison.zh


def test_a_photo_on_which_nothing_was_read_is_doubtful() -> None:
    assert compare(finding("", accepted=False), VIN).verdict == "doubtful"
    assert compare(None, VIN).verdict == "doubtful"


def test_a_doubt_without_a_reason_names_the_confidence() -> None:
    assert "0.50" in compare(VinFinding(vin=VIN, confidence=0.5), VIN).en


def test_a_registered_frame_number_of_another_length_differs_at_the_end() -> None:
    assert compare(finding(VIN), VIN[:10]).positions == tuple(range(11, 18))


@given(vins, vins, st.booleans())
def test_no_sentence_ever_holds_a_vin(read: str, registered: str, accepted: bool) -> None:  # noqa: FBT001
    comparison = compare(finding(read, accepted=accepted), registered)
    for vin in (read, registered):
        assert vin not in comparison.zh + comparison.en


@given(vins, vins)
def test_it_matches_exactly_when_the_accepted_reading_is_the_registered_vin(read: str, registered: str) -> None:
    assert (compare(finding(read), registered).verdict == "matches") == (read == registered)
