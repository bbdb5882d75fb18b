from __future__ import annotations

import dataclasses

import pytest

from anenas.ane import chips, get_chip, roof
from anenas.graph import Graph, Op, Tensor
from anenas.latency import Profile, Target, profile
from anenas.report._profile_view import grouped, roofline, shares, times


def profiled(chip: str = "A15") -> Profile:
    """A convolution that computes, a depthwise one, a matrix that is read, what is too large for the chip, and a sum
    that runs on the CPU.
    """
    x, y, z = (Tensor(name, (1, 256, 64, 64)) for name in "xyz")
    flat, out, last = Tensor("flat", (1, 4096)), Tensor("out", (1, 4096)), Tensor("last", (1, 4096))
    ops = (
        Op("dense", "conv", (x,), (y,), (Tensor("w", (256, 256, 3, 3)),)),
        Op("depthwise", "conv", (y,), (z,), (Tensor("d", (256, 1, 3, 3)),), {"groups": 256}),
        Op("flat", "transpose", (z,), (flat,)),
        Op("read", "linear", (flat,), (out,), (Tensor("m", (4096, 4096)),)),
        Op("away", "cumsum", (out,), (last,)),
    )
    return profile("mine", Graph((x,), ops, (last,)), Target.named(chip))


@pytest.mark.parametrize("chip", list(chips()))
def test_no_operation_is_above_the_roof(chip: str) -> None:
    tera, bandwidth = roof(get_chip(chip))
    points = [
        (one.op.macs / one.op.weight_bytes, 2e-6 * one.op.macs / one.us)
        for one in profiled(chip).placed
        if one.op.macs and one.us
    ]
    assert len(points) == 3
    assert all(rate <= 1.001 * min(tera, 2e-3 * x * bandwidth) for x, rate in points)


def test_points_are_where_their_rate_over_weights_is_and_the_roof_passes_above_them() -> None:
    found = roofline(profiled())
    assert [point.words.partition("\n")[0] for point in found.points] == ["dense", "depthwise", "read"]
    assert all(found.plot.y.end - 1 <= point.y <= found.plot.y.start for point in found.points)
    x, y = (float(part) for part in found.roof.partition("L")[2].partition("H")[0].split(","))  # of its corner
    assert all(point.y >= y - 5 for point in found.points) and found.plot.x.start < x < found.plot.x.end


def test_shares_have_the_fixed_cost_and_add_up_to_the_estimate() -> None:
    of = profiled()
    found = shares(of)
    assert found[0].kind == "fixed"
    assert sum(one.us for one in found) == pytest.approx(of.calibrated.ms * 1000)
    assert sum(one.share for one in found) == pytest.approx(1)
    assert {"cpu", *(one.bound for one in of.placed if one.us)} <= {one.kind for one in found}


def test_every_operation_that_takes_time_has_a_bar_and_those_off_the_engine_are_shaded() -> None:
    of = profiled()
    found = times(of)
    assert [bar.words.partition("\n")[0] for bar in found.bars] == [one.op.name for one in of.placed if one.us]
    assert len(found.off) == 1 and found.off[0].right == found.plot.x.end


def test_findings_of_one_rule_and_fix_are_one_group() -> None:
    from anenas.ane import check

    of = profiled()
    [finding, *_] = [one for one in check(of.graph, of.chip) if one.op]
    many = [dataclasses.replace(finding, op=f"op_{i}") for i in range(40)]
    other = dataclasses.replace(finding, fix="something else")
    first, second = grouped([*many, other])
    assert (first.count, first.ops, first.more) == (40, [f"op_{i}" for i in range(6)], 34)
    assert (second.count, second.first.fix) == (1, "something else")
