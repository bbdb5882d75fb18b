"""What one objective may be of candidates that were not tried: a Gaussian process over decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky
from scipy.optimize import minimize

# Priors of the logarithms: of a decision's weight in the distance, and of the noise's fraction of the variance.
_WEIGHT, _WEIGHT_SD = -1.5, 1.5
_NOISE, _NOISE_SD = -4.0, 1.5
_WEIGHT_BOUNDS, _NOISE_BOUNDS = (-7.0, 3.0), (-9.0, 0.0)
_ITERATIONS = 15
_LEARNT_FROM = 160  # an even choice of the values: what learning the weights costs grows with their cube
_FOURIER = 300  # features that a function of the prior is made of


class CannotFitError(Exception):
    """The values tell nothing that a surrogate could learn from."""


@dataclass(frozen=True)
class GaussianProcess:
    """A process that was conditioned on what is known. Make one with `fit`.

    Its kernel is exp(−Σ w_g ‖x_g − x'_g‖²) over groups of features, one weight a group: two candidates are the more
    alike the fewer decisions that matter they differ in.
    """

    known: np.ndarray
    scale: np.ndarray
    mean: float
    spread: float
    values: np.ndarray
    variance: float
    noise: float
    lower: np.ndarray

    @classmethod
    def fit(cls, features: np.ndarray, values: np.ndarray, groups: np.ndarray) -> GaussianProcess:
        """The process that explains the values best, its weights by the largest posterior density.

        Args:
            features: (n, f).
            values: (n,).
            groups: (f,); the number of the group that each feature is of, from 0.

        Raises:
            CannotFitError: If the values are too few, all alike or not finite.
        """
        if len(values) < 3 or not np.isfinite(values).all() or np.ptp(values) <= 1e-12 * np.abs(values).max():
            raise CannotFitError
        mean, spread = float(values.mean()), float(values.std())
        scaled = (values - mean) / spread
        try:
            sample = np.linspace(0, len(values) - 1, min(len(values), _LEARNT_FROM)).astype(int)
            weights, noise = _learn(features[sample], scaled[sample], groups)
            scale = np.sqrt(weights[groups])
            lower = cholesky(_kernel(features * scale) + noise * np.eye(len(values)), lower=True)
        except (LinAlgError, ValueError) as error:
            raise CannotFitError from error
        variance = float(scaled @ cho_solve((lower, True), scaled)) / len(values)
        return cls(features * scale, scale, mean, spread, scaled, variance, noise, lower)

    def draw(self, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        """One function of those that fit what is known: from features, (m, f), to values, (m,).

        A function drawn from the prior by random Fourier features (Rahimi & Recht 2007), corrected by what it misses
        of what is known (Matheron's rule; Wilson et al. 2020, "Efficiently sampling functions from Gaussian process
        posteriors"). It costs the same however many candidates it was asked for before, and its answer for a candidate
        does not depend on the others.
        """
        # In single precision, which is as good for a draw and takes half the time.
        frequencies = (rng.standard_normal((self.known.shape[1], _FOURIER)) * np.sqrt(2)).astype(np.float32)
        phases = rng.uniform(0, 2 * np.pi, _FOURIER).astype(np.float32)
        amplitudes = rng.standard_normal(_FOURIER) * np.sqrt(2 * self.variance / _FOURIER)

        def prior(scaled: np.ndarray) -> np.ndarray:
            return np.asarray(np.cos(scaled.astype(np.float32) @ frequencies + phases) @ amplitudes)

        noise = rng.standard_normal(len(self.known)) * np.sqrt(self.variance * self.noise)
        correction = cho_solve((self.lower, True), self.values - prior(self.known) - noise)

        def function(features: np.ndarray) -> np.ndarray:
            scaled = features * self.scale
            return np.asarray(self.mean + self.spread * (prior(scaled) + _kernel(scaled, self.known) @ correction))

        return function


def _kernel(a: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    return np.asarray(np.exp(-_squared_distances(a, a if b is None else b)))


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    distances = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    return np.asarray(np.maximum(distances, 0.0))


def _learn(features: np.ndarray, values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights of the groups and the noise's fraction of the variance, which itself is profiled out."""
    n, count = len(values), int(groups.max()) + 1
    distances = np.stack([_squared_distances(*2 * [features[:, groups == g]]).ravel() for g in range(count)])
    identity = np.eye(n)

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        """The negative logarithm of the posterior density up to a constant, and its gradient."""
        weights, noise = np.exp(logs[:count]), np.exp(logs[count])
        kernel = np.exp(-(weights @ distances)).reshape(n, n)
        lower = cholesky(kernel + noise * identity, lower=True)
        inverse = cho_solve((lower, True), identity)
        solved = inverse @ values
        variance = values @ solved / n
        slope = (inverse - np.outer(solved, solved) / variance) / 2
        off_weight, off_noise = (logs[:count] - _WEIGHT) / _WEIGHT_SD, (logs[count] - _NOISE) / _NOISE_SD
        value = n * np.log(variance) / 2 + np.log(np.diag(lower)).sum() + (off_weight**2).sum() / 2 + off_noise**2 / 2
        by_weight = -weights * (distances @ (slope * kernel).ravel()) + off_weight / _WEIGHT_SD
        return float(value), np.append(by_weight, np.trace(slope) * noise + off_noise / _NOISE_SD)

    start = np.append(np.full(count, _WEIGHT), _NOISE)
    bounds: Sequence[tuple[float, float]] = [*[_WEIGHT_BOUNDS] * count, _NOISE_BOUNDS]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _ITERATIONS})
    return np.exp(found.x[:count]), float(np.exp(found.x[count]))
