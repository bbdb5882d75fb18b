from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from anenas.blocks import block_kind, pads_same, same_padding

WITH_SAME = ["conv", "dsconv", "mbconv", "fusedmbconv"]


@pytest.mark.parametrize("kind", WITH_SAME)
def test_only_strided_convolutions_pad_as_tensorflow_does(kind: str) -> None:
    built = block_kind(kind)(same=True).build(16, 32, 2)
    strided = [layer for layer in built.modules() if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2)]
    assert [pads_same(layer) for layer in strided] == [True]
    assert not any(pads_same(layer) for layer in block_kind(kind)().build(16, 32, 2).modules())


@pytest.mark.parametrize("kind", WITH_SAME)
def test_both_ways_of_padding_are_one_without_a_stride(kind: str) -> None:
    assert "leave same out" in str(block_kind(kind)(same=True).problem(1))
    assert block_kind(kind)(same=True).problem(2) is None


@pytest.mark.parametrize("size", [7, 8, 9, 10])
@pytest.mark.parametrize("kernel", [3, 5])
def test_the_padding_is_that_of_tensorflow(size: int, kernel: int) -> None:
    # ⌈size / 2⌉ windows, with the odd one of the padding behind (tensorflow.org/api_docs/python/tf/nn).
    before, after = same_padding(size, kernel, 2)
    assert after - before in (0, 1)
    layer = block_kind("conv")(kernel=kernel, same=True).build(1, 1, 2).conv
    x = torch.randn(1, 1, size, size)
    with torch.no_grad():
        expected = F.conv2d(F.pad(x, (before, after, before, after)), layer.weight, stride=2)
        assert expected.shape[2] == -(-size // 2)
        assert torch.equal(layer(x), expected)
