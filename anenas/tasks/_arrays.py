"""Labels of arrays, as tasks read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError

Labels = Mapping[str, NDArray[Any]]
"""Labels of splits by key, "train_y" among them."""

Names = tuple[str, ...]
"""Of classes or numbers."""


def places(where: str, labels: Labels, names: Names | None) -> tuple[dict[str, NDArray[np.int64]], Names]:
    """Integers, (N,), as places in the classes; without names those of training, counted from 0 without gaps.

    Raises:
        AnenasError: If they are not as described; `where` is named, and the key.
    """
    found = {key: _integers(where, key, array) for key, array in labels.items()}
    if names is None:
        used = np.unique(found["train_y"])
        gaps = np.flatnonzero(used != np.arange(len(used)))
        if len(gaps):
            raise AnenasError(
                f"{where}: train_y has the label {used[-1]} but not {gaps[0]}; labels must be 0, 1, 2, … without gaps"
            )
        names = tuple(map(str, used))
    for key, array in found.items():
        if array.max(initial=0) >= len(names):
            raise AnenasError(
                f"{where}: {key} has the label {array.max()}, but there are only {len(names)} classes; "
                f"labels must be 0 to {len(names) - 1}"
            )
    return found, names


def _integers(where: str, key: str, array: NDArray[Any]) -> NDArray[np.int64]:
    if not np.issubdtype(array.dtype, np.integer):
        raise AnenasError(f"{where}: {key} must contain integers from 0, not {array.dtype}")
    if array.ndim != 1:
        raise AnenasError(f"{where}: {key} must have one label per example, (N,), not {array.shape}")
    if array.size and array.min() < 0:
        raise AnenasError(f"{where}: {key} has the negative label {array.min()}; labels must start at 0")
    return array.astype(np.int64)


def belonging(where: str, labels: Labels, names: Names | None) -> tuple[dict[str, NDArray[np.uint8]], Names]:
    """A column for each class, (N, K) of 0 and 1 or of booleans: which of them an input belongs to.

    Raises:
        AnenasError: See `places`.
    """
    count = columns(labels["train_y"])
    found = {key: _zeros_and_ones(where, key, array, count) for key, array in labels.items()}
    return found, _named(where, names, count, "")


def _zeros_and_ones(where: str, key: str, array: NDArray[Any], count: int) -> NDArray[np.uint8]:
    if array.ndim != 2 or array.shape[1] != count:
        raise AnenasError(f"{where}: {key} must have one column for each of {count} classes, not {array.shape}")
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise AnenasError(f"{where}: {key} must be 1 where an example belongs to a class, and 0 where it does not")
    return array.astype(np.uint8)


def numbers(where: str, labels: Labels, names: Names | None) -> tuple[dict[str, NDArray[np.float32]], Names]:
    """Numbers, (N,) or a column for each, (N, K).

    Raises:
        AnenasError: See `places`.
    """
    count = columns(labels["train_y"])
    found = {key: _floats(where, key, array, count) for key, array in labels.items()}
    alone = ("value",) if names is None and count == 1 else names
    return found, _named(where, alone, count, "value_")


def _floats(where: str, key: str, array: NDArray[Any], count: int) -> NDArray[np.float32]:
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2) or columns(array) != count:
        raise AnenasError(
            f"{where}: {key} must contain numbers, one column for each of {count} targets, not {array.dtype} "
            f"{array.shape}"
        )
    found = array.reshape(len(array), count).astype(np.float32)
    if not np.isfinite(found).all():
        row, column = np.argwhere(~np.isfinite(found))[0]
        raise AnenasError(
            f"{where}: {key}[{row}] is {array.reshape(len(array), count)[row, column]}; expected a number"
        )
    return found


def columns(labels: NDArray[Any]) -> int:
    """How many classes or numbers labels of columns are of."""
    return labels.shape[1] if labels.ndim == 2 else 1


def _named(where: str, names: Names | None, count: int, unnamed: str) -> Names:
    if names is not None and len(names) != count:
        raise AnenasError(f"{where}: class_names has {len(names)} names, but train_y has {count} columns")
    return names or tuple(f"{unnamed}{i}" for i in range(count))
