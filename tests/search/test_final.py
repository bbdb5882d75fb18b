from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pretend import TRAINED, PretendEvaluator, estimate

from anenas._pareto import Losses
from anenas.search import (
    CompletedTrial,
    Evaluation,
    FinalTraining,
    Problem,
    Search,
    SerialExecutor,
    Study,
    TrialFiles,
)
from anenas.search._final import MOST_OF_TIMEOUT
from anenas.space import Architecture, Limits, SearchSpace

Make = Callable[..., FinalTraining]


@pytest.fixture
def finishing(study: Study, searching: Callable[..., Search]) -> Make:
    """Makes the final training of a study of eight trials; keywords are its own, and the evaluator's."""
    search = searching()
    search.executor = SerialExecutor()
    search.run(8)

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
