"""What auditors corrected goes out with its photo, and nothing else of the case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central_hub.papers.samples import COLUMNS, Exported, SamplesError, _around, corrected_samples, export_samples
from central_hub.store.photos import PhotoStore
from tests.central_hub.audit_office import DAY, NOW, Office, auditor
from tests.central_hub.simulated_device import VIN, photo_bytes

A = auditor("p-a")
CORRECTED = "LZZAA1A26RA000018"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path / "hub")
    yield made
    made.db.close()


def corrected(office: Office, vin: str = CORRECTED) -> tuple[str, str]:
    """Let an auditor correct a new case's VIN; return the case and the digest of the photo."""
    count = office.db.execute("SELECT count(*) FROM devices").fetchone()[0]
    case = office.waiting(office.device(f"lane-{count}"))
    office.decide(A, office.next(A), corrected=vin)
    photo = office.hand.case(case).vin_photo
    assert photo is not None
    return case, photo.photo.digest


def bring(folder: Path, case: str, digest: str) -> None:
    path = PhotoStore.path_in(folder, digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(photo_bytes(case, "0113"))


def test_a_correction_becomes_a_label_and_a_photo(office: Office, tmp_path: Path) -> None:
    case, digest = corrected(office)
    bring(tmp_path / "hub", case, digest)
    out = tmp_path / "samples"
    assert export_samples(office.db, tmp_path / "hub", out) == Exported(written=1, missing=())
    lines = (out / "labels.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split("\t") == list(COLUMNS)
    assert lines[1].split("\t") == [
        *(f"{digest}.jpg", CORRECTED, "unknown", "640", "480", ""),
        *(VIN, case, "p-a", str(NOW)),
    ]
    assert (out / f"{digest}.jpg").read_bytes() == photo_bytes(case, "0113")
    assert len(list(out.iterdir())) == 2


def test_a_photo_that_is_not_on_the_disk_is_named(office: Office, tmp_path: Path) -> None:
    _, digest = corrected(office)
    assert export_samples(office.db, tmp_path / "hub", tmp_path / "out") == Exported(written=0, missing=(digest,))


def test_only_what_was_corrected_since_then_goes_out(office: Office) -> None:
    corrected(office)
    office.now += DAY
    case, _ = corrected(office)
    assert [sample.case for sample in corrected_samples(office.db, since=NOW + 1)] == [case]
    assert len(list(corrected_samples(office.db))) == 2


def test_the_last_word_on_a_photo_counts_and_what_is_no_photo_of_the_case_is_left_out(office: Office) -> None:
    case, digest = corrected(office)
    again = "INSERT INTO audit_corrections (case_id, photo, read, corrected, person, at) VALUES (?, ?, ?, ?, ?, ?)"
    office.do(lambda: office.db.execute(again, (case, digest, VIN, VIN, "p-b", NOW)))
    office.do(lambda: office.db.execute(again, (case, "f" * 64, VIN, VIN, "p-b", NOW)))
    (sample,) = corrected_samples(office.db)
    assert (sample.vin, sample.by) == (VIN, "p-b")


def test_samples_never_go_into_a_folder_that_holds_something(office: Office, tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match="not empty"):
        export_samples(office.db, tmp_path / "hub", tmp_path)


def test_a_folder_that_cannot_be_made_is_said_plainly(office: Office, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(SamplesError, match="file"):
        export_samples(office.db, tmp_path / "hub", tmp_path / "file" / "out")


def test_the_box_is_the_upright_one_around_the_strip() -> None:
    assert _around(((412.5, 610.25), (1480.0, 622.5), (1478.75, 701.5), (411.0, 690.75))) == (
        *(411.0, 610.25),
        *(1480.0, 701.5),
    )
    assert _around(()) == ()
