from __future__ import annotations

from collections.abc import Callable

import numpy as np

from anenas.bench import SearchScores
from anenas.cli.screen import print_search_scores


def scores(sampler: str, known: int | None = None) -> SearchScores:
    curves = np.linspace([0.0, 0.2], [0.5, 0.7], 30, axis=1)
    return SearchScores("small", sampler, known, curves, repeated=3, seconds_per_suggestion=0.0126)


def test_each_sampler_is_a_row_of_means_and_deviations(shown: Callable[..., list[str]]) -> None:
    assert shown(print_search_scores, [scores("auto"), scores("random")]) == [
        "small",
        "fraction of the true front's hypervolume, mean ± sd of 2 seeds",
        "evaluations 25 30 repeated ms each",
        "auto .514±.100 .600±.100 3 13",
        "random .514±.100 .600±.100 3 13",
    ]


def test_an_objective_that_is_known_is_named(shown: Callable[..., list[str]]) -> None:
    assert shown(print_search_scores, [scores("auto", known=1)])[0] == "small, objective 1 known of any candidate"
