from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from anenas.blocks import block_kind


@pytest.mark.parametrize(
    ("se", "channels", "gate", "activation"),
    [
        (True, 48, nn.Sigmoid, nn.SiLU),  # a quarter of 192
        ("hard", 48, nn.Hardsigmoid, nn.ReLU),
        ("thin", 16, nn.Sigmoid, nn.SiLU),  # a quarter of 48, on the grid
    ],
)
def test_what_squeezes_and_excites(se: Any, channels: int, gate: type[nn.Module], activation: type[nn.Module]) -> None:
    built = block_kind("mbconv")(expansion=4, se=se, activation="silu").build(48, 48, 1)
    assert built.se.conv_reduce.out_channels == channels
    assert type(built.se.gate) is gate and type(built.se.act1) is activation


def test_the_squeeze_of_mobilenet_v3_is_rounded_up() -> None:
    built = block_kind("mbconv")(expansion=3, se="hard").build(48, 48, 1)
    assert built.se.conv_reduce.out_channels == 48  # MobileNetV3 has 40 of 144
