from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from trained import CLASSES, export, trained

from anenas._errors import AnenasError
from anenas.coreml import Package, convert
from anenas.models import evaluate_package, find_package
from anenas.report.evaluation import LabelReport, NumberReport
from anenas.tasks import MULTILABEL, REGRESSION


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return export(trained(), tmp_path_factory.mktemp("exported"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of pictures of three of the four classes, in another order than the model's when sorted by number."""
    random = np.random.default_rng(0)
    for place, name in enumerate(("d", "a", "c")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(6):
            pixels = random.integers(0, 150, (16, 16)) + 45 * place
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


def test_the_report_is_of_what_the_program_answers_for_each_file(package: Package, photos: Path) -> None:
    found = evaluate_package(package.path, f"images:{photos}")
    report = found.report
    files = sorted(photos.rglob("*.png"))
    pixels = np.stack([np.asarray(Image.open(file), np.float32)[None] for file in files])
    answers = package.program("fp16")({"image": pixels})["classLabel"]
    assert report.classes == tuple(CLASSES)
    assert report.names == tuple(file.relative_to(photos).as_posix() for file in files)
    assert [report.classes[i] for i in report.predicted] == list(answers)
    assert [report.classes[i] for i in report.labels] == [file.parent.name for file in files]
    assert report.accuracy.value == np.mean([file.parent.name == one for file, one in zip(files, answers, strict=True)])
    assert report.without_inputs == ("b",)


def test_every_input_of_data_without_splits_counts_which_is_said(package: Package, photos: Path) -> None:
    found = evaluate_package(package.path, f"images:{photos}", model="mine")
    assert found.about == (
        f"images:{photos}: all 18 images, every result in float16",
        "The data have no test split of their own, so every one of the 18 images is used.",
    )
    held_out = evaluate_package(package.path, f"images:{photos}", "test")
    assert (held_out.split, len(held_out.report)) == ("test", 3)
    assert "it is what a search would make its test split" in held_out.about[1]


def test_files_that_cannot_be_read_are_left_out_where_that_is_asked_for(package: Package, photos: Path) -> None:
    (photos / "a" / "0.png").write_bytes(b"no picture")
    with pytest.raises(AnenasError, match=r"0\.png"):
        evaluate_package(package.path, f"images:{photos}")
    found = evaluate_package(package.path, f"images:{photos}", skip_broken=True)
    assert (len(found.report), "a/0.png" in (found.report.names or ())) == (17, False)


def test_inputs_that_it_may_have_learned_from_are_named(tmp_path: Path, photos: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 4), nn.Softmax(1)).eval()
    metadata = {"anenas.data": "photos"}
    package = convert(network, tmp_path / "m.mlpackage", shape=(1, 1, 16, 16), classes=CLASSES, metadata=metadata)
    (note,) = evaluate_package(package.path, f"images:{photos}", "all").notes
    assert "trained on data called photos" in note


def test_a_report_is_written_to_a_folder_that_is_made(package: Package, photos: Path, tmp_path: Path) -> None:
    found = evaluate_package(package.path, f"images:{photos}", model="mine")
    page, data, *_ = found.write(tmp_path / "new" / "report")
    written = json.loads(data.read_text())
    assert written == found.to_dict()
    assert (written["model"], written["split"], written["inputs"]) == ("mine", "all", 18)
    assert written["most_wrong"][0]["file"].endswith(".png")
    assert (photos / found.report.most_wrong()[0].file).as_uri() in page.read_text()  # type: ignore[operator]
    (tmp_path / "file").touch()
    with pytest.raises(AnenasError, match="cannot write the report to"):
        found.write(tmp_path / "file" / "report")


def test_a_class_that_the_model_does_not_know_is_told(package: Package, photos: Path) -> None:
    (photos / "a").rename(photos / "zebra")
    with pytest.raises(AnenasError, match=r"has no class 'zebra'; it has a, b, c, d: use one of"):
        evaluate_package(package.path, f"images:{photos}")


def test_scores_that_are_no_probabilities_become_some_which_is_said(
    tmp_path: Path, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 4)).eval()
    package = convert(network, tmp_path / "m.mlpackage", shape=(1, 1, 16, 16), classes=CLASSES)
    caplog.set_level(logging.INFO, "anenas")
    found = evaluate_package(package.path, f"images:{photos}", model="mine")
    np.testing.assert_allclose(found.report.scores.sum(1), 1, rtol=1e-5)
    assert "the scores of mine are not probabilities; their softmax is used" in caplog.text


def test_a_classifier_of_others_is_known_by_its_labels(package: Package, photos: Path, tmp_path: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 4), nn.Softmax(1)).eval()
    other = convert(network, tmp_path / "m.mlpackage", shape=(1, 1, 16, 16), classes=CLASSES)
    del other.model.description.metadata.userDefined["classes"]
    other.model_file.write_bytes(other.model.SerializeToString())
    assert evaluate_package(other.path, f"images:{photos}").report.classes == tuple(CLASSES)


