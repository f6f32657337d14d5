"""Loads the figures that turn what a reading looks like into a probability; they are fitted on photos, in training."""

import tomllib
from importlib.resources import files

from models.deciding import Calibration
from models.weights import WeightsError

_FILE = "calibration.toml"


def load_calibration() -> Calibration:
    """Return the calibration that goes with the listed weights.

    Raises WeightsError where the file is not as it should be.
    """
    text = (files(__package__) / _FILE).read_text(encoding="utf-8")
    try:
        table = tomllib.loads(text)
        return Calibration(
            bias=float(table["bias"]),
            weights=tuple(float(one) for one in table["weights"]),
            accepted_min=float(table["accepted_min"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{_FILE} is not understood: {error!r}") from error
