"""`Dataset`: inputs with their labels in three splits, as plain arrays that processes can share."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anenas._errors import AnenasError, first_line
from anenas._files import forget_pages, replacing, write_whole
from anenas.data._kept import kept
from anenas.data._raw import PARTS
from anenas.inputs import InputKind, Moments, input_kind
from anenas.tasks import CLASSIFICATION, TASKS, Task

CHOOSING = ("train", "validation")
"""The splits that a network is trained on and chosen by."""

_CHUNK = 2**26  # bytes


# What reading a file raises that is not what was written there.
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    tokenize.TokenError,
    MemoryError,  # of a header that asks for terabytes
    RecursionError,  # of JSON without an end
)


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs with their labels."""

    inputs: NDArray[np.uint8] | NDArray[np.float32]
    """Images, (N, C, H, W) of uint8; series, recordings, (N, 1, 1, samples), and texts, (N, 1, 1, ids), are
    (N, C, 1, T) of float32. May be a memory map."""
    labels: NDArray[Any]
    """One for each input, as the task has them: of classification (N,) of int64, each a place in the data set's
    classes."""
    names: tuple[str, ...] | None = None
    """For each the file it came from, as a path with slashes below the folder that the source names; None where inputs
    are no files of their own."""
    groups: NDArray[np.str_] | None = None
    """Shape (N,): the group of each, such as a person; None if there are none. For checks: `save` leaves it out."""

    def __post_init__(self) -> None:
        if self.names is not None and len(self.names) != len(self.inputs):
            raise AnenasError(f"expected {len(self.inputs)} names, one per input, not {len(self.names)}")

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, ready to train on: all its inputs have one shape. Compare data sets by `fingerprint`.

    Raises:
        AnenasError: The splits disagree on that shape, hold another kind of input, or labels that are not the task's.
    """

    name: str
    """Short, and safe in a file name."""
    classes: tuple[str, ...]
    """The name of each class, in the order of the labels; of a regression, of each target."""
    train: Split
    validation: Split
    """Held out of training: what a search may look at."""
    test: Split
    """What only the final report may look at."""
    kind: InputKind
    """What its inputs are."""
    task: Task = CLASSIFICATION
    """What its labels are."""
    flip: bool = False
    """Whether an image's horizontal mirror image still belongs to its class."""
    masked: bool = False
    """Whether inputs end at the last step and their last channel, a mask or token ids, is 0 before they begin."""
    augmentation: str = "light"
    """How much inputs change in training: one of the `augmentations` of their kind."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What users of the model need to know about its input, such as a vocabulary; ships in the package's metadata."""
    moments: Moments | None = None
    """Mean and standard deviation that networks normalise by, where they are those of other data."""

    def __post_init__(self) -> None:
        if self.augmentation not in self.kind.augmentations:
            known = " or ".join(self.kind.augmentations)
            raise AnenasError(f"`augment` of {self.kind} must be {known}, not '{self.augmentation}'")
        splits = (self.train, self.validation, self.test)
        for split in splits:
            if problem := self.kind.array_problem(split.inputs):
                raise AnenasError(problem)
            if problem := self.task.problem_of(split.labels, len(self.classes), len(split.inputs)):
                raise AnenasError(problem)
        shapes = {split.inputs.shape[1:] for split in splits}
        if len(shapes) > 1:
            found = " and ".join(map(str, sorted(shapes)))
            raise AnenasError(f"all splits must have {self.kind} of the same shape, not {found}")

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of every input; (channels, 1, steps) unless they are images."""
        _, channels, height, width = self.train.inputs.shape
        return channels, height, width

    @property
    def channels(self) -> int:
        """Of every input: 1 for grey images, 3 for colour; of series, including a mask."""
        return self.input_shape[0]

    @property
    def height(self) -> int:
        """Of every input: pixels of images, 1 otherwise."""
        return self.input_shape[1]

    @property
    def width(self) -> int:
        """Of every input: pixels of images, steps of series, samples of recordings, tokens of texts."""
        return self.input_shape[2]

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel over the training split, in units of 255: pixels count from 0 to 1.

        For masked series it is that of the real steps, and 0 for the mask.
        """
        return self._moments[0]

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel over the training split, in the same unit; for pixels at least 1/255.

        For masked series it is that of the real steps, and 1/255 for the mask, which stays as it is.
        """
        return self._moments[1]

    @property
    def forecast_channels(self) -> tuple[int, ...]:
        """The channel that each target is a later value of; empty where not every target is one's."""
        columns = json.loads(self.metadata.get("columns", "[]"))
        if self.task.classifies or self.masked or not {*self.classes} <= {*columns}:
            return ()
        return tuple(map(columns.index, self.classes))

    def augment(self, batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A batch of training inputs, augmented at random."""
        return batch if self.augmentation == "none" else self.kind.augment(batch, rng, self)

    @cached_property
    def fingerprint(self) -> str:
        """A hex digest of all values, labels, classes and metadata, and of the splits: changed data, changed digest."""
        digest = hashlib.sha256(json.dumps(self.classes).encode())
        if self.metadata:
            digest.update(json.dumps(dict(self.metadata), sort_keys=True).encode())
        for name in PARTS:
            split: Split = getattr(self, name)
            digest.update(json.dumps([name, split.inputs.shape]).encode())
            for chunk in _chunks(split.inputs):
                digest.update(np.ascontiguousarray(chunk).data)
            digest.update(np.ascontiguousarray(split.labels, split.labels.dtype.newbyteorder("<")).data)
        return digest.hexdigest()

    @cached_property
    def _moments(self) -> Moments:
        return self.moments or self.kind.moments(self.train.inputs, self.masked)

    def resized(self, height: int, width: int) -> Dataset:
        """The same images at another size, from what this one has of them."""
        if (height, width) == (self.height, self.width):
            return self
        train, validation, test = (_resized_split(getattr(self, part), height, width) for part in PARTS)
        return dataclasses.replace(self, train=train, validation=validation, test=test)

    def save(self, folder: Path) -> None:
        """Writes the data set as .npy files and one small JSON file, for `open` in another process.

        Each array replaces its predecessor atomically, so that processes that have the old one open are not disturbed.
        The JSON file is written last: if it exists, the data set is complete.

        Raises:
            AnenasError: The folder cannot be written to.
        """
        about = {
            "name": self.name,
            "classes": self.classes,
            "kind": self.kind.name,
            "task": self.task.name,
            "flip": self.flip,
            "augmentation": self.augmentation,
            "masked": self.masked,
            "facts": dict(self.metadata),
            "moments": self._moments,
            "fingerprint": self.fingerprint,
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "dataset.json").unlink(missing_ok=True)
            for name in PARTS:
                split: Split = getattr(self, name)
                _replace(folder / f"{name}_inputs.npy", split.inputs)
                _replace(folder / f"{name}_labels.npy", split.labels)
                (folder / f"{name}_names.json").unlink(missing_ok=True)
                if split.names is not None:
                    write_whole(folder / f"{name}_names.json", json.dumps(split.names))
            write_whole(folder / "dataset.json", json.dumps(about, indent=2) + "\n")
        except OSError as error:
            raise AnenasError(f"cannot save the data set in '{folder}': {error}") from error

    def save_sizes(self, folder: Path, sizes: Iterable[tuple[int, int]]) -> None:
        """`save`, and beside it the same images at those other sizes, (height, width) each, for `open`."""
        self.save(folder)
        for size in sizes:
            if size != (self.height, self.width):
                self.resized(*size).save(folder / _size_name(*size))

    @classmethod
    def open(cls, folder: Path, parts: Collection[str], size: tuple[int, int] | None = None) -> Dataset:
        """The data set that `save` wrote to `folder`, its images memory-mapped and read-only.

        Args:
            folder: Where it lies.
            parts: The splits to be had, of "train", "validation" and "test"; the others hold nothing. `CHOOSING` are
                those for what chooses between networks, so that it cannot look at what they are tested on, and `PARTS`
                are all.
            size: (height, width) of images, where `save_sizes` has written several.

        Raises:
            AnenasError: The folder holds no complete data set.
        """
        if size and (at_size := folder / _size_name(*size)).is_dir():
            folder = at_size
        try:
            about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
            splits = (
                Split(
                    inputs=np.load(folder / f"{name}_inputs.npy", mmap_mode="r", allow_pickle=False),
                    labels=np.load(folder / f"{name}_labels.npy", allow_pickle=False),
                    names=_read_names(folder / f"{name}_names.json"),
                )
                for name in PARTS
            )
            train, validation, test = (
                split if name in parts else _emptied(split) for name, split in zip(PARTS, splits, strict=True)
            )
            dataset = cls(
                about["name"],
                tuple(about["classes"]),
                train,
                validation,
                test,
                kind=input_kind(about["kind"]),
                task=TASKS[about["task"]],
                flip=about["flip"],
                augmentation=about["augmentation"],
                masked=about["masked"],
                metadata=about["facts"],
            )
            mean, std = about["moments"]
            # These need every pixel; a worker should not read them all to compute them again.
            vars(dataset).update(_moments=(tuple(mean), tuple(std)), fingerprint=about["fingerprint"])
        except (*_DAMAGED, AnenasError) as error:
            raise AnenasError(
                f"'{folder}' has no complete data set ({first_line(error)}); save it there again with Dataset.save"
            ) from error
        return dataset


def _emptied(split: Split) -> Split:
    """One without inputs, of the same shape and type."""
    return Split(split.inputs[:0], split.labels[:0], None if split.names is None else ())


def _chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """An array bit by bit, so that one that is memory-mapped is never in memory as a whole."""
    step = max(1, _CHUNK * len(array) // max(1, array.nbytes))
    for start in range(0, len(array), step):
        yield array[start : start + step]
        forget_pages(array)


def _size_name(height: int, width: int) -> str:
    return f"{height}x{width}"


def _resized_split(split: Split, height: int, width: int) -> Split:
    """Images at another size; Pillow widens its filter when it shrinks them, so that nothing aliases."""

    def resized(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR))

    def chunks() -> Iterator[NDArray[np.uint8]]:
        for chunk in _chunks(split.inputs):
            yield np.array([[resized(plane) for plane in image] for image in chunk])

    return dataclasses.replace(split, inputs=kept("", (*split.inputs.shape[:2], height, width), chunks))


def _read_names(path: Path) -> tuple[str, ...] | None:
    return tuple(map(str, json.loads(path.read_text(encoding="utf-8")))) if path.is_file() else None


def _replace(path: Path, array: NDArray[Any]) -> None:
    with replacing(path) as new, new.open("wb") as file:
        np.save(file, array, allow_pickle=False)
