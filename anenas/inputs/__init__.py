"""Kinds of input as values, one file each. No torch here.

To add one, pass an instance of a subclass of `InputKind` to `register_kind`. It also needs a block that takes it
(`Block.input_kind`), a data source that provides it (`anenas.source`), and, to be read from arrays, an
`anenas.data.array_reader`.
"""

from anenas.inputs._base import InputKind, Moments, Traits, input_kind, input_kinds, register_kind
from anenas.inputs._images import IMAGES
from anenas.inputs._recordings import RECORDINGS
from anenas.inputs._sequences import Sequences
from anenas.inputs._series import SERIES
from anenas.inputs._texts import TEXTS

__all__ = [
    "IMAGES",
    "RECORDINGS",
    "SERIES",
    "TEXTS",
    "InputKind",
    "Moments",
    "Sequences",
    "Traits",
    "input_kind",
    "input_kinds",
    "plain_kind",
    "register_kind",
]


def plain_kind(height: int) -> InputKind:
    """The input of networks whose first block is an ordinary one: series if the height is 1, else images."""
    return SERIES if height == 1 else IMAGES
