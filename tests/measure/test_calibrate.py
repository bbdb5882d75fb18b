from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.ane import fixed_us, get_chip, program_cost
from anenas.latency import CalibratedLatency, OwnDevice, Target, chip_or_own_device, own_devices, profile
from anenas.measure import calibrate
from anenas.models import load_graph

A15 = get_chip("A15")
WIDTHS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
MODELS = [f"1x16x56x56-conv_r3_s1_c{width}_k3_relu-head_n10" for width in WIDTHS]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANENAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def table(folder: Path, models: list[str], fixed: float, scale: float, soc: str = "A15", noise: float = 0.0) -> Path:
    """Latencies of a device whose fixed cost and operations are such multiples of the chip's."""
    rng = np.random.default_rng(0)
    path = folder / "measurements.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["timm_name", "input_res", "soc", "latency_ms", "model_spec"])
        for model in models:
            ms = (fixed * fixed_us(A15) + scale * program_cost(load_graph(model), A15).us) / 1000
            writer.writerow(["", "", soc, ms * np.exp(noise * rng.standard_normal()), model])
    return path


@pytest.mark.parametrize(("fixed", "scale"), [(1.0, 1.0), (2.0, 0.7), (0.5, 1.5)])
def test_a_device_that_differs_from_its_chip_is_found(tmp_path: Path, fixed: float, scale: float) -> None:
    result = calibrate(table(tmp_path, MODELS, fixed, scale), A15, "mine")
    assert result.device.scale == pytest.approx(scale, rel=0.05)
    assert result.device.fixed == pytest.approx(fixed, rel=0.1)
    assert result.after["median_error"] < 0.02
    assert result.device.models == len(MODELS)


def test_measured_models_are_left_out_when_it_is_judged(tmp_path: Path) -> None:
    """Noise that a fit could follow is not counted as skill."""
    result = calibrate(table(tmp_path, MODELS[:5], 1.0, 1.0, noise=0.3), A15, "mine")
    assert result.after["median_error"] > 0.05


def test_few_models_do_not_narrow_the_interval(tmp_path: Path) -> None:
    few = calibrate(table(tmp_path, MODELS[:5], 1.0, 1.2), A15, "mine").device
    many = calibrate(table(tmp_path, MODELS, 1.0, 1.2), A15, "mine").device
    latencies = [CalibratedLatency().latency(load_graph(model), A15) for model in MODELS[:5]]
    published = np.median([latency.high_ms / latency.ms for latency in latencies])
    assert few.interval == pytest.approx(published, abs=1e-4)
    assert 1 <= many.interval < few.interval


def test_one_outlier_does_no_harm(tmp_path: Path) -> None:
    path = table(tmp_path, MODELS, 1.0, 1.2)
    rows = path.read_text().splitlines()
    rows[3] = rows[3].replace(rows[3].split(",")[3], "90")
    path.write_text("\n".join(rows) + "\n")
    assert calibrate(path, A15, "mine").device.scale == pytest.approx(1.2, rel=0.1)


def test_rows_of_another_chip_do_not_count(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match=r"0 measured models on A15; at least 5 are needed; skipped: 10 another chip"):
        calibrate(table(tmp_path, MODELS, 1.0, 1.0, soc="A14"), A15, "mine")


def rewritten(path: Path, encoding: str, change: Callable[[str], str]) -> Path:
    path.write_text(change(path.read_text()), encoding=encoding)
    return path


def test_a_table_as_a_german_excel_writes_it_is_the_same_table(tmp_path: Path) -> None:
    expected = calibrate(table(tmp_path, MODELS, 2.0, 0.7), A15, "mine").device

    def excel(text: str) -> str:
        return "\n".join(line.replace(",", ";").replace(".", ",") for line in text.splitlines()) + "\n;;;;\n"

    assert calibrate(rewritten(tmp_path / "measurements.csv", "utf-8-sig", excel), A15, "mine").device == expected


