"""A case: what the facts about one inspection add up to (`state`, `folding`), and how its life may go on (`life`).

`contradicting` says which of its facts contradict each other; `drawing` makes pictures of the life.
"""

from inspection.case.folding import Folded, fold, fold_on, folded, in_order
from inspection.case.state import Case, Stage

__all__ = ["Case", "Folded", "Stage", "fold", "fold_on", "folded", "in_order"]
