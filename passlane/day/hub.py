"""The hub of the simulated day: the real casework, engine and store over a folder, with a clock that is told the time.

Commits pieces of work as the writer does, several at a time. Differs from a hub in one thing: the disk is not waited
for (PRAGMA synchronous = OFF), for a made-up day may be lost in a power cut.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from central_hub.casework import Casework, Supplies
from central_hub.committing import Committer, Message, Work
from central_hub.installation import SETTINGS_FILE, load_key
from central_hub.settings import HubSettings, parse_settings
from central_hub.store.opening import open_reader, open_store
from passlane.day import DayError
from passlane.day.city import City

CITY = "模拟城市 simulated city"


class Hub:
    """A hub over a folder. now: its time, Unix milliseconds, set by whoever runs the day."""

    def __init__(self, folder: Path, city: City, chance: Random) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise DayError(f"{folder} is not empty: a simulated day begins with a new folder")
        self.folder = folder
        self.now = city.midnight
        self.settings = _settings(folder, city)
        self.key = load_key(folder)
        self.db = open_store(folder, self.settings)
        self.db.execute("PRAGMA synchronous = OFF")
        self.reader = open_reader(folder, self.settings)
        supplies = Supplies(entropy=chance.randbytes)
        self.casework = Casework(self.db, key=self.key, settings=self.settings, now=lambda: self.now, supplies=supplies)
        self.engine = self.casework.engine
        self._committer = Committer(self.db, self.casework)
        self._failure: BaseException | None = None

    def tick(self, at: int) -> None:
        """Let the hub's time be `at`, unless it is later already."""
        self.now = max(self.now, at)

    def commit(self, pieces: Sequence[Work]) -> list[Message]:
        """Run pieces of work and commit them together; return what is to be sent. Raises DayError where one failed.

        Each is run once: what it has thought of meanwhile cannot be taken back as the store can.
        """
        self._failure = None
        outgoing, _ = self._committer.commit([self._once(piece) for piece in pieces])
        if self._failure is not None:
            raise DayError(f"a piece of the day's work failed: {self._failure}") from self._failure
        return outgoing

    def _once(self, piece: Work) -> Work:
        begun: list[bool] = []

        def run() -> None:
            if begun:
                raise DayError("a piece of the day's work is run once")
            begun.append(True)
            with _Noting(self._note):
                piece()

        return run

    def _note(self, error: BaseException) -> None:
        self._failure = self._failure or error

    def keep_photo(self, data: bytes, digest: str) -> None:
        """Put a photo's bytes where the upload door would have put them."""
        path = self.folder / "photos" / digest[:2] / digest
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def close(self) -> None:
        """Let go of the store."""
        self.reader.close()
        self.db.close()


class _Noting:
    """Tells of an error that goes through it."""

    def __init__(self, note: Callable[[BaseException], None]) -> None:
        self._tell = note

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            self._tell(error)


def _settings(folder: Path, city: City) -> HubSettings:
    rows = [
        f'[[stations]]\nid = "{station.id}"\nname = "检验站 {station.id}"\n'
        f'admitted = {str(station.admitted).lower()}\ncity = "{CITY}"\n'
        for station in city.stations
    ]
    text = "\n".join([f'title = "{CITY}"\n', *rows])
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return parse_settings(text)
