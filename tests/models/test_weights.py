from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import weights
from models.characters import ILLEGAL, STRIP_PIXELS, SYMBOLS
from models.weights import OnnxNetwork, WeightsEntry, WeightsError, checked_weights, listed_weights, load_network

NETWORKS_BYTES_MAX = 12_000_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the installed room."""
    (tmp_path / "networks").mkdir()
    monkeypatch.setattr(weights, "files", lambda _package: tmp_path)
    return tmp_path


OWN = WeightsEntry(name="own", file="own.onnx", sha256="0" * 64, licence="none", purpose="a test")


def test_every_listed_file_is_there_and_is_the_listed_one_and_together_they_are_small() -> None:
    sizes = []
    for entry in listed_weights().values():
        sizes.append(len(checked_weights(entry)))
        assert entry.licence == "Apache-2.0"
        assert entry.purpose
    assert len(sizes) == 3
    assert sum(sizes) < NETWORKS_BYTES_MAX


def test_another_file_is_refused_with_both_digests(folder: Path) -> None:
    (folder / "networks" / "own.onnx").write_bytes(b"another")
    with pytest.raises(
        WeightsError, match=r"own\.onnx is not the listed file: wanted SHA-256 0{64}, found [0-9a-f]{64}"
    ):
        checked_weights(OWN)


def test_the_listed_file_is_taken_whole(folder: Path) -> None:
    (folder / "networks" / "own.onnx").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert checked_weights(replace(OWN, sha256=empty)) == b""


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(WeightsError, match=r"own\.onnx is missing from models/networks"):
        checked_weights(OWN)


def test_an_unlisted_name_is_answered_with_the_listed_ones() -> None:
    with pytest.raises(
        WeightsError, match="no weights named 'dreams'; the manifest lists character-reader, line-finder"
    ):
        load_network("dreams")


@pytest.mark.parametrize("text", ['[own]\nfile = "x"\ncolour = "red"\n', '[own]\nfile = "x"\n'])
def test_an_entry_with_other_fields_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.toml").write_text(text, encoding="utf-8")
    with pytest.raises(WeightsError, match="not understood"):
        listed_weights()


def test_a_network_says_which_file_it_is(finder_network: OnnxNetwork) -> None:
    assert finder_network.digest == listed_weights()["line-finder"].sha256


def test_a_network_answers_a_batch(character_network: OnnxNetwork) -> None:
    answer = character_network.run(np.zeros((1, 3, STRIP_PIXELS[1], STRIP_PIXELS[0]), dtype=np.float32))
    listed = character_network.metadata["character"].split("\n")
    # The blank stands before the list, the space after it.
    assert (answer.shape[0], answer.shape[2]) == (1, len(listed) + 2)
    assert answer.dtype == np.float32
    assert answer.sum(axis=2) == pytest.approx(1.0, abs=1e-3)
    assert {*SYMBOLS, *ILLEGAL} <= set(listed)
