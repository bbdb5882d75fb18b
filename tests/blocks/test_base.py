from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest

from anenas._errors import AnenasError
from anenas.blocks import Block, block_kind, block_kinds, choice, register
from anenas.space import Stage

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


@pytest.mark.usefixtures("forget_plugins")
def test_a_registered_class_is_a_frozen_dataclass_with_what_it_inherits() -> None:
    class Common(Block):
        kernel: int = choice("k", 3, 5)

    @register
    class Mine(Common):
        kind = "my_block"
        fast: bool = choice("fast", False, True)

    block = Stage.parse("my_block_r1_s1_c16_k5_fast").block
    assert block == Mine(kernel=5, fast=True)  # type: ignore[call-arg]
    assert len({*Mine.every(), block}) == 4
    with pytest.raises(dataclasses.FrozenInstanceError):
        block.kernel = 3  # type: ignore[attr-defined]


@pytest.mark.usefixtures("forget_plugins")
def test_a_class_that_is_defined_anew_takes_the_place_of_the_old_one() -> None:
    def define() -> type[Block]:
        @register
        class Mine(Block):
            kind = "mine"

        return Mine

    old, new = define(), define()
    assert block_kind("mine") is new is not old


def test_a_kind_that_is_taken_is_refused() -> None:
    class Another(Block):
        kind = "conv"

    before = block_kinds()
    with pytest.raises(AnenasError, match=r"two blocks have the name 'conv': anenas.blocks.conv.Conv and .*Another"):
        register(Another)
    assert block_kinds() == before


@pytest.mark.parametrize("kind", [None, "My", "my-block", "my block", "2d", "_mine", "conv_r1", "a_s2_b"])
def test_a_kind_that_cannot_stand_in_an_architecture_is_refused(kind: str | None) -> None:
    mine = type("Mine", (Block,), {"kind": kind} if kind else {})
    with pytest.raises(
        AnenasError, match=r"^block Mine: expected a kind of lower-case letters, digits and underscores"
    ):
        register(mine)


@pytest.mark.parametrize("keys", [("k", "k"), ("r", "k"), ("s", "k"), ("k", "c")])
def test_choices_whose_keys_clash_are_refused(keys: tuple[str, str]) -> None:
    class Clashing(Block):
        kind = "clashing"
        one: int = choice(keys[0], 1)
        other: int = choice(keys[1], 1)

    with pytest.raises(AnenasError, match=r"^block Clashing: each choice needs a key of its own"):
        register(Clashing)
    assert "clashing" not in block_kinds()


def test_an_option_that_is_a_key_is_refused() -> None:
    class Clashing(Block):
        kind = "clashing"
        fast: bool = choice("fast", False, True)
        way: str = choice("", "slow", "fast")

    with pytest.raises(AnenasError, match="'fast' is both a key and an option"):
        register(Clashing)


def test_a_field_that_is_no_choice_is_refused() -> None:
    class Plain(Block):
        kind = "plain"
        kernel: int = 3

    with pytest.raises(AnenasError, match=r"^block Plain: kernel is not a choice; make it with `anenas.choice`"):
        register(Plain)


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
    blocks: set[Any] = {block for stride in (1, 2) for block in covering(kind, stride)}
    for c in kind.choices():
        assert {block.values()[c.name] for block in blocks} == set(c.options)
    assert len(blocks) < len(list(kind.every())) or len(kind.choices()) == 1
