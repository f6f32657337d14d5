import hashlib
import tomllib
from pathlib import Path

import pytest

from models.deciding import Calibration
from models.training import exporting
from models.training.exporting import ExportError, export, with_digest, write_calibration
from models.weights import WeightsEntry

OLD, OTHER = "a" * 64, "b" * 64
MANIFEST = f"""# The weights.

[line-finder]
file = "line-finder.onnx"
sha256 = "{OLD}"
licence = "Apache-2.0"
purpose = "marks lines"

[character-reader]
file = "character-reader.onnx"
sha256 = "{OTHER}"
licence = "Apache-2.0"
purpose = "reads"
"""
PROFILE = f"""[[models]]
name = "character-reader"
sha256 = "{OTHER}"

[[models]]
name = "line-finder"
sha256 = "{OLD}"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The rooms that exporting writes into, with the weights of yesterday."""
    (tmp_path / "models" / "networks").mkdir(parents=True)
    (tmp_path / "firmware_profiles" / "profiles").mkdir(parents=True)
    (tmp_path / "models" / "manifest.toml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "firmware_profiles" / "profiles" / "box.toml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "models" / "networks" / "character-reader.onnx").write_bytes(b"yesterday")
    return tmp_path


def test_a_network_is_written_and_its_digest_listed_wherever_it_is_named(root: Path) -> None:
    sizes = export({"line-finder": b"today"}, root=root)
    digest = hashlib.sha256(b"today").hexdigest()
    assert sizes == {"line-finder": 5, "character-reader": 9}
    assert (root / "models" / "networks" / "line-finder.onnx").read_bytes() == b"today"
    manifest = tomllib.loads((root / "models" / "manifest.toml").read_text(encoding="utf-8"))
    entries = {name: WeightsEntry(name=name, **fields) for name, fields in manifest.items()}
    assert (entries["line-finder"].sha256, entries["character-reader"].sha256) == (digest, OTHER)
    profile = tomllib.loads((root / "firmware_profiles" / "profiles" / "box.toml").read_text(encoding="utf-8"))
    assert {one["name"]: one["sha256"] for one in profile["models"]} == {
        "line-finder": digest,
        "character-reader": OTHER,
    }


def test_exporting_twice_changes_nothing_more(root: Path) -> None:
    export({"line-finder": b"today"}, root=root)
    once = (root / "models" / "manifest.toml").read_bytes()
    export({"line-finder": b"today"}, root=root)
    assert (root / "models" / "manifest.toml").read_bytes() == once


def test_networks_too_large_for_a_device_are_refused_and_nothing_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_TOGETHER_BYTES_MAX", 13)
    with pytest.raises(ExportError, match="14 bytes together"):
        export({"line-finder": b"today"}, root=root)
    assert not (root / "models" / "networks" / "line-finder.onnx").exists()
    assert (root / "models" / "manifest.toml").read_text(encoding="utf-8") == MANIFEST


def test_a_network_that_the_manifest_does_not_list_is_refused(root: Path) -> None:
    with pytest.raises(ExportError, match="line-loser"):
        export({"line-loser": b"today"}, root=root)


def test_a_digest_is_changed_in_its_own_section_only() -> None:
    changed = with_digest(MANIFEST, "character-reader", "c" * 64)
    assert tomllib.loads(changed)["character-reader"]["sha256"] == "c" * 64
    assert changed.replace("c" * 64, OTHER) == MANIFEST


def test_a_text_without_the_network_stays_as_it_is() -> None:
    assert with_digest(MANIFEST, "reader", "c" * 64) == MANIFEST
    assert with_digest(PROFILE, "reader", "c" * 64) == PROFILE


def test_a_calibration_is_written_as_the_product_reads_it(root: Path) -> None:
    calibration = Calibration(bias=-1.25, weights=(0.5, -0.125, 3.0), accepted_min=0.98)
    write_calibration(calibration, fitted_on="12 made-up votes.", root=root)
    text = (root / "models" / "calibration.toml").read_text(encoding="utf-8")
    assert text.startswith("# Fitted on 12 made-up votes.\n")
    table = tomllib.loads(text)
    assert Calibration(**table | {"weights": tuple(table["weights"])}) == calibration


def test_the_manifest_and_the_profiles_of_this_project_are_found_where_exporting_writes() -> None:
    for path in ("models/manifest.toml", "models/networks", "models/calibration.toml", "firmware_profiles/profiles"):
        assert (exporting._ROOT / path).exists()
