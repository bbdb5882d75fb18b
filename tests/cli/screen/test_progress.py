from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest
from pretend import SPACE, PretendEvaluator
from rich.console import Console

from anenas._progress import Progress
from anenas.cli._log import shown_log
from anenas.cli.screen import SearchProgress, TrainingProgress, _progress
from anenas.search import Phase, Problem, SearchSettings, Study, TrialFiles, make_sampler
from anenas.search.executors import write_steps
from anenas.space import Limits, read_space

EVALUATOR = PretendEvaluator()
SAMPLER = make_sampler("random", 0)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, space="pretend", chip="A15")
    return Study.create_or_continue(tmp_path / "store", "s", settings)


@pytest.fixture
def problem(study: Study, tmp_path: Path) -> Problem:
    (tmp_path / "pretend.yaml").write_text(SPACE)
    return Problem(read_space(tmp_path / "pretend.yaml"), 10, EVALUATOR, study.objectives, Limits())


def complete(study: Study, problem: Problem) -> str:
    """Complete a trial; how its line ends."""
    trial = study.ask(SAMPLER, problem)
    evaluation = EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
    study.complete(trial, evaluation, {})
    size = f"{evaluation.estimate.size_mb:.2f} MB"
    return f"{evaluation.score:.2%}, {evaluation.estimate.latency.ms:.3f} ms, {size}, completed"


def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    monkeypatch.setattr(_progress, "error_console", lambda: console)
    monkeypatch.setattr("anenas.cli._log.error_console", lambda: console)
    return console.file  # type: ignore[return-value]


