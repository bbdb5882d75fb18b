from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from PIL import Image

from anenas.data import InputFormat
from anenas.data._pictures import ArrayPictures, PhotoPictures, draw_photo

random = np.random.default_rng(0)


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


def test_a_photo_keeps_its_proportions_and_its_centre() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = (255, 0, 0)
    drawn = draw_photo(Image.fromarray(pixels), (10, 10), 3)
    assert drawn.shape == (3, 10, 10)
    assert drawn[0].min() == 255 and drawn[1:].max() == 0


def test_a_photo_is_turned_upright() -> None:
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:10] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", exif=exif)
    drawn = draw_photo(Image.open(file), (20, 20), 1)
    assert drawn[0, :9].max() == 0 and drawn[0, 11:].min() == 255


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    file = io.BytesIO()
    Image.fromarray(np.array([[0, 0x8000], [0x4000, 0xFFFF]], np.uint16)).save(file, "png")
    drawn = draw_photo(Image.open(file), (2, 2), 1)
    np.testing.assert_array_equal(drawn[0], [[0, 128], [64, 255]])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_photo_of_any_mode_is_drawn(mode: str, channels: int) -> None:
    image = Image.new("RGB", (9, 7), (255, 255, 255)).convert(mode)
    np.testing.assert_array_equal(draw_photo(image, (4, 6), channels), np.full((channels, 4, 6), 255, np.uint8))


def test_a_large_jpeg_looks_the_same_as_without_the_shortcut() -> None:
    ramp = np.tile(np.linspace(0, 255, 800).astype(np.uint8), (600, 1))
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, "jpeg", quality=95)
    shortcut = draw_photo(Image.open(file), (32, 32), 1)
    plain = draw_photo(Image.fromarray(ramp), (32, 32), 1)
    np.testing.assert_allclose(shortcut.astype(int), plain.astype(int), atol=3)


def test_pictures_are_taken_in_the_order_asked_for() -> None:
    array = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    photos = PhotoPictures(lambda index, size, channels: array[index], np.arange(6), 1)
    for pictures in (ArrayPictures(array), photos):
        some = pictures.take(np.array([5, 3, 4])).take(np.array([2, 0]))
        assert len(some) == 2
        assert some.draw(InputFormat(size=(1, 1), channels=1)).ravel().tolist() == [4, 5]


@pytest.mark.parametrize(
    ("pixels", "size", "left"),
    [(32, 96, "128, 224"), (100, 224, ""), (8, 64, "96, 128, 224")],
)
def test_of_several_sizes_arrays_take_the_largest_that_does_not_magnify_them_too_much(
    pixels: int, size: int, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    sizes = tuple((height, height) for height in (64, 96, 128, 224))
    pictures = ArrayPictures(np.zeros((1, pixels, pixels, 3), np.uint8))
    settled = pictures.settle(InputFormat(size=(224, 224), sizes=sizes), "mine")
    assert settled.size == (size, size)
    said = f"mine: inputs of {left} pixels are left out: more than 3 times the images' {pixels}×{pixels}"
    assert [record.getMessage() for record in caplog.records] == ([said] if left else [])
