from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anenas import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the command in an empty folder; returns its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["anenas", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("search --space mobil_cnn", "unknown space 'mobil_cnn'; did you mean mobile_cnn or"),
        ("search --space nowhere.yaml", "no space file nowhere.yaml"),
        ("search --chip A51", "unknown chip 'A51'; did you mean A"),
        ("search --trials 0", "trials must be more than 0"),
        ("search --trials -3", "trials must be more than 0"),
        ("search --trials many", "Invalid value for '--trials'"),
        ("search --epochs 0", "epochs must be more than 0"),
        ("search --workers 0", "workers must be more than 0"),
        ("search --seed -1", "seed must be 0 or more"),
        ("search --timeout soon", "--timeout 'soon': expected a number above 0 and a unit"),
        ("search --timeout 0s", "--timeout '0s'"),
        ("search --max-size 10GBit", "--max-size '10GBit'"),
        ("search --max-latency fast", "--max-latency 'fast'"),
        ("profile 1x1x8x8-conv_r1_s2_c16_k3_relu-head_n4 --html nowhere/page.html", "there is no folder nowhere"),
        ("search --min-residency 120%", "--min-residency '120%'"),
        ("search --input 64x64", "expected CxHxW, such as 3x224x224"),
        ("search --input 1x64x99999", "breaks the guideline 'no dimension over 16,384'"),
        ("search --device abacus", "unknown device 'abacus'"),
        ("search --study a/b", "study name 'a/b'"),
        ("search --data fashion_mnst", "did you mean fashion_mnist?"),
        ("search --data images:nowhere", "nowhere"),
        ("search --data nowhere.npz", "nowhere.npz"),
        ("search --no-such-option", "No such option"),
        ("profile nothing", "no model 'nothing'; expected a .mlpackage"),
        ("profile timm:resnet51", "did you mean"),
        ("bench latency", "Missing option '--csv'"),
        ("bench latency --csv nowhere.csv", "cannot read nowhere.csv"),
        ("front nothing", "no studies in"),
        ("ui", "nothing to browse in mlruns yet"),
        ("check", "no model to check"),
        ("check something", "no model 'something'; expected a .mlpackage"),
        ("check nowhere.mlpackage", "nowhere.mlpackage is no .mlpackage"),
        ("check timm:resnet51", "unknown timm model 'resnet51'"),
        ("check 1x1x8x8-conv_r1_s1_c16_k3_relu-head_n4 --chip A51", "unknown chip 'A51'"),
        ("space show mobil", "did you mean mobile_cnn or mobile_crnn?"),
        ("space validate nowhere.yaml", "nowhere.yaml"),
        ("space sample mobile_cnn -n 0", "must be more than 0"),
    ],
)
def test_a_mistake_is_one_line_exit_code_2_and_nothing_written(
    run: Run, tmp_path: Path, arguments: str, expected: str
) -> None:
    code, out, err = run(*arguments.split())
    assert code == 2
    assert expected in err
    assert err.startswith("anenas: ")
    assert err.count("\n") == 1
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, _, err = run("search", "--store", "file/store")
    assert (code, err.count("\n")) == (2, 1)
    assert "cannot write the store" in err
    code, _, err = run("search", "--exports", "file/exports")
    assert (code, err.count("\n")) == (2, 1)
    assert "cannot write the exports" in err


def test_arrays_of_the_wrong_shape_are_one_line(run: Run, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "flat.npz", **{name: np.zeros(4, np.uint8) for name in ("train_x", "train_y", "test_x", "test_y")}
    )
    code, _, err = run("search", "--data", "flat.npz")
    assert (code, err.count("\n")) == (2, 1)
    assert "train_x" in err


def test_every_problem_of_a_space_file_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "name: bad\nstem:\n  width: 24\n  blocks: {conv: {kernel: 4}}\nstages:\n  - {width: 16, blocks: {convv: }}\n"
    )
    code, _, err = run("space", "validate", "bad.yaml")
    assert code == 2
    assert "bad.yaml:3: stem.width" in err
    assert "bad.yaml:4: stem.blocks.conv.kernel" in err
    assert "bad.yaml:6: stages[0].blocks.convv: unknown field 'convv'; did you mean conv" in err


def test_debug_shows_where_an_error_comes_from(run: Run) -> None:
    with pytest.raises(Exception, match="unknown space"):
        run("search", "--space", "nowhere", "--debug")


