from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from anenas._errors import AnenasError
from anenas.blocks import Block, block_kind, block_kinds, choice, register

every_kind = pytest.mark.parametrize("kind", block_kinds().values(), ids=lambda kind: kind.kind)


def test_the_built_in_kinds_are_registered_by_name() -> None:
    kinds = block_kinds()
    assert {"conv", "dsconv", "fusedmbconv", "mbconv", "mobileone", "uib"} <= kinds.keys()
    assert all(kind.kind == name and block_kind(name) is kind for name, kind in kinds.items())


def test_the_registry_cannot_be_changed_from_outside() -> None:
    block_kinds().clear()
    assert block_kinds()


@pytest.mark.parametrize(("name", "near"), [("mbcnv", "mbconv"), ("mobile_one", "mobileone"), ("UIB", "uib")])
def test_an_unknown_kind_is_answered_with_near_ones(name: str, near: str) -> None:
    with pytest.raises(AnenasError, match=f"^unknown block '{name}'; did you mean .*{near}"):
        block_kind(name)


def test_a_kind_that_is_taken_is_refused() -> None:
    @dataclass(frozen=True)
    class Another(Block):
        kind = "conv"

    before = block_kinds()
    with pytest.raises(ValueError, match="a block of kind 'conv' is registered already"):
        register(Another)
    assert block_kinds() == before


@pytest.mark.parametrize("keys", [("k", "k"), ("r", "k"), ("s", "k"), ("k", "c")])
def test_choices_whose_keys_clash_are_refused(keys: tuple[str, str]) -> None:
    @dataclass(frozen=True)
    class Clashing(Block):
        kind = "clashing"
        one: int = choice(keys[0], 1)
        other: int = choice(keys[1], 1)

    with pytest.raises(ValueError, match="block 'clashing': each choice needs a key of its own"):
        register(Clashing)
    assert "clashing" not in block_kinds()


def test_a_block_that_was_not_given_a_module_says_so() -> None:
    with pytest.raises(NotImplementedError):
        Block().build(16, 16, 1)


@every_kind
def test_the_default_of_a_choice_is_its_first_option(kind: type[Block]) -> None:
    assert kind().values() == {choice.name: choice.options[0] for choice in kind.choices()}
    assert next(iter(kind.every())) == kind()


@every_kind
def test_every_combination_of_choices_comes_up_once(kind: type[Block]) -> None:
    every = list(kind.every())
    assert len(set(every)) == len(every) == math.prod(len(choice.options) for choice in kind.choices())


@every_kind
def test_the_tokens_of_a_kind_tell_its_blocks_apart(kind: type[Block]) -> None:
    def tokens(block: Block) -> tuple[str, ...]:
        return tuple(token for c in kind.choices() if (token := c.format(block.values()[c.name])))

    assert len({tokens(block) for block in kind.every()}) == len(list(kind.every()))


@every_kind
def test_few_blocks_cover_every_option(kind: type[Block], covering: Callable[[type[Block], int], list[Block]]) -> None:
    blocks: list[Any] = covering(kind, 1)
    for c in kind.choices():
        assert {block.values()[c.name] for block in blocks} == set(c.options)
    assert len(blocks) < len(list(kind.every())) or len(kind.choices()) == 1
