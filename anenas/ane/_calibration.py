"""The constants of the cost model that are fitted to published latencies, read from `calibration.json`."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass
from importlib import resources

from anenas._errors import unknown
from anenas.ane._chips import Chip


@dataclass(frozen=True)
class Calibration:
    """What `experiments/fit_latency.py` writes. All of it is positive.

    Attributes:
        fixed: Multiples of the fixed cost of measured chips, which Core ML and the system that they ran add to.
        rates: Multiples of what the chip table says of each rate (see `_cost.py`), dimensionless.
        corrections: What every operation on a measured chip is multiplied by.
        interval: Factors of the 90 % interval, of chips that enough sources measured and of "other" ones.
    """

    fixed: dict[str, float]
    rates: dict[str, float]
    corrections: dict[str, float]
    interval: dict[str, float]

    @property
    def digest(self) -> str:
        """Four letters that change with any of the constants."""
        return hashlib.sha256(json.dumps(dataclasses.asdict(self), sort_keys=True).encode()).hexdigest()[:4]

    def correction(self, chip: Chip) -> float:
        return _of_chip(self.corrections, chip)

    def fixed_multiple(self, chip: Chip) -> float:
        return _of_chip(self.fixed, chip)

    def interval_factor(self, chip: Chip) -> float:
        return self.interval.get(chip.name, self.interval["other"])


def _of_chip(constants: dict[str, float], chip: Chip) -> float:
    if chip.nearest_measured not in constants:
        raise unknown(f"measured chip of {chip.name}", chip.nearest_measured, constants)
    return constants[chip.nearest_measured]


@functools.cache
def calibration() -> Calibration:
    """The one that is shipped."""
    return Calibration(**json.loads(resources.files("anenas.ane").joinpath("calibration.json").read_text()))
