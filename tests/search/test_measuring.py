"""The device pool on a pretend device; on real clusters see `executors/cluster/test_measuring.py`."""

from __future__ import annotations

import dataclasses
import logging
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pretend import PretendEvaluator, PretendMeter

from anenas._errors import AnenasError
from anenas.latency import Fit, Latency, fit_device
from anenas.search import (
    RECORDING,
    DevicePool,
    DeviceSummary,
    NoDevices,
    Problem,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    _measuring,
    check_devices,
    make_sampler,
)
from anenas.search.executors import Outcome
from anenas.space import Limits, SearchSpace

Searching = Callable[..., Search]

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create_or_continue(tmp_path / "store", "s", SETTINGS, in_memory=True)


@pytest.fixture
def kept(tmp_path: Path) -> Study:
    """One that can be read again."""
    return Study.create_or_continue(tmp_path / "kept", "s", SETTINGS)


@pytest.fixture
def search(study: Study, space: SearchSpace) -> Searching:
    """Makes a search that measures by a pretend device; keywords are the device's, `limits` and `measures`."""

    def make(limits: Limits | None = None, measures: bool = True, study: Study = study, **options: object) -> Search:
        problem = Problem(space, 10, PretendEvaluator(), study.objectives, limits or Limits(), latency_bound="estimate")
        executor = SerialExecutor()
        meter = PretendMeter(**options)  # type: ignore[arg-type]
        devices = DevicePool(study, executor, meter, problem, "A15") if measures else NoDevices()
        return Search(study, problem, make_sampler("random", 0), executor, devices=devices)

    return make


def test_the_latency_of_a_trial_is_what_was_measured_beside_its_estimate(kept: Study, search: Searching) -> None:
    search(study=kept).run(3)
    again = Study.load(kept.folder.parent.parent, kept.name)
    for known in (kept, again):
        assert len(known.completed) == 3
        for trial in known.completed:
            estimated = PretendEvaluator().estimate(trial.architecture).latency
            measured, measurement = trial.evaluation.estimate.latency, trial.evaluation.measurement
            assert measurement and measurement.estimated == trial.evaluation.estimated_latency == estimated
            assert measured.ms == pytest.approx(2 * estimated.ms)
            assert len(measured.samples_ms) == 5 and measured.device == "Pretend1,1, OS 1"
            assert measurement.placement == 0.9
            assert trial.values == known.point(trial)
            assert (known.trial_folder(trial.number) / RECORDING).is_file()
    assert [t.number for t in again.front] == [t.number for t in kept.front]
    assert again.completed == kept.completed
    assert not list((kept.folder / "measuring").glob("*"))


def test_measurements_that_are_missing_are_taken_up_by_a_later_run(study: Study, search: Searching) -> None:
    search(measures=False).run(3)
    assert not any(trial.evaluation.measurement for trial in study.completed)
    search().run(3)
    assert all(trial.evaluation.measurement for trial in study.completed) and len(study.completed) == 3


