"""What is searched: the space for the data, what judges its networks, and what makes its trials comparable."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError, unknown
from anenas._registry import origin
from anenas.api._data import log_concerns
from anenas.api._input import augmented, load_input, with_input
from anenas.api._options import check_metrics, limits_of
from anenas.api._pretrained import Weights, space_of
from anenas.api._prospects import exacting_limits, latency_prospects
from anenas.data import UNEQUAL_CLASSES, Data, Dataset, InputFormat, count_inputs, count_lines
from anenas.latency import Target
from anenas.search import (
    CLASS_WEIGHTS,
    DEFAULT_RUNGS,
    FEWEST_TRIALS,
    LATENCY_BOUNDS,
    Estimate,
    Evaluator,
    LatencyBound,
    Objectives,
    Problem,
    Rungs,
    SearchSettings,
    Study,
    Train,
    TrainingEvaluator,
    check_reach,
    front_of,
    is_metric,
    objective_names,
    read_architectures,
    reference_draws,
    reference_point,
)
from anenas.space import Architecture, Limits, SearchSpace, is_builtin
from anenas.tasks import CLASSIFICATION, TASKS, Predictions, find_metric

if TYPE_CHECKING:
    from anenas.slimming import Slim

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A search that has not begun.

    Attributes:
        space: What is searched, for the data's input.
        dataset: What is trained on; None where an evaluator brings its own.
        classes: That networks classify into.
        targets: The chips, the main one first.
        evaluator: What judges networks.
        objectives: Names of what is optimised, in full.
        limits: What networks must stay within.
        latency_bound: What of a latency its limit is held against.
        epochs: Of a whole training.
        steps: Of a whole training, where the product's own evaluator trains.
        seed: Of suggestions, weights and the order of the data.
        inherit: Whether trainings begin with the weights of earlier trials.
        metric: Name of the metric that networks are ranked by.
        class_weights: "balanced", "sampled" or "none", see `run_search`.
        flip: Whether images are mirrored in training, where the caller says so.
        skip_broken: Whether files that cannot be read were left out.
        own_train: Name of the caller's training function, if there is one.
        own_evaluator: Name of the caller's evaluator, if it is not the product's.
        learned: What networks of the space have learned before.
    """

    space: SearchSpace
    dataset: Dataset | None
    classes: int
    targets: tuple[Target, ...]
    evaluator: Evaluator
    objectives: tuple[str, ...]
    limits: Limits
    latency_bound: LatencyBound
    epochs: int
    steps: int | None
    seed: int
    inherit: bool
    metric: str = "accuracy"
    class_weights: str = "none"
    flip: bool | None = None
    skip_broken: bool = False
    own_train: str = ""
    own_evaluator: str = ""
    learned: Weights = field(default_factory=Weights)

    @property
    def title(self) -> str:
        """What its studies are called, before what tells them apart."""
        data = self.dataset.name if self.dataset else self.own_evaluator.rpartition(".")[2]
        return f"{self.space.name}-{data}-{self.targets[0].name}"

    @property
    def settings(self) -> SearchSettings:
        """With objectives whose reference values are not known yet: they take a second to find."""
        encoding = InputFormat.of_space(self.space).encoding
        return SearchSettings(
            objectives=dict.fromkeys(self.objectives, 0.0),
            space=f"{self.space.name} {self.space.digest}{self.learned.digest}",
            input_shape=self.space.input.shape[1:],
            data=f"{self.dataset.name} {self.dataset.fingerprint[:12]}" if self.dataset else "",
            chip=self.targets[0].name,
            latency=", ".join(target.origin for target in self.targets),
            epochs=self.epochs,
            seed=self.seed,
            inherit=self.inherit,
            limits=self.limits.bounds,
            latency_bound=self.latency_bound,
            encoding=dataclasses.asdict(encoding) if encoding else None,
            evaluator=self.own_evaluator,
            augment=self.dataset.augmentation if self.dataset else "light",
            flip=self.flip,
            metric=self.metric,
            task=self.dataset.task.name if self.dataset else CLASSIFICATION.name,
            class_weights=self.class_weights,
            train=self.own_train,
            skip_broken=self.skip_broken,
            moments=self.dataset.moments if self.dataset else None,
        )

    @property
    def settings_with_reference_point(self) -> SearchSettings:
        found = reference_point(self.objectives, self.limits, self.drawn, self._worst)
        return dataclasses.replace(self.settings, objectives=found)

    @property
    def _worst(self) -> float:
        """What an error is at worst: 1 of a fraction, else that of what knows nothing of its input, in validation."""
        names = self.dataset.classes if self.dataset else None
        metric = find_metric(self.metric, names)
        if self.dataset is None or names is None or metric.is_fraction:
            return 1.0
        held = self.dataset.validation
        constant = self.dataset.task.constant(self.dataset.train.labels, len(names))
        predictions = Predictions(np.tile(constant, (len(held), 1)), held.labels, names)
        return metric.measure(predictions) or 1.0

    @property
    def prospects(self) -> str:
        """What there is to win, for people; empty where no latency is searched for."""
        if not any(name.partition("@")[0] == "latency_ms" for name in self.objectives):
            return ""
        return latency_prospects(self.drawn, self.targets[0], self.objectives)

    def check_limits(self) -> list[str]:
        """What is to tell of limits that few networks keep, if any do; nothing where they leave room.

        Raises:
            AnenasError: If no network of the space can keep one.
        """
        problem = self.problem(Objectives())
        told = [check_reach(problem, self.drawn), exacting_limits(self.limits, self.dataset)]
        return [line for line in told if line]

    @functools.cached_property
    def drawn(self) -> list[Estimate]:
        """Networks of the space that keep its rules, as they are estimated."""
        return reference_draws(self.space, self.classes, self.evaluator)

    def ladder(self, rungs: int | None, trials: float) -> Rungs:
        """The budgets at which trials are compared: as many as asked for, or as suit that many completed trials."""
        found = Rungs(rungs or (DEFAULT_RUNGS if trials >= FEWEST_TRIALS else 1), steps=self.steps)
        if rungs and len(found.fractions) < rungs:
            _log.info("a training of %s steps has room for only %d rungs", self.steps, len(found.fractions))
        return dataclasses.replace(found, probes=bool(self.learned.backbones) and hasattr(self.evaluator, "probe"))

    @property
    def ancestor(self) -> Architecture | None:
        """The network that all of the space are parts of, with these data's input and classes."""
        if self.learned.slim is None:
            return None
        whole = self.learned.slim.largest
        head = dataclasses.replace(whole.head, classes=self.classes)
        return dataclasses.replace(whole, input=self.space.input.shape, head=head)

    def problem(self, objectives: Objectives) -> Problem:
        """The problem with the objectives of its study."""
        return Problem(self.space, self.classes, self.evaluator, objectives, self.limits, self.latency_bound)

    def first(self, file: str | Path | None, earlier: Study | None) -> list[Architecture]:
        """What is tried before anything that a sampler suggests.

        Args:
            file: Of architectures, one a line.
            earlier: A study, for its front.

        Raises:
            AnenasError: If one of them has nothing for this search.
        """
        found = [self.ancestor] if self.ancestor else []
        if file is not None:
            found += read_architectures(Path(file), self.space, self.classes)
        if earlier is not None:
            masked = self.dataset is not None and self.dataset.masked
            shape, skip = self.space.input.shape, self.space.head.skip
            found += front_of(earlier, self.space, shape, self.classes, masked=masked, skip=skip)
        return found


