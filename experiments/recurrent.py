"""Recurrent blocks on the Neural Engine, side by side: where they run, how long they take, and what they learn.

    python experiments/recurrent.py              # estimates alone, in seconds
    python experiments/recurrent.py --export     # and each of these networks converted and verified, some minutes
    python experiments/recurrent.py --train      # and accuracy on the embedded wrist motion, some minutes
    python experiments/recurrent.py --train --data vowels.npz    # and on further series

Each row is a network of a causal convolution, one block of the kind and a mean over time. Latencies are estimates, in
milliseconds, by the length of the series; nothing here was measured on a device. Unrolled blocks take 32 steps at most.
`--export` converts each of them, with fresh weights, and runs the program on series of normal numbers: it
prints the largest difference of float16 from the network, relative to the largest value, or what was wrong; and how far
the exported program's latencies are from those that were known before.
`--train` gives each kind the width at which it has about as many parameters as the others, and two strides before the
block, so that all can take part; it trains as a search does, exports, verifies, and prints the accuracy of the exported
program on the test set, people that training has not seen for the wrist motion, with the range over the seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from anenas import inputs
from anenas.ane import get_chip
from anenas.coreml import convert, verify_network
from anenas.data import Dataset, InputFormat, load_data
from anenas.latency import CalibratedLatency, Target
from anenas.network import Deployed, Normalisation, architecture_cost, build, fuse
from anenas.search import TrainingEvaluator, TrialFiles
from anenas.space import Architecture
from anenas.training import brief_epochs

CHOICES = {"qrnn": "_k3", "tcn": "_k3_d1_relu"}  # of the kinds that have more than a direction and a way past
KINDS = ("min_gru", "sru", "qrnn", "unrolled_gru", "unrolled_lstm", "tcn", "gru", "lstm")
CHIPS = ("A15", "M2")
STEPS = (32, 128, 512, 1024)
WIDTHS = (64, 256)
PARAMETERS = 25_000
SERIES = 4  # that a program is verified on


def network(kind: str, width: int, shape: str, *, classes: int = 7, stride: int = 1) -> Architecture:
    """A network of one block of that kind behind a convolution of a fixed width; both stride, or none does."""
    block = f"{kind}_r1_s{stride}_c{width}{CHOICES.get(kind, '')}"
    return Architecture.parse(f"{shape}-tcn_r1_s{stride}_c32_k3_d1_relu-{block}-head_n{classes}")


def fits(kind: str, steps: int) -> bool:
    return steps <= 32 or not kind.startswith("unrolled")


def print_estimates() -> None:
    source = CalibratedLatency()
    print("| width | block | on the engine |" + "".join(f" {chip}, {t:,} steps |" for chip in CHIPS for t in STEPS))
    print("|---|---|---|" + "---|" * (len(CHIPS) * len(STEPS)))
    for width in WIDTHS:
        for kind in KINDS:
            cells, residencies = [], set()
            for chip in map(get_chip, CHIPS):
                for steps in STEPS:
                    if not fits(kind, steps):
                        cells.append("–")
                        continue
                    cost = architecture_cost(network(kind, width, f"1x6x1x{steps}"), chip)
                    residencies.add(f"{cost.residency:.0%}")
                    cells.append(f"{source.from_cost(cost, chip).ms:.2f}")
            print(f"| {width} | {kind} | {', '.join(sorted(residencies))} | " + " | ".join(cells) + " |")


def print_exports() -> None:
    print(f"| width | block |{''.join(f' {t:,} steps |' for t in STEPS)} latencies, {' and '.join(CHIPS)} |")
    print("|---|---|" + "---|" * (len(STEPS) + 1))
    for width in WIDTHS:
        for kind in KINDS:
            found = [exported(network(kind, width, f"1x6x1x{t}")) if fits(kind, t) else ("–", 0.0) for t in STEPS]
            off = max(difference for _, difference in found)
            print(f"| {width} | {kind} | {' | '.join(cell for cell, _ in found)} | within {off:.1%} |", flush=True)


def exported(architecture: Architecture) -> tuple[str, float]:
    """What converting and verifying gave, and how far latencies are from those predicted."""
    torch.manual_seed(0)
    _, channels, _, steps = architecture.input
    deployed = Deployed(fuse(build(architecture)), Normalisation((1 / 255,) * channels, (2 / 255,) * channels)).eval()
    source = CalibratedLatency()
    with tempfile.TemporaryDirectory() as folder:
        path, classes = Path(folder) / "model.mlpackage", [str(i) for i in range(7)]
        try:
            package = convert(deployed, path, shape=architecture.input, classes=classes)
        except RuntimeError as error:
            return f"not converted: {str(error).splitlines()[0]}", 0.0
        verified = verify_network(package, deployed, (1 + 2 * torch.randn(SERIES, channels, 1, steps)).numpy())
        graph = package.graph
    predicted = [source.from_cost(architecture_cost(architecture, chip), chip).ms for chip in map(get_chip, CHIPS)]
    found = [source.latency(graph, chip).ms for chip in map(get_chip, CHIPS)]
    off = max(abs(one / other - 1) for one, other in zip(predicted, found, strict=True))
    return (f"{verified.fp16[0].relative:.0e}" if verified.passed else "; ".join(verified.problems)), off


def fitting(kind: str, dataset: Dataset) -> Architecture:
    """The network of that kind whose number of parameters is nearest to PARAMETERS, its width a multiple of 16."""
    shape = "x".join(map(str, (1, *dataset.input_shape))) + ("_masked" if dataset.masked else "")
    chip, classes = get_chip("A15"), len(dataset.classes)
    candidates = [network(kind, width, shape, classes=classes, stride=2) for width in range(16, 257, 16)]
    return min(candidates, key=lambda one: abs(architecture_cost(one, chip).params - PARAMETERS))


def print_accuracies(datasets: list[Dataset], seeds: int) -> None:
    chip, source = get_chip("A15"), CalibratedLatency()
    print("| block |" + "".join(f" {one.name}: width, parameters | A15 ms | test |" for one in datasets), end="")
    print(" fp16 against torch |\n|---|" + "---|" * (3 * len(datasets) + 1))
    with tempfile.TemporaryDirectory() as folder:
        for i, dataset in enumerate(datasets):
            dataset.save(Path(folder) / str(i))
        for kind in KINDS:
            cells, differences = [], []
            for i, dataset in enumerate(datasets):
                architecture = fitting(kind, dataset)
                accuracies, off = trained(architecture, Path(folder) / str(i), brief_epochs(dataset), seeds)
                differences += off
                cost = architecture_cost(architecture, chip)
                cells.append(f"{architecture.stages[-1].width}, {cost.params:,}")
                cells.append(f"{source.from_cost(cost, chip).ms:.2f}")
                cells.append(f"{sum(accuracies) / seeds:.1%} ({min(accuracies):.1%}–{max(accuracies):.1%})")
            print(f"| {kind} | {' | '.join(cells)} | {max(differences):.0e} |", flush=True)


def trained(architecture: Architecture, data: Path, epochs: int, seeds: int) -> tuple[list[float], list[float]]:
    """For each seed the exported program's accuracy on the test set, and how far float16 is from the network."""
    accuracies, differences = [], []
    for seed in range(seeds):
        evaluator = TrainingEvaluator((Target.named("A15"),), epochs, seed)
        with tempfile.TemporaryDirectory() as trial:
            files = TrialFiles(Path(trial), data)
            evaluation = evaluator.evaluate(architecture, files)
            accuracies.append(evaluator.test(architecture, files))
        differences.append(evaluation.verified["fp16_difference"])
    return accuracies, differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--export", action="store_true", help="convert and verify each network too")
    parser.add_argument("--train", action="store_true", help="train each kind too")
    parser.add_argument("--data", action="append", default=[], help="train on these series, .npz or .csv, as well")
    parser.add_argument("--seeds", type=int, default=3, help="how often")
    arguments = parser.parse_args()
    print_estimates()
    if arguments.export:
        print()
        print_exports()
    if arguments.train:
        print()
        print_accuracies(
            [load_data(source, InputFormat(inputs.SERIES)) for source in (None, *arguments.data)], arguments.seeds
        )


if __name__ == "__main__":
    main()
