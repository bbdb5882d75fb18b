from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from anenas.data import Dataset, InputFormat, check_dataset, load_data
from anenas.inputs import SERIES

OfImages = Callable[..., Dataset]


def found(of_images: OfImages, validation: int, test: int) -> list[str]:
    """What is said of splits of so many images."""
    random = np.random.default_rng(0)
    labels = [(np.arange(count) % 2).tolist() for count in (40, validation, test)]
    images = (random.integers(0, 256, (len(each), 8, 8)) for each in labels)
    dataset = of_images(*images, labels=labels, classes=("cat", "dog"))
    return [str(concern) for concern in check_dataset(dataset) if concern.check == "few held-out inputs"]


def test_splits_in_which_an_accuracy_is_known_to_several_points_are_told(of_images: OfImages) -> None:
    fix = "add images, or expect that most networks cannot be told apart"
    assert found(of_images, 9, 100) == [f"there are only 9 validation images: 90% right is ± 11 points; {fix}"]
    assert found(of_images, 100, 99) == [f"there are only 99 test images: 90% right is ± 3 points; {fix}"]
    assert not found(of_images, 100, 0)


def test_of_forecasts_windows_are_few_and_rows_help(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=200)
    (tmp_path / "w.csv").write_text("\n".join(["wind", *map(str, values)]), encoding="utf-8")
    dataset = load_data(f"forecast:{tmp_path / 'w.csv'}:wind", InputFormat(SERIES, steps=4))
    told = [str(concern) for concern in check_dataset(dataset) if concern.check == "few held-out inputs"]
    fix = "add rows, or expect that most networks cannot be told apart"
    assert told == [f"there are only 28 validation windows; {fix}", f"there are only 36 test windows; {fix}"]
