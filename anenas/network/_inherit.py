"""Weights of a trained relative for a network that is yet to be trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn


def inherit(network: nn.Module, donor: Mapping[str, torch.Tensor]) -> float:
    """Take over what fits of another network's weights: those of equal name, as much of each as both have.

    Of channels these are the first ones, and of a kernel its middle, as in progressive shrinking (Cai et al. 2020,
    arXiv:1908.09791). What the donor does not have stays as it was initialised.

    Args:
        network: It is changed in place.
        donor: State dict of the other network.

    Returns:
        The fraction of the network's state that was taken over.
    """
    taken = whole = 0
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            whole += tensor.numel()
            given = donor.get(name)
            if given is not None and given.ndim == tensor.ndim:
                both = [min(pair) for pair in zip(tensor.shape, given.shape, strict=True)]
                tensor[_middle(tensor.shape, both)] = given[_middle(given.shape, both)].to(tensor.dtype)
                taken += tensor[_middle(tensor.shape, both)].numel()
    return taken / max(whole, 1)


def _middle(shape: Sequence[int], sizes: Sequence[int]) -> tuple[slice, ...]:
    """The first channels, and of a kernel the middle."""
    corner = (0, 0, *((have - want) // 2 for have, want in zip(shape[2:], sizes[2:], strict=True)))
    return tuple(slice(start, start + size) for start, size in zip(corner, sizes, strict=False))
