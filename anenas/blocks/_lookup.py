"""The torch modules of embeddings, from ids (N, 1, 1, T) to (N, C, 1, T). Imported only when one is built."""

from __future__ import annotations

import torch
from torch import nn

_SPREAD = 0.1  # standard deviation of a new table; the layers after it normalise


class Gather(nn.Module):
    """A look-up in a table.

    Args:
        vocabulary: Number of ids; 0 is padding, whose vector is zero and is never learned.
        channels: Of each vector.
    """

    def __init__(self, vocabulary: int, channels: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, channels, padding_idx=0)
        with torch.no_grad():
            self.table.weight.mul_(_SPREAD)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.table(ids.flatten(1).int()).transpose(1, 2).unsqueeze(2)


class OneHot(Gather):
    """The same for the engine once fused; it trains as a look-up, which takes a fraction of the time."""

    def fuse(self) -> nn.Module:
        """The module that ships; called by timm's re-parameterisation."""
        return OneHotConvolution(self.table.weight.detach())


class OneHotConvolution(nn.Module):
    """relu(1 − |id − v|) for each v of the vocabulary, which is 1 where id = v and 0 elsewhere, and a 1×1 convolution.

    Exact in float16 for ids up to 2,048. Padding matches no v, so its vector is zero.

    Args:
        table: A vector for each id, (vocabulary, C).
    """

    vocabulary: torch.Tensor

    def __init__(self, table: torch.Tensor) -> None:
        super().__init__()
        count, channels = table.shape
        ids = torch.arange(count, dtype=table.dtype, device=table.device)
        self.register_buffer("vocabulary", torch.where(ids > 0, ids, -1).view(1, -1, 1, 1))
        self.conv = nn.Conv2d(count, channels, 1, device=table.device)
        self.conv.weight = nn.Parameter(table.t().clone()[:, :, None, None])
        self.conv.bias = nn.Parameter(table.new_zeros(channels))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self.conv((1 - (ids - self.vocabulary).abs()).relu())
        return vectors
