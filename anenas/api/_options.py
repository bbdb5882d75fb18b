"""What a caller of `run_search` gives, checked and made into what the search takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from anenas._errors import AnenasError, unknown
from anenas.latency import LatencySource, Target, get_latency_source
from anenas.search import (
    EXECUTORS,
    FINAL_MODELS,
    Executor,
    Meter,
    OptunaSampler,
    Sampler,
    Study,
    check_devices,
    make_sampler,
)
from anenas.space import Limits
from anenas.tasks import Task, find_metric

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


def check_positive(**values: float | None) -> None:
    """Raise an AnenasError for the first that is given and not above 0."""
    for name, value in values.items():
        if value is not None and value <= 0:
            raise AnenasError(f"{name} must be more than 0, got {value}")


def check_final(models: str, trials: Sequence[int], epochs: int | None) -> None:
    """Raise an AnenasError for a final training that cannot be."""
    if models not in FINAL_MODELS:
        raise unknown("final", models, FINAL_MODELS)
    check_positive(final_epochs=epochs)
    if models == "none" and not trials and epochs is not None:
        raise AnenasError("`final_epochs` is for a final training, which `final='none'` leaves out; give one of them")


def check_completed(study: Study, numbers: Sequence[int]) -> None:
    """Raise an AnenasError for a number of none of a study's completed trials, once it has trials."""
    missing = sorted({*numbers} - {trial.number for trial in study.completed})
    if missing and study.finished:
        raise AnenasError(
            f"trial {missing[0]} of {study.name} has not completed; `final_trials` takes the numbers of completed ones"
        )


def targets_of(
    chip: str | Sequence[str], latency: str | LatencySource | Mapping[str, LatencySource] | None
) -> list[Target]:
    """The chips and own devices of these names, each once, with what says how long networks take there.

    Raises:
        AnenasError: If there are none, one is unknown, or a latency source is for a chip that is not among them.
    """
    names = [chip] if isinstance(chip, str) else chip
    targets = list({target.name: target for target in map(Target.named, names)}.values())
    if not targets:
        raise AnenasError("expected a chip, such as A15")
    if latency is None:
        return targets
    if isinstance(latency, str):
        import anenas.measure  # noqa: F401  # registers recordings and devices

        latency = get_latency_source(latency)
    sources = latency if isinstance(latency, Mapping) else {target.name: latency for target in targets}
    if strangers := sources.keys() - {target.name for target in targets}:
        known = ", ".join(target.name for target in targets)
        raise AnenasError(f"`latency` names {', '.join(sorted(strangers))}, but the chips of the search are {known}")
    return [Target.named(target.name, sources.get(target.name)) for target in targets]


def check_metrics(names: Sequence[str], task: Task, labels: Sequence[str] | None) -> None:
    """Raise an AnenasError for a metric that the task, or its classes, do not have.

    Args:
        names: Of the metrics that are objectives or have a limit.
        task: The search's.
        labels: Of its classes or targets, where they are known.
    """
    for name in names:
        metric = find_metric(name, labels)
        if not task.measures(name):
            raise AnenasError(
                f"metric '{metric.name}' is not available for a {task}; expected one of {', '.join(task.metrics)}"
            )


def limits_of(
    known: Limits, given: Mapping[str, float | None], least: Mapping[str, float], most: Mapping[str, float]
) -> Limits:
    """Limits, with the caller's in their place.

    Args:
        known: Such as a space's.
        given: By name; None leaves what is known.
        least: Of metrics that are maximised, by name.
        most: Of metrics that are minimised.

    Raises:
        AnenasError: If one is out of its range, or given twice.
    """
    for name in least:
        if find_metric(name).direction == "minimize":
            raise AnenasError(f"metric '{name}' is an error, so less is better: give its maximum in `max_metrics`")
    for name in most:
        if find_metric(name).direction == "maximize":
            raise AnenasError(f"for metric '{name}' more is better: give its minimum in `min_metrics`")
    for name, bound in {**least, **most}.items():
        if bound > 1 and find_metric(name).is_fraction:
            raise AnenasError(f"limit {name}: a fraction is at most 1, got {bound:g}; {bound:g} % is {bound / 100:g}")
    accuracies = {value for value in (given.get("accuracy"), least.get("accuracy")) if value is not None}
    if len(accuracies) > 1:
        raise AnenasError(f"limit accuracy: it is given as both {min(accuracies):g} and {max(accuracies):g}; give one")
    try:
        values = known.model_dump() | {name: v for name, v in given.items() if v is not None}
        return Limits(**{**values, "metrics": {**known.metrics, **least, **most}})
    except ValidationError as error:
        where, message = error.errors()[0]["loc"], error.errors()[0]["msg"].lower()
        raise AnenasError(f"limit {where[-1]}: {message}, got {error.errors()[0]['input']}") from None


def sampler_of(sampler: str | Sampler | BaseSampler, seed: int) -> Sampler:
    """A sampler by name, the caller's own, or one of Optuna's.

    Raises:
        AnenasError: If there is none of that name.
    """
    if isinstance(sampler, str):
        return make_sampler(sampler, seed)
    import optuna

    return OptunaSampler(sampler) if isinstance(sampler, optuna.samplers.BaseSampler) else sampler


def executor_of(executor: str | Executor, workers: int | None, device: str | None) -> Callable[[Path], Executor]:
    """What makes the executor by name, from a folder for what it prints; or gives the caller's own.

    Raises:
        AnenasError: If there is none of that name, or `workers` are asked of the caller's own.
    """
    if isinstance(executor, str):
        make = EXECUTORS[executor]
        return lambda log_folder: make(workers=workers, device=device, log_folder=log_folder)
    if workers is not None:
        raise AnenasError(
            "`workers` is only for built-in executors; your own executor sets the number of its tasks with `slots`"
        )
    return lambda log_folder: executor


def meter_of(measure: bool | Meter, executor: str | Executor) -> Meter | None:
    """What measures networks: the product's own where it is just asked for, or the caller's; None for nothing.

    Raises:
        AnenasError: If nobody can measure where trials run.
    """
    if not measure:
        return None
    from anenas.measure import EngineMeter

    meter: Meter = EngineMeter() if measure is True else measure
    check_devices(meter, executor)
    return meter


def made_folder(what: str, folder: str | Path) -> Path:
    """A folder that is there now, as an absolute path: neither workers nor a caller that changes folder must lose it.

    Raises:
        AnenasError: If it cannot be made.
    """
    path = Path(folder).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnenasError(f"cannot write the {what} {path}: {error.strerror or error}") from error
    return path
