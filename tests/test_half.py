from __future__ import annotations

import numpy as np
import pytest

from anenas._half import as_in_half


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0.1, float(np.float16(0.1))),
        (-126.6, -126.625),
        (0.0, 0.0),
        (65504.0, 65504.0),
        (70_000.0, 70_000.0),  # infinite in float16
        (2.0**-14, 2.0**-14),
        (1.01e-5, float(np.float32(1.01e-5))),  # of which float16 keeps fewer bits
    ],
)
def test_numbers_are_as_float16_has_them_if_it_does(value: float, found: float) -> None:
    assert as_in_half(np.array([value, 3.0])).tolist() == [found, 3.0]
