from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas._plugins import dump_plugins, install_plugins
from anenas.tasks import METRICS, Predictions, find_metric, metric


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
    with pytest.raises(AnenasError, match="two metrics called 'accuracy'"):
        metric("accuracy")(lambda predictions: 1.0)