def test_what_cannot_be_measured_is_tried_twice_and_keeps_its_estimate(
    study: Study, search: Searching, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    gone = search(fail_depth=1)
    gone.run(12)
    gone.devices.close()
    (failed, *_), others = (
        [trial for trial in study.completed if (trial.architecture.stages[1].depth == 1) == is_one]
        for is_one in (True, False)
    )
    measurement = failed.evaluation.measurement
    assert measurement and measurement.latency is None
    assert measurement.failure == "RuntimeError: the device went away"
    assert failed.evaluation.estimate.latency == measurement.estimated
    assert all(t.evaluation.measurement and t.evaluation.measurement.latency for t in others)
    assert caplog.text.count(f"trial {failed.number} was not measured and will be tried once more") == 1
    assert caplog.text.count(f"trial {failed.number} could not be measured and keeps its estimate") == 1
    assert "could not be measured and keep their estimate" in str(DeviceSummary.of(study.finished))
    search().run(12)  # another day, the device is there
    assert all(t.evaluation.measurement and t.evaluation.measurement.latency for t in study.completed)


def test_what_measures_over_the_limit_is_infeasible_and_another_takes_its_place(kept: Study, search: Searching) -> None:
    search(Limits(latency_ms=0.35), study=kept).run(3)
    over = [trial for trial in kept.finished if trial.reason.endswith("as measured")]
    assert over and len(kept.completed) == 3
    for trial in over:
        assert trial.state == "infeasible" and trial.evaluation
        assert trial.reason_code == "latency_ms" and 0.35 < trial.evaluation.estimate.latency.ms < 0.7 + 1e-9
    assert all(trial.evaluation.estimate.latency.ms <= 0.35 for trial in kept.completed)
    assert all(trial in kept.completed for trial in kept.front)
    again = Study.load(kept.folder.parent.parent, kept.name)
    assert (again.counts, again.front) == (kept.counts, kept.front)
    assert len(kept.hypervolumes) == len(kept.completed) and kept.hypervolumes[-1] == again.hypervolumes[-1]


def test_estimates_follow_the_device_after_five_measurements(
    study: Study, search: Searching, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    running = search()
    running.run(4)
    assert running.problem.evaluator == PretendEvaluator()
    running.run(12)
    assert running.problem.evaluator.scale == pytest.approx(2, rel=0.05)  # type: ignore[attr-defined]
    (told,) = re.findall(r"estimates now follow what was measured: (.*)", caplog.text)
    assert told == "5 models, median error 50% before, 0% after, each left out in turn"
    another = search()
    another.run(12)  # which measures nothing, knows it from the start
    assert another.problem.evaluator.scale == pytest.approx(2, rel=0.05)  # type: ignore[attr-defined]


def test_estimates_are_fitted_anew_whenever_there_is_twice_as_much(
    search: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[int] = []

    def noted(name: str, estimates: Sequence[Latency], *rest: Any) -> Fit:
        fitted.append(len(estimates))
        return fit_device(name, estimates, *rest)

    monkeypatch.setattr(_measuring, "fit_device", noted)
    search().run(22)
    assert fitted == [5, 10, 20]


class TwoDevices(SerialExecutor):
    """Two places that measure in turn, unless one of them is to be avoided."""

    devices = 2

    def wait(self, timeout: float = math.inf) -> list[tuple[int, Outcome]]:
        avoided = self._submitted[0][1].avoid
        [(key, outcome)] = super().wait(timeout)
        there = [place for place in ("first", "second") if place not in avoided] or ["first"]
        return [(key, dataclasses.replace(outcome, place=there[key % len(there)]))]


def test_of_two_devices_a_few_models_are_measured_by_both(search: Searching, study: Study) -> None:
    running = search()
    devices = running.devices
    assert isinstance(devices, DevicePool)
    running.executor = devices._executor = TwoDevices()
    running.run(8)
    known = [trial.evaluation.measurement for trial in study.completed]
    both = [one for one in known if one and one.elsewhere]
    assert len(known) == 8 and all(one and one.latency for one in known)
    assert len(both) == 3 and all({one.place, *one.elsewhere} == {"first", "second"} for one in both)
    summary = DeviceSummary.of(study.finished)
    assert sum(summary.models.values()) == 8 and summary.models.keys() == {"first", "second"}
    assert summary.compared == 3 and summary.apart == pytest.approx(0)  # both take twice what is estimated


def test_a_device_with_another_chip_measures_nothing_and_says_so_once(
    study: Study, search: Searching, caplog: pytest.LogCaptureFixture
) -> None:
    running = search(chip="M2")
    running.run(3)
    running.devices.close()
    assert len(study.completed) == 3 and not any(trial.evaluation.measurement for trial in study.completed)
    assert caplog.text.count("this machine has an M2 (Pretend1,1, OS 1), not an A15") == 1
    assert "3 completed trials were not measured; run again to measure them" in caplog.text


def test_a_package_that_is_gone_costs_its_own_measurement_only(study: Study, search: Searching) -> None:
    search(measures=False).run(2)
    first, second = study.completed
    (study.trial_folder(first.number) / "model.mlpackage" / "Manifest.json").unlink()
    (study.trial_folder(first.number) / "model.mlpackage").rmdir()
    search().run(2)
    first, second = study.completed
    assert first.evaluation.measurement and "not there any more" in first.evaluation.measurement.failure
    assert second.evaluation.measurement and second.evaluation.measurement.latency


def test_how_far_two_devices_are_apart_is_the_median_over_models_that_both_measured(
    study: Study, search: Searching
) -> None:
    search().run(3)
    for trial, factor in zip(study.completed, (1.02, 1.10, 1.04), strict=True):
        known = trial.evaluation.measurement
        assert known and known.latency
        study.set_measurement(
            trial.number, dataclasses.replace(known, elsewhere={"other": factor * known.latency.ms}), {}
        )
    summary = DeviceSummary.of(study.finished)
    assert summary.apart == pytest.approx(0.04) and summary.compared == 3
    assert "these are 4.0% apart in the median of 3 models measured on more than one" in str(summary)


def test_where_nobody_can_measure_the_search_is_refused() -> None:
    class Elsewhere(SerialExecutor):
        devices = 0

    with pytest.raises(AnenasError, match=r"measuring needs a Mac .* or leave out --measure"):
        check_devices(PretendMeter(is_here=False), "processes")
    with pytest.raises(AnenasError, match=r"no worker has a Neural Engine .* `anenas worker"):
        check_devices(PretendMeter(), Elsewhere())
    check_devices(PretendMeter(), "processes")
    check_devices(PretendMeter(is_here=False), SerialExecutor())


def test_a_search_that_is_not_measured_has_nothing_to_say(study: Study, tmp_path: Path) -> None:
    assert str(DeviceSummary.of(study.finished)) == ""
