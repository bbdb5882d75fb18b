"""Cuts the series that ship with anenas out of the wrist motion of seglearn, split by subject.

    pip download --no-deps seglearn==1.2.5
    python experiments/cut_wrist_motion.py seglearn-1.2.5-py3-none-any.whl

140 recordings of ten people who did seven shoulder exercises with a watch on the wrist: accelerometer and gyroscope at
50 Hz (Burns et al. 2018, arXiv:1802.01489). They are cut into windows of 128 steps, 2.56 s, that do not overlap; those
of the last three people are the test set, those of the two before them the validation set. Numbers are kept to a
32nd of each channel's standard deviation. Its bytes are the same on every run.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parents[1] / "anenas" / "data" / "wrist_motion.npz"
SHA256 = "ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd"
MEMBER = "seglearn/data/watch_dataset.npy"
STEPS = 128
PARTS = {"train": slice(0, 5), "validation": slice(5, 7), "test": slice(7, 10)}
LEVELS = 32  # of a standard deviation


def windows(series: np.ndarray) -> np.ndarray:
    """(T, C) as (n, STEPS, C), without the rest."""
    count = len(series) // STEPS
    return series[: count * STEPS].reshape(count, STEPS, -1)


def cut(series: list[np.ndarray], labels: np.ndarray, subjects: np.ndarray) -> dict[str, np.ndarray]:
    """The arrays that are shipped."""
    known = np.unique(subjects)
    scale = (np.concatenate(series).std(0) / LEVELS).astype(np.float32)
    arrays: dict[str, np.ndarray] = {"scale": scale}
    for part, which in PARTS.items():
        chosen = [i for i, subject in enumerate(subjects) if subject in known[which]]
        cuts = [windows(series[i]) for i in chosen]
        arrays[f"{part}_x"] = np.rint(np.concatenate(cuts) / scale).astype(np.int16)
        arrays[f"{part}_y"] = np.repeat(labels[chosen], [len(one) for one in cuts]).astype(np.uint8)
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="seglearn's wheel")
    parser.add_argument("--output", type=Path, default=SHIPPED, help="default: where anenas reads it")
    arguments = parser.parse_args()

    content = arguments.wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:  # it is unpickled below, so it must be the file that we know
        raise SystemExit(f"{arguments.wheel} is not seglearn 1.2.5 as PyPI has it")
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        raw = np.load(io.BytesIO(wheel.read(MEMBER)), allow_pickle=True).item()
    arrays = cut(list(raw["X"]), np.asarray(raw["y"]).astype(int), np.asarray(raw["subject"]))
    names = np.array([str(name) for name in raw["y_labels"]])
    np.savez_compressed(arguments.output, **arrays, class_names=names)  # type: ignore[arg-type]
    counts = ", ".join(f"{len(arrays[f'{part}_y'])} {part}" for part in PARTS)
    print(f"{arguments.output}: {counts} windows, {arguments.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
