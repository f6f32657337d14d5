from pathlib import Path

import pytest

from central_hub.settings import HubSettings
from central_hub.store.database import SqliteDatabase, StoreError
from central_hub.store.opening import open_reader, open_store
from central_hub.store.postgresql import PostgresqlDatabase

ADD = "INSERT INTO numbers VALUES ('PL', 7)"
LAST = "SELECT last FROM numbers"


@pytest.mark.parametrize(
    ("store", "kind"), [("sqlite", SqliteDatabase), ("postgresql", PostgresqlDatabase)], indirect=["store"]
)
def test_the_store_is_the_one_that_the_settings_name(tmp_path: Path, store: str, kind: type[object]) -> None:
    settings = HubSettings(store=store)
    db = open_store(tmp_path, settings)
    db.execute(ADD)
    reader = open_reader(tmp_path, settings)
    assert isinstance(db, kind)
    assert isinstance(reader, kind)
    assert reader.execute(LAST).fetchone() == (7,)
    assert (tmp_path / "ledger.db").exists() is not db.shared
    reader.close()
    db.close()


def test_where_there_is_no_ledger_a_reader_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no hub's data folder"):
        open_reader(tmp_path / "none", HubSettings())
    assert list(tmp_path.iterdir()) == []
