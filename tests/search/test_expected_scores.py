from __future__ import annotations

import pytest

from anenas.search._expected_scores import expected_scores


def test_a_trial_is_expected_to_gain_what_the_median_gained() -> None:
    reached = [{0.25: 0.5, 0.5: 0.6, 1.0: 0.9}, {0.25: 0.6, 0.5: 0.8}, {0.25: 0.7, 0.5: 0.8}, {0.25: 0.4}, {1.0: 0.95}]
    assert expected_scores(reached) == pytest.approx([0.9, 1.1, 1.1, 0.4 + 0.1 + 0.3, 0.95])


def test_before_any_trial_is_further_nothing_is_added() -> None:
    assert expected_scores([{0.25: 0.5}, {0.25: 0.7}]) == [0.5, 0.7]


def test_probed_networks_gain_what_probed_ones_gained() -> None:
    reached = [{0.0: 0.7, 1.0: 0.8}, {0.0: 0.6}, {0.125: 0.2, 1.0: 0.9}, {0.125: 0.3}]
    assert expected_scores(reached) == pytest.approx([0.8, 0.7, 0.9, 1.0])
