"""What differs, by how much and whether that is too much, against the definitions written out."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anenas._errors import AnenasError
from anenas.coreml import LOSSY, TOLERANCES, Difference, Verification
from anenas.coreml._bounds import LEAST, MOST, MOST_FLOAT32, _around, _bound
from anenas.coreml._verify import part
from anenas.mil import Event

Array = np.ndarray[Any, np.dtype[Any]]
PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 4)).flatmap(
    lambda shape: st.tuples(*[arrays(np.float32, shape, elements=st.integers(-40, 40).map(lambda n: n / 8))] * 2)
)


@given(PAIRS, st.sampled_from([None, 0.5]), st.sampled_from([0.0, 1.0, 100.0]))
def test_every_figure_of_a_difference(pair: tuple[Array, Array], threshold: float | None, least: float) -> None:
    a, e = pair
    found = Difference.between("y", a, e, threshold, least)
    off, highest = np.abs(a - e), max(float(np.abs(e).max()), least)
    assert (found.name, found.largest) == ("y", off.max())
    assert found.mean == pytest.approx(off.mean())
    wanted = off.max() / highest if highest else (math.inf if off.any() else 0.0)
    assert found.relative == pytest.approx(wanted)
    norms = np.linalg.norm(a.astype(float)) * np.linalg.norm(e.astype(float))
    assert found.cosine == pytest.approx((a.astype(float) * e).sum() / norms if norms else float(not off.any()))
    if a.shape[1] == 1:
        assert found.top1 is None
    elif threshold is None:
        assert found.top1 == np.mean([one.argmax() == other.argmax() for one, other in zip(a, e, strict=True)])
    else:
        alike = [((one >= 0.5) == (other >= 0.5)).all() for one, other in zip(a, e, strict=True)]
        assert found.top1 == np.mean(alike)
    assert (found.allowed, found.found, found.beyond) == (None, 0.0, 0)


@given(PAIRS, st.data())
def test_what_is_beyond_a_bound(pair: tuple[Array, Array], data: st.DataObject) -> None:
    a, e = pair
    bounds = data.draw(arrays(np.float64, a.shape, elements=st.integers(0, 16).map(lambda n: n / 8)))
    found = Difference.between("y", a, e, bounds=bounds)
    off = np.abs(a - e).astype(float)
    assert found.beyond == (off > bounds).sum()
    parts = {
        place: (off[place] / bounds[place] if bounds[place] else (math.inf if off[place] else 0.0))
        for place in np.ndindex(*off.shape)
    }
    told = [place for place in parts if (bounds[place], off[place]) == (found.allowed, found.found)]
    assert max(parts.values()) in [parts[place] for place in told]
    assert (found.problem("fp32", 0.0) is None) == (found.beyond == 0)


def test_what_is_met_most_nearly_is_told_where_nothing_is_exceeded() -> None:
    found = Difference.between("y", np.array([1, 2, 3.0]), np.array([1, 1.5, 3]), bounds=np.array([0, 1.0, 9]))
    assert (found.allowed, found.found, found.beyond) == (1.0, 0.5, 0)


def test_what_is_not_finite_is_within_no_bound_unless_it_is_the_same() -> None:
    a = np.array([np.inf, np.nan, 1.0, np.inf])
    bounds = np.full(4, 9.0)
    same = Difference.between("y", a, a, bounds=bounds)
    assert (same.largest, same.mean, same.relative, same.cosine, same.top1, same.beyond) == (0, 0, 0, 1, None, 0)
    other = Difference.between("y", a, np.array([-np.inf, 1.0, 1.0, np.inf]), bounds=bounds)
    assert (other.largest, other.mean, other.relative, other.cosine) == (np.inf, np.inf, np.inf, 0)
    assert (other.beyond, other.found, other.allowed) == (2, np.inf, 9.0)


def test_nothing_does_not_differ_from_nothing() -> None:
    none = np.zeros((0, 3))
    found = Difference.between("y", none, none, bounds=none)
    assert (found.largest, found.mean, found.relative, found.allowed, found.beyond) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("a", "e", "largest"),
    [
        (["cat", "dog"], ["cat", "dog"], 0.0),
        (["cat", "dog"], ["cat", "cow"], 1.0),
        ([True, False], [True, True], 1.0),
        (np.uint8([7, 1]), np.uint8([1, 1]), 1.0),  # names of classes, whatever they are made of
        (np.int32([7, 1]), np.int64([1, 1]), 6.0),
        (np.float32([7, 1]), np.int32([1, 1]), 6.0),
        (np.int32([7, 1]), ["7", "1"], 0.0),
    ],
)
def test_labels_are_the_same_or_not_and_indices_are_numbers(a: Any, e: Any, largest: float) -> None:
    assert Difference.between("y", np.array(a), np.array(e)).largest == largest


SAME = Difference("y", 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("relative", "is_problem"), [(0.1, False), (0.10001, True), (math.nan, True)])
def test_a_difference_may_be_as_large_as_is_tolerated(relative: float, is_problem: bool) -> None:
    one = dataclasses.replace(SAME, relative=relative)
    told = f"y differs by {relative:.2g} of its largest value in fp16, not 0.1" if is_problem else None
    assert one.problem("fp16", 0.1) == told


@pytest.mark.parametrize(("beyond", "told"), [(1, "1 value does"), (2, "2 values do"), (1234, "1,234 values do")])
def test_values_beyond_their_bounds_are_counted(beyond: int, told: str) -> None:
    one = dataclasses.replace(SAME, allowed=0.5, found=0.75, beyond=beyond)
    assert one.problem("fp32", 9.0) == f"y differs by 0.75 in fp32 where 0.5 is allowed; {told}"


def verification(**changes: Any) -> Verification:
    known = {"fp32": (SAME,), "fp16": (SAME,), "lost": (), "tolerances": {"fp32": 1e-4, "fp16": 0.1}}
    return Verification("the network", 3, **{**known, **changes})


def test_each_precision_is_held_to_its_own_tolerance_and_what_is_lost_is_a_problem() -> None:
    off = dataclasses.replace(SAME, relative=0.01)
    assert verification().passed and verification(fp16=(off,)).passed
    assert [one.partition(" of ")[0] for one in verification(fp32=(off,)).problems] == ["y differs by 0.01"]
    lost = (Event("z", "mul", "overflow", 7), Event("z", "mul", "denormal", 8), Event("w", "sub", "nan", 1))
    assert verification(lost=lost).problems == [
        "overflow of 7 values at z (mul) in float16",
        "nan of 1 values at w (sub) in float16",
    ]
    with pytest.raises(AnenasError, match=r"^the program is not the network: overflow of 7 .*; nan of 1 values"):
        verification(lost=lost).require("the program")
    assert verification().require("the program") == verification()


def test_as_json_it_tells_what_it_is_without_infinities() -> None:
    off = dataclasses.replace(SAME, relative=math.inf, largest=math.nan, mean=2.0)
    told = json.loads(json.dumps(verification(fp32=(off,)).to_dict(), allow_nan=False))
    assert (told["passed"], len(told["problems"]), told["samples"], told["against"]) == (False, 1, 3, "the network")
    assert (told["fp32"][0]["relative"], told["fp32"][0]["largest"], told["fp32"][0]["mean"]) == (None, None, 2.0)
    assert told["tolerances"] == {"fp32": 1e-4, "fp16": 0.1} and told["fp16"][0]["cosine"] == 1.0
    assert verification().to_dict()["passed"] and verification().to_dict()["problems"] == []


@pytest.mark.parametrize("shape", [(40,), (4, 20), (20, 4), (2, 3, 17), (3, 3), (1, 1), (0, 3), (16, 1), (17, 16)])
def test_values_are_judged_by_the_least_of_what_is_around_them(shape: tuple[int, ...]) -> None:
    size = np.random.default_rng(0).random(shape)
    found = _around(size)
    for place in np.ndindex(*shape):
        slices = [size[(slice(None),) * axis + (place[axis],)] for axis in range(len(shape))]
        expected = min([one.max() for one in slices if one.size >= 16], default=size.max())
        assert np.broadcast_to(found, shape)[place] == min(expected, size.max())


@pytest.mark.parametrize("most", [MOST_FLOAT32, MOST])
def test_a_bound_follows_what_rounding_moves(most: float) -> None:
    values = np.float32([1, -2, 4])
    still = _bound(values, [values, values], LEAST["fp32"], most)
    np.testing.assert_allclose(still, 4 * LEAST["fp32"])  # too few to be judged but by the largest
    moved = [values + np.float32([0.001, 0, 0]), values - np.float32([0, 0.0005, 0])]
    np.testing.assert_allclose(_bound(values, moved, 0.0, most), 6 * 0.001, rtol=1e-3)
    far = [values + np.float32([3, 0, 0])]
    np.testing.assert_allclose(_bound(values, far, 0.0, most), most * 4)
    lost = [values + np.float32([np.inf, np.nan, 0.001])]
    np.testing.assert_allclose(_bound(values, lost, 0.0, most), 6 * 0.001, rtol=1e-3)
    assert not _bound(np.float32([np.nan, np.inf]), [np.float32([1, 2])], 1.0, most).any()


def test_whole_numbers_and_labels_may_change_only_as_rounding_changes_them() -> None:
    whole = np.uint8([0, 9, 200])
    moved = [np.uint8([255, 9, 200]), np.uint8([1, 9, 199])]
    np.testing.assert_array_equal(_bound(whole, moved, 1.0, 1.0), [255, 0, 1])
    flags = np.array([True, False])
    np.testing.assert_array_equal(_bound(flags, [np.array([False, False])], 1.0, 1.0), [1, 0])
    labels = np.array(["cat", "dog", "owl"])
    np.testing.assert_array_equal(_bound(labels, [labels, np.array(["cat", "dog", "ant"])], 1.0, 1.0), [0, 0, np.inf])


def test_the_part_of_a_bound_is_of_the_largest_value() -> None:
    bounds = np.array([0.5, 0.25])
    assert part(bounds, np.float32([-5, 2])) == 0.1
    assert part(bounds, np.float32([np.nan, 2])) == 0.25
    assert part(bounds, np.float32([0, 0])) == part(bounds, np.int32([5, 2])) == part(bounds[:0], np.zeros(0)) == 0.0


def test_least_and_most_are_in_the_order_of_precision() -> None:
    assert TOLERANCES == {"fp32": 1e-4, "fp16": MOST}
    assert set(LOSSY.values()) == {math.inf} and LOSSY.keys() == TOLERANCES.keys()
    assert LEAST["fp32"] == 1e-5 < LEAST["fp16"] == 4 * 2.0**-11 < MOST_FLOAT32 * 2 < MOST == 10 * MOST_FLOAT32
