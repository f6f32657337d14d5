from pathlib import Path

from inspection.case.drawing import diagram, page
from inspection.case.life import transitions

PAGE = Path(__file__).parents[3] / "docs" / "case-life.md"


def test_the_handbook_s_page_is_what_the_table_says() -> None:
    said = "the table has changed: renew the page with `passlane life --page > docs/case-life.md`"
    assert PAGE.read_text(encoding="utf-8") == page(), said


def test_the_diagram_draws_each_change_of_stage_and_none_that_leads_nowhere() -> None:
    forward, back = diagram(), diagram(back=True)
    assert forward.startswith("stateDiagram-v2\n")
    assert "    concluded --> audit_pending : issue\n" in forward
    assert "    withdrawn --> applied : undo_withdrawal\n" in back
    assert "undo_" not in forward
    for row in transitions():
        drawn = back if row.step == "withdrawal" or row.step.startswith("undo_") else forward
        moves = [(source, target) for source in row.sources for target in row.targets if source != target]
        assert all(f"    {source} --> {target} : " in drawn for source, target in moves)
        assert all(f"{stage} --> {stage}" not in drawn for stage in row.sources)


def test_the_page_says_of_each_step_who_takes_it_and_what_it_needs() -> None:
    assert "| `sticker_withdrawal` (needs `sticker`) | 两人 two people | 撤销标志: the sticker is withdrawn |" in page()
    assert "| `penalised` | 已处罚: station penalised | sticker_withdrawal |" in page()
    assert "| `retested` | 已复检: re-tested as another case | withholding |" in page()
