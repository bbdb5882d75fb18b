"""What arrays are of a kind, how they are spread, and how long a trial trains on them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anenas.inputs import IMAGES, RECORDINGS, SERIES, TEXTS, InputKind, plain_kind
from anenas.inputs import _images as images_file
from anenas.inputs._strong import _seeded, _transforms, strengthened

SEQUENCES = (SERIES, RECORDINGS, TEXTS)


@settings(max_examples=20)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.integers(0, 99))
def test_moments_of_images_are_those_of_their_pixels(n: int, c: int, h: int, w: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    array = random.integers(0, 256, (n, c, h, w), np.uint8) // random.integers(1, 9, (1, c, 1, 1), np.uint8)
    (mean, std), pixels = IMAGES.moments(array, False), array / 255
    np.testing.assert_allclose(mean, pixels.mean((0, 2, 3)), atol=1e-9)
    np.testing.assert_allclose(std, np.maximum(pixels.std((0, 2, 3)), 1 / 255), atol=1e-7)
    assert all(type(one) is float for one in (*mean, *std))


def test_moments_of_many_images_are_summed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(0).integers(0, 256, (50, 3, 4, 4), np.uint8)
    whole = IMAGES.moments(array, False)
    for size in (7, 25, 49, 50):
        monkeypatch.setattr(images_file, "_BATCH", size)
        assert IMAGES.moments(array, False) == whole
    white = np.full((2000, 1, 8, 8), 255, np.uint8)
    assert IMAGES.moments(white, False) == ((1.0,), (1 / 255,))


@pytest.mark.parametrize("kind", SEQUENCES, ids=str)
@given(st.integers(1, 6), st.integers(2, 3), st.integers(1, 9), st.booleans(), st.integers(0, 99))
def test_moments_of_sequences_are_those_of_what_is_there(
    kind: InputKind, n: int, c: int, t: int, masked: bool, seed: int
) -> None:
    random = np.random.default_rng(seed)
    array = (random.standard_normal((n, c, 1, t)) * [[[9]]] * c + 500 * np.arange(c)[:, None, None]).astype(np.float32)
    if masked:
        array[:, -1] = random.integers(0, 2, (n, 1, t))
        array[0, -1, 0, 0] = 1
    mean, std = kind.moments(array, masked)
    there = array[:, -1, 0] > 0 if masked else np.ones((n, t), bool)
    for channel in range(c - masked):
        values = array[:, channel, 0][there].astype(float)
        assert mean[channel] == pytest.approx(values.mean() / 255, rel=1e-5, abs=1e-9)
        assert std[channel] == pytest.approx(values.std() / 255, rel=1e-5, abs=1e-9)
    assert len(mean) == len(std) == c
    if masked:  # which leave it as it is
        assert (mean[-1], std[-1]) == (0.0, 1 / 255)
    assert all(one == float(f"{one:.6g}") for one in (*mean, *std[: c - masked]))


@pytest.mark.parametrize(
    ("dtype", "shape", "of"),
    [
        (np.uint8, (2, 3, 4, 4), (IMAGES,)),
        (np.uint8, (2, 3, 4), ()),
        (np.uint8, (2, 3, 1, 4), (IMAGES,)),
        (np.float32, (2, 3, 4, 4), ()),
        (np.float32, (2, 3, 1, 4), SEQUENCES),
        (np.float32, (2, 3, 2, 4), ()),
        (np.float32, (2, 3, 1), ()),
        (np.float64, (2, 3, 1, 4), ()),
    ],
)
def test_arrays_that_are_of_a_kind(dtype: Any, shape: tuple[int, ...], of: tuple[InputKind, ...]) -> None:
    array = np.zeros(shape, dtype)
    for kind in (IMAGES, *SEQUENCES):
        told = kind.array_problem(array)
        assert (told is None) == (kind in of)
        what = "uint8 (N, C, H, W)" if kind is IMAGES else "float32 (N, C, 1, T)"
        assert told is None or told == f"{kind} must be {what}, not {array.dtype} {shape}"


@given(st.integers(1, 100_000), st.integers(1, 512))
def test_a_trial_trains_for_two_epochs_and_500_steps_at_least(count: int, batch: int) -> None:
    epochs = SERIES.brief_epochs(count, batch)
    assert epochs >= 2 and epochs * count / batch >= 500
    assert epochs == 2 or (epochs - 1) * count / batch < 500


def test_inputs_without_a_height_are_series() -> None:
    assert [plain_kind(height) for height in (1, 2, 32)] == [SERIES, IMAGES, IMAGES]


def traits(**options: Any) -> Any:
    known = {"flip": False, "augmentation": "light", "masked": False, "mean": (0.5,) * 3, "std": (0.2,) * 3}
    return SimpleNamespace(**{**known, **options})


@pytest.mark.parametrize(
    ("kind", "augmentation", "channels", "told"),
    [
        (IMAGES, "light", 1, ""),
        (IMAGES, "light", 3, "shifts images a little"),
        (IMAGES, "light", 2, "shifts images a little"),
        (IMAGES, "strong", 1, "crops, distorts"),
        (IMAGES, "strong", 3, "crops, distorts"),
        (IMAGES, "strong", 2, "shifts images a little"),
        (SERIES, "light", 1, "makes series noisier"),
        (RECORDINGS, "light", 1, "puts silent gaps into recordings"),
        (RECORDINGS, "strong", 1, "puts silent gaps into recordings, shifts them in time"),
        (TEXTS, "light", 1, ""),
    ],
)
def test_what_is_told_of_augmentation_is_what_happens(
    kind: InputKind, augmentation: str, channels: int, told: str
) -> None:
    known = kind.changes(traits(augmentation=augmentation), channels)
    assert known.startswith(told) and bool(known) == bool(told)
    shape = (16, channels, 32, 48) if kind is IMAGES else (16, channels, 1, 48)
    given_ = np.random.default_rng(0).integers(1, 256, shape).astype(np.uint8 if kind is IMAGES else np.float32)
    settled = traits(augmentation=augmentation, mean=(0.5,) * channels, std=(0.2,) * channels)
    changed = kind.augment(given_, np.random.default_rng(1), settled)
    assert (changed.shape, changed.dtype) == (given_.shape, given_.dtype)
    assert np.array_equal(changed, given_) == (not told)


def test_images_that_are_no_pictures_are_shifted_only() -> None:
    given_ = np.random.default_rng(0).integers(0, 256, (8, 2, 32, 32), np.uint8)
    light, strong = (
        IMAGES.augment(given_, np.random.default_rng(0), traits(augmentation=how)) for how in ("light", "strong")
    )
    np.testing.assert_array_equal(light, strong)


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(0, 9))
def test_a_shifted_image_is_a_window_of_itself_with_its_edges_drawn_out(
    channels: int, height: int, width: int, flip: bool, seed: int
) -> None:
    given_ = np.random.default_rng(0).integers(0, 256, (4, channels, height, width), np.uint8)
    margin = min(height, width) // 16 if channels > 1 else 0
    rows, columns = (np.arange(-margin, size + margin).clip(0, size - 1) for size in (height, width))
    for one, was in zip(images_file.shifted(given_, flip, np.random.default_rng(seed)), given_, strict=True):
        wide = was[:, rows[:, None], columns]
        windows = [
            wide[:, top : top + height, left : left + width]
            for top in range(2 * margin + 1)
            for left in range(2 * margin + 1)
        ]
        windows += [window[..., ::-1] for window in windows if flip]
        assert any(np.array_equal(one, window) for window in windows)


def test_strong_augmentation_keeps_half_of_an_image_and_erases_to_its_mean() -> None:
    """Of one colour alone, nothing but what is erased and what lies beyond the edge is another, or recoloured."""
    mean = (40 / 255, 80 / 255, 120 / 255)
    given_ = np.empty((200, 3, 16, 16), np.uint8)
    given_[:] = np.array([40, 80, 120], np.uint8)[:, None, None]
    changed = strengthened(given_, True, mean, np.random.default_rng(0))
    same = (changed == given_).all((1, 2, 3))
    assert same.mean() > 0.2  # moved, turned, cropped and erased, to the same colour
    grey = strengthened(given_[:, :1], False, mean[:1], np.random.default_rng(0))
    assert (grey == 40).all((1, 2, 3)).mean() > 0.2


def test_the_fewest_channels_with_a_mask_are_one_that_it_is_of_and_itself() -> None:
    for count in (2, 3):
        there = np.ones((1, count, 1, 4), np.float32)
        assert len(SERIES.moments(there, True)[0]) - 1 >= 1
    assert SERIES.masked_channels == 2
    assert [kind.masked_channels for kind in (IMAGES, RECORDINGS, TEXTS)] == [None, None, 1]


def test_a_quarter_of_images_is_erased_in_part_to_their_mean() -> None:
    colour = (40, 80, 120)
    crop, _, erase = _transforms(16, 16, colour)
    mean = np.array(colour, np.int16)[:, None, None]
    pixels = np.full((3, 16, 16), 200, np.uint8)
    pixels[:, ::2] = 0
    with _seeded(0):
        erased = []
        for _ in range(400):
            changed = erase(pixels, mean)
            there = (changed != pixels).any(0)
            assert (changed[:, there] == mean[:, 0]).all() and (changed[:, ~there] == pixels[:, ~there]).all()
            erased.append(there.any())
        assert 0.2 < np.mean(erased) < 0.3
    low, high = crop.scale  # type: ignore[attr-defined]
    assert 0.3 < low < high == 1  # of the area: a class must stay to be seen
