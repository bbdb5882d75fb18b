"""What the checks of data take for near-duplicates.

    python experiments/near_duplicates.py fashion_mnist
    python experiments/near_duplicates.py cifar10.npz --listed duplicates_cifar10.csv --sheet pairs.png

The first part changes 300 of 3,000 images and prints how many of them are found again, and how many others are taken
for their like. The second, with a list of known pairs (TestID, TrainID, Distance, Judgment; Barz and Denzler publish it
for CIFAR-10 in github.com/cvjena/cifair, meta/), checks the whole set, prints how many of the test images on the list
are found, and draws the pairs that are not on it, to be looked at.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from anenas.data import Dataset, Split, check_dataset, load_data

ALL, CHANGED = 3000, 300
CHECK = "near-duplicate in two splits"


def saved(quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")

    return change


def moved(pixels: int) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        padded = np.pad(np.asarray(image), ((pixels, 0), (0, 0), (0, 0)), "reflect")
        return Image.fromarray(padded[: image.height])

    return change


def cut(share: float) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        edge = round(image.width * (1 - share) / 2)
        return image.crop((edge, edge, image.width - edge, image.height - edge)).resize(image.size)

    return change


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG, quality 90": saved(90),
    "JPEG, quality 50": saved(50),
    "JPEG, quality 20": saved(20),
    "half the size, and back": lambda image: image.resize((image.width // 2, image.height // 2)).resize(image.size),
    "brighter by 40 %": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "half the contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.5),
    "without colours": lambda image: image.convert("L").convert("RGB"),
    "moved by 2 of 64 pixels": moved(2),
    "moved by 4 of 64 pixels": moved(4),
    "moved by 6 of 64 pixels": moved(6),
    "cut to 95 %": cut(0.95),
    "cut to 90 %": cut(0.9),
    "turned by 3°": lambda image: image.rotate(3, Image.Resampling.BILINEAR),
    "turned by 10°": lambda image: image.rotate(10, Image.Resampling.BILINEAR),
    "mirrored": ImageOps.mirror,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="Named as for --data.")
    parser.add_argument("--listed", type=Path, help="Table of known pairs.")
    parser.add_argument("--sheet", type=Path, help="PNG of the pairs that are not on it.")
    args = parser.parse_args()
    dataset = load_data(args.data, size=(64, 64), channels=3)
    images = [Image.fromarray(np.moveaxis(image, 0, 2)) for image in dataset.train.inputs[:ALL]]
    for name, change in CHANGES.items():
        copies = np.array([np.moveaxis(np.asarray(change(image)), 2, 0) for image in images[:CHANGED]])
        found = pairs(with_test(dataset, copies))
        right = sum(first == second for first, second in found)
        print(f"{name:24} {right / CHANGED:4.0%} found, {len(found) - right} others")
    if args.listed:
        compare(dataset, args.listed, args.sheet)


def with_test(dataset: Dataset, copies: np.ndarray) -> Dataset:
    """The first images of a data set for training, and copies of the very first of them as a test split."""
    train, nothing = dataset.train, Split(dataset.train.inputs[:0], dataset.train.labels[:0])
    splits = Split(train.inputs[:ALL], train.labels[:ALL]), nothing, Split(copies, train.labels[:CHANGED])
    return Dataset("changed", dataset.classes, *splits, kind=dataset.kind)


def pairs(dataset: Dataset) -> list[tuple[int, int]]:
    """Numbers of test images, and each time of a training image like it."""
    near = [concern for concern in check_dataset(dataset) if concern.check in (CHECK, "same input in two splits")]
    named = [pair for concern in near for pair in concern.affected]
    both = [(test.split(), train.split()) for test, train in named]
    return [(int(test[1]), int(train[1])) for test, train in both if (test[0], train[0]) == ("test", "train")]


def compare(dataset: Dataset, table: Path, sheet: Path | None) -> None:
    """Hold what is found in all images against a list of pairs."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    # All training images in one split: the list knows of no validation split.
    train = [np.concatenate([a, b]) for a, b in zip(*map(parts_of, (dataset.train, dataset.validation)), strict=True)]
    nothing = Split(dataset.train.inputs[:0], dataset.train.labels[:0])
    whole = Dataset("whole", dataset.classes, Split(*train), nothing, dataset.test, kind=dataset.kind)
    found = dict(pairs(whole))
    print(f"{len(found):,} of {len(whole.test):,} test images have near-duplicates in training")
    for judgment, name in (("0", "exact"), ("1", "near-duplicates"), ("2", "very similar")):
        listed = {int(row["TestID"]) for row in rows if row["Judgment"] == judgment}
        print(f"{len(listed & found.keys())} of {len(listed)} that are listed as {name}")
    others = sorted(found.keys() - {int(row["TestID"]) for row in rows})
    print(f"{len(others)} are not listed")
    if sheet:
        side = whole.width
        page = Image.new("RGB", (16 * side, -(-len(others) // 8) * side))
        for place, number in enumerate(others):
            for half, image in enumerate((whole.test.inputs[number], whole.train.inputs[found[number]])):
                where = ((2 * (place % 8) + half) * side, place // 8 * side)
                page.paste(Image.fromarray(np.moveaxis(image, 0, 2)), where)
        page.save(sheet)


def parts_of(split: Split) -> tuple[np.ndarray, np.ndarray]:
    return split.inputs, split.labels


if __name__ == "__main__":
    main()
