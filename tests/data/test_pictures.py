from __future__ import annotations

import dataclasses
import logging
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas._errors import AnenasError
from anenas.data import InputFormat
from anenas.data._album import Album
from anenas.data._pictures import ArrayPictures, PhotoPictures, _checked, pixels

random = np.random.default_rng(0)


def photos(*shorter: int) -> PhotoPictures:
    """Upright and lying ones, with these shorter sides."""
    images = [Image.new("RGB", (side, 2 * side)[:: (-1) ** i]) for i, side in enumerate(shorter)]
    return PhotoPictures(Album.of(lambda index: nullcontext(images[index]), len(images)), np.arange(len(images)))


def test_an_array_at_its_own_size_and_channels_is_drawn_unchanged() -> None:
    for channels in (1, 3, 4):
        array = random.integers(0, 256, (5, 8, 6, channels), np.uint8)
        drawn = ArrayPictures(array).draw(InputFormat(size=(8, 6), channels=channels))
        np.testing.assert_array_equal(drawn, np.moveaxis(array, 3, 1))


def test_an_array_is_stretched_without_aliasing() -> None:
    stripes = np.zeros((1, 8, 64, 1), np.uint8)
    stripes[:, :, ::2] = 255
    drawn = ArrayPictures(stripes).draw(InputFormat(size=(4, 8), channels=1))
    assert drawn.shape == (1, 1, 4, 8)
    assert drawn.min() > 100 and drawn.max() < 155


def test_grey_is_repeated_in_each_channel() -> None:
    array = random.integers(0, 256, (2, 4, 4, 1), np.uint8)
    drawn = ArrayPictures(array).draw(InputFormat(size=(4, 4), channels=3))
    for channel in range(3):
        np.testing.assert_array_equal(drawn[:, channel], array[..., 0])


def test_colour_becomes_luma_of_itu_r_601() -> None:
    array = random.integers(0, 256, (2, 4, 4, 3), np.uint8)
    drawn = ArrayPictures(array).draw(InputFormat(size=(4, 4), channels=1))
    np.testing.assert_allclose(drawn[:, 0], array @ [0.299, 0.587, 0.114], atol=1)


def test_pictures_are_taken_in_the_order_asked_for() -> None:
    array = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    photos = PhotoPictures(Album.of(lambda index: nullcontext(Image.fromarray(array[index, ..., 0])), 6), np.arange(6))
    for pictures in (ArrayPictures(array), photos):
        some = pictures.take(np.array([5, 3, 4])).take(np.array([2, 0]))
        assert len(some) == 2
        assert some.draw(InputFormat(size=(1, 1), channels=1)).ravel().tolist() == [4, 5]


