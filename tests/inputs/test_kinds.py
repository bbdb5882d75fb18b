"""What follows from a kind of input."""

from __future__ import annotations

import dataclasses
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data import Dataset, Split
from anenas.inputs import IMAGES, RECORDINGS, SERIES, TEXTS, InputKind, input_kind, input_kinds


def dataset(kind: InputKind) -> Dataset:
    array = np.random.default_rng(0).standard_normal((4, 3, 1, 32)).astype(np.float32)
    if kind is IMAGES:
        array = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), np.uint8)
    split = Split(array, np.arange(4) % 2)
    return Dataset("some", ("a", "b"), split, split, split, kind=kind, flip=True)


@pytest.mark.parametrize(("kind", "changes"), [(IMAGES, True), (SERIES, True), (RECORDINGS, True), (TEXTS, False)])
def test_inputs_change_only_where_that_keeps_their_class(kind: InputKind, changes: bool) -> None:
    some = dataset(kind)
    before = some.train.inputs.copy()
    changed, again = (some.augment(some.train.inputs, np.random.default_rng(0)) for _ in range(2))
    assert (changed.shape, changed.dtype) == (before.shape, before.dtype)
    np.testing.assert_array_equal(changed, again)
    np.testing.assert_array_equal(some.train.inputs, before)
    assert np.array_equal(changed, before) != changes


@pytest.mark.parametrize("kind", input_kinds())
def test_nothing_is_changed_where_nothing_is_to_be(kind: InputKind) -> None:
    some = dataclasses.replace(dataset(kind), augmentation="none")
    assert some.augment(some.train.inputs, np.random.default_rng(0)) is some.train.inputs


def test_images_may_be_changed_a_lot() -> None:
    some = dataset(IMAGES)
    light, strong = (
        dataclasses.replace(some, augmentation=how).augment(some.train.inputs, np.random.default_rng(0))
        for how in ("light", "strong")
    )
    assert not np.array_equal(light, strong)


def test_an_augmentation_that_a_kind_does_not_know_is_refused() -> None:
    with pytest.raises(AnenasError, match=r"`augment` of series must be none or light, not 'strong'"):
        dataclasses.replace(dataset(SERIES), augmentation="strong")


@pytest.mark.parametrize("kind", input_kinds())
def test_a_kind_is_found_by_its_name_and_is_one_value_in_every_process(kind: InputKind) -> None:
    assert input_kind(str(kind)) is kind
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(AnenasError, match="unknown kind of input 'image'; did you mean images"):
        input_kind("image")


@pytest.mark.parametrize("kind", input_kinds(), ids=str)
def test_no_code_asks_for_a_kind_by_its_name(kind: InputKind) -> None:
    """Where a kind matters, it is asked for itself, or for what follows from it."""
    package = Path(__file__).parents[2] / "anenas"
    asked = re.compile(rf"""(?:[!=]=|\bin|\bis|\bcase) *[([{{]*["']{kind}["']|kind *= *["']{kind}["']""")
    assert [path.name for path in package.rglob("*.py") if asked.search(path.read_text(encoding="utf-8"))] == []
    own = re.compile(rf"\bname=\"{kind}\"")
    named = [path.name for path in (package / "inputs").glob("*.py") if own.search(path.read_text(encoding="utf-8"))]
    assert named == [f"_{kind}.py"]
