"""A tiny space of images and a data set of three easy classes, as a user has them in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SPACE = """\
name: tiny
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: {activation: [relu, hswish]}}}
stages:
  - {depth: [1, 2], width: [16, 32, 64], stride: 2, blocks: {dsconv: {kernel: [3, 5]}, mbconv: , mobileone: }}
"""


def write_tiny(folder: Path, tests: int = 60) -> None:
    """Write the space as tiny.yaml, and 240 images to train on and some to test on as data.npz."""
    rng = np.random.default_rng(0)

    def images(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 3
        return (rng.integers(0, 60, (count, 14, 14)) + 90 * labels[:, None, None]).astype(np.uint8), labels

    (train_x, train_y), (test_x, test_y) = images(240), images(tests)
    np.savez(folder / "data.npz", train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)
    (folder / "tiny.yaml").write_text(SPACE)
