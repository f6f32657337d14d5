"""The case's life as pictures (Mermaid state diagrams) and as the page of the handbook, from the table alone."""

from collections.abc import Callable

from inspection.case.life import Transition, life, transitions
from inspection.case.state import Stage

_TITLES = {
    "device": "设备 device",
    "hub": "中心 hub, by the rules",
    "station": "检验机构 station",
    "applicant": "申请人 applicant",
    "office": "车管所 office",
    "auditor": "审核员 auditor",
    "reviewer": "复核员 reviewer",
    "person": "中心人员 person at the centre",
    "two_people": "两人 two people",
}
_INTRODUCTION = (
    "Facts are read into a case, and its stage follows from them. This is the table of what may follow on what; the "
    "hub asks it before each step, and what is not in it is refused in words. Nothing deletes: a wrong step is "
    "undone by a later fact with a reason."
)
_RENEW = "<!-- Made from inspection/case/life.toml by `passlane life --page > docs/case-life.md`; a test compares. -->"


def diagram(*, back: bool = False) -> str:
    """Return the table as a Mermaid state diagram: the steps forward, or those that take a case back or undo a step."""
    rows = [row for row in transitions() if _goes_back(row) == back]
    drawn = {stage for row in rows if row.targets for stage in (*row.sources, *row.targets)}
    named = [f'    state "{zh}<br/>{stage}" as {stage}' for stage, (zh, _) in life().stages.items() if stage in drawn]
    start = [] if back else ["    [*] --> unopened"]
    return "\n".join(["stateDiagram-v2", *named, *start, *_edges(rows)]) + "\n"


def _goes_back(row: Transition) -> bool:
    return row.step == "withdrawal" or row.step.startswith("undo_")


def _edges(rows: list[Transition]) -> list[str]:
    said: dict[tuple[Stage, Stage], list[str]] = {}
    for row in rows:
        for source in row.sources:
            for target in (after for after in row.targets if after != source):
                said.setdefault((source, target), []).append(row.step)
    return [f"    {source} --> {target} : {', '.join(steps)}" for (source, target), steps in said.items()]


def page() -> str:
    """Return the handbook's page of the case's life (Markdown): both diagrams, each step and each stage in words."""
    parts = [
        _RENEW,
        "# A case's life (案件的一生)",
        _INTRODUCTION,
        "## Forward",
        f"```mermaid\n{diagram()}```",
        "## Taken back and undone",
        f"```mermaid\n{diagram(back=True)}```",
        "## Each step",
        _table(("step", "by", "in words", "from", "to"), transitions(), _step_cells),
        "Needs, beside the stage: " + "; ".join(f"`{need}` or: {en}" for need, (_, en) in life().needs.items()) + ".",
        "## Each stage",
        _table(("stage", "in words", "what may follow"), tuple(life().stages), _stage_cells),
    ]
    return "\n\n".join(parts) + "\n"


def _table(heads: tuple[str, ...], rows: tuple[object, ...], cells: Callable[..., tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *(cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _step_cells(row: Transition) -> tuple[str, ...]:
    needs = f" (needs `{'`, `'.join(row.needs)}`)" if row.needs else ""
    return (
        f"`{row.step}`{needs}",
        _TITLES[row.who],
        f"{row.zh}: {row.en}",
        ", ".join(row.sources),
        ", ".join(row.targets) or "stays",
    )


def _stage_cells(stage: Stage) -> tuple[str, ...]:
    zh, en = life().stages[stage]
    steps = dict.fromkeys(row.step for row in transitions() if stage in row.sources)
    return f"`{stage}`", f"{zh}: {en}", ", ".join(steps) or "nothing"
