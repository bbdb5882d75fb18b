from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from anenas._errors import AnenasError
from anenas.data import Dataset, InputFormat, load_data
from anenas.inputs import IMAGES
from anenas.tasks import CLASSIFICATION, MULTILABEL, REGRESSION, TASKS

Write = Callable[..., Path]


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    """30 pictures of noise in two folders."""
    rng, names = np.random.default_rng(0), []
    for i in range(30):
        names.append(f"{'ab'[i % 2]}/{i}.png")
        (tmp_path / "set" / names[-1]).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (9, 9, 3)).astype(np.uint8)).save(tmp_path / "set" / names[-1])
    return names


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def table(header: str, rows: list[Any], name: str = "labels.csv") -> Path:
        path = tmp_path / "set" / name
        path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
        return path

    return table


def load(path: Path, source: str = "csv", task: str | None = None, **options: Any) -> Dataset:
    wanted = InputFormat(IMAGES, (8, 8), task=TASKS[task] if task else None)
    return load_data(f"{source}:{path}", wanted, **options)


def everything(dataset: Dataset) -> dict[str, Any]:
    """The label of every file."""
    splits = (dataset.train, dataset.validation, dataset.test)
    return {name: label for split in splits for name, label in zip(split.names or (), split.labels, strict=True)}


def test_a_table_names_the_class_of_each_file(pictures: list[str], write: Write) -> None:
    path = write("path,label", [(name, ["cat", "dog", "fox"][i % 3]) for i, name in enumerate(pictures)])
    dataset = load(path)
    assert (dataset.task, dataset.classes, dataset.name) == (CLASSIFICATION, ("cat", "dog", "fox"), "labels")
    assert everything(dataset) == {name: i % 3 for i, name in enumerate(pictures)}


def test_several_labels_are_separated_by_bars(pictures: list[str], write: Write, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "anenas")
    path = write("file_name,labels", [(name, ["cat|dog", "dog", "fox"][i % 3]) for i, name in enumerate(pictures)])
    dataset = load(path)
    assert (dataset.task, dataset.classes) == (MULTILABEL, ("cat", "dog", "fox"))
    assert [everything(dataset)[name].tolist() for name in pictures[:3]] == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert "labels are separated by |, so the task is multilabel" in caplog.text


def test_columns_of_0_and_1_are_classes_and_other_numbers_targets(pictures: list[str], write: Write) -> None:
    rows = [(name, i % 2, int(i % 5 == 0)) for i, name in enumerate(pictures)]
    several = load(write("path,red,round", rows))
    assert (several.task, several.classes) == (MULTILABEL, ("red", "round"))
    numbers = load(write("path,age,height", [(name, 20 + i, 1.5 + i / 100) for i, name in enumerate(pictures)]))
    assert (numbers.task, numbers.classes) == (REGRESSION, ("age", "height"))
    np.testing.assert_allclose(everything(numbers)[pictures[7]], [27, 1.57], rtol=1e-6)


def test_a_label_with_points_is_a_number_and_a_whole_one_a_class_unless_asked(
    pictures: list[str], write: Write
) -> None:
    assert load(write("path,target", [(name, 0.5 * i) for i, name in enumerate(pictures)])).task is REGRESSION
    whole = write("path,target", [(name, i % 3) for i, name in enumerate(pictures)])
    assert (load(whole).task, load(whole).classes) == (CLASSIFICATION, ("0", "1", "2"))
    asked = load(whole, task="regression")
    assert (asked.task, asked.classes) == (REGRESSION, ("target",))


def test_numbers_with_decimal_commas_are_numbers_and_not_classes(
    pictures: list[str], write: Write, tmp_path: Path
) -> None:
    path = tmp_path / "set" / "labels.csv"
    rows = [f"{name};{1.5 * i:.1f};x".replace(".", ",").replace(",png", ".png") for i, name in enumerate(pictures)]
    path.write_text("\n".join(["path;label;note", *rows, ";;"]) + "\n", encoding="utf-8-sig")
    found = load(path)
    assert (found.task, found.classes) == (REGRESSION, ("label",))
    assert float(found.train.labels.max()) <= 1.5 * (len(pictures) - 1)


