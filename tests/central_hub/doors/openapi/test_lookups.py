"""What the API looks up by itself."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from central_hub.doors.openapi.lookups import LIST_DATED_MS, CaseFilter, sealed_bytes
from inspection.signing import verify
from inspection.withdrawals import open_withdrawals
from tests.central_hub.doors.openapi.served_hub import ServedHub, running
from tests.central_hub.simulated_device import STATION


def test_the_list_of_withdrawn_stickers_is_dated_anew_only_when_it_is_old_or_grew(served: ServedHub) -> None:
    version, dated, sealed = served.lookups.withdrawal_list(served.key, now=served.now)
    assert (version, dated) == (0, served.now)
    assert open_withdrawals(sealed, served.key.public).numbers == frozenset()
    later = served.now + LIST_DATED_MS - 1
    assert served.lookups.withdrawal_list(served.key, now=later) == (version, dated, sealed)
    assert served.lookups.withdrawal_list(served.key, now=later + 1)[1] == later + 1
    assert served.lookups.withdrawal_list(served.key, now=served.now)[1] == served.now
    served.do(lambda: served.casework.engine.stickers.numbers.withdraw("PL00000001", at=served.now))
    version, _, sealed = served.lookups.withdrawal_list(served.key, now=served.now)
    assert version == 1
    assert open_withdrawals(sealed, served.key.public).numbers == {"PL00000001"}


def test_the_seal_of_the_ledger_holds(served: ServedHub) -> None:
    seal = served.lookups.seal()
    assert seal is not None
    verify(served.key.public, "seal", sealed_bytes(seal), bytes.fromhex(seal.signature))


def test_nothing_is_sealed_before_the_first_fact(served: ServedHub) -> None:
    served.db.execute("DELETE FROM seal")
    assert served.lookups.seal() is None
    assert served.stranger().get("/ledger").code == "ledger.empty"


def test_a_station_is_known_by_its_devices_and_by_what_was_decided(served: ServedHub) -> None:
    assert not served.lookups.knows_station("ST77")
    served.device("pda-9", station="ST77")
    assert served.lookups.knows_station("ST77")


def test_what_takes_long_has_a_thread_and_a_connection_of_its_own(served: ServedHub) -> None:
    async def count() -> int:
        return await served.lookups.slowly(lambda db: len(db.rows("SELECT device FROM devices")))

    assert asyncio.run(count()) == 1


@pytest.fixture
def over_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgresql_url: str) -> Iterator[ServedHub]:
    with running(tmp_path / "hub", monkeypatch, store=postgresql_url) as hub:
        yield hub


def test_a_hub_over_postgresql_looks_up_the_same(over_postgresql: ServedHub) -> None:
    hub = over_postgresql
    case = hub.inspected(hub.device())
    lead, city = hub.person("lead-1"), hub.person("city-1")
    page = lead.done("GET", "/cases?limit=1&stage=audit_pending&overdue=false&light=red")
    assert [line["case"] for line in page["cases"]] == [case]
    assert lead.done("GET", f"/cases?page={page['next']}")["cases"] == []
    number = lead.done("GET", f"/cases/{case}")["sticker"]["number"]
    paths = (f"/stickers/{number}", "/audits/forecast", "/audits/figures?since=0&until=1", "/audits/corrections")
    days = ("/digests/weeks/2026-05-29", "/calls?day=2026-05-29", "/audits/samples", "/tips", "/ledger", "/acts")
    for path in (*paths, *days, "/case-counts", "/audits/probes", "/audits/shifts", "/withdrawals"):
        assert lead.get(path).status == 200, path
    for path in ("/sticker-ranges", "/sticker-ranges/proof", "/filings/terminal", "/stations", "/stations/ST01"):
        assert city.get(path).status == 200, path
    assert hub.person("operator-1").done("GET", "/rules/proposals") == []
    assert hub.person("operator-1").done("GET", "/devices")[0]["device"] == "pda-7"
    assert len(hub.person("admin-1").done("GET", "/accounts")) > 5
    assert lead.done("POST", "/audits/next")["lease"]["case"] == case


def test_cases_are_looked_up_by_what_is_asked_for(served: ServedHub) -> None:
    case = served.inspected(served.device())

    def found(**wanted: Any) -> list[str]:
        return [row["shown"] for row in asyncio.run(served.lookups.cases(CaseFilter(**wanted)))]

    assert found(station=STATION, stage="audit_pending") == ["audit_pending"]
    assert found(station=STATION, after=(0, "")) == []
    assert found(held=case) == ["audit_pending"]
    assert asyncio.run(served.lookups.counts()) == {"audit_pending": 1}
    assert served.lookups.held_by("auditor-1") == ("", 0)
    assert served.lookups.case_row("pda-7.999") is None
