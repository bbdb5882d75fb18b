from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from tables import write_table

from anenas import AnenasError
from anenas.bench import read_table
from anenas.search import SAMPLERS, Inline, Objectives, Problem, Search, Study, make_sampler
from anenas.space import Limits

SETTINGS: dict[str, Any] = {"objectives": {"accuracy": 0.0, "latency_ms": 1.0}}


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_on_offer_searches(name: str, tmp_path: Path) -> None:
    table = read_table(write_table(tmp_path / "t.npz"), 1)
    problem = Problem(table, 0, table, Objectives.of(SETTINGS["objectives"]), Limits())
    study = Study.create_or_continue(tmp_path, "s", SETTINGS, 0, in_memory=True)
    study.sampler = make_sampler(name, problem, seed=0)
    assert isinstance(study.sampler, optuna.samplers.BaseSampler)
    Search(study, problem, Inline(), lambda study: None).run(14)
    assert len(study.completed) == 14


def test_a_sampler_that_is_not_on_offer_is_refused_with_those_that_are(tmp_path: Path) -> None:
    table = read_table(write_table(tmp_path / "t.npz"))
    with pytest.raises(AnenasError, match="tpe-multivariate"):
        make_sampler(
            "tpe-multivariat", Problem(table, 0, table, Objectives.of(SETTINGS["objectives"]), Limits()), seed=0
        )
