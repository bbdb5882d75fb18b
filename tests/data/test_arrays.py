from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data import Encoding, InputFormat, RawData
from anenas.data._arrays import _READERS, NEEDED_KEYS, array_reader, check_keys, raw_of_arrays, raw_of_inputs
from anenas.data._pictures import ArrayPictures
from anenas.data._raw import Inputs
from anenas.inputs import IMAGES, SERIES, TEXTS
from anenas.tasks import CLASSIFICATION, REGRESSION

WANTED = InputFormat(IMAGES, (8, 8))


def arrays(channels: int = 1, **changes: np.ndarray | None) -> dict[str, np.ndarray]:
    """Nine images of three classes to train on, and six for tests, with some arrays replaced or left out."""
    rng = np.random.default_rng(0)
    given = {
        "train_x": rng.integers(0, 256, (9, 8, 8, channels), np.uint8),
        "train_y": np.arange(9) % 3,
        "test_x": rng.integers(0, 256, (6, 8, 8, channels), np.uint8),
        "test_y": np.arange(6) % 3,
    }
    return {key: array for key, array in (given | changes).items() if array is not None}


def read(given: Mapping[str, np.ndarray], wanted: InputFormat = WANTED) -> RawData:
    return raw_of_arrays("mine", "my_set", given, wanted)


def test_every_split_has_the_inputs_and_labels_of_its_own_arrays() -> None:
    more = {"validation_x": np.full((3, 8, 8), 7, np.uint8), "validation_y": np.array([2, 1, 0])}
    raw = read(arrays(**more))
    assert (raw.name, raw.kind, raw.classes, raw.task) == ("my_set", IMAGES, ("0", "1", "2"), CLASSIFICATION)
    assert raw.validation is not None and raw.test is not None
    each = {"train": raw.train, "validation": raw.validation, "test": raw.test}
    assert {part: len(examples.inputs) for part, examples in each.items()} == {"train": 9, "validation": 3, "test": 6}
    assert raw.validation.labels.tolist() == [2, 1, 0]
    assert (raw.validation.inputs.draw(InputFormat(IMAGES, (8, 8), 1)) == 7).all()
    assert raw.test.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert read(arrays()).validation is None


def test_the_task_that_is_wanted_is_that_of_the_labels() -> None:
    assert read(arrays(), InputFormat(IMAGES, (8, 8), task=REGRESSION)).task is REGRESSION


def test_images_of_classes_without_names_are_mirrored_if_they_have_colours() -> None:
    assert (read(arrays(3)).flip, read(arrays(1)).flip) == (True, False)
    assert read(arrays(3, class_names=np.array(["left", "right", "ahead"]))).flip is None  # the names tell


@pytest.mark.parametrize("key", NEEDED_KEYS)
def test_an_array_that_is_missing_is_told_with_those_that_are_there(key: str) -> None:
    given = [one for one in ("rate", *NEEDED_KEYS) if one != key]
    with pytest.raises(AnenasError) as raised:
        check_keys("mine", iter(given))
    assert str(raised.value) == (
        f"mine has no array '{key}'; expected train_x, train_y, test_x, test_y, found {', '.join(given)}"
    )


@pytest.mark.parametrize("key", ["validation_x", "validation_y"])
def test_a_validation_set_has_inputs_and_labels_or_is_none(key: str) -> None:
    check_keys("mine", NEEDED_KEYS)
    check_keys("mine", [*NEEDED_KEYS, "validation_x", "validation_y"])
    with pytest.raises(AnenasError) as raised:
        check_keys("mine", [*NEEDED_KEYS, key])
    assert str(raised.value) == "mine has only one of validation_x and validation_y; expected both or neither"


@pytest.mark.parametrize(("part", "count"), [("train", 9), ("test", 6)])
def test_a_split_with_more_or_fewer_labels_than_inputs_is_told(part: str, count: int) -> None:
    for labels in (np.arange(count - 1) % 3, np.arange(count + 2) % 3):
        with pytest.raises(AnenasError) as raised:
            read(arrays(**{f"{part}_y": labels}))
        assert str(raised.value) == f"mine: {part}_y must have {count} labels, one per example, not {len(labels)}"


def test_strings_are_texts_and_nothing_else() -> None:
    texts = np.array(["a"] * 9)
    with pytest.raises(AnenasError, match=r"^mine has texts, not series: search with a space for texts"):
        read(arrays(train_x=texts), InputFormat(SERIES))
    with pytest.raises(AnenasError, match=r"^mine: train_x must be texts"):
        read(arrays(), InputFormat(TEXTS, steps=4, encoding=Encoding("words", 8)))


def test_inputs_that_were_read_already_get_the_labels_of_their_splits() -> None:
    given = arrays()
    inputs = {key: ArrayPictures(given[key]) for key in ("test_x", "train_x")}
    raw = raw_of_inputs("mine", "my_set", inputs, given, WANTED)
    assert raw.test is not None
    assert raw.train.inputs is inputs["train_x"] and raw.test.inputs is inputs["test_x"]
    assert (raw.train.labels.tolist(), raw.test.labels.tolist()) == ([0, 1, 2] * 3, [0, 1, 2] * 2)


def test_the_reader_of_a_kind_gets_its_arrays_and_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_READERS, SERIES)
    with pytest.raises(AnenasError, match=r"^mine: series cannot be read from arrays$"):
        read(arrays(), InputFormat(SERIES))
    seen = []

    def reader(where: str, some: Mapping[str, Any], every: Mapping[str, Any], wanted: InputFormat) -> dict[str, Inputs]:
        seen.append((where, [*some], {*every}, wanted))
        return {key: ArrayPictures(array) for key, array in some.items()}

    monkeypatch.setitem(_READERS, SERIES, reader)
    assert array_reader(SERIES)(reader) is reader
    given = arrays(layout=np.array("ntc"))
    assert read(given, InputFormat(SERIES)).kind is SERIES
    assert seen == [("mine", ["train_x", "test_x"], {*given}, InputFormat(SERIES))]
