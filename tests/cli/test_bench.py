from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run
from tables import write_table

from anenas.search import SAMPLERS


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("bench latency", "Missing option '--csv'"),
        ("bench latency --csv nowhere.csv", "cannot read 'nowhere.csv'"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], arguments: str, expected: str
) -> None:
    assert expected in refusal(*arguments.split())


def test_estimates_are_held_against_a_table(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("timm_name,input_res,soc,latency_ms,set\nmobileone_s0,224,A14,0.8,mine\n,224,A14,1,mine\n")
    found = json.loads(run("bench", "latency", "--csv", str(table), "--json")[1])
    assert found["skipped"] == {"no timm name": 1}
    assert list(found["sets"][0]) == [
        *("set", "soc", "n", "spearman", "spearman_macs", "median_error", "within_10", "within_25", "coverage")
    ]
    shown = run("bench", "latency", "--csv", str(table))[1]
    assert "mine" in shown
    assert "skipped 1: no timm name" in shown


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_table(tmp_path / "small.npz")


def test_a_search_of_a_table_is_told_as_json_and_nothing_else(run: Run, table: Path) -> None:
    code, out, _ = run(
        *("bench", "search", "--table", table, "--trials", 30, "--seeds", 2, "--known", 1, "--sampler", "random"),
        "--json",
    )
    scores = json.loads(out)
    assert code == 0
    assert (scores["table"], scores["sampler"], scores["seeds"], scores["known"]) == ("small", "random", 2, 1)
    assert scores["share"].keys() == scores["share_sd"].keys() == {"25", "30"}
    assert 0 < scores["share"]["25"] <= scores["share"]["30"] <= 1


def test_comparing_runs_every_sampler_and_draws_the_curves(run: Run, table: Path, tmp_path: Path) -> None:
    plot = tmp_path / "curves.png"
    code, out, _ = run(
        *("bench", "search", "--table", table, "--trials", 12, "--seeds", 1), "--compare", "--plot", plot, "--json"
    )
    assert code == 0
    assert [scores["sampler"] for scores in json.loads(out)] == list(SAMPLERS)
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_without_json_a_search_of_a_table_is_a_table(run: Run, table: Path) -> None:
    code, out, _ = run("bench", "search", "--table", table, "--trials", 12, "--seeds", 1, "--sampler", "random")
    assert code == 0
    assert "fraction of the true front's hypervolume" in out
    assert [line.split()[0] for line in out.splitlines() if line.strip()][-1] == "random"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--sampler", "magic"), "unknown sampler 'magic'"),
        (("--known", 2), "--known must be 0 or 1"),
        (("--table", "no.npz"), "no.npz"),
    ],
)
def test_a_mistake_about_a_table_is_one_line(
    refusal: Callable[..., str], table: Path, options: tuple[object, ...], expected: str
) -> None:
    assert expected in refusal("bench", "search", "--table", table, *options)
