from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Run
from PIL import Image


@pytest.fixture
def unequal(tmp_path: Path) -> str:
    """A hundred healthy photos of noise and twenty sick ones, one of which is in both."""
    random = np.random.default_rng(0)
    for name, count in (("healthy", 100), ("sick", 20)):
        (tmp_path / "scans" / name).mkdir(parents=True)
        for number in range(count):
            image = Image.fromarray(random.integers(0, 256, (20, 20, 3), np.uint8))
            image.save(tmp_path / "scans" / name / f"{number}.png")
    (tmp_path / "scans/sick/19.png").write_bytes((tmp_path / "scans/healthy/3.png").read_bytes())
    return "images:scans"


def test_what_is_of_concern_is_listed_with_files_and_what_to_do(run: Run, unequal: str) -> None:
    code, out, _ = run("data", "check", unequal, "--fewest", "5", "--input", "3x32x32")
    assert code == 0
    lines = [line.strip() for line in out.splitlines()]
    assert lines[0] == "scans: images of 3x32x32, 2 classes"
    counts = {line.split()[0]: line.split()[1:] for line in lines if line.startswith(("healthy ", "sick ", "all "))}
    assert [sum(map(int, counts[name])) for name in ("healthy", "sick", "all")] == [100, 20, 120]
    assert "same input in two classes" in lines
    assert "healthy/3.png (healthy) = sick/19.png (sick)" in lines or (
        "sick/19.png (sick) = healthy/3.png (healthy)" in lines
    )
    assert "classes are unequal: healthy has 65 training images, sick 13" in " ".join(lines)
    assert lines[-1].endswith(" possible problems")


def test_json_is_all_that_is_printed(run: Run, unequal: str) -> None:
    code, out, _ = run("data", "check", unequal, "--json", "--fewest", "14")
    assert code == 0
    concerns = {one["check"]: one for one in json.loads(out)["concerns"]}
    assert concerns["few inputs of a class"]["affected"] == [["sick"]]


def test_strict_ends_with_1_where_something_is_of_concern(run: Run, unequal: str) -> None:
    assert run("data", "check", unequal, "--strict")[0] == 1
    code, out, _ = run("data", "check", "wrist_motion", "--strict")
    assert (code, out.splitlines()[-1]) == (0, "no problems found")


def test_of_many_classes_the_smallest_and_largest_are_shown(run: Run, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = np.append(np.repeat(np.arange(30), 5), 7)
    images = random.integers(0, 256, (len(labels), 8, 8), np.uint8)
    np.savez(tmp_path / "many.npz", train_x=images, train_y=labels, test_x=images[::5] // 2, test_y=labels[::5])
    out = run("data", "check", "many.npz")[1]
    rows = {line.split("  ")[1].strip(): line.split()[-3:] for line in out.splitlines() if " class  " in line}
    assert rows["smallest class"] == ["4", "1", "1"]
    assert rows["largest class"] == ["5", "1", "2"]
    assert "and 20 more: --json lists them" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("data check photos:here", "unknown data source 'photos:here'"),
        ("data check images:nowhere", "nowhere"),
        ("data check fashion_mnist --input 3x3", "--input '3x3': expected CxHxW"),
        ("data check fashion_mnist --space mobile_rnn", "did you mean"),
        ("data check wrist_motion --space mobile_cnn", "has series, not images"),
    ],
)
def test_a_mistake_is_one_line(refusal: Callable[..., str], words: str, said: str) -> None:
    assert said in refusal(*words.split())
