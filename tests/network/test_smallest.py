"""The smallest network of a space, against every network of it."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from anenas.ane import ProgramCost, get_chip
from anenas.network import architecture_cost, smallest
from anenas.space import SearchSpace, every, read_space

A15 = get_chip("A15")
SPACES = {
    "stages": """
name: stages
input: {channels: 1, height: [16, 32], width: same}
stem: {width: [32, 16], stride: 2, blocks: {conv: }}
stages:
  - {depth: [1, 2], width: [16, 32], stride: 2, blocks: {conv: {kernel: [3, 1]}, dsconv: }}
  - {depth: [1, 2], width: same, blocks: {conv: {kernel: [1]}, mbconv: }}
head: {width: [64, 0], activation: [relu, hswish]}
""",
    "cut": """
name: cut
input: {channels: 1, height: 16, width: 16}
stem: {width: 64, stride: 2, blocks: {conv: }}
stages:
  - {width: [32, 16], blocks: {conv: }}
  - {width: [128, 96], stride: 2, blocks: {dsconv: , fusedmbconv: }}
cut: [1, 2]
forms: [int8, fp16]
""",
}
FIGURES = {
    "bytes": lambda cost: cost.weight_bytes + 430 * cost.operations,
    "macs": lambda cost: cost.macs,
    "params": lambda cost: cost.params,
}


def space_of(text: str, folder: Path) -> SearchSpace:
    path = folder / "space.yaml"
    path.write_text(text)
    return read_space(path)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("text", SPACES.values(), ids=SPACES)
def test_nothing_in_the_space_has_less(text: str, figure: str, tmp_path: Path) -> None:
    space = space_of(text, tmp_path)

    def of(cost: ProgramCost) -> float:
        return float(FIGURES[figure](cost))

    found = smallest(space, 10, A15, of)
    assert found is not None
    architecture, value = found
    assert architecture in space
    values = [of(architecture_cost(one, A15)) for one, _ in every(functools.partial(space.decide, classes=10))]
    assert value == of(architecture_cost(architecture, A15)) == min(values)


def test_of_8_bit_activations_nothing_is_said(tmp_path: Path) -> None:
    text = SPACES["cut"].replace("[int8, fp16]", "[w8a8]")
    assert smallest(space_of(text, tmp_path), 10, A15, FIGURES["macs"]) is None
