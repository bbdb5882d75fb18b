"""The script that fits the cost model."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from anenas.ane import calibration, get_chip
from anenas.bench._latency import PublishedLatency
from anenas.graph import Graph, Op, Tensor
from anenas.latency import CalibratedLatency

SCRIPT = Path(__file__).parents[2] / "experiments" / "fit_latency.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fit_latency", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_latency"] = module
    spec.loader.exec_module(module)
    return module


def network(channels: int, size: int, depth: int) -> Graph:
    """Convolutions, each kind once a block, with what else networks are made of."""
    shape, ops = (1, channels, size, size), []
    for i in range(depth):
        x, y = Tensor(f"t{i}", shape), Tensor(f"t{i + 1}", shape)
        filters = [(channels, channels, 3, 3), (channels, channels, 1, 1), (channels, 1, 5, 5)]
        for j, weight in enumerate(filters):
            groups = channels // weight[1]
            ops.append(Op(f"c{i}{j}", "conv", (x,), (y,), (Tensor("w", weight),), {"groups": groups}))
        ops += [Op(f"{kind}{i}", kind, (x, y), (y,)) for kind in ("add", "reduce_mean", "softmax", "transpose")]
        ops.append(Op(f"m{i}", "matmul", (x, y), (y,)))
    return Graph((), tuple(ops), ())


@pytest.fixture(scope="module")
def rows(script: ModuleType) -> list[Any]:
    """As if published: what is shipped, off by a tenth at most."""
    random, source = np.random.default_rng(0), CalibratedLatency()
    found = []
    for i, chip in enumerate(["A14", "A14", "A15", "A15", "A16", "A17 Pro"] * 4):
        graph = network(16 * int(random.integers(1, 12)), int(random.integers(7, 113)), int(random.integers(1, 8)))
        ms = source.latency(graph, get_chip(chip)).ms * random.uniform(0.9, 1.1)
        published = PublishedLatency({"timm_name": f"net{i}", "source": f"s{i % 5}"}, "s", get_chip(chip), graph, ms)
        found.append(script.Row(published, f"s{i % 5}", False))
    return found


def shipped(script: ModuleType) -> np.ndarray:
    fitted = calibration()
    fixed = dict(zip(script.FIXED_OF.values(), (fitted.fixed[chip] for chip in script.FIXED_OF), strict=True))
    factors = [fitted.corrections.get(name, 1.0) for name in script.FACTORS]
    return np.log([*(fixed[i] for i in range(len(script.FIXED))), *(fitted.rates[r] for r in script.RATES), *factors])


def test_what_is_fitted_is_what_is_shipped(script: ModuleType, rows: list[Any]) -> None:
    log_ms, _ = script.Model(rows).log_ms(shipped(script))
    ms = [CalibratedLatency().latency(row.published.graph, row.published.chip).ms for row in rows]
    np.testing.assert_allclose(np.exp(log_ms), ms)


def test_the_derivatives_are_those_of_the_sum(script: ModuleType, rows: list[Any]) -> None:
    model, x, step = script.Model(rows), shipped(script), 1e-6
    _, slopes = model.log_ms(x)
    for i, unit in enumerate(np.eye(len(x)) * step):
        numeric = (model.log_ms(x + unit)[0] - model.log_ms(x - unit)[0]) / (2 * step)
        np.testing.assert_allclose(slopes[:, i], numeric, atol=1e-6)


def test_a_second_fit_has_the_same_digits_and_predicts_the_rows(script: ModuleType, rows: list[Any]) -> None:
    use = np.ones(len(rows), dtype=bool)
    first, second = (script.fit(script.Model(rows), use) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    log_ms, _ = script.Model(rows).log_ms(first)
    assert np.median(np.abs(np.exp(log_ms) / [row.published.ms for row in rows] - 1)) < 0.1


def test_rows_are_read_in_the_same_order_whatever_the_tables(script: ModuleType, tmp_path: Path) -> None:
    head = "timm_name,input_res,soc,latency_ms,source,set,digitised\n"
    lines = [f"mobileone_s0,224,{soc},{ms},here,s,False\n" for soc, ms in [("A15", 0.7), ("A14", 0.8), ("M1 Max", 0.6)]]
    orders = []
    for i, order in enumerate([lines, lines[::-1]]):
        table = tmp_path / f"{i}.csv"
        table.write_text(head + "".join(order))
        orders.append([(row.published.chip.name, row.published.ms) for row in script.read(table)])
    assert orders[0] == orders[1]
    assert ("M1", 0.6) in orders[0]


def test_a_left_out_source_does_not_tell_of_itself(script: ModuleType, rows: list[Any]) -> None:
    def wrong(row: Any) -> Any:
        published = row.published
        far = PublishedLatency(published.row, published.set, published.chip, published.graph, 10 * published.ms)
        return script.Row(far, row.source, False)

    changed = [wrong(row) if row.source == "s0" else row for row in rows]
    predicted = [
        script.left_out(script.Model(table), lambda row: row.source, lambda *_: False, ["s0"])
        for table in (rows, changed)
    ]
    assert predicted[0] == predicted[1]
    assert len(predicted[0]) == sum(row.source == "s0" for row in rows)


def test_the_ratio_from_which_an_order_is_right_nine_times_in_ten_is_found(script: ModuleType) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 0.4, 20_000)
    estimated = true + rng.normal(0, 0.12, true.size)
    found = [script.Pair(abs(e), e * t > 0) for e, t in zip(estimated, true, strict=True)]
    ratio = script.told_apart(found)
    near = [pair.is_right for pair in found if abs(pair.apart - np.log(ratio)) < 0.02]
    assert np.mean(near) == pytest.approx(0.9, abs=0.02)


def test_pairs_are_of_one_set_and_of_different_networks(script: ModuleType) -> None:
    graph = network(16, 14, 1)

    def error(name: str, published: float, estimate: float, of: str = "s") -> Any:
        row = PublishedLatency({"timm_name": name}, of, get_chip("A15"), graph, published)
        return script.Error(script.Row(row, "source", False), estimate)

    errors = [
        error("a", 1.0, 1.0),
        error("b", 2.0, 1.5),
        error("c", 1.0, 1.1),
        error("a", 1.1, 1.2),
        error("d", 3.0, 2.0, "t"),
    ]
    found = script.pairs(errors)
    assert [(round(float(np.exp(pair.apart)), 2), pair.is_right) for pair in found] == [
        (1.5, True), (1.36, True), (1.25, True), (1.09, True),
    ]  # fmt: skip
