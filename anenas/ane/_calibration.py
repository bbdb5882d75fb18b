"""The constants of the cost model that are fitted to published latencies, read from `calibration.json`."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass
from importlib import resources

from anenas.ane._chips import Chip

# Chips without published networks, and the measured one whose engine is of the same generation or the nearest
# (A14 and M1, A15 and M2, A16 and M3, A17 Pro and M4 share a compiler family; ANE facts by 751K and hollance).
_NEAREST = {
    "A12": "A14", "A13": "A14", "M1": "A14", "M2": "A15", "M3": "A16",
    "M4": "A17 Pro", "M5": "A17 Pro", "A18": "A17 Pro", "A19": "A17 Pro",
}  # fmt: skip


def nearest_measured(chip: Chip) -> str:
    """The chip whose rows tell of this one: its own name, or the nearest that was measured."""
    return _NEAREST.get(chip.name, chip.name)


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
        return self.corrections[nearest_measured(chip)]

    def fixed_multiple(self, chip: Chip) -> float:
        return self.fixed[nearest_measured(chip)]

    def interval_factor(self, chip: Chip) -> float:
        return self.interval.get(chip.name, self.interval["other"])


@functools.cache
def calibration() -> Calibration:
    """The one that is shipped."""
    return Calibration(**json.loads(resources.files("anenas.ane").joinpath("calibration.json").read_text()))
