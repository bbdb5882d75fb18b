from __future__ import annotations

import functools

import pytest

from anenas._errors import AnenasError
from anenas._registry import Registry


class Entry:
    """Something that wraps a function."""

    def __init__(self, function: object) -> None:
        functools.update_wrapper(self, function)  # type: ignore[arg-type]


def one() -> int:
    return 1


def another() -> int:
    return 2


def test_what_is_decorated_is_known_by_its_name() -> None:
    registry: Registry[object] = Registry("thing")
    assert registry("one")(one) is one
    assert (registry["one"], list(registry), len(registry), "one" in registry) == (one, ["one"], 1, True)
    assert dict(registry.items()) == {"one": one}


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    registry: Registry[object] = Registry("thing")
    registry("one")(one)
    with pytest.raises(AnenasError, match=r"^unknown thing 'oen'; did you mean one\?"):
        registry["oen"]


@pytest.mark.parametrize("wrap", [lambda function: function, Entry])
def test_a_name_stands_for_one_thing_which_may_come_again(wrap: type[Entry]) -> None:
    registry: Registry[object] = Registry("thing")
    registry("one")(wrap(one))
    registry("one")(wrap(functools.wraps(one)(lambda: 1)))
    with pytest.raises(AnenasError, match=r"^two things have the name 'one': .*\.one and .*\.another$"):
        registry("one")(wrap(another))


def test_what_others_added_is_told_from_the_products_own() -> None:
    registry: Registry[object] = Registry("thing")
    registry("own")(Registry)
    registry("wrapped")(Entry(Registry))
    registry("one")(one)
    assert registry.added() == {"one": one}
    registry.update({"one": another})
    assert registry["one"] is another
