from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

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
