"""The photos of a data source, all splits together: how they are read, and what is said of it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Self

import joblib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anenas.data._colour_profiles import DAMAGED, OTHER
from anenas.data._photos import Look, Range, common_range, draw_photo, is_proportional, look_at

_log = logging.getLogger(__name__)
_CHUNK = 32 * 2**20  # bytes of photos that are drawn at a time
_DECODED = 2**30  # bytes of photos as they are decoded, all threads together
_BYTES_PER_PIXEL = 12  # decoded, as RGBA and on white

Opened = Callable[[int], AbstractContextManager[Image.Image]]
"""Opens the photo of an index, for any thread; what it yields may be changed."""


@dataclass(frozen=True, eq=False)
class Album:
    """Photos of any shape and mode.

    Attributes:
        opened: Opens one.
        count: How many.
        looks: What is known of each, or of some if the others are like them.
        key: Equal for the same photos alone, of which it is worth while to keep what was drawn; otherwise empty.
    """

    opened: Opened
    count: int
    looks: tuple[Look, ...]
    key: str = ""

    @classmethod
    def of(cls, opened: Opened, count: int, most: int | None = None, key: str = "") -> Self:
        """The photos that `opened` opens.

        Args:
            opened: Opens one.
            count: How many there are.
            most: To look at, if all are alike; by default all.
            key: See the attribute.

        Raises:
            AnenasError: If one cannot be read.
        """

        def look(index: int) -> Look:
            with opened(index) as image:
                return look_at(image)

        with ThreadPoolExecutor(joblib.cpu_count()) as threads:
            step = 1 if most is None else -(-count // most)
            return cls(opened, count, tuple(threads.map(look, range(0, count, step))), key)

    @property
    def channels(self) -> int:
        """1 if every photo is grey, otherwise 3."""
        return 1 if all(look.grey for look in self.looks) else 3

    @property
    def ranges(self) -> dict[str, Range]:
        """The values that become black and white in photos of more than 8 bits, of integers and of floats."""
        return {deep: common_range(look.values for look in self.looks if look.deep == deep) for deep in self._deep}

    @property
    def _deep(self) -> list[str]:
        return sorted({look.deep for look in self.looks} - {""})

    def facts(self, ranges: Mapping[str, Range]) -> dict[str, str]:
        """What users of a model need to know of how pixels were made, with these ranges: see `Dataset.metadata`."""
        found = ["transparent parts are drawn on white"] if any(look.transparent for look in self.looks) else []
        found += [f"grey of more than 8 bits is scaled: {_words(one)} become 0 and 255" for one in ranges.values()]
        return {"pixels": "; ".join(found)} if found else {}

    def draw(self, index: int, size: tuple[int, int], channels: int, ranges: Mapping[str, Range]) -> NDArray[np.uint8]:
        """A photo as `draw_photo` draws it, in the range of its kind.

        Raises:
            AnenasError: If it cannot be read.
        """
        with self.opened(index) as image:
            deep = "float" if image.mode == "F" else "integer"
            return draw_photo(image, size, channels, ranges.get(deep))

    def drawn(
        self, indices: NDArray[np.int64], size: tuple[int, int], channels: int, ranges: Mapping[str, Range]
    ) -> Iterator[NDArray[np.uint8]]:
        """Photos as `draw` draws them, in chunks, (N, channels, height, width) each.

        Raises:
            AnenasError: If one cannot be read.
        """
        step = max(1, _CHUNK // (channels * math.prod(size)))
        with ThreadPoolExecutor(self._threads) as threads:
            for start in range(0, len(indices), step):
                chunk = indices[start : start + step]
                yield np.stack(list(threads.map(lambda index: self.draw(int(index), size, channels, ranges), chunk)))

    @property
    def _threads(self) -> int:
        """As many as the memory allows for the largest photos, decoded and converted."""
        largest = max(look.width * look.height for look in self.looks) * _BYTES_PER_PIXEL
        return max(1, min(joblib.cpu_count(), _DECODED // largest))

    def say(self, name: str, size: tuple[int, int], channels: int, ranges: Mapping[str, Range]) -> None:
        """Log how photos are read and brought to a size, unless they have it.

        Args:
            name: Of the data set.
            size: (height, width) that they are drawn at.
            channels: That they are drawn in.
            ranges: The values that become black and white.
        """
        self._say_size(name, size)
        if channels > 1:
            self._say(name, [look.grey for look in self.looks], "grey: three equal channels are made of one")
        else:
            self._say(name, [not look.grey for look in self.looks], "in colour: they are turned into grey")
        self._say(name, [look.transparent for look in self.looks], "transparent, at least in part: drawn on white")
        cmyk = "in CMYK: turned into RGB without the colour profiles they may have"
        self._say(name, [look.cmyk for look in self.looks], cmyk)
        turned = "turned upright, as their EXIF says"
        self._say(name, [look.turned for look in self.looks], turned)
        profiles = {
            OTHER: "in the colours of another profile than sRGB: turned into sRGB",
            DAMAGED: "in the colours of a profile that cannot be read: taken for sRGB",
        }
        for kind, what in profiles.items():
            self._say(name, [look.profile == kind for look in self.looks], what)
        several = "animated or of several pages: the first is read"
        self._say(name, [look.several for look in self.looks], several)
        for deep in self._deep:
            highest = max(look.values[1] for look in self.looks if look.deep == deep)
            shown = _words(ranges[deep])
            what = f"grey of more than 8 bits, of values up to {highest:g}: {shown} become black and white"
            self._say(name, [look.deep == deep for look in self.looks], what)

    def _say_size(self, name: str, size: tuple[int, int]) -> None:
        sizes = sorted({(look.height, look.width) for look in self.looks}, key=lambda one: (math.prod(one), one))
        if sizes == [size]:
            return
        height, width = size
        if all(is_proportional(one, size) for one in sizes):
            what = f"are scaled to {width}×{height}"
        else:
            what = f"are scaled to cover {width}×{height} and cropped to the centre"
        if len(self.looks) < self.count:
            _log.info(f"{name}: the images {what}")
            return
        found = " to ".join(f"{width}×{height}" for height, width in dict.fromkeys((sizes[0], sizes[-1])))
        _log.info(f"{name}: {self.count:,} images of {found} pixels {what}")

    def _say(self, name: str, which: list[bool], what: str) -> None:
        if all(which):
            _log.info(f"{name}: the images are {what}")
        elif any(which):
            how_many = f"{sum(which):,} of {self.count:,}" if len(which) == self.count else "some"
            _log.info(f"{name}: {how_many} images are {what}")


def _words(values: Range) -> str:
    return f"{values[0]:g} and {values[1]:g}"
