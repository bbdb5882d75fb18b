from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from anenas.network import trace


def kinds(module: nn.Module, *shape: int) -> list[str]:
    return [op.kind for op in trace(module, shape).ops]


class Scaled(nn.Module):
    def __init__(self, twice: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 1)
        self.scale = nn.Parameter(torch.ones(8, 1, 1))
        self.twice = twice

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return y * self.scale + y if self.twice else y * self.scale * 2


def test_a_scale_goes_into_the_convolution_before_it() -> None:
    assert kinds(Scaled(), 1, 8, 4, 4) == ["conv"]


def test_a_scale_of_what_is_read_twice_stays() -> None:
    assert kinds(Scaled(twice=True), 1, 8, 4, 4) == ["conv", "mul", "add"]


class Padded(nn.Module):
    def __init__(self, value: float = 0, twice: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, 2)
        self.value, self.twice = value, twice

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padded = F.pad(x, (0, 1, 0, 1), value=self.value)
        return self.conv(padded) + padded[..., :2, :2] if self.twice else self.conv(padded)


def test_padding_with_zeros_goes_into_the_convolution_behind_it() -> None:
    graph = trace(Padded(), (1, 8, 4, 4))
    assert [(op.kind, op.inputs[0].shape, op.outputs[0].shape) for op in graph.ops] == [
        ("conv", (1, 8, 4, 4), (1, 8, 2, 2))
    ]


@pytest.mark.parametrize("padded", [Padded(1.0), Padded(twice=True)], ids=["ones", "read twice"])
def test_padding_with_ones_or_that_is_read_twice_stays(padded: nn.Module) -> None:
    graph = trace(padded, (1, 8, 4, 4))
    assert [op.kind for op in graph.ops][:2] == ["pad", "conv"]
    assert graph.ops[0].attributes == {}


class Attention(nn.Module):
    """As timm writes it out."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = x[:, :4], x[:, 4:8], x[:, 8:]
        return (q @ k.transpose(-2, -1)).softmax(-1) @ v


def test_matrix_products_take_any_rank_and_transposed_factors() -> None:
    graph = trace(Attention(), (1, 12, 16, 8))
    assert [op.kind for op in graph.ops] == ["slice_by_index"] * 3 + ["matmul", "softmax", "matmul"]
    product = graph.ops[3]
    assert [t.shape for t in product.inputs] == [(1, 4, 16, 8), (1, 4, 16, 8)]
    assert product.outputs[0].shape == (1, 4, 16, 16)
    assert product.attributes == {"transpose_y": 1}
    assert product.macs == 4 * 16 * 16 * 8


class CrossCovariance(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(-2, -1) @ torch.relu(x)


def test_multiply_accumulates_of_a_transposed_first_factor_are_counted_along_the_other_axis() -> None:
    (product,) = [op for op in trace(CrossCovariance(), (1, 2, 16, 8)).ops if op.kind == "matmul"]
    assert product.attributes in ({"transpose_x": 1}, {})
    assert product.macs == 2 * 8 * 8 * 16


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.gelu(self.linear(x))


def test_a_linear_layer_on_tokens_needs_no_reshape() -> None:
    assert kinds(Tokens(), 1, 20, 8) == ["linear", "gelu"]


class Windows(nn.Module):
    """Pixels to patches, as in MobileViT."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(n, c, 4, h * w // 4)


def test_axes_that_stay_together_are_merged_above_rank_five() -> None:
    graph = trace(Windows(), (1, 8, 16, 16))
    assert [op.kind for op in graph.ops] == ["reshape", "transpose", "reshape"]
    assert graph.ops[1].inputs[0].shape == (8, 8, 2, 8, 2)
    assert graph.ops[1].attributes["perm"] == (0, 2, 4, 1, 3)
    assert graph.ops[1].outputs[0].shape == (8, 2, 2, 8, 8)
    assert max(len(t.shape) for op in graph.ops for t in (*op.inputs, *op.outputs)) == 5


def test_a_transposition_that_cannot_be_merged_keeps_its_rank() -> None:
    class Reversed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(2, 2, 2, 2, 2, 2).permute(5, 4, 3, 2, 1, 0).reshape(1, 64)

    assert [len(op.outputs[0].shape) for op in trace(Reversed(), (1, 64)).ops] == [6, 6, 2]


@pytest.mark.parametrize("groups", [1, 4])
def test_group_normalisation_is_written_out(groups: int) -> None:
    graph = trace(nn.GroupNorm(groups, 8), (1, 8, 4, 4))
    found = [op.kind for op in graph.ops]
    assert found.count("reduce_mean") == 2
    assert found[0] == "reshape"
    assert found[-1] == "batch_norm"
    assert graph.outputs[0].shape == (1, 8, 4, 4)
