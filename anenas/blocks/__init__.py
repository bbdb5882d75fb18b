"""What networks are built from: one file a kind of block. See CONTRIBUTING.md for how to add one."""

import importlib
import pkgutil

from anenas.blocks._activations import ACTIVATIONS, activation_choice, activation_layer
from anenas.blocks._base import Block, block_kind, block_kinds, register, unknown_block
from anenas.blocks._choices import Choice, Value, choice
from anenas.blocks._sequence import SequenceBlock
from anenas.blocks.embedding import Embedding
from anenas.blocks.log_mel import LogMelBlock

# Every file here without a leading underscore registers its block when it is imported.
for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = [
    "ACTIVATIONS",
    "Block",
    "Choice",
    "Embedding",
    "LogMelBlock",
    "SequenceBlock",
    "Value",
    "activation_choice",
    "activation_layer",
    "block_kind",
    "block_kinds",
    "choice",
    "register",
    "unknown_block",
]
