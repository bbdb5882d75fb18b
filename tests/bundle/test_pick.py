from __future__ import annotations

from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.bundle._pick import choose
from anenas.search import Study


def test_names_and_numbers_are_those_of_the_study(study: Study) -> None:
    assert choose(study, None, None) == study.picks["knee"]
    for name, record in study.picks.items():
        assert choose(study, name, None) == record
    for record in study.completed:
        assert choose(study, str(record.number), None) == record


def test_within_a_latency_the_most_accurate_is_chosen(study: Study) -> None:
    for limit in [record.point[1] for record in study.completed]:
        chosen = choose(study, None, limit)
        assert chosen.point[1] <= limit
        within = [record.point[0] for record in study.completed if record.point[1] <= limit]
        assert chosen.point[0] == max(within)


@pytest.mark.parametrize(
    ("pick", "limit", "message"),
    [
        ("kne", None, "unknown pick 'kne'; did you mean knee?"),
        ("99", None, r"trial 99 of tiny has not completed; on its front are \d"),
        (None, 0.001, r"no trial of tiny takes at most 0.001 ms; the fastest, \d, takes 0\.\d+ ms"),
        ("fast", 1.0, "two ways to choose"),
    ],
)
def test_a_mistake_tells_what_there_is(study: Study, pick: str | None, limit: float | None, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        choose(study, pick, limit)


def test_a_study_without_a_completed_trial_has_nothing_to_choose(store: Path) -> None:
    with pytest.raises(AnenasError, match="no trial of nothing has completed"):
        choose(Study.load(store, "nothing"), "knee", None)
