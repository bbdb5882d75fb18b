"""The data sets that ship with anenas."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from anenas.data._format import InputFormat
from anenas.data._raw import RawData
from anenas.data._sources import source
from anenas.data.sources.npz import read_npz
from anenas.inputs import IMAGES, SERIES

_FOLDER = Path(__file__).parents[1]


@source("fashion_mnist", IMAGES, rest="")
def read_fashion_mnist(rest: str, wanted: InputFormat) -> RawData:
    """A class-balanced subset of Fashion-MNIST: 28×28 grey, 10 classes, 10,000 + 2,000 images."""
    return dataclasses.replace(read_npz(str(_FOLDER / "fashion_mnist.npz"), wanted), flip=True)


@source("wrist_motion", SERIES, rest="")
def read_wrist_motion(rest: str, wanted: InputFormat) -> RawData:
    """Wrist motion in seven exercises: 6 channels, 128 steps; 858 + 392 + 583 windows.

    Each split is of different people.
    """
    return read_npz(str(_FOLDER / "wrist_motion.npz"), wanted)
