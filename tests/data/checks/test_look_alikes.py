from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from anenas.data import load_data
from anenas.data.checks._look_alikes import LookAlikes, look_alikes

Picture = Callable[[int], Image.Image]


def found(images: Sequence[Image.Image], labels: list[int], splits: list[int], most: int = 1000) -> LookAlikes:
    array = np.moveaxis(np.array([np.asarray(image) for image in images]), 3, 1)
    batches = (array[start : start + 7] for start in range(0, len(array), 7))
    return look_alikes(batches, np.array(labels), np.array(splits), most=most)


def pairs_with(picture: Picture, changed: Image.Image, number: int) -> list[list[int]]:
    """What is found among 40 training pictures and one test picture."""
    images = [*map(picture, range(40)), changed]
    return found(images, [*([0] * 40), 0], [*([0] * 40), 2]).pairs.tolist()


def saved_again(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def moved(image: Image.Image, pixels: int) -> Image.Image:
    return Image.fromarray(np.roll(np.asarray(image), pixels, 0))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "the same": lambda image: image,
    "saved as JPEG": lambda image: saved_again(image, 60),
    "badly saved as JPEG": lambda image: saved_again(image, 20),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "without colours": lambda image: image.convert("L").convert("RGB"),
    "smaller for a while": lambda image: image.resize((32, 32)).resize((64, 64)),
    "cut by a thirtieth": lambda image: image.crop((1, 1, 63, 63)).resize((64, 64)),
    "moved by a sixtieth": lambda image: moved(image, 1),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("number", [3, 17])
def test_a_picture_that_was_changed_a_little_is_a_near_duplicate(picture: Picture, change: str, number: int) -> None:
    assert pairs_with(picture, CHANGES[change](picture(number)), number) == [[number, 40]]


@pytest.mark.parametrize(
    "change", [ImageOps.mirror, ImageOps.invert, lambda image: image.rotate(90), lambda image: moved(image, 20)]
)
def test_a_picture_that_was_changed_much_is_another(
    picture: Picture, change: Callable[[Image.Image], Image.Image]
) -> None:
    assert pairs_with(picture, change(picture(3)), 3) == []


def test_other_pictures_are_no_near_duplicates(picture: Picture) -> None:
    images = [*map(picture, range(300))]
    assert not len(found(images, [0] * 300, [0] * 150 + [2] * 150).pairs)


def test_two_frames_of_a_burst_are_near_duplicates(picture: Picture) -> None:
    def frame(x: int) -> Image.Image:
        image = picture(3)
        ImageDraw.Draw(image).ellipse((x, 30, x + 8, 38), fill="white")
        return image

    images = [*map(picture, range(40)), frame(20), frame(23)]
    assert [40, 41] in found(images, [0] * 42, [0] * 41 + [2]).pairs.tolist()


def test_pictures_of_a_class_that_all_look_alike_are_none() -> None:
    def trousers(number: int) -> Image.Image:
        random = np.random.default_rng(number)
        image = Image.new("RGB", (640, 640))
        left, right, between, top = random.integers(-30, 31, 4).tolist()
        for leg in ((180 + left, 80 + top, 300 + between, 600), (340 + between, 80 + top, 460 + right, 600)):
            ImageDraw.Draw(image).rectangle(leg, fill=tuple(random.integers(150, 256, 3).tolist()))
        return image.resize((64, 64))

    images = [*map(trousers, range(100))]
    assert not len(found(images, [0] * 100, [0] * 50 + [2] * 50, most=10_000).pairs)


def test_of_garments_that_look_alike_hardly_any_are() -> None:
    dataset = load_data(size=(28, 28))
    train, test = dataset.train, dataset.test
    images = [train.inputs[:3000], test.inputs[:500]]
    labels, splits = np.concatenate([train.labels[:3000], test.labels[:500]]), np.repeat([0, 2], [3000, 500])
    assert len(look_alikes(iter(images), labels, splits, most=20_000).pairs) <= 1  # of 500


def test_only_pairs_of_two_splits_or_two_classes_are_found(picture: Picture) -> None:
    images = [*map(picture, range(40)), *(saved_again(picture(3), quality) for quality in (90, 70, 50))]
    labels, splits = [0] * 43, [0] * 43
    assert found(images, labels, splits).pairs.tolist() == []
    labels[41], splits[42] = 1, 2
    assert sorted(found(images, labels, splits).pairs.tolist()) == [
        [3, 41], [3, 42], [40, 41], [40, 42], [41, 42],
    ]  # fmt: skip


def test_images_that_show_nothing_are_near_duplicates_of_none() -> None:
    images = [Image.new("RGB", (64, 64), (grey, grey, grey)) for grey in range(60)]
    assert not len(found(images, [0] * 60, [0] * 30 + [2] * 30).pairs)


def test_of_too_many_candidates_the_farthest_are_left_out_and_it_is_told(picture: Picture) -> None:
    images = [*map(picture, range(40)), picture(3), CHANGES["cut by a thirtieth"](picture(7))]
    labels, splits = [0] * 42, [0] * 40 + [2] * 2
    everything, some = found(images, labels, splits), found(images, labels, splits, most=1)
    assert (everything.pairs.tolist(), everything.too_many) == ([[3, 40], [7, 41]], False)
    assert (some.pairs.tolist(), some.too_many) == ([[3, 40]], True)


@pytest.mark.parametrize("size", [(20, 30), (32, 32), (100, 64)])
def test_images_may_have_any_size(picture: Picture, size: tuple[int, int]) -> None:
    images = [*(picture(number).resize(size) for number in range(40)), saved_again(picture(5).resize(size), 60)]
    assert found(images, [0] * 41, [0] * 40 + [2]).pairs.tolist() == [[5, 40]]


def test_nothing_is_found_in_no_images() -> None:
    assert not len(found([Image.new("RGB", (8, 8))], [0], [0]).pairs)
