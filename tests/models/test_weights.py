import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from models import weights
from models.weights import OnnxNetwork, WeightsEntry, WeightsError, checked_weights, listed_weights, load_network


def own_entry(**changed: str) -> WeightsEntry:
    entry = WeightsEntry(
        name="own", package="models", folder="", file="manifest.toml", sha256="0" * 64, licence="none", purpose="a test"
    )
    return replace(entry, **changed)


def test_every_listed_file_is_there_and_is_the_listed_one() -> None:
    for entry in listed_weights().values():
        assert checked_weights(entry)
        assert entry.licence == "Apache-2.0"
        assert entry.purpose


def test_another_file_is_refused_with_both_digests() -> None:
    with pytest.raises(WeightsError, match=r"manifest\.toml.*wanted SHA-256 0{64}, found [0-9a-f]{64}"):
        checked_weights(own_entry())


def test_a_missing_file_is_named() -> None:
    with pytest.raises(WeightsError, match=r"absent\.onnx is missing from package models"):
        checked_weights(own_entry(file="absent.onnx"))


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(WeightsError, match="no_such_package_anywhere"):
        checked_weights(own_entry(package="no_such_package_anywhere"))


def test_an_unlisted_name_is_answered_with_the_listed_ones() -> None:
    with pytest.raises(WeightsError, match="character-reader, line-finder"):
        load_network("dreams")


def test_a_manifest_with_an_unknown_field_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manifest.toml").write_text('[own]\nfile = "x"\ncolour = "red"\n', encoding="utf-8")
    monkeypatch.setattr(weights, "files", lambda _package: tmp_path)
    with pytest.raises(WeightsError, match="not understood"):
        listed_weights()


def test_weights_are_loaded_without_importing_the_package_that_carries_them(finder_network: OnnxNetwork) -> None:
    assert find_spec("rapidocr") is not None
    assert "rapidocr" not in sys.modules
    assert finder_network.digest == listed_weights()["line-finder"].sha256


def test_a_network_answers_a_batch(character_network: OnnxNetwork) -> None:
    answer = character_network.run(np.zeros((1, 3, 48, 320), dtype=np.float32))
    assert answer.shape == (1, 40, 18710)
    assert answer.dtype == np.float32
    assert len(character_network.metadata["character"].split("\n")) == 18708
