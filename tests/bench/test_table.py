from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tables import table_fields, write_table

from anenas import AnenasError
from anenas.bench import Table, read_table
from anenas.search import TrialFiles
from anenas.space import every


def rows(table: Table) -> list[Any]:
    return [row for row, _ in every(lambda pick: table.decide(pick))]


def test_the_whole_table_holds_the_whole_front(tmp_path: Path) -> None:
    table = read_table(write_table(tmp_path / "t.npz"))
    fractions = table.hypervolumes(rows(table))
    assert fractions[-1] == pytest.approx(1.0)
    assert (np.diff(fractions) >= 0).all()
    assert fractions[0] < 1


def test_every_row_is_a_candidate_and_prints_its_choices(tmp_path: Path) -> None:
    table = read_table(write_table(tmp_path / "t.npz"))
    assert sorted(map(tuple, rows(table))) == sorted(map(tuple, table.choices.tolist()))
    assert str(rows(table)[1]) == "0-0-0-1"


def test_only_the_known_objective_is_estimated(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.npz")
    row = rows(read_table(path))[7]
    assert math.isnan(read_table(path).estimate(row).latency.ms)
    for known in (0, 1):
        table = read_table(path, known)
        assert table.estimate(row).latency.ms == table.objectives[7, known]
        assert table.evaluate(row, TrialFiles(tmp_path)).estimate.latency.ms == table.objectives[7, known]


def test_the_better_of_the_other_objective_is_the_more_accurate(tmp_path: Path) -> None:
    table = read_table(write_table(tmp_path / "t.npz"), 1)
    accuracies = [table.evaluate(row, TrialFiles(tmp_path)).score for row in rows(table)]
    assert np.argsort(accuracies).tolist()[::-1] == np.argsort(table.objectives[:, 0]).tolist()
    assert (min(accuracies), max(accuracies)) == pytest.approx((0, 1))


def test_a_combination_that_is_not_in_the_table_breaks_a_rule(tmp_path: Path) -> None:
    fields = table_fields()
    half = {"choices": fields["choices"][1:], "objectives": fields["objectives"][1:]}
    table = read_table(write_table(tmp_path / "t.npz", **half))
    assert table.estimate(rows(table)[0]).broken_rules == ("not in the table",)
    assert not table.estimate(rows(table)[1]).broken_rules


GOOD = table_fields()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ideal": None, "nadir": None}, "no ideal, nadir"),
        ({"choices": GOOD["choices"].astype(float)}, "choices must be n × d integers"),
        ({"choices": GOOD["choices"][0]}, "choices must be n × d integers"),
        ({"choices": GOOD["choices"] * 0}, "choices must differ"),
        ({"objectives": GOOD["objectives"][:-1]}, r"objectives must be of shape \(256, 2\)"),
        ({"objectives": GOOD["objectives"] * np.nan}, "objectives must be finite"),
        ({"nadir": GOOD["ideal"]}, "ideal must lie below nadir"),
        ({"front_hypervolume": np.float64(0)}, "front_hypervolume above 0"),
        ({"ideal": np.array(["a", "b"])}, "ideal must be finite numbers"),
        ({"choices": np.array([[{}]], dtype=object)}, "'choices' contains Python objects"),
    ],
)
def test_a_malformed_table_is_refused_in_a_line(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    path = write_table(tmp_path / "t.npz", **fields)
    with pytest.raises(AnenasError, match=message) as error:
        read_table(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_what_is_no_table_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "t.npz").write_text("hello")
    (tmp_path / "empty.npz").touch()
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    for name in ("t.npz", "empty.npz", "absent.npz", "one.npz"):
        with pytest.raises(AnenasError) as error:
            read_table(tmp_path / name)
        assert "\n" not in str(error.value)


def test_a_third_objective_cannot_be_known(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="`known` must be 0 or 1"):
        read_table(write_table(tmp_path / "t.npz"), 2)
