"""Files of devices: calibrations and recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fuzzing import changed, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.latency import OwnDevice, chip_or_own_device
from anenas.measure import read_recordings

RECORDINGS = Path(__file__).parents[1] / "measure" / "recordings"


@pytest.fixture(autouse=True, scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("ANENAS_HOME", str(folder))
        yield folder


def _stored(draw: Any, whole: bytes) -> bytes:
    if draw(st.integers(0, 3)) == 0:
        return bytes(draw(damaged(whole)))
    return json.dumps(draw(changed(json.loads(whole)))).encode()


@fuzz()
@given(data=st.data())
def test_a_calibration_of_which_values_or_bytes_are_others(home: Path, data: st.DataObject) -> None:
    path = OwnDevice("mine", "A15", "calibrated-1", 1.5, 2.0, 1.25, 7).save()
    path.write_bytes(_stored(data.draw, path.read_bytes()))
    with lawful(home):
        chip, device = chip_or_own_device("mine")
        assert chip.name and device and 0 < device.scale * device.fixed < 1e13


@pytest.mark.parametrize(("field", "value"), [("chip", True), ("chip", 7), ("scale", 1e400), ("fixed", 10**400)])
def test_a_calibration_with_a_value_of_another_type_is_refused(home: Path, field: str, value: Any) -> None:
    path = OwnDevice("mine", "A15", "calibrated-1", 1.5, 2.0, 1.25, 7).save()
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(AnenasError, match="is not a calibration of this version"):
        OwnDevice.load("mine")


@fuzz()
@given(data=st.data())
def test_recordings_of_which_values_or_bytes_are_others(
    home: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from([one.read_bytes() for one in sorted(RECORDINGS.iterdir())]))
    path = home / "recording.json"
    path.write_bytes(_stored(data.draw, whole))
    with lawful(home):
        for one in read_recordings(path):
            _ = one.median_ms, one.interval_ms
