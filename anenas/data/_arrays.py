"""A data set of plain arrays, from a file or from memory: train_x, train_y, test_x, test_y and a few more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._format import InputFormat
from anenas.data._labels import read_labels
from anenas.data._raw import PARTS, Examples, Inputs, RawData
from anenas.data._sources import wrong_kind
from anenas.inputs import TEXTS, InputKind

NEEDED_KEYS = ("train_x", "train_y", "test_x", "test_y")
MORE_KEYS = ("validation_x", "validation_y", "class_names", "scale", "layout", "rate")

Arrays = Mapping[str, NDArray[Any]]
ArrayReader = Callable[[str, Arrays, Arrays, InputFormat], Mapping[str, Inputs]]

_READERS: dict[InputKind, ArrayReader] = {}


def array_reader(kind: InputKind) -> Callable[[ArrayReader], ArrayReader]:
    """A decorator for the function that turns arrays into inputs of a kind.

    It is called with the origin of the arrays, for messages; the arrays of inputs by key, such as train_x; all arrays,
    which may include others such as layout; and the wanted format. It returns the inputs by the same keys.
    """

    def add(reader: ArrayReader) -> ArrayReader:
        _READERS[kind] = reader
        return reader

    return add


def check_keys(where: str, keys: Iterable[str]) -> None:
    """Check that all required keys are there.

    Raises:
        AnenasError: If one is missing.
    """
    keys = list(keys)
    for key in NEEDED_KEYS:
        if key not in keys:
            raise AnenasError(
                f"{where} has no array '{key}'; expected {', '.join(NEEDED_KEYS)}, found {', '.join(keys)}"
            )
    if ("validation_x" in keys) != ("validation_y" in keys):
        raise AnenasError(f"{where} has only one of validation_x and validation_y; expected both or neither")


def raw_of_arrays(where: str, name: str, arrays: Arrays, wanted: InputFormat) -> RawData:
    """A data set from the arrays train_x and train_y and, if given, those of test and validation, and class_names.

    Labels are integers from 0 without gaps, (N,), of classes; a column for each class, (N, K), of what belongs to any
    number of them, 1 where it does and 0 where not; or floats, (N,) or (N, K), of numbers to predict. class_names gives
    each class or number its name.

    Images are uint8, (N, H, W) or (N, H, W, C), or floats from 0 to 1, (N, H, W, C); series are as in `read_series`,
    with optional arrays scale and layout; texts are strings, (N,); recordings are as in `waveforms_of_arrays`, with an
    optional number rate.

    Args:
        where: The origin of the arrays, for messages.
        name: Of the data set.
        arrays: By name.
        wanted: The format that inputs are brought to.

    Raises:
        AnenasError: If the arrays are not as described.
    """
    if wanted.kind not in _READERS:
        raise AnenasError(f"{where}: {wanted.kind} cannot be read from arrays")
    if np.asarray(arrays["train_x"]).dtype.kind == "U" and wanted.kind is not TEXTS:
        raise wrong_kind(where, TEXTS, wanted.kind)
    parts = [part for part in PARTS if f"{part}_x" in arrays]
    inputs = _READERS[wanted.kind](where, {f"{part}_x": arrays[f"{part}_x"] for part in parts}, arrays, wanted)
    return raw_of_inputs(where, name, inputs, arrays, wanted)


def raw_of_inputs(where: str, name: str, inputs: Mapping[str, Inputs], arrays: Arrays, wanted: InputFormat) -> RawData:
    """A data set from inputs that were read already, by key, such as train_x; all else is as in `raw_of_arrays`."""
    parts = [part for part in PARTS if f"{part}_x" in inputs]
    given = {f"{part}_y": arrays[f"{part}_y"] for part in parts}
    task, labels, classes = read_labels(where, given, arrays.get("class_names"), wanted.task)
    for part in parts:
        if len(labels[f"{part}_y"]) != (count := len(inputs[f"{part}_x"])):
            raise AnenasError(
                f"{where}: {part}_y must have {count} labels, one per example, not {len(labels[f'{part}_y'])}"
            )
    examples = {part: Examples(inputs[f"{part}_x"], labels[f"{part}_y"]) for part in parts}
    flip = inputs["train_x"].flip if arrays.get("class_names") is None else None  # numbers are no names that tell
    return RawData.of_parts(name, wanted.kind, classes, examples, flip=flip, task=task)
