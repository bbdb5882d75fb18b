from __future__ import annotations

import torch

from anenas.network import Normalisation

HALF = {"rtol": 2**-11, "atol": 2**-11}  # what float16 rounds the factors by


def test_normalised_pixels_have_the_stated_mean_and_deviation() -> None:
    pixels = torch.tensor([[[[0, 255]]]], dtype=torch.uint8)
    torch.testing.assert_close(Normalisation((0.5,), (0.25,))(pixels), torch.tensor([[[[-2.0, 2.0]]]]), **HALF)


def test_raw_inputs_stay_as_they_are() -> None:
    ids = torch.tensor([[[[0.0, 2.0, 300.0]]]])
    assert torch.equal(Normalisation((0.5,), (0.25,), raw=True)(ids), ids)


def test_each_channel_has_its_own() -> None:
    pixels = torch.full((2, 2, 1, 3), 51.0)
    seen = Normalisation((0.2, 0.0), (0.1, 0.1))(pixels)
    torch.testing.assert_close(seen[:, 0], torch.zeros(2, 1, 3), **HALF)
    torch.testing.assert_close(seen[:, 1], torch.full((2, 1, 3), 2.0), **HALF)


def test_factors_are_those_of_float16_as_programs_have_them() -> None:
    scale, shift = Normalisation((1013 / 255, 0.1), (8.1 / 255, 0.3)).factors()
    for factor in (scale, shift):
        assert factor.shape == (1, 2, 1, 1) and torch.equal(factor, factor.half().float())
    torch.testing.assert_close(scale.flatten(), torch.tensor([1 / 8.1, 1 / 76.5]), rtol=2**-11, atol=0)
    torch.testing.assert_close(shift.flatten(), torch.tensor([-1013 / 8.1, -1 / 3]), rtol=2**-11, atol=0)
