from __future__ import annotations

import dataclasses

import pytest

from anenas._errors import AnenasError
from anenas.ane import Chip, calibration, chips, fixed_us, get_chip, op_costs, program_cost
from anenas.graph import Graph, Op, Tensor
from anenas.latency import CalibratedLatency, OwnDevice
from anenas.latency._calibrated import VERSION

x, y = (Tensor(name, (1, 64, 32, 32)) for name in "xy")
empty = Graph((x,), (), (x,))
convolution = Graph((x,), (Op("c", "conv", (x,), (y,), (Tensor("w", (64, 64, 3, 3)),), {"groups": 1}),), (y,))
source = CalibratedLatency()


def single(kind: str, filters: tuple[int, ...] | None, shape: tuple[int, ...]) -> Graph:
    """One operation."""
    x, y = (Tensor(name, shape) for name in "xy")
    op = Op("o", kind, (x,), (y,), (Tensor("w", filters),) if filters else (), {"groups": 1} if filters else {})
    return Graph((x,), (op,), (y,))


every_chip = pytest.mark.parametrize("chip", chips().values(), ids=lambda chip: chip.name)


@every_chip
def test_a_prediction_costs_the_fixed_cost_and_each_operation(chip: Chip) -> None:
    assert source.latency(empty, chip).ms == pytest.approx(fixed_us(chip) / 1000)
    (cost,) = op_costs(convolution, chip)
    assert source.latency(convolution, chip).ms == pytest.approx((fixed_us(chip) + cost.us) / 1000)


def test_leaving_the_engine_and_coming_back_costs_both_units_and_the_changes() -> None:
    chip = get_chip("A15")
    big = Tensor("big", (1, 512, 64, 64))
    heavy = Op("c", "conv", (big,), (big,), (Tensor("w", (512, 512, 3, 3)),), {"groups": 1})
    away = Op("s", "cumsum", (big,), (big,))
    graph = Graph((big,), (heavy, away, heavy), (big,))
    cost = program_cost(graph, chip)
    assert (cost.engine_segments, cost.switching_us) == (2, 375.0)
    alone = sum(one.us for one in op_costs(Graph((big,), (heavy, heavy), (big,)), chip))
    assert source.latency(graph, chip).ms * 1000 > fixed_us(chip) + alone + 375


@every_chip
def test_the_estimate_lies_in_its_interval_and_says_where_it_came_from(chip: Chip) -> None:
    latency = source.latency(convolution, chip)
    assert 0 < latency.low_ms < latency.ms < latency.high_ms
    assert (latency.source, latency.chip, latency.device) == ("calibrated", chip.name, None)
    assert latency.origin == VERSION == CalibratedLatency.model


def test_the_model_is_the_one_that_earlier_studies_were_estimated_with() -> None:
    """Their settings name it; a change of the constants or of the structure changes it, and starts them afresh."""
    assert VERSION == "calibrated-5.7e33"


@every_chip
def test_two_estimates_are_told_apart_from_a_ratio_on(chip: Chip) -> None:
    one = CalibratedLatency().latency(convolution, chip)
    assert 1.1 < one.apart < 1.3
    near, far = (dataclasses.replace(one, ms=one.ms * factor * one.apart) for factor in (0.99, 1.01))
    assert not one.told_apart(near) and not near.told_apart(one)
    assert one.told_apart(far) and far.told_apart(one)


def test_the_interval_is_wider_for_chips_without_published_networks() -> None:
    published, guessed = (source.latency(empty, get_chip(name)) for name in ("A15", "M5"))
    widths = calibration().interval
    assert published.high_ms / published.ms == pytest.approx(widths["A15"])
    assert guessed.high_ms / guessed.ms == pytest.approx(widths["other"])
    assert guessed.ms / guessed.low_ms == pytest.approx(widths["other"])
    assert 1 < widths["A15"] < widths["other"]


@pytest.mark.parametrize(
    ("graph", "unsure"),
    [
        (single("conv", (512, 512, 3, 3), (1, 512, 2, 2)), False),  # weights
        (single("conv", (16, 16, 1, 1), (1, 16, 64, 64)), False),  # activations of a convolution
        (single("conv", (64, 64, 5, 5), (1, 64, 64, 64)), True),  # multiply-accumulates
        (single("softmax", None, (1, 64, 64, 64)), True),
        (single("cumsum", None, (1, 64, 64, 64)), True),  # on the CPU
    ],
)
def test_the_interval_is_wider_the_more_the_estimate_rests_on_what_is_known_less(graph: Graph, unsure: bool) -> None:
    chip, fitted = get_chip("A15"), calibration()
    latency = source.latency(graph, chip)
    fraction = 1 - fixed_us(chip) / 1000 / latency.ms if unsure else 0.0
    width = latency.high_ms / latency.ms
    assert width == pytest.approx(fitted.interval["A15"] ** (1 + (fitted.doubt - 1) * fraction))
    assert fitted.doubt > 1


@every_chip
@pytest.mark.parametrize(("scale", "fixed"), [(1.0, 1.0), (1.5, 4.0), (0.25, 0.5)])
def test_an_own_device_takes_so_many_times_the_fixed_cost_and_so_many_times_the_rest(
    chip: Chip, scale: float, fixed: float
) -> None:
    plain = source.latency(convolution, chip)
    mine = OwnDevice("mine", chip.name, VERSION, scale, fixed, 1.25, 7)
    latency = CalibratedLatency(mine).latency(convolution, chip)
    assert latency.fixed_ms == pytest.approx(fixed * plain.fixed_ms)
    assert latency.ms - latency.fixed_ms == pytest.approx(scale * (plain.ms - plain.fixed_ms))
    assert (latency.high_ms / latency.ms, latency.ms / latency.low_ms) == pytest.approx((1.25, 1.25))
    assert (latency.device, latency.apart) == ("mine", plain.apart)


def test_a_calibration_of_another_version_of_the_model_is_refused() -> None:
    with pytest.raises(AnenasError, match=f"'mine' was calibrated for calibrated-1, but this is {VERSION}; calibrate"):
        CalibratedLatency(OwnDevice("mine", "A15", "calibrated-1", 1.0, 1.0, 1.25, 7))
