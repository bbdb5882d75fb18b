"""What makes a brief training tell more per second, measured one by one on `mobile_cnn` and the embedded data.

    python experiments/training_studies.py correlation [--architectures 20] [--epochs 2] [--full 8]
    python experiments/training_studies.py recipes     [--architectures 8] [--epochs 2] [--only NAME …]
    python experiments/training_studies.py inheritance [--architectures 8] [--epochs 2]
    python experiments/training_studies.py distillation --teacher timm:NAME | FILE.safetensors | best
                                                       [--architectures 8] [--epochs 2]
    python experiments/training_studies.py augmentation --data cifar10.npz [--count 2000] [--steps 500 2000] [--seeds 2]

`correlation` prints Kendall's rank correlation of the accuracy at each pause of a brief training, and after it, with
that after a training of `--full` epochs. `augmentation` trains on `--count` images of another data set, and compares
what is made of them. The other studies train the same architectures, drawn at random, with and without one change and
print what it gains in accuracy and costs in time.

Every training is a line of `experiments/results/training_<study>.csv`; one that is there is not run again. On one
thread an epoch takes about ten seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import inspect
import itertools
import math
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from csv_rows import read_rows, write_rows
from rich.console import Console
from rich.table import Table
from safetensors.torch import load_file, save_file
from scipy.stats import kendalltau
from torch import nn

from anenas.data import Dataset, Split, load_data
from anenas.latency import Target
from anenas.network import Deployed, Normalisation, build, fuse, inherit
from anenas.search import TrainingEvaluator
from anenas.space import Architecture, SearchSpace, draw, load_space, mutate
from anenas.tasks import _classification
from anenas.training import Teacher, _train, accuracy, train
from anenas.training._train import BATCH_SIZE

_RESULTS = Path(__file__).parent / "results"
SHARES = (1 / 64, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
_SIDE = 32  # pixels of the images that augmentation is tried on
_SLOWEST_MACS = 12e6  # what takes minutes to train tells no more


@dataclasses.dataclass(frozen=True)
class Line:
    """A training: of what, changed how, how good in the end and after how many seconds."""

    architecture: str
    what: str
    accuracy: float
    seconds: float


class Results:
    """Lines of a study by name, kept in a file from one run to the next."""

    def __init__(self, study: str) -> None:
        self._path = _RESULTS / f"training_{study}.csv"
        self._lines = {(line.architecture, line.what): line for line in read_rows(self._path, Line)}

    def has(self, architecture: Architecture, what: str) -> tuple[float, float] | None:
        """(accuracy, seconds of training) of an architecture with that change, where it is known."""
        line = self._lines.get((str(architecture), what))
        return (line.accuracy, line.seconds) if line else None

    def put(self, architecture: Architecture, what: str, figures: tuple[float, float]) -> None:
        line = Line(str(architecture), what, *figures)
        self._lines[line.architecture, what] = line
        write_rows(self._path, self._lines.values())

    def get(
        self, architecture: Architecture, what: str, measure: Callable[[], tuple[float, float]]
    ) -> tuple[float, float]:
        """The same, measured where it is not known."""
        known = self.has(architecture, what)
        if known is None:
            known = measure()
            self.put(architecture, what, known)
        return known


@dataclasses.dataclass
class Bench:
    """The default problem."""

    space: SearchSpace
    data: Dataset
    epochs: int

    @classmethod
    def default(cls, epochs: int) -> Bench:
        """The space `mobile_cnn` and the embedded images; trainings are of one thread from here on."""
        torch.set_num_threads(1)
        space = load_space("mobile_cnn")
        return cls(space, load_data(None, size=(space.input.height, space.input.width), channels=None), epochs)

    def architectures(self, count: int) -> list[Architecture]:
        """The first so many that are not too large, of an endless row that is always the same."""
        rng = random.Random(5)
        found: list[Architecture] = []
        while len(found) < count:
            architecture = draw(self.decide, rng)[0]
            if EVALUATOR.estimate(architecture).macs <= _SLOWEST_MACS:
                found.append(architecture)
        return found

    def decide(self, pick: Any) -> Architecture:
        return self.space.decide(pick, classes=len(self.data.classes))

    def train(
        self,
        network: nn.Module,
        *,
        epochs: int | None = None,
        share: float = 1.0,
        checkpoint: Path | None = None,
        teacher: Teacher | None = None,
        seed: int = 0,
    ) -> tuple[float, float]:
        """Accuracy of the network, and the seconds of its training."""
        started = time.perf_counter()
        normalise = Normalisation(self.data.mean, self.data.std)
        augment, epochs = self.data.augment, epochs or self.epochs
        train(
            network,
            self.data.train,
            normalise,
            epochs=epochs,
            augment=augment,
            seed=seed,
            teacher=teacher,
            budget_fraction=share,
            checkpoint=checkpoint,
        )
        seconds = time.perf_counter() - started
        deployed = Deployed(fuse(network), normalise).eval()
        return accuracy(deployed, self.data.validation), seconds

    def teacher(self, network: nn.Module, *, raw: bool = False) -> Teacher:
        """A trained network that others learn from; it normalises its input itself where it is `raw`."""
        deployed = Deployed(fuse(network), Normalisation(self.data.mean, self.data.std, raw)).eval()
        return Teacher(deployed.logits, self.data.input_shape[1:])


EVALUATOR = TrainingEvaluator((Target.named("A15"),), epochs=1)


def fresh(architecture: Architecture, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return build(architecture)


# Brief against full


def pauses(bench: Bench, results: Results, architecture: Architecture) -> dict[float, tuple[float, float]]:
    """Accuracy at each pause, and the seconds until there."""
    names = {share: f"{share:.4f} of {bench.epochs} epochs" for share in SHARES}
    if not all(results.has(architecture, name) for name in names.values()):
        spent = 0.0
        with tempfile.TemporaryDirectory() as folder:
            for share, name in names.items():
                right, seconds = bench.train(fresh(architecture), share=share, checkpoint=Path(folder) / "c")
                spent += seconds
                results.put(architecture, name, (right, spent))
    return {share: results.has(architecture, name) or (0.0, 0.0) for share, name in names.items()}


def correlation(bench: Bench, args: argparse.Namespace) -> None:
    results = Results("correlation")
    brief, full = [], []
    for architecture in bench.architectures(args.architectures):
        brief.append(pauses(bench, results, architecture))
        whole = f"{args.full} epochs"
        full.append(
            results.get(architecture, whole, lambda a=architecture: bench.train(fresh(a), epochs=args.full))  # type: ignore[misc]
        )
    table = Table("budget", "of the time", f"τ with {args.epochs} epochs", f"τ with {args.full} epochs")
    for share in SHARES:
        here = [trial[share][0] for trial in brief]
        of_time = statistics.mean(trial[share][1] / trial[1.0][1] for trial in brief)
        taus = [kendalltau(here, [t[1.0][0] for t in brief])[0], kendalltau(here, [f[0] for f in full])[0]]
        table.add_row(f"{share * args.epochs:g} epochs", f"{of_time:.2f}", *(f"{tau:.2f}" for tau in taus))
    Console().print(table)


# One change at a time


@contextlib.contextmanager
def constants(learning_rate: float | None = None, **values: float) -> Iterator[None]:
    given = {} if learning_rate is None else {"learning_rate": learning_rate}
    with mock.patch.dict(inspect.unwrap(train).__kwdefaults__, given), contextlib.ExitStack() as stack:
        for name, value in values.items():
            where = _train if hasattr(_train, name) else _classification
            stack.enter_context(mock.patch.object(where, name, value))
        yield


@contextlib.contextmanager
def _fused() -> Iterator[None]:
    adamw = torch.optim.AdamW
    with mock.patch.object(torch.optim, "AdamW", lambda groups, lr, fused: adamw(groups, lr=lr, fused=True)):
        yield


@contextlib.contextmanager
def _contiguous() -> Iterator[None]:
    with mock.patch.object(torch, "channels_last", torch.contiguous_format):
        yield


@contextlib.contextmanager
def _unsettled() -> Iterator[None]:
    with mock.patch.object(_train, "update_bn", lambda batches, network: None):
        yield


RECIPES: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "as it is": contextlib.nullcontext,
    "learning rate 2e-3": lambda: constants(learning_rate=2e-3),
    "learning rate 8e-3": lambda: constants(learning_rate=8e-3),
    "no label smoothing": lambda: constants(LABEL_SMOOTHING=0.0),
    "label smoothing 0.05": lambda: constants(LABEL_SMOOTHING=0.05),
    "batches of 16": lambda: constants(BATCH_SIZE=16),
    "batches of 64": lambda: constants(BATCH_SIZE=64),
    "batches of 64, learning rate 6e-3": lambda: constants(BATCH_SIZE=64, learning_rate=6e-3),
    "weight decay 0.1": lambda: constants(WEIGHT_DECAY=0.1),
    "fused optimiser": _fused,
    "channels first": _contiguous,
    "mean of the last steps": contextlib.nullcontext,
    "normalisation left as it is": _unsettled,
    "torch.compile": contextlib.nullcontext,
}


def recipes(bench: Bench, args: argparse.Namespace) -> None:
    results, architectures = Results("recipes"), bench.architectures(args.architectures)
    names = [name for name in RECIPES if name == "as it is" or not args.only or name in args.only]

    def measure(name: str, architecture: Architecture) -> tuple[float, float]:
        network = fresh(architecture)
        with RECIPES[name]():
            if name == "torch.compile":
                network.compile()
            # Almost to the end, so that the mean is taken.
            return bench.train(network, share=0.99 if name == "mean of the last steps" else 1.0)

    figures = {n: [results.get(a, n, lambda n=n, a=a: measure(n, a)) for a in architectures] for n in names}  # type: ignore[misc]
    compare(figures, "as it is")


def compare(figures: Mapping[str, Sequence[tuple[float, float]]], base: str) -> None:
    """Paired differences to `base`: accuracy in points with its standard error, and the ratio of the times."""
    table = Table("", "accuracy", "gain, points", "time")
    for name, measured in figures.items():
        gains = [100 * (a - b) for (a, _), (b, _) in zip(measured, figures[base], strict=True)]
        error = statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else float("nan")
        times = statistics.mean(s / t for (_, s), (_, t) in zip(measured, figures[base], strict=True))
        accuracies = statistics.mean(right for right, _ in measured)
        table.add_row(name, f"{accuracies:.2%}", f"{statistics.mean(gains):+.2f} ± {error:.2f}", f"× {times:.2f}")
    Console().print(table)


# Weights of a trained relative


def inheritance(bench: Bench, args: argparse.Namespace) -> None:
    """A mutant of each architecture, as a search breeds them, from scratch and with its parent's weights."""
    results, rng = Results("inheritance"), random.Random(0)
    figures: dict[str, list[tuple[float, float]]] = {}
    shares = (0.125, 0.25, 0.5, 1.0)
    for number, parent in enumerate(bench.architectures(args.architectures)):
        child = mutate(bench.decide, bench.space.decisions(parent), rng)[0]
        donor = _RESULTS / "tmp" / f"{number}.safetensors"

        def trained(parent: Architecture = parent, donor: Path = donor) -> tuple[float, float]:
            network = fresh(parent)
            measured = bench.train(network)
            donor.parent.mkdir(parents=True, exist_ok=True)
            save_file({k: v.contiguous() for k, v in network.state_dict().items()}, donor)
            return measured

        if not donor.is_file():
            results.put(parent, "parent", trained())
        for share in shares:
            for inherited in (False, True):

                def measure(
                    share: float = share, inherited: bool = inherited, child: Architecture = child, donor: Path = donor
                ) -> tuple[float, float]:
                    network = fresh(child)
                    if inherited:
                        inherit(network, load_file(donor))
                    epochs = bench.epochs * share
                    whole = max(1, round(epochs))
                    return bench.train(network, epochs=whole, share=min(1.0, epochs / whole))

                name = f"{bench.epochs * share:g} epochs, {'inherited' if inherited else 'from scratch'}"
                figures.setdefault(name, []).append(results.get(child, name, measure))
    compare(figures, f"{bench.epochs:g} epochs, from scratch")


