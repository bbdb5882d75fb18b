from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from anenas.cli.screen import print_evaluated, print_evaluations
from anenas.inputs import IMAGES
from anenas.models import Evaluated
from anenas.report.evaluation import ClassReport, InputView, NumberReport


@pytest.fixture
def one() -> Evaluated:
    """Of ten pictures two cats were taken for dogs."""
    return of([0] * 4 + [1] * 6, [0, 0, 1, 1] + [1] * 6, ("cat", "[red]dog", "cow"))


def of(labels: list[int], predicted: list[int], classes: tuple[str, ...], **more: Any) -> Evaluated:
    scores = np.full((len(labels), len(classes)), 0.1 / (len(classes) - 1), np.float32)
    scores[np.arange(len(labels)), predicted] = 0.9
    names = tuple(f"{label}/{i}.png" for i, label in enumerate(labels))
    report = ClassReport(scores, np.array(labels), classes, names)
    images = np.zeros((len(labels), 1, 4, 4), np.uint8)
    return Evaluated("m", "photos", "all", report, images, InputView(IMAGES), ("Every one counts.",), **more)


def test_each_class_is_told_with_what_it_is_taken_for(shown: Any, one: Evaluated) -> None:
    lines = shown(print_evaluated, one)
    assert lines[:3] == [
        "m on photos: all 10 images, every result in float16",
        "Every one counts.",
        "accuracy 80.0% (49.0–94.3%, 95 % interval)",
    ]
    assert "calibration error 10.0%" in lines
    assert "cat 4 100.0% 50.0% 15.0–85.0% 66.7% [red]dog, 2" in lines
    assert "[red]dog 6 75.0% 100.0% 61.0–100.0% 85.7%" in lines
    assert "cow 0 – – –" in lines
    assert "1 class has no inputs and is not in the averages: cow" in lines
    assert lines[-2:] == ["0/2.png cat [red]dog 90.0%", "0/3.png cat [red]dog 90.0%"]


def test_of_many_classes_the_worst_are_told(shown: Any) -> None:
    labels = list(range(40))
    lines = shown(print_evaluated, of(labels, [*labels[:-1], 0], tuple(f"class {i}" for i in labels)))
    assert "the 30 with the lowest F1 of 40 classes; JSON has all" in lines
    assert "class 39 1 – 0.0% 0.0–79.3% 0.0% class 0, 1" in lines
    assert not any(line.startswith("class 38 ") for line in lines)


def test_nothing_wrong_is_said(shown: Any) -> None:
    assert shown(print_evaluated, of([0, 1], [0, 1], ("a", "b")))[-1] == "no input is wrong"


def test_models_are_told_side_by_side(shown: Any, one: Evaluated) -> None:
    lines = shown(print_evaluations, "study", [one, of([0, 1], [0, 1], ("a", "b"))])
    assert lines[0] == "study on photos: all 10 images, every result in float16"
    assert "m 80.0% 49.0–94.3% 75.0% 76.2% 10.0% cat, 50.0%" in lines
    assert any(line.startswith("m 100.0% ") for line in lines)


def of_numbers(names: tuple[str, ...]) -> Evaluated:
    rng = np.random.default_rng(0)
    labels = rng.normal(50, 10, (40, len(names))).astype(np.float32)
    report = NumberReport(labels + 3, labels, names, tuple(f"{i}.png" for i in range(40)))
    return Evaluated("m", "photos", "test", report, np.zeros((40, 1, 4, 4), np.uint8), InputView(IMAGES))


def test_numbers_are_told_with_what_is_furthest_off(shown: Any) -> None:
    lines = shown(print_evaluated, of_numbers(("age",)))
    assert "MAE 3 (3 to 3, 95 % interval)" in lines and "no input is wrong" not in lines
    assert any(line.startswith("age 3 3 to 3 3 3 to 3 0.") for line in lines)
    assert "furthest off" in lines and any(line.startswith("file number true predicted dev") for line in lines)


def test_where_there_is_little_room_intervals_are_left_out_which_is_said() -> None:
    console = Console(file=io.StringIO(), width=60, color_system=None)
    print_evaluated(console, of_numbers(("the price of a house", "age")))
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    assert any(line.startswith("age 3 3 0.") for line in lines)
    (said,) = (line for line in lines if "it shows 95 % intervals as well" in line)
    assert int(said.split()[0]) > 60


def test_models_of_numbers_are_told_side_by_side(shown: Any) -> None:
    lines = shown(print_evaluations, "study", [of_numbers(("age", "price"))] * 2)
    assert (
        sum(line.startswith("m 3 3 to 3 3 0.9") and ("age, 0.9" in line or "price, 0.9" in line) for line in lines) == 2
    )
