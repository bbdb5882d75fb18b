from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Run
from PIL import Image
from trained import export, trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package, and pictures of two of its classes beside it."""
    folder = tmp_path_factory.mktemp("exported")
    export(trained(), folder)
    random = np.random.default_rng(0)
    for name in ("a", "c"):
        (folder / "photos" / name).mkdir(parents=True)
        for i in range(5):
            pixels = random.integers(0, 256, (16, 16), np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / name / f"{i}.png")
    return folder


def test_a_package_is_evaluated_in_words_and_files(run: Run, folder: Path) -> None:
    source = f"images:{folder / 'photos'}"
    code, out, err = run("evaluate", folder / "m.mlpackage", "--data", source, "--out", "report")
    assert (code, err) == (0, "")
    assert "all 10 images" in " ".join(out.split())
    assert "balanced accuracy" in out and "most confidently wrong" in out
    assert "2 classes have no inputs and are not in the averages: b, d" in out
    assert out.endswith("wrote report/report.html, with JSON and figures beside it\n")
    written = {"report.html", "report.json", "confusion.png", "calibration.png"}
    assert {file.name for file in Path("report").iterdir()} == written


def test_json_is_all_that_is_printed(run: Run, folder: Path) -> None:
    found = run("evaluate", folder / "m.mlpackage", "--data", f"images:{folder / 'photos'}", "--json")
    told = json.loads(found.out)
    assert (told["inputs"], told["split"], [one["support"] for one in told["classes"]]) == (10, "all", [5, 0, 5, 0])
    assert {one["file"].split("/")[0] for one in told["most_wrong"]} <= {"a", "c"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", "name the --data to evaluate"),
        ("--data fashion_mnist", "has no class 'Ankle boot'"),
        ("--data fashion_mnist --split tests", "unknown split 'tests'"),
        ("--data fashion_mnist --pick knee", "--pick is only for studies"),
    ],
)
def test_a_mistake_is_one_line(refusal: Callable[..., str], folder: Path, options: str, expected: str) -> None:
    assert expected in refusal("evaluate", folder / "m.mlpackage", *options.split())
