from __future__ import annotations

import dataclasses
import math

import pytest

from anenas.ane import calibration, chips, get_chip


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


@pytest.mark.parametrize(("unsure", "power"), [(0.0, 1.0), (0.5, 1.75), (1.0, 2.5)])
def test_an_interval_is_as_many_times_wider_as_is_doubted(unsure: float, power: float) -> None:
    """Of the estimate's logarithm: `doubt` times where it rests on nothing that is known best."""
    fitted = dataclasses.replace(calibration(), doubt=2.5, interval={"A14": 1.2, "other": 1.4})
    for name, width in (("A14", 1.2), ("M5", 1.4)):
        assert fitted.interval_factor(get_chip(name), unsure) == pytest.approx(width**power)
