from __future__ import annotations

import pytest
import torch
from torch import nn

from anenas.blocks import Block, SequenceBlock, block_kinds
from anenas.network import fold_batch_norms, fuse
from anenas.network._build import build_stage
from anenas.space import Stage

IMAGE_KINDS = [kind for kind in block_kinds().values() if not issubclass(kind, SequenceBlock)]


@pytest.mark.parametrize("kind", IMAGE_KINDS, ids=lambda kind: kind.kind)
def test_a_folded_network_computes_the_same_without_normalising(kind: type[Block]) -> None:
    torch.manual_seed(0)
    network = build_stage(Stage(kind(), 2, 1, 16), 16)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias)
            layer.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr]
    network = fuse(network)
    x = torch.randn(2, 16, 8, 8)
    with torch.no_grad():
        before = network(x)
        after = fold_batch_norms(network, x)
        assert torch.allclose(after(x), before, atol=1e-5)
        assert torch.equal(network(x), before)
    assert not any(isinstance(layer, (nn.BatchNorm2d, nn.Identity)) for layer in after.modules())


@pytest.mark.parametrize("size", [(8, 8), (9, 10)])
def test_padding_of_tensorflow_is_taken_apart(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = fuse(build_stage(Stage(block_kinds()["mbconv"](kernel=5, same=True), 2, 2, 16), 16))  # type: ignore[call-arg]
    x = torch.randn(2, 16, *size)
    with torch.no_grad():
        folded = fold_batch_norms(network, x)
        assert torch.allclose(folded(x), network(x), atol=1e-5)
    assert {type(m) for m in folded.modules() if isinstance(m, nn.Conv2d)} == {nn.Conv2d}
