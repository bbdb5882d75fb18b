"""A data set of plain arrays, from a file or from memory: train_x, train_y, test_x, test_y and a few more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._format import InputFormat
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

    Images are uint8, (N, H, W) or (N, H, W, C), or floats from 0 to 1, (N, H, W, C); series are as in `read_series`,
    with optional arrays scale and layout; texts are strings, (N,); recordings are as in `waveforms_of_arrays`, with an
    optional number rate. Labels are integers from 0 without gaps; class_names gives each its name.

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
    labels = {part: _labels(where, f"{part}_y", arrays[f"{part}_y"], len(inputs[f"{part}_x"])) for part in parts}
    classes = _classes(where, arrays.get("class_names"), labels["train"])
    for part in parts:
        if labels[part].max() >= len(classes):
            raise AnenasError(
                f"{where}: {part}_y holds the label {labels[part].max()}, but there are only {len(classes)} classes; "
                f"labels must be 0 to {len(classes) - 1}"
            )
    examples = {part: Examples(inputs[f"{part}_x"], labels[part]) for part in parts}
    flip = inputs["train_x"].flip if arrays.get("class_names") is None else None  # numbers are no names that tell
    return RawData.of_parts(name, wanted.kind, classes, examples, flip=flip)


def _labels(where: str, key: str, array: NDArray[Any], count: int) -> NDArray[np.int64]:
    if not np.issubdtype(array.dtype, np.integer):
        raise AnenasError(f"{where}: {key} must hold integers from 0, not {array.dtype}")
    if array.shape != (count,):
        raise AnenasError(
            f"{where}: {key} must have the shape ({count},), one label for each example, not {array.shape}"
        )
    labels = array.astype(np.int64)
    if labels.min() < 0:
        raise AnenasError(f"{where}: {key} holds the negative label {labels.min()}; labels must count from 0")
    return labels


def _classes(where: str, names: NDArray[Any] | None, train_labels: NDArray[np.int64]) -> tuple[str, ...]:
    if names is None:
        used = np.unique(train_labels)
        gaps = np.flatnonzero(used != np.arange(len(used)))
        if len(gaps):
            raise AnenasError(
                f"{where}: train_y holds the label {used[-1]} but not {gaps[0]}; labels must be 0, 1, 2, … with no gap"
            )
        return tuple(map(str, used))
    if names.dtype.kind != "U" or names.ndim != 1:
        raise AnenasError(f"{where}: class_names must be a list of strings, not {names.dtype} {names.shape}")
    classes = tuple(map(str, names))
    if len(set(classes)) < len(classes):
        twice = next(name for name in classes if classes.count(name) > 1)
        raise AnenasError(f"{where}: class_names holds '{twice}' twice; give each class its own name")
    return classes