def test_in_a_log_file_each_trial_is_a_line(study: Study, problem: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    complete(study, problem)  # before this process: nothing is said of it
    with shown_log(logging.INFO), SearchProgress(3) as progress:
        progress.on_update(study)
        described = complete(study, problem)
        study.fail(study.ask(SAMPLER, problem), "ValueError: no")
        progress.on_update(study)
        progress.on_update(study)
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert first.startswith(f"[2/3] #1: {described}, about ")
    assert first.endswith(" s left")
    assert second == "trial 2 failed: ValueError: no"
    with shown_log(logging.INFO), SearchProgress(3) as last:
        last.on_update(study)
        described = complete(study, problem)
        last.on_update(study)
    assert capsys.readouterr().err == f"[3/3] #3: {described}\n"  # nothing is left


def test_while_trials_wait_at_a_rung_three_completed_ones_tell_the_time_left(
    study: Study, problem: Problem, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = study.ask(SAMPLER, problem)
    with shown_log(logging.INFO), SearchProgress(9) as progress:
        progress.on_update(study)
        study.pause(trial, EVALUATOR.evaluate(trial.architecture, TrialFiles(study.workspace(trial)), 0.125))
        for _ in range(3):
            complete(study, problem)
            progress.on_update(study)
    assert [line.endswith(" left") for line in capsys.readouterr().err.splitlines()] == [False, False, True]


def test_quiet_shows_failures_alone(study: Study, problem: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    with shown_log(logging.WARNING), SearchProgress(3) as progress:
        progress.on_update(study)
        complete(study, problem)
        study.fail(study.ask(SAMPLER, problem), "ValueError: no")
        progress.on_update(study)
    assert capsys.readouterr() == ("", "trial 1 failed: ValueError: no\n")


def test_on_a_terminal_there_is_a_bar_and_failures_stand_above_it(
    study: Study, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = terminal(monkeypatch)
    with shown_log(logging.INFO), SearchProgress(2) as progress:
        progress.on_update(study)
        complete(study, problem)
        study.fail(study.ask(SAMPLER, problem), "ValueError: no")
        progress.on_update(study)
        progress._bar.refresh()
    text = screen.getvalue()
    assert "trial 1 failed: ValueError: no" in text
    assert "[1/2]" not in text
    assert "searching" in text and "1/2 trials" in text and "so far   1 completed, 1 failed" in text


def test_final_training_counts_models_and_says_how_long_it_takes_at_most(
    study: Study, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = terminal(monkeypatch)
    complete(study, problem)
    with shown_log(logging.INFO), SearchProgress(8) as progress:
        study.enter(Phase("final training", 1, 3, seconds=360.0))
        progress.on_update(study)
        progress._bar.refresh()
    text = screen.getvalue()
    assert (
        "final training" in text
        and "1/3 models" in text
        and "found    best " in text
        and "at most about 6 min 0 s in all" in text
    )


def test_reading_data_is_on_the_bar_until_the_search_begins(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with shown_log(logging.INFO), SearchProgress(8) as progress:
        reading = Progress("drawing images", 12800)
        reading.add(6400)
        progress._bar.refresh()
        assert "drawing images" in screen.getvalue() and "6400/12800" in screen.getvalue()
        progress.on_update(study)
        progress._bar.refresh()
        assert "0/8 trials" in screen.getvalue().rpartition("searching")[2]
    monkeypatch.setattr("anenas._progress._SAID_EVERY", 0)
    with shown_log(logging.INFO):
        reading.add(1)
    assert "drawing images: 6,401 of 12,800, about 0 s left" in screen.getvalue()


def test_quiet_has_no_bar(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    with shown_log(logging.WARNING), SearchProgress(2) as progress:
        progress.on_update(study)
    assert screen.getvalue() == ""


def test_a_training_in_a_log_file_is_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_log(logging.INFO), TrainingProgress() as progress:
        for step in range(1, 41):
            progress.on_step(step, 40)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"training: {step} of 40 steps" for step in range(4, 41, 4)]


def test_the_best_of_a_rung_is_shown_before_any_trial_has_completed(
    study: Study, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = terminal(monkeypatch)
    with shown_log(logging.INFO), SearchProgress(2) as progress:
        trial = study.ask(SAMPLER, problem)
        study.ask(SAMPLER, problem)
        files = TrialFiles(study.workspace(trial))
        paused = EVALUATOR.evaluate(trial.architecture, files, budget_fraction=0.125)
        study.pause(trial, paused)
        progress.on_update(study)
        progress._bar.refresh()
    text = screen.getvalue()
    assert f"found    {paused.score:.2%} after 12% of its training (#0)" in text
    assert "so far   1 paused at a rung" in text
    assert "running  #1 0 s" in text


def test_a_trial_that_tells_its_steps_is_shown_with_them(
    study: Study, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = terminal(monkeypatch)
    with shown_log(logging.INFO), SearchProgress(2) as progress:
        telling, silent = study.ask(SAMPLER, problem), study.ask(SAMPLER, problem)
        write_steps(study.workspace(telling), 40, 500)
        study.workspace(silent)
        progress.on_update(study)
        progress._bar.refresh()
        assert "running  #0 step 40 of 500, #1 0 s" in screen.getvalue()
        study.enter(Phase("testing", 0, 1))  # the time was up, and both were given up
        progress.on_update(study)
        screen.seek(0)
        screen.truncate()
        progress._bar.refresh()
        assert "testing" in screen.getvalue() and "running" not in screen.getvalue()


def test_completed_trials_are_plotted_with_the_best_score_above(
    study: Study, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = terminal(monkeypatch)
    with shown_log(logging.INFO), SearchProgress(8) as progress:
        for _ in range(3):
            complete(study, problem)
        progress.on_update(study)
        progress._bar.refresh()
    best = max(trial.evaluation.score for trial in study.completed)
    text = screen.getvalue()
    assert f"{best:.2%} │" in text and "●" in text and "● front" in text


def test_verbose_lines_have_the_architecture(
    study: Study, problem: Problem, capsys: pytest.CaptureFixture[str]
) -> None:
    with shown_log(logging.DEBUG), SearchProgress(3) as progress:
        progress.on_update(study)
        complete(study, problem)
        progress.on_update(study)
    assert f", completed, {study.completed[0].architecture}" in capsys.readouterr().err
