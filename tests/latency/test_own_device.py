from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.ane import get_chip
from anenas.latency import OwnDevice, check_device_name, chip_or_own_device, own_devices

MINE = OwnDevice("mine", "A15", "calibrated-1", 1.5, 2.0, 1.25, 7)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANENAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_device_is_found_by_its_name_once_it_is_saved(home: Path) -> None:
    assert own_devices() == []
    assert MINE.save() == home / "devices" / "mine.json"
    assert OwnDevice.load("mine") == MINE
    assert own_devices() == ["mine"]
    assert chip_or_own_device("mine") == (get_chip("A15"), MINE)


def test_without_a_folder_of_its_own_it_lies_in_the_user_s_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANENAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert MINE.save() == tmp_path / ".anenas" / "devices" / "mine.json"


def test_a_chip_is_itself_and_what_is_neither_is_answered_with_the_nearest() -> None:
    MINE.save()
    assert chip_or_own_device("a15") == (get_chip("A15"), None)
    with pytest.raises(AnenasError, match=r"unknown chip or device 'minee'; did you mean mine "):
        chip_or_own_device("minee")


@pytest.mark.parametrize("name", ["mine", "my-phone", "M2.pro_2", "1", "x" * 60])
def test_a_device_may_have_a_name_that_a_file_may_have(name: str) -> None:
    check_device_name(name)


@pytest.mark.parametrize("name", ["", "../mine", "my phone", "-q", ".hidden", "x" * 61, "naïve", "a/b"])
def test_a_device_may_not_have_another_name(name: str) -> None:
    with pytest.raises(AnenasError, match=r"expected letters, digits, '_', '\.' and '-', at most 60 characters"):
        check_device_name(name)
    with pytest.raises(AnenasError, match="unknown chip"):
        OwnDevice.load(name)


@pytest.mark.parametrize("name", ["A15", "a15", "M2", "all", "ALL"])
def test_a_device_may_not_have_the_name_of_a_chip(name: str) -> None:
    with pytest.raises(AnenasError, match=f"my-{name}"):
        check_device_name(name)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"scale": 0},
        {"scale": float("nan")},
        {"fixed": -1.0},
        {"interval": 0.5},
        {"interval": float("inf")},
        {"fixed": 2e6},
        {"models": 7.0},
        {"scale": "1.5"},
        {"colour": "red"},
    ],
)
def test_a_file_that_was_not_written_by_it_says_what_to_do(changes: dict[str, object]) -> None:
    path = MINE.save()
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(AnenasError, match=f"{path} is not a calibration of this version; calibrate the device again"):
        OwnDevice.load("mine")


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", "{"])
def test_a_file_that_holds_something_else_says_what_to_do(content: str) -> None:
    MINE.save().write_text(content)
    with pytest.raises(AnenasError, match="calibrate the device again"):
        OwnDevice.load("mine")


def test_a_device_that_is_calibrated_again_is_replaced() -> None:
    MINE.save()
    again = OwnDevice("mine", "M2", "calibrated-1", 1.0, 1.0, 1.5, 9)
    again.save()
    assert OwnDevice.load("mine") == again


positive = st.floats(1e-6, 1e6)


@given(positive, positive, st.floats(1, 1e6), st.integers(5, 999))
def test_figures_come_back_to_the_last_bit(scale: float, fixed: float, interval: float, models: int) -> None:
    device = OwnDevice("mine", "A15", "calibrated-1", scale, fixed, interval, models)
    device.save()
    assert OwnDevice.load("mine") == device