# A teacher


def distillation(bench: Bench, args: argparse.Namespace) -> None:
    results, architectures = Results("distillation"), bench.architectures(args.architectures)
    teacher = make_teacher(bench, args.teacher, architectures)

    def measure(architecture: Architecture) -> tuple[float, float]:
        return bench.train(fresh(architecture), teacher=teacher)

    name = f"taught by {args.teacher}"
    figures = {
        "as it is": [results.get(a, "as it is", lambda a=a: bench.train(fresh(a))) for a in architectures],  # type: ignore[misc]
        name: [results.get(a, name, lambda a=a: measure(a)) for a in architectures],  # type: ignore[misc]
    }
    compare(figures, "as it is")


def make_teacher(bench: Bench, source: str, architectures: Sequence[Architecture]) -> Teacher:
    """A trained network to learn from.

    Args:
        bench: The problem.
        source: "timm:NAME", trained here for four times the epochs, as timm's own weights know other classes;
            "FILE.safetensors" of a trial, beside its architecture.txt; or "best", the largest of the architectures,
            trained likewise.
        architectures: What is taught.
    """
    if source.endswith(".safetensors"):
        text = Path(source).with_name("architecture.txt").read_text().strip()
        network: nn.Module = build(Architecture.parse(text))
        network.load_state_dict(load_file(source))
        return bench.teacher(network)
    if source.startswith("timm:"):
        from anenas._torchvision import import_torchvision

        import_torchvision()
        import timm

        torch.manual_seed(0)
        name = source.removeprefix("timm:")
        network = timm.create_model(name, in_chans=bench.data.channels, num_classes=len(bench.data.classes))
    else:
        network = fresh(max(architectures, key=lambda a: EVALUATOR.estimate(a).macs))
    right, seconds = bench.train(network, epochs=4 * bench.epochs)
    print(f"the teacher: {right:.2%} after {seconds:.0f} s")
    return bench.teacher(network)


