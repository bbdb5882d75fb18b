from __future__ import annotations

from collections.abc import Callable

import pytest

from anenas.search import Search, Study
from anenas.search._donor import Donors
from anenas.space import Architecture, SearchSpace

Make = Callable[..., Search]


def differing(space: SearchSpace, one: Architecture, other: Architecture) -> int:
    return len(space.decisions(one).items() ^ space.decisions(other).items())


def test_there_is_no_donor_before_a_trial_has_completed(study: Study, space: SearchSpace) -> None:
    donors = Donors(study, space)
    trial = study.ask(space, 10)
    assert donors.nearest(trial.architecture) is None


def test_the_donor_is_the_completed_trial_that_differs_least_and_then_the_most_accurate(
    searching: Make, study: Study, space: SearchSpace
) -> None:
    searching().run(6)
    donors = Donors(study, space)
    wanted = study.ask(space, 10).architecture
    chosen = next(r for r in study.completed if r.number == donors.nearest(wanted))
    least = min(differing(space, wanted, r.architecture) for r in study.completed)
    as_near = [r for r in study.completed if differing(space, wanted, r.architecture) == least]
    assert chosen in as_near
    assert study.point(chosen)[0] == max(study.point(r)[0] for r in as_near)


@pytest.mark.parametrize("inherit", [False, True])
def test_trials_begin_with_the_weights_of_one_that_has_completed(inherit: bool, searching: Make, study: Study) -> None:
    search = searching()
    search.inherit = inherit
    search.run(6)
    ended = {record.number: record.ended for record in study.completed}
    for record in study.completed:
        assert record.evaluation
        donor = record.evaluation.donor
        if inherit and record.started > min(ended.values()):
            assert donor is not None and ended[donor] <= record.started
        else:
            assert donor is None
