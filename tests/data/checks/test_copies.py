from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from anenas.data import Concern, Dataset, Split, check_dataset
from anenas.inputs import TEXTS

Picture = Callable[[int], Image.Image]
OfImages = Callable[..., Dataset]


def named(dataset: Dataset, check: str) -> list[Concern]:
    return [concern for concern in check_dataset(dataset, fewest=0) if concern.check == check]


def saved_again(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return Image.open(file).convert("RGB")


def test_the_same_picture_in_two_splits_is_told_with_both_files(picture: Picture, of_images: OfImages) -> None:
    names = [[f"train/{i}.png" for i in range(40)], ["val/a.png"], ["test/a.png", "test/b.png"]]
    dataset = of_images(
        [*map(picture, range(40))], [picture(3)], [picture(60), picture(7)], [[0] * 40, [0], [0, 0]], names
    )
    validation, test = named(dataset, "same input in two splits")
    assert validation.message == "1 of 1 validation images is the same as training images"
    assert validation.affected == (("val/a.png", "train/3.png"),)
    assert test.message == "1 of 2 test images is the same as training images"
    assert str(test).startswith(f"{test.message}: test/b.png = train/7.png; keep one of each")


def test_without_files_an_input_is_its_split_and_number(picture: Picture, of_images: OfImages) -> None:
    dataset = of_images([picture(1), picture(2)], [picture(3)], [picture(4), picture(3)])
    [concern] = named(dataset, "same input in two splits")
    assert concern.affected == (("test 1", "validation 0"),)


def test_files_of_one_name_in_two_folders_are_told_apart(picture: Picture, of_images: OfImages) -> None:
    names = [["cat/1.png"], ["dog/1.png"], ["cat/1.png"]]
    dataset = of_images([picture(1)], [picture(2)], [picture(1)], [[0], [1], [0]], names)
    [concern] = named(dataset, "same input in two splits")
    assert concern.affected == (("cat/1.png (test)", "cat/1.png (train)"),)


def test_the_same_picture_in_two_classes_is_told_with_both_classes(picture: Picture, of_images: OfImages) -> None:
    dataset = of_images([picture(1), picture(2), picture(1)], labels=[[0, 0, 1], [], []])
    [concern] = named(dataset, "same input in two classes")
    assert concern.message == "2 images are the same as one of another class"
    assert concern.affected == (("train 0 (cat)", "train 2 (dog)"),)


def test_copies_within_a_class_of_a_split_are_of_no_concern(picture: Picture, of_images: OfImages) -> None:
    dataset = of_images([picture(1), picture(2), picture(1)], labels=[[0, 1, 0], [], []])
    assert not named(dataset, "same input in two classes") + named(dataset, "same input in two splits")


def test_near_duplicates_are_told_apart_from_copies(picture: Picture, of_images: OfImages) -> None:
    train = [*map(picture, range(40))]
    dataset = of_images(train, [], [picture(4), saved_again(picture(9))], [[0] * 40, [], [0, 1]])
    [same], [near] = (named(dataset, f"{what} in two splits") for what in ("same input", "near-duplicate"))
    assert (same.affected, near.affected) == ((("test 0", "train 4"),), (("test 1", "train 9"),))
    assert near.message == "1 of 2 test images is nearly the same as training images"
    [mixed] = named(dataset, "near-duplicate in two classes")
    assert mixed.affected == (("train 9 (cat)", "test 1 (dog)"),)


def test_of_many_only_the_first_are_in_the_line(picture: Picture, of_images: OfImages) -> None:
    pictures = [*map(picture, range(12))]
    [concern] = named(of_images(pictures, [], pictures), "same input in two splits")
    assert len(concern.affected) == 12
    assert ": test 0 = train 0, test 1 = train 1 and 10 more; " in str(concern)


def test_of_one_picture_in_many_copies_the_first_are_named(picture: Picture, of_images: OfImages) -> None:
    [concern] = named(of_images([picture(1)] * 9), "same input in two classes")
    assert len(concern.affected[0]) == 9
    assert ": train 0 (cat) = train 1 (dog) = train 2 (cat) and 6 more; " in str(concern)


def test_texts_are_the_same_as_far_as_networks_read_them() -> None:
    ids = Split(np.array([[2, 3], [2, 4], [2, 3]], np.float32)[:, None, None], np.array([0, 1, 1]))
    none = Split(np.zeros((0, 1, 1, 2), np.float32), np.zeros(0, np.int64))
    dataset = Dataset("words", ("a", "b"), ids, none, none, kind=TEXTS, masked=True, metadata={"vocabulary": "[]"})
    [concern] = named(dataset, "same input in two classes")
    assert concern.message == "2 texts are the same, as far as networks read them, as one of another class"
    assert concern.affected == (("train 0 (a)", "train 2 (b)"),)
