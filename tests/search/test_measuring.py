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
from pretend import PretendEvaluator, PretendMeter, latency
from reported import reported_study
from studies import pretend_study

from anenas._errors import AnenasError
from anenas.latency import Fit, Latency, OwnDevice, fit_device
from anenas.search import (
    RECORDING,
    CompletedTrial,
    DevicePool,
    DeviceSummary,
    Evaluator,
    Measurement,
    NoDevices,
    Problem,
    Reading,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    _measuring,
    check_devices,
    make_sampler,
)
from anenas.search.executors import ENGINE, Outcome
from anenas.space import Limits, SearchSpace, read_space

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
    assert running.problem.evaluator.scale == pytest.approx(2, rel=0.05)
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
    assert "3 completed trials were not measured; run again to measure what is left" in caplog.text


def test_a_package_that_is_gone_costs_its_own_measurement_only(study: Study, search: Searching) -> None:
    search(measures=False).run(2)
    first, second = study.completed
    (study.trial_folder(first.number) / "model.mlpackage" / "Manifest.json").unlink()
    (study.trial_folder(first.number) / "model.mlpackage").rmdir()
    search().run(2)
    first, second = study.completed
    assert first.evaluation.measurement and "not there any more" in first.evaluation.measurement.failure
    assert second.evaluation.measurement and second.evaluation.measurement.latency


class Devices(SerialExecutor):
    """So many devices, whose answers a test gives."""

    def __init__(self, devices: int) -> None:
        super().__init__()
        self.devices = devices

    @property
    def asked(self) -> list[int]:
        """Numbers of the trials whose measurements are awaited."""
        return [-1 - key for key, _ in self._submitted]

    def answer(self, pool: DevicePool, place: str = "", **changes: object) -> None:
        """Of what was asked first, measured there, with changes of the outcome; then what is next is asked."""
        key, task = self._submitted.pop(0)
        outcome = dataclasses.replace(Outcome.of_call(lambda: task.function(task.files)), place=place, **changes)  # type: ignore[arg-type]
        assert pool.take([(key, outcome)]) == []
        pool.begin()

    @property
    def avoided(self) -> list[set[str]]:
        return [set(task.avoid) for _, task in self._submitted]


@pytest.fixture
def measured(tmp_path: Path) -> Callable[..., tuple[Study, Devices, DevicePool]]:
    """Makes a study of trials by depth and width, and a pool that has begun; keywords are the device's."""

    def make(devices: int, *trials: tuple[int, int], **options: Any) -> tuple[Study, Devices, DevicePool]:
        study = pretend_study(tmp_path / "made", "s", trials, in_memory=True)
        problem = Problem(
            read_space(tmp_path / "made" / "pretend.yaml"), 10, PretendEvaluator(), study.objectives, Limits()
        )
        executor = Devices(devices)
        pool = DevicePool(study, executor, PretendMeter(**options), problem, "A15")
        pool.begin()
        return study, executor, pool

    return make


Measured = Callable[..., tuple[Study, Devices, DevicePool]]


def measurement(study: Study, number: int) -> Measurement:
    trial = study.trial(number)
    assert isinstance(trial, CompletedTrial) and trial.evaluation.measurement
    return trial.evaluation.measurement


def test_each_device_has_one_at_a_time_and_the_front_is_measured_first(tmp_path: Path, space: SearchSpace) -> None:
    figures = ((0.5, 0.3, 1.0), (0.7, 0.2, 1.0), (0.6, 0.25, 1.0), (0.9, 0.4, 1.0), (0.8, 0.3, 1.0), (0.85, 0.5, 1.0))
    study, executor = reported_study(tmp_path, figures=figures), Devices(2)
    problem = Problem(space, 10, PretendEvaluator(), study.objectives, Limits())
    assert {trial.number for trial in study.front} == {1, 3, 4}
    pool = DevicePool(study, executor, PretendMeter(), problem, "A15")
    assert (executor.asked, pool.is_busy) == ([], False)
    pool.begin()
    assert (executor.asked, pool.is_busy) == ([1, 3], True)
    assert {task.needs for _, task in executor._submitted} == {ENGINE}
    asked = [*executor.asked]
    while len(asked) < 6:
        trial = study.trial(executor.asked[0])
        assert isinstance(trial, CompletedTrial)
        executor.answer(pool, "desk", value=Reading(trial.evaluation.estimate.latency))
        assert len(executor.asked) == 2
        asked.append(executor.asked[-1])
    assert asked == [1, 3, 4, 0, 2, 5]


