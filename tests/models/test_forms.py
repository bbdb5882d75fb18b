"""Forms of weights side by side: through the executor, and on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from anenas import AnenasError, load_data, load_program
from anenas.ane import get_chip
from anenas.cli import app
from anenas.coreml import convert, program_accuracy
from anenas.graph import forms
from anenas.models._forms import Comparison, load_test_data, marked, write_sweep
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r1_s2_c32_k3_relu-head_n3")
CLASSES = ("2", "0", "1")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweep") / "plain.mlpackage"
    network = Deployed(fuse(build(NETWORK)), Normalisation((0.4,), (0.3,)))
    convert(network, path, shape=NETWORK.input, classes=CLASSES)
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Random images, of classes in another order than the package's."""
    random = np.random.default_rng(0)
    arrays = {f"{split}_x": random.integers(0, 256, (30, 16, 16), np.uint8) for split in ("train", "test")}
    labels = {f"{split}_y": np.arange(30) % 3 for split in ("train", "test")}
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, **arrays, **labels)
    return str(path)


def test_a_form_is_seen_through_what_was_written(package: Path, tmp_path: Path) -> None:
    comparison = Comparison(package, get_chip("A15"))
    plain, made = comparison.plain(), comparison.of("palette2", tmp_path / "small.mlpackage")
    assert plain.difference == 0
    assert made.difference > 0
    assert made.bytes < plain.bytes
    assert made.latency.ms <= plain.latency.ms
    assert made.accuracy is None


def test_accuracy_is_that_of_the_program_on_the_test_images(package: Path, source: str) -> None:
    data = load_test_data(package, source)
    program = load_program(package)
    labels = program({"image": data.test.inputs.astype(np.float32)})["classLabel"]
    right = [label == data.classes[truth] for label, truth in zip(labels, data.test.labels, strict=True)]
    found = program_accuracy(package, data.test.inputs, data.test.labels, "fp32", classes=data.classes)
    assert found == np.mean(right)


def test_data_with_other_classes_are_refused(package: Path) -> None:
    with pytest.raises(AnenasError, match=r"does not know the class '.*'; it knows 2, 0, 1"):
        data = load_data(size=(16, 16))
        program_accuracy(package, data.test.inputs, data.test.labels, classes=data.classes)


def test_only_what_nothing_else_beats_is_on_the_front(package: Path, tmp_path: Path) -> None:
    comparison = Comparison(package, get_chip("A15"))
    names = ("fp16", "palette4", "palette2")
    results = marked([comparison.of(name, tmp_path / f"{name}.mlpackage") for name in names])
    assert all(result.on_front for result in results)
    worse = [*results, comparison.of("fp16", tmp_path / "again.mlpackage")]
    assert [result.on_front for result in marked(worse)] == [True, True, True, False]


def test_a_sweep_writes_a_table_and_a_figure(package: Path, tmp_path: Path) -> None:
    comparison = Comparison(package, get_chip("A15"))
    results = marked([comparison.of(name, tmp_path / f"{name}.mlpackage") for name in ("fp16", "int8")])
    table, data, picture = write_sweep(results, tmp_path)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["form"] for row in rows] == ["fp16", "int8"]
    assert [row["form"] for row in json.loads(data.read_text())] == ["fp16", "int8"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_compress_tells_before_and_after(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.mlpackage"
    found = json.loads(run("compress", package, "--to", "int4-block", "--out", out, "--chip", "A16", "--json"))
    assert (found["chip"], found["before"]["target"], found["after"]["target"]) == ("A16", "iOS16", "iOS18")
    assert found["after"]["bytes"] < found["before"]["bytes"]
    assert "needs iOS18, where iOS16 did before" in run("compress", package, "--to", "int4-block", "--out", out)


def test_compress_sweeps_every_form(package: Path, source: str, tmp_path: Path) -> None:
    found = json.loads(run("compress", package, "--sweep", "--data", source, "--out", tmp_path / "all", "--json"))
    assert [row["form"] for row in found["forms"]] == list(forms())
    assert all(0 <= row["accuracy"] <= 1 and Path(row["package"]).is_dir() for row in found["forms"])
    assert any(row["on_front"] for row in found["forms"])


@pytest.mark.parametrize("options", [(), ("--to", "int8"), ("--out", "x"), ("--to", "int8", "--sweep", "--out", "x")])
def test_compress_says_what_it_needs(package: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(AnenasError, match="expected a package, --out, and either --to FORM or --sweep"):
        run("compress", package, *options)


def test_forms_are_listed(package: Path) -> None:
    assert [row["form"] for row in json.loads(run("compress", "--list-forms", "--json"))] == list(forms())
    assert "palette4-grouped" in run("compress", "--list-forms")


def test_a_package_is_packed_and_restored_on_the_command_line(package: Path, tmp_path: Path) -> None:
    found = json.loads(run("pack", package, "--out", tmp_path / "archive", "--json"))
    size = (tmp_path / "archive").stat().st_size
    assert found["packed_bytes"] == size < found["bytes"] and found["files"] == 3
    assert f"bytes as {size:,}" in run("pack", package, "--out", tmp_path / "archive")
    run("unpack", tmp_path / "archive", "--out", tmp_path / "back.mlpackage")
    assert load_program(tmp_path / "back.mlpackage").classes == CLASSES
