"""Loads the networks that the manifest names, and only as they were when the manifest was written.

It knows the manifest, the SHA-256 check and ONNX Runtime. It leaves to others what goes into a network and what its
answer means, and it never downloads: a missing file is an error for the person who installs.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models import ModelError

Floats = NDArray[np.float32]

_SILENT_BELOW_ERROR = 3
_FOLDER = "networks"


class WeightsError(ModelError):
    """Weights that are not listed, not there, or not the ones that were listed."""


class Network(Protocol):
    """What the rest of the room needs of a network; tests may bring their own.

    digest: SHA-256 of the weights. metadata: texts stored inside the weights file.
    """

    @property
    def digest(self) -> str:
        """SHA-256 of the weights file, lower-case hexadecimal."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Texts that the weights file carries, by key."""

    def run(self, batch: Floats) -> Floats:
        """Return the first output for one batch, e.g. (N, 3, H, W) in, (N, T, C) out."""


@dataclass(frozen=True, kw_only=True)
class WeightsEntry:
    """One entry of the manifest: which file of `models/networks`, and what it must be."""

    name: str
    file: str
    sha256: str
    licence: str
    purpose: str


class OnnxNetwork:
    """A network run by ONNX Runtime on the CPU."""

    def __init__(self, content: bytes, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _SILENT_BELOW_ERROR
        # Photos come in many shapes, and the arena keeps the largest of everything it has ever seen.
        options.enable_cpu_mem_arena = False
        self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self.digest = hashlib.sha256(content).hexdigest()
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def run(self, batch: Floats) -> Floats:
        """Return the first output for one batch (float32, shape as the network wants it)."""
        return np.asarray(self._session.run(None, {self._input: batch})[0], dtype=np.float32)


def listed_weights() -> dict[str, WeightsEntry]:
    """Return the manifest's entries by name.

    Raises WeightsError where the manifest is not as it should be.
    """
    table = tomllib.loads((files(__package__) / "manifest.toml").read_text(encoding="utf-8"))
    try:
        return {name: WeightsEntry(name=name, **fields) for name, fields in table.items()}
    except TypeError as error:
        raise WeightsError(f"manifest.toml has an entry that is not understood: {error}") from error


def load_network(name: str, *, threads: int = 1) -> OnnxNetwork:
    """Return the network that the manifest lists as `name`, run by `threads` threads.

    Raises WeightsError when it is not listed, not installed or not the listed file.
    """
    entries = listed_weights()
    if name not in entries:
        raise WeightsError(f"no weights named {name!r}; the manifest lists {', '.join(sorted(entries))}")
    return OnnxNetwork(checked_weights(entries[name]), threads=threads)


def checked_weights(entry: WeightsEntry) -> bytes:
    """Return the content of an entry's file if its SHA-256 is the listed one.

    Raises WeightsError that names the file and, where they differ, the wanted and the found digest.
    """
    try:
        content = (files(__package__) / _FOLDER / entry.file).read_bytes()
    except OSError as error:
        raise WeightsError(f"{entry.file} is missing from {__package__}/{_FOLDER}: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise WeightsError(f"{entry.file} is not the listed file: wanted SHA-256 {entry.sha256}, found {found}")
    return content
