from __future__ import annotations

import numpy as np
import pytest

from anenas.data import Examples, InputFormat, RawData
from anenas.data._raw import Inputs, file_safe
from anenas.inputs import IMAGES, SERIES
from anenas.tasks import CLASSIFICATION, REGRESSION


class Numbers(Inputs):
    """The least that inputs must be."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = np.array(numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, indices: np.ndarray) -> Numbers:
        return Numbers(*self.numbers[indices])

    def settle(self, wanted: InputFormat, name: str) -> InputFormat:
        return wanted

    def draw(self, wanted: InputFormat) -> np.ndarray:
        return self.numbers


def test_inputs_are_not_mirrored_or_masked_and_have_nothing_to_tell_unless_their_kind_says() -> None:
    inputs = Numbers(1, 2)
    assert inputs.flip is False and inputs.masked is False
    assert inputs.facts(InputFormat(SERIES)) == {}
    inputs.tell(inputs, InputFormat(SERIES))


def test_examples_are_taken_with_their_labels_groups_and_names() -> None:
    examples = Examples(Numbers(5, 6, 7), np.array([0, 1, 2]), np.array(["ann", "bob", "cy"]), ("a", "b", "c"))
    taken = examples.take(np.array([2, 0]))
    assert isinstance(taken.inputs, Numbers) and taken.groups is not None
    assert (taken.inputs.numbers.tolist(), taken.labels.tolist()) == ([7, 5], [2, 0])
    assert (taken.groups.tolist(), taken.names) == (["cy", "ann"], ("c", "a"))
    plain = Examples(Numbers(5, 6, 7), np.array([0, 1, 2])).take(np.array([1]))
    assert plain.groups is None and plain.names is None


def test_data_are_made_of_parts_by_their_names() -> None:
    parts = {part: Examples(Numbers(i), np.array([0])) for i, part in enumerate(("test", "validation", "train"))}
    raw = RawData.of_parts("pets", IMAGES, ("cat",), parts, flip=True, metadata={"a": "b"}, task=REGRESSION)
    assert (raw.train, raw.validation, raw.test) == (parts["train"], parts["validation"], parts["test"])
    assert (raw.name, raw.kind, raw.classes, raw.flip) == ("pets", IMAGES, ("cat",), True)
    assert (raw.metadata, raw.task, raw.augmentation, raw.elsewhere) == ({"a": "b"}, REGRESSION, "light", {})
    least = RawData.of_parts("pets", IMAGES, ("cat",), {"train": parts["train"]})
    assert (least.validation, least.test, least.flip) == (None, None, None)
    assert (least.metadata, least.task) == ({}, CLASSIFICATION)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("my set", "my_set"), ("a/b: c?", "a_b_c"), ("..hidden.", "hidden"), ("Café-1.5_x", "Café-1.5_x"), ("", "data"),
        ("_..", "data"), ("?!", "data"),
    ],
)  # fmt: skip
def test_names_are_safe_in_file_names(name: str, safe: str) -> None:
    assert file_safe(name) == safe
