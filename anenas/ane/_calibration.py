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
    """Fitted by `experiments/fit_latency.py`. All values are positive.

    Attributes:
        fixed: For each measured chip, a multiple of its fixed cost, which Core ML and the system add to.
        rates: For each rate (see `_cost.py`), a multiple of the chip table's value, dimensionless.
        corrections: For each measured chip, a factor on the time of every operation.
        interval: Factors of the 90 % interval of an estimate that rests on what is known best (`OpCost.is_sure`), for
            chips that enough sources measured and for "other" ones.
        doubt: How many times as wide, in logarithms, the interval of one is that rests on none of it.
        apart: The ratio of two estimates on one chip from which on their order is right nine times in ten.
    """

    fixed: dict[str, float]
    rates: dict[str, float]
    corrections: dict[str, float]
    interval: dict[str, float]
    doubt: float
    apart: float

    @property
    def digest(self) -> str:
        """Four hex digits that change with any of the constants that make an estimate."""
        constants = {name: value for name, value in dataclasses.asdict(self).items() if name != "apart"}
        return hashlib.sha256(json.dumps(constants, sort_keys=True).encode()).hexdigest()[:4]

    def correction(self, chip: Chip) -> float:
        return _of_chip(self.corrections, chip)

    def fixed_multiple(self, chip: Chip) -> float:
        return _of_chip(self.fixed, chip)

    def interval_factor(self, chip: Chip, unsure: float) -> float:
        """The factor of the 90 % interval of an estimate.

        Args:
            chip: The chip.
            unsure: The fraction of the estimate that does not rest on what is known best.
        """
        width: float = self.interval.get(chip.name, self.interval["other"])
        return width ** (1 + (self.doubt - 1) * unsure)


def _of_chip(constants: dict[str, float], chip: Chip) -> float:
    if chip.nearest_measured not in constants:
        raise unknown(f"measured chip of {chip.name}", chip.nearest_measured, constants)
    return constants[chip.nearest_measured]


@functools.cache
def calibration() -> Calibration:
    """The calibration shipped with the package."""
    return Calibration(**json.loads(resources.files("anenas.ane").joinpath("calibration.json").read_text()))
