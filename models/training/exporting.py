"""Puts trained weights where the product looks for them: networks, manifest, the profiles' digests, calibration."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from models import ModelError
from models.deciding import Calibration

_ROOT = Path(__file__).parent.parent.parent
_TOGETHER_BYTES_MAX = 12_000_000


class ExportError(ModelError):
    """Weights that a device could not take: too large, or not listed."""


def export(contents: Mapping[str, bytes], *, root: Path = _ROOT) -> dict[str, int]:
    """Write networks by their manifest names, and their digests into the manifest and the profiles.

    contents: ONNX files. root: folder of the rooms. Returns the sizes of all networks in bytes. Raises ExportError, and
    writes nothing, where the manifest lacks one or all of them together are larger than a device is asked to take.
    """
    networks, manifest = root / "models" / "networks", root / "models" / "manifest.toml"
    listed = manifest.read_text(encoding="utf-8")
    unlisted = [name for name in contents if with_digest(listed, name, "") == listed]
    if unlisted:
        raise ExportError(f"the manifest lists no {', '.join(unlisted)}")
    kept = {path.stem: path.stat().st_size for path in sorted(networks.glob("*.onnx"))}
    sizes = kept | {name: len(content) for name, content in contents.items()}
    if sum(sizes.values()) > _TOGETHER_BYTES_MAX:
        raise ExportError(f"the networks have {sum(sizes.values())} bytes together; at most {_TOGETHER_BYTES_MAX}")
    for name, content in contents.items():
        (networks / f"{name}.onnx").write_bytes(content)
    for path in (manifest, *sorted((root / "firmware_profiles" / "profiles").glob("*.toml"))):
        text = path.read_text(encoding="utf-8")
        for name, content in contents.items():
            text = with_digest(text, name, hashlib.sha256(content).hexdigest())
        path.write_text(text, encoding="utf-8")
    return sizes


def with_digest(text: str, name: str, digest: str) -> str:
    """Return a manifest's or a profile's text with another digest for the network `name`."""
    header = rf'(\[{re.escape(name)}\]\n(?:[^\[]*\n)??|name = "{re.escape(name)}"\n)'
    return re.sub(rf'{header}sha256 = "[0-9a-f]{{64}}"', rf'\g<1>sha256 = "{digest}"', text)


def write_calibration(calibration: Calibration, *, fitted_on: str, root: Path = _ROOT) -> None:
    """Write the calibration beside the manifest; fitted_on: one line that says on what."""
    weights = ", ".join(f"{weight:.6f}" for weight in calibration.weights)
    text = (
        f"# Fitted on {fitted_on}\n"
        "# The features are those of `deciding.features`, in its order.\n"
        f"bias = {calibration.bias:.6f}\nweights = [{weights}]\naccepted_min = {calibration.accepted_min}\n"
    )
    (root / "models" / "calibration.toml").write_text(text, encoding="utf-8")
