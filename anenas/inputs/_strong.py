"""Strong augmentation of images by timm: crops, RandAugment and erased patches."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

_CROP = (0.5, 1.0)  # of the area; brief trainings of small networks do not make up for timm's 0.08
_POLICY = "rand-m7-mstd0.5-inc1"
_ERASED = 0.25  # of the images


def strengthened(images: np.ndarray, flip: bool, mean: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """(B, C, H, W) images of 1 or 3 channels: cropped, half of them mirrored if `flip`, changed by two of RandAugment's
    operations, and some with a patch of the mean colour.

    Args:
        images: Of uint8; stay as they are.
        flip: Whether a mirrored image is still of its class.
        mean: Of each channel, in units of 255.
        rng: Decides how.
    """
    from PIL import Image

    channels, height, width = images.shape[1:]
    colour = tuple(round(255 * value) for value in mean)
    crop, change, erase = _transforms(height, width, colour * (3 // channels))
    mirrored = rng.random(len(images)) < (0.5 if flip else 0.0)
    result = np.empty_like(images)
    with _seeded(int(rng.integers(2**32))):
        for i, planes in enumerate(images):
            picture = Image.fromarray(planes[0] if channels == 1 else planes.transpose(1, 2, 0)).convert("RGB")
            picture = change(crop(picture))
            if mirrored[i]:
                picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            pixels = np.asarray(picture.convert("L"))[None] if channels == 1 else np.asarray(picture).transpose(2, 0, 1)
            result[i] = erase(pixels, np.array(colour, np.int16)[:, None, None])
    return result


@functools.lru_cache(maxsize=8)
def _transforms(
    height: int, width: int, colour: tuple[int, ...]
) -> tuple[Callable[[Image], Image], Callable[[Image], Image], Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Timm's, for images of that size; what they show beyond its edge is of that colour."""
    from anenas._torchvision import import_torchvision

    import_torchvision()
    import torch
    from timm.data.auto_augment import rand_augment_transform
    from timm.data.random_erasing import RandomErasing
    from timm.data.transforms import RandomResizedCropAndInterpolation

    crop = RandomResizedCropAndInterpolation((height, width), scale=_CROP, interpolation="bilinear")
    change = rand_augment_transform(_POLICY, {"translate_const": round(0.3 * min(height, width)), "img_mean": colour})
    erasing: Any = RandomErasing(_ERASED, device="cpu")

    def erase(pixels: np.ndarray, mean: np.ndarray) -> np.ndarray:
        # Timm erases to 0, which after normalising is the mean; these pixels are not normalised yet.
        centred = erasing(torch.from_numpy(pixels.astype(np.int16) - mean)).numpy()
        return np.asarray((centred + mean).astype(np.uint8))

    return crop, change, erase


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Python's and numpy's own random numbers, which timm draws from, seeded; afterwards they go on as before."""
    python, arrays = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)
