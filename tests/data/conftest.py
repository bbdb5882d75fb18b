from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas.data import Dataset, Split
from anenas.inputs import IMAGES


@pytest.fixture
def paint(tmp_path: Path) -> Callable[..., Path]:
    """Paints small images of random pixels: paint("cat/1.png", "dog/1.png", mode="L") below a folder "pets"."""
    random = np.random.default_rng(0)

    def paint(*names: str, mode: str = "RGB", size: tuple[int, int] = (12, 10)) -> Path:
        for name in names:
            path = tmp_path / "pets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = random.integers(0, 256, (size[1], size[0], 3), np.uint8)
            Image.fromarray(pixels).convert(mode).save(path)
        return tmp_path / "pets"

    return paint


@pytest.fixture
def write_npz(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small valid data set of 3 classes as .npz, with some arrays replaced or, where None, left out."""

    def write_npz(**changes: np.ndarray | None) -> Path:
        random = np.random.default_rng(0)
        arrays: dict[str, np.ndarray | None] = {
            "train_x": random.integers(0, 256, (30, 8, 8), np.uint8),
            "train_y": np.arange(30) % 3,
            "test_x": random.integers(0, 256, (9, 8, 8), np.uint8),
            "test_y": np.arange(9) % 3,
        }
        path = tmp_path / "my set.npz"
        np.savez_compressed(path, **{key: array for key, array in (arrays | changes).items() if array is not None})
        return path

    return write_npz


@pytest.fixture
def tiny() -> Callable[..., Dataset]:
    """Builds a data set of 2×2 colour images by hand, with some fields replaced."""

    def split(count: int, seed: int) -> Split:
        images = np.random.default_rng(seed).integers(0, 256, (count, 3, 2, 2), np.uint8)
        return Split(images, np.arange(count) % 2)

    def tiny(**changes: object) -> Dataset:
        fields = {
            "name": "tiny",
            "classes": ("cat", "dog"),
            "train": split(8, 0),
            "validation": split(4, 1),
            "test": split(4, 2),
            "kind": IMAGES,
            "flip": True,
        }
        return Dataset(**(fields | changes))  # type: ignore[arg-type]

    return tiny
