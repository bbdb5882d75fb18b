from __future__ import annotations

import platform
import subprocess
import sys

import cloudpickle
import joblib
import pytest
import torch

import anenas
from anenas.search.executors.cluster import Machine
from anenas.search.executors.cluster._machine import difference, versions


def test_trials_go_to_gpus_where_there_are_some() -> None:
    assert (Machine(16, 2, False).slots, Machine(16, 2, False).resources) == (2, {"GPU": 2})
    assert (Machine(16, 0, False).slots, Machine(16, 0, False).resources) == (16, {})
    assert str(Machine(16, 2, False)) == "2 trials side by side, one a GPU"


def test_a_mac_says_that_it_has_an_engine() -> None:
    assert Machine(8, 0, True).resources == {"ANE": 1}
    assert str(Machine(1, 0, True)) == "1 trial side by side, one a core, and a Neural Engine"


def test_this_machine_can_run_trials() -> None:
    assert Machine.here().slots >= 1


def test_versions_are_told_where_anenas_cannot_be_imported() -> None:
    code = "import sys, pickle; sys.modules['anenas'] = None; print(pickle.load(sys.stdin.buffer)()['anenas'])"
    told = subprocess.run([sys.executable, "-c", code], input=cloudpickle.dumps(versions()), capture_output=True)
    assert told.stdout.decode().strip() == anenas.__version__


def test_a_difference_names_both_versions() -> None:
    ours = {"Python": "3.11", "anenas": "0.1.0", "torch": "2.8.0"}
    assert difference(ours, ours) == ""
    assert difference(ours, ours | {"torch": "2.7.1"}) == "torch 2.7.1 (here 2.8.0)"
    assert difference(ours, {"Python": "3.11", "anenas": "none"}) == "anenas none (here 0.1.0), torch none (here 2.8.0)"


@pytest.mark.parametrize(
    ("system", "processor", "engine"),
    [("Darwin", "arm64", True), ("Darwin", "x86_64", False), ("Linux", "arm64", False), ("Linux", "x86_64", False)],
)
def test_only_a_mac_with_apple_silicon_has_an_engine(
    system: str, processor: str, engine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    monkeypatch.setattr(joblib, "cpu_count", lambda: 6)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert Machine.here() == Machine(6, 3, engine)
