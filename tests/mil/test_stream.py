"""A streaming program is run over whole series, its states carried from call to call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.mil import Program, stream

Built = Callable[..., Program]


def running(built: Built, batch: int, steps: int = 4) -> Program:
    """Keeps the sum of all steps, and of how many calls there were."""
    from coremltools.converters.mil import Builder as mb  # noqa: N813

    def build(x: Any, total: Any, calls: Any) -> Any:
        here = mb.reduce_sum(x=x, axes=[3], keep_dims=True)
        return mb.add(x=here, y=total, name="total_out"), mb.add(x=calls, y=1.0, name="calls_out")

    shapes = {"x": (batch, 2, 1, steps), "total": (batch, 2, 1, 1), "calls": (batch, 3)}
    return built(build, shapes)


@pytest.mark.parametrize(("batch", "count", "length"), [(1, 1, 3), (1, 3, 4), (2, 4, 9), (1, 2, 9)])
def test_each_call_goes_on_where_the_last_one_ended(built: Built, batch: int, count: int, length: int) -> None:
    series = np.random.default_rng(0).integers(1, 9, (count, 2, 1, length)).astype(np.float32)
    found = list(stream(running(built, batch), series))
    assert len(found) == -(-length // 4)
    for call, outputs in enumerate(found, start=1):
        np.testing.assert_array_equal(outputs["total_out"], series[..., : 4 * call].sum(3, keepdims=True))
        np.testing.assert_array_equal(outputs["calls_out"], np.full((count, 3), call))


def test_programs_without_a_state_or_its_next_value_are_told(built: Built) -> None:
    from coremltools.converters.mil import Builder as mb  # noqa: N813

    series = np.zeros((1, 2, 1, 8), np.float32)
    plain = built(lambda x: mb.relu(x=x), {"x": (1, 2, 1, 4)})
    with pytest.raises(AnenasError, match=r"not a streaming program: x: fp32 of shape \(1, 2, 1, 4\)"):
        next(stream(plain, series))
    lost = built(lambda x, h: mb.add(x=x, y=h, name="y"), {"x": (1, 2, 1, 4), "h": (1, 2, 1, 1)})
    with pytest.raises(AnenasError, match="it has no output h_out"):
        next(stream(lost, series))
    with pytest.raises(AnenasError, match=r"expected series of shape \(N, C, 1, T\), got \(2, 8\)"):
        next(stream(lost, series[0, :, 0]))
