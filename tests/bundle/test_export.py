from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import standin_macos
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import anenas
from anenas._errors import AnenasError
from anenas.bundle import Bundle, study_dataset
from anenas.coreml import Package
from anenas.data import Dataset, load_data
from anenas.mil import load_program
from anenas.search import PACKAGE, WEIGHTS, SearchSettings, Study
from anenas.space import Architecture

FILES = {
    "Classifier.swift", "README.md", "bundle.json", "kit", "labels.txt", "model.mlpackage", "network.py",
    "test_vectors", "weights.safetensors", "checkpoint.safetensors", "confusion.png",
}  # fmt: skip


@pytest.fixture(scope="session")
def bundle(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return anenas.export("tiny", tmp_path_factory.mktemp("bundles") / "b", pick=2, store=store)


def data_of(store: Path) -> Path:
    return store.parent / "data.npz"


def test_a_bundle_holds_everything_and_its_figures_are_those_of_its_files(bundle: Bundle, study: Study) -> None:
    assert {file.name for file in bundle.path.iterdir()} == FILES
    assert list(bundle.path.parent.iterdir()) == [bundle.path]
    written, kept = Package.open(bundle.path / "model.mlpackage"), Package.open(study.trial_folder(2) / PACKAGE)
    assert written.model.mlProgram == kept.model.mlProgram
    record = next(record for record in study.completed if record.number == 2)
    assert bundle.validation_score == record.evaluation.score
    assert bundle.latency_ms == record.evaluation.estimate.latency.ms
    assert bundle.size_mb == written.bytes / 1e6
    assert (bundle.trial, bundle.picked, bundle.chip, bundle.epochs) == (2, "trial 2", "A15", 10)
    figures = json.loads((bundle.path / "bundle.json").read_text())
    assert figures == json.loads(json.dumps({k: v for k, v in bundle.to_dict().items() if k != "path"}))
    assert (bundle.path / "labels.txt").read_text() == "0\n1\n2\n"


def test_the_card_tells_each_class_and_shows_what_is_confused(bundle: Bundle) -> None:
    card = (bundle.path / "README.md").read_text()
    assert re.search(
        r"\n\| class \| inputs \| precision \| recall \| 95 % interval .*\|\n\|[-|]+\n(\| \d \| 21 \|.*\|\n){3}\n",
        card,
    )
    assert "(confusion.png)" in card and "nan" not in card
    assert re.search(r"balanced accuracy [\d.]+% \([\d.]+–[\d.]+%\), macro F1 ", card)
    assert (bundle.path / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_the_accuracy_is_that_of_the_exported_program(bundle: Bundle, store: Path) -> None:
    test = load_data(str(data_of(store)), size=(16, 16), channels=1).test
    labels = load_program(bundle.path / "model.mlpackage", "fp16")({"image": test.inputs})["classLabel"]
    assert bundle.test_count == 63
    assert bundle.test_score == np.mean([int(label) for label in labels] == test.labels)


def test_the_program_was_held_against_the_network(bundle: Bundle) -> None:
    assert bundle.verified.passed
    assert bundle.verified.samples == 63
    (fp32,), (fp16,) = bundle.verified.fp32, bundle.verified.fp16
    assert fp32.largest < 1e-4
    assert fp32.largest < fp16.largest < 0.05
    assert fp16.top1 is not None and fp16.top1 > 0.95


def test_the_network_needs_neither_anenas_nor_timm_and_answers_as_the_vectors_say(bundle: Bundle) -> None:
    blocked = (
        "import runpy, sys\n"
        "sys.modules.update(anenas=None, timm=None)\n"
        "runpy.run_path('network.py', run_name='__main__')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", blocked], cwd=bundle.path, capture_output=True, text=True, env={"OMP_NUM_THREADS": "1"}
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("16 images, largest difference")


def test_the_network_notices_other_weights(bundle: Bundle, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle.path, tmp_path / "copy")
    weights = load_file(copy / "weights.safetensors")
    weights["head_1.bias"] += torch.tensor([1.0, 0.0, 0.0])
    save_file(weights, copy / "weights.safetensors")
    ran = subprocess.run([sys.executable, "network.py"], cwd=copy, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert re.match(r"16 images, largest difference of a probability [1-9]", ran.stdout)


def test_vectors_are_what_the_program_makes_of_test_images(bundle: Bundle) -> None:
    vectors = bundle.path / "test_vectors"
    with np.load(vectors / "inputs.npz") as inputs, np.load(vectors / "program.npz") as expected:
        assert inputs["image"].shape == (16, 1, 16, 16)
        found = load_program(bundle.path / "model.mlpackage", "fp16")(dict(inputs))
        assert set(found) == set(expected.files)
        assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_the_kit_knows_what_to_expect(bundle: Bundle) -> None:
    (entry,) = json.loads((bundle.path / "kit" / "kit.json").read_text())["models"]
    assert (bundle.path / "kit" / entry["expected"]).is_file()
    assert (bundle.path / "kit" / entry["package"]).is_dir()


def test_the_card_says_what_is_known_and_how(bundle: Bundle, study: Study) -> None:
    card = (bundle.path / "README.md").read_text()
    for said in (
        "trial 2 of the study `tiny`",
        "`image`: a grey image of 16×16 pixels",
        "`classLabel_probs`",
        f"| 48 validation images | {bundle.validation_score:.2%} |",
        f"| 63 test images | {bundle.test_score:.2%} |",
        "- 63 test images: 21 of each of 3 classes\n",
        "An image of other proportions is scaled to cover 16×16 and cropped to its centre, as in training; "
        "`Classifier.swift` does this.\n",
        f"{bundle.latency_ms:.3f} ms on A15",
        "it was not measured on a device",
        "iOS 16",
        "Trained for 10 epochs on",
        "Core ML itself has not run the model",
    ):
        assert said in card
    assert "{" not in card and "model.mlmodelc`" not in card
    for finding in bundle.findings:
        assert finding.split()[1] in card


def test_all_files_may_be_read_by_those_who_may_read_the_card(bundle: Bundle) -> None:
    modes = {file.stat().st_mode for file in bundle.path.rglob("*") if file.is_file()}
    assert modes == {(bundle.path / "README.md").stat().st_mode}


def test_training_anew_is_told_and_leaves_the_study_as_it_was(store: Path, study: Study, tmp_path: Path) -> None:
    before = Package.open(study.trial_folder(0) / PACKAGE).digest
    steps: list[tuple[int, int]] = []
    bundle = anenas.export(
        "tiny", tmp_path / "b", pick=0, final_epochs=3, store=store, on_step=lambda *step: steps.append(step)
    )
    assert steps == [(step, 18) for step in range(1, 19)]  # 192 images in batches of 32
    assert (bundle.epochs, bundle.searched_epochs) == (3, 10)
    assert Package.open(study.trial_folder(0) / PACKAGE).digest == before
    assert Package.open(bundle.path / "model.mlpackage").digest != before
    card = (bundle.path / "README.md").read_text()
    assert (
        "Trained for 3 epochs on the training images, from scratch, for this export (the search trained for 10)" in card
    )
    assert {file.name for file in tmp_path.iterdir()} == {"b"}


def test_on_macos_core_ml_compiles_it_too(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "commands").mkdir()
    standin_macos.install(monkeypatch, tmp_path / "commands")
    bundle = anenas.export("tiny", tmp_path / "b", pick=0, store=store)
    assert bundle.compiled
    assert (tmp_path / "b" / "model.mlmodelc").is_symlink()  # the stand-in's
    assert "| `model.mlmodelc` | the same, compiled by Core ML |" in (tmp_path / "b" / "README.md").read_text()


def test_where_core_ml_refuses_the_bundle_goes_without(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: str) -> str:
        raise RuntimeError("the stand-in refuses this model")

    (tmp_path / "commands").mkdir()
    standin_macos.install(monkeypatch, tmp_path / "commands")
    monkeypatch.setattr(standin_macos.ModelProxy, "compileModel", staticmethod(refuse))
    caplog.set_level("INFO", "anenas")
    bundle = anenas.export("tiny", tmp_path / "b", pick=0, store=store)
    assert not bundle.compiled
    assert "Core ML could not compile model.mlpackage: the stand-in refuses this model" in caplog.messages


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"study": "tinny"}, "unknown study 'tinny'; did you mean tiny"),
        ({"pick": "best"}, "there is no pick 'best'"),
        ({"form": "palette5"}, "unknown form 'palette5'; did you mean palette"),
        ({"final_epochs": 0}, "`final_epochs` must be 1 or more, got 0"),
        ({"data": "nowhere.npz"}, "the study's images cannot be read"),
        ({"data": "fashion_mnist"}, "is not what tiny was trained on"),
    ],
)
def test_a_mistake_writes_nothing(store: Path, tmp_path: Path, changes: dict[str, object], message: str) -> None:
    options = {"study": "tiny", "out": tmp_path / "b", "store": store} | changes
    with pytest.raises(AnenasError, match=message):
        anenas.export(**options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(store: Path, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("kept")
    with pytest.raises(AnenasError, match="b exists already; name another folder"):
        anenas.export("tiny", tmp_path / "b", store=store)
    assert (tmp_path / "b").read_text() == "kept"


def test_images_that_have_moved_can_be_named(store: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(store.parent, tmp_path / "elsewhere")
    study = Study.load(moved / "store", "tiny")
    study.note_data(str(tmp_path / "gone" / "data.npz"))
    with pytest.raises(AnenasError, match="pass their new location as `data`"):
        anenas.export("tiny", tmp_path / "b", store=moved / "store")
    assert anenas.export("tiny", tmp_path / "b", store=moved / "store", data=str(moved / "data.npz")).test_count == 63


def test_a_trial_whose_weights_are_others_is_not_shipped(store: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(store.parent, tmp_path / "elsewhere")
    study = Study.load(moved / "store", "tiny")
    file = study.trial_folder(0) / WEIGHTS
    weights = load_file(file)
    weights["head.1.bias"] += torch.tensor([3.0, 0.0, 0.0])
    save_file(weights, file)
    with pytest.raises(AnenasError, match="the exported program is not the trained network"):
        anenas.export("tiny", tmp_path / "b", pick=0, store=moved / "store")
    assert not (tmp_path / "b").exists()


def test_a_package_that_was_dropped_is_made_again_from_the_weights(store: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(store.parent, tmp_path / "elsewhere")
    study = Study.load(moved / "store", "tiny")
    before = anenas.export("tiny", tmp_path / "before", pick=0, store=moved / "store")
    shutil.rmtree(study.trial_folder(0) / PACKAGE)
    after = anenas.export("tiny", tmp_path / "after", pick=0, store=moved / "store")
    assert (after.test_score, after.size_mb) == (before.test_score, before.size_mb)
    (study.trial_folder(0) / WEIGHTS).unlink()
    with pytest.raises(AnenasError, match="trial 0 of tiny has lost its files"):
        anenas.export("tiny", tmp_path / "b", pick=0, store=moved / "store")
    assert not (tmp_path / "b").exists()


def test_compressed_weights_are_told_with_their_figures(store: Path, bundle: Bundle, tmp_path: Path) -> None:
    small = anenas.export("tiny", tmp_path / "b", pick=2, form="palette4", store=store)
    assert (small.form, bundle.form) == ("palette4", "fp16")
    assert small.size_mb < bundle.size_mb
    assert Package.open(tmp_path / "b" / "model.mlpackage").stored_forms == ["palette4"]
    (now,), (before,) = small.verified.fp32, bundle.verified.fp32
    assert now.largest > 10 * before.largest
    card = (tmp_path / "b" / "README.md").read_text()
    assert "stored as palette4" in card and "before the weights were compressed to palette4" in card
    with np.load(tmp_path / "b" / "test_vectors" / "program.npz") as expected:
        with np.load(tmp_path / "b" / "test_vectors" / "inputs.npz") as inputs:
            found = load_program(tmp_path / "b" / "model.mlpackage", "fp16")(dict(inputs))
        assert np.array_equal(found["classLabel_probs"], expected["classLabel_probs"])


def test_8_bit_activations_are_trained_for(store: Path, study: Study, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    bundle = anenas.export(
        "tiny", tmp_path / "b", pick=2, form="w8a8", store=store, on_step=lambda *step: steps.append(step)
    )
    assert steps == [(step, 12) for step in range(1, 13)]  # a quarter of ten epochs, of 192 images in batches of 32
    assert (bundle.form, bundle.architecture) == ("w8a8", f"{study.completed[2].architecture}@w8a8")
    package = Package.open(tmp_path / "b" / "model.mlpackage")
    assert package.stored_forms == ["int8"] and "quantize" in {op.kind for op in package.graph.ops}
    assert bundle.test_score > 0.9
    card = (tmp_path / "b" / "README.md").read_text()
    assert "for iOS 17 and later" in card and "compute with 8-bit integers" in card


def test_training_anew_in_a_form_ships_that_form(store: Path, tmp_path: Path) -> None:
    bundle = anenas.export("tiny", tmp_path / "b", pick=2, form="palette4-grouped", final_epochs=2, store=store)
    assert (bundle.form, bundle.epochs) == ("palette4-grouped", 2)
    assert Package.open(tmp_path / "b" / "model.mlpackage").stored_forms == ["palette4"]
    assert "for iOS 18 and later" in (tmp_path / "b" / "README.md").read_text()


OF_PETS = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n2")


def write_pets(path: Path) -> None:
    for i, name in itertools.product(range(10), ("cat", "dog")):
        (path / "pets" / name).mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16), i * 20).save(path / "pets" / name / f"{i}.png")


def study_of_pets(path: Path, *, skip_broken: bool) -> tuple[Study, Dataset]:
    dataset = load_data(f"images:{path / 'pets'}", size=(16, 16), skip_broken=skip_broken)
    data = f"{dataset.name} {dataset.fingerprint[:12]}"
    settings = SearchSettings({"accuracy": 0.0}, data=data, input_shape=(1, 16, 16), skip_broken=skip_broken)
    study = Study.create_or_continue(path / "store", "pets", settings)
    study.note_data(f"images:{path / 'pets'}")
    return study, dataset


def test_images_that_a_search_went_on_without_are_left_out_again(tmp_path: Path) -> None:
    write_pets(tmp_path)
    (tmp_path / "pets" / "cat" / "3.png").write_bytes(b"")
    study, dataset = study_of_pets(tmp_path, skip_broken=True)
    assert study_dataset(study, None, OF_PETS).fingerprint == dataset.fingerprint
    (tmp_path / "pets" / "cat" / "4.png").write_bytes(b"")
    with pytest.raises(AnenasError, match="is not what pets was trained on"):
        study_dataset(study, None, OF_PETS)


def test_images_that_broke_since_a_search_must_be_repaired(tmp_path: Path) -> None:
    write_pets(tmp_path)
    study, _ = study_of_pets(tmp_path, skip_broken=False)
    (tmp_path / "pets" / "cat" / "4.png").write_bytes(b"")
    with pytest.raises(
        AnenasError, match=r"4\.png' cannot be read as an image \(it is empty\); repair it \(pass their"
    ):
        study_dataset(study, None, OF_PETS)


def test_a_test_set_that_was_given_by_name_is_read_again(tmp_path: Path) -> None:
    for folder, name, i in itertools.product(("home", "field"), ("cat", "dog"), range(6)):
        (tmp_path / folder / name).mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16), i * 20 + len(folder)).save(tmp_path / folder / name / f"{i}.png")
    names = {"train": f"images:{tmp_path / 'home'}", "test": f"images:{tmp_path / 'field'}"}
    dataset = load_data(names, size=(16, 16))
    settings = SearchSettings({"accuracy": 0.0}, data=f"home {dataset.fingerprint[:12]}", input_shape=(1, 16, 16))
    Study.create_or_continue(tmp_path / "store", "pets", settings).note_data(names)
    study = Study.load(tmp_path / "store", "pets")
    architecture = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n2")
    assert study_dataset(study, None, architecture).test.names == dataset.test.names
    (tmp_path / "moved").mkdir()
    (tmp_path / "home").rename(tmp_path / "moved" / "home")
    assert (
        study_dataset(study, f"images:{tmp_path / 'moved' / 'home'}", architecture).fingerprint == dataset.fingerprint
    )
