from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import standin_macos
from commands import Run

from anenas.measure import read_recordings

TINY = "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n4"
RECORDINGS = Path(__file__).parents[1] / "measure" / "recordings"


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A stand-in for a Mac."""
    standin_macos.install(monkeypatch, tmp_path_factory.mktemp("commands"))


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac measures")
@pytest.mark.parametrize("device", ["local", "iphone"])
def test_elsewhere_than_on_macos_measuring_says_so_in_one_line(refusal: Callable[..., str], device: str) -> None:
    assert refusal("measure", TINY, "--device", device, "--out", "r.json") == (
        "anenas: measuring needs macOS with coremltools; a kit measures on any Mac (`anenas kit`, "
        "`anenas.measure.write_kit`)\n"
    )


@pytest.mark.usefixtures("macos")
def test_on_macos_measuring_writes_a_recording(run: Run, tmp_path: Path) -> None:
    code, out, err = run("measure", TINY, "--out", "r.json", "--rounds", "5", "--json")
    assert (code, err) == (0, "")
    (shown,) = json.loads(out)
    (recorded,) = read_recordings(tmp_path / "r.json")
    assert (recorded.model, recorded.chip, len(recorded.predict_ms)) == (TINY, "M2", 5)
    assert shown["latency_ms"] == recorded.median_ms
    assert shown["placement"]["macs"] == 1.0
    assert shown["predicted_low_ms"] < shown["predicted_ms"] < shown["predicted_high_ms"]
    (again,) = json.loads(run("recording", "r.json", "--json")[1])
    del shown["placement"], again["placement"]  # there the graph is the package's, here the architecture's
    assert again == shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--out nowhere/r.json", "no folder nowhere to write r.json to"),
        ("--out r.json --device iphone", "for an iPhone, give its chip"),
        ("--out r.json --device iphone --chip A51", "unknown chip or device 'A51'"),
        ("--out r.json --rounds 0", "Invalid value for '--rounds'"),
        ("--out r.json --compute-units npu", "Invalid value for '--compute-units'"),
        ("", "Missing option '--out'"),
    ],
)
@pytest.mark.usefixtures("macos")
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], arguments: str, expected: str
) -> None:
    assert expected in refusal("measure", TINY, *arguments.split())


def test_a_recording_is_shown_beside_the_estimate(run: Run) -> None:
    code, out, err = run("recording", str(RECORDINGS / "tiny-A15.json"))
    assert (code, err) == (0, "")
    for told in ("on stand-in (A15)", "measured   0.222 ms (0.202–0.242)", "predicted  0.", "100% of the", "synthetic"):
        assert told in " ".join(out.split()).replace("measured ", "measured   ").replace("predicted ", "predicted  ")


def test_a_recording_of_a_program_that_is_not_here_says_so(run: Run, tmp_path: Path) -> None:
    content = json.loads((RECORDINGS / "tiny-A15.json").read_text())
    unknown_chip, gone, other, on_cpu = (dict(content["recordings"][0]) for _ in range(4))
    on_cpu["compute_units"] = "CPU_ONLY"
    unknown_chip["chip"] = "M99 Ultra"
    gone["model"] = "gone.mlpackage"
    other["model"] = "1x1x16x16-conv_r1_s2_c16_k3_relu-head_n4"
    content["recordings"] = [unknown_chip, gone, other, on_cpu]
    (tmp_path / "r.json").write_text(json.dumps(content))
    code, out, _ = run("recording", "r.json", "--json")
    assert code == 0
    a, b, c, d = json.loads(out)
    assert a["predicted_ms"] is b["predicted_ms"] is None
    assert a["notes"][0].startswith("unknown chip or device 'M99 Ultra'")
    assert b["notes"][0].startswith("gone.mlpackage is not an .mlpackage")
    assert c["placement"] is None
    assert d["predicted_ms"] is None
    assert d["notes"] == [f"{TINY} was recorded with CPU_ONLY, without the engine"]
    assert c["notes"][0].startswith("the measured program differs")


def test_a_kit_is_written_and_says_how_to_go_on(run: Run, tmp_path: Path) -> None:
    code, out, err = run("kit", TINY, "--out", "kit")
    assert (code, err) == (0, "")
    assert "python3 validate.py" in out
    code, out, _ = run("kit", TINY, "--out", "kit")
    assert code == 2
    shutil.rmtree(tmp_path / "kit")
    code, out, _ = run("kit", TINY, "--out", "kit", "--json")
    assert [entry["model"] for entry in json.loads(out)["models"]] == [TINY]


def test_a_kit_for_core_ai_says_what_to_install(run: Run, tmp_path: Path) -> None:
    code, out, err = run("kit", TINY, "--out", "kit", "--core-ai")
    assert (code, err) == (0, "")
    assert "pip install coremltools coreai-torch && python3 validate.py" in out
    assert len(list(tmp_path.glob("kit/*/program.pt2"))) == 1


def test_a_kit_needs_a_model(refusal: Callable[..., str]) -> None:
    assert "no model for the kit" in refusal("kit", "--out", "kit")