@pytest.mark.parametrize(("factor", "unit"), [(0.001, "seconds"), (1000, "microseconds")])
def test_latencies_in_other_units_are_asked_about_and_not_fitted(tmp_path: Path, factor: float, unit: str) -> None:
    path = table(tmp_path, MODELS, factor, factor)
    with pytest.raises(AnenasError, match=rf"row 2: latency_ms is .* 10 of 10 rows are as far off: {unit}\? Give mill"):
        calibrate(path, A15, "mine")


def test_one_latency_beyond_any_plausible_is_asked_about_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = table(tmp_path, MODELS, 1.0, 1.0)
    header, first, *rest = path.read_text().splitlines()
    cells = first.split(",")
    cells[3] = str(float(cells[3]) / 1000)
    path.write_text("\n".join([header, *rest, ",".join(cells)]) + "\n")
    result = calibrate(path, A15, "mine")
    assert result.skipped == {"beyond any plausible latency": 1} and result.device.models == len(MODELS) - 1
    assert "row 11: latency_ms is 0.000" in caplog.text and "seconds? Give milliseconds; not fitted" in caplog.text


def test_several_measurements_of_one_model_are_one(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="1 measured models"):
        calibrate(table(tmp_path, MODELS[:1] * 8, 1.0, 1.0), A15, "mine")


def test_a_device_is_found_again_by_its_name(home: Path) -> None:
    device = OwnDevice("mine", "A15", CalibratedLatency().model, 1.5, 2.0, 1.25, 7)
    assert own_devices() == []
    assert device.save() == home / "devices" / "mine.json"
    assert own_devices() == ["mine"]
    assert chip_or_own_device("mine") == (A15, device)
    assert chip_or_own_device("a15") == (A15, None)
    with pytest.raises(AnenasError, match="did you mean mine"):
        chip_or_own_device("mine2")


def test_estimates_for_it_add_up() -> None:
    device = OwnDevice("mine", "A15", CalibratedLatency().model, 1.5, 2.0, 1.25, 7)
    graph = load_graph(MODELS[3])
    device.save()
    mine, chips = (profile("m", graph, Target.named(name)) for name in ("mine", "A15"))
    assert mine.latency.ms * 1000 == pytest.approx(2.0 * fixed_us(A15) + 1.5 * program_cost(graph, A15).us)
    assert mine.latency.high_ms / mine.latency.ms == pytest.approx(1.25)
    assert (mine.latency.source, mine.latency.device, mine.latency.chip) == ("calibrated", "mine", "A15")
    assert mine.latency.origin == f"{CalibratedLatency.model} for mine (1.5 2.0)" == Target.named("mine").origin
    assert mine.fixed_us == pytest.approx(2.0 * chips.fixed_us)
    assert [one.us for one in mine.placed] == pytest.approx([1.5 * one.us for one in chips.placed])


def test_a_calibration_of_another_model_version_is_refused() -> None:
    with pytest.raises(AnenasError, match="was calibrated for calibrated-0"):
        CalibratedLatency(OwnDevice("mine", "A15", "calibrated-0", 1.0, 1.0, 1.2, 5))


@pytest.mark.parametrize(
    "change",
    [{"scale": -1}, {"scale": float("nan")}, {"interval": 0.5}, {"fixed": "2"}, {"format": 99}, {"more": 1}, "[]", "{"],
)
def test_a_file_that_is_not_its_own_is_refused(home: Path, change: dict[str, object] | str) -> None:
    path = OwnDevice("mine", "A15", "calibrated-1", 1.0, 1.0, 1.2, 5).save()
    path.write_text(change if isinstance(change, str) else json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(AnenasError, match="is not a calibration of this version; calibrate the device again"):
        chip_or_own_device("mine")


def test_a_name_does_not_leave_its_folder(home: Path) -> None:
    (home / "devices").mkdir(parents=True)
    (home / "other.json").write_text("{}")
    with pytest.raises(AnenasError, match="unknown chip or device"):
        OwnDevice.load("../other")


@pytest.mark.parametrize("name", ["my phone", "../mine", "", "a15", "All"])
def test_a_device_is_not_called_like_a_chip_or_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnenasError, match=r"invalid device name|is the name of a chip") as raised:
        calibrate(tmp_path / "not looked at.csv", A15, name)
    assert "--" not in str(raised.value)
