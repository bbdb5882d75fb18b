from __future__ import annotations

import dataclasses

import pytest
import torch

from anenas.network import Normalisation


def test_normalised_pixels_have_the_stated_mean_and_deviation() -> None:
    pixels = torch.tensor([[[[0, 255]]]], dtype=torch.uint8)
    assert Normalisation((0.5,), (0.25,))(pixels).tolist() == [[[[-2.0, 2.0]]]]


def test_raw_inputs_stay_as_they_are() -> None:
    ids = torch.tensor([[[[0.0, 2.0, 300.0]]]])
    assert torch.equal(Normalisation((0.5,), (0.25,), raw=True)(ids), ids)


def test_each_channel_has_its_own() -> None:
    pixels = torch.full((2, 2, 1, 3), 51.0)
    seen = Normalisation((0.2, 0.0), (0.1, 0.1))(pixels)
    torch.testing.assert_close(seen[:, 0], torch.zeros(2, 1, 3), atol=1e-6, rtol=0)
    torch.testing.assert_close(seen[:, 1], torch.full((2, 1, 3), 2.0))


@pytest.mark.parametrize(
    ("mean", "std", "fits"),
    [
        (17.0, 1.0, True),
        (-17.0, 1.0, True),
        (18.0, 1.0, False),  # rounded by a hundredth of a deviation there
        (-18.0, 1.0, False),
        (0.0, 10_000.0, True),
        (0.0, 11_000.0, False),  # may be beyond half of the largest number
        (0.0, 3.1e-6, True),
        (0.0, 2.9e-6, False),
    ],
)
def test_what_float16_holds_of_an_input(mean: float, std: float, fits: bool) -> None:
    for others in ([], [0.0]):
        means, deviations = [mean, *others], [std, *[1.0 for _ in others]]
        normalise = Normalisation(*(tuple(one / 255 for one in moments) for moments in (means, deviations)))
        assert normalise.fits_half == fits
        assert dataclasses.replace(normalise, raw=True).fits_half
