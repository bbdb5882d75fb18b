"""What is chosen by validation and reported by the test: on data where the two differ, and where one is not there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pretend import PretendEvaluator
from unlike import unlike_splits

from anenas.coreml import Package, program_scores
from anenas.data import CHOOSING, Dataset, Split
from anenas.latency import Target
from anenas.search import (
    PACKAGE,
    WEIGHTS,
    Evaluation,
    Problem,
    Study,
    TrainingEvaluator,
    TrialFiles,
    make_sampler,
)
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c32_k3_e2_relu-head_n3")
EVALUATOR = TrainingEvaluator((Target.named("A15"),), epochs=4, device="cpu")
Trained = Callable[[str], tuple[Evaluation, TrialFiles, Dataset]]


def trial(dataset: Dataset, folder: Path, form: str = "fp16") -> tuple[Evaluation, TrialFiles]:
    dataset.save(folder / "data")
    (folder / "trial").mkdir()
    files = TrialFiles(folder / "trial", folder / "data")
    return EVALUATOR.evaluate(dataclasses.replace(NETWORK, form=form), files), files


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    known: dict[str, tuple[Evaluation, TrialFiles, Dataset]] = {}

    def trained(form: str) -> tuple[Evaluation, TrialFiles, Dataset]:
        if form not in known:
            dataset = unlike_splits()
            known[form] = (*trial(dataset, tmp_path_factory.mktemp("unlike"), form), dataset)
        return known[form]

    return trained


def right(package: Path, split: Split) -> float:
    return float(np.mean(program_scores(Package.open(package), split.inputs).argmax(1) == split.labels))


@pytest.mark.parametrize("form", ["fp16", "palette4"])
def test_a_trial_is_judged_on_validation_and_tested_on_the_test(form: str, trained: Trained) -> None:
    evaluation, files, dataset = trained(form)
    held_out, test = (right(files.folder / PACKAGE, split) for split in (dataset.validation, dataset.test))
    assert abs(held_out - test) > 0.2  # or what follows proves nothing
    assert (evaluation.score, evaluation.held_out) == (held_out, len(dataset.validation))
    assert EVALUATOR.test(dataclasses.replace(NETWORK, form=form), files) == test


def test_a_trial_is_the_same_whatever_the_test_split_holds(trained: Trained, tmp_path: Path) -> None:
    evaluation, files, dataset = trained("fp16")
    other = Split(255 - dataset.test.inputs[:7], 2 - dataset.test.labels[:7])
    found, found_files = trial(dataclasses.replace(dataset, test=other), tmp_path)
    assert dataclasses.replace(found, seconds=evaluation.seconds) == evaluation
    assert (found_files.folder / WEIGHTS).read_bytes() == (files.folder / WEIGHTS).read_bytes()
    assert EVALUATOR.test(NETWORK, found_files) != EVALUATOR.test(NETWORK, files)


def test_what_chooses_holds_no_test_inputs_and_what_tests_no_others(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, files, dataset = trained("fp16")
    opened: list[dict[str, int]] = []
    whole = Dataset.open.__func__  # type: ignore[attr-defined]

    def noted(cls: type[Dataset], *arguments: object) -> Dataset:
        found: Dataset = whole(cls, *arguments)
        opened.append({name: len(getattr(found, name)) for name in ("train", "validation", "test")})
        return found

    monkeypatch.setattr(Dataset, "open", classmethod(noted))
    choosing = {"train": len(dataset.train), "validation": len(dataset.validation), "test": 0}
    begun = TrialFiles(tmp_path, files.data, files.folder / WEIGHTS)
    EVALUATOR.evaluate(NETWORK, begun, 0.1)
    EVALUATOR.finish(NETWORK, begun, [1])
    assert opened == [choosing, choosing]
    EVALUATOR.test(NETWORK, files)
    assert opened[2:] == [{"train": 0, "validation": 0, "test": len(dataset.test)}]


def test_splits_that_are_not_asked_for_hold_nothing_of_the_same_shape(tmp_path: Path) -> None:
    dataset = unlike_splits()
    dataset.save(tmp_path)
    chosen = Dataset.open(tmp_path, CHOOSING)
    assert (len(chosen.train), len(chosen.validation), len(chosen.test)) == (240, 60, 0)
    assert (chosen.test.inputs.shape, chosen.test.labels.dtype) == ((0, 1, 16, 16), dataset.test.labels.dtype)
    assert (chosen.input_shape, chosen.fingerprint, chosen.mean) == (
        dataset.input_shape, dataset.fingerprint, dataset.mean,
    )  # fmt: skip


def test_a_test_accuracy_changes_nothing_that_the_trial_has_left(study: Study, problem: Problem) -> None:
    trial = study.ask(make_sampler("random", 0), problem)
    evaluation = PretendEvaluator().evaluate(trial.architecture, TrialFiles(study.workspace(trial)))
    study.complete(trial, evaluation, {})
    folder = study.shipped_folder(study.completed[0])

    def left() -> dict[Path, tuple[int, int, bytes]]:
        files = [file for file in folder.rglob("*") if file.is_file()]
        return {file: (file.stat().st_ino, file.stat().st_mtime_ns, file.read_bytes()) for file in files}

    before = left()
    study.set_test_score(0, 0.125)
    assert before and left() == before
    assert (study.completed[0].test_score, study.completed[0].evaluation) == (0.125, evaluation)
