from __future__ import annotations

import pytest

from anenas.data import sided


@pytest.mark.parametrize(
    "classes",
    [
        ("turn left", "turn right", "stop"),
        ("LeftHand", "RightHand"),
        ("left_01", "up"),
        ("turnleft", "turnright"),
        tuple("abc"),
        tuple("0123456789"),
    ],
)
def test_sides_and_characters_tell_that_a_mirror_image_may_be_of_another_class(classes: tuple[str, ...]) -> None:
    assert sided(classes)


@pytest.mark.parametrize(
    "classes", [("bright", "dark"), ("cleft", "whole"), ("cat", "dog"), ("a", "b cat"), ("10", "11")]
)
def test_other_names_tell_nothing(classes: tuple[str, ...]) -> None:
    assert not sided(classes)