def prepare(
    space: SearchSpace | Slim | str | Path | None,
    data: Data,
    pretrained: str | Sequence[str],
    targets: Sequence[Target],
    store: Path,
    *,
    objectives: Sequence[str] | None,
    limits: Mapping[str, float | None],
    min_metrics: Mapping[str, float],
    max_metrics: Mapping[str, float],
    latency_bound: LatencyBound,
    input_shape: tuple[int, int, int] | None,
    epochs: int | None,
    seed: int,
    inherit: bool,
    augment: str,
    flip: bool | None,
    class_weights: str,
    train: Train | None,
    task_name: str | None,
    skip_broken: bool,
    device: str | None,
    evaluator: Evaluator | None,
    classes: int | None,
) -> Job:
    """The search that arguments of `run_search` ask for; its data are read.

    Raises:
        AnenasError: If one of them is not what it should be.
    """
    from anenas.training import brief_epochs, count_steps, pick_device

    if seed < 0:
        raise AnenasError(f"seed must be 0 or more, got {seed}")
    if train and evaluator:
        raise AnenasError("an evaluator trains networks itself: give either `train` or `evaluator`")
    if train and class_weights != "none":
        raise AnenasError("your own training loop weights classes itself: give either `train` or `class_weights`")
    if class_weights not in CLASS_WEIGHTS:
        raise unknown("class weights", class_weights, CLASS_WEIGHTS)
    if latency_bound not in LATENCY_BOUNDS:
        raise unknown("latency bound", latency_bound, LATENCY_BOUNDS)
    the_space, learned = space_of(space, pretrained, input_shape, store)
    the_limits = limits_of(the_space.limits, limits, min_metrics, max_metrics)
    asked = TASKS[task_name] if task_name else None
    task = asked or CLASSIFICATION
    labels: Sequence[str] | None = None
    kind = None if device is None else pick_device(device).type  # which GPU is the executor's business
    dataset = None
    if evaluator is None or data is not None:
        fixed = learned.slim is not None or (space is not None and not is_builtin(space))
        dataset, the_space = load_input(the_space, data, input_shape, asked, skip_broken=skip_broken, fixed=fixed)
        for line in count_lines(count_inputs(dataset), dataset.kind):
            _log.info(line)
        if data is not None:
            log_concerns(dataset, mended=() if class_weights == "none" else (UNEQUAL_CLASSES,))
        dataset = augmented(dataset, augment, flip)
        if learned.slim:
            dataset = dataclasses.replace(dataset, moments=(learned.slim.mean, learned.slim.std))
        classes = len(dataset.classes)
        if class_weights != "none" and not dataset.task.class_counts(dataset.train.labels, classes).size:
            raise AnenasError(f"class weights need classes, but a {dataset.task} has none: leave them out")
        task, labels = dataset.task, dataset.classes
    elif classes is None:
        raise AnenasError("an evaluator that brings its own data needs the number of `classes`")
    elif input_shape:
        the_space = with_input(the_space, input_shape)
    names = objective_names(objectives, [target.name for target in targets], task)
    metrics = [name for name in dict.fromkeys((*names, *the_limits.bounds)) if is_metric(name)]
    check_metrics(metrics, task, labels)
    ranked_by = next((name for name in names if is_metric(name)), task.metrics[0])
    epochs = epochs or (brief_epochs(dataset) if dataset else 1)
    return Job(
        space=the_space,
        dataset=dataset,
        classes=classes,
        targets=tuple(targets),
        evaluator=evaluator
        or TrainingEvaluator(
            tuple(targets),
            epochs,
            seed,
            kind,
            metric=ranked_by,
            limited=tuple(name for name in metrics if name != ranked_by),
            class_weights=class_weights,
            own_train=train,
        ),
        objectives=names,
        limits=the_limits,
        latency_bound=latency_bound,
        epochs=epochs,
        steps=count_steps(dataset.train, epochs) if dataset and not evaluator else None,
        seed=seed,
        inherit=inherit,
        learned=learned,
        flip=flip,
        metric=ranked_by,
        class_weights=class_weights,
        skip_broken=skip_broken,
        own_train=origin(train) if train else "",
        own_evaluator=origin(evaluator) if evaluator else "",
    )
