"""What the codes of a case are called in the chosen language, from the national code tables (代码表).

A code that no table has is shown as it is: the console never hides what a device wrote.
"""

from central_hub.console.texts import Texts
from inspection.checklist import Requirement, required_for
from inspection.codes import table
from inspection.facts import CaseOpened
from inspection.identities import Regime

_PHOTO_TABLES: dict[Regime, str] = {"chayan": "chayan_photo_set", "jianyan": "zpzl_jianyan_photo"}


def name_of(name: str, code: str, texts: Texts) -> str:
    """Return what the table `name` calls a code, or the code itself; empty for an empty code."""
    row = table(name).by_code.get(code)
    return texts.either(row.name_zh, row.name_en) if row else code


def letters_of(name: str, codes: str, texts: Texts) -> str:
    """Return the names of a field that is a string of letters, as colours (csys) and states (zt) are."""
    return ", ".join(name_of(name, letter, texts) for letter in codes)


class CaseNames:
    """The names that depend on what was opened: photo codes go by regime, item numbers by the form in use."""

    def __init__(self, opened: CaseOpened | None, texts: Texts) -> None:
        self._texts = texts
        self.requirement: Requirement | None = required_for(opened) if opened else None
        self._photos = _PHOTO_TABLES[opened.regime] if opened else ""
        items = self.requirement.items if self.requirement else ()
        self._items = items[0].form if items else ""

    def photo(self, code: str) -> str:
        """Return the name of a photo code."""
        return name_of(self._photos, code, self._texts) if self._photos else code

    def item(self, code: str) -> str:
        """Return the name of an item's number."""
        return name_of(self._items, code, self._texts) if self._items else code

    def business(self, opened: CaseOpened) -> str:
        """Return the name of the business (ywlx) at 查验, of the kind of inspection (jylb) at 检验."""
        if opened.regime == "jianyan":
            return name_of("jylb", opened.inspection_kind, self._texts)
        return name_of("ywlx", opened.business, self._texts)
