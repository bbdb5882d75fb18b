"""The evaluator of the product: estimates from the graph, trains on a data set, exports to Core ML."""

from __future__ import annotations

import csv
import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from anenas._errors import AnenasError
from anenas._files import replacing, write_whole
from anenas.ane import Chip, placement, program_cost
from anenas.coreml import Package, Verification, estimated_package_bytes, program_scores
from anenas.data import CHOOSING, Dataset
from anenas.graph import Graph
from anenas.latency import CalibratedLatency, Latency, OwnDevice, Target
from anenas.pretrained import read_trained, save_trained
from anenas.search._class_weights import draws_of, loss_of
from anenas.search._evaluation import (
    ARCHITECTURE,
    CHECKPOINT,
    OPERATIONS,
    PACKAGE,
    PROBE,
    TEST_SCORES,
    VALIDATION_SCORES,
    WEIGHTS,
    Estimate,
    Evaluation,
    Probe,
)
from anenas.search._forecast import begin_forecast
from anenas.search._own_training import Train, train_by
from anenas.search._ship import deploy, ship
from anenas.search._trial import PROBED
from anenas.search.executors import StepsFile, TrialFiles
from anenas.space import Architecture
from anenas.tasks import Loss, Predictions, find_metric

if TYPE_CHECKING:
    import torch
    from torch import nn

    from anenas.training import Teacher

FINE_TUNING = 0.3
"""The epochs of a network that has learned before, of those of one that begins anew."""

_VERIFIED = 16  # inputs that every exported program is held against its network on
_FINAL_PEAK = 0.5  # of the learning rate of a pretrained network, over that of its brief training; no figure


