import argparse

import pytest

from inspection.case.drawing import diagram, page
from passlane.engine import life_command


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    life_command.add(made.add_subparsers())
    return made


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    options = parser().parse_args(["life", *arguments])
    assert options.run(options) == 0
    return capsys.readouterr().out


def test_each_stage_and_each_step_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys).splitlines()
    assert "archived: 已归档 (archived)" in lines
    assert "penalty: proven, sticker_withdrawn -> penalised  [person] 处罚检验机构" in lines
    assert "sticker_withdrawal: penalised -> the same  [two_people] 撤销标志" in lines


def test_the_diagrams_and_the_page_come_as_they_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--mermaid") == diagram() + diagram(back=True)
    assert said(capsys, "--page") == page()


def test_one_form_is_asked_for_at_a_time() -> None:
    made = parser()
    with pytest.raises(SystemExit):
        made.parse_args(["life", "--page", "--mermaid"])
