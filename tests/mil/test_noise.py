from __future__ import annotations

import pytest
import torch
from torch import Tensor

from anenas.mil import UNITS, Noise

VALUES = torch.linspace(0.5, 2, 4000)


def moved(noise: Noise, value: Tensor = VALUES) -> Tensor:
    return noise("op", "add", value, "y", ["x"], [])


@pytest.mark.parametrize("unit", [2.0**-16, 2.0**-12])
def test_results_and_weights_move_evenly_within_a_unit_of_their_own(unit: float) -> None:
    noise = Noise(unit, 4 * unit)
    for found, most in ((moved(noise), unit), (noise.weights(VALUES), 4 * unit)):
        part = (found.double() / VALUES.double() - 1) / most
        assert 0.99 < part.max() <= 1.1 and -1.1 <= part.min() < -0.99
        assert part.mean().abs() < 0.05
        assert part.abs().mean() == pytest.approx(0.5, abs=0.05)  # evenly, not just at the ends


def test_what_is_not_to_move_stays() -> None:
    assert moved(Noise(0, 1e-3)) is VALUES
    assert Noise(1e-5, 0).weights(VALUES) is VALUES


@pytest.mark.parametrize("unit", list(UNITS.values()), ids=list(UNITS))
def test_exact_results_stay_beside_those_that_were_rounded(unit: float) -> None:
    """Masks, counts, and what was chosen among numbers of float16: exact whatever operation gave them."""
    exact = torch.cat([torch.tensor([0, 1, -1, 3, 2048, -6e-8, torch.inf]).half().float(), VALUES.half().float()])
    assert torch.equal(moved(Noise(unit, 0), exact), exact)
    beside = moved(Noise(unit, 0), torch.cat([exact, VALUES]))
    assert torch.equal(beside[: len(exact)], exact)
    assert (beside[len(exact) :] != VALUES).float().mean() > 0.5


def test_numbers_of_few_digits_and_masks_stay_and_other_constants_move() -> None:
    noise = Noise(UNITS["fp16"], UNITS["fp16"])
    for exact in (torch.tensor(1.0), torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.5, 6.0, -(2.0**15), 31.0])):
        assert torch.equal(noise.weights(exact), exact)
    for weight in (torch.tensor(33.0), torch.tensor([1.0, 1.0009765625]), torch.tensor([1.0, 0.1])):
        assert not torch.equal(noise.weights(weight), weight)


def test_results_of_float16_are_values_of_float16_and_those_of_float32_are_not() -> None:
    in_half = moved(Noise(UNITS["fp16"], 0))
    assert torch.equal(in_half, in_half.half().float())
    in_single = moved(Noise(UNITS["fp32"], 0))
    assert not torch.equal(in_single, in_single.half().float())
    assert (UNITS["fp16"], UNITS["fp32"]) == (torch.finfo(torch.half).eps / 2, torch.finfo(torch.float).eps)


def test_equal_seeds_move_alike_and_others_do_not() -> None:
    one, same, other = (Noise(1e-3, 1e-3, seed) for seed in (1, 1, 2))
    first = moved(one)
    assert torch.equal(first, moved(same)) and not torch.equal(first, moved(other))
    assert not torch.equal(first, moved(one))  # nor twice alike
    assert torch.equal(moved(Noise(1e-3, 0)), moved(Noise(1e-3, 0, 0)))


def test_compressed_weights_move_by_what_they_may_be_off_each() -> None:
    most = torch.rand(4000).double()
    found = Noise(0, 0).compressed(VALUES, most)
    part = (found - VALUES) / most.float()
    assert 0.99 < part.max() <= 1.001 and -1.001 <= part.min() < -0.99
    assert part.mean().abs() < 0.05
    assert torch.equal(Noise(0, 0).compressed(VALUES, torch.zeros(4000)), VALUES)


def test_formats_are_moved_only_where_that_is_asked_for() -> None:
    assert not Noise(0, 0).formats and Noise(0, 0, formats=True).formats
