"""`Dataset`: images or series with their labels in three splits, as plain arrays that processes can share.

Recordings are series of samples here, and texts of ids.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._source import PARTS

_TRAITS = ("flip", "jitter", "masked", "facts")
_BATCH = 1024
_SMALLEST_STD = 1 / 255  # one grey level, so that dividing by it is always safe


@dataclass(frozen=True, eq=False)
class Split:
    """Images, or series, with their labels.

    Raises:
        AnenasError: The arrays have another type or shape than described here.
    """

    inputs: NDArray[np.uint8] | NDArray[np.float32]
    """Images, (N, C, H, W) of uint8, or series, (N, C, 1, T) of float32; may be a memory map."""
    labels: NDArray[np.int64]
    """Shape (N,): for each an index into the data set's classes."""

    def __post_init__(self) -> None:
        is_series = self.inputs.dtype == np.float32 and self.inputs.shape[2:3] == (1,)
        if not (self.inputs.dtype == np.uint8 or is_series) or self.inputs.ndim != 4:
            raise AnenasError(
                f"images must be uint8 (N, C, H, W), or series float32 (N, C, 1, T), "
                f"not {self.inputs.dtype} {self.inputs.shape}"
            )
        if self.labels.dtype != np.int64 or self.labels.shape != self.inputs.shape[:1]:
            raise AnenasError(
                f"labels must be int64 ({len(self.inputs)},), one for each input, "
                f"not {self.labels.dtype} {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, ready to train on: all its images, or series, have one shape. Compare data sets by `fingerprint`.

    Raises:
        AnenasError: The splits disagree on that shape.
    """

    name: str
    """Short, and safe in a file name."""
    classes: tuple[str, ...]
    """The name of each label, in the order of the labels."""
    train: Split
    validation: Split
    """Held out of training: what a search may look at."""
    test: Split
    """What only the final report may look at."""
    flip: bool
    """Whether an image's horizontal mirror image still belongs to its class."""
    jitter: bool = False
    """Whether a series that is a little noisier, louder or softer, or has a gap still belongs to its class."""
    masked: bool = False
    """Whether the last channel of series, which end at the last step, is over 0 where they are and 0 before: a mask, or
    of texts the ids of their tokens.
    """
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a user of the model has to know of its input, such as a vocabulary: ships in the package's metadata."""

    def __post_init__(self) -> None:
        shapes = {split.inputs.shape[1:] for split in (self.train, self.validation, self.test)}
        if len(shapes) > 1:
            raise AnenasError(f"all splits must hold images of one shape, not {' and '.join(map(str, sorted(shapes)))}")

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of every image; (channels, 1, steps) of every series."""
        _, channels, height, width = self.train.inputs.shape
        return channels, height, width

    @property
    def channels(self) -> int:
        """1 for grey images, 3 for colour; of series, a mask among them."""
        return self.input_shape[0]

    @property
    def height(self) -> int:
        """Height of every image, in pixels; 1 of series."""
        return self.input_shape[1]

    @property
    def width(self) -> int:
        """Width of every image, in pixels; the steps or samples of series."""
        return self.input_shape[2]

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel over the training split, in units of 255: pixels count from 0 to 1.

        Of masked series it is the mean of the steps that are there, and 0 for the mask.
        """
        return self._moments[0]

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel over the training split, in the same unit; of pixels at least 1/255.

        Of masked series it is that of the steps that are there, and 1/255 for the mask, which stays as it is.
        """
        return self._moments[1]

    @cached_property
    def fingerprint(self) -> str:
        """A hex digest of all values, labels, classes and facts, and of the splits: changed data, changed digest."""
        digest = hashlib.sha256(json.dumps(self.classes).encode())
        if self.facts:
            digest.update(json.dumps(dict(self.facts), sort_keys=True).encode())
        for name in PARTS:
            split: Split = getattr(self, name)
            digest.update(json.dumps([name, split.inputs.shape]).encode())
            digest.update(np.ascontiguousarray(split.inputs).data)
            digest.update(np.ascontiguousarray(split.labels, dtype="<i8").data)
        return digest.hexdigest()

    @cached_property
    def _moments(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        if self.train.inputs.dtype == np.float32:
            each, values = (0, 2, 3), self.train.inputs
            if not self.masked:
                mean, std = values.mean(each, dtype=np.float64), values.std(each, dtype=np.float64)
                return _rounded(mean / 255), _rounded(std / 255)
            there = values.transpose(1, 0, 2, 3)[:-1, values[:, -1] > 0].astype(np.float64)  # (C - 1, steps of all)
            return (*_rounded(there.mean(1) / 255), 0.0), (*_rounded(there.std(1) / 255), 1 / 255)
        # Integer sums are exact, so every machine finds the same digits; batches keep the temporaries small.
        images = self.train.inputs
        total = np.zeros(self.channels, np.int64)
        squares = np.zeros(self.channels, np.int64)
        for start in range(0, len(images), _BATCH):
            batch = images[start : start + _BATCH]
            total += batch.sum(axis=(0, 2, 3), dtype=np.int64)
            squares += np.square(batch, dtype=np.uint16).sum(axis=(0, 2, 3), dtype=np.int64)
        mean = total / (images.size / self.channels) / 255
        variance = squares / (images.size / self.channels) / 255**2 - mean**2
        std = np.sqrt(np.maximum(variance, _SMALLEST_STD**2))
        return tuple(mean.tolist()), tuple(std.tolist())

    def save(self, folder: Path) -> None:
        """Writes the data set as .npy files and one small JSON file, for `open` in another process.

        Each file replaces its predecessor at once, so that processes that have the old one open are not disturbed.
        The JSON file comes last: where it lies, the data set is complete.

        Raises:
            AnenasError: The folder cannot be written to.
        """
        about = {
            "name": self.name,
            "classes": self.classes,
            "flip": self.flip,
            "jitter": self.jitter,
            "masked": self.masked,
            "facts": dict(self.facts),
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
            (folder / "dataset.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise AnenasError(f"cannot save the data set in '{folder}': {error}") from error

    @classmethod
    def open(cls, folder: Path) -> Dataset:
        """The data set that `save` wrote to `folder`, its images memory-mapped and read-only.

        Raises:
            AnenasError: The folder holds no complete data set.
        """
        try:
            about = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
            train, validation, test = (
                Split(
                    inputs=np.load(folder / f"{name}_inputs.npy", mmap_mode="r", allow_pickle=False),
                    labels=np.load(folder / f"{name}_labels.npy", allow_pickle=False),
                )
                for name in PARTS
            )
            classes, traits = tuple(about["classes"]), {name: about[name] for name in _TRAITS}
            dataset = cls(about["name"], classes, train, validation, test, **traits)
            mean, std = about["moments"]
            # What needs every pixel is known already; a worker should not read them all to find it again.
            vars(dataset).update(_moments=(tuple(mean), tuple(std)), fingerprint=about["fingerprint"])
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise AnenasError(
                f"'{folder}' holds no complete data set ({error}); save it there again with Dataset.save"
            ) from error
        return dataset


def _rounded(moment: NDArray[np.float64]) -> tuple[float, ...]:
    """To six digits, for the last ones of sums of floats differ from machine to machine."""
    return tuple(float(f"{value:.6g}") for value in moment)


def _replace(path: Path, array: NDArray[np.generic]) -> None:
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        np.save(file, array, allow_pickle=False)
    new.replace(path)
