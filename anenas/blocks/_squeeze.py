"""Squeeze-and-excitation that a block may choose."""

from __future__ import annotations

import functools
from typing import Any

from anenas.blocks._choices import choice
from anenas.blocks._timm import efficientnet_blocks


def squeeze_choice(*others: str, later: bool = False) -> Any:
    """The choice of squeeze-and-excitation: none, or one of those that `squeeze_layer` makes."""
    return choice("se", False, True, *others, later=later)


def squeeze_layer(se: bool | str, in_channels: int) -> Any:
    """What timm's blocks take as `se_layer`, squeezed on the engine's grid of 16 channels.

    Args:
        se: True squeezes what the block expands to a quarter; "hard" does so with a hard sigmoid as the gate and ReLU,
            as in MobileNetV3 (Howard et al. 2019, arXiv:1905.02244); "thin" squeezes it to a quarter of the block's
            input, as in MnasNet and EfficientNet (Tan & Le 2019, arXiv:1905.11946). False is none.
        in_channels: Of the block.
    """
    from torch import nn

    layer = efficientnet_blocks().SqueezeExcite
    if se == "hard":
        return functools.partial(layer, gate_layer=nn.Hardsigmoid, force_act_layer=nn.ReLU, rd_round_fn=_round_up)
    if se == "thin":
        return functools.partial(layer, rd_channels=_round_up(in_channels / 4))
    return functools.partial(layer, rd_round_fn=lambda c: 16 * max(1, round(c / 16))) if se else None


def _round_up(channels: float) -> int:
    return -int(-channels // 16) * 16
