from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from anenas.data import Dataset, InputFormat, check_dataset, load_data
from anenas.inputs import SERIES

OfImages = Callable[..., Dataset]


def test_groups_in_two_splits_are_named(of_images: OfImages) -> None:
    random = np.random.default_rng(0)
    groups = [["anna", "ben", "cem"], ["dora"], ["cem", "anna"]]
    dataset = of_images(*(random.integers(0, 256, (len(each), 8, 8)) for each in groups), groups=groups)
    [concern] = [one for one in check_dataset(dataset) if one.check == "group in two splits"]
    assert concern.message == "2 groups are in the training and the test split"
    assert concern.affected == (("anna",), ("cem",))


def test_people_of_a_table_who_are_in_two_of_its_splits_are_found(tmp_path: Path) -> None:
    rows = ["window,label,split,subject,x"]
    for number, (split, subject) in enumerate([*[("train", "anna"), ("train", "ben")] * 4, *[("test", "ben")] * 2]):
        label = "walk" if number // 2 % 2 else "sit"
        label = ("sit", "walk")[number % 2] if split == "test" else label
        rows += [f"{number},{label},{split},{subject},{(7 * number + step) % 11}" for step in range(6)]
    (tmp_path / "windows.csv").write_text("\n".join(rows) + "\n")
    dataset = load_data(str(tmp_path / "windows.csv"), InputFormat(SERIES))
    concerns = [str(one) for one in check_dataset(dataset) if one.check == "group in two splits"]
    assert [concern.partition(";")[0] for concern in concerns] == ["1 group is in the training and the test split: ben"]
