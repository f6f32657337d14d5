import pytest

from central_hub.console.life.forms import FORMS
from central_hub.console.texts import LANGUAGES, texts_in
from central_hub.console.working.doing import DOINGS, number_of


def test_each_form_has_something_that_is_done() -> None:
    assert set(DOINGS) == set(FORMS)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "٣", "9" * 13, "x"])
def test_what_is_no_number_is_one_that_no_case_has(text: str) -> None:
    assert number_of(text) == -1


def test_a_number_is_a_number() -> None:
    assert (number_of("0"), number_of("41")) == (0, 41)


def test_every_form_and_its_result_has_words() -> None:
    for language in LANGUAGES:
        for name in FORMS:
            assert texts_in(language)(f"step.name.{name}")
            assert texts_in(language)(f"step.done.{name}")
