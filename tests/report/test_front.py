from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pretend import SPACE, PretendEvaluator, estimate

from anenas.report import write_front_csv, write_front_page, write_front_png, write_trials_csv
from anenas.report._front import _Axis, _Scale
from anenas.search import (
    CompletedTrial,
    Evaluation,
    Objective,
    Problem,
    SearchSettings,
    Study,
    TrialFiles,
    make_sampler,
)
from anenas.space import Architecture, Limits, read_space

SETTINGS = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, chip="A15")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three completed trials, the last of them dominated, and one that failed."""
    (tmp_path / "pretend.yaml").write_text(SPACE)
    space = read_space(tmp_path / "pretend.yaml")
    study = Study.create_or_continue(tmp_path / "store", "s", SETTINGS)
    problem, sampler = Problem(space, 10, PretendEvaluator(), study.objectives, Limits()), make_sampler("random", 0)
    for accuracy, latency_ms in ((0.8, 0.2), (0.9, 0.3), (0.7, 0.4)):
        trial = study.ask(sampler, problem)
        evaluation = PretendEvaluator().evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
        known = dataclasses.replace(evaluation, score=accuracy, estimate=estimate(latency_ms), held_out=100)
        study.complete(trial, known, {})
    study.fail(study.ask(sampler, problem), "ValueError: no")
    return study


def test_the_front_table_has_a_row_for_each_model_fastest_first(study: Study, tmp_path: Path) -> None:
    write_front_csv(study, tmp_path / "front.csv")
    rows = list(csv.DictReader((tmp_path / "front.csv").open()))
    assert [(row["trial"], row["accuracy"], row["latency_ms"]) for row in rows] == [
        ("0", "0.8", "0.2"),
        ("1", "0.9", "0.3"),
    ]
    assert [float(row["accuracy_error"]) for row in rows] == pytest.approx([0.0400, 0.0304], abs=1e-4)
    assert rows[0]["architecture"] == str(study.finished[0].architecture)


def test_the_trial_table_has_every_answer_with_its_reason(study: Study, tmp_path: Path) -> None:
    write_trials_csv(study, tmp_path / "trials.csv")
    rows = list(csv.DictReader((tmp_path / "trials.csv").open()))
    assert [row["state"] for row in rows] == ["completed"] * 3 + ["failed"]
    assert rows[-1]["reason"] == "ValueError: no"
    assert rows[-1]["accuracy"] == ""


def test_the_picture_is_a_png_with_something_on_it(study: Study, tmp_path: Path) -> None:
    write_front_png(study, tmp_path / "front.png")
    with Image.open(tmp_path / "front.png") as image:
        assert image.format == "PNG"
        assert image.width >= 1000
        assert len(image.convert("RGB").getcolors(maxcolors=2**24) or []) > 50


def test_the_page_needs_no_network_and_names_every_completed_trial(study: Study, tmp_path: Path) -> None:
    write_front_page(study, tmp_path / "front.html")
    page = (tmp_path / "front.html").read_text()
    assert "<script src=" not in page
    assert all(f"trial {number}\\u003c" in page or f"trial {number}<" in page for number in (0, 1, 2))


def test_the_reference_is_marked_in_page_and_picture(study: Study, tmp_path: Path) -> None:
    write_front_png(study, tmp_path / "without.png")
    study.note_reference(study.completed[2].architecture)
    write_front_png(study, tmp_path / "with.png")
    write_front_page(study, tmp_path / "front.html")
    assert "reference: the whole network" in (tmp_path / "front.html").read_text()
    with Image.open(tmp_path / "without.png") as without, Image.open(tmp_path / "with.png") as marked:
        orange = (188, 76, 0)
        found = [{color for _, color in image.convert("RGB").getcolors(2**24) or []} for image in (without, marked)]
    assert [orange in colors for colors in found] == [False, True]


def test_accuracies_have_bars_of_their_standard_error(study: Study, tmp_path: Path) -> None:
    write_front_page(study, tmp_path / "front.html")
    page = (tmp_path / "front.html").read_text()
    assert "bars: standard error" in page
    assert '"error_y":{"array":[4.0' in page.replace(" ", "")


def scale_of(name: str, apart: float, *figures: tuple[float, float]) -> _Scale:
    """Of the axis of an objective for trials of these latencies and sizes, of whose latencies 0.3 ms are fixed."""
    network = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n3")
    trials = []
    for ms, size_mb in figures:
        known = estimate(ms, size_mb, apart)
        latencies = {"A15": dataclasses.replace(known.latency, fixed_ms=0.3)}
        evaluation = Evaluation(0.9, dataclasses.replace(known, latency_by_chip=latencies))
        trials.append(CompletedTrial(0, network, evaluation=evaluation))
    return _Axis(Objective(name, 1.0), "A15").scale(trials)


@given(st.lists(st.floats(0.31, 2.0), min_size=1), st.floats(1.0, 1.5))
def test_latencies_that_are_not_told_apart_are_near_each_other(latencies: list[float], apart: float) -> None:
    scale = scale_of("latency_ms", apart, *((ms, 1.0) for ms in latencies))
    assert scale.limits and scale.fixed == 0.3
    low, high = scale.limits
    assert low < 0.3 and max(latencies) < high and high / low >= apart**2


@pytest.mark.parametrize(("largest", "logarithmic"), [(0.5, False), (2.0, True)])
def test_sizes_that_are_far_apart_are_on_a_logarithmic_axis(largest: float, logarithmic: bool) -> None:
    assert scale_of("size_mb", 1.2, (0.4, 0.1), (0.4, largest)) == _Scale(logarithmic)


def test_what_any_prediction_costs_is_shown(study: Study, tmp_path: Path) -> None:
    write_front_page(study, tmp_path / "without.html")
    for i, trial in enumerate(study.pareto):
        latencies = {"A15": dataclasses.replace(trial.evaluation.estimate.latency, fixed_ms=0.15)}
        known = dataclasses.replace(trial.evaluation.estimate, latency_by_chip=latencies)
        study.pareto[i] = dataclasses.replace(trial, evaluation=dataclasses.replace(trial.evaluation, estimate=known))
    study.finished[:] = study.pareto
    write_front_page(study, tmp_path / "with.html")
    found = ["what any prediction costs" in (tmp_path / f"{name}.html").read_text() for name in ("without", "with")]
    assert found == [False, True]


def test_a_study_without_a_completed_trial_has_an_empty_table_page_and_picture(tmp_path: Path) -> None:
    study = Study.create_or_continue(tmp_path / "store", "empty", SETTINGS)
    for write, name in ((write_front_png, "f.png"), (write_front_page, "f.html"), (write_front_csv, "f.csv")):
        write(study, tmp_path / name)
    assert list(csv.DictReader((tmp_path / "f.csv").open())) == []
    page = (tmp_path / "f.html").read_text()
    assert "plotly" in page.casefold() and "trial 0" not in page
    with Image.open(tmp_path / "f.png") as image:
        assert (image.format, image.width >= 1000) == ("PNG", True)