def test_only_answers_of_devices_are_taken(measured: Measured) -> None:
    _, executor, pool = measured(1, (1, 16))
    assert pool.take([(0, Outcome(1)), (5, Outcome(2))]) == [(0, Outcome(1)), (5, Outcome(2))]
    assert (executor.asked, pool.is_busy) == ([0], True)
    executor.answer(pool)
    assert (executor.asked, pool.is_busy) == ([], False)


@pytest.mark.parametrize(("place", "where"), [("desk", "desk (Pretend1,1, OS 1)"), ("", "Pretend1,1, OS 1")])
def test_what_was_measured_is_told_with_where_and_what_was_estimated(
    measured: Measured, place: str, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    study, executor, pool = measured(1, (1, 16), (3, 64))
    executor.answer(pool, place)
    reading = Reading(dataclasses.replace(measurement(study, 0).latency or latency(0.0), ms=0.5, low_ms=0.25))
    executor.answer(pool, place, value=reading)
    assert caplog.messages == [
        f"trial 0 measured on {where}: 0.232 ms (0.230–0.234), estimated 0.116 ms; 90% of its operations on the engine",
        f"trial 1 measured on {where}: 0.500 ms (0.250–0.234), estimated 0.364 ms",
    ]
    assert (measurement(study, 0).place, measurement(study, 0).placement) == (place, 0.9)
    assert measurement(study, 1).placement is None


def test_what_a_place_could_not_measure_is_tried_at_another(
    measured: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    study, executor, pool = measured(1, (1, 16))
    executor.answer(pool, "desk", error="RuntimeError: no")
    assert executor.asked == [0] and executor.avoided == [{"desk"}]
    executor.answer(pool, "shelf")
    assert measurement(study, 0).place == "shelf" and measurement(study, 0).latency
    assert caplog.messages[0] == "trial 0 was not measured on desk and will be tried once more: RuntimeError: no"


def test_a_place_of_another_chip_is_refused_and_the_others_go_on(
    measured: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    study, executor, pool = measured(2, (1, 16), (3, 64), chip="M2")
    right = Reading(dataclasses.replace(PretendEvaluator().estimate(study.completed[0].architecture).latency, ms=0.3))
    executor.answer(pool, "desk")
    assert caplog.messages == [
        "desk has an M2 (Pretend1,1, OS 1), not an A15: it is not used for measuring; use `--chip M2` to search for it"
    ]
    assert executor.asked == [1, 0] and executor.avoided == [set(), {"desk"}]
    executor.answer(pool, "shelf", value=right)
    executor.answer(pool, "desk")
    assert measurement(study, 0).failure == "no device has an A15"
    assert measurement(study, 1).latency and executor.asked == [1] and executor.avoided == [{"desk", "shelf"}]
    assert len(caplog.messages) == 2 and caplog.messages[1].endswith("keeps its estimate: no device has an A15")


def test_where_every_place_is_refused_nothing_more_is_asked(measured: Measured) -> None:
    study, executor, pool = measured(2, (1, 16), (3, 64), (2, 32), chip="M2")
    executor.answer(pool, "desk")
    assert executor.asked == [1, 0]
    executor.answer(pool, "shelf")
    assert executor.asked == [0]
    executor.answer(pool, "desk")
    assert executor.asked == [] and not any(t.evaluation.measurement for t in study.completed if t.number)


def test_idle_devices_measure_three_models_again_that_others_have_measured(measured: Measured) -> None:
    study, executor, pool = measured(2, *((1, 16 * width) for width in (1, 2, 3, 4)), (2, 16))
    for place in ("desk", "shelf", "desk", "desk"):
        executor.answer(pool, place)
    assert len(executor.asked) == 2 and executor.avoided[1] in ({"desk"}, {"shelf"}), "the last, and one once more"
    executor.answer(pool, "desk")
    while executor.asked:
        number, place = executor.asked[0], measurement(study, executor.asked[0]).place
        assert executor.avoided[0] == {place}
        if number == executor.asked[-1] and len(executor.asked) == 1:
            executor.answer(pool, place)  # none but it was free
        else:
            executor.answer(pool, "attic")
    again = [measurement(study, number).elsewhere for number in range(5)]
    assert sum(map(len, again)) == 2 and {place for one in again for place in one} == {"attic"}


def test_one_device_measures_nothing_twice(measured: Measured) -> None:
    _, executor, pool = measured(1, (1, 16))
    executor.answer(pool, "desk")
    assert executor.asked == []


def test_what_fails_when_it_is_measured_again_stays_measured(measured: Measured) -> None:
    study, executor, pool = measured(2, (1, 16))
    executor.answer(pool, "desk")
    known = measurement(study, 0)
    assert executor.asked == [0]
    (study.trial_folder(0) / RECORDING).write_text("of the first")
    executor.answer(pool, "shelf", error="RuntimeError: no")
    assert measurement(study, 0) == known and executor.asked == []
    assert (study.trial_folder(0) / RECORDING).read_text() == "of the first"


def test_what_a_killed_search_was_measuring_is_gone_and_so_is_what_is_left_in_the_end(
    measured: Measured, tmp_path: Path
) -> None:
    left = tmp_path / "made" / "studies" / "s" / "measuring" / "00007"
    left.mkdir(parents=True)
    _, _, pool = measured(1, (1, 16))
    assert [path.name for path in left.parent.iterdir()] == ["00000"]
    pool.close()
    assert not left.parent.exists()


class Plain:
    """An evaluator whose estimates follow nothing."""

    estimate = PretendEvaluator.estimate
    evaluate = PretendEvaluator.evaluate
    test = PretendEvaluator.test
    scale, apart = 1.0, 1.0


class Unadapted(PretendEvaluator):
    """Its latencies are not those of the calibrated model."""

    asked = 0

    def adapted(self, device: OwnDevice) -> None:  # type: ignore[override]
        type(self).asked += 1


@pytest.mark.parametrize("evaluator", [Plain(), Unadapted()])
def test_estimates_that_follow_nothing_stay_as_they_are(measured: Measured, evaluator: Evaluator) -> None:
    _, executor, pool = measured(1, *((depth, width) for depth in (1, 2, 3, 4) for width in (16, 32, 48)))
    pool._evaluator = evaluator
    problem = pool._problem
    for _ in range(12):
        executor.answer(pool)
        assert pool.adapted(problem) is problem
    assert Unadapted.asked == isinstance(evaluator, Unadapted)


def test_estimates_that_fitting_makes_no_better_stay_as_they_are(
    measured: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    study, executor, pool = measured(1, *((depth, 16) for depth in (1, 2, 3, 4)), (1, 32))
    for number in range(5):
        reading = Reading(PretendEvaluator().estimate(study.completed[number].architecture).latency)
        executor.answer(pool, value=reading)
        assert pool.adapted(pool._problem) is pool._problem
    (told,) = [message for message in caplog.messages if message.startswith("the estimate stays")]
    assert told == (
        "the estimate stays unchanged, because fitting it to the measurements does not improve it: "
        "5 models, median error 0% before, 0% after, each left out in turn"
    )


@pytest.mark.parametrize(
    ("summary", "told"),
    [
        (DeviceSummary({}, 0, 0, None, None), ""),
        (
            DeviceSummary({"desk": 3}, 0, 0, None, 0.254),
            "3 measured on 1 device; estimates were off by 25% in the median",
        ),
        (
            DeviceSummary({"desk": 2, "shelf": 1}, 2, 1, 0.0312, 0.1),
            "3 measured on 2 devices; these are 3.1% apart in the median of 1 model measured on more than one; "
            "estimates were off by 10% in the median; 2 could not be measured and keep their estimate",
        ),
        (
            DeviceSummary({}, 1, 0, None, None),
            "0 measured on 0 devices; 1 could not be measured and keep their estimate",
        ),
    ],
)
def test_what_devices_did_is_told_in_a_line(summary: DeviceSummary, told: str) -> None:
    assert str(summary) == told


def test_a_summary_counts_first_measurements_and_failures_and_how_far_estimates_were_off(measured: Measured) -> None:
    study, executor, pool = measured(1, (1, 16), (2, 16), (3, 16), (4, 16))
    for factor, place in ((1.25, "shelf"), (0.5, "desk"), (2.0, "desk")):
        estimated = PretendEvaluator().estimate(study.completed[executor.asked[0]].architecture).latency
        executor.answer(pool, place, value=Reading(dataclasses.replace(estimated, ms=factor * estimated.ms)))
    for _ in range(2):
        executor.answer(pool, error="RuntimeError: no")
    found = DeviceSummary.of(study.finished)
    assert (found.models, found.failed, found.compared, found.apart) == ({"shelf": 1, "desk": 2}, 1, 0, None)
    assert found.error == pytest.approx(0.5), "0.2, 1 and 0.5 of what was measured"


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
