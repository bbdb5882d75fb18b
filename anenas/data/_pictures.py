"""Pictures as their source holds them, and drawing them at the size and channels of the network's input."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from anenas._errors import AnenasError
from anenas.data._album import Album
from anenas.data._arrays import array_reader
from anenas.data._format import InputFormat
from anenas.data._kept import kept
from anenas.data._photos import BILINEAR, Range, in_channels, is_proportional, planes
from anenas.data._raw import Inputs
from anenas.inputs import IMAGES

_log = logging.getLogger(__name__)
_MAGNIFIED = 3  # times an image may be, at most, where several sizes would do: more shows nothing new
_ENLARGED = 2  # times an image may be, at most, where a smaller input would do that was not asked for, either
_REDUCED = 2  # times a photo is larger, at least, than an input that was not asked for: its subject seldom fills it
_VERSION = 2  # of how photos are drawn: another one, and those that are kept are drawn anew


class _Pictures(Inputs):
    """Pictures. They can be drawn with their own number of channels, with 3 instead of 1, and with 1 instead of 3."""

    @property
    @abstractmethod
    def channels(self) -> int:
        """1 for grey, 3 for colour."""

    @property
    def flip(self) -> bool:
        """Digits and scans are usually grey, photos in colour."""
        return self.channels == 3

    @property
    @abstractmethod
    def shorter_side(self) -> int:
        """In pixels; the median where they are of several sizes."""

    def settle(self, wanted: InputFormat, name: str) -> InputFormat:
        if wanted.sizes:
            wanted = dataclasses.replace(wanted, size=self._largest(wanted.sizes, name), sizes=())
        if wanted.other_sizes:
            wanted = dataclasses.replace(wanted, size=self._suited(wanted), other_sizes=())
        channels = self.channels if wanted.channels is None else wanted.channels
        if channels != self.channels and {channels, self.channels} != {1, 3}:
            raise AnenasError(
                f"{name} has {self.channels} channels, which cannot be made {channels}; only 1 and 3 can be converted"
            )
        settled = dataclasses.replace(wanted, channels=channels)
        self._say(name, settled)
        return settled

    def _largest(self, sizes: Sequence[tuple[int, int]], name: str) -> tuple[int, int]:
        """The largest of several sizes that does not magnify them too much, or the smallest."""
        side = self.shorter_side
        fits = [size for size in sizes if max(size) <= _MAGNIFIED * side] or [min(sizes)]
        if left := [str(height) for height, _ in sizes if height > max(fits)[0]]:
            pixels = f"more than {_MAGNIFIED} times the images' shorter side of {side}"
            _log.info(f"{name}: inputs of {', '.join(left)} pixels are left out: {pixels}")
        return max(fits)

    def _suited(self, wanted: InputFormat) -> tuple[int, int]:
        """The input's own size, or a smaller one where that would enlarge images too much."""
        assert wanted.size
        most = _ENLARGED * self.shorter_side
        smaller = [size for size in wanted.other_sizes if max(size) < max(wanted.size)]
        if not smaller or max(wanted.size) <= most:
            return wanted.size
        return max([size for size in smaller if max(size) <= most] or [min(smaller)])

    @abstractmethod
    def _say(self, name: str, settled: InputFormat) -> None:
        """Log what is done to bring them to a format."""


@dataclass(frozen=True, eq=False)
class ArrayPictures(_Pictures):
    """Pictures of one shape, in memory. Drawing stretches them to the size asked for."""

    array: NDArray[np.uint8]
    """Shape (N, H, W, C)."""

    def __len__(self) -> int:
        return len(self.array)

    @property
    def channels(self) -> int:
        return self.array.shape[3]

    @property
    def shorter_side(self) -> int:
        return min(self.array.shape[1:3])

    def _say(self, name: str, settled: InputFormat) -> None:
        size, channels = _drawn_as(settled)
        if self._is_stretched(size):
            _log.info(f"{name}: images of {_words(self.array.shape[1:3])} pixels are stretched to {_words(size)}")
        if channels != self.channels:
            change = "are grey: they get three equal channels" if channels > 1 else "lose their colours"
            _log.info("%s: the images %s", name, change)

    def facts(self, wanted: InputFormat) -> dict[str, str]:
        return {"resizing": "stretched"} if self._is_stretched(_drawn_as(wanted)[0]) else {}

    def _is_stretched(self, size: tuple[int, int]) -> bool:
        """Whether that size has other proportions, to the pixel."""
        rows, columns = self.array.shape[1:3]
        return not is_proportional((rows, columns), size)

    def take(self, indices: NDArray[np.int64]) -> ArrayPictures:
        return ArrayPictures(self.array[indices])

    def draw(self, wanted: InputFormat) -> NDArray[np.uint8]:
        size, channels = _drawn_as(wanted)
        if self.array.shape[1:] == (*size, channels):
            return np.ascontiguousarray(np.moveaxis(self.array, 3, 1))
        drawn = np.empty((len(self), channels, *size), np.uint8)
        for index, pixels in enumerate(self.array):
            if pixels.shape[2] == 3:
                image = in_channels(Image.fromarray(pixels), channels)
                drawn[index] = planes(image.resize(size[::-1], BILINEAR))
            else:  # a single plane fills all the channels there are; several, such as RGBA, stay what they are
                one_by_one = [
                    Image.fromarray(plane).resize(size[::-1], BILINEAR) for plane in np.moveaxis(pixels, 2, 0)
                ]
                drawn[index] = np.stack([np.asarray(plane) for plane in one_by_one])
        return drawn