@dataclass(frozen=True)
class TrainingEvaluator:
    """Judges networks: trains and exports them. Equal arguments give equal results: a trial is a pure function.

    The data set is the one that was saved to `TrialFiles.data`.

    Attributes:
        targets: The chips that latencies are for; the first is the main one.
        epochs: Passes over the training split.
        seed: Of the weights and of the order of what they are trained on.
        device: Where to train; None is the best that is there.
        metric: Name of what networks are ranked by.
        limited: Names of other metrics that have a limit.
        class_weights: "balanced" to train as if every class were as frequent, "sampled" to draw as many inputs of each;
            or "none".
        own_train: Trains instead of the product's own training, see `Train`.
    """

    targets: tuple[Target, ...]
    epochs: int
    seed: int = 0
    device: str | None = None
    metric: str = "accuracy"
    limited: tuple[str, ...] = ()
    class_weights: str = "none"
    own_train: Train | None = None

    def estimate(self, architecture: Architecture) -> Estimate:
        """See `Evaluator`."""
        from anenas.network import architecture_cost, architecture_graph

        costs = {target.name: architecture_cost(architecture, target.chip) for target in self.targets}
        cost, problems, latencies = costs[self.targets[0].name], [], {}
        for target in self.targets:
            try:
                latency = target.estimate(costs[target.name], lambda: architecture_graph(architecture))
            except AnenasError as error:  # a source that cannot tell, such as a table without one of its operations
                problems.append(f"latency: {error}")
                latency = Latency(math.inf, math.inf, math.inf, target.chip.full_name, target.source.name)
            latencies[target.name] = latency
        return Estimate(
            latency_by_chip=latencies,
            size_mb=estimated_package_bytes(cost.weight_bytes, cost.operations, cost.convolutions) / 1e6,
            macs=cost.macs,
            params=cost.params,
            residency=cost.residency,
            is_tiny=cost.is_tiny,
            broken_rules=(*cost.problems, *problems),
        )

    def adapted(self, device: OwnDevice) -> Self | None:
        """See `AdaptableEvaluator`; None, too, where they are an own device's already."""
        main, *others = self.targets
        if not isinstance(main.source, CalibratedLatency) or main.name != main.chip.full_name:
            return None
        targets = (dataclasses.replace(main, source=CalibratedLatency(device)), *others)
        return dataclasses.replace(self, targets=targets)

    def evaluate(
        self,
        architecture: Architecture,
        files: TrialFiles,
        budget_fraction: float = 1.0,
        on_step: Callable[[int, int], None] | None = None,
    ) -> Evaluation:
        """See `Evaluator`; `on_step` is called after each step of training with its number and how many there are.

        Without one a `StepsFile` tells them.
        """
        import torch

        told = StepsFile(files.folder)
        try:
            with torch.random.fork_rng():  # in the caller's own process its random numbers stay as they were
                torch.manual_seed(self.seed)
                return self._evaluate(architecture, files, budget_fraction, on_step or told)
        finally:
            told.remove()

    def _evaluate(
        self,
        architecture: Architecture,
        files: TrialFiles,
        budget_fraction: float,
        on_step: Callable[[int, int], None],
    ) -> Evaluation:
        from safetensors.torch import load_file

        from anenas.network import build, inherit
        from anenas.training import count_steps, pick_device, predict

        assert files.data
        clock = _Clock()
        device = pick_device(self.device)
        dataset = Dataset.open(files.data, CHOOSING, architecture.input[2:])
        network = build(architecture)
        begin_forecast(network, architecture, dataset)
        inherited = inherit(network, load_file(files.donor)) if files.donor else 0.0
        if (files.folder / PROBE).exists():
            network.load_state_dict(load_file(files.folder / PROBE), strict=False)
        clock.lap("build")
        losses = self._train(
            network,
            architecture,
            dataset,
            files.folder,
            self.epochs_of(architecture),
            seed=self.seed,
            device=device,
            learning_rate=_peak(architecture),
            budget_fraction=budget_fraction,
            checkpoint=files.folder / CHECKPOINT,
            on_step=on_step,
        )
        clock.lap("train")
        scores = predict(deploy(network, architecture, dataset), dataset.validation.inputs, device=device)
        judged = self._judged(scores, dataset, budget_fraction)
        clock.lap("validate")
        steps = max(1, round(budget_fraction * count_steps(dataset.train, self.epochs_of(architecture))))
        evaluation = Evaluation(
            **judged,
            estimate=self.estimate(architecture),
            budget_fraction=budget_fraction,
            seconds=clock.laps,
            losses=tuple(losses),
            inherited=inherited,
            held_out=len(dataset.validation),
            epochs=self.epochs_of(architecture) if architecture.backbone else 0,
            trained_steps=steps,
            total_steps=steps,
        )
        if budget_fraction < 1:
            return evaluation
        (files.folder / PROBE).unlink(missing_ok=True)
        return self._shipped(evaluation, scores, network, architecture, dataset, files.folder, clock, on_step)

    def finish(
        self,
        architecture: Architecture,
        files: TrialFiles,
        cycles: Sequence[int],
        on_step: Callable[[int, int], None] = lambda step, steps: None,
    ) -> Evaluation | None:
        """See `FinalEvaluator`; `on_step` is called after each step with its number in its cycle, of how many."""
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            return self._finish(architecture, files, cycles, on_step)

    def _finish(
        self,
        architecture: Architecture,
        files: TrialFiles,
        cycles: Sequence[int],
        on_step: Callable[[int, int], None],
    ) -> Evaluation | None:
        from safetensors.torch import load_file

        from anenas.network import build
        from anenas.training import count_steps, pick_device, predict

        assert files.data and files.donor
        clock = _Clock()
        device = pick_device(self.device)
        dataset = Dataset.open(files.data, CHOOSING, architecture.input[2:])
        network = build(architecture)
        network.load_state_dict(load_file(files.donor))

        def validated() -> Predictions:
            scores = predict(deploy(network, architecture, dataset), dataset.validation.inputs, device=device)
            return Predictions(scores, dataset.validation.labels, dataset.classes)

        metric = find_metric(self.metric, dataset.classes)
        clock.lap("build")
        predictions, kept, steps = validated(), network.state_dict(), 0
        best = metric.measure(predictions)
        teacher = _teacher(files.teacher, dataset, device) if files.teacher else None
        losses: list[tuple[int, float]] = []
        for number, epochs in enumerate(cycles):
            curve = self._train(
                network,
                architecture,
                dataset,
                files.folder,
                epochs,
                seed=self.seed + 1 + number,  # other batches than those that it has seen
                device=device,
                # From scratch the whole peak is as good or better: `python experiments/final_training.py`.
                learning_rate=_peak(architecture) * (_FINAL_PEAK if architecture.backbone else 1),
                teacher=teacher,
                on_step=on_step,
            )
            found = validated()
            value = metric.measure(found)
            if not (value < best if metric.direction == "minimize" else value > best):
                break
            losses += [(steps + step, loss) for step, loss in curve]
            predictions, best, steps = found, value, steps + count_steps(dataset.train, epochs)
            kept = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}
        clock.lap("train")
        if not steps:
            return None
        network.cpu().load_state_dict(kept)
        evaluation = Evaluation(
            **self._judged(predictions.scores, dataset),
            estimate=self.estimate(architecture),
            seconds=clock.laps,
            losses=tuple(losses),
            inherited=1.0,
            held_out=len(dataset.validation),
            epochs=self.epochs_of(architecture) if architecture.backbone else 0,
            trained_steps=steps,
            total_steps=steps,
        )
        return self._shipped(
            evaluation, predictions.scores, network, architecture, dataset, files.folder, clock, on_step
        )

    def _shipped(
        self,
        evaluation: Evaluation,
        scores: np.ndarray,
        network: nn.Module,
        architecture: Architecture,
        dataset: Dataset,
        folder: Path,
        clock: _Clock,
        on_step: Callable[[int, int], None],
    ) -> Evaluation:
        """Write what a trained network leaves behind, and judge the package where an evaluation was the network's."""
        from anenas.training import pick_device

        save_trained(folder / WEIGHTS, architecture, network.cpu().state_dict(), dataset.mean, dataset.std)
        write_whole(folder / ARCHITECTURE, f"{architecture}\n")
        (folder / PROBE).unlink(missing_ok=True)
        package, verified = ship(
            deploy(network, architecture, dataset),
            architecture,
            dataset,
            folder / PACKAGE,
            dataset.validation.inputs[: _VERIFIED * architecture.input[0]],
            epochs=self.epochs_of(architecture),
            seed=self.seed,
            device=pick_device(self.device),
            loss_of=self._loss(dataset),
            draws=draws_of(self.class_weights, dataset),
            on_step=on_step,
            on_phase=clock.lap,
        )
        judged: Mapping[str, Any] = {}
        if architecture.form != "fp16":
            scores = program_scores(package, dataset.validation.inputs)
            judged = self._judged(scores, dataset)
            clock.lap("validate_form")
        _keep(scores, dataset, folder / VALIDATION_SCORES)
        graph, chip = package.graph, self.targets[0].chip
        _write_costs(graph, chip, folder / OPERATIONS)
        estimate = Estimate(
            latency_by_chip={target.name: target.latency(graph, package.path) for target in self.targets},
            size_mb=package.bytes / 1e6,
            macs=graph.macs,
            params=graph.parameters,
            residency=(cost := program_cost(graph, chip)).residency,
            is_tiny=cost.is_tiny,
        )
        clock.lap("cost")
        return dataclasses.replace(
            evaluation, **judged, estimate=estimate, verified=_figures(verified), seconds=clock.laps
        )

    def probe(self, architectures: Sequence[Architecture], files: TrialFiles) -> list[Probe]:
        """How well a linear layer does on the features of one backbone, cut as each architecture has it.

        One pass over the images serves every cut.

        Args:
            architectures: Of one backbone and one input.
            files: With the backbone's weights as donor.
        """
        import torch
        from safetensors.torch import load_file

        from anenas.network import build, inherit
        from anenas.training import fit_probe, pick_device, pooled_features

        assert files.data and files.donor
        first = architectures[0]
        dataset = Dataset.open(files.data, CHOOSING, first.input[2:])
        with torch.random.fork_rng():
            whole = build(first.with_whole_backbone())
        inherit(whole, load_file(files.donor))
        backbone: Any = whole[0][0]  # type: ignore[index]
        cuts = {one.backbone.cut for one in architectures if one.backbone}
        taps = {cut: backbone.net.get_submodule(cut) if cut else backbone for cut in sorted(cuts)}
        device = pick_device(self.device)
        train, held_out = (
            pooled_features(backbone, taps, split, device) for split in (dataset.train, dataset.validation)
        )
        metric = find_metric(self.metric, dataset.classes)
        probes = {cut: fit_probe(train[cut], held_out[cut], dataset, metric) for cut in taps}
        found = []
        for one in architectures:
            assert one.backbone
            probe = probes[one.backbone.cut]
            judged = self._judged(probe.scores, dataset, PROBED)
            evaluation = Evaluation(
                **judged, estimate=self.estimate(one), budget_fraction=PROBED, held_out=len(dataset.validation)
            )
            found.append(Probe(evaluation, probe.weight, probe.bias))
        return found

    def epochs_of(self, architecture: Architecture) -> int:
        """Passes over the training split: fewer for a backbone, which has learned before."""
        return max(1, round(FINE_TUNING * self.epochs)) if architecture.backbone else self.epochs

    def test(self, architecture: Architecture, files: TrialFiles) -> float:
        """See `Evaluator`."""
        assert files.data
        dataset = Dataset.open(files.data, ("test",), architecture.input[2:])
        scores = program_scores(Package.open(files.folder / PACKAGE), dataset.test.inputs)
        _keep(scores, dataset, files.folder / TEST_SCORES)
        predictions = Predictions(scores, dataset.test.labels, dataset.classes)
        return find_metric(self.metric, dataset.classes).measure(predictions)

    def _train(
        self,
        network: nn.Module,
        architecture: Architecture,
        dataset: Dataset,
        folder: Path,
        epochs: int,
        *,
        budget_fraction: float = 1.0,
        **options: Any,
    ) -> list[tuple[int, float]]:
        """Train a network, by the caller's function where there is one. Returns the loss curve, where there is one."""
        from anenas.network import Normalisation
        from anenas.training import train

        normalise = Normalisation(dataset.mean, dataset.std, architecture.raw)
        if self.own_train:
            until = budget_fraction * epochs
            train_by(self.own_train, network, normalise, dataset, until, folder, pauses=budget_fraction < 1)
            return []
        return train(
            network,
            dataset.train,
            normalise,
            epochs=epochs,
            augment=dataset.augment,
            freeze_statistics=architecture.backbone is not None,
            loss_of=self._loss(dataset),
            draws=draws_of(self.class_weights, dataset),
            budget_fraction=budget_fraction,
            **options,
        )

    def _loss(self, dataset: Dataset) -> Loss:
        return loss_of(self.class_weights, dataset)

    def _judged(self, scores: np.ndarray, dataset: Dataset, budget_fraction: float = 1.0) -> dict[str, Any]:
        """What an evaluation says of scores of the validation split; before its end no more than is asked for."""
        predictions = Predictions(scores, dataset.validation.labels, dataset.classes)
        asked = {name: find_metric(name, dataset.classes) for name in (self.metric, *self.limited)}
        usual = (
            {name: find_metric(name) for name in dataset.task.usual_metrics(len(dataset.classes))}
            if budget_fraction == 1
            else {}
        )
        metrics = {name: metric.measure(predictions) for name, metric in (asked | usual).items()}
        return {
            "score": metrics[self.metric],
            "metric": self.metric,
            "less_is_better": asked[self.metric].direction == "minimize",
            "metrics": metrics,
            "errors": {name: metric.standard_error(predictions) for name, metric in asked.items()},
        }


