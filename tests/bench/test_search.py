from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tables import table_fields, write_table

from anenas._errors import AnenasError
from anenas.bench import SearchScores, Table, bench_search, read_table


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return read_table(write_table(tmp_path / "small.npz"))


def test_the_share_found_never_falls_and_each_seed_has_a_curve(table: Table) -> None:
    scores = bench_search(table, "random", trials=30, seeds=2)
    assert (scores.table, scores.sampler, scores.known) == ("small", "random", None)
    assert scores.curves.shape == (2, 30)
    assert (np.diff(scores.curves) >= 0).all()
    assert scores.curves[:, -1].min() > 0 and scores.curves.max() < 1
    assert not np.array_equal(*scores.curves)


def test_equal_seeds_find_equal_shares(table: Table) -> None:
    first, second = (bench_search(table, "random", trials=12, seeds=2) for _ in range(2))
    np.testing.assert_array_equal(first.curves, second.curves)


def test_a_search_longer_than_the_table_ends_with_the_whole_front(tmp_path: Path) -> None:
    table = read_table(write_table(tmp_path / "tiny.npz", **table_fields(decisions=2, options=3)))
    scores = bench_search(table, "random", trials=50, seeds=1)
    assert scores.curves.shape == (1, 9)
    assert scores.curves[0, -1] == pytest.approx(1)


def test_an_unknown_sampler_is_refused(table: Table) -> None:
    with pytest.raises(AnenasError, match="unknown sampler 'magic'"):
        bench_search(table, "magic", trials=1, seeds=1)


@pytest.mark.parametrize(
    ("trials", "expected"), [(12, [12]), (25, [25]), (60, [25, 50, 60]), (250, [25, 50, 100, 200, 250])]
)
def test_shares_are_printed_at_few_counts_and_the_last(trials: int, expected: list[int]) -> None:
    scores = SearchScores("t", "random", None, np.zeros((1, trials)), 0, 0.0)
    assert scores.checkpoints == expected


def test_what_is_written_is_the_mean_and_the_deviation_over_the_seeds() -> None:
    scores = SearchScores("t", "auto", 1, np.array([[0.1, 0.2], [0.3, 0.4]]), 3, 0.01234)
    assert scores.to_dict() == {
        "table": "t",
        "sampler": "auto",
        "known": 1,
        "seeds": 2,
        "share": {"2": 0.3},
        "share_sd": {"2": 0.1},
        "repeated": 3,
        "seconds_per_suggestion": 0.0123,
    }
