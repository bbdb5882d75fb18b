from __future__ import annotations

import torch


def test_lists_grow_where_they_are_written() -> None:
    from anenas.mil.operations._lists import (
        list_gather,
        list_length,
        list_read,
        list_scatter,
        list_write,
        make_list,
    )  # fmt: skip

    empty = make_list([2, "is0"], init_length=1)
    assert torch.equal(list_read(empty, 0), torch.zeros(2, 1))
    first, second = torch.ones(2, 3), torch.full((2, 3), 2.0)
    filled = list_write(list_write(empty, 0, first), 2, second)
    assert (int(list_length(empty)), int(list_length(filled))) == (1, 3)
    assert torch.equal(list_read(filled, 2), second)
    assert torch.equal(list_gather(filled, torch.tensor([2, 0])), torch.stack([second, first]))
    swapped = list_scatter(filled, torch.tensor([0, 2]), torch.stack([second, first]))
    assert torch.equal(list_gather(swapped, torch.tensor([0, 2])), torch.stack([second, first]))