def test_spaces_are_listed_shown_validated_and_sampled(run: Run, tmp_path: Path) -> None:
    assert "mobile_cnn" in run("space", "list")[1]
    assert json.loads(run("space", "list", "--json")[1])[0]["architectures"] > 10**9
    shown = run("space", "show", "mobile_cnn")[1]
    assert "fusedmbconv" in shown
    assert "architectures" in shown.splitlines()[-1]
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nstem: {width: 16, blocks: {conv: }}\nstages: [{width: [16, 32], blocks: {conv: }}]\n"
    )
    assert "holds 2 architectures" in run("space", "validate", "mine.yaml")[1]
    assert "text_rnn: 'text_rnn' is valid" in run("space", "validate", "text_rnn")[1]
    sampled = run("space", "sample", "mobile_cnn", "-n", "3", "--seed", "7")[1].splitlines()
    assert len(sampled) == 3
    assert sampled == run("space", "sample", "mobile_cnn", "-n", "3", "--seed", "7")[1].splitlines()


def test_chips_are_listed_with_what_is_guessed(run: Run) -> None:
    table = run("chips")[1]
    assert all(chip in table for chip in ("A12", "A15", "A19", "M1", "M5"))
    rows = {row["name"]: row for row in json.loads(run("chips", "--json")[1])}
    assert rows["M1"]["cores"] == 16
    assert "fixed_us" in rows["A15"]["guessed"]


ARCHITECTURE = "1x1x32x32-conv_r1_s2_c16_k3_relu-dsconv_r2_s2_c32_k3_relu-head_n10"


def test_a_profile_adds_up(run: Run) -> None:
    told = json.loads(run("profile", ARCHITECTURE, "--chip", "m2", "--json")[1])
    assert told["chip"] == "M2"
    assert told["low_ms"] < told["latency_ms"] < told["high_ms"]
    assert sum(op["us"] for op in told["ops"]) + told["fixed_us"] == pytest.approx(1000 * told["latency_ms"])
    assert sum(op["macs"] for op in told["ops"]) == told["macs"]
    shown = run("profile", ARCHITECTURE, "--top", "3")[1]
    assert "weights" in shown
    assert "others" in shown


def test_a_profile_compares_chips(run: Run) -> None:
    shown = run("profile", ARCHITECTURE, "--chip", "all")[1]
    assert all(f" {chip} " in shown for chip in ("A12", "A19", "M5"))
    rows = json.loads(run("profile", ARCHITECTURE, "--chip", "all", "--json")[1])
    assert len({row["chip"] for row in rows}) == 13


def test_estimates_are_held_against_a_table(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("timm_name,input_res,soc,latency_ms,set\nmobileone_s0,224,A14,0.8,mine\n,224,A14,1,mine\n")
    found = json.loads(run("bench", "latency", "--csv", str(table), "--json")[1])
    assert found["skipped"] == {"no timm name": 1}
    assert list(found["sets"][0]) == [
        *("set", "soc", "n", "spearman", "spearman_macs", "median_error", "within_10", "within_25", "coverage")
    ]
    shown = run("bench", "latency", "--csv", str(table))[1]
    assert "mine" in shown
    assert "skipped 1: no timm name" in shown


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['anenas', '--help']\n"
        "from anenas.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'coremltools', 'mlflow', 'optuna', 'timm', 'numpy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "search" in done.stdout


GOOD = "1x1x32x32-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c32_k3_relu-head_n10"


def test_a_model_without_errors_passes_its_check(run: Run) -> None:
    code, out, err = run("check", GOOD, "--chip", "M4")
    assert (code, err) == (0, "")
    assert f"{GOOD} on M4" in out.replace("\n", "")
    assert "0 errors, 1 warning" in out
    assert "not-validated" in out
    assert out.index("warning  tiny") < out.index("info     depthwise")


def test_a_model_with_an_error_fails_its_check(run: Run) -> None:
    code, out, err = run("check", "timm:vit_tiny_patch16_224", "--json")
    assert (code, err) == (1, "")
    result = json.loads(out)
    assert list(result) == ["model", "chip", "findings", "errors"]
    assert (result["model"], result["chip"], result["errors"]) == ("timm:vit_tiny_patch16_224", "A15", 1)
    assert {tuple(finding) for finding in result["findings"]} == {("rule", "severity", "op", "message", "fix")}
    first = result["findings"][0]
    assert (first["rule"], first["severity"], first["op"]) == ("kernel", "error", "conv_0")
    assert "attention" in {finding["rule"] for finding in result["findings"]}


def test_findings_on_many_operations_are_told_together(run: Run) -> None:
    code, out, _ = run("check", "timm:mobilenetv3_small_100")
    assert code == 0
    assert out.count("channels-16") == 1
    assert "also " in out and " more" in out
    assert max(map(len, out.splitlines())) <= 120


def test_rules_are_listed_with_their_evidence(run: Run) -> None:
    code, out, _ = run("check", "--list-rules", "--json")
    told = json.loads(out)["rules"]
    assert code == 0
    assert len(told) > 40
    assert {tuple(rule) for rule in told} == {("id", "severity", "guideline", "evidence")}
    text = run("check", "--list-rules")[1]
    assert all(rule["id"] in text for rule in told)
