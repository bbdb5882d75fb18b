from __future__ import annotations

import pytest

from anenas.report._axis import Axis, tick_text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.25, "0.25"), (20.0, "20"), (1500.0, "1,500"), (1e6, "10⁶"), (2e-5, "2·10⁻⁵"), (-0.5, "-0.5")],
)
def test_round_values_are_short(value: float, text: str) -> None:
    assert tick_text(value) == text


def test_ticks_are_round_and_lie_where_their_values_do() -> None:
    axis = Axis("ms", 0.27, 0.52, 100.0, 600.0)
    assert [(axis.at(float(text)), text) for _, text in axis.ticks] == axis.ticks
    assert [text for _, text in axis.ticks] == ["0.3", "0.35", "0.4", "0.45", "0.5"]


def test_equal_ratios_are_equal_distances_on_a_logarithmic_axis() -> None:
    axis = Axis("MB", 0.1, 10.0, 0.0, 100.0, logarithmic=True)
    assert [axis.at(value) for value in (0.1, 1.0, 10.0, 99.0)] == [0.0, 50.0, 100.0, 100.0]
    assert "1" in [text for _, text in axis.ticks]
