from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from anenas.data import Dataset, InputFormat, load_data
from anenas.inputs import SERIES
from anenas.network import build
from anenas.search._forecast import begin_forecast
from anenas.search._ship import deploy
from anenas.space import Architecture

STAGES = "tcn_r1_s2_c16_k3_d1_relu-head_last"


@pytest.fixture
def weather(tmp_path: Path) -> Dataset:
    """Two channels far from zero and of unlike spread, told in the other order than they come."""
    rng = np.random.default_rng(0)
    level, wind = 900 + np.cumsum(rng.normal(size=300)), 5 * rng.normal(size=300) - 40
    rows = [f"{a:.3f},{b:.3f}" for a, b in zip(level, wind, strict=True)]
    (tmp_path / "w.csv").write_text("\n".join(["level,wind", *rows]), encoding="utf-8")
    return load_data(f"forecast:{tmp_path / 'w.csv'}:wind,level", InputFormat(SERIES, steps=8))


def told(dataset: Dataset, head: str) -> np.ndarray:
    """What a new network tells of the training windows before it has learned anything, (N, K)."""
    torch.manual_seed(0)
    architecture = Architecture.parse(f"1x2x1x8-{STAGES}{head}")
    network = build(architecture)
    begin_forecast(network, architecture, dataset)
    with torch.no_grad():
        found: np.ndarray = deploy(network, architecture, dataset)(torch.from_numpy(dataset.train.inputs)).numpy()
    return found


def test_a_network_with_a_skip_begins_as_the_last_value_of_each_target(weather: Dataset) -> None:
    last = weather.train.inputs[:, [1, 0], 0, -1]
    np.testing.assert_allclose(told(weather, "_skip_n2"), last, rtol=1e-4)


def test_a_network_without_a_skip_begins_anywhere(weather: Dataset) -> None:
    last = weather.train.inputs[:, [1, 0], 0, -1]
    assert np.abs(told(weather, "_n2") - last).mean() > 1
