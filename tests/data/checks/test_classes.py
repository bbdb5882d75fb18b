from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from anenas.data import Concern, Dataset, check_dataset

OfImages = Callable[..., Dataset]


def of_counts(of_images: OfImages, *counts: tuple[int, ...], classes: tuple[str, ...]) -> Dataset:
    """A data set of noise with so many images of each class in each split."""
    random = np.random.default_rng(0)
    labels = [np.repeat(np.arange(len(each)), each).tolist() for each in counts]
    return of_images(*(random.integers(0, 256, (len(each), 8, 8)) for each in labels), labels=labels, classes=classes)


def named(dataset: Dataset, check: str, fewest: int = 20) -> list[Concern]:
    return [concern for concern in check_dataset(dataset, fewest=fewest) if concern.check == check]


def test_classes_with_few_training_inputs_are_named_the_smallest_first(of_images: OfImages) -> None:
    dataset = of_counts(of_images, (19, 20, 3), (5, 5, 5), (5, 5, 5), classes=("cat", "dog", "yak"))
    [concern] = named(dataset, "few inputs of a class")
    assert str(concern) == (
        "2 classes have fewer than 20 training images, at the least 3: yak, cat; add images, or merge classes"
    )
    assert named(dataset, "few inputs of a class", fewest=4)[0].affected == (("yak",),)
    assert not named(dataset, "few inputs of a class", fewest=3)


def test_a_class_without_test_inputs_is_named(of_images: OfImages) -> None:
    dataset = of_counts(of_images, (4, 4), (1, 1), (2, 0), classes=("cat", "dog"))
    [concern] = named(dataset, "class missing in a split")
    assert (
        str(concern)
        == "1 class has no test images: dog; add images: nothing tells how well networks know these classes"
    )


@pytest.mark.parametrize(
    ("classes", "alike"),
    [
        (("train", "validation", "cat"), ("train", "validation")),
        (("Testing Data", "a", "b"), ("Testing Data",)),
        (("trainer", "valley", "contest"), ()),
    ],
)
def test_a_class_that_is_called_like_a_split_is_named(
    of_images: OfImages, classes: tuple[str, ...], alike: tuple[str, ...]
) -> None:
    dataset = of_counts(of_images, (2, 2, 2), (1, 1, 1), (1, 1, 1), classes=classes)
    affected = [name for one in named(dataset, "class called like a split") for (name,) in one.affected]
    assert tuple(affected) == alike


def test_unequal_classes_are_told_from_one_to_four_on(of_images: OfImages) -> None:
    def of(*counts: int) -> list[Concern]:
        return named(of_counts(of_images, counts, (1, 1), (1, 1), classes=("healthy", "sick")), "unequal classes")

    assert not of(39, 10)
    [concern] = of(285, 15)
    assert str(concern) == (
        "classes are unequal: healthy has 285 training images, sick 15; always answering healthy is right for 95%; "
        '`class_weights="balanced"` trains as if they were equal, the objective balanced_accuracy compares networks so'
    )
    assert of(40, 10)


def test_classes_of_an_empty_data_set_are_of_no_concern(of_images: OfImages) -> None:
    none = np.zeros((1, 8, 8))
    dataset = of_images(none, labels=[[0], [], []])
    assert not named(dataset, "unequal classes")
