"""Classes of unequal size: what weighing them alike in training is worth.

    python experiments/unequal_classes.py [--ratio 50] [--networks 3] [--epochs 0] [--workers 2] [--data FILE] [--quick]

The training and validation images of the embedded Fashion-MNIST, or of any other data of images, are thinned: the
first class keeps all, each next one fewer, down to one in `--ratio` for the last. Networks drawn from `mobile_cnn` are
trained as a trial trains: as it is; with `class_weights="balanced"` and "sampled"; and with inputs that weigh
n / (K n_c) instead, as scikit-learn's "balanced" has it. They are judged on the test images, of which each class keeps
as many as before.

Prints accuracy, balanced accuracy and macro F1 of each, and the means.

`--quick` is one network for one epoch.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import multiprocessing
import os
import random
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from anenas.coreml import Package, program_scores
from anenas.data import PARTS, Dataset, Split, load_data
from anenas.latency import Target
from anenas.search import CLASS_WEIGHTS, PACKAGE, TrainingEvaluator, TrialFiles
from anenas.space import Architecture, load_space
from anenas.tasks import LABEL_SMOOTHING, Loss, Predictions, find_metric

_METRICS = ("accuracy", "balanced_accuracy", "macro_f1")
_WEIGHTS = (*CLASS_WEIGHTS, "weighing")


def thinned(split: Split, ratio: float, classes: int) -> Split:
    """A part of it: of class c of K a fraction ratio^(−c / (K − 1)), as of long-tailed CIFAR (arXiv:1901.05555)."""
    rng = np.random.default_rng(0)
    kept = []
    for c in range(classes):
        members = np.flatnonzero(split.labels == c)
        kept.append(rng.permutation(members)[: max(1, round(len(members) * ratio ** (-c / (classes - 1))))])
    places = np.sort(np.concatenate(kept))
    return Split(np.array(split.inputs[places]), split.labels[places])


class Weighing(TrainingEvaluator):
    """Trains with inputs that weigh more the fewer their class has."""

    def _loss(self, dataset: Dataset) -> Loss:
        counts = np.bincount(dataset.train.labels, minlength=len(dataset.classes))
        weights = torch.from_numpy(counts.sum() / (len(counts) * np.maximum(counts, 1))).float()

        def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            each = F.cross_entropy(logits, labels, label_smoothing=LABEL_SMOOTHING, reduction="none")
            return (weights[labels] * each).mean()

        return loss


def judged(architecture: str, weights: str, epochs: int, data: Path) -> list[float]:
    """The metrics of the exported program on the test images."""
    with tempfile.TemporaryDirectory() as folder:
        make, own = (Weighing, "none") if weights == "weighing" else (TrainingEvaluator, weights)
        evaluator = make((Target.named("A15"),), epochs, 0, "cpu", metric="balanced_accuracy", class_weights=own)
        evaluator.evaluate(Architecture.parse(architecture), TrialFiles(Path(folder), data))
        scores = program_scores(
            Package.open(Path(folder) / PACKAGE), (dataset := Dataset.open(data, PARTS)).test.inputs
        )
    predictions = Predictions(scores, dataset.test.labels, dataset.classes)
    return [find_metric(name).measure(predictions) for name in _METRICS]


def main() -> None:
    from anenas.training import brief_epochs

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratio", type=float, default=50)
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    data = load_data(args.data, size=(32, 32))
    count = len(data.classes)
    train, validation = (thinned(split, args.ratio, count) for split in (data.train, data.validation))
    data = dataclasses.replace(data, train=train, validation=validation)
    print(f"{len(train):,} training images: {', '.join(map(str, np.bincount(train.labels)))}")
    rng, space = random.Random(0), load_space("mobile_cnn").with_input(*data.input_shape)
    networks = [str(space.sample(rng, classes=count)) for _ in range(1 if args.quick else args.networks)]
    epochs = 1 if args.quick else args.epochs or brief_epochs(data)
    os.environ["OMP_NUM_THREADS"] = "1"
    rows: dict[str, list[list[float]]] = {weights: [] for weights in _WEIGHTS}
    with tempfile.TemporaryDirectory() as folder:
        data.save(Path(folder))
        with ProcessPoolExecutor(args.workers, multiprocessing.get_context("spawn")) as pool:
            for weights in _WEIGHTS:
                judge = functools.partial(judged, weights=weights, epochs=epochs, data=Path(folder))
                for network, values in zip(networks, pool.map(judge, networks), strict=True):
                    rows[weights].append(values)
                    print(f"{weights:9}", *(f"{100 * value:6.2f}" for value in values), network, flush=True)
    print(f"{epochs} epochs; means:", *_METRICS)
    for weights, found in rows.items():
        print(f"{weights:9}", *(f"{100 * statistics.mean(values):6.2f}" for values in zip(*found, strict=True)))


if __name__ == "__main__":
    main()
