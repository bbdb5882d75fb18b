"""What a score of the untrained network tells of its accuracy, and whether the surrogate predicts better with it.

    python experiments/initial_scores.py [--architectures 40] [--splits 100]

Takes the architectures of `mobile_cnn` that `ladders.py` and `training_studies.py correlation` have trained, scores
each at initialisation and prints Kendall's rank correlation of the scores, and of what the surrogate knows anyway, with
the accuracy after the brief training and after the full one; then how well the default sampler's Gaussian process, told
the brief accuracy of half of them, ranks the other half, with and without each score as a feature.

The scores, higher meant to be better (all three as in Abdelfattah et al. 2021, arXiv:2101.08134):

    naswot     log-determinant of how alike images are by which activations they switch on (Mellor et al. 2021,
               arXiv:2006.04647)
    synflow    Σ |w ∂R/∂w| of the network with absolute weights and an image of ones (Tanaka et al. 2020,
               arXiv:2006.05467), its logarithm
    gradient   norm of the loss's gradient on one batch, its logarithm
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import random
import statistics
import time
from collections.abc import Sequence

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.stats import kendalltau
from torch import nn
from torch.nn import functional as F
from training_studies import EVALUATOR, Bench, Results, fresh

from anenas.network import Normalisation
from anenas.search import CandidateEstimate
from anenas.search.samplers._front import _Candidate, _Encoder, _normal_scores
from anenas.search.samplers._gaussian_process import GaussianProcess
from anenas.space import Architecture

_ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU)
_DRAWS = 64  # functions whose mean is the prediction


def naswot(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    alike = torch.zeros(len(images), len(images), dtype=torch.float64)

    def count(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        on = (inputs[0].flatten(1) > 0).double()
        alike.add_(on @ on.T + (1 - on) @ (1 - on).T)

    hooks = [m.register_forward_pre_hook(count) for m in network.modules() if isinstance(m, _ACTIVATIONS)]
    with torch.no_grad():
        network.train()(images)
    for hook in hooks:
        hook.remove()
    return float(torch.linalg.slogdet(alike)[1])


def synflow(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    network.double().eval()  # normalisation that has seen nothing changes nothing
    for parameter in network.parameters():
        parameter.data.abs_()
    network(torch.ones_like(images[:1], dtype=torch.float64)).sum().backward()
    return math.log(sum(float((p.detach() * p.grad).abs().sum()) for p in network.parameters() if p.grad is not None))


def gradient(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    F.cross_entropy(network.train()(images), labels).backward()
    return math.log(math.sqrt(sum(float((p.grad**2).sum()) for p in network.parameters() if p.grad is not None)))


SCORES = {score.__name__: score for score in (naswot, synflow, gradient)}


def candidate(bench: Bench, architecture: Architecture) -> _Candidate:
    """As the sampler sees it: its decisions, latency, multiply-accumulates and parameters."""
    estimate = EVALUATOR.estimate(architecture)
    values = (None, estimate.latency.ms)
    features = (math.log1p(estimate.macs), math.log1p(estimate.params))
    return _Candidate(
        architecture, bench.space.decisions(architecture), CandidateEstimate(values, values, features=features)
    )


def predicted(candidates: Sequence[_Candidate], accuracies: np.ndarray, splits: int) -> list[float]:
    """Kendall's τ of prediction and truth on the half that the surrogate was not told, one a split."""
    rng, taus = random.Random(0), []
    for split in range(splits):
        order = list(range(len(candidates)))
        rng.shuffle(order)
        told, asked = order[: len(order) // 2], order[len(order) // 2 :]
        encoder = _Encoder([candidates[i] for i in told])
        features = encoder.encode([candidates[i] for i in told])
        process = GaussianProcess.fit(features, _normal_scores(accuracies[told]), encoder.groups)
        generator, those = np.random.default_rng(split), encoder.encode([candidates[i] for i in asked])
        answer = np.mean([process.draw(generator)(those) for _ in range(_DRAWS)], axis=0)
        taus.append(float(kendalltau(answer, accuracies[asked])[0]))
    return taus


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", type=int, default=40)
    parser.add_argument("--splits", type=int, default=100)
    args = parser.parse_args()
    bench, results = Bench.default(epochs=2), Results("correlation")
    trained = {a: results.has(a, "1.0000 of 2 epochs") for a in bench.architectures(args.architectures)}
    architectures = [a for a, known in trained.items() if known]
    brief = np.array([known[0] for known in trained.values() if known])
    in_full = {i: full[0] for i, a in enumerate(architectures) if (full := results.has(a, "8 epochs"))}

    normalise, train = Normalisation(bench.data.mean, bench.data.std), bench.data.train
    images, labels = normalise(torch.from_numpy(train.inputs[:64])), torch.from_numpy(train.labels[:64])
    candidates = [candidate(bench, architecture) for architecture in architectures]
    figures: dict[str, list[float]] = {
        "estimated latency": [float(one.estimate.values[1] or 0.0) for one in candidates],
        "multiply-accumulates": [one.estimate.features[0] for one in candidates],
        "parameters": [one.estimate.features[1] for one in candidates],
    }
    seconds = {}
    for name, score in SCORES.items():
        started = time.perf_counter()
        figures[name] = [score(fresh(architecture), images, labels) for architecture in architectures]
        seconds[name] = (time.perf_counter() - started) / len(architectures)

    columns = ("", "s", f"τ with brief ({len(brief)})", f"τ with full ({len(in_full)})", "surrogate with it: τ", "gain")
    table = Table(*columns)
    base = predicted(candidates, brief, args.splits)
    table.add_row("the surrogate as it is", "", "", "", f"{statistics.mean(base):.3f}", "")
    for name, figure in figures.items():
        taus = [kendalltau(figure, brief)[0], kendalltau([figure[i] for i in in_full], list(in_full.values()))[0]]
        row = [name, f"{seconds[name]:.2f}" if name in seconds else "", *(f"{tau:.2f}" for tau in taus)]
        if name in SCORES:
            more = [
                dataclasses.replace(
                    one, estimate=dataclasses.replace(one.estimate, features=(*one.estimate.features, value))
                )
                for one, value in zip(candidates, figure, strict=True)
            ]
            told = predicted(more, brief, args.splits)
            gains = [a - b for a, b in zip(told, base, strict=True)]
            row += [f"{statistics.mean(told):.3f}", f"{statistics.mean(gains):+.3f}"]
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
