from __future__ import annotations

import math

from anenas.ane import calibration, chips


def test_every_constant_is_positive() -> None:
    fitted = calibration()
    constants = [
        *fitted.fixed.values(),
        *fitted.rates.values(),
        *fitted.corrections.values(),
        *fitted.interval.values(),
    ]
    assert all(0 < value < math.inf for value in constants)


def test_every_chip_without_rows_has_a_measured_neighbour() -> None:
    fitted = calibration()
    assert fitted.corrections["A14"] == 1
    assert fitted.corrections.keys() == fitted.fixed.keys()
    assert {chip.nearest_measured for chip in chips().values()} == fitted.corrections.keys()


def test_a_chip_of_too_few_rows_has_the_widest_interval() -> None:
    fitted = calibration()
    widths = {name: fitted.interval_factor(chip, 0.3) for name, chip in chips().items()}
    assert widths["M5"] == widths["A16"] == max(widths.values())
    assert 1 < widths["A14"] < widths["M5"]