@pytest.mark.parametrize(
    ("pixels", "size", "left"),
    [(32, 96, "128, 224"), (100, 224, ""), (8, 64, "96, 128, 224")],
)
def test_of_several_sizes_images_take_the_largest_that_does_not_magnify_them_too_much(
    pixels: int, size: int, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    sizes = tuple((height, height) for height in (64, 96, 128, 224))
    said = f"mine: inputs of {left} pixels are left out: more than 3 times the images' shorter side of {pixels}"
    for pictures in (ArrayPictures(np.zeros((1, pixels, pixels, 3), np.uint8)), photos(pixels, pixels, 400)):
        caplog.clear()
        settled = pictures.settle(InputFormat(size=(224, 224), sizes=sizes), "mine")
        assert settled.size == (size, size)
        told = [message for message in caplog.messages if "scaled" not in message]
        assert told == ([said] if left else [])


@pytest.mark.parametrize(
    ("shape", "size", "said"),
    [
        ((36, 28), (64, 64), ["mine: images of 28×36 pixels are stretched to 64×64"]),
        ((28, 28), (64, 64), []),
        ((30, 40), (60, 80), []),
    ],
)
def test_that_arrays_are_stretched_is_said_and_goes_with_the_model(
    shape: tuple[int, int], size: tuple[int, int], said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    pictures = ArrayPictures(np.zeros((1, *shape, 3), np.uint8))
    settled = pictures.settle(InputFormat(size=size), "mine")
    assert caplog.messages == said
    assert pictures.facts(settled) == ({"resizing": "stretched"} if said else {})


@pytest.mark.parametrize(
    ("sides", "size"), [((30, 191, 500), 64), ((192, 192), 96), ((255,), 96), ((100, 256, 300), 128), ((3000,), 128)]
)
def test_an_input_that_is_not_asked_for_is_at_most_half_of_a_photo(sides: tuple[int, ...], size: int) -> None:
    wanted = InputFormat(size=(64, 64), other_sizes=((96, 96), (128, 128)))
    assert photos(*sides).settle(wanted, "photos").size == (size, size)
    assert ArrayPictures(np.zeros((1, 256, 256, 3), np.uint8)).settle(wanted, "array").size == (64, 64)


@pytest.mark.parametrize(("side", "size"), [(10, 16), (15, 16), (16, 32), (31, 32), (32, 64), (500, 64)])
def test_an_input_that_is_not_asked_for_enlarges_no_image_more_than_twofold(side: int, size: int) -> None:
    wanted = InputFormat(size=(64, 64), other_sizes=((16, 16), (32, 32)))
    for pictures in (ArrayPictures(np.zeros((1, side, 2 * side, 1), np.uint8)), photos(side)):
        settled = pictures.settle(wanted, "mine")
        assert (settled.size, settled.other_sizes) == ((size, size), ())


def deep(*most: int) -> PhotoPictures:
    """Of one pixel each, with these values of 16 bits."""
    images = [Image.fromarray(np.array([[value]], np.uint16)) for value in most]
    return PhotoPictures(Album.of(lambda index: nullcontext(images[index]), len(images)), np.arange(len(images)))


def test_what_is_settled_by_some_photos_holds_for_others_too() -> None:
    settled = deep(100, 4000).settle(InputFormat(size=(1, 1), other_sizes=((96, 96),)), "mine")
    assert settled == InputFormat(size=(1, 1), channels=1, ranges=(("integer", 0, 4095),))
    for pictures in (deep(2048), deep(2048, 60000)):
        assert pictures.settle(settled, "others") == settled
        assert pictures.draw(settled)[0].item() == 128
        assert "4095" in pictures.facts(settled)["pixels"]


def test_each_range_draws_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    pictures = deep(2048)
    kept = PhotoPictures(dataclasses.replace(pictures.album, key="a"), pictures.indices)
    for top, value in ((4095, 128), (65535, 8), (4095, 128)):
        wanted = InputFormat(size=(1, 1), channels=1, ranges=(("integer", 0, top),))
        assert kept.draw(wanted).item() == value
    assert len(list(tmp_path.rglob("*.npy"))) == 2


@pytest.mark.parametrize(
    ("shape", "is_taken"),
    [((2, 3, 8, 5), False), ((2, 1, 8, 8), False), ((2, 3, 8, 4), True), ((2, 8, 8, 3), True), ((2, 2, 8, 5), True)],
)
def test_an_array_whose_channels_come_first_is_told_from_one_whose_are_last(
    shape: tuple[int, ...], is_taken: bool
) -> None:
    array = np.zeros(shape, np.uint8)
    if is_taken:
        assert _checked("f.npz", "x", array).shape == shape
    else:
        with pytest.raises(AnenasError, match=r"looks like \(N, C, H, W\) .* give x\.transpose\(0, 2, 3, 1\)"):
            _checked("f.npz", "x", array)


@pytest.mark.parametrize("wrong", [-1e-6, 1 + 1e-6, float("nan")])
def test_floats_are_pixels_from_0_to_1_and_rounded_to_the_nearest(wrong: float) -> None:
    floats = np.array([0.0, 0.49 / 255, 0.51 / 255, 254.4 / 255, 1.0])
    assert _pixels(floats).tolist() == [0, 0, 1, 254, 255] and _pixels(floats).dtype == np.uint8
    with pytest.raises(AnenasError, match=r"x has floats from .*; expected uint8"):
        _pixels(np.append(floats, wrong))


def _pixels(array: np.ndarray) -> np.ndarray:
    return pixels("x", array)


@pytest.mark.parametrize(
    ("array", "is_series"),
    [(np.zeros((5, 20, 3)), True), (np.zeros((5, 20, 3), int), False), (np.zeros((5, 4)), False)],
)
def test_what_may_be_series_is_told_so_and_what_may_not_is_not(array: np.ndarray, is_series: bool) -> None:
    with pytest.raises(AnenasError, match="must be uint8 with pixels from 0 to 255") as raised:
        _checked("f.npz", "x", array)
    assert ("series need a space such as sequence_rnn" in str(raised.value)) is is_series
