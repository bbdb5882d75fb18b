"""Studies held against each other: their fronts, hypervolumes, and whether they differ by more than noise."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError
from anenas._pareto import Losses, dominates, front, hypervolume
from anenas.report import Side, write_comparison_page, write_comparison_png
from anenas.search import CompletedTrial, Objectives, Study

PAGE_OR_PICTURE = (".html", ".png")
"""What a comparison is written as."""
_FEWEST_SEEDS = 3
_DRAWS = 400
_BOTH = (5, 95)  # percentiles
_NINE_IN_TEN = statistics.NormalDist().inv_cdf(0.9)
# What must be the same for figures of two studies to mean the same.
_SAME = ("data", "task", "metric", "chip", "latency")


@dataclass(frozen=True)
class ComparedStudy:
    """One of the studies.

    Attributes:
        study: Its name.
        kind: Studies whose settings differ in the seed alone have the same number, from 1.
        seed: Of its search.
        completed: Completed trials.
        front: Numbers of the trials on its Pareto front.
        on_joint_front: Those that no trial of another study dominates.
        hypervolume: Of its front, by the common reference point.
    """

    study: str
    kind: int
    seed: int
    completed: int
    front: list[int]
    on_joint_front: list[int]
    hypervolume: float


@dataclass(frozen=True)
class Difference:
    """The hypervolume of one kind of study over that of another.

    Attributes:
        kinds: Their numbers.
        mean: The first's mean hypervolume less the second's.
        low: Lower end of the 90 % interval of the difference.
        high: Upper end of it.
        over: What was resampled: "seeds", or the "trials" with the errors of their scores and latencies.
    """

    kinds: tuple[int, int]
    mean: float
    low: float
    high: float
    over: str

    @property
    def is_more_than_noise(self) -> bool:
        """Whether the interval is on one side of 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Attained:
    """The surface that half of the studies of a kind attain.

    Attributes:
        kind: Its number.
        studies: How many it is of.
        points: (latency in ms, score): half of them have found a network that is as fast with such a score.
    """

    kind: int
    studies: int
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Comparison:
    """What several studies have found, side by side.

    Attributes:
        studies: In the order in which they were named.
        metric: What scores are the values of.
        objectives: What they are compared by.
        reference_point: Of the hypervolumes, by objective: the worst of the studies' own.
        differences: Of each kind to the first; empty where there is one kind.
        attained: Of each kind with three studies or more.
    """

    studies: list[ComparedStudy]
    metric: str
    objectives: list[str]
    reference_point: dict[str, float]
    differences: list[Difference]
    attained: list[Attained]

    @property
    def verdicts(self) -> list[str]:
        """Of each difference, in a sentence, whether it is more than noise."""
        names = {
            kind: [one.study for one in self.studies if one.kind == kind] for kind in {one.kind for one in self.studies}
        }
        told = [_verdict(difference, names) for difference in self.differences]
        return told or ["They differ in the seed alone: what lies between them is how much a seed matters"]

    def to_json(self) -> str:
        """For scripts."""
        values = dataclasses.asdict(self)
        for told, one in zip(values["differences"], self.differences, strict=True):
            told["is_more_than_noise"] = one.is_more_than_noise
        return json.dumps(values, indent=2)


def load_studies(names: Sequence[str], store: str | Path = "mlruns") -> list[Study]:
    """Studies that can be compared.

    Raises:
        AnenasError: If there are not two, one is named twice or is not there, has no completed trial, or differs in
            data, task, metric, chip, latency or objectives.
    """
    if len(names) < 2 or len(set(names)) < len(names):
        raise AnenasError("expected two or more different studies to compare")
    found = [Study.load(Path(store).absolute(), name) for name in names]
    check_comparable(found)
    return found


