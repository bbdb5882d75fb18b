"""A tiny study that was really searched: three trained trials, exported to Core ML."""

from __future__ import annotations

from pathlib import Path

import pytest
from studies import trained_study
from tiny import write_tiny

from anenas.data import load_data
from anenas.search import Study
from anenas.space import read_space

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
    write_tiny(folder, tests=63)
    data = folder / "data.npz"
    space, dataset = read_space(folder / "tiny.yaml"), load_data(str(data), size=(16, 16), channels=1)
    study = trained_study(folder / "store", space, dataset, str(data), TRIALS)
    Study.create_or_continue(folder / "store", "nothing", study.settings)
    return folder / "store"


@pytest.fixture(scope="session")
def study(store: Path) -> Study:
    return Study.load(store, "tiny")
