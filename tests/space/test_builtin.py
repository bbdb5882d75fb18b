from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.space import builtin_spaces, is_builtin, load_space

every_space = pytest.mark.parametrize("name", builtin_spaces())


def test_there_are_built_in_spaces() -> None:
    assert "mobile_cnn" in builtin_spaces()


@every_space
def test_a_built_in_space_is_called_after_its_file_and_described(name: str) -> None:
    space = load_space(name)
    assert space.name == name
    assert space.description
    assert space.size > (10 if space.backbones else 1000)


@every_space
def test_the_architectures_of_a_built_in_space_are_read_back_and_in_it(name: str) -> None:
    space = load_space(name)
    rng = random.Random(0)
    for _ in range(100):
        architecture = space.sample(rng)
        assert type(architecture).parse(str(architecture)) == architecture
        assert architecture in space
        assert space.mutate(architecture, rng) in space


def test_a_space_may_be_a_file(write_space: Callable[..., Path]) -> None:
    path = write_space()
    assert load_space(path) == load_space(str(path))
    bare = path.rename(path.with_suffix(""))
    assert load_space(bare).name == "tiny"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mobil_cnn", "unknown space 'mobil_cnn'; did you mean mobile_cnn"),
        ("nowhere/mine.yaml", "no space file nowhere/mine.yaml; the built-in spaces are .*mobile_cnn"),
        ("nowhere/mine.yml", "no space file nowhere/mine.yml; the built-in spaces are"),
        ("a" * 300, "unknown space 'a+…'"),
        (f"{'a' * 300}.yaml", "no space file a+.yaml; the built-in spaces are"),
    ],
)
def test_a_space_that_is_not_there_is_answered_with_those_that_are(name: str, message: str) -> None:
    with pytest.raises(AnenasError, match=f"^{message}"):
        load_space(name)


def test_a_space_is_built_in_until_something_of_it_is_chosen(tmp_path: Path) -> None:
    space = load_space("mobile_cnn")
    assert is_builtin("mobile_cnn") and is_builtin(space)
    assert not is_builtin(space.with_input(1, 64, 96)) and not is_builtin("mine.yaml") and not is_builtin(None)
    copy = tmp_path / "mobile_cnn.yaml"
    copy.write_text(builtin_spaces()["mobile_cnn"].read_text().replace("height: 64", "height: 48"))
    assert not is_builtin(copy) and not is_builtin(load_space(copy))