def check_comparable(studies: Sequence[Study]) -> None:
    """Raises: AnenasError: If one has no completed trial, or figures of two do not mean the same."""
    first, *others = studies
    for study in studies:
        if not study.completed:
            raise AnenasError(f"no trial of {study.name} has completed; resume its search")
    for study in others:
        ours, theirs = ({name: getattr(one.settings, name) for name in _SAME} for one in (first, study))
        ours["objectives"], theirs["objectives"] = (", ".join(one.settings.objectives) for one in (first, study))
        if differing := [f"{name} {ours[name]} and {theirs[name]}" for name in ours if ours[name] != theirs[name]]:
            raise AnenasError(
                f"{first.name} and {study.name} cannot be compared: they differ in {'; '.join(differing)}"
            )


def compare_studies(studies: Sequence[Study]) -> Comparison:
    """Hold studies against each other, see `load_studies`.

    Hypervolumes are normalised as a search's are, by the worst of the studies' reference points. Where two kinds of
    study have three seeds or more each, their difference is resampled over the seeds; else over what is not known of
    the trials: each score is drawn with its standard error, each latency with the error with which the order of two is
    right nine times in ten where they are told apart.
    """
    names = list(studies[0].settings.objectives)
    points = [study.settings.objectives for study in studies]
    reference = {name: max(point[name] for point in points) for name in names}
    objectives = Objectives.of(reference)

    def losses(trials: Sequence[CompletedTrial]) -> list[Losses]:
        return objectives.losses([objectives.point(trial.evaluation) for trial in trials])

    kinds = _kinds(studies)
    volumes = [hypervolume(losses(study.pareto)) for study in studies]
    found = []
    for i, study in enumerate(studies):
        rivals = [loss for j, other in enumerate(studies) if j != i for loss in losses(other.pareto)]
        own = dict(zip([trial.number for trial in study.front], losses(study.front), strict=True))
        joint = [n for n, loss in own.items() if not any(one != loss and dominates(one, loss) for one in rivals)]
        found.append(
            ComparedStudy(study.name, kinds[i], study.settings.seed, len(study.completed), list(own), joint, volumes[i])
        )
    differences = [_difference(studies, kinds, volumes, objectives, (1, kind)) for kind in range(2, max(kinds) + 1)]
    attained = [
        Attained(kind, len(of), median_attained(of))
        for kind in range(1, max(kinds) + 1)
        if len(of := [study for study, its in zip(studies, kinds, strict=True) if its == kind]) >= _FEWEST_SEEDS
    ]
    return Comparison(found, studies[0].settings.metric, names, reference, differences, attained)


def check_comparison_path(path: Path) -> None:
    """Raises: AnenasError: If a comparison cannot be written to a file of that name."""
    if path.suffix.lower() not in PAGE_OR_PICTURE:
        raise AnenasError(f"`out` {path}: expected a file that ends in {' or '.join(PAGE_OR_PICTURE)}")


def write_comparison(studies: Sequence[Study], found: Comparison, path: Path) -> None:
    """Write a comparison as a picture of the fronts, or as a page of all of it, by the end of the name.

    Args:
        studies: That were compared.
        found: Of them, see `compare_studies`.
        path: Ends in ".png" or ".html"; what is there is replaced.

    Raises:
        AnenasError: If it has another end, or cannot be written.
    """
    check_comparison_path(path)
    try:
        if path.suffix.lower() == ".png":
            surfaces = {
                f"attained by half of the {one.studies} of kind {one.kind}": one.points for one in found.attained
            }
            write_comparison_png(studies, surfaces, path)
        else:
            write_comparison_page(
                studies,
                [Side(one.kind, one.on_joint_front, one.hypervolume) for one in found.studies],
                path,
                answer=[f"{line}." for line in found.verdicts],
                reference_point=found.reference_point,
                surfaces={one.kind: one.points for one in found.attained},
            )
    except OSError as error:
        raise AnenasError(f"cannot write {path}: {error.strerror or error}") from error