def _peak(architecture: Architecture) -> float:
    """The learning rate of a training at its peak."""
    from anenas.training import FINE_TUNING_LEARNING_RATE, PEAK_LEARNING_RATE

    return FINE_TUNING_LEARNING_RATE if architecture.backbone else PEAK_LEARNING_RATE


def _teacher(file: Path, dataset: Dataset, device: torch.device) -> Teacher:
    """The network of another trial on the same data, for a network to learn from."""
    import torch

    from anenas.training import Teacher

    trained = read_trained("the teacher", file, "another trial")
    deployed = deploy(trained.module(), trained.architecture, dataset)
    deployed.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Teacher(deployed.logits, (trained.architecture.input[2], trained.architecture.input[3]))


def _keep(scores: np.ndarray, dataset: Dataset, path: Path) -> None:
    """Keep what a model gives, (N, K), for reports: probabilities in float16, numbers in float32."""
    with replacing(path) as new:
        np.save(new, scores.astype(np.float16 if dataset.task.classifies else np.float32))


def _figures(result: Verification) -> dict[str, float]:
    """How far the program is from the network, in the worst of its outputs."""
    fp32, fp16 = (max(one.relative for one in outputs) for outputs in (result.fp32, result.fp16))
    agreements = [one.top1 for one in result.fp16 if one.top1 is not None]
    figures = {"fp32_difference": fp32, "fp16_difference": fp16}
    return figures | {"fp16_agreement": min(agreements)} if agreements else figures


def _write_costs(graph: Graph, chip: Chip, path: Path) -> None:
    """The per-operation latency table of a trial."""
    with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
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
