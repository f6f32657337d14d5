"""The desk of rules (规则): rulebooks of the installation's own, proposed by one person and put in force by two.

The hub's key signs what two people agreed on. Which rules were in force when stands in the ledger, whole.
"""

from collections.abc import Sequence

from central_hub.clock import day_of
from central_hub.desks import ActError, Hand
from central_hub.people.roles import Actor
from inspection.facts import RulesInForce
from inspection.rules import (
    Rulebook,
    load_rulebooks,
    rulebook_on,
    shipped_rulebooks,
    shipped_texts,
    sign_rulebook,
)
from inspection.signing import digest

TEXT_CHARACTERS_MAX = 40_000
"""Below what one fact carries, in any script."""

_PROPOSE = (
    "INSERT INTO rulebooks (digest, name, text, person, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING"
)
_KEEP = "INSERT INTO rules_in_force VALUES ('rulebook', ?) ON CONFLICT (name) DO UPDATE SET digest = excluded.digest"

READ_AGAIN_MS = 1_000
"""So often a program looks for rulebooks that another one put in force."""

OwnText = tuple[str, str, str]
"""Name, text and signature of a rulebook."""


class RulesDesk:
    """Rulebooks. from_folder: name and text of those of the data folder, whose signatures were checked."""

    def __init__(self, hand: Hand, *, from_folder: Sequence[tuple[str, str]] = ()) -> None:
        self._hand = hand
        self._folder = from_folder
        self._own: list[OwnText] = []
        self._read_at = 0
        self._books = self._loaded(())

    @property
    def books(self) -> tuple[Rulebook, ...]:
        """The rulebooks of all dates, oldest first."""
        return self._books

    def today(self) -> Rulebook:
        """Return the rulebook of the hub's day; raises RulebookError where none is in force."""
        now = self._hand.now()
        if self._hand.db.shared and abs(now - self._read_at) >= READ_AGAIN_MS:
            # Another program over the same store may have put one in force.
            self._read_at = now
            self._read_again()
        return rulebook_on(day_of(self._hand.now()), self._books)

    def propose(self, actor: Actor, *, name: str, text: str) -> str:
        """Keep a rulebook that two people may put in force; return its digest. Raises RulebookError, ActError.

        It has to hold together with all others already now: dates that overlap are refused before anybody signs.
        """
        if len(text) > TEXT_CHARACTERS_MAX:
            raise ActError("rules.too_long", f"a rulebook has at most {TEXT_CHARACTERS_MAX} characters")
        self._loaded([*self._own, (name, text, sign_rulebook(text, self._hand.key))])
        known = digest(text.encode()).hex()
        row = (known, name, text, actor.person, self._hand.now())
        self._hand.db.execute(_PROPOSE, row)
        return known

    def adopt(self, about: str, *, by: str, confirmed_by: str, reason: str) -> None:
        """Sign a proposed rulebook with the hub's key; from the clock's next tick on it counts.

        Raises ActError, and RulebookError where another one that was put in force since does not go with it.
        """
        query = "SELECT name, text, signature FROM rulebooks WHERE digest = ?"
        row = self._hand.db.execute(query, (about,)).fetchone()
        if row is None:
            raise ActError("rules.unknown", f"no rulebook {about[:20]!r} was proposed")
        if row[2]:
            raise ActError("rules.adopted", f"rulebook {about[:20]!r} was put in force before")
        if not by or by == confirmed_by or not reason:
            raise ActError("rules.one_person", "a rulebook is put in force by two people, with a reason")
        signature = sign_rulebook(row[1], self._hand.key)
        self._loaded([*self._signed(), (row[0], row[1], signature)])
        self._hand.db.execute("UPDATE rulebooks SET signature = ? WHERE digest = ?", (signature, about))

    def proposed(self) -> list[dict[str, object]]:
        """Return the rulebooks that were proposed or put in force, newest first."""
        return self._hand.db.rows("SELECT digest, name, text, signature, person, at FROM rulebooks ORDER BY at, digest")

    def keep_up(self) -> None:
        """Follow what was committed since, and write down the rules of today: at the start, and with the clock.

        Not in the transaction that adopts: what is taken back must not be followed.
        """
        self._read_again()
        self.note_in_force()

    def _signed(self) -> list[OwnText]:
        query = "SELECT name, text, signature FROM rulebooks WHERE signature <> '' ORDER BY at, digest"
        return [(row[0], row[1], row[2]) for row in self._hand.db.execute(query)]

    def _read_again(self) -> None:
        own = self._signed()
        if own != self._own:
            self._own, self._books = own, self._loaded(own)

    def note_in_force(self) -> None:
        """Write down the rules of today where the ledger does not name them yet."""
        book = self.today()
        row = self._hand.db.execute("SELECT digest FROM rules_in_force WHERE name = 'rulebook'").fetchone()
        if row is not None and row[0] == book.digest:
            return
        self._hand.write("", RulesInForce(name="rulebook", digest=book.digest, text=book.text))
        self._hand.db.execute(_KEEP, (book.digest,))

    def _loaded(self, more: Sequence[OwnText]) -> tuple[Rulebook, ...]:
        if not self._folder and not more:
            return shipped_rulebooks()
        return load_rulebooks([*shipped_texts(), *self._folder], more, self._hand.key.public)