def median_attained(studies: Sequence[Study]) -> list[tuple[float, float]]:
    """The steps of the 50 % attainment surface of score over latency, the fastest first.

    At each latency it is the score that half of the studies, or one more where they are odd, have reached in as little
    time (Grunert da Fonseca et al. 2001, "Inferential performance assessment of stochastic optimisers and the
    attainment function").
    """
    less_is_better = studies[0].completed[0].evaluation.less_is_better
    sign = 1 if less_is_better else -1
    each = [
        sorted((t.evaluation.estimate.latency.ms, sign * t.evaluation.score) for t in study.completed)
        for study in studies
    ]
    needed = math.ceil(len(each) / 2)
    steps: list[tuple[float, float]] = []
    for ms in sorted({ms for one in each for ms, _ in one}):
        reached = sorted(min((score for at, score in one if at <= ms), default=math.inf) for one in each)
        value = reached[needed - 1]
        if value < math.inf and (not steps or value < sign * steps[-1][1]):
            steps.append((ms, sign * value))
    return steps


def _verdict(one: Difference, names: Mapping[int, Sequence[str]]) -> str:
    first, second = (names[kind][0] if len(names[kind]) == 1 else f"kind {kind}" for kind in one.kinds)
    told = {
        "seeds": "resampled over seeds",
        "trials": "resampled over the errors of trials' scores and latencies, not over seeds: of each kind three tell",
    }[one.over]
    ahead, behind, low, high = (
        (first, second, one.low, one.high) if one.mean >= 0 else (second, first, -one.high, -one.low)
    )
    figures = f"{abs(one.mean):.4f} of hypervolume, 90 % interval {low:+.4f} to {high:+.4f}, {told}"
    if one.is_more_than_noise:
        return f"{ahead} is ahead of {behind} by more than noise: {figures}"
    return f"{first} and {second} differ by no more than noise: {ahead} is ahead by {figures}"


def _kinds(studies: Sequence[Study]) -> list[int]:
    """A number for each: the same where settings differ in the seed alone, and what follows from it."""
    known: list[dict[str, object]] = []
    found = []
    for study in studies:
        settings = study.settings.identity() | {"seed": None}
        if settings not in known:
            known.append(settings)
        found.append(known.index(settings) + 1)
    return found


def _difference(
    studies: Sequence[Study],
    kinds: Sequence[int],
    volumes: Sequence[float],
    objectives: Objectives,
    pair: tuple[int, int],
) -> Difference:
    rng = np.random.default_rng(0)
    places = [[i for i, kind in enumerate(kinds) if kind == one] for one in pair]
    mean = [statistics.fmean(volumes[i] for i in of) for of in places]
    if min(map(len, places)) >= _FEWEST_SEEDS:
        over = "seeds"
        draws = [np.array([volumes[i] for i in of])[rng.integers(len(of), size=(_DRAWS, len(of)))] for of in places]
        drawn = draws[0].mean(1) - draws[1].mean(1)
    else:
        over = "trials"
        blurred = {i: _blurred(studies[i], objectives, rng) for i in itertools.chain(*places)}
        means = [[statistics.fmean(blurred[i]() for i in of) for of in places] for _ in range(_DRAWS)]
        drawn = np.array([one - other for one, other in means])
        drawn += mean[0] - mean[1] - drawn.mean()  # the best of what is drawn is better than the best of what is known
    low, high = np.percentile(drawn, _BOTH)
    return Difference(pair, mean[0] - mean[1], float(low), float(high), over)


def _blurred(study: Study, objectives: Objectives, rng: np.random.Generator) -> Callable[[], float]:
    """Draws the hypervolume that a study might have, as far as its scores and latencies are known."""
    evaluations = [trial.evaluation for trial in study.completed]
    values = np.array([objectives.point(one) for one in evaluations])
    added, factors = np.zeros(values.shape), np.zeros(values.shape)
    for j, objective in enumerate(objectives):
        if objective.is_score:
            added[:, j] = [one.score_error or 0.0 for one in evaluations]
        elif objective.is_latency:
            factors[:, j] = [math.log(objective.step(one)) / (_NINE_IN_TEN * math.sqrt(2)) for one in evaluations]

    def draw() -> float:
        noise = rng.standard_normal((2, *values.shape))
        drawn = (values + added * noise[0]) * np.exp(factors * noise[1])
        losses = np.array(objectives.losses([tuple(row) for row in drawn.tolist()]))
        return hypervolume([tuple(row) for row in losses[front(losses)].tolist()])

    return draw
