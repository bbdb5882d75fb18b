from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from anenas.blocks import ACTIVATIONS, activation_layer

x = torch.linspace(-8, 8, 101)
functions = {"relu": F.relu, "relu6": F.relu6, "hswish": F.hardswish, "silu": F.silu}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("training", [False, True])
def test_an_activation_computes_what_it_is_called_after(name: str, training: bool) -> None:
    layer = activation_layer(name)(inplace=False).train(training)
    torch.testing.assert_close(layer(x), functions[name](x))


def test_a_layer_is_one_class_so_that_its_networks_can_be_compared() -> None:
    assert activation_layer("hswish") is activation_layer("hswish")
