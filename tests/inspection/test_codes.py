from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspection import shipped_text
from inspection.codes import (
    COLUMNS,
    NEAREST_CODES_MAX,
    CodeError,
    Sure,
    parse_table,
    table,
    table_names,
)

HEADER = "\t".join(COLUMNS)


def test_every_shipped_table_parses_with_a_mark_on_every_row() -> None:
    for name in table_names():
        shipped = table(name)
        assert len(shipped) == len(shipped_text("code_tables", f"{name}.tsv").splitlines()) - 1 > 0, name
        assert all(row.sure in get_args(Sure) and row.note.startswith(row.sure) for row in shipped), name
        assert all(row.code == row.code.strip() for row in shipped), name


def test_codes_are_unique_save_for_the_placeholder_of_the_provinces() -> None:
    assert {name: table(name).repeated for name in table_names() if table(name).repeated} == {"province": ("-",)}


@pytest.mark.parametrize(
    ("name", "rows"),
    [("cllx", 242), ("hpzl", 35), ("syxz", 22), ("zt", 16), ("zpzl_jianyan_photo", 120), ("chayan_items_20", 20)],
)
def test_the_tables_are_carried_over_whole(name: str, rows: int) -> None:
    assert len(table(name)) == rows


def test_a_code_is_looked_up_with_its_names_and_its_provenance() -> None:
    row = table("hpzl")["02"]
    assert (row.code, row.name_zh, row.sure, row.provisional) == ("02", "小型汽车", "T", False)
    assert "small" in row.name_en
    assert "02" in table("hpzl")
    assert 2 not in table("hpzl")


def test_a_row_is_provisional_when_unconfirmed_or_when_its_sources_conflict() -> None:
    assert table("vin_year")["A"].provisional
    assert table("ywlx")["G"].provisional
    assert table("zpzl_jianyan_photo")["0114"].provisional
    assert not table("zpzl_jianyan_photo")["0113"].provisional


@pytest.mark.parametrize(
    ("name", "asked", "first"),
    [("hpzl", "2", "02"), ("cllx", "k33", "K33"), ("cllx", "K35", "K3"), ("csys", "Ａ", "A")],
)
def test_an_unknown_code_is_refused_with_the_nearest_right_ones(name: str, asked: str, first: str) -> None:
    with pytest.raises(CodeError, match="nearest: ") as caught:
        table(name)[asked]
    assert caught.value.nearest[0].startswith(first)
    assert (caught.value.table, caught.value.value) == (name, asked)


def test_a_code_that_looks_like_none_is_refused_without_a_guess() -> None:
    with pytest.raises(CodeError, match="no code of the 35 looks like it") as caught:
        table("hpzl")["牌"]
    assert caught.value.nearest == ()


def test_a_code_of_several_rows_names_none_of_them() -> None:
    with pytest.raises(CodeError, match="several rows"):
        table("province")["-"]
    assert "-" not in table("province")


@given(st.text(max_size=60))
def test_any_text_is_either_a_code_or_refused_with_a_few_known_ones(text: str) -> None:
    shipped = table("syxz")
    nearest = shipped.nearest(text)
    assert len(nearest) <= NEAREST_CODES_MAX
    assert all(code in shipped for code in nearest)


def test_an_unknown_table_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(CodeError, match="nearest: hpzl"):
        table("hpzll")
    with pytest.raises(CodeError, match="nearest: none"):
        table("号牌")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1"),
        ("code\tname\n", "line 1"),
        (f"{HEADER}\n01\ta\tb\n", "line 2: 4 columns"),
        (f"{HEADER}\n\ta\tb\tT\n", "line 2: 4 columns and a code"),
        (f"{HEADER}\n01\ta\tb\tT\n02\ta\tb\tread somewhere\n", "line 3: the note must begin"),
        (f"{HEADER}\n01\ta\tb\tTrue\n", "line 2: the note must begin"),
    ],
)
def test_a_table_that_cannot_be_read_names_its_line(text: str, said: str) -> None:
    with pytest.raises(CodeError, match=said):
        parse_table("colours", text)


def test_a_table_keeps_the_order_of_its_file() -> None:
    parsed = parse_table("colours", f"{HEADER}\nB\t灰\tgrey\tT*, one list\nA\t白\twhite\t? unsure\n")
    assert [(row.code, row.sure) for row in parsed] == [("B", "T*"), ("A", "?")]
