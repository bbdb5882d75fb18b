"""The calibrated model fitted to a device that is made up, so that what it should find is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.latency import FEWEST, Fit, Latency, fit_device
from anenas.latency._fit import _interval

FIXED_MS = 0.1


def estimate(work_ms: float) -> Latency:
    """Of the model as it is, whose published interval is by a factor of 1.5."""
    ms = FIXED_MS + work_ms
    return Latency(ms, ms / 1.5, ms * 1.5, "A15", "calibrated", "4.7e33", fixed_ms=FIXED_MS)


WORK_MS = [0.01, 0.02, 0.05, 0.2, 0.6, 1.0, 2.0, 3.0, 5.0, 9.0, 12.0, 20.0]


def fitted(fixed: float, scale: float, count: int = 12, noise: float = 0.0, spoil: int | None = None) -> Fit:
    """A device with those factors, measured with noise, and one model by three times what it takes."""
    rng, work = np.random.default_rng(0), WORK_MS[:count]
    measured = [(fixed * FIXED_MS + scale * ms) * math.exp(noise * rng.normal()) for ms in work]
    if spoil is not None:
        measured[spoil] *= 3
    return fit_device("mine", [estimate(ms) for ms in work], measured, range(count))


@pytest.mark.parametrize("fixed", [0.1, 0.5, 1.0, 3.0, 50.0])
@pytest.mark.parametrize("scale", [0.1, 0.5, 1.0, 3.0, 50.0])
def test_both_factors_are_found(fixed: float, scale: float) -> None:
    """To a few per cent: that a device is like its chip's model is believed beforehand, a little."""
    device = fitted(fixed, scale).device
    assert (device.name, device.chip, device.model) == ("mine", "A15", "calibrated-4.7e33")
    if WORK_MS[-1] * scale > fixed * FIXED_MS:  # else no measurement tells it
        assert device.scale == pytest.approx(scale, rel=0.04)
    if fixed * FIXED_MS > WORK_MS[0] * scale:
        assert device.fixed == pytest.approx(fixed, rel=0.1)


def test_a_device_hundreds_of_times_slower_is_found_and_none_a_thousand_times() -> None:
    assert fitted(1.0, 300.0).device.scale == pytest.approx(300, rel=0.1)
    assert fitted(1000.0, 1000.0).device.scale == pytest.approx(math.exp(6), rel=0.01)
    assert fitted(0.001, 0.001).device.scale == pytest.approx(math.exp(-6), rel=0.03)  # nor one a thousandth


def test_what_measurements_hardly_tell_is_drawn_to_the_chips_own_model() -> None:
    """5 ms of fixed cost beside 2 ms of work at most: the factor of 0.1 is believed to be a little nearer to 1."""
    assert fitted(50.0, 0.1).device.scale == pytest.approx(0.127, abs=0.008)


@pytest.mark.parametrize("spoil", range(8))
def test_one_outlier_moves_a_fit_little(spoil: int) -> None:
    device = fitted(2.0, 1.5, count=8, spoil=spoil).device
    assert device.scale == pytest.approx(1.5, rel=0.25) and device.fixed == pytest.approx(2.0, rel=0.35)


def test_noise_is_averaged_out() -> None:
    device = fitted(2.0, 1.5, noise=0.08).device
    assert device.scale == pytest.approx(1.5, rel=0.05) and device.fixed == pytest.approx(2.0, rel=0.1)
    assert 1.02 < device.interval < 1.3
    figures = (device.scale, device.fixed, device.interval)
    assert figures == tuple(round(figure, 4) for figure in figures)  # more digits would claim what nobody knows


def test_a_measurement_is_predicted_by_the_fit_to_the_other_models() -> None:
    """What is measured of a model changes nothing that is predicted of it, be it measured once or often."""
    work, models = [0.02, 0.05, 0.2, 0.6, 0.6, 3.0, 9.0], ["a", "b", "c", "d", "d", "e", "f"]
    measured = [2 * FIXED_MS + 1.5 * ms for ms in work]
    plain = fit_device("mine", [estimate(ms) for ms in work], measured, models)
    measured[3:5] = [5 * one for one in measured[3:5]]
    spoiled = fit_device("mine", [estimate(ms) for ms in work], measured, models)
    assert spoiled.left_out_ms[3:5] == plain.left_out_ms[3:5] == pytest.approx([1.1, 1.1], rel=0.03)
    assert spoiled.left_out_ms[0] != plain.left_out_ms[0]
    assert plain.device.models == 6


def test_of_fewer_models_than_nine_the_interval_is_at_least_the_published_one() -> None:
    assert fitted(2.0, 1.5, count=8).device.interval == 1.5
    assert fitted(2.0, 1.5, count=9).device.interval < 1.1
    assert fitted(2.0, 1.5, count=8, spoil=3).device.interval == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("count", [1, 5, 8, 9, 10, 18, 19, 20, 29, 39, 100])
def test_an_interval_covers_the_share_of_new_errors_that_it_promises(count: int) -> None:
    """The error of a new model is as likely to be of any rank among those that are known: nine in ten are covered."""
    errors = np.random.default_rng(count).permutation(np.arange(1, count + 1) / 100)
    factor = _interval(errors, published=1.001)
    covered = round(math.log(factor) * 100)  # ranks
    if count < 9:
        assert covered == count
    else:
        assert covered / (count + 1) >= 0.9 > (covered - 1) / (count + 1)
    assert _interval(errors, published=9.0) == (9.0 if count < 9 else factor)


def test_too_few_models_say_how_many_are_needed() -> None:
    work = [1.0, 2.0, 3.0, 4.0, 4.0]
    with pytest.raises(AnenasError, match=f"4 measured models on mine; at least {FEWEST} are needed"):
        fit_device("mine", [estimate(ms) for ms in work], work, ["a", "b", "c", "d", "d"])
    assert fit_device("mine", [estimate(ms) for ms in work], work, "abcde").device.models == FEWEST == 5
