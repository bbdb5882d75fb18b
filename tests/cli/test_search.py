from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Run

from anenas import run_search
from anenas.cli._search import search
from anenas.search import FinalTraining


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("search --space mobil_cnn", "unknown space 'mobil_cnn'; did you mean mobile_cnn or"),
        ("search --space nowhere.yaml", "no space file nowhere.yaml"),
        ("search --chip A51", "unknown chip or device 'A51'; did you mean A"),
        ("search --trials 0", "trials must be more than 0"),
        ("search --trials -3", "trials must be more than 0"),
        ("search --trials many", "Invalid value for '--trials'"),
        ("search --epochs 0", "epochs must be more than 0"),
        ("search --final most", "unknown final 'most'; known: all, exports, none"),
        ("search --workers 0", "workers must be more than 0"),
        ("search --seed -1", "seed must be 0 or more"),
        ("search --iphone-team T", "--iphone-team is only for measuring; also give --measure"),
        ("search --timeout soon", "--timeout 'soon': expected a number above 0 and a unit"),
        ("search --timeout 0s", "--timeout '0s'"),
        ("search --max-size 10GBit", "--max-size '10GBit'"),
        ("search --max-latency fast", "--max-latency 'fast'"),
        ("search --min-residency 120%", "--min-residency '120%'"),
        ("search --input 64x64", "expected CxHxW, such as 3x224x224"),
        ("search --input 1x64x99999", "breaks the guideline 'no dimension over 16,384'"),
        ("search --device abacus", "unknown device 'abacus'"),
        ("search --study a/b", "study name 'a/b'"),
        ("search --data fashion_mnst", "did you mean fashion_mnist?"),
        ("search --data images:nowhere", "nowhere"),
        ("search --data nowhere.npz", "nowhere.npz"),
        ("search --test nowhere", "--test is a split of named data: name the data with --data, such as images:FOLDER"),
        ("search --data images:nowhere --validation x --skip-broken", "nowhere"),
        ("search --no-such-option", "No such option"),
        ("front nothing", "no studies in"),
        ("report nothing", "no studies in"),
        ("report nothing --out nowhere/page.html", "--out: there is no folder"),
        ("ui", "nothing to browse in mlruns yet"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], arguments: str, expected: str
) -> None:
    assert expected in refusal(*arguments.split())


def test_a_store_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for what in ("store", "exports"):
        code, _, err = run("-q", "search", f"--{what}", f"file/{what}")
        assert (code, err.count("\n")) == (2, 1)
        assert f"cannot write the {what}" in err


def test_arrays_of_the_wrong_shape_are_one_line(run: Run, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "flat.npz", **{name: np.zeros(4, np.uint8) for name in ("train_x", "train_y", "test_x", "test_y")}
    )
    code, _, err = run("search", "--data", "flat.npz")
    assert (code, err.count("\n")) == (2, 1)
    assert "train_x" in err


def test_the_command_the_function_and_the_search_train_the_same_models_finally() -> None:
    defaults = {inspect.signature(one).parameters["final"].default for one in (search, run_search)}
    assert defaults == {FinalTraining.models}
