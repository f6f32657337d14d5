import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_hub.console.guarding import FORM_BYTES_MAX, FORM_FIELDS_MAX, FormError, local_path, read_form, same_origin


@pytest.mark.parametrize(
    ("headers", "believed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://hub:80"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://hub:80"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "http://hub:80"}, True),
        ({"Origin": "https://stickers.example"}, True),
        ({"Origin": "http://hub"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://hub:80.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://[broken"}, False),
        ({}, False),
    ],
)
def test_only_a_page_of_this_console_is_believed(headers: dict[str, str], believed: bool) -> None:  # noqa: FBT001
    assert same_origin(headers, host="hub:80", public_url="https://stickers.example") is believed


def test_without_a_public_address_an_empty_origin_is_not_taken_for_it() -> None:
    assert not same_origin({"Origin": ""}, host="hub:80", public_url="")
    assert not same_origin({"Origin": "http://"}, host="hub:80", public_url="")


@pytest.mark.parametrize("path", ["/", "/cases/pda-1.7", "/recent?x=1&y=/"])
def test_a_path_on_this_host_is_followed(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "cases", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/a\\b", "/\n"],
)
def test_a_way_to_another_host_leads_home_instead(path: str) -> None:
    assert local_path(path) == "/"


def test_a_form_is_read_with_its_line_ends_as_single_line_feeds() -> None:
    assert read_form(b"note=a%0D%0Ab&reason=&name=%E6%9D%8E") == {"note": "a\nb", "reason": "", "name": "李"}


def test_a_form_with_too_many_bytes_or_fields_is_refused() -> None:
    with pytest.raises(FormError):
        read_form(b"a" * (FORM_BYTES_MAX + 1))
    with pytest.raises(FormError):
        read_form(b"&".join([b"a=1"] * (FORM_FIELDS_MAX + 1)))


@given(st.binary(max_size=300))
def test_whatever_bytes_come_are_a_form_or_a_form_error(body: bytes) -> None:
    try:
        fields = read_form(body)
    except FormError:
        return
    assert all(isinstance(value, str) for value in fields.values())
