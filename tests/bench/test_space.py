from __future__ import annotations

import random

import pytest

from anenas.ane import placement
from anenas.bench._space import bench_space
from anenas.latency import TableLatency, Target, operation_key
from anenas.network import architecture_graph
from anenas.space import SearchSpace, load_space


def test_estimates_agree_with_what_is_exported() -> None:
    scores = bench_space(load_space("mobile_cnn"), Target.named("A15"), architectures=3, exports=2)
    assert (scores.space, scores.chip, scores.architectures, scores.exported) == ("mobile_cnn", "A15", 3, 2)
    assert scores.architectures_per_second > 0
    assert scores.max_latency_disagreement < 0.02
    assert scores.weight_bytes_agree


def test_estimates_of_every_form_agree_with_what_is_exported() -> None:
    stage = {"width": 64, "blocks": {"mbconv": {"se": True, "activation": "hswish"}}}
    stem = {"width": 16, "stride": 2, "blocks": {"conv": {}}}
    for form in ("palette4-grouped", "sparse50", "w8a8"):
        space = SearchSpace(name="formed", stem=stem, stages=[stage], forms=form)
        scores = bench_space(space, Target.named("A17 Pro"), architectures=1, exports=1)
        assert scores.max_latency_disagreement < 0.02
        assert scores.weight_bytes_agree


def test_a_wrong_estimate_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anenas.bench._space._export", lambda architecture, target: (0.001, 1))
    scores = bench_space(load_space("mobile_cnn"), Target.named("A15"), architectures=1, exports=1)
    assert scores.max_latency_disagreement > 1
    assert not scores.weight_bytes_agree


def test_a_table_of_operations_says_the_same_of_what_is_exported() -> None:
    """The keys of an architecture's operations are those of its exported program's."""
    space, target = load_space("mobile_cnn"), Target.named("A15")
    rows = {("prediction", "A15"): (150.0, 150.0, 150.0)}
    rng = random.Random(0)
    for _ in range(2):
        for one in placement(architecture_graph(space.sample(rng)), target.chip):
            rows[operation_key(one.op), "A15"] = (one.us, one.us, one.us)
    scores = bench_space(space, Target.named("A15", TableLatency(rows, "1")), architectures=2, exports=2)
    assert 0 <= scores.max_latency_disagreement < 1e-9
