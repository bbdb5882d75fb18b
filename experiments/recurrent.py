"""Recurrent blocks on the Neural Engine, side by side: where they run, how long they take, and what they learn.

    python experiments/recurrent.py              # estimates alone, in seconds
    python experiments/recurrent.py --train      # and accuracy on the embedded wrist motion, some minutes

Each row is a network of a causal convolution, one block of the kind and a mean over time. Latencies are estimates, in
milliseconds, by the length of the series; nothing here was measured on a device. Unrolled blocks take 32 steps at most.
`--train` gives each kind the width at which it has about as many parameters as the others, and two strides before the
block, so that all can take part; it trains as a search does, exports, verifies, and prints the accuracy of the exported
program on people that training has not seen, with the mean and the range over the seeds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from anenas.ane import get_chip
from anenas.data import Dataset, load_data
from anenas.latency import CalibratedLatency, Target
from anenas.network import architecture_cost
from anenas.search import ImageEvaluator
from anenas.space import Architecture
from anenas.training import brief_epochs

CHOICES = {"qrnn": "_k3", "tcn": "_k3_d1_relu"}  # of the kinds that have more than a direction and a way past
KINDS = ("min_gru", "sru", "qrnn", "unrolled_gru", "unrolled_lstm", "tcn", "gru", "lstm")
CHIPS = ("A15", "M2")
STEPS = (32, 128, 512, 1024)
WIDTHS = (64, 256)
PARAMETERS = 25_000


def network(kind: str, width: int, steps: int, strides: int = 1) -> Architecture:
    """A network of one block of that kind behind a convolution of a fixed width; both stride, or none does."""
    block = f"{kind}_r1_s{strides}_c{width}{CHOICES.get(kind, '')}"
    return Architecture.parse(f"1x6x1x{steps}-tcn_r1_s{strides}_c32_k3_d1_relu-{block}-head_n7")


def print_estimates() -> None:
    source = CalibratedLatency()
    print("| width | block | on the engine |" + "".join(f" {chip}, {t:,} steps |" for chip in CHIPS for t in STEPS))
    print("|---|---|---|" + "---|" * (len(CHIPS) * len(STEPS)))
    for width in WIDTHS:
        for kind in KINDS:
            cells, residencies = [], set()
            for chip in map(get_chip, CHIPS):
                for steps in STEPS:
                    if steps > 32 and kind.startswith("unrolled"):
                        cells.append("–")
                        continue
                    cost = architecture_cost(network(kind, width, steps), chip)
                    residencies.add(f"{cost.residency:.0%}")
                    cells.append(f"{source.of(cost, chip).ms:.2f}")
            print(f"| {width} | {kind} | {', '.join(sorted(residencies))} | " + " | ".join(cells) + " |")


def fitting(kind: str, steps: int) -> Architecture:
    """The network of that kind whose number of parameters is nearest to PARAMETERS, its width a multiple of 16."""
    candidates = [network(kind, width, steps, strides=2) for width in range(16, 257, 16)]
    chip = get_chip("A15")
    return min(candidates, key=lambda one: abs(architecture_cost(one, chip).parameters - PARAMETERS))


def print_accuracies(seeds: int) -> None:
    dataset = load_data(size=None)
    steps = dataset.input_shape[2]
    chip, source = get_chip("A15"), CalibratedLatency()
    print(f"| block | width | parameters | A15 ms | {dataset.name}, test | range | fp16 against torch |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        dataset.save(Path(folder) / "data")
        for kind in KINDS:
            architecture = fitting(kind, steps)
            accuracies, differences = trained(architecture, dataset, Path(folder), seeds)
            cost = architecture_cost(architecture, chip)
            mean = sum(accuracies) / seeds
            print(
                f"| {kind} | {architecture.stages[-1].width} | {cost.parameters:,} | {source.of(cost, chip).ms:.2f} "
                f"| {mean:.1%} | {min(accuracies):.1%}–{max(accuracies):.1%} | {max(differences):.1e} |",
                flush=True,
            )


def trained(architecture: Architecture, dataset: Dataset, folder: Path, seeds: int) -> tuple[list[float], list[float]]:
    """For each seed the exported program's accuracy on the test set, and how far float16 is from the network."""
    accuracies, differences = [], []
    for seed in range(seeds):
        epochs = brief_epochs(dataset.train)
        evaluator = ImageEvaluator(folder / "data", (Target.named("A15"),), epochs, seed)
        with tempfile.TemporaryDirectory(dir=folder) as trial:
            evaluation = evaluator.evaluate(architecture, Path(trial))
            accuracies.append(evaluator.test(architecture, Path(trial)))
        differences.append(evaluation.verified["fp16_difference"])
    return accuracies, differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true", help="train each kind too")
    parser.add_argument("--seeds", type=int, default=3, help="how often")
    arguments = parser.parse_args()
    print_estimates()
    if arguments.train:
        print()
        print_accuracies(arguments.seeds)


if __name__ == "__main__":
    main()
