from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pretend import estimate
from tiny import write_tiny

from anenas.api._baseline import LastValue
from anenas.data import InputFormat, load_data
from anenas.inputs import SERIES
from anenas.search import CompletedTrial, Evaluation, Final
from anenas.space import Architecture
from anenas.tasks import find_metric

NETWORK = Architecture.parse("1x2x1x8-tcn_r1_s1_c16_k3_d1_relu-head_n1")


def trial(metric: str, score: float, final: float | None = None) -> CompletedTrial:
    brief, longer = (
        None if value is None else Evaluation(value, estimate(1.0), metric=metric) for value in (score, final)
    )
    assert brief is not None
    return CompletedTrial(0, NETWORK, evaluation=brief, final=Final(4, longer) if longer else None)


def test_the_last_value_of_each_window_is_judged_as_a_forecast(tmp_path: Path) -> None:
    level = np.cumsum(np.random.default_rng(0).normal(size=400)).round(3)
    rows = [f"{i * 7 % 11},{value}" for i, value in enumerate(level)]
    (tmp_path / "w.csv").write_text("\n".join(["wind,level", *rows]))
    dataset = load_data(f"forecast:{tmp_path / 'w.csv'}:level", InputFormat(SERIES))
    steps = np.diff(level)
    rows_held = dataset.validation.labels[:, 0]
    expected = np.abs(steps[np.isin(level[1:].astype(np.float32), rows_held)]).mean()
    found = LastValue.of(dataset, "mae")
    assert found and found.value == pytest.approx(expected, rel=1e-3)
    write_tiny(tmp_path)
    assert LastValue.of(load_data(tmp_path / "data.npz"), "accuracy") is None


@pytest.mark.parametrize(
    ("metric", "brief", "final", "is_told"),
    [("mae", 2.1, None, True), ("mae", 2.1, 1.9, False), ("mae", 1.9, None, False), ("r2", 1.9, None, True)],
)
def test_that_no_network_forecasts_better_is_told(
    metric: str, brief: float, final: float | None, is_told: bool
) -> None:
    last = LastValue(find_metric(metric), 2.0)
    told = last.unbeaten([trial(metric, 3.0 if metric == "mae" else 1.0), trial(metric, brief, final)])
    assert told.startswith("no network forecasts better than repeating the last value, which has ") == is_told
    assert ("2 on the same validation windows (the best network: " in told) == is_told
    assert last.unbeaten([]) == ""
