from __future__ import annotations

import pytest

from anenas.ane import get_chip
from anenas.bench._space import bench_space
from anenas.space import SearchSpace, load_space


def test_estimates_agree_with_what_is_exported() -> None:
    scores = bench_space(load_space("mobile_cnn"), get_chip("A15"), architectures=3, exports=2)
    assert (scores.space, scores.chip, scores.architectures, scores.exported) == ("mobile_cnn", "A15", 3, 2)
    assert scores.architectures_per_second > 0
    assert scores.max_latency_disagreement < 0.02
    assert scores.weight_bytes_agree


def test_estimates_of_every_form_agree_with_what_is_exported() -> None:
    stage = {"width": 64, "blocks": {"mbconv": {"se": True, "activation": "hswish"}}}
    stem = {"width": 16, "stride": 2, "blocks": {"conv": {}}}
    for form in ("palette4-grouped", "sparse50", "w8a8"):
        space = SearchSpace(name="formed", stem=stem, stages=[stage], forms=form)
        scores = bench_space(space, get_chip("A17 Pro"), architectures=1, exports=1)
        assert scores.max_latency_disagreement < 0.02
        assert scores.weight_bytes_agree


def test_a_wrong_estimate_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anenas.bench._space._exported", lambda architecture, chip: (0.001, 1))
    scores = bench_space(load_space("mobile_cnn"), get_chip("A15"), architectures=1, exports=1)
    assert scores.max_latency_disagreement > 1
    assert not scores.weight_bytes_agree
