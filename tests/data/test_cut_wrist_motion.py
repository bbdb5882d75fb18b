from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "experiments" / "cut_wrist_motion.py"


def test_recordings_are_cut_in_windows_and_split_by_people() -> None:
    cut = runpy.run_path(str(SCRIPT))["cut"]
    random = np.random.default_rng(0)
    subjects = np.repeat(np.arange(10), 2)
    # Each person does both exercises, of which one is long enough for two windows.
    series = [np.full((300 if i % 2 else 200, 6), float(i)) + random.standard_normal(6) for i in range(20)]
    arrays = cut(series, np.arange(20) % 2, subjects)
    assert [len(arrays[f"{part}_x"]) for part in ("train", "validation", "test")] == [15, 6, 9]
    people = {
        part: {round(float(x) / 2) for x in (arrays[f"{part}_x"] * arrays["scale"]).mean((1, 2))}
        for part in ("train", "validation", "test")
    }
    assert not people["train"] & people["test"] and not people["train"] & people["validation"]
    assert arrays["test_y"].tolist() == [0, 1, 1] * 3
    rebuilt = arrays["train_x"][0] * arrays["scale"]
    np.testing.assert_allclose(rebuilt, series[0][:128], atol=float(arrays["scale"].max()))


def test_another_file_is_not_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.whl"
    other.write_bytes(b"anything")
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(other), "--output", str(tmp_path / "out.npz")])
    with pytest.raises(SystemExit, match="is not seglearn"):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert not (tmp_path / "out.npz").exists()
