"""What people asked for that takes two of them, and what they looked at last: rows of `tables/people.sql`.

Who may ask and confirm is decided in `people.two_person`; the facts about it are the desks'.
"""

from central_hub.people.two_person import Request
from central_hub.store.database import Database, Row

VIEW_MS = 600_000
"""Who looks at the same evidence of the same case again within this time did not look anew."""

_KEEP_VIEW = (
    "INSERT INTO views VALUES (?, ?, ?, ?) ON CONFLICT (person, case_id, what) DO UPDATE SET viewed_at = "
    "excluded.viewed_at"
)


class Acts:
    """Requests for acts of two people, and views, inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def next_number(self) -> int:
        """Return the number of the next request."""
        return int(self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM acts").fetchone()[0])

    def add(self, request: Request) -> None:
        """Keep a new request."""
        row = (request.number, request.act, request.about, request.account, request.person, request.reason)
        self._db.execute("INSERT INTO acts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, request.at, int(request.settled)))

    def get(self, number: int) -> Request | None:
        """Return a request, or None."""
        return next(map(_request, self._db.rows("SELECT * FROM acts WHERE number = ?", number)), None)

    def open_ones(self) -> list[Request]:
        """Return the requests that nobody settled, the oldest first; some may have expired."""
        return [_request(row) for row in self._db.rows("SELECT * FROM acts WHERE settled = 0 ORDER BY number")]

    def open_about(self, act: str, about: str) -> list[Request]:
        """Return the requests for an act about something that nobody settled."""
        query = "SELECT * FROM acts WHERE act = ? AND about = ? AND settled = 0 ORDER BY number"
        return [_request(row) for row in self._db.rows(query, act, about)]

    def settle(self, number: int) -> None:
        """Take note that a request was confirmed or refused."""
        self._db.execute("UPDATE acts SET settled = 1 WHERE number = ?", (number,))

    def view(self, person: str, case: str, what: str, *, now: int) -> bool:
        """Take note of a view; say whether it is a new one. Views of before VIEW_MS are forgotten."""
        query = "SELECT viewed_at FROM views WHERE person = ? AND case_id = ? AND what = ?"
        row = self._db.execute(query, (person, case, what)).fetchone()
        if row and 0 <= now - row[0] < VIEW_MS:
            return False
        self._db.execute("DELETE FROM views WHERE viewed_at <= ?", (now - VIEW_MS,))
        self._db.execute(_KEEP_VIEW, (person, case, what, now))
        return True


def _request(row: Row) -> Request:
    return Request(
        number=row["number"],
        act=row["act"],
        about=row["about"],
        account=row["account"],
        person=row["person"],
        reason=row["reason"],
        at=row["asked_at"],
        settled=bool(row["settled"]),
    )
