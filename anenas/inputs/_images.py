"""Images: pixels of 0 to 255, resized, normalised, mirrored and shifted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._files import forget_pages
from anenas.inputs._base import InputKind, Moments, Traits, register_kind
from anenas.inputs._strong import strengthened

_BATCH = 1024
_PICTURES = (1, 3)  # channels of what can be changed as pictures are
_SMALLEST_STD = 1 / 255  # one grey level, so that dividing by it is always safe


class _Images(InputKind):
    def array_problem(self, array: NDArray[Any]) -> str | None:
        if array.dtype == np.uint8 and array.ndim == 4:
            return None
        return f"images must be uint8 (N, C, H, W), not {array.dtype} {array.shape}"

    def moments(self, array: NDArray[Any], masked: bool) -> Moments:
        # Integer sums are exact, so all machines get the same digits; batches keep the temporaries small.
        channels = array.shape[1]
        total = np.zeros(channels, np.int64)
        squares = np.zeros(channels, np.int64)
        for start in range(0, len(array), _BATCH):
            batch = array[start : start + _BATCH]
            total += batch.sum(axis=(0, 2, 3), dtype=np.int64)
            squares += np.square(batch, dtype=np.uint16).sum(axis=(0, 2, 3), dtype=np.int64)
            forget_pages(array)
        mean = total / (array.size / channels) / 255
        variance = squares / (array.size / channels) / 255**2 - mean**2
        std = np.sqrt(np.maximum(variance, _SMALLEST_STD**2))
        return tuple(mean.tolist()), tuple(std.tolist())

    def augment(self, batch: np.ndarray, rng: np.random.Generator, traits: Traits) -> np.ndarray:
        if traits.augmentation == "strong" and batch.shape[1] in _PICTURES:
            return strengthened(batch, traits.flip, traits.mean, rng)
        return shifted(batch, traits.flip, rng)

    def changes(self, traits: Traits, channels: int) -> str:
        if traits.augmentation == "strong" and channels in _PICTURES:
            return "crops, distorts and recolours images at random, and covers patches of them"
        return "shifts images a little" if channels > 1 else ""


def shifted(images: np.ndarray, flip: bool, rng: np.random.Generator) -> np.ndarray:
    """(B, C, H, W) images, half of them mirrored if `flip`; colour ones shifted by up to a sixteenth of their size.

    Grey sets (garments, digits, scans) are centred: shifting them only makes short training harder.
    """
    count, channels, height, width = images.shape
    margin = min(height, width) // 16 if channels > 1 else 0
    padded = np.pad(images, ((0, 0), (0, 0), (margin, margin), (margin, margin)), mode="edge")
    top, left = rng.integers(0, 2 * margin + 1, (2, count))
    rows = top[:, None] + np.arange(height)
    columns = left[:, None] + np.arange(width)
    if flip:
        mirrored = rng.random(count) < 0.5
        columns[mirrored] = columns[mirrored, ::-1]
    # Index arrays separated by a slice put channels last: (B, H, W, C), the layout that training wants anyway.
    pixels = padded[np.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return pixels.transpose(0, 3, 1, 2)


IMAGES = register_kind(
    _Images(
        name="images",
        one="image",
        example_space="mobile_cnn",
        axes=("images", "channels", "rows", "columns"),
        core_ml_name="image",
        variable="pixels",
        batch_variable="pixels",
        content="Pixels of 0 to 255",
        meaning="pixels of 0 to 255",
        preparation="The model normalises pixels itself.",
        resized=True,
        augmentations=("none", "light", "strong"),
        streaming_problem="only networks of series can stream; this one takes images",
    )
)
