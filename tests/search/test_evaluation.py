from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from pretend import estimate, latency

from anenas.search import Estimate, Evaluation, Measurement

ESTIMATE = Estimate(
    {"A15": latency(0.2, apart=1.25), "M2": latency(0.3)}, 1.5, 3000, 700, 0.75, True, ("wide: too wide",)
)
MEASURED = dataclasses.replace(latency(0.4), device="iPhone14,2", samples_ms=(0.39, 0.4, 0.41))
MEASUREMENT = Measurement(ESTIMATE.latency, MEASURED, 0.9, "desk", "", {"shelf": 0.45})
WHOLE = Evaluation(
    0.9,
    ESTIMATE,
    0.5,
    verified={"fp16_difference": 0.01},
    seconds={"train": 2.0, "export": 1.0},
    losses=((1, 2.5), (7, 1.25)),
    donor=3,
    inherited=0.25,
    held_out=400,
    origin="trial 3",
    epochs=4,
    trained_steps=7,
    total_steps=21,
    teacher=5,
    metric="rmse",
    less_is_better=True,
    metrics={"mae": 0.5, "rmse": 0.9},
    errors={"rmse": 0.02},
    measurement=MEASUREMENT,
)


def through_json(values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found


@pytest.mark.parametrize("evaluation", [WHOLE, Evaluation(0.9, ESTIMATE), Evaluation(1, estimate(3.0))])
def test_it_is_read_back_whole(evaluation: Evaluation) -> None:
    assert Evaluation.from_dict(through_json(evaluation.to_dict())) == evaluation


def test_it_is_written_flat_with_the_score_first_and_without_what_was_not_measured() -> None:
    written = through_json(Evaluation(0.9, ESTIMATE).to_dict())
    assert list(written)[:3] == ["score", "latency_by_chip", "size_mb"]
    assert (written["macs"], written["is_tiny"], written["budget_fraction"]) == (3000, True, 1.0)
    assert "measurement" not in written and "estimate" not in written
    assert all("samples_ms" not in one for one in written["latency_by_chip"].values())
    measured = through_json(WHOLE.measured(MEASUREMENT).to_dict())
    assert measured["latency_by_chip"]["A15"]["samples_ms"] == [0.39, 0.4, 0.41]
    assert "samples_ms" not in measured["latency_by_chip"]["M2"]


def test_what_nobody_told_is_that_a_whole_training_began_anew_and_classified() -> None:
    told = Evaluation(0.9, Estimate({"A15": latency(0.2)}, 1.0, 10, 5))
    assert (told.budget_fraction, told.donor, told.inherited, told.held_out, told.epochs) == (1.0, None, 0.0, 0, 0)
    assert (told.trained_steps, told.total_steps, told.teacher, told.metric) == (0, 0, None, "accuracy")
    assert (told.less_is_better, told.estimate.residency, told.estimate.is_tiny) == (False, 1.0, False)
    assert Measurement(latency(0.2)) == Measurement(latency(0.2), None, None, "", "", {})


def test_the_main_chip_is_the_first() -> None:
    assert ESTIMATE.latency == latency(0.2, apart=1.25)
    turned = dataclasses.replace(ESTIMATE, latency_by_chip=dict([*ESTIMATE.latency_by_chip.items()][::-1]))
    assert turned.latency == latency(0.3)


def test_what_was_measured_is_the_latency_on_the_main_chip_alone() -> None:
    before = Evaluation(0.9, ESTIMATE)
    after = before.measured(MEASUREMENT)
    assert after.estimate.latency_by_chip == {"A15": MEASURED, "M2": latency(0.3)}
    assert (after.estimate.latency, after.estimated_latency) == (MEASURED, ESTIMATE.latency)
    assert before.estimated_latency == before.estimate.latency == ESTIMATE.latency
    assert dataclasses.replace(after, estimate=ESTIMATE, measurement=None) == before


def test_a_measurement_that_failed_leaves_what_was_estimated() -> None:
    failed = Measurement(ESTIMATE.latency, failure="the device went away")
    again = Evaluation(0.9, ESTIMATE).measured(MEASUREMENT).measured(failed)
    assert again.estimate == ESTIMATE and again.estimated_latency == ESTIMATE.latency
    assert again.measurement == failed
    assert Evaluation.from_dict(through_json(again.to_dict())) == again


def test_what_the_score_lacks_is_none_at_its_best() -> None:
    assert [Evaluation(score, ESTIMATE).shortfall for score in (1.0, 0.75)] == [0.0, 0.25]
    assert [dataclasses.replace(WHOLE, score=score).shortfall for score in (0.0, 12.5)] == [0.0, 12.5]


def test_the_error_of_an_accuracy_follows_from_how_many_inputs_it_was_measured_on() -> None:
    assert Evaluation(0.9, ESTIMATE, held_out=100).score_error == pytest.approx(0.03, rel=0.02)
    assert Evaluation(0.9, ESTIMATE).score_error is None
    assert Evaluation(0.9, ESTIMATE, errors={"accuracy": 0.04}).score_error == 0.04
    assert Evaluation(0.9, ESTIMATE, held_out=100, errors={"accuracy": 0.04}).score_error == pytest.approx(
        0.03, rel=0.02
    )


def test_the_error_of_any_other_score_is_the_one_that_was_measured() -> None:
    assert WHOLE.score_error == 0.02
    assert dataclasses.replace(WHOLE, metric="mae").score_error is None


@pytest.mark.parametrize("former", ["params", "budget_fraction", "score"])
def test_figures_that_earlier_versions_named_otherwise_are_read(former: str) -> None:
    names = {"params": "parameters", "budget_fraction": "share", "score": "accuracy"}
    written = through_json(WHOLE.to_dict())
    assert Evaluation.from_dict({names.get(name, name): value for name, value in written.items()}) == WHOLE
    written[names[former]] = written.pop(former)
    assert Evaluation.from_dict({**written, "needs": [], "test_accuracy": 0.5}) == WHOLE


def test_latencies_that_earlier_versions_kept_apart_are_read_with_the_main_one_first() -> None:
    written = through_json(Evaluation(0.9, ESTIMATE).to_dict())
    by_chip = written.pop("latency_by_chip")
    alone = dataclasses.replace(ESTIMATE, latency_by_chip={"A15": ESTIMATE.latency})
    del written["broken_rules"]
    alone = dataclasses.replace(alone, broken_rules=())
    assert Evaluation.from_dict({**written, "latency": by_chip["A15"]}) == Evaluation(0.9, alone)
    both = Evaluation.from_dict({**written, "latency": by_chip["A15"], "others": {"M2": by_chip["M2"]}})
    assert list(both.estimate.latency_by_chip.items()) == list(ESTIMATE.latency_by_chip.items())


@pytest.mark.parametrize("name", ["score", "size_mb", "macs", "params", "residency", "held_out", "total_steps"])
@pytest.mark.parametrize("value", ["1", None, True, [1.0]])
def test_what_is_no_number_where_one_belongs_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected a number, got "):
        Evaluation.from_dict({**through_json(WHOLE.to_dict()), name: value})


def test_a_whole_number_may_stand_for_a_fraction() -> None:
    found = Evaluation.from_dict({**through_json(WHOLE.to_dict()), "score": 1, "size_mb": 2})
    assert (found.score, found.estimate.size_mb) == (1, 2)
