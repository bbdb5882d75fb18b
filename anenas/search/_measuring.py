"""The device pool: what trials leave is measured, beside the search, wherever a Neural Engine is."""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
import shutil
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from anenas._errors import AnenasError
from anenas.latency import FEWEST, Latency, fit_device
from anenas.search._evaluation import PACKAGE, RECORDING, Measurement
from anenas.search._evaluator import AdaptableEvaluator
from anenas.search._problem import Problem
from anenas.search._study import Study
from anenas.search._trial import CompletedTrial, FinishedTrial
from anenas.search.executors import ENGINE, MeasuringExecutor, Outcome, Task, TrialFiles

_COMPARED = 3  # models that two devices measure, where there are several
_TRIES = 2

Ended = list[tuple[int, Outcome]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """What a device said of a package.

    Attributes:
        latency: The median with its interval and samples, and the device's own chip.
        placement: Fraction of the operations that Core ML plans on the engine; None where it tells no plan.
    """

    latency: Latency
    placement: float | None = None


class Meter(Protocol):
    """Measures packages: the seam between a search and devices. It travels by pickling to where they are."""

    @property
    def is_here(self) -> bool:
        """Whether this machine can measure."""
        ...

    def measure(self, package: Path, chip: str) -> Reading:
        """Measure a `.mlpackage`; a file called `RECORDING` that is left beside it is kept with the trial.

        Args:
            package: The package.
            chip: The chip that the search is for. A device that knows its own tells that.

        Raises:
            Exception: Whatever goes wrong. It is tried once more, elsewhere if there is another device.
        """
        ...


class NoDevices:
    """What a search asks whose networks are not measured."""

    @property
    def is_busy(self) -> bool:
        """Whether something is being measured."""
        return False

    def begin(self) -> None:
        """Give each device that is free something to measure, if there is anything."""

    def take(self, ended: Ended) -> Ended:
        """Note what devices have answered; what is left of what has ended are trials."""
        return ended

    def adapted(self, problem: Problem) -> Problem:
        """The problem; estimates of another follow the devices, once enough was measured."""
        return problem

    def close(self) -> None:
        """Say what is worth telling in the end."""


class DevicePool(NoDevices):
    """Has the package of every completed trial measured, those of the front first, one on each device at a time.

    Trainings never wait for it, nor a device while there is something to measure. Devices that are idle then measure a
    few models again that another has measured, which tells how far two devices of one chip are apart.

    Args:
        study: Whose trials are measured; what an earlier search has not is taken up.
        executor: Where the devices are; entered.
        meter: Measures a package there.
        problem: What is searched, with the estimates that it begins with.
        chip: Name of the main chip.
    """

    def __init__(self, study: Study, executor: MeasuringExecutor, meter: Meter, problem: Problem, chip: str) -> None:
        self._study, self._executor, self._meter, self._chip = study, executor, meter, chip
        self._problem, self._evaluator = problem, problem.evaluator
        self._running: set[int] = set()
        self._compared: set[int] = set()  # asked about a second time
        self._failures: dict[int, list[str]] = {}  # the places where a trial could not be measured
        self._refused: set[str] = set()  # places that have another chip
        self._fit_at: float = FEWEST
        self._folder = study.folder / "measuring"
        shutil.rmtree(self._folder, ignore_errors=True)  # of a search that was killed

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    def begin(self) -> None:
        while len(self._running) < self._executor.devices and (trial := self._next()):
            folder = self._folder / f"{trial.number:05d}"
            package = self._study.trial_folder(trial.number) / PACKAGE
            if not package.is_dir():
                self._give_up(trial, f"its package is not there any more: {package}")
                continue
            shutil.copytree(package, folder / PACKAGE)
            files, measure = TrialFiles(folder), functools.partial(_measure, self._meter, self._chip)
            self._running.add(trial.number)
            self._executor.submit(_key(trial.number), Task(measure, files, ENGINE, self._to_avoid(trial)))

    def take(self, ended: Ended) -> Ended:
        for key, outcome in ended:
            if key < 0:
                self._note(_key(key), outcome)
        return [(key, outcome) for key, outcome in ended if key >= 0]

    def _next(self) -> CompletedTrial | None:
        """What to measure next: what was not, the front first; then what another device may measure, too."""
        if self._refused and len(self._refused) >= self._executor.devices:
            return None
        waiting = [trial for trial in self._waiting() if trial.number not in self._running]
        on_front = {trial.number for trial in self._study.front}
        if waiting:
            return min(waiting, key=lambda trial: (trial.number not in on_front, trial.number))
        if self._executor.devices < 2:
            return None
        again = [trial for trial in self._study.completed if (m := trial.evaluation.measurement) and m.latency]
        asked = [trial for trial in again if _measurement(trial).elsewhere or trial.number in self._compared]
        found = None if len(asked) >= _COMPARED else next((trial for trial in again if trial not in asked), None)
        self._compared |= {found.number} if found else set()
        return found

    def _waiting(self) -> list[CompletedTrial]:
        """Trials that were not measured, without those that could not be just now."""
        unmeasured = [t for t in self._study.completed if not ((m := t.evaluation.measurement) and m.latency)]
        return [trial for trial in unmeasured if len(self._failures.get(trial.number, ())) < _TRIES]

    def _to_avoid(self, trial: CompletedTrial) -> frozenset[str]:
        known = trial.evaluation.measurement
        return frozenset({*self._refused, *self._failures.get(trial.number, ()), *([known.place] if known else ())})

    def _note(self, number: int, outcome: Outcome) -> None:
        self._running.remove(number)
        trial = self._study.trial(number)
        assert isinstance(trial, CompletedTrial)
        folder = self._folder / f"{number:05d}"
        if outcome.error is not None:
            self._study.check_room(outcome.error)
            self._note_failure(trial, outcome)
        elif outcome.value.latency.chip != self._chip:
            self._refuse(trial, outcome)
        elif trial.number in self._compared:
            self._note_again(trial, outcome)
        else:
            if (folder / RECORDING).is_file():
                (folder / RECORDING).replace(self._study.trial_folder(number) / RECORDING)
            self._note_reading(trial, outcome)
        shutil.rmtree(folder, ignore_errors=True)

    def _note_reading(self, trial: CompletedTrial, outcome: Outcome) -> None:
        reading: Reading = outcome.value
        estimated = trial.evaluation.estimated_latency
        # Of which chip and system the estimate is: a device knows its chip alone.
        latency = dataclasses.replace(reading.latency, chip=estimated.chip, apart=estimated.apart)
        measurement = Measurement(estimated, latency, reading.placement, outcome.place)
        violations = self._problem.violations(trial.evaluation.measured(measurement))
        self._study.set_measurement(trial.number, measurement, violations)
        where = f"{outcome.place} ({latency.device})" if outcome.place else latency.device
        planned = "" if reading.placement is None else f"; {reading.placement:.0%} of its operations on the engine"
        told = f"{latency.ms:.3f} ms ({latency.low_ms:.3f}–{latency.high_ms:.3f}), estimated {estimated.ms:.3f} ms"
        _log.info("trial %d measured on %s: %s%s", trial.number, where, told, planned)

    def _note_again(self, trial: CompletedTrial, outcome: Outcome) -> None:
        known = _measurement(trial)
        if outcome.place != known.place:
            elsewhere = {**known.elsewhere, outcome.place: outcome.value.latency.ms}
            self._study.set_measurement(trial.number, dataclasses.replace(known, elsewhere=elsewhere), {})

    def _note_failure(self, trial: CompletedTrial, outcome: Outcome) -> None:
        if trial.number in self._compared:
            return
        places = self._failures.setdefault(trial.number, [])
        places.append(outcome.place)
        where = f" on {outcome.place}" if outcome.place else ""
        if len(places) < _TRIES:
            _log.info("trial %d was not measured%s and will be tried once more: %s", trial.number, where, outcome.error)
            return
        self._give_up(trial, outcome.error or "")

    def _give_up(self, trial: CompletedTrial, reason: str) -> None:
        self._failures[trial.number] = [*self._failures.get(trial.number, []), *[""] * _TRIES]
        failure = Measurement(trial.evaluation.estimated_latency, failure=reason)
        self._study.set_measurement(trial.number, failure, {})
        _log.warning("trial %d could not be measured and keeps its estimate: %s", trial.number, reason)

    def _refuse(self, trial: CompletedTrial, outcome: Outcome) -> None:
        latency: Latency = outcome.value.latency
        if outcome.place in self._refused:  # it was asked again, for want of another
            self._give_up(trial, f"no device has an {self._chip}")
            return
        self._refused.add(outcome.place)
        where = outcome.place or "this machine"
        _log.warning(
            "%s has an %s (%s), not an %s: it is not used for measuring; use `--chip %s` to search for it",
            where, latency.chip, latency.device, self._chip, latency.chip,
        )  # fmt: skip

    def adapted(self, problem: Problem) -> Problem:
        measured = [trial for trial in self._study.finished if _is_measured(trial)] if self._fit_at < math.inf else []
        if len(measured) < self._fit_at:
            return problem
        is_first, self._fit_at = self._fit_at == FEWEST, 2 * len(measured)
        if not isinstance(self._evaluator, AdaptableEvaluator):
            self._fit_at = math.inf
            return problem
        estimates = [self._evaluator.estimate(trial.architecture).latency for trial in measured]
        truth = [trial.evaluation.estimate.latency.ms for trial in measured if trial.evaluation]
        fit = fit_device(f"measured-{self._chip}", estimates, truth, [trial.number for trial in measured])
        adapted = self._evaluator.adapted(fit.device)
        if adapted is None:
            self._fit_at = math.inf
            return problem
        before, after = _error([one.ms for one in estimates], truth), _error(fit.left_out_ms, truth)
        errors = f"{len(measured)} models, median error {before:.0%} before, {after:.0%} after, each left out in turn"
        if after >= before:
            _log.info(
                "the estimate stays unchanged, because fitting it to the measurements does not improve it: %s", errors
            )
            return problem
        _log.log(logging.INFO if is_first else logging.DEBUG, "estimates now follow what was measured: %s", errors)
        self._problem = dataclasses.replace(problem, evaluator=adapted)
        return self._problem

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        if missing := len(self._waiting()):
            were = "trial was" if missing == 1 else "trials were"
            _log.warning("%d completed %s not measured; run again to measure what is left", missing, were)
        summary = DeviceSummary.of(self._study.finished)
        if told := str(summary):
            _log.info(told)


@dataclass(frozen=True)
class DeviceSummary:
    """What the measurements of a study tell of devices and of estimates.

    Attributes:
        models: How many each place measured first.
        failed: How many trials could not be measured.
        compared: How many models two places or more measured.
        apart: By what fraction the slowest median of such a model is above the fastest: the median of these models;
            None where there are none.
        error: Median error of the estimates, as a fraction of what was measured; None where nothing was.
    """

    models: dict[str, int]
    failed: int
    compared: int
    apart: float | None
    error: float | None

    @classmethod
    def of(cls, trials: Iterable[FinishedTrial]) -> DeviceSummary:
        """Of a study's finished trials."""
        known = [t.evaluation.measurement for t in trials if t.evaluation and t.evaluation.measurement]
        measured = [(one, one.latency) for one in known if one.latency]
        places = [one.place for one, _ in measured]
        several = [[latency.ms, *one.elsewhere.values()] for one, latency in measured if one.elsewhere]
        return cls(
            models={place: places.count(place) for place in dict.fromkeys(places)},
            failed=len(known) - len(measured),
            compared=len(several),
            apart=statistics.median(max(all_ms) / min(all_ms) - 1 for all_ms in several) if several else None,
            error=_error([m.estimated.ms for m, _ in measured], [latency.ms for _, latency in measured])
            if measured
            else None,
        )

    def __str__(self) -> str:
        """In a line; empty where nothing was measured."""
        count = sum(self.models.values())
        if not count and not self.failed:
            return ""
        told = [f"{count} measured on {len(self.models)} device{'' if len(self.models) == 1 else 's'}"]
        if self.apart is not None:
            models = f"{self.compared} model{'' if self.compared == 1 else 's'} measured on more than one"
            told.append(f"these are {self.apart:.1%} apart in the median of {models}")
        if self.error is not None:
            told.append(f"estimates were off by {self.error:.0%} in the median")
        if self.failed:
            told.append(f"{self.failed} could not be measured and keep their estimate")
        return "; ".join(told)


def _measure(meter: Meter, chip: str, files: TrialFiles) -> Reading:
    """The task: the folder holds a copy of the package."""
    return meter.measure(files.folder / PACKAGE, chip)


def _key(number: int) -> int:
    """From a trial's number to the key of its measurement, which is none of a trial, and back."""
    return -1 - number


def _is_measured(trial: FinishedTrial) -> bool:
    return bool(trial.evaluation and trial.evaluation.measurement and trial.evaluation.measurement.latency)


def _measurement(trial: CompletedTrial) -> Measurement:
    assert trial.evaluation.measurement
    return trial.evaluation.measurement


def _error(estimated: Sequence[float], measured: Sequence[float]) -> float:
    return statistics.median(abs(a / b - 1) for a, b in zip(estimated, measured, strict=True))


def check_devices(meter: Meter, executor: object) -> None:
    """Make sure that somebody can measure, before anything is trained.

    Args:
        meter: What measures.
        executor: Where trials run; a name is of one that runs them on this machine.

    Raises:
        AnenasError: If nobody can.
    """
    if isinstance(executor, str) and not meter.is_here:
        raise AnenasError(
            "measuring needs a Mac with Apple silicon: run `anenas worker --scheduler ADDRESS` "
            "on one and also give --scheduler ADDRESS here, or leave out --measure"
        )
    if not isinstance(executor, str) and not (isinstance(executor, MeasuringExecutor) and executor.devices):
        raise AnenasError(
            f"no worker has a Neural Engine (the resource {ENGINE}=1): run `anenas worker --scheduler ADDRESS` on a "
            "Mac with Apple silicon, or leave out --measure"
        )
