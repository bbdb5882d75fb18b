from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run

from anenas.ane import get_chip
from anenas.latency import CalibratedLatency, own_devices
from anenas.models import load_graph

STAGES = "conv_r1_s2_c16_k3_relu-dsconv_r{depth}_s2_c{width}_k3_relu"
MODELS = [f"1x1x32x32-{STAGES}-head_n4".format(depth=depth, width=16 * depth) for depth in range(1, 6)]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Measurements of five models on a device on which all takes twice as long as on an A15."""
    monkeypatch.setenv("ANENAS_HOME", str(tmp_path / "home"))
    rows = [
        f"{model},,,A15,{2 * CalibratedLatency().latency(load_graph(model), get_chip('A15')).ms}" for model in MODELS
    ]
    (tmp_path / "table.csv").write_text("\n".join(["model_spec,timm_name,input_res,soc,latency_ms", *rows]) + "\n")
    return tmp_path / "table.csv"


def test_a_device_is_calibrated_and_then_a_chip_of_that_name(run: Run, table: Path) -> None:
    code, out, err = run("calibrate", table, "--chip", "A15", "--name", "my-phone")
    assert (code, err) == (0, "")
    assert out.startswith("my-phone, A15: calibrated on 5 models\n")
    assert own_devices() == ["my-phone"]
    figures = [json.loads(run("profile", MODELS[0], "--chip", chip, "--json").out) for chip in ("A15", "my-phone")]
    assert figures[1]["latency_ms"] == pytest.approx(2 * figures[0]["latency_ms"], rel=0.1)
    assert "my-phone: your own device with A15, calibrated on 5 models" in run("chips").out


def test_as_json_it_says_where_the_device_lies(run: Run, table: Path, tmp_path: Path) -> None:
    told = json.loads(run("calibrate", table, "--chip", "A15", "--name", "mine", "--json").out)
    assert (told["name"], told["chip"], told["models"]) == ("mine", "A15", 5)
    assert told["file"] == str(tmp_path / "home" / "devices" / "mine.json")
    assert Path(told["file"]).is_file()


@pytest.mark.parametrize(
    ("chip", "name", "expected"),
    [
        ("A51", "mine", "unknown chip or device 'A51'"),
        ("A15", "M2", "'M2' is the name of a chip; choose another name for your device, such as my-M2"),
        ("A15", "my phone", "invalid device name 'my phone'"),
        ("M2", "mine", "0 measured models on M2; at least 5 are needed; skipped: 5 another chip"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], table: Path, chip: str, name: str, expected: str
) -> None:
    assert expected in refusal("calibrate", table, "--chip", chip, "--name", name)
