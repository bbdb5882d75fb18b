from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas._plugins import dump_plugins, install_plugins
from anenas.tasks import METRICS, Predictions, binomial_error, find_metric, metric


@pytest.fixture
def cost() -> Iterator[str]:
    """A metric of one's own."""

    @metric("cost", "minimize", title="cost of a day", is_fraction=False)
    def measure(predictions: Predictions) -> float:
        return 10 * float(np.mean((predictions.labels == 1) & (predictions.predicted == 0)))

    yield "cost"
    del METRICS._entries["cost"]


def test_a_function_with_a_name_and_a_direction_is_a_metric(cost: str) -> None:
    found = find_metric(cost)
    missed = Predictions(np.array([[0.9, 0.1]] * 4), np.array([0, 1, 0, 1]), ("no", "yes"))
    assert (found.measure(missed), found.direction, found.words(5.0)) == (5.0, "minimize", "5")
    assert 1 < found.standard_error(missed) < 4


def test_one_of_one_s_own_goes_to_where_trials_run(cost: str) -> None:
    sent = dump_plugins()
    del METRICS._entries[cost]
    install_plugins.cache_clear()
    install_plugins(sent)
    assert find_metric(cost).title == "cost of a day"


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(AnenasError, match="two metrics have the name 'accuracy'"):
        metric("accuracy")(lambda predictions: 1.0)


@pytest.mark.parametrize("of", [1, 48, 2000])
def test_where_all_inputs_are_alike_a_fraction_has_an_error_nevertheless(of: int) -> None:
    error = binomial_error(1.0, of)
    assert error == pytest.approx(binomial_error(0.0, of))
    # The lower end of Wilson's interval of one standard deviation, n / (n + 1), is further off than its half width is.
    assert 0.5 / (of + 1) < error < 1 / (of + 1)


def test_of_many_inputs_the_error_of_a_fraction_is_the_plain_one() -> None:
    for fraction in (0.1, 0.5, 0.874):
        assert binomial_error(fraction, 2000) == pytest.approx(math.sqrt(fraction * (1 - fraction) / 2000), rel=0.01)


@pytest.mark.parametrize(("name", "inputs"), [("accuracy", 30), ("macro_f1", 30), ("recall@b", 5), ("top5", 30)])
def test_a_metric_of_which_every_resample_is_alike_has_the_error_of_its_inputs(name: str, inputs: int) -> None:
    labels = np.array([0] * 25 + [1] * 5)
    perfect = Predictions(np.eye(2)[labels] * 0.9 + 0.05, labels, ("a", "b"))
    found = find_metric(name, ("a", "b"))
    assert found.measure(perfect) == 1
    assert found.standard_error(perfect) == binomial_error(1.0, inputs)
