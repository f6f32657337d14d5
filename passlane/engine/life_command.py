"""`passlane life`: print which step may follow on which stage of a case."""

import argparse

from inspection.case.drawing import diagram, page
from inspection.case.life import life, transitions


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand to the parser."""
    command = subcommands.add_parser(
        "life",
        help="print the life of a case: which step may follow on which stage",
        description="Without an option: each step in a line, with its stages. The table is inspection/case/life.toml.",
        epilog="example: passlane life --page",
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--mermaid", action="store_true", help="print the state diagram in Mermaid's language")
    form.add_argument("--page", action="store_true", help="print the handbook's page, diagrams and tables")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the life of a case."""
    if options.page:
        print(page(), end="")
    elif options.mermaid:
        print(diagram() + diagram(back=True), end="")
    else:
        print("\n".join(_lines()))
    return 0


def _lines() -> list[str]:
    stages = [f"{stage}: {zh} ({en})" for stage, (zh, en) in life().stages.items()]
    steps = [
        f"{row.step}: {', '.join(row.sources)} -> {', '.join(row.targets) or 'the same'}  [{row.who}] {row.zh}"
        for row in transitions()
    ]
    return [*stages, "", *steps]
