"""Pictures as their source holds them, and drawing them at the size and channels of the network's input."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

_BILINEAR = Image.Resampling.BILINEAR  # Pillow widens the filter when it shrinks, so nothing aliases


@dataclass(frozen=True, eq=False)
class ArrayPictures:
    """Pictures of one shape, in memory. Drawing stretches them to the size asked for."""

    array: NDArray[np.uint8]
    """Shape (N, H, W, C)."""

    def __len__(self) -> int:
        return len(self.array)

    def take(self, indices: NDArray[np.int64]) -> ArrayPictures:
        return ArrayPictures(self.array[indices])

    def draw(self, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
        """See `Inputs.draw`; besides its own number of channels, an array can be drawn from 1 to 3 and 3 to 1."""
        drawn = np.empty((len(self), channels, *size), np.uint8)
        for index, pixels in enumerate(self.array):
            if pixels.shape[2] == 3:
                image = _in_channels(Image.fromarray(pixels), channels)
                drawn[index] = _planes(image.resize(size[::-1], _BILINEAR))
            else:  # a single plane fills all the channels there are; several, such as RGBA, stay what they are
                planes = [Image.fromarray(plane).resize(size[::-1], _BILINEAR) for plane in np.moveaxis(pixels, 2, 0)]
                drawn[index] = np.stack([np.asarray(plane) for plane in planes])
        return drawn


@dataclass(frozen=True, eq=False)
class PhotoPictures:
    """Pictures of any shape that are decoded one by one. Drawing is up to `draw_one`, which threads share."""

    draw_one: Callable[[int, tuple[int, int], int], NDArray[np.uint8]]
    """Called with an index, size and channels; returns (channels, height, width)."""
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.indices)

    def take(self, indices: NDArray[np.int64]) -> PhotoPictures:
        return PhotoPictures(self.draw_one, self.indices[indices])

    def draw(self, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
        drawn = np.empty((len(self), channels, *size), np.uint8)

        def fill(position: int) -> None:
            drawn[position] = self.draw_one(int(self.indices[position]), size, channels)

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            for _ in threads.map(fill, range(len(self))):
                pass  # asking for each result raises the first picture's error and drops the pictures still waiting
        return drawn


def draw_photo(image: Image.Image, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """A photo, upright, resized to cover `size` and cropped to its centre.

    Args:
        image: As Pillow opened it, in any mode.
        size: (height, width).
        channels: 1 or 3.

    Returns:
        Shape (channels, height, width).
    """
    image.draft(None, (2 * max(size), 2 * max(size)))  # lets a large JPEG decode at a fraction of its size
    upright = ImageOps.exif_transpose(image)
    return _planes(ImageOps.fit(_in_channels(upright, channels), size[::-1], _BILINEAR))


def is_grey(image: Image.Image) -> bool:
    """Whether a picture has one channel only, told from its header. A palette counts as colour."""
    return image.mode in ("1", "L") or image.mode.startswith("I")


def _in_channels(image: Image.Image, channels: int) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("L" if channels == 1 else "RGB")  # "L" is the luma of ITU-R 601


def _planes(image: Image.Image) -> NDArray[np.uint8]:
    pixels = np.asarray(image)
    return np.moveaxis(pixels, 2, 0) if pixels.ndim == 3 else pixels[np.newaxis]
