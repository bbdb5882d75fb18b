"""Embeddings: the convolution that the engine runs is the look-up that it trained as."""

from __future__ import annotations

import pytest
import torch

from anenas.blocks import Embedding, block_kind
from anenas.blocks._lookup import Gather, OneHot
from anenas.inputs import TEXTS


@pytest.mark.parametrize("vocabulary", [64, 1024, 2048])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_every_id_meets_its_own_vector_exactly(vocabulary: int, dtype: torch.dtype) -> None:
    """In float16, too, which counts to 2,048."""
    torch.manual_seed(0)
    lookup = OneHot(vocabulary, 16)
    convolution = lookup.fuse().to(dtype)
    ids = torch.randperm(vocabulary).to(dtype).view(1, 1, 1, -1)
    with torch.no_grad():
        assert torch.equal(convolution(ids), lookup.to(dtype)(ids))


def test_both_lookups_compute_the_same_of_the_same_weights() -> None:
    torch.manual_seed(0)
    ids = torch.randint(64, (3, 1, 1, 10)).float()
    gather, one_hot = Gather(64, 32), OneHot(64, 32)
    one_hot.load_state_dict(gather.state_dict())
    with torch.no_grad():
        vectors = gather(ids)
        assert vectors.shape == (3, 32, 1, 10)
        assert torch.equal(vectors[1, :, 0, 4], gather.table.weight[int(ids[1, 0, 0, 4])])
        assert torch.equal(one_hot.fuse()(ids), vectors)


@pytest.mark.parametrize("kind", [Gather, OneHot])
def test_padding_is_a_vector_of_noughts_before_and_after_training(kind: type[Gather]) -> None:
    lookup = kind(64, 16)
    ids = torch.tensor([0.0, 0.0, 5.0]).view(1, 1, 1, 3)
    optimizer = torch.optim.AdamW(lookup.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (lookup(ids) - 1).square().sum().backward()
        optimizer.step()
    shipped = lookup.fuse() if isinstance(lookup, OneHot) else lookup
    with torch.no_grad():
        vectors = shipped(ids)
    assert not vectors[..., :2].any() and vectors[..., 2].all()


def test_an_embedding_is_the_first_block_and_the_only_raw_one() -> None:
    assert Embedding.input_kind is TEXTS and block_kind("tcn").input_kind is None
    assert Embedding(lookup="gather").off_engine and not Embedding().off_engine
    assert "never strides" in str(Embedding().problem(2))


def test_a_vocabulary_is_a_multiple_of_64_that_float16_can_count() -> None:
    sizes = next(choice.options for choice in Embedding.choices() if choice.name == "vocabulary")
    assert all(isinstance(size, int) and size % 64 == 0 and float(torch.tensor(size).half()) == size for size in sizes)
    assert max(sizes) == 2048
