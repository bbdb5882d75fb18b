from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

from anenas.search.samplers import _gaussian_process as module
from anenas.search.samplers._gaussian_process import CannotFitError, GaussianProcess

# Four decisions of three options each, of which only the first two matter.
OPTIONS = np.array(list(itertools.product(range(3), repeat=4)))
FEATURES = np.concatenate([(column[:, None] == np.arange(3)) * np.sqrt(0.5) for column in OPTIONS.T], axis=1)
GROUPS = np.repeat(np.arange(4), 3)
VALUES = OPTIONS[:, 0] + 0.5 * OPTIONS[:, 0] * OPTIONS[:, 1]


def fitted(count: int) -> tuple[GaussianProcess, np.ndarray]:
    known = np.random.default_rng(0).permutation(len(VALUES))[:count]
    return GaussianProcess.fit(FEATURES[known], VALUES[known], GROUPS), known


def draws(process: GaussianProcess, count: int = 100) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.array([process.draw(rng)(FEATURES) for _ in range(count)])


def test_drawn_functions_pass_near_what_is_known() -> None:
    process, known = fitted(30)
    assert np.abs(draws(process, 10)[:, known] - VALUES[known]).max() < 0.3


def test_what_is_not_known_is_told_better_than_by_the_mean_and_less_surely_than_what_is() -> None:
    process, known = fitted(30)
    drawn = draws(process)
    others = np.setdiff1d(np.arange(len(VALUES)), known)
    assert np.abs(drawn.mean(0)[others] - VALUES[others]).mean() < 0.3 * VALUES.std()
    assert drawn.std(0)[others].mean() > 2 * drawn.std(0)[known].mean()


def test_decisions_that_do_not_matter_weigh_less() -> None:
    process, _ = fitted(60)
    weights = process.scale.reshape(4, 3)[:, 0]
    assert weights[:2].min() > 3 * weights[2:].max()


def test_a_function_answers_alike_whatever_else_it_is_asked() -> None:
    process, _ = fitted(30)
    function = process.draw(np.random.default_rng(2))
    np.testing.assert_allclose(function(FEATURES)[5:7], function(FEATURES[5:7]), rtol=1e-3)
    again = process.draw(np.random.default_rng(2))
    np.testing.assert_array_equal(function(FEATURES), again(FEATURES))


@pytest.mark.parametrize(
    "values", [[1.0, 2.0], [3.0] * 9, [1.0, 2.0, np.nan, 4.0], [1.0, np.inf, 3.0, 4.0], [1e9, 1e9 + 1e-6, 1e9]]
)
def test_values_that_tell_nothing_are_refused(values: list[float]) -> None:
    with pytest.raises(CannotFitError):
        GaussianProcess.fit(FEATURES[: len(values)], np.array(values), GROUPS)


@pytest.mark.parametrize("seed", range(4))
def test_the_fit_follows_the_gradient_of_what_it_makes_least(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[tuple[Any, np.ndarray]] = []

    def noted(loss: Any, start: np.ndarray, **options: Any) -> Any:
        held.append((loss, start))
        return minimize(loss, start, **options)

    monkeypatch.setattr(module, "minimize", noted)
    fitted(30)
    [(loss, start)] = held
    rng, step = np.random.default_rng(seed), 1e-5
    at = start + rng.normal(size=len(start))
    _, gradient = loss(at)
    for i, along in enumerate(np.eye(len(at))):
        apart = loss(at + step * along)[0] - loss(at - step * along)[0]
        assert gradient[i] == pytest.approx(apart / (2 * step), rel=1e-4, abs=1e-4)


def test_the_fit_makes_the_posterior_density_of_weights_and_noise_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    """As normal distributions have it, but for what does not depend on them."""
    held: list[tuple[Any, np.ndarray]] = []

    def noted(loss: Any, start: np.ndarray, **options: Any) -> Any:
        held.append((loss, start))
        return minimize(loss, start, **options)

    monkeypatch.setattr(module, "minimize", noted)
    _, known = fitted(30)
    [(loss, start)] = held
    scaled = (VALUES[known] - VALUES[known].mean()) / VALUES[known].std()

    def expected(logs: np.ndarray) -> float:
        apart = [np.array([[a != b for b in column] for a in column]) for column in OPTIONS[known].T]
        kernel = np.exp(-sum(w * one for w, one in zip(np.exp(logs[:4]), apart, strict=True)))
        kernel += np.exp(logs[4]) * np.eye(len(known))
        variance = scaled @ np.linalg.solve(kernel, scaled) / len(known)
        density = multivariate_normal(cov=variance * kernel).logpdf(scaled)
        prior = norm(-1.5, 1.5).logpdf(logs[:4]).sum() + norm(-4.0, 1.5).logpdf(logs[4])
        return -float(density + prior)

    rng = np.random.default_rng(0)
    points = [start, *(start + rng.normal(size=len(start)) for _ in range(3))]
    found = [loss(at)[0] - expected(at) for at in points]
    assert found == pytest.approx([found[0]] * len(found))


def test_functions_are_drawn_from_the_posterior() -> None:
    process, known = fitted(12)
    drawn = draws(process, 3000)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(2))

    features = FEATURES * process.scale
    between, inner = kernel(features, features[known]), kernel(features[known], features[known])
    inner += process.noise * np.eye(len(known))
    scaled = (VALUES[known] - VALUES[known].mean()) / VALUES[known].std()
    variance = scaled @ np.linalg.solve(inner, scaled) / len(known)
    mean = VALUES[known].mean() + VALUES[known].std() * between @ np.linalg.solve(inner, scaled)
    explained = (between * np.linalg.solve(inner, between.T).T).sum(1)
    deviation = VALUES[known].std() * np.sqrt(variance * (1 - explained))
    assert np.abs(drawn.mean(0) - mean).max() < 0.1 * VALUES.std()
    others = np.setdiff1d(np.arange(len(VALUES)), known)
    np.testing.assert_allclose(drawn.std(0)[others], deviation[others], rtol=0.1)


def test_three_values_are_enough_and_their_scale_changes_nothing() -> None:
    few = GaussianProcess.fit(FEATURES[:3], np.array([1.0, 2.0, 4.0]), GROUPS)
    assert np.isfinite(few.draw(np.random.default_rng(0))(FEATURES)).all()
    process, known = fitted(30)
    scaled = GaussianProcess.fit(FEATURES[known], 1000 * VALUES[known] - 5000, GROUPS)
    np.testing.assert_allclose(scaled.scale, process.scale, rtol=1e-4)
    one, other = (each.draw(np.random.default_rng(3))(FEATURES) for each in (process, scaled))
    np.testing.assert_allclose(other, 1000 * one - 5000, rtol=1e-3, atol=1)


def test_of_many_values_weights_are_learnt_from_an_even_choice_and_all_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learnt: list[np.ndarray] = []
    inner = module._learn

    def noted(features: np.ndarray, values: np.ndarray, groups: np.ndarray) -> Any:
        learnt.append(features)
        return inner(features, values, groups)

    monkeypatch.setattr(module, "_learn", noted)
    monkeypatch.setattr(module, "_LEARNT_FROM", 5)
    process, known = fitted(9)
    np.testing.assert_array_equal(learnt[0], FEATURES[known][::2])
    assert len(process.known) == 9
