"""A tiny study that was really searched: three trained trials, exported to Core ML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studies import trained_study

from anenas.data import load_data
from anenas.search import Study
from anenas.space import read_space

SPACE = """\
name: tiny
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: {activation: [relu, hswish]}}}
stages:
  - {depth: [1, 2], width: [16, 32, 64], stride: 2, blocks: {dsconv: {kernel: [3, 5]}, mbconv: , mobileone: }}
"""
# From small to large.
TRIALS = (
    "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n3",
    "1x1x16x16-conv_r1_s2_c16_k3_hswish-mobileone_r2_s2_c32_k3_b1_relu-head_n3",
    "1x1x16x16-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c64_k3_e4_relu-head_n3",
)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the study "tiny", whose images lie in data.npz beside it."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(0)

    def images(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 3
        return (rng.integers(0, 60, (count, 14, 14)) + 90 * labels[:, None, None]).astype(np.uint8), labels

    (train_x, train_y), (test_x, test_y) = images(240), images(63)
    data = folder / "data.npz"
    np.savez(data, train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)
    (folder / "tiny.yaml").write_text(SPACE)
    space, dataset = read_space(folder / "tiny.yaml"), load_data(str(data), size=(16, 16), channels=1)
    study = trained_study(folder / "store", space, dataset, str(data), TRIALS)
    Study.create_or_continue(folder / "store", "nothing", study.settings)
    return folder / "store"


@pytest.fixture(scope="session")
def study(store: Path) -> Study:
    return Study.load(store, "tiny")