# What is made of images


def few(data: Dataset, count: int) -> Dataset:
    """The data set with so many of its training images, drawn at random."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(data.train))[:count])
    return dataclasses.replace(data, train=Split(data.train.inputs[chosen], data.train.labels[chosen]))


def augmentation(bench: Bench, args: argparse.Namespace) -> None:
    """Each augmentation of few images, held against 5,000 others."""
    results = Results("augmentation")
    data = few(load_data(args.data, size=(_SIDE, _SIDE)), args.count)
    bench = dataclasses.replace(bench, data=data, space=bench.space.with_input(*data.input_shape))
    for steps in args.steps:
        epochs = math.ceil(steps * BATCH_SIZE / args.count)
        figures: dict[str, list[tuple[float, float]]] = {}
        for architecture, seed, what in itertools.product(
            bench.architectures(args.architectures), range(args.seeds), ("none", "light", "strong")
        ):
            bench.data = dataclasses.replace(data, augmentation=what)

            def measure(
                epochs: int = epochs, seed: int = seed, architecture: Architecture = architecture
            ) -> tuple[float, float]:
                return bench.train(fresh(architecture, seed), epochs=epochs, seed=seed)

            name = f"{data.name}, {args.count} images, {steps} steps, {what}, seed {seed}"
            figures.setdefault(what, []).append(results.get(architecture, name, measure))
        print(f"{args.count} images, {steps} steps")
        compare(figures, "light")


def main() -> None:
    studies = {f.__name__: f for f in (correlation, recipes, inheritance, distillation, augmentation)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=studies)
    parser.add_argument("--architectures", type=int)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--full", type=int, default=8)
    parser.add_argument("--only", nargs="*", help="recipes to try")
    parser.add_argument("--teacher", default="best")
    parser.add_argument("--data", help="other images")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--steps", type=int, nargs="*", default=[500, 2000])
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    args.architectures = args.architectures or (20 if args.study == "correlation" else 8)
    studies[args.study](Bench.default(args.epochs), args)


if __name__ == "__main__":
    main()
