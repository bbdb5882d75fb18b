from __future__ import annotations

import dataclasses
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pretend import SPACE, TRAINED, PretendEvaluator, estimate

from anenas._errors import AnenasError
from anenas._pareto import Losses
from anenas.search import (
    CompletedTrial,
    Evaluation,
    FinalTraining,
    Problem,
    Search,
    SearchSettings,
    SerialExecutor,
    Study,
    TrialFiles,
    make_sampler,
)
from anenas.search._final import MOST_OF_TIMEOUT, _cut
from anenas.space import Architecture, Limits, SearchSpace, read_space

Make = Callable[..., FinalTraining]


@pytest.fixture
def study(tmp_path: Path, request: pytest.FixtureRequest) -> Study:
    """Lost with the process, unless it is `kept`."""
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")
    in_memory = not getattr(request, "param", False)
    return Study.create_or_continue(tmp_path / "store", "s", settings, in_memory=in_memory)


kept = pytest.mark.parametrize("study", [True], indirect=True)


@pytest.fixture
def finishing(study: Study, problem: Problem) -> Make:
    """Makes the final training of a study of eight trials; keywords are its own, and the evaluator's."""
    Search(study, problem, make_sampler("random", 0), SerialExecutor()).run(8)

    def make(models: Any = "exports", epochs: int | None = None, **options: Any) -> FinalTraining:
        return FinalTraining(study, PretendEvaluator(**options), SerialExecutor(), None, models, epochs)

    return make


def picked(study: Study) -> set[int]:
    return {trial.number for trial in study.picks.values()}


def finished(study: Study) -> set[int]:
    return {trial.number for trial in study.completed if trial.final}


def test_what_is_exported_is_trained_further_and_ships(study: Study, finishing: Make) -> None:
    finishing().run()
    assert finished(study) == picked(study)
    for trial in study.picks.values():
        assert trial.final and trial.final.evaluation == trial.shipped
        assert trial.shipped.score == pytest.approx(trial.evaluation.score + 0.005)
        folder = study.shipped_folder(trial)
        assert folder == study.trial_folder(trial.number) / "final"
        assert (folder / "weights.safetensors").read_bytes() == b"final weights"
        assert not list(folder.parent.glob(".*"))


def test_all_is_the_whole_front_and_none_is_nothing(study: Study, finishing: Make) -> None:
    finishing("none").run()
    assert finished(study) == set()
    finishing("all").run()
    assert finished(study) == {trial.number for trial in study.front}


def test_the_whole_front_is_what_is_trained_unless_told_otherwise(study: Study, finishing: Make) -> None:
    finishing("none")  # its search alone
    assert len(study.front) > len({trial.number for trial in study.picks.values()})
    FinalTraining(study, PretendEvaluator(), SerialExecutor()).run()
    assert finished(study) == {trial.number for trial in study.front}


def test_other_trials_are_trained_further_if_they_are_named(
    study: Study, finishing: Make, caplog: pytest.LogCaptureFixture
) -> None:
    finishing("none")  # its search alone
    number = next(trial.number for trial in study.completed if trial.number not in picked(study))
    missing = 1 + max(trial.number for trial in study.finished)
    named = FinalTraining(study, PretendEvaluator(), SerialExecutor(), models="none", trials=(number, missing))
    assert named.reserve(3600.0) == pytest.approx(6.0)
    named.run()
    assert finished(study) == {number}
    assert f"trial {missing} has not completed, so it is not trained further" in caplog.text
    FinalTraining(study, PretendEvaluator(), SerialExecutor(), models="exports", trials=(number,)).run()
    assert finished(study) == {number} | picked(study)


def test_final_figures_are_seen_by_no_comparison(study: Study, finishing: Make) -> None:
    def compared() -> tuple[list[int], list[float], list[Losses]]:
        values = [trial.values or () for trial in study.completed]
        return [trial.number for trial in study.front], study.hypervolumes, [tuple(value) for value in values]

    before = compared()
    finishing("all", final_gain=0.3).run()
    assert compared() == before


