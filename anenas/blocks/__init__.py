"""What networks are built from: one file a kind of block. See CONTRIBUTING.md for how to add one."""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from anenas.blocks._activations import ACTIVATIONS, activation_choice, activation_layer
from anenas.blocks._base import Block, block_kind, block_kinds, register, unknown_block
from anenas.blocks._choices import Choice, Value, choice
from anenas.blocks._mel import RATES, LogMel
from anenas.blocks._padding import pads_same, same_padding
from anenas.blocks._sequence import SequenceBlock
from anenas.blocks._timm import reparameterize
from anenas.blocks.embedding import Embedding
from anenas.blocks.log_mel import LogMelBlock

if TYPE_CHECKING:
    from anenas.blocks._streaming import StreamMemory, stream_step, unrolled

# Every file here without a leading underscore registers its block when it is imported.
for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

__all__ = [
    "ACTIVATIONS",
    "RATES",
    "Block",
    "Choice",
    "Embedding",
    "LogMel",
    "LogMelBlock",
    "SequenceBlock",
    "StreamMemory",
    "Value",
    "activation_choice",
    "activation_layer",
    "block_kind",
    "block_kinds",
    "choice",
    "pads_same",
    "register",
    "reparameterize",
    "same_padding",
    "stream_step",
    "unknown_block",
    "unrolled",
]


def __getattr__(name: str) -> Any:
    """What needs torch is imported when it is asked for."""
    if name in ("StreamMemory", "stream_step", "unrolled"):
        return getattr(importlib.import_module("anenas.blocks._streaming"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
