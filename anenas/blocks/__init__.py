"""What networks are built from: one file per kind of block. See CONTRIBUTING.md for how to add one."""

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

from anenas.blocks._activations import ACTIVATIONS, activation_choice, activation_layer
from anenas.blocks._backbone import Backbone, backbone_cuts
from anenas.blocks._base import Block, block_kind, block_kinds, register, unknown_block
from anenas.blocks._choices import Choice, Value, choice
from anenas.blocks._mel import RATES, LogMel
from anenas.blocks._padding import pads_same, same_padding
from anenas.blocks._sequence import SequenceBlock
from anenas.blocks._timm import create_timm, import_timm, known_timm, reparameterize
from anenas.blocks.embedding import Embedding
from anenas.blocks.log_mel import LogMelBlock

if TYPE_CHECKING:
    from anenas.blocks._streaming import StreamMemory, stream_step, unrolled
    from anenas.blocks._timm_network import TimmNetwork, pixel_factors

# Every file here without a leading underscore registers its block when it is imported.
for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("_"):
        importlib.import_module(f"{__name__}.{_module.name}")

_LATE = {
    "_streaming": ("StreamMemory", "stream_step", "unrolled"),
    "_timm_network": ("TimmNetwork", "pixel_factors"),
}

__all__ = [
    "ACTIVATIONS",
    "RATES",
    "Backbone",
    "Block",
    "Choice",
    "Embedding",
    "LogMel",
    "LogMelBlock",
    "SequenceBlock",
    "StreamMemory",
    "TimmNetwork",
    "Value",
    "activation_choice",
    "activation_layer",
    "backbone_cuts",
    "block_kind",
    "block_kinds",
    "choice",
    "create_timm",
    "import_timm",
    "known_timm",
    "pads_same",
    "pixel_factors",
    "register",
    "reparameterize",
    "same_padding",
    "stream_step",
    "unknown_block",
    "unrolled",
]


def __getattr__(name: str) -> Any:
    """Imports what needs torch on first use."""
    for module, names in _LATE.items():
        if name in names:
            return getattr(importlib.import_module(f"anenas.blocks.{module}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
