from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from anenas.data import Dataset, Split, count_inputs, count_lines
from anenas.inputs import IMAGES, RECORDINGS
from anenas.tasks import MULTILABEL, REGRESSION


def test_inputs_are_counted_by_split_and_class(tiny: Callable[..., Dataset]) -> None:
    one = Split(np.zeros((5, 3, 2, 2), np.uint8), np.array([1, 1, 0, 1, 1]))
    none = Split(np.zeros((2, 3, 2, 2), np.uint8), np.array([0, 0]))
    assert count_inputs(tiny(validation=one, test=none)) == {
        "train": {"cat": 4, "dog": 4},
        "validation": {"cat": 1, "dog": 4},
        "test": {"cat": 2, "dog": 0},
    }


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"cat": 1500, "dog": 5}, "1,505 training images: cat 1,500, dog 5"),
        ({f"c{i}": 20 for i in range(100)}, "2,000 training images: 20 of each of 100 classes"),
        ({f"c{i}": i for i in range(11)}, "55 training images of 11 classes: from 0 (c0) to 10 (c10)"),
    ],
)
def test_a_line_tells_each_class_or_of_many_the_smallest_and_the_largest(counts: dict[str, int], line: str) -> None:
    assert count_lines({"train": counts}, IMAGES) == [line]


def test_where_inputs_have_several_classes_or_numbers_the_inputs_are_counted(tiny: Callable[..., Dataset]) -> None:
    assert count_lines({"test": {"": 30, "even": 15, "prime": 12}}, IMAGES) == ["30 test images: even 15, prime 12"]
    assert count_lines({"test": {"": 30}}, IMAGES) == ["30 test images"]
    images = np.zeros((3, 3, 2, 2), np.uint8)
    both = Split(images, np.array([[1, 1], [0, 1], [0, 0]], np.uint8))
    counts = count_inputs(tiny(train=both, validation=both, test=both, task=MULTILABEL))
    assert counts["test"] == {"": 3, "cat": 1, "dog": 2}
    number = Split(images, np.zeros((3, 2), np.float32))
    counts = count_inputs(tiny(train=number, validation=number, test=number, task=REGRESSION))
    assert counts["test"] == {"": 3}


def test_each_split_has_a_line() -> None:
    lines = count_lines({part: {"a": 1, "b": 2} for part in ("train", "validation", "test")}, RECORDINGS)
    assert lines == [f"3 {part} recordings: a 1, b 2" for part in ("training", "validation", "test")]
