from datetime import date

import pytest

from central_hub.console.sticker_view import qr_svg, sticker_url, sticker_view
from central_hub.console.texts import texts_in
from inspection.case import Stage
from inspection.sticker import Sticker

LAST = date(2027, 5, 28)
STICKER = Sticker(
    schema=1, number="PL00000001", plate_kind="02", plate="京A12345", vin_tag=bytes(8),
    issued_on=date(2026, 5, 28), valid_until=LAST,
)  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "today", "standing"),
    [
        ("audit_pending", LAST, "valid"),
        ("archived", date(2027, 5, 29), "expired"),
        ("recall_ordered", LAST, "recalled"),
        ("recall_ordered", date(2030, 1, 1), "recalled"),
        ("not_back", LAST, "recalled"),
        ("vehicle_back", LAST, "recalled"),
        ("proven", LAST, "recalled"),
        ("penalised", LAST, "recalled"),
        ("cleared", LAST, "valid"),
    ],
)
def test_a_sticker_stands_as_its_days_and_its_case_say(stage: Stage, today: date, standing: str) -> None:
    view = sticker_view(STICKER, stage, today=today, texts=texts_in("zh"))
    assert (view.standing, view.plate_kind, view.valid_until) == (standing, "小型汽车", "2027-05-28")


def test_a_sticker_that_two_people_withdrew_is_withdrawn_whatever_else() -> None:
    for stage, today in (("penalised", LAST), ("sticker_withdrawn", date(2030, 1, 1))):
        view = sticker_view(STICKER, stage, withdrawn=True, today=today, texts=texts_in("en"))  # type: ignore[arg-type]
        assert view.standing == "withdrawn"


def test_an_address_without_path_is_written_in_capitals_for_a_smaller_code() -> None:
    assert sticker_url("https://hub.example/", "ABC") == "HTTPS://HUB.EXAMPLE/S/ABC"
    assert sticker_url("https://city.example/stickers", "ABC") == "https://city.example/stickers/s/ABC"


def test_the_code_is_one_svg_element_without_style_that_the_policy_would_block() -> None:
    svg = qr_svg("HTTPS://HUB.EXAMPLE/S/" + "A" * 200)
    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
    assert "style=" not in svg
    assert 'viewBox="' in svg
