from __future__ import annotations

import math

from anenas.ane import calibration, chips


def test_every_constant_is_positive() -> None:
    fitted = calibration()
    constants = [fitted.fixed, *fitted.rates.values(), *fitted.corrections.values(), *fitted.interval.values()]
    assert all(0 < value < math.inf for value in constants)


def test_every_chip_without_rows_has_a_measured_neighbour() -> None:
    fitted = calibration()
    assert fitted.corrections["A14"] == 1
    assert {fitted.correction(chip) for chip in chips().values()} <= set(fitted.corrections.values())
