from __future__ import annotations

from pretend import PretendEvaluator

from anenas.latency import Target
from anenas.search import AdaptableEvaluator, Evaluator, FinalEvaluator, TrainingEvaluator


class Least:
    """What an evaluator needs, and no more."""

    estimate = PretendEvaluator.estimate
    evaluate = PretendEvaluator.evaluate
    test = PretendEvaluator.test


def test_what_an_evaluator_can_do_is_told_by_its_methods() -> None:
    least, training = Least(), TrainingEvaluator((Target.named("A15"),), epochs=1)
    assert [isinstance(one, FinalEvaluator) for one in (least, PretendEvaluator(), training)] == [False, True, True]
    assert [isinstance(one, AdaptableEvaluator) for one in (least, PretendEvaluator(), training)] == [
        False, True, True,
    ]  # fmt: skip


def test_an_evaluator_that_says_that_it_is_one_trains_in_full_unless_told_otherwise() -> None:
    assert Evaluator.evaluate.__defaults__ == PretendEvaluator.evaluate.__defaults__ == (1.0,)