def test_splits_and_groups_are_kept(pictures: list[str], write: Write) -> None:
    rows = [
        (name, i % 2, ["train", "Val", "testing"][i % 10 // 8 + (i % 10 == 9)], i // 2)
        for i, name in enumerate(pictures)
    ]
    dataset = load(write("path,label,split,subject", rows))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [24, 3, 3]
    assert dataset.train.groups is not None and set(dataset.train.groups) <= {str(i) for i in range(15)}
    held = load(write("path,label,subject", [(name, i % 2, i // 4) for i, name in enumerate(pictures)]))
    splits = (held.train, held.validation, held.test)
    groups = [set(split.groups) for split in splits if split.groups is not None]
    assert len(groups) == 3 and not groups[0] & groups[1] and not groups[0] & groups[2]


def test_other_columns_are_left_out_and_told(pictures: list[str], write: Write, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "anenas")
    load(write("path,camera,label", [(name, "x", i % 2) for i, name in enumerate(pictures)]))
    assert "the label is column label; left out: camera" in caplog.text


def test_parquet_and_json_lines_are_read_the_same_way(pictures: list[str], write: Write, tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    labels = [["cat"], ["cat", "dog"], ["dog"]]
    rows = [{"image": name, "labels": labels[i % 3]} for i, name in enumerate(pictures)]
    (tmp_path / "set" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "set" / "rows.parquet")
    for name in ("rows.jsonl", "rows.parquet"):
        found = load(tmp_path / "set" / name, "table")
        assert (found.task, found.classes) == (MULTILABEL, ("cat", "dog"))
        assert [everything(found)[one].tolist() for one in pictures[:3]] == [[1, 0], [1, 1], [0, 1]]


def test_the_metadata_of_a_folder_takes_the_place_of_class_folders(
    pictures: list[str], write: Write, tmp_path: Path
) -> None:
    write("file_name,weight", [(name, 1.5 * i) for i, name in enumerate(pictures)], "metadata.csv")
    found = load(tmp_path / "set", "images")
    assert (found.task, found.classes, found.name) == (REGRESSION, ("weight",), "set")


def test_the_metadata_of_each_split_lies_in_its_folder(pictures: list[str], write: Write, tmp_path: Path) -> None:
    """As Hugging Face has it; the test set lacks a class, and lists the others in its own order."""
    (tmp_path / "set" / "a").rename(tmp_path / "set" / "train")
    (tmp_path / "set" / "b").rename(tmp_path / "set" / "test")
    write(
        "file_name,label", [(f"{i}.png", ["cat", "dog", "fox"][i % 3]) for i in range(0, 30, 2)], "train/metadata.csv"
    )
    rows = [{"file_name": f"{i}.png", "label": ["fox", "dog"][i % 4 // 2]} for i in range(1, 30, 2)]
    (tmp_path / "set" / "test" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = load(tmp_path / "set", "images")
    assert (found.name, found.classes, len(found.test)) == ("set", ("cat", "dog", "fox"), 15)
    labels = everything(found)
    assert (labels["train/4.png"], labels["test/1.png"], labels["test/3.png"]) == (1, 2, 1)


def test_several_labels_of_each_split_are_brought_to_the_same_columns(
    pictures: list[str], write: Write, tmp_path: Path
) -> None:
    (tmp_path / "set" / "a").rename(tmp_path / "set" / "train")
    (tmp_path / "set" / "b").rename(tmp_path / "set" / "test")
    write("file_name,tags", [(f"{i}.png", ["x|y", "z|x"][i % 4 // 2]) for i in range(0, 30, 2)], "train/metadata.csv")
    write("file_name,tags,split", [(f"{i}.png", "z|y", "test") for i in range(1, 30, 2)], "test/metadata.csv")
    found = load(tmp_path / "set", "images")
    assert found.task is MULTILABEL
    assert everything(found)["test/1.png"].tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("file_name,label", "1.png,wolf", "metadata.csv': the training table has no wolf; expected one of cat"),
        ("file_name,label,split", "1.png,cat,val", "row 2: the split is 'val', but the table is in the folder of test"),
    ],
)
def test_what_is_wrong_with_the_table_of_a_split_is_one_line(
    pictures: list[str], write: Write, tmp_path: Path, header: str, row: str, message: str
) -> None:
    (tmp_path / "set" / "a").rename(tmp_path / "set" / "train")
    (tmp_path / "set" / "b").rename(tmp_path / "set" / "test")
    write("file_name,label", [(f"{i}.png", ["cat", "dog"][i % 4 // 2]) for i in range(0, 30, 2)], "train/metadata.csv")
    write(header, [row.split(",")], "test/metadata.csv")
    with pytest.raises(AnenasError, match=message):
        load(tmp_path / "set", "images")


def test_a_folder_of_a_split_without_a_table_is_passed_over_and_named(
    pictures: list[str], write: Write, tmp_path: Path, caplog: Any
) -> None:
    (tmp_path / "set" / "a").rename(tmp_path / "set" / "train")
    (tmp_path / "set" / "b").rename(tmp_path / "set" / "test")
    write("file_name,label", [(f"{i}.png", ["cat", "dog"][i % 4 // 2]) for i in range(0, 30, 2)], "train/metadata.csv")
    with caplog.at_level(logging.INFO, "anenas"):
        assert sum(map(len, [(found := load(tmp_path / "set", "images")).train, found.validation, found.test])) == 15
    assert "set: skipped, because there is no metadata.csv in it: test" in caplog.text


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("path,label", ("a/no.png", "x"), r"1 of 31 files are not there: a/no.png \(row 32\); paths are relative to"),
        ("path,label", ("a/0.png", "x"), r"row 32: a/0.png is in row 2 as well; keep one"),
        ("path,label", ("b/1.png", ""), r"row 32: label is empty"),
        ("name,label", ("b/1.png", "x"), r"row 1: expected one column of paths, called path or file_name"),
        ("path,label,class", ("b/1.png", "x", "y"), r"row 1: label and class could both be the label"),
        ("path", ("b/1.png",), "row 1: no labels"),
        ("path,label,split", ("b/1.png", "x", "later"), "row 32: the split is 'later'; expected train, validation"),
        ("path,red,age", ("b/1.png", "x", "4"), "row 32: red is 'x'; expected a number, or class names in a column"),
        ("path,label,label", ("b/1.png", "x", "x"), "row 1: two columns have the name 'label'"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_row(
    header: str, row: tuple[str, ...], message: str, pictures: list[str], write: Write, tmp_path: Path
) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "set" / "b" / "more.png")
    usual = {"path": "", "label": "1", "class": "1", "split": "train", "red": "1", "age": "3", "name": "x"}
    columns = header.split(",")
    rows = [[name if c in ("path", "name") else usual[c] for c in columns] for name in pictures]
    last = [("b/more.png" if value == "b/1.png" else value) for value in row]
    with pytest.raises(AnenasError, match=message):
        load(write(header, [*rows, last]), "table")


def test_damaged_files_are_left_out_with_their_labels(pictures: list[str], write: Write, tmp_path: Path) -> None:
    (tmp_path / "set" / pictures[4]).write_bytes(b"no picture")
    path = write("path,age", [(name, 0.5 + i) for i, name in enumerate(pictures)])
    with pytest.raises(AnenasError, match=r"4\.png' cannot be read as an image"):
        load(path)
    found = everything(load(path, skip_broken=True))
    assert len(found) == 29 and found[pictures[5]] == 5.5 and pictures[4] not in found


@pytest.mark.parametrize("path", ["~nobody-of-that-name/0.png", "a" * 300, "a/" * 3000])
def test_what_can_be_no_path_is_a_file_that_is_not_there(pictures: list[str], write: Write, path: str) -> None:
    table = write("path,label", [(path, "cat"), *((name, "dog") for name in pictures)])
    with pytest.raises(AnenasError, match="1 of 31 files are not there"):
        load(table)
