"""Lists of tensors, which loops fill. Each operation returns a new list."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from anenas.mil._registry import MilList, op
from anenas.mil._types import named_type


@op("make_list")
def make_list(
    elem_shape: list[Any],  # sizes, or names of sizes that are not known yet
    init_length: int = 1,
    dynamic_length: bool = True,
    dtype: str = "fp32",
) -> MilList:
    sizes = [1 if isinstance(size, str) else int(size) for size in elem_shape]
    return [torch.zeros(sizes, dtype=named_type(dtype).torch)] * init_length


@op("list_length")
def list_length(ls: MilList) -> Tensor:
    return torch.tensor(len(ls), dtype=torch.int32)


@op("list_write")
def list_write(ls: MilList, index: int, value: Tensor) -> MilList:
    """The list grows if written beyond its end."""
    longer: MilList = ls + [torch.zeros_like(value)] * (index + 1 - len(ls))
    longer[index] = value
    return longer


@op("list_read")
def list_read(ls: MilList, index: int) -> Tensor:
    return _element(ls, index)


@op("list_gather")
def list_gather(ls: MilList, indices: Tensor) -> Tensor:
    return torch.stack([_element(ls, index) for index in indices.reshape(-1).tolist()])


@op("list_scatter")
def list_scatter(ls: MilList, indices: Tensor, value: Tensor) -> MilList:
    for index, one in zip(indices.reshape(-1).tolist(), value, strict=True):
        ls = list_write(ls, index, one)
    return ls


def _element(ls: MilList, index: int) -> Tensor:
    value = ls[index]
    if not isinstance(value, Tensor):
        raise TypeError("a list holds something other than tensors")
    return value
