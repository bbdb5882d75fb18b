from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Run
from studies import trained_study

from anenas.bundle import Bundle
from anenas.coreml import Package
from anenas.data import InputFormat, load_data
from anenas.inputs import SERIES
from anenas.space import read_space

SPACE = """\
name: series
input: {channels: 3, steps: 18}
stem: {width: 16, stride: 2, blocks: {tcn: {kernel: 3, activation: relu}}}
stages: [{width: 32, stride: 2, blocks: {sru: }}]
head: {pool: mean}
"""
TRIAL = "1x3x1x18-tcn_r1_s2_c16_k3_d1_relu-sru_r1_s2_c32-head_n3"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the study "series" of one trained trial."""
    folder = tmp_path_factory.mktemp("series")
    series = np.random.default_rng(0).standard_normal((120, 18, 3)).astype(np.float32)
    labels = np.arange(120) % 3
    np.savez(folder / "data.npz", train_x=series, train_y=labels, test_x=series[:40], test_y=labels[:40])
    (folder / "series.yaml").write_text(SPACE)
    source = str(folder / "data.npz")
    dataset = load_data(source, InputFormat(SERIES))
    trained_study(folder / "store", read_space(folder / "series.yaml"), dataset, source, [TRIAL], epochs=1)
    return folder / "store"


def test_a_bundle_is_told_in_figures_and_its_stream_in_words_of_series(run: Run, store: Path) -> None:
    code, out, err = run("export", "series", "--store", store, "--max-latency", "5ms", "--streaming", "--out", "b")
    assert code == 0
    assert out.startswith("b: trial 0 of series, the most accurate within 5 ms\n")
    assert re.search(r"\n  test accuracy  \d+\.\d\d% on 40 series, of the exported program\n", out)
    assert re.search(r"\n  latency        0\.\d{3} ms \(0\.\d\d–0\.\d\d\) on A15, estimated\n", out)
    assert re.search(r"\n  a call         takes 4 steps and \d states?\n", out)
    assert "\n  verified       on 40 series, call by call: " in out
    assert out.endswith("\nREADME.md has the rest\n")
    assert "images" not in out + err
    assert "verifying the exported program" in err


def test_as_json_a_bundle_is_its_figures_alone(run: Run, store: Path) -> None:
    told = json.loads(run("export", "series", "--store", store, "--out", "b", "--json").out)
    assert told["path"] == "b"
    named = {"validation_score": "validation_accuracy", "test_score": "test_accuracy"}
    assert set(told) == {named.get(field.name, field.name) for field in dataclasses.fields(Bundle)}


def test_all_of_the_front_is_exported_once_and_told_with_its_author(run: Run, store: Path) -> None:
    wanted = ("export", "series", "--store", store, "--all", "--author", "Ada", "--license", "CC0", "--json")
    (told,) = json.loads(run(*wanted).out)
    assert told["path"] == "exports/series/trial-0"
    metadata = Package.open("exports/series/trial-0/model.mlpackage").model.description.metadata
    assert (metadata.author, metadata.license, metadata.versionString) == ("Ada", "CC0", "trial 0 of series")
    scored = f"accuracy {told['test_accuracy']:.2%} of 40 test series"
    assert scored in metadata.shortDescription and "Made with anenas" in metadata.shortDescription
    code, out, err = run(*wanted)
    assert (code, json.loads(out)) == (0, []) and "already exported" in err


def test_a_folder_that_is_there_is_left_alone(refusal: Callable[..., str], store: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    line = refusal("export", "series", "--store", store, "--out", "b")
    assert line == "anenas: b exists already; name another folder\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("nothing --out b", "unknown study 'nothing'"),
        ("series --out b --max-latency fast", "--max-latency 'fast'"),
        ("series --out b --pick fastest", "no pick 'fastest'"),
        ("series --out b --pick 0 --max-latency 5ms", "two ways to choose"),
        ("series --all --pick knee", "--all exports every model"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], store: Path, arguments: str, expected: str
) -> None:
    assert expected in refusal("export", *arguments.split(), "--store", store)
