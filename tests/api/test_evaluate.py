from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studies import trained_study
from tiny import write_tiny

import anenas
from anenas._errors import AnenasError
from anenas.coreml import Package, program_accuracy
from anenas.data import load_data
from anenas.search import PACKAGE, Study
from anenas.space import read_space

TRIALS = (
    "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n3",
    "1x1x16x16-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c64_k3_e4_relu-head_n3",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_tiny(folder, tests=63)
    data = str(folder / "data.npz")
    dataset = load_data(data, size=(16, 16), channels=1)
    trained_study(folder / "store", read_space(folder / "tiny.yaml"), dataset, data, TRIALS, epochs=1)
    return folder / "store"


def test_the_front_of_a_study_is_judged_on_its_own_test_inputs(store: Path) -> None:
    study, said = Study.load(store, "tiny"), list[str]()
    found = anenas.evaluate("tiny", split="test", store=store, on_model=said.append)
    dataset = load_data(study.data, size=(16, 16), channels=1)
    assert [one.model.split(" (")[0] for one in found] == [f"trial {trial.number}" for trial in study.front]
    assert said == [one.model for one in found]
    for one, trial in zip(found, study.front, strict=True):
        package = Package.open(study.shipped_folder(trial) / PACKAGE)
        assert one.report.accuracy.value == program_accuracy(package, dataset.test.inputs, dataset.test.labels)
        assert (one.split, len(one.report), one.report.classes) == ("test", 63, ("0", "1", "2"))


def test_one_of_a_study_is_judged_on_another_split(store: Path) -> None:
    (one,) = anenas.evaluate("tiny", pick=1, split="validation", store=store)
    trial = Study.load(store, "tiny").completed[1]
    assert (one.split, len(one.report)) == ("validation", trial.evaluation.held_out)
    assert one.report.accuracy.value == pytest.approx(trial.evaluation.score, abs=0.05)  # of the network in float32


def test_until_a_search_has_tested_something_its_validation_inputs_are_looked_at(store: Path) -> None:
    found = anenas.evaluate("tiny", store=store)
    assert {one.split for one in found} == {"validation"}
    assert found[0].notes[-1] == "The search has tested no model yet; it does so at its end."


def test_a_study_is_judged_on_other_data(store: Path, tmp_path: Path) -> None:
    images = np.full((5, 16, 16), 220, np.uint8)
    np.savez(tmp_path / "new.npz", train_x=images, train_y=np.arange(5) % 3, test_x=images, test_y=np.full(5, 2))
    (one,) = anenas.evaluate("tiny", str(tmp_path / "new.npz"), pick=0, store=store)
    assert (one.split, len(one.report), one.report.without_inputs) == ("test", 5, ("0", "1"))


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("tiny", {"split": "all"}, "`all` of the study's own data includes its training data"),
        ("tiny", {"split": "tests"}, "unknown split 'tests'; did you mean test"),
        ("tiny", {"pick": "smartest"}, "there is no pick 'smartest'"),
        ("tinny", {}, "unknown study 'tinny'; did you mean tiny"),
        ("timm:resnet18", {}, "timm:resnet18 is not an exported model; expected a .mlpackage, a folder with"),
        ("no.mlpackage", {}, "no.mlpackage is not an exported model"),
        (".", {}, ". is not an exported model"),
    ],
)
def test_what_cannot_be_evaluated_is_told(model: str, options: dict[str, str], message: str, store: Path) -> None:
    with pytest.raises(AnenasError, match=message):
        anenas.evaluate(model, store=store, **options)  # type: ignore[arg-type]


def test_a_package_needs_data_and_is_no_study_to_pick_from(store: Path, tmp_path: Path) -> None:
    study = Study.load(store, "tiny")
    folder = study.shipped_folder(study.completed[0])
    with pytest.raises(AnenasError, match="name the `data` to evaluate"):
        anenas.evaluate(folder)
    with pytest.raises(AnenasError, match="`pick` is only for studies"):
        anenas.evaluate(folder, study.data, pick="knee")
    with pytest.raises(AnenasError, match="there is no tiny and no study in"):
        anenas.evaluate("tiny", store=tmp_path)
