"""The functions of the kit's script; the script as a whole is run by `tests/test_kit.py`."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import standin_macos
from torch import nn

from anenas.coreml import Package, convert_arrays
from anenas.measure import kit_script as validate


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "m.mlpackage"
    convert_arrays(nn.Conv2d(3, 16, 3).eval(), path, shape=(1, 3, 8, 8), source="x", output="y")
    return path


def test_the_script_needs_nothing_of_anenas_and_runs_on_python_3_9() -> None:
    tree = ast.parse(Path(validate.__file__).read_text(), feature_version=(3, 9))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported - sys.stdlib_module_names == {"numpy"}  # coremltools is imported by name, late


@pytest.mark.parametrize(
    ("brand", "chip"),
    [
        ("Apple M1", "M1"),
        ("Apple M2 Pro", "M2"),
        ("Apple M4 Max", "M4"),
        ("Apple M2 Ultra", "M2 Ultra"),  # two engines: another chip
        ("Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz", "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz"),
    ],
)
def test_a_mac_tells_its_chip(brand: str, chip: str) -> None:
    assert validate.mac_chip(brand) == chip


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        (list, "no iPhone is connected; connect one, unlock it and turn on developer mode"),
        (lambda: 1 // 0, "the iPhone cannot be prepared: integer division"),
    ],
)
def test_an_iphone_that_cannot_be_had_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, devices: Callable[[], object], message: str
) -> None:
    from coremltools.models.ml_program.experimental import remote_device

    monkeypatch.setattr(remote_device._DeviceCtl, "get_devices", staticmethod(devices))
    with pytest.raises(validate.ValidationError, match=message):
        asyncio.run(validate.attach("iphone", "A15", "TEAM"))


def test_older_coremltools_is_timed_by_the_clock(
    package: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    standin_macos.install(monkeypatch, tmp_path)
    monkeypatch.setattr(validate, "_tool", lambda name: None)
    here = asyncio.run(validate.attach())
    measured, outputs = asyncio.run(
        validate.measure(package, Package.open(package).example_inputs(), here, "ALL", 2, 3)
    )
    assert measured["tool"].endswith("timed predict")
    assert [len(samples) for samples in measured["predict_ms"]] == [3, 3]
    assert all(sample > 0 for samples in measured["predict_ms"] for sample in samples)
    assert measured["plan"] == []
    assert outputs["y"].shape == (1, 16, 6, 6)


def test_a_plan_that_is_not_to_be_had_costs_nothing_else(
    package: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    standin_macos.install(monkeypatch, tmp_path)

    def missing(path: str, units: str) -> None:
        raise RuntimeError("needs macOS 14.4")

    monkeypatch.setattr(standin_macos.ModelProxy, "get_compute_plan", staticmethod(missing))
    here = asyncio.run(validate.attach())
    measured, _ = asyncio.run(validate.measure(package, Package.open(package).example_inputs(), here, "CPU_ONLY", 1, 3))
    assert measured["plan"] == []
    assert len(measured["predict_ms"][0]) == 3
    assert "no compute plan: needs macOS 14.4" in capsys.readouterr().err


def test_errors_count_in_spreads_of_what_was_expected() -> None:
    expected = {"y": np.array([0.0, 2.0, 0.0, 2.0], np.float32)}
    assert validate.output_errors(expected, {"y": expected["y"].reshape(2, 2)}) == {"y": 0.0}
    assert validate.output_errors(expected, {"y": expected["y"] + 0.5}) == {"y": pytest.approx(0.5)}
    assert validate.output_errors(expected, {"y": np.ones(4)}) == {"y": pytest.approx(1.0)}
    assert validate.output_errors(expected, {}) == {"y": 1.0}
    assert validate.output_errors(expected, {"y": np.ones(3)}) == {"y": 1.0}
    assert validate.output_errors({"y": np.ones(4)}, {"y": np.ones(4)}) == {"y": 0.0}


def test_a_model_is_suspected_where_most_of_its_cost_is_off_the_engine() -> None:
    def plan(*rows: tuple[str, float | None]) -> list[dict[str, object]]:
        return [{"preferred": preferred, "cost": cost} for preferred, cost in rows]

    assert validate.off_engine(plan(("CPU", 0.7), ("NeuralEngine", 0.3)))
    assert not validate.off_engine(plan(("CPU", 0.3), ("NeuralEngine", 0.7)))
    assert validate.off_engine(plan(("CPU", None), ("GPU", None), ("NeuralEngine", None)))
    assert not validate.off_engine([])  # nothing is known
