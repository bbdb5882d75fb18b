from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pretend import latency

from anenas.search import Estimate, Evaluation
from anenas.search._shrinkage import shrunk
from anenas.tasks import binomial_error

candidates = st.lists(st.tuples(st.floats(0.05, 0.95), st.integers(10**4, 10**8)), min_size=4, max_size=30)


def evaluation(accuracy: float, macs: int, held_out: int) -> Evaluation:
    return Evaluation(accuracy, Estimate({"A15": latency(0.3)}, 1.0, macs, params=100), held_out=held_out)


def accuracies(found: list[tuple[float, int]], held_out: int) -> list[float]:
    return [e.score for e in shrunk([evaluation(*one, held_out) for one in found])]


def test_what_noise_explains_is_ranked_by_the_trend() -> None:
    rng = np.random.default_rng(0)
    macs = [2**i * 10**5 for i in rng.permutation(12)]
    found = [(0.30 + 0.01 * np.log2(m / 10**5) + 0.01 * rng.standard_normal(), m) for m in macs]
    assert np.argsort([a for a, _ in found]).tolist() != np.argsort(macs).tolist()
    assert np.argsort(accuracies(found, 400)).tolist() == np.argsort(macs).tolist()


def test_what_is_far_more_than_noise_stays_in_its_order() -> None:
    rng = np.random.default_rng(1)
    found = [(float(a), int(m)) for a, m in zip(rng.uniform(0.2, 0.9, 12), rng.integers(10**5, 10**7, 12), strict=True)]
    assert np.argsort(accuracies(found, 10_000)).tolist() == np.argsort([a for a, _ in found]).tolist()


@given(candidates)
def test_without_noise_or_where_it_is_not_known_accuracies_stay_as_they_are(found: list[tuple[float, int]]) -> None:
    assert accuracies(found, 10**15) == pytest.approx([a for a, _ in found], abs=1e-6)
    assert accuracies(found, 0) == [a for a, _ in found]


@given(candidates, st.integers(1, 10_000))
def test_each_ends_between_its_accuracy_and_the_trend_and_their_mean_stays(
    found: list[tuple[float, int]], held_out: int
) -> None:
    before, after = np.array([a for a, _ in found]), np.array(accuracies(found, held_out))
    assert after.mean() == pytest.approx(before.mean())
    sizes = np.log1p([macs for _, macs in found])
    assume(np.ptp(sizes) > 0.1)
    trend = np.polyval(np.polyfit(sizes, before, 1), sizes)
    assert (np.minimum(before, trend) - 1e-9 <= after).all() and (after <= np.maximum(before, trend) + 1e-9).all()


@given(candidates, st.integers(1, 10_000))
def test_of_two_of_one_size_the_more_accurate_stays_ahead(found: list[tuple[float, int]], held_out: int) -> None:
    low, high = sorted([found[0][0], found[1][0]])
    found = [(low, found[0][1]), (high, found[0][1]), *found[2:]]
    after = accuracies(found, held_out)
    assert after[0] <= after[1] + 1e-12


def test_too_few_for_a_trend_stay_as_they_are() -> None:
    assert accuracies([(0.3, 10**6), (0.31, 10**5), (0.29, 10**7)], 100) == [0.3, 0.31, 0.29]


def by_the_formula(found: list[tuple[float, int]], held_out: int) -> np.ndarray:
    """As the docstring has it, of sizes that are not all the same."""
    before, sizes = np.array([a for a, _ in found]), np.log1p([macs for _, macs in found])
    trend = np.polyval(np.polyfit(sizes, before, 1), sizes)
    noise = np.mean([binomial_error(a, held_out) ** 2 for a in before])
    real = max(0.0, ((before - trend) ** 2).sum() / (len(found) - 2) - noise)
    return trend + real / (real + noise) * (before - trend)


@pytest.mark.parametrize("step", [1.01, 1.2, 4.0])
@pytest.mark.parametrize("count", [4, 5, 12])
@pytest.mark.parametrize("held_out", [100, 1000, 10_000])
def test_the_estimate_is_that_of_the_formula(step: float, count: int, held_out: int) -> None:
    """However few there are, and however alike their sizes."""
    rng = np.random.default_rng(count)
    found = [(float(a), int(10**6 * step**i)) for i, a in enumerate(rng.normal(0.6, 0.04, count))]
    assert accuracies(found, held_out) == pytest.approx(by_the_formula(found, held_out), rel=1e-9)
    assert accuracies(found, held_out) != pytest.approx([a for a, _ in found], rel=1e-6)


def test_of_one_size_the_trend_is_the_mean() -> None:
    found = [(0.5, 10**6), (0.6, 10**6), (0.7, 10**6), (0.8, 10**6)]
    noise = np.mean([binomial_error(a, 200) ** 2 for a, _ in found])
    real = 0.05 / 3 - noise
    expected = [0.65 + real / (real + noise) * (a - 0.65) for a, _ in found]
    assert accuracies(found, 200) == pytest.approx(expected, rel=1e-9)
