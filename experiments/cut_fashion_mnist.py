"""Cuts the data set that ships with anenas out of the full Fashion-MNIST.

    python experiments/cut_fashion_mnist.py fashion_mnist.npz

The argument is the full set as one .npz file with train_x (60000, 28, 28), train_y, test_x, test_y and class_names.
The result is the first 1,000 training and 200 test images of each class, in their original order, and its bytes are
the same on every run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parents[1] / "anenas" / "data" / "fashion_mnist.npz"
TRAIN_PER_CLASS = 1000
TEST_PER_CLASS = 200


def first_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """The ascending indices of the first `count` examples of every class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("full", type=Path, help="the full data set")
    parser.add_argument("--output", type=Path, default=SHIPPED, help="default: where anenas reads it")
    arguments = parser.parse_args()

    with np.load(arguments.full, allow_pickle=False) as full:
        train = first_of_each_class(full["train_y"], TRAIN_PER_CLASS)
        test = first_of_each_class(full["test_y"], TEST_PER_CLASS)
        np.savez_compressed(
            arguments.output,
            train_x=full["train_x"][train],
            train_y=full["train_y"][train].astype(np.uint8),
            test_x=full["test_x"][test],
            test_y=full["test_y"][test].astype(np.uint8),
            class_names=full["class_names"],
        )
    print(f"{arguments.output}: {len(train)} training and {len(test)} test images")


if __name__ == "__main__":
    main()
