from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Run

from anenas.coreml import convert
from anenas.graph import weight_formats
from anenas.mil import load_program
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-conv_r1_s2_c32_k3_relu-head_n3")
CLASSES = ("2", "0", "1")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compress") / "plain.mlpackage"
    network = Deployed(fuse(build(NETWORK)), Normalisation((0.4,), (0.3,)))
    convert(network, path, shape=NETWORK.input, classes=CLASSES)
    return path


def test_before_and_after_are_told(run: Run, package: Path) -> None:
    arguments = ("compress", package, "--to", "int4-block", "--out", "small.mlpackage", "--chip", "A16")
    found = json.loads(run(*arguments, "--json").out)
    assert (found["chip"], found["before"]["target"], found["after"]["target"]) == ("A16", "iOS16", "iOS18")
    assert found["after"]["bytes"] < found["before"]["bytes"]
    shown = run(*arguments).out
    assert "needs iOS18; before, iOS16 was enough" in shown
    assert shown.endswith("wrote small.mlpackage\n")


def test_a_sweep_tries_every_form_and_measures_each_on_the_data(run: Run, package: Path) -> None:
    random = np.random.default_rng(0)
    arrays = {f"{split}_x": random.integers(0, 256, (30, 16, 16), np.uint8) for split in ("train", "test")}
    np.savez("images.npz", **arrays, train_y=np.arange(30) % 3, test_y=np.arange(30) % 3)
    found = json.loads(run("compress", package, "--sweep", "--data", "images.npz", "--out", "all", "--json").out)
    assert [row["form"] for row in found["forms"]] == list(weight_formats())
    assert all(0 <= row["accuracy"] <= 1 and Path(row["package"]).is_dir() for row in found["forms"])
    assert any(row["on_front"] for row in found["forms"])


@pytest.mark.parametrize("options", ["", "--to int8", "--out x", "--to int8 --sweep --out x"])
def test_what_it_needs_is_said(refusal: Callable[..., str], package: Path, options: str) -> None:
    assert "expected a package, --out, and either --to FORM or --sweep" in refusal(
        "compress", package, *options.split()
    )


def test_forms_are_listed(run: Run) -> None:
    assert [row["form"] for row in json.loads(run("compress", "--list-forms", "--json").out)] == list(weight_formats())
    shown = run("compress", "--list-forms").out
    assert all(f"\n  {form} " in shown for form in weight_formats())


def test_a_package_is_packed_and_restored(run: Run, package: Path) -> None:
    found = json.loads(run("pack", package, "--out", "archive", "--json").out)
    assert found["packed_bytes"] == Path("archive").stat().st_size < found["bytes"]
    assert f"{found['bytes']:,} bytes as {found['packed_bytes']:,}" in run("pack", package, "--out", "archive").out
    assert run("unpack", "archive", "--out", "back.mlpackage").code == 0
    assert load_program("back.mlpackage").classes == CLASSES