def numbers_of(photos: Path, *names: str) -> str:
    """A table of the pictures, with numbers of those names, each a power of the mean of the pixels."""
    files = sorted(photos.rglob("*.png"))
    means = [float(np.asarray(Image.open(file)).mean()) for file in files]
    rows = [
        ",".join([str(file.relative_to(photos)), *(f"{mean ** (i + 1) + 0.5:.3f}" for i in range(len(names)))])
        for file, mean in zip(files, means, strict=True)
    ]
    (photos / "table.csv").write_text("\n".join([",".join(["path", *names]), *rows]) + "\n")
    return f"table:{photos / 'table.csv'}"


def test_numbers_are_judged_by_their_names_in_whatever_order(photos: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 2)).eval()
    names = ("square", "mean")
    package = convert(network, tmp_path / "m.mlpackage", shape=(1, 1, 16, 16), classes=names, task=REGRESSION)
    found = evaluate_package(package.path, numbers_of(photos, "mean", "square"), "all").report
    assert isinstance(found, NumberReport) and found.classes == names
    means = np.array([np.asarray(Image.open(photos / name)).mean() for name in found.names or ()])
    np.testing.assert_allclose(found.labels, np.stack([means**2, means], 1) + 0.5, rtol=1e-4)
    pixels = np.stack([np.asarray(Image.open(photos / one), np.float32)[None] for one in found.names or ()])
    told = package.program("fp16")({"image": pixels})
    for name, column in zip(names, found.scores.T, strict=True):
        np.testing.assert_allclose(column, told[name][:, 0], rtol=1e-5)


def test_several_classes_are_judged_each(photos: Path, tmp_path: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 3), nn.Sigmoid()).eval()
    names = ("light", "dark", "odd")
    package = convert(network, tmp_path / "m.mlpackage", shape=(1, 1, 16, 16), classes=names, task=MULTILABEL)
    files = sorted(photos.rglob("*.png"))
    cells = ["light|dark" if i % 2 else "dark" for i in range(len(files))]
    rows = [f"{file.relative_to(photos)},{cell}" for file, cell in zip(files, cells, strict=True)]
    (photos / "table.csv").write_text("\n".join(["path,label", *rows]))
    found = evaluate_package(package.path, f"table:{photos / 'table.csv'}").report
    assert isinstance(found, LabelReport)
    assert [one.support for one in found.by_class] == [9, 18, 0]
    assert found.remarks == ("no input belongs to these classes, which are not in the means: odd",)


def test_data_of_another_task_are_told(photos: Path, tmp_path: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 2)).eval()
    path = tmp_path / "m.mlpackage"
    package = convert(network, path, shape=(1, 1, 16, 16), classes=("cats", "dogs"), task=REGRESSION)
    with pytest.raises(AnenasError, match=r"photos has labels of classification, not of regression: labels must be fl"):
        evaluate_package(package.path, f"images:{photos}")
    with pytest.raises(AnenasError, match="has no class 'cows'"):
        evaluate_package(package.path, numbers_of(photos, "cows", "cats"))
    with pytest.raises(AnenasError, match="there is no column for the number 'dogs'; there are cats"):
        evaluate_package(package.path, numbers_of(photos, "cats"))


def test_a_package_is_found_by_its_path_and_by_a_folder_that_has_one(package: Package, tmp_path: Path) -> None:
    assert find_package(package.path) == package.path
    assert find_package(tmp_path) is None
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "model.mlpackage").symlink_to(package.path)
    assert find_package(str(tmp_path / "bundle")) == tmp_path / "bundle" / "model.mlpackage"
    assert find_package("no_study") is None
