from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas import AnenasError, load_data
from anenas.coreml import Package, convert, program_accuracy
from anenas.latency import Target
from anenas.models._forms import Comparison, load_test_data, marked, write_sweep
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r1_s2_c32_k3_relu-head_n3")
CLASSES = ("2", "0", "1")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    path = tmp_path_factory.mktemp("sweep") / "plain.mlpackage"
    network = Deployed(fuse(build(NETWORK)), Normalisation((0.4,), (0.3,)))
    return convert(network, path, shape=NETWORK.input, classes=CLASSES)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Random images, of classes in another order than the package's."""
    random = np.random.default_rng(0)
    arrays = {f"{split}_x": random.integers(0, 256, (30, 16, 16), np.uint8) for split in ("train", "test")}
    labels = {f"{split}_y": np.arange(30) % 3 for split in ("train", "test")}
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, **arrays, **labels)
    return str(path)


def test_a_form_is_seen_through_what_was_written(package: Package, tmp_path: Path) -> None:
    comparison = Comparison(package, Target.named("A15"))
    plain, made = comparison.plain(), comparison.of("palette2", tmp_path / "small.mlpackage")
    assert plain.difference == 0
    assert made.difference > 0
    assert made.bytes < plain.bytes
    assert made.latency.ms <= plain.latency.ms
    assert made.accuracy is None


def test_accuracy_is_that_of_the_program_on_the_test_images(package: Package, source: str) -> None:
    data = load_test_data(package, source)
    program = package.program()
    labels = program({"image": data.test.inputs.astype(np.float32)})["classLabel"]
    right = [label == data.classes[truth] for label, truth in zip(labels, data.test.labels, strict=True)]
    found = program_accuracy(package, data.test.inputs, data.test.labels, "fp32", classes=data.classes)
    assert found == np.mean(right)


def test_data_with_other_classes_are_refused(package: Package) -> None:
    with pytest.raises(AnenasError, match=r"has no class '.*'; it has 2, 0, 1"):
        data = load_data(size=(16, 16))
        program_accuracy(package, data.test.inputs, data.test.labels, classes=data.classes)


def test_only_what_nothing_else_beats_is_on_the_front(package: Package, tmp_path: Path) -> None:
    comparison = Comparison(package, Target.named("A15"))
    names = ("fp16", "palette4", "palette2")
    results = marked([comparison.of(name, tmp_path / f"{name}.mlpackage") for name in names])
    assert all(result.on_front for result in results)
    worse = [*results, comparison.of("fp16", tmp_path / "again.mlpackage")]
    assert [result.on_front for result in marked(worse)] == [True, True, True, False]


def test_a_sweep_writes_a_table_and_a_figure(package: Package, tmp_path: Path) -> None:
    comparison = Comparison(package, Target.named("A15"))
    results = marked([comparison.of(name, tmp_path / f"{name}.mlpackage") for name in ("fp16", "int8")])
    table, data, picture = write_sweep(results, tmp_path)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["form"] for row in rows] == ["fp16", "int8"]
    assert [row["form"] for row in json.loads(data.read_text())] == ["fp16", "int8"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_table_gives_a_model_of_series_the_columns_that_it_has_learnt_from(tmp_path: Path) -> None:
    architecture = Architecture.parse("1x2x1x64-tcn_r1_s2_c16_k3_d1_relu-head_n2")
    network = Deployed(fuse(build(architecture)), Normalisation((0.0, 0.0), (1.0, 1.0)))
    columns = {"columns": json.dumps(["x", "spare"])}
    made = convert(network, tmp_path / "s.mlpackage", shape=architecture.input, classes=("a", "b"), metadata=columns)
    rows = [[f"w{w}", "ab"[w % 2], 5, w % 3 - t, t * w] for w in range(20) for t in range(64)]
    with (tmp_path / "field.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["window", "label", "spare", "y", "x"], *rows])
    data = load_test_data(made, str(tmp_path / "field.csv"))
    assert (data.test.inputs[:, 1] == 5).all()  # what a search would leave out
    assert set(data.test.inputs[:, 0, 0, 1]) <= set(range(20))


def test_images_of_16_bits_are_scaled_by_the_range_that_the_model_was_trained_with(tmp_path: Path) -> None:
    network = Deployed(fuse(build(NETWORK)), Normalisation((0.4,), (0.3,)))
    ranges = {"ranges": json.dumps([["integer", 0, 65535]])}
    made = convert(network, tmp_path / "m.mlpackage", shape=NETWORK.input, classes=CLASSES, metadata=ranges)
    for i in range(12):
        (tmp_path / "field" / CLASSES[i % 3]).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(np.full((16, 16), 2570, np.uint16))  # alone they would be taken for 12 bits
        image.save(tmp_path / "field" / CLASSES[i % 3] / f"{i}.png")
    assert (load_test_data(made, f"images:{tmp_path / 'field'}").test.inputs == 10).all()
