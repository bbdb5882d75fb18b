from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from anenas.coreml._output_names import output_names

TARGETS = st.lists(st.text("aB1_ €-é", max_size=4), max_size=6)


@given(TARGETS, st.sampled_from(["image", "a", "value"]))
def test_names_are_identifiers_each_once_and_none_that_of_the_input(targets: list[str], source: str) -> None:
    names = output_names(targets, source)
    assert len(names) == len(targets) == len({*names, source}) - 1
    for name, target in zip(names, targets, strict=True):
        assert re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name)
        known = re.sub("[^A-Za-z0-9]+", "", target)
        assert re.sub("_", "", name) in (known, "value")
        assert ("value" in name) == (not known)


def test_names_that_are_identifiers_stay() -> None:
    assert output_names(["price", "room_count", "B1"]) == ["price", "room_count", "B1"]
    assert output_names(["a", "a", "a"]) == ["a", "a_", "a__"]
    assert output_names(["1st", "_x_"]) == ["_1st", "x"]
