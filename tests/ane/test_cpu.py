from __future__ import annotations

import pytest

from anenas.ane._cpu import cpu_us
from anenas.graph import Op, Tensor


def conv(width: int, groups: int = 1, kernel: int = 3, kind: str = "conv") -> Op:
    """A convolution of that many channels a group."""
    x = Tensor("x", (1, width * groups, 32, 32))
    weight = Tensor("w", (width * groups, width, kernel, kernel))
    return Op("op", kind, (x,), (x,), (weight,), {"groups": groups, "stride": (1, 1)})


@pytest.mark.parametrize(
    ("op", "rate"),
    [
        (conv(64), 377e3),
        (conv(64, kernel=1), 194e3),
        (conv(9, groups=8), 194e3),
        (conv(8, groups=8), 194e3),
        (conv(7, groups=8), 13.5e3),
        (conv(1, groups=64), 13.5e3),
        (conv(64, kind="conv_transpose"), 7.9e3),
    ],
)
def test_each_kind_of_convolution_has_the_planner_s_rate(op: Op, rate: float) -> None:
    assert op.macs
    assert cpu_us(op) == pytest.approx(op.macs / rate)


def test_what_multiplies_nothing_takes_as_long_as_what_it_reads_and_writes() -> None:
    x = Tensor("x", (1, 30, 100, 10))
    assert cpu_us(Op("op", "relu", (x,), (x,))) == pytest.approx(2)


def test_what_runs_on_the_host_takes_nothing() -> None:
    x = Tensor("x", (1, 10))
    assert cpu_us(Op("op", "classify", (x,), (x,))) == 0
