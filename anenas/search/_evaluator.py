"""The evaluator of the product: estimates from the graph, trains on a data set, exports to Core ML."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anenas.ane import Chip, placement, program_cost
from anenas.coreml import (
    Verification,
    estimated_package_bytes,
    package_bytes,
    package_target,
    program_accuracy,
    read_graph,
)
from anenas.data import Dataset
from anenas.graph import Graph
from anenas.latency import Latency, Target
from anenas.search._evaluation import ARCHITECTURE, CHECKPOINT, OPERATIONS, PACKAGE, WEIGHTS, Estimate, Evaluation
from anenas.search._ship import deploy, ship
from anenas.space import Architecture

_VERIFIED = 16  # inputs that every exported program is held against its network on


@dataclass(frozen=True)
class TrainingEvaluator:
    """Judges classifiers: trains and exports them. Equal arguments give equal results: a trial is a pure function.

    Attributes:
        data: Folder that a `Dataset` was saved to.
        targets: The chips that latencies are for; the first is the one that figures without a chip are for.
        epochs: Passes over the training split.
        seed: Of the weights and of the order of what they are trained on.
        device: Where to train; None is the best that is there.
    """

    data: Path
    targets: tuple[Target, ...]
    epochs: int
    seed: int = 0
    device: str | None = None

    def estimate(self, architecture: Architecture) -> Estimate:
        from anenas.network import architecture_cost

        costs = [architecture_cost(architecture, target.chip) for target in self.targets]
        cost, *_ = costs
        latency, *others = (t.source.of(cost, t.chip) for t, cost in zip(self.targets, costs, strict=True))
        return Estimate(
            latency=latency,
            size_mb=estimated_package_bytes(cost.weight_bytes, cost.operations, cost.convolutions) / 1e6,
            macs=cost.macs,
            parameters=cost.parameters,
            residency=cost.residency,
            broken_rules=cost.problems,
            others=self._by_chip(others),
        )

    def _by_chip(self, others: list[Latency]) -> dict[str, Latency]:
        return {target.name: latency for target, latency in zip(self.targets[1:], others, strict=True)}

    def evaluate(
        self,
        architecture: Architecture,
        folder: Path,
        share: float = 1.0,
        donor: Path | None = None,
        stepped: Callable[[int, int], None] = lambda step, steps: None,
    ) -> Evaluation:
        """As `Evaluator` has it; `stepped` hears of each step of training and how many there are."""
        import torch
        from safetensors.torch import load_file, save_file

        from anenas.network import Normalisation, build, inherit
        from anenas.training import accuracy, pick_device, train

        clock = _Clock()
        device = pick_device(self.device)
        torch.manual_seed(self.seed)
        dataset = Dataset.open(self.data)
        network = build(architecture)
        inherited = inherit(network, load_file(donor / WEIGHTS)) if donor else 0.0
        clock.lap("build")
        normalise = Normalisation(dataset.mean, dataset.std, architecture.raw)
        losses = train(
            network,
            dataset.train,
            normalise,
            epochs=self.epochs,
            augment=dataset.augment,
            seed=self.seed,
            device=device,
            share=share,
            checkpoint=folder / CHECKPOINT,
            stepped=stepped,
        )
        clock.lap("train")
        deployed = deploy(network, architecture, dataset)
        right = accuracy(deployed, dataset.validation, device=device)
        clock.lap("validate")
        if share < 1:
            estimate = self.estimate(architecture)
            return Evaluation(
                accuracy=right,
                latency=estimate.latency,
                size_mb=estimate.size_mb,
                macs=estimate.macs,
                parameters=estimate.parameters,
                residency=estimate.residency,
                seconds=clock.laps,
                losses=tuple(losses),
                share=share,
                inherited=inherited,
                others=estimate.others,
            )
        network.cpu()
        save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / WEIGHTS)
        (folder / ARCHITECTURE).write_text(f"{architecture}\n")
        package = folder / PACKAGE
        held_out = dataset.validation.inputs[: _VERIFIED * architecture.input[0]]
        verified = ship(
            deployed.cpu(),
            architecture,
            dataset,
            package,
            held_out,
            epochs=self.epochs,
            seed=self.seed,
            device=device,
            stepped=stepped,
            lap=clock.lap,
        )
        if architecture.form != "fp16":
            right = program_accuracy(package, dataset.validation.inputs, dataset.validation.labels)
            clock.lap("validate_form")
        graph = read_graph(package)
        chip = self.targets[0].chip
        latency, *others = (target.latency(graph, package) for target in self.targets)
        residency = program_cost(graph, chip).residency
        _write_costs(graph, chip, folder / OPERATIONS)
        size_mb = package_bytes(package) / 1e6
        clock.lap("cost")
        return Evaluation(
            accuracy=right,
            latency=latency,
            size_mb=size_mb,
            macs=graph.macs,
            parameters=graph.parameters,
            residency=residency,
            needs=package_target(package),
            verified=_figures(verified),
            seconds=clock.laps,
            losses=tuple(losses),
            inherited=inherited,
            others=self._by_chip(others),
        )

    def test(self, architecture: Architecture, folder: Path) -> float:
        test = Dataset.open(self.data).test
        return program_accuracy(folder / PACKAGE, test.inputs, test.labels)


def _figures(result: Verification) -> dict[str, float]:
    """How far the program is from the network."""
    (fp32,), (fp16,) = result.fp32, result.fp16
    figures = {"fp32_difference": fp32.relative, "fp16_difference": fp16.relative}
    return figures if fp16.top1 is None else figures | {"fp16_agreement": fp16.top1}


def _write_costs(graph: Graph, chip: Chip, path: Path) -> None:
    """The per-operation latency table of a trial."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["operation", "kind", "output", "macs", "weight_bytes", "microseconds", "bound", "on_engine"])
        for placed in placement(graph, chip):
            op, shape = placed.op, "x".join(map(str, placed.op.outputs[0].shape))
            row = [op.name, op.kind, shape, op.macs, op.weight_bytes]
            writer.writerow([*row, f"{placed.us:.3f}", placed.bound, placed.on_engine])


class _Clock:
    """Seconds since the last lap, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 4)
        self._last = now
