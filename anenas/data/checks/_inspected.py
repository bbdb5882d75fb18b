"""A data set that is being looked at, and what several checks need to know of it."""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas.data._dataset import Dataset, Split
from anenas.data._raw import PARTS
from anenas.data.checks._look_alikes import look_alikes
from anenas.inputs import IMAGES
from anenas.tasks import Classification

FEWEST = 20  # training inputs of a class: of fewer, a network learns the inputs rather than the class
_BATCH = 256
_MOST_CANDIDATES, _MOST_QUICKLY = 150_000, 40_000  # pairs of images: a second takes 50,000
_IMAGES_QUICKLY = 10_000  # of which all pairs of hashes are compared in a quarter of a second

_log = logging.getLogger(__name__)


class Inspected:
    """A data set, its inputs counted through all splits.

    Args:
        dataset: The data set.
        fewest: Training inputs that each class should have.
        quick: Whether each check may take about two seconds, before a search; what is left out then is logged.
    """

    def __init__(self, dataset: Dataset, *, fewest: int = FEWEST, quick: bool = False) -> None:
        self.dataset, self.fewest, self.quick = dataset, fewest, quick
        self.parts: dict[str, Split] = {part: getattr(dataset, part) for part in PARTS}
        sizes = [len(split) for split in self.parts.values()]
        self._starts = np.cumsum([0, *sizes])
        self.splits: NDArray[np.int64] = np.repeat(np.arange(len(PARTS)), sizes)
        """Shape (N,): for each input the number of its split in `PARTS`."""
        self.labels: NDArray[np.int64] = np.concatenate(
            [dataset.task.strata(split.labels) for split in self.parts.values()]
        )
        """Shape (N,): the class of each input, or what stands for it in another task, see `Task.strata`."""

    @property
    def is_classified(self) -> bool:
        """Whether labels are classes, one for each input."""
        return isinstance(self.dataset.task, Classification)

    def name(self, index: int) -> str:
        """The file of an input, or its split and its number there, from 0."""
        part = PARTS[self.splits[index]]
        number, names = int(index - self._starts[self.splits[index]]), self.parts[part].names
        if names is None:
            return f"{part} {number}"
        return f"{names[number]} ({part})" if self._are_ambiguous else names[number]

    @cached_property
    def _are_ambiguous(self) -> bool:
        """Whether files of two splits have one name, as in folders of their own they may."""
        each = [set(split.names or ()) for split in self.parts.values()]
        return len(set().union(*each)) < sum(map(len, each))

    def class_of(self, index: int) -> str:
        """The class of an input."""
        return self.dataset.classes[self.labels[index]]

    def batches(self) -> Iterator[NDArray[Any]]:
        """All inputs, a few hundred at a time."""
        for part in self.parts:
            yield from self.batches_of(part)

    def batches_of(self, part: str) -> Iterator[NDArray[Any]]:
        """The inputs of a split, likewise."""
        split = self.parts[part]
        for start in range(0, len(split), _BATCH):
            yield split.inputs[start : start + _BATCH]

    def batches_at(self, indices: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
        """The inputs at these places, which ascend, likewise."""
        for part, (start, end) in zip(self.parts, itertools.pairwise(self._starts), strict=True):
            here = indices[(indices >= start) & (indices < end)] - start
            for first in range(0, len(here), _BATCH):
                yield self.parts[part].inputs[here[first : first + _BATCH]]

    @cached_property
    def same(self) -> list[tuple[int, ...]]:
        """The inputs that are equal in every value, as networks see them; those that equal no other are left out."""
        by_content: dict[bytes, list[int]] = defaultdict(list)
        rows = (row for batch in self.batches() for row in batch)
        for index, row in enumerate(rows):
            by_content[hashlib.blake2b(row.tobytes(), digest_size=16).digest()].append(index)
        return [tuple(members) for members in by_content.values() if len(members) > 1]

    @cached_property
    def look_alikes(self) -> list[tuple[int, int]]:
        """Pairs of images that are near-duplicates without being equal, in two splits or classes."""
        count, name = len(self.labels), self.dataset.name
        if self.dataset.kind is not IMAGES or not count:
            return []
        if self.quick and count > _IMAGES_QUICKLY:
            _log.info(
                f"{name}: finding near-duplicates among {count:,} images takes a while: `anenas data check` does it"
            )
            return []
        most = _MOST_QUICKLY if self.quick else _MOST_CANDIDATES
        found = look_alikes(self.batches(), self.labels, self.splits, most=most)
        if found.too_many:
            _log.info(f"{name}: so many images look alike that only the {most:,} closest pairs are compared in detail")
        number = {index: number for number, members in enumerate(self.same) for index in members}
        pairs = ((int(first), int(second)) for first, second in found.pairs)
        return [(a, b) for a, b in pairs if a not in number or number[a] != number.get(b)]
