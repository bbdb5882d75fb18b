from __future__ import annotations

import pytest

from anenas._durations import duration


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (7384, "2 h 3 min")],
)
def test_times_are_told_in_two_units(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
