from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "experiments" / "cut_fashion_mnist.py"


def test_the_cut_is_the_first_of_each_class_and_the_same_bytes_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.arange(2500, dtype=np.uint8) % 2
    images = np.random.default_rng(0).integers(0, 256, (2500, 2, 2), np.uint8)
    full = tmp_path / "full.npz"
    names = np.array(["cat", "dog"])
    np.savez(full, train_x=images, train_y=labels, test_x=images, test_y=labels, class_names=names)
    outputs = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for output in outputs:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(full), "--output", str(output)])
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    with np.load(outputs[0]) as cut:
        np.testing.assert_array_equal(cut["train_x"], images[:2000])
        np.testing.assert_array_equal(cut["test_x"], images[:400])
        np.testing.assert_array_equal(cut["train_y"], labels[:2000])
