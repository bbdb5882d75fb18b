from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from anenas.data import Dataset, Split
from anenas.data.checks._features import features
from anenas.inputs import IMAGES, SERIES, TEXTS, InputKind

CELLS, DIRECTIONS = 8, 8
Of = Callable[..., np.ndarray]


@pytest.fixture
def features_of(tiny: Callable[..., Dataset]) -> Of:
    """The features of inputs (N, C, H, W) of a kind."""

    def features_of(inputs: np.ndarray, kind: InputKind, masked: bool = False) -> np.ndarray:
        split = Split(inputs, np.arange(len(inputs)) % 2)
        dataset = tiny(kind=kind, train=split, validation=split, test=split, flip=False)
        found = features(inputs, dataclasses.replace(dataset, masked=masked))
        assert found.dtype == np.float32
        return found

    return features_of


def edges_of(found: np.ndarray) -> np.ndarray:
    """(N, rows, columns, directions)."""
    return found[:, : CELLS**2 * DIRECTIONS].reshape(-1, CELLS, CELLS, DIRECTIONS)


def ramp(right: float, down: float) -> np.ndarray:
    """A grey picture that becomes brighter in one direction."""
    at = np.arange(32) - 16
    return np.rint(127 + right * at + down * at[:, None]).astype(np.uint8)[None]


@pytest.mark.parametrize(
    ("right", "down", "direction"),
    [(6, 0, 0), (-6, 0, 0), (3, 3, 2), (-3, -3, 2), (0, 6, 4), (0, -6, 4), (-3, 3, 6), (3, -3, 6)],
)
def test_edges_are_of_eight_directions_in_half_a_turn(right: int, down: int, direction: int, features_of: Of) -> None:
    edges = edges_of(features_of(ramp(right, down)[None], IMAGES))
    np.testing.assert_allclose(edges[..., direction], 1 / CELLS, rtol=1e-5)  # as much in each of the cells
    assert np.count_nonzero(edges > 1e-3) == CELLS**2


@pytest.mark.parametrize(
    ("right", "down", "lower", "higher"), [(4, 2, 1, 2), (-4, 2, 6, 7), (4, -1, 7, 0), (4, 1, 0, 1)]
)
def test_an_edge_between_two_directions_is_shared_by_them(
    right: int, down: int, lower: int, higher: int, features_of: Of
) -> None:
    squares = (edges_of(features_of(ramp(right, down)[None], IMAGES))[0] ** 2).sum((0, 1))
    share = np.arctan2(down, right) % np.pi / np.pi * DIRECTIONS - lower
    expected = np.zeros(DIRECTIONS)
    expected[[lower, higher]] = 1 - share, share
    np.testing.assert_allclose(squares, expected, atol=1e-5)


def test_edges_are_where_they_are_in_the_picture(features_of: Of) -> None:
    pictures = np.zeros((2, 1, 32, 32), np.uint8)
    pictures[0, 0, 5, 22] = pictures[1, 0, 29, 9] = 200
    edges = edges_of(features_of(pictures, IMAGES))
    for which, row, column in ((0, 1, 5), (1, 7, 2)):
        np.testing.assert_allclose(edges[which, row, column, [0, 4]], 0.5**0.5, rtol=1e-5)
        assert np.count_nonzero(edges[which]) == 2


def test_edges_are_of_the_mean_of_the_channels_and_weigh_by_their_strength(features_of: Of) -> None:
    random = np.random.default_rng(0)
    grey = random.integers(30, 200, (3, 1, 32, 32), np.uint8)
    coloured = np.concatenate([grey - 30, grey, grey + 31], 1)  # the mean is rounded
    np.testing.assert_array_equal(edges_of(features_of(coloured, IMAGES)), edges_of(features_of(grey, IMAGES)))
    two = np.zeros((1, 1, 32, 32), np.uint8)
    two[0, 0, 5, 5], two[0, 0, 21, 13] = 150, 50
    edges = edges_of(features_of(two, IMAGES))[0] ** 2
    np.testing.assert_allclose([edges[1, 1, 0], edges[5, 3, 0]], [3 / 8, 1 / 8], rtol=1e-5)


def test_a_plain_picture_has_no_edges_and_its_colours(features_of: Of) -> None:
    picture = np.empty((1, 3, 20, 30), np.uint8)
    picture[:] = np.array([255, 51, 0])[:, None, None]
    found = features_of(picture, IMAGES)
    assert not edges_of(found).any()
    np.testing.assert_allclose(found[0, CELLS**2 * DIRECTIONS :].reshape(3, 64), np.repeat([[1], [0.2], [0]], 64, 1))