@pytest.mark.parametrize("gain", [-0.01, 0.0])
def test_weights_that_are_as_good_as_they_were_ship_as_they_were(
    gain: float, study: Study, finishing: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    finishing(final_gain=gain).run()
    for trial in study.picks.values():
        assert trial.final and trial.final.evaluation is None
        assert trial.shipped == trial.evaluation
        assert study.shipped_folder(trial) == study.trial_folder(trial.number)
        assert not list(study.trial_folder(trial.number).glob("*final*"))
    assert "did not improve it, so it ships as it was" in caplog.text


@kept
def test_a_study_that_is_read_again_has_them(study: Study, finishing: Make) -> None:
    finishing().run()
    again = Study.load(study.folder.parent.parent, study.name)
    assert again.completed == study.completed
    assert [again.shipped_folder(trial) for trial in again.front] == [study.shipped_folder(t) for t in study.front]


def test_what_is_finished_is_trained_again_only_for_longer(study: Study, finishing: Make, tmp_path: Path) -> None:
    log = tmp_path / "log"
    finishing(epochs=5).run()
    finishing(epochs=5, log=log).run()
    finishing(epochs=3, log=log).run()
    assert not log.exists()
    finishing(epochs=9, log=log).run()
    assert len(log.read_text().splitlines()) == len(picked(study))


def test_cycles_double_unless_so_many_epochs_are_asked_for(study: Study, finishing: Make, tmp_path: Path) -> None:
    finishing(log=tmp_path / "doubling").run()
    assert set(re.findall(r"finish (.*)", (tmp_path / "doubling").read_text())) == {"(2, 4)"}
    finishing(epochs=20, log=tmp_path / "one").run()
    assert set(re.findall(r"finish (.*)", (tmp_path / "one").read_text())) == {"(20,)"}


def test_the_bound_is_said_before_it_begins(study: Study, finishing: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    count = len(picked(study))
    finishing().run()
    assert f"{count} models, at most 6 epochs each, at most about {6 * count} s" in caplog.text
    finishing("all", epochs=20).run()
    assert re.search(r"\d models, 20 epochs each, about", caplog.text)


def test_what_does_not_fit_the_time_is_cut(study: Study, finishing: Make, tmp_path: Path) -> None:
    count = len(picked(study))  # a second an epoch each, one after the other
    finishing(log=tmp_path / "log").run(time.monotonic() + 6.1 * count)
    assert set(re.findall(r"finish (.*)", (tmp_path / "log").read_text())) == {"(2, 2)"}
    finishing(log=tmp_path / "more").run()
    assert len((tmp_path / "more").read_text().splitlines()) == count


def test_where_there_is_time_for_the_least_part_alone_that_is_trained(
    study: Study, finishing: Make, tmp_path: Path
) -> None:
    count = len(picked(study))
    finishing(epochs=100, log=tmp_path / "log").run(time.monotonic() + 3.5 * count)  # a fiftieth, and a margin
    assert set(re.findall(r"finish (.*)", (tmp_path / "log").read_text())) == {"(2,)"}


def test_no_time_is_no_final_training(study: Study, finishing: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    finishing().run(time.monotonic() + 0.5)
    assert finished(study) == set()
    assert "no time is left" in caplog.text


def test_the_deadline_leaves_the_rest_as_it_was(
    study: Study, finishing: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    final, count = finishing(epochs=1, final_seconds=1.35 * len(picked(study))), len(picked(study))
    final.run(time.monotonic() + 1.3 * count)
    assert len(finished(study)) == 1
    assert "out of time" in caplog.text


def test_an_error_leaves_the_trial_as_it_was(study: Study, finishing: Make, caplog: pytest.LogCaptureFixture) -> None:
    deepest = max(trial.architecture.stages[1].depth for trial in study.picks.values())
    finishing(unfinished_depth=deepest).run()
    assert finished(study) == {
        trial.number for trial in study.picks.values() if trial.architecture.stages[1].depth != deepest
    }
    assert "ValueError: this depth cannot be finished" in caplog.text


def test_an_evaluator_that_cannot_finish_leaves_it_out_and_says_so(
    study: Study, finishing: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    final = FinalTraining(study, _Brief(), SerialExecutor())
    final.run()
    assert finished(study) == set() and final.reserve(90.0) == 0
    assert "_Brief has no `finish`" in caplog.text


def test_a_third_of_the_time_is_kept_at_most(study: Study, finishing: Make) -> None:
    count = len(picked(study))
    assert finishing().reserve(3600.0) == pytest.approx(6.0 * count)
    assert finishing().reserve(9.0) == pytest.approx(9 * MOST_OF_TIMEOUT)
    assert finishing("none").reserve(9.0) == 0


def test_nothing_is_kept_while_there_is_nothing_to_train(study: Study) -> None:
    assert FinalTraining(study, PretendEvaluator(), SerialExecutor()).reserve(9.0) == 0


@kept
def test_a_new_package_has_no_test_accuracy_yet(study: Study, finishing: Make) -> None:
    for trial in study.front:
        study.set_test_score(trial.number, 0.5)
    finishing().run()
    assert {trial.number for trial in study.front if trial.test_score is None} == picked(study)
    again = Study.load(study.folder.parent.parent, study.name)
    assert {trial.number for trial in again.front if trial.test_score is None} == picked(study)


def test_all_steps_are_counted(study: Study, finishing: Make) -> None:
    finishing().run()
    for trial in study.picks.values():
        assert trial.shipped.trained_steps == 60
        assert trial.shipped.total_steps == trial.evaluation.total_steps + 60
        assert trial.shipped.origin == f"trial {trial.number}"


class _Brief:
    """An evaluator as users write them."""

    def estimate(self, architecture: Any) -> Any:
        return PretendEvaluator().estimate(architecture)

    def evaluate(self, architecture: Any, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        return PretendEvaluator().evaluate(architecture, files, budget_fraction)

    def test(self, architecture: Any, files: TrialFiles) -> float:
        return 0.5


@pytest.fixture
def pretrained(study: Study, finishing: Make) -> Callable[[float], CompletedTrial]:
    """Completes a pretrained network of that accuracy in the study of eight trials; each has a cut of its own."""
    space = SearchSpace.model_validate(
        {"name": "b", "input": {"channels": 3, "height": 32, "width": 32}, "backbones": ["timm:resnet18"]}
    )
    problem = Problem(space, 10, PretendEvaluator(), study.objectives, Limits(), latency_bound="estimate")
    cuts = iter(["layer2_c128", "layer3_c256", "layer4_c512"])

    def complete(accuracy: float) -> CompletedTrial:
        architecture = Architecture.parse(f"1x3x32x32-timm:resnet18:{next(cuts)}-head_n10")
        trial = study.ask_about(architecture, problem)
        (study.workspace(trial) / "weights.safetensors").write_bytes(TRAINED)
        seconds = {"train": 3.0}
        study.complete(trial, Evaluation(accuracy, estimate(9.0), seconds=seconds), {})
        return next(one for one in study.completed if one.number == trial.number)

    return complete


def teachers(log: Path) -> list[str]:
    """The folder of the teacher for each that was taught, below that of the study's trials."""
    return re.findall(r"taught by (?:trials/)?(.*)", log.read_text())


def test_networks_from_scratch_learn_from_the_most_accurate_pretrained_one(
    study: Study, finishing: Make, pretrained: Callable[[float], CompletedTrial], tmp_path: Path
) -> None:
    pretrained(0.96)
    best = pretrained(0.99)
    pretrained(0.97)
    finishing("all", log=tmp_path / "log").run()
    scratch = [trial for trial in study.front if not trial.architecture.backbone]
    assert teachers(tmp_path / "log") == [f"{best.number:05d}"] * len(scratch)
    for trial in scratch:
        assert trial.final and trial.final.evaluation and trial.final.evaluation.teacher == best.number


def test_a_pretrained_network_is_trained_finally_before_it_teaches(
    study: Study, finishing: Make, pretrained: Callable[[float], CompletedTrial], tmp_path: Path
) -> None:
    fewest = min(1 - trial.evaluation.score for trial in study.front)
    best = pretrained(1 - 0.9 * fewest)  # as it is now it is too near to the best of them
    log = tmp_path / "log"
    finishing("all", log=log, finished_backbone=0.999).run()
    assert ":resnet18:" in log.read_text().splitlines()[0]
    scratch = [trial for trial in study.front if not trial.architecture.backbone]
    assert teachers(log) == [f"{best.number:05d}/final"] * len(scratch)


def test_a_pretrained_network_that_is_only_somewhat_better_teaches_nothing(
    study: Study, finishing: Make, pretrained: Callable[[float], CompletedTrial], tmp_path: Path
) -> None:
    worst = min(1 - trial.evaluation.score for trial in study.front)
    pretrained(1 - 0.6 * worst)
    finishing("all", log=tmp_path / "log").run()
    few = [trial for trial in study.front if 1 - trial.evaluation.score < 1.2 * worst]
    taught = [
        trial.number for trial in study.front if trial.final and (done := trial.final.evaluation) and done.teacher
    ]
    assert few and not {trial.number for trial in few} & set(taught) and taught


def test_what_the_teacher_s_answers_take_is_in_the_bound(
    study: Study, finishing: Make, pretrained: Callable[[float], CompletedTrial], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    count = len(picked(study))
    told = ", ".join(map(str, sorted(picked(study))))
    best = pretrained(0.99)
    finishing().run()
    # The teacher is exported too, and an epoch of it takes 3 s, of which its answers are a third.
    assert f"{count + 1} models, at most 6 epochs each, at most about" in caplog.text
    assert f"taught by trial {best.number} (99.00%): trial {told}\n" in caplog.text
    seconds = 6 * (2 * count + 3)
    assert f"about {seconds // 60} min" in caplog.text or f"about {seconds} s" in caplog.text


BACKBONE = "1x3x32x32-timm:resnet18:layer3_c256-head_n10"


class Known:
    """A study of trials whose figures are given, without a search."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        objectives = {"accuracy": 0.0, "latency_ms": 0.5}
        made = SearchSettings(**{"objectives": objectives, "epochs": 4, **settings})
        self.study = Study.create_or_continue(folder / "store", "s", made, in_memory=True)
        (folder / "pretend.yaml").write_text(SPACE)
        spec = {"name": "b", "input": {"channels": 3, "height": 32, "width": 32}, "backbones": ["timm:resnet18"]}
        self._scratch, self._backbones = read_space(folder / "pretend.yaml"), SearchSpace.model_validate(spec)

    def add(self, score: float, ms: float, name: str = "", steps: int = 10, **seconds: Any) -> int:
        """The number of a new trial; by default of a network that began from nothing."""
        depth = 1 + len(self.study.trials) % 4
        name = name or f"1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r{depth}_s2_c16_k3_relu-head_n10"
        space = self._backbones if "timm" in name else self._scratch
        problem = Problem(space, 10, PretendEvaluator(), self.study.objectives, Limits())
        trial = self.study.ask_about(Architecture.parse(name), problem)
        (self.study.workspace(trial) / "weights.safetensors").write_bytes(TRAINED)
        less = self.study.settings.task == "regression"
        figures = Evaluation(score, estimate(ms), seconds=seconds, total_steps=steps)
        figures = dataclasses.replace(figures, metric=self.study.settings.metric, less_is_better=less)
        self.study.complete(trial, figures, {})
        return trial.number

    def final(self, slots: int = 1, evaluator: Any = None, **options: Any) -> FinalTraining:
        executor = SerialExecutor()
        executor.slots = slots
        return FinalTraining(self.study, evaluator or PretendEvaluator(), executor, **options)

    def trial(self, number: int) -> CompletedTrial:
        trial = self.study.trial(number)
        assert isinstance(trial, CompletedTrial)
        return trial


@pytest.fixture
def known(tmp_path: Path) -> Known:
    return Known(tmp_path)


def test_a_final_training_takes_as_long_an_epoch_as_the_brief_one_and_whatever_is_done_once(known: Known) -> None:
    took: list[dict[str, Any]] = [{"train": 2.0, "export": 1.0}, {"train": 8.0}, {"train": 2.0, "load": 0.5}]
    for number, seconds in enumerate(took):
        known.add(0.5 + number / 10, 0.2 + number / 10, **seconds)
    assert [known.final(slots, epochs=8).reserve(3600.0) for slots in (1, 2, 4)] == [5 + 16 + 4.5, 16, 16]
    assert [known.final(slots, epochs=2).reserve(3600.0) for slots in (1, 2)] == [2 + 4 + 1.5, 4]
    assert known.final().reserve(3600.0) == 13 + 48 + 12.5, "cycles of two and four brief trainings"
    assert known.final(epochs=8).reserve(30.0) == 10.0


def test_models_of_one_length_share_what_runs_side_by_side(known: Known) -> None:
    for number in range(3):
        known.add(0.5 + number / 10, 0.2 + number / 10, train=4.0)
    assert [known.final(slots, epochs=4).reserve(3600.0) for slots in (1, 2, 3)] == [12, 6, 4]


def test_where_an_evaluator_knows_how_long_its_brief_trainings_are_that_counts(known: Known) -> None:
    class Knowing(PretendEvaluator):
        def epochs_of(self, architecture: Architecture) -> int:
            return 3 if architecture.backbone else 10

    known.add(0.8, 0.2, train=20.0)
    assert known.final(evaluator=Knowing(), epochs=5).reserve(3600.0) == 10.0
    assert known.final(evaluator=Knowing()).reserve(3600.0) == 20.0 * 6
    known.add(0.9, 9.0, BACKBONE, train=9.0)
    assert known.final(evaluator=Knowing(), epochs=5).reserve(3600.0) == 5 * (2 + 3 / 3) + 5 * 3


def test_a_teacher_makes_half_of_the_errors_at_most(known: Known) -> None:
    for score in (0.5, 0.75, 0.76):
        known.add(score, score)
    best = known.add(0.875, 9.0, BACKBONE)
    taught = [known.final()._teacher(known.trial(number)) for number in range(4)]
    assert taught == [known.trial(best), known.trial(best), None, None]


def test_numbers_are_taught_by_nobody(tmp_path: Path) -> None:
    known = Known(tmp_path, objectives={"rmse": 9.0, "latency_ms": 0.5}, task="regression", metric="rmse")
    known.add(8.0, 0.2)
    known.add(1.0, 9.0, BACKBONE)
    assert known.final()._teacher(known.trial(0)) is None


def test_cycles_are_cut_at_their_end() -> None:
    assert [_cut((2, 4), epochs) for epochs in range(8)] == [
        (), (1,), (2,), (2, 1), (2, 2), (2, 3), (2, 4), (2, 4),
    ]  # fmt: skip


def test_a_plan_is_cut_by_fiftieths_to_the_time_that_there_is_and_a_margin(known: Known) -> None:
    plan: list[tuple[CompletedTrial, tuple[int, ...]]] = [(known.trial(known.add(0.8, 0.2, train=4.0)), (100,))]
    final = known.final()  # a second an epoch
    cut = {seconds: final._within(plan, seconds) for seconds in (999.0, 125.0, 124.9, 62.5, 2.5, 2.4)}
    assert {seconds: [cycles for _, cycles in one] for seconds, one in cut.items()} == {
        999.0: [(100,)], 125.0: [(100,)], 124.9: [(98,)], 62.5: [(50,)], 2.5: [(2,)], 2.4: [],
    }  # fmt: skip


def test_what_is_to_be_done_is_told_in_a_line(known: Known) -> None:
    one, other = (known.trial(known.add(0.8 + n / 10, 0.2 + n / 10)) for n in (0, 1))
    told = known.final()._announced
    assert told([(one, (1,))], 0.9) == "1 model, 1 epoch"
    assert told([(one, (2,))], 1.0) == "1 model, 2 epochs, about 1 s"
    assert told([(one, (3,)), (other, (5,))], 61.0) == "2 models, 5 epochs each, about 1 min 1 s"
    assert told([(one, (5,)), (other, (1, 1))], 0.0) == "2 models, at most 5 epochs each"
    assert told([(one, (2, 4))], 20.0) == "1 model, at most 6 epochs, at most about 20 s"


def test_the_longest_begins_and_how_much_is_done_is_told(known: Known, tmp_path: Path) -> None:
    for number, seconds in enumerate((1.0, 3.0, 2.0)):
        known.add(0.5 + number / 10, 0.2 + number / 10, train=seconds)
    known.add(0.95, 9.0, BACKBONE, train=0.5)
    told: list[tuple[int, int | None]] = []
    known.study.listeners.append(lambda study: told.append((study.phase.done, study.phase.count)))
    known.final(evaluator=PretendEvaluator(log=tmp_path / "log"), epochs=4).run()
    begun = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines() if " finish " in line]
    assert begun == [str(known.trial(number).architecture) for number in (3, 1, 2, 0)]
    assert list(dict.fromkeys(told)) == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert known.study.phase.name == "final training" and known.study.phase.seconds is not None


def test_steps_of_what_nothing_tells_stay_unknown(known: Known) -> None:
    for number, steps in enumerate((0, 7)):
        known.add(0.5 + number / 10, 0.2 + number / 10, steps=steps, train=1.0)
    known.final(evaluator=PretendEvaluator(final_gain=0.3), epochs=2).run()
    shipped = [known.trial(number).shipped for number in (0, 1)]
    assert [(one.trained_steps, one.total_steps, one.donor, one.teacher) for one in shipped] == [
        (20, 0, 0, None), (20, 27, 1, None),
    ]  # fmt: skip


def test_a_full_disk_ends_it(known: Known) -> None:
    class Full(PretendEvaluator):
        def finish(self, architecture: Architecture, files: TrialFiles, cycles: Any) -> None:
            raise OSError(28, "No space left on device")

    number = known.add(0.8, 0.2, train=1.0)
    with pytest.raises(AnenasError, match="No space left on device"):
        known.final(evaluator=Full()).run()
    assert known.trial(number).final is None
