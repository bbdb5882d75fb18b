from __future__ import annotations

import logging
from contextlib import nullcontext

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from anenas.data import InputFormat, load_data
from anenas.data._album import Album

SIZE = (5, 5)
random = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


def album(*images: Image.Image, most: int | None = None) -> Album:
    return Album.of(lambda index: nullcontext(images[index].copy()), len(images), most)


def say(some: Album, channels: int) -> None:
    some.say("mine", SIZE, channels, some.ranges)


def grey() -> Image.Image:
    return Image.fromarray(random.integers(0, 256, (5, 5), np.uint8))


def colour(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(random.integers(0, 256, (5, 5, 3), np.uint8)).convert(mode)


def deep(most: float, dtype: type = np.uint16) -> Image.Image:
    pixels = (random.random(SIZE) * most).astype(dtype)
    pixels[0, 0] = most
    return Image.fromarray(pixels)


def test_photos_are_grey_if_all_are(log: pytest.LogCaptureFixture) -> None:
    greys = album(grey(), grey().convert("LA"), deep(9))
    assert greys.channels == 1
    assert album(grey(), colour()).channels == 3
    say(greys, 3)
    assert log.messages[0] == "mine: the images are grey: three equal channels are made of one"


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        (3, "mine: 2 of 5 images are grey: three equal channels are made of one"),
        (1, "mine: 3 of 5 images are in colour: they are turned into grey"),
    ],
)
def test_what_is_read_in_other_colours_than_its_own_is_counted(
    channels: int, said: str, log: pytest.LogCaptureFixture
) -> None:
    say(album(grey(), grey(), colour(), colour("P"), colour()), channels)
    assert log.messages == [said]


def test_photos_that_are_read_as_they_are_need_no_word(log: pytest.LogCaptureFixture) -> None:
    say(album(grey(), grey()), 1)
    say(album(colour(), colour("P")), 3)
    assert not log.messages
    assert album(colour()).facts({}) == {}


def test_what_is_transparent_or_of_print_is_counted(log: pytest.LogCaptureFixture) -> None:
    some = album(colour("RGBA"), colour("RGBA"), colour("CMYK"), colour())
    say(some, 3)
    assert log.messages == [
        "mine: 2 of 4 images are transparent, at least in part: drawn on white",
        "mine: 1 of 4 images are in CMYK: turned into RGB without the colour profiles they may have",
    ]
    assert some.facts(some.ranges) == {"pixels": "transparent parts are drawn on white"}


def test_turned_photos_and_those_of_other_profiles_are_counted(log: pytest.LogCaptureFixture) -> None:
    turned, damaged = colour(), colour()
    exif = Image.Exif()
    exif[0x0112] = 3
    turned.info["exif"] = exif.tobytes()
    damaged.info["icc_profile"] = b"no profile"
    say(album(turned, damaged, colour()), 3)
    assert log.messages == [
        "mine: 1 of 3 images are turned upright, as their EXIF says",
        "mine: 1 of 3 images are in the colours of a profile that cannot be read: taken for sRGB",
    ]


def test_of_photos_that_are_alike_some_tell(log: pytest.LogCaptureFixture) -> None:
    opened: list[int] = []

    def open_one(index: int) -> nullcontext[Image.Image]:
        opened.append(index)
        return nullcontext(grey())

    many = Album.of(open_one, 101, most=50)
    assert sorted(opened) == list(range(0, 101, 3))
    say(many, 3)
    assert log.messages == ["mine: the images are grey: three equal channels are made of one"]


def of(album: Album, index: int) -> NDArray[np.uint8]:
    return album.draw(index, SIZE, 1, album.ranges)[0]


def test_deep_photos_share_the_range_of_the_brightest(log: pytest.LogCaptureFixture) -> None:
    dark, bright = deep(300), deep(3000)
    both = album(dark, bright, grey())
    for index, image in enumerate((dark, bright)):
        np.testing.assert_array_equal(of(both, index), np.rint(np.asarray(image) * (255 / 4095)))
    say(both, 1)
    assert log.messages == [
        "mine: 2 of 3 images are grey of more than 8 bits, of values up to 3000: 0 and 4095 become black and white"
    ]
    assert both.facts(both.ranges) == {"pixels": "grey of more than 8 bits is scaled: 0 and 4095 become 0 and 255"}


def test_floats_are_scaled_apart_from_integers() -> None:
    floats, integers = deep(1, np.float32), deep(60000)
    both = album(floats, integers)
    np.testing.assert_allclose(of(both, 0), np.asarray(floats) * 255, atol=0.51)
    np.testing.assert_allclose(of(both, 1), np.asarray(integers) / 257, atol=0.51)


def test_the_range_is_that_of_all_splits_and_goes_with_the_model() -> None:
    images = [deep(2000) for _ in range(12)]
    train = [(image, index % 2) for index, image in enumerate(images)]
    dataset = load_data((train, [(deep(60000), 0), (deep(60000), 1)]), size=(5, 5))
    assert dataset.metadata == {
        "pixels": "grey of more than 8 bits is scaled: 0 and 65535 become 0 and 255",
        "ranges": '[["integer", 0, 65535]]',
    }
    assert dataset.train.inputs.max() == 8


def test_data_for_a_model_are_drawn_in_the_range_that_it_was_trained_with() -> None:
    wanted = InputFormat(size=SIZE).trained_with({"ranges": '[["integer", 0, 65535]]'})
    dataset = load_data([(deep(2000), index % 2) for index in range(12)], wanted)
    assert dataset.train.inputs.max() == 8


@pytest.mark.parametrize(
    ("sizes", "size", "said"),
    [
        (
            [(640, 480), (4032, 3024), (768, 1024)],
            (96, 96),
            "photos: 3 images of 640×480 to 4032×3024 pixels are scaled to cover 96×96 and cropped to the centre",
        ),
        (
            [(640, 480), (640, 480)],
            (96, 112),
            "photos: 2 images of 640×480 pixels are scaled to cover 112×96 and cropped to the centre",
        ),
        ([(64, 64), (33, 33)], (32, 32), "photos: 2 images of 33×33 to 64×64 pixels are scaled to 32×32"),
        ([(90, 60), (30, 20)], (40, 60), "photos: 2 images of 30×20 to 90×60 pixels are scaled to 60×40"),
        ([(90, 60)], (60, 90), None),
    ],
)
def test_to_which_size_photos_are_brought_is_said(
    sizes: list[tuple[int, int]], size: tuple[int, int], said: str | None, log: pytest.LogCaptureFixture
) -> None:
    album(*(Image.new("RGB", one) for one in sizes)).say("photos", size, 3, {})
    assert log.messages == ([said] if said else [])