def test_the_thumbnail_is_of_eight_by_eight_pixels_of_each_channel(features_of: Of) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8), np.uint8)
    found = features_of(pictures, IMAGES)
    assert found.shape == (2, 512 + 3 * 64)
    np.testing.assert_allclose(found[:, 512:], pictures.reshape(2, -1) / 255, rtol=1e-6)


@pytest.mark.parametrize(("kind", "shape"), [(IMAGES, (3, 12, 14)), (SERIES, (2, 1, 40)), (TEXTS, (1, 1, 9))])
def test_each_input_has_its_own_whatever_is_beside_it(
    kind: InputKind, shape: tuple[int, int, int], features_of: Of
) -> None:
    inputs = np.random.default_rng(0).integers(0, 200, (4, *shape)).astype(np.uint8 if kind is IMAGES else np.float32)
    found = features_of(inputs, kind)
    np.testing.assert_array_equal(found[1:3], features_of(inputs[1:3], kind))
    assert len(np.unique(found, axis=0)) == 4


def test_tokens_of_texts_are_counted_but_for_padding_and_the_rare(features_of: Of) -> None:
    ids = np.array([[0, 0, 1, 1023, 7, 7], [1024, 5000, 1024, 1023, 1023, 1023]], np.float32)[:, None, None]
    found = features_of(ids, TEXTS)
    assert found.shape == (2, 1024)
    expected = np.zeros((2, 1024))
    expected[0, [1, 7, 1023]] = np.log([2, 3, 2])
    expected[1, 1023] = np.log(4)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def in_parts(found: np.ndarray, channels: int, bands: int) -> np.ndarray:
    """(N, 8, mean and deviation and bands, C)."""
    return found.reshape(len(found), 8, 2 + bands, channels)


def test_series_are_seen_as_the_mean_the_deviation_and_the_spectrum_of_eight_stretches_of_time(
    features_of: Of,
) -> None:
    steps = np.arange(24)
    waves = [np.sin(2 * np.pi * (cycles + 1) * steps / 24) for cycles in range(8)]
    first = np.concatenate([i + (i + 1) * wave for i, wave in enumerate(waves)])
    series = np.stack([first, np.full(192, 5.0)]).astype(np.float32)[None, :, None]
    found = in_parts(features_of(series, SERIES), 2, 12)[0]
    np.testing.assert_allclose(found[:, 0, 0], range(8), atol=1e-5)
    np.testing.assert_allclose(found[:, 1, 0], np.arange(1, 9) / 2**0.5, rtol=1e-5)
    power = np.diag((12.0 * np.arange(1, 9)) ** 2)
    np.testing.assert_allclose(found[:, 2:10, 0], np.log1p(power), atol=1e-4)
    np.testing.assert_allclose(found[:, 10:, 0], 0, atol=1e-4)
    np.testing.assert_allclose(found[..., 1], [[5, *[0] * 13]] * 8)


def test_bands_of_several_frequencies_have_their_mean_power(features_of: Of) -> None:
    steps = np.arange(48)
    wave = np.sin(2 * np.pi * 3 * steps / 48) + 2 * np.sin(2 * np.pi * 4 * steps / 48)
    found = in_parts(features_of(np.tile(wave, 8).astype(np.float32)[None, None, None], SERIES), 1, 12)[0]
    np.testing.assert_allclose(found[:, 3, 0], np.log1p((24**2 + 48**2) / 2), rtol=1e-5)
    np.testing.assert_allclose(np.delete(found, 3, 1)[:, 2:], 0, atol=1e-4)


@pytest.mark.parametrize(("steps", "count"), [(16, 8 * 3), (5, 5 * 2), (9, 1 * 3 + 7 * 2), (1, 2)])
def test_short_series_have_fewer_stretches_and_bands(steps: int, count: int, features_of: Of) -> None:
    series = np.random.default_rng(0).standard_normal((3, 2, 1, steps)).astype(np.float32)
    found = features_of(series, SERIES)
    assert found.shape == (3, 2 * count)
    assert np.isfinite(found).all()
    if steps <= 8:
        np.testing.assert_allclose(found.reshape(3, steps, 2, 2)[:, :, 0], series[:, :, 0].transpose(0, 2, 1))


@pytest.mark.parametrize(("channels", "masked", "seen"), [(3, False, 3), (3, True, 2), (40, False, 32), (33, True, 32)])
def test_the_mask_and_what_is_beyond_32_channels_are_not_looked_at(
    channels: int, masked: bool, seen: int, features_of: Of
) -> None:
    series = np.random.default_rng(0).standard_normal((2, channels, 1, 16)).astype(np.float32)
    found = features_of(series, SERIES, masked)
    np.testing.assert_array_equal(found, features_of(series[:, :seen], SERIES))
    assert found.shape == (2, seen * 24)
