"""Which store a hub has: the SQLite file in its data folder, or the PostgreSQL database that its settings name."""

from pathlib import Path

from central_hub.settings import HubSettings
from central_hub.store.database import Database, open_for_reading, open_for_writing


def open_store(folder: Path, settings: HubSettings) -> Database:
    """Open the store of a data folder, made where there is none; raises StoreError when it cannot be used."""
    if not settings.store:
        return open_for_writing(folder)
    # Only where it is used: loading the client takes as long as the rest of a hub's start.
    from central_hub.store.postgresql import open_postgresql  # noqa: PLC0415

    return open_postgresql(settings.store)


def open_reader(folder: Path, settings: HubSettings) -> Database:
    """Open the store of a data folder without the right to write; raises StoreError when there is none."""
    if not settings.store:
        return open_for_reading(folder)
    from central_hub.store.postgresql import read_postgresql  # noqa: PLC0415

    return read_postgresql(settings.store)
