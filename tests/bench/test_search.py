"""`anenas bench search`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tables import write_table

from anenas import cli
from anenas.search import SAMPLERS


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["anenas", "bench", "search", *map(str, arguments)])
        cli.main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_table(tmp_path / "small.npz")


def test_json_holds_the_shares_and_nothing_else_is_printed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("--table", path, "--trials", 30, "--seeds", 2, "--known", 1, "--json", capsys=capsys)
    scores = json.loads(out)
    assert code == 0
    assert {"table", "sampler", "seeds", "share", "share_sd", "repeated", "seconds_per_suggestion"} <= scores.keys()
    assert (scores["table"], scores["sampler"], scores["seeds"], scores["known"]) == ("small", "auto", 2, 1)
    assert scores["share"].keys() == scores["share_sd"].keys() == {"25", "30"}
    assert 0 < scores["share"]["25"] <= scores["share"]["30"] <= 1
    assert scores["repeated"] == 0


def test_comparing_runs_every_sampler_and_draws_the_curves(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "curves.png"
    code, out, _ = run(
        "--table", path, "--trials", 12, "--seeds", 1, "--compare", "--plot", plot, "--json", capsys=capsys
    )
    assert code == 0
    assert [scores["sampler"] for scores in json.loads(out)] == list(SAMPLERS)
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_without_json_a_table_is_printed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("--table", path, "--trials", 12, "--seeds", 1, "--sampler", "random", capsys=capsys)
    assert code == 0
    assert "random" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [(("--sampler", "magic"), "magic"), (("--known", 2), "--known must be 0 or 1"), (("--table", "no.npz"), "no.npz")],
)
def test_bad_input_is_one_line_and_exit_status_2(
    path: Path, options: tuple[object, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run("--table", path, *options, capsys=capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
