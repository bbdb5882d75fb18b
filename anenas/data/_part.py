"""Inputs with known classes to evaluate a model on: one split of a data set, or all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError, unknown
from anenas._files import forget_pages
from anenas.data._dataset import Split
from anenas.data._format import InputFormat
from anenas.data._kept import kept
from anenas.data._load import hold_out, read_data
from anenas.data._memory import Data
from anenas.data._raw import PARTS, Examples, RawData
from anenas.tasks import Task

PartName = Literal["test", "validation", "train", "all"]

_CHUNK = 256  # images at a time, from file to file

PART_NAMES: tuple[PartName, ...] = get_args(PartName)


@dataclass(frozen=True, eq=False)
class Part:
    """Inputs of a data set in the format of a model.

    Attributes:
        data: Name of the data set.
        name: Which split, or "all".
        is_held_out: Whether the source has no such split, so that it is as a search would cut it.
        classes: The name of each label.
        split: The inputs.
        task: What its labels are for.
        masked: See `Dataset.masked`.
    """

    data: str
    name: PartName
    is_held_out: bool
    classes: tuple[str, ...]
    split: Split
    task: Task
    masked: bool = False


def load_part(data: Data, wanted: InputFormat, name: PartName | None = None) -> Part:
    """Read one split of a data set, or all its inputs, whatever classes there are.

    Args:
        data: See `load_data`.
        wanted: The format of the model's input.
        name: Which split. What the source lacks is held out as `load_data` does by default. None is the test split,
            where the source has one, and otherwise all inputs.

    Raises:
        AnenasError: If the data cannot be read or brought to the format, or there is no such split.
    """
    if name is not None and name not in PART_NAMES:
        raise unknown("split", name, PART_NAMES)
    found = read_data(data, wanted)
    name = name or ("test" if found.test else "all")
    chosen, is_held_out = _chosen(found, name)
    settled = found.train.inputs.settle(wanted, found.name)
    splits = [Split(one.inputs.draw(settled), one.labels, one.names) for one in chosen if len(one.labels)]
    if not splits:
        raise AnenasError(f"{found.name} has no {wanted.kind} in its split '{name}'; choose another with `split`")
    return Part(found.name, name, is_held_out, found.classes, _joined(splits), found.task, found.train.inputs.masked)


def _chosen(data: RawData, name: PartName) -> tuple[list[Examples], bool]:
    """The examples of a split, and whether it had to be held out, or others out of it."""
    own = {"train": data.train, "validation": data.validation, "test": data.test}
    if name == "all":
        return [one for one in own.values() if one is not None], False
    there = own[name]
    if there is not None and (name != "train" or None not in own.values()):
        return [there], False
    return [dict(zip(PARTS, hold_out(data), strict=True))[name]], True


def _joined_inputs(splits: Sequence[Split]) -> NDArray[Any]:
    """All inputs; images that are large are in a file, as those of the splits are."""
    if splits[0].inputs.dtype != np.uint8:
        return np.concatenate([one.inputs for one in splits])

    def chunks() -> Iterator[NDArray[np.uint8]]:
        for one in splits:
            for start in range(0, len(one), _CHUNK):
                yield one.inputs[start : start + _CHUNK].astype(np.uint8, copy=False)
                forget_pages(one.inputs)

    count, shape = sum(map(len, splits)), splits[0].inputs.shape[1:]
    return kept("", (count, *shape), chunks)


def _joined(splits: Sequence[Split]) -> Split:
    if len(splits) == 1:
        return splits[0]
    names = [one.names for one in splits]
    return Split(
        _joined_inputs(splits),
        np.concatenate([one.labels for one in splits]),
        None if None in names else tuple(name for some in names for name in some or ()),
    )
