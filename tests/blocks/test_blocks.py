"""Every registered block with every legal choice, built and run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch
from kinds import example, input_shape

from anenas.blocks import Block, block_kinds
from anenas.blocks._recurrences import PatchSteps, RowSteps


def every_two(kind: type[Block], stride: int) -> list[Block]:
    """Few blocks among which any two options of two choices meet, where they can."""
    legal = {block: set(itertools.combinations(block.values().items(), 2)) for block in kind.every()}
    legal = {block: pairs or {()} for block, pairs in legal.items() if not block.problem(stride)}
    if len(legal) <= 100:
        return list(legal)
    missing, chosen = set().union(*legal.values()), []
    while missing:
        chosen.append(max(legal, key=lambda block: len(legal[block] & missing)))
        missing -= legal[chosen[-1]]
    return chosen


def every_block() -> Iterator[object]:
    for kind in block_kinds().values():
        for stride in (1, 2):
            for block in every_two(kind, stride):
                values = "-".join(f"{name}={value}" for name, value in block.values().items())
                yield pytest.param(block, stride, id=f"{kind.kind}-stride={stride}-{values}")


@pytest.mark.parametrize(("block", "stride"), list(every_block()))
def test_a_block_trains_and_infers_to_the_shape_it_promises(block: Block, stride: int) -> None:
    torch.manual_seed(0)
    shape = input_shape(type(block), 16, 8, batch=2)
    module = block.build(shape[1], 32 if stride == 2 else 16, stride)

    trained = module.train()(example(type(block), shape))
    assert trained.shape == (2, 32 if stride == 2 else 16, *block.size(*shape[2:], stride))
    trained.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())

    with torch.no_grad():
        smaller = shape[1], 7 if shape[2] > 1 else 1, shape[3] - 3
        inferred = module.eval()(example(type(block), (1, *smaller)))
    assert inferred.shape == (1, 32 if stride == 2 else 16, *block.size(*smaller[1:], stride))
    assert inferred.isfinite().all()


@pytest.mark.parametrize("kind", block_kinds().values(), ids=lambda kind: kind.kind)
def test_a_block_may_change_its_width_without_striding(kind: type[Block]) -> None:
    with torch.no_grad():
        x = torch.zeros(input_shape(kind, 16, 4))
        assert kind().build(x.shape[1], 48, 1).eval()(x).shape == (1, 48, *kind().size(*x.shape[2:], 1))


@pytest.mark.parametrize("kind", block_kinds().values(), ids=lambda kind: kind.kind)
def test_every_choice_makes_a_network_of_its_own(kind: type[Block]) -> None:
    blocks = {block for stride in (1, 2) for block in every_two(kind, stride)}
    with torch.device("meta"):
        networks = {tuple(described(block, stride) for stride in (1, 2)) for block in blocks}
    assert len(networks) == len(blocks)


def described(block: Block, stride: int) -> str:
    """All that its module is made of; 80 channels are few enough to be quick, and make differences of a few."""
    try:
        module = block.build(80, 80, stride)
    except AssertionError:  # timm's, of a block that cannot stride
        return ""
    return f"{module} {getattr(module, 'has_skip', None)}"


def test_an_inverted_bottleneck_without_a_depthwise_convolution_cannot_stride() -> None:
    feed_forward = block_kinds()["uib"](start_kernel=0, kernel=0)  # type: ignore[call-arg]
    assert feed_forward.problem(1) is None
    assert "no depthwise convolution to stride with" in str(feed_forward.problem(2))


def test_every_kind_of_block_strides_but_those_that_make_a_series_of_an_image_or_of_the_raw_input() -> None:
    cannot = {name for name, kind in block_kinds().items() if kind().problem(2)}
    assert cannot == {"patches", "rows", "embedding", "log_mel"}


def test_patches_are_read_row_by_row() -> None:
    steps = PatchSteps()(torch.arange(24.0).view(1, 2, 3, 4))
    assert steps.shape == (1, 2, 1, 12)
    assert steps[0, 0, 0].tolist() == list(range(12)) and steps[0, 1, 0].tolist() == list(range(12, 24))


@pytest.mark.parametrize(("pool", "expected"), [("mean", [1.5, 5.5, 9.5]), ("max", [3, 7, 11])])
def test_rows_are_read_from_top_to_bottom(pool: str, expected: list[float]) -> None:
    steps = RowSteps(pool)(torch.arange(24.0).view(1, 2, 3, 4))
    assert steps.shape == (1, 2, 1, 3)
    assert steps[0, 0, 0].tolist() == expected
