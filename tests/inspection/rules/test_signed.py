"""Whose rulebooks count: signed ones of an installation beside those of the program."""

import pytest

from inspection.rules import (
    RulebookError,
    load_rulebooks,
    open_rulebook,
    shipped_rulebooks,
    shipped_texts,
    sign_rulebook,
)
from inspection.signing import SigningKey

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(range(1, 33)))
CITY = """
id = "city-2027"
amends = "rules-2022-10-01"
in_force_from = 2027-01-01
source = "a city's own measure"

[audit]
hours = 12
"""


def own(text: str = CITY, name: str = "city.toml", key: SigningKey = KEY) -> list[tuple[str, str, str]]:
    return [(name, text, sign_rulebook(text, key))]


def refused(text: str, signature: str, public: bytes = KEY.public) -> str:
    with pytest.raises(RulebookError) as error:
        open_rulebook(text, signature, public, name="city.toml")
    assert error.value.code == "rulebook.signature"
    return str(error.value)


def test_a_signed_rulebook_opens_with_the_key_that_signed_it() -> None:
    assert open_rulebook(CITY, sign_rulebook(CITY, KEY), KEY.public) == CITY


def test_an_altered_text_or_signature_is_refused() -> None:
    signature = sign_rulebook(CITY, KEY)
    assert "altered after signing" in refused(CITY.replace("12", "72"), signature)
    assert "altered after signing" in refused(CITY + "\n", signature)
    flipped = signature[:-3] + ("0" if signature[-3] != "0" else "1") + signature[-2:]
    assert "altered after signing" in refused(CITY, flipped)


def test_another_key_is_named() -> None:
    said = refused(CITY, sign_rulebook(CITY, OTHER))
    assert "signed by key" in said
    assert "not by the expected" in said


@pytest.mark.parametrize("signature", ["", "x", "passlane-rulebook ed25519 00 00", "passlane-profile ed25519 \n"])
def test_what_is_no_signature_file_is_refused(signature: str) -> None:
    assert "city.toml.sig: not a whole signature file" in refused(CITY, signature)


def test_a_key_that_is_none_opens_nothing() -> None:
    assert "not by the expected" in refused(CITY, sign_rulebook(CITY, KEY), b"short")


def test_an_installation_s_own_rulebook_amends_a_shipped_one() -> None:
    books = load_rulebooks(shipped_texts(), own(), KEY.public)
    assert books[:-1] == shipped_rulebooks()
    assert (books[-1].id, books[-1].audit.hours) == ("city-2027", 12)


@pytest.mark.parametrize(
    ("given", "public", "code"),
    [
        (own(), None, "rulebook.key"),
        (own(key=OTHER), KEY.public, "rulebook.signature"),
        (own(name="2022-10-01.toml"), KEY.public, "rulebook.doubled"),
        (
            own(CITY.replace("2027-01-01", "2022-10-02").replace("hours = 12", "hour = 12")),
            KEY.public,
            "rulebook.shape",
        ),
        (own() + own(CITY.replace("city-2027", "town"), name="town.toml"), KEY.public, "rulebook.overlap"),
    ],
)
def test_what_does_not_hold_is_refused_whole(
    given: list[tuple[str, str, str]], public: bytes | None, code: str
) -> None:
    with pytest.raises(RulebookError) as error:
        load_rulebooks(shipped_texts(), given, public)
    assert error.value.code == code


def test_no_file_takes_the_place_of_another_of_its_name() -> None:
    with pytest.raises(RulebookError, match="two files of this name"):
        load_rulebooks([*shipped_texts(), ("2022-10-01.toml", CITY)], (), None)


def test_the_shipped_rulebooks_are_read_once() -> None:
    assert shipped_rulebooks() is shipped_rulebooks()