@dataclass(frozen=True, eq=False)
class PhotoPictures(_Pictures):
    """Some photos of an album, decoded and drawn one by one."""

    album: Album
    indices: NDArray[np.int64]
    """Shape (N,), into the album."""

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def channels(self) -> int:
        return self.album.channels

    @property
    def shorter_side(self) -> int:
        return int(np.median([min(look.height, look.width) for look in self.album.looks]))

    def settle(self, wanted: InputFormat, name: str) -> InputFormat:
        ranges = self.album.ranges | _ranges(wanted)
        wanted = dataclasses.replace(wanted, ranges=tuple((kind, *ranges[kind]) for kind in ranges))
        return super().settle(wanted, name)

    def _suited(self, wanted: InputFormat) -> tuple[int, int]:
        size = super()._suited(wanted)
        return max([size, *(one for one in wanted.other_sizes if _REDUCED * max(one) <= self.shorter_side)])

    def _say(self, name: str, settled: InputFormat) -> None:
        self.album.say(name, *_drawn_as(settled), _ranges(settled))

    def facts(self, wanted: InputFormat) -> dict[str, str]:
        return self.album.facts(_ranges(wanted))

    def take(self, indices: NDArray[np.int64]) -> PhotoPictures:
        return PhotoPictures(self.album, self.indices[indices])

    def draw(self, wanted: InputFormat) -> NDArray[np.uint8]:
        size, channels = _drawn_as(wanted)
        shape, ranges = (len(self), channels, *size), _ranges(wanted)
        key = self.album.key and _key(
            self.album.key, shape, wanted.ranges, self.indices.tobytes(), PIL.__version__, _VERSION
        )
        return kept(key, shape, lambda: self.album.drawn(self.indices, size, channels, ranges))


def _drawn_as(wanted: InputFormat) -> tuple[tuple[int, int], int]:
    """(height, width) and channels of a format that is settled."""
    assert wanted.size and wanted.channels
    return wanted.size, wanted.channels


def _ranges(settled: InputFormat) -> dict[str, Range]:
    return {kind: (black, white) for kind, black, white in settled.ranges}


def _key(*parts: object) -> str:
    """Another one for other parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _words(size: Sequence[int]) -> str:
    height, width = size
    return f"{width}×{height}"


@array_reader(IMAGES)
def pictures_of_arrays(
    where: str, arrays: Mapping[str, NDArray[Any]], more: Mapping[str, NDArray[Any]], wanted: InputFormat
) -> dict[str, ArrayPictures]:
    """The images of arrays (N, H, W) or (N, H, W, C) of uint8, or (N, H, W, C) of floats from 0 to 1.

    Raises:
        AnenasError: If they are not as described.
    """
    images = {key: _checked(where, key, array) for key, array in arrays.items()}
    channels = images["train_x"].shape[3]
    for key, array in images.items():
        if array.shape[3] != channels:
            raise AnenasError(
                f"{where}: train_x has {channels} channels but {key} has {array.shape[3]}; give both the same number"
            )
    scaled = sum(len(array) for array in arrays.values() if array.dtype.kind == "f")
    if scaled:
        _log.info("%s: %s images of floats from 0 to 1 are read as pixels from 0 to 255", where, f"{scaled:,}")
    return {key: ArrayPictures(array) for key, array in images.items()}


def _checked(where: str, key: str, array: NDArray[Any]) -> NDArray[np.uint8]:
    """An array as (N, H, W, C) of pixels."""
    is_float = array.dtype.kind == "f"
    if array.dtype != np.uint8 and not (is_float and array.ndim == 4):
        # With three axes they may be series.
        hint = "; series need a space such as sequence_rnn, and images of floats four axes, (N, H, W, C)"
        raise AnenasError(
            f"{where}: {key} must be uint8 with pixels from 0 to 255, not {array.dtype}"
            f"{hint if is_float and array.ndim == 3 else ''}"
        )
    if array.ndim not in (3, 4):
        raise AnenasError(f"{where}: {key} must be (N, H, W) or (N, H, W, C), not {array.shape}")
    if array.size == 0:
        raise AnenasError(f"{where}: {key} has no pixels: its shape is {array.shape}")
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] > 4:
        raise AnenasError(
            f"{where}: {key} looks like (N, C, H, W) with shape {array.shape}; expected (N, H, W, C): give "
            f"{key}.transpose(0, 2, 3, 1)"
        )
    return pixels(f"{where}: {key}", array if array.ndim == 4 else array[..., np.newaxis])


def pixels(what: str, array: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels of 0 to 255 as they are, or of floats from 0 to 1.

    Args:
        what: What they are, for messages.
        array: Of uint8 or floats.

    Raises:
        AnenasError: If floats are not from 0 to 1.
    """
    if array.dtype.kind != "f":
        return array.astype(np.uint8, copy=False)
    lowest, highest = float(array.min()), float(array.max())
    if not (lowest >= 0 and highest <= 1):
        raise AnenasError(
            f"{what} has floats from {lowest:g} to {highest:g}; expected uint8 with pixels from 0 to 255, or floats "
            f"from 0 to 1, not normalised"
        )
    return np.rint(array * 255).astype(np.uint8)
