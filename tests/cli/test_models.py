from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from commands import Run

ARCHITECTURE = "1x1x32x32-conv_r1_s2_c16_k3_relu-dsconv_r2_s2_c32_k3_relu-head_n10"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("profile 1x1x8x8-conv_r1_s2_c16_k3_relu-head_n4 --html nowhere/page.html", "there is no folder nowhere"),
        ("profile nothing", "no model 'nothing'; expected a .mlpackage"),
        ("profile timm:resnet51", "did you mean"),
        ("check", "no model to check"),
        ("check something", "no model 'something'; expected a .mlpackage"),
        ("check nowhere.mlpackage", "nowhere.mlpackage is not an .mlpackage"),
        (f"profile {'1x1x8x8-conv_' * 30}", "expected r and a number"),
        (f"check {'1x1x8x8-conv_' * 30}", "expected r and a number"),
        ("check timm:resnet51", "unknown timm model 'resnet51'"),
        ("check 1x1x8x8-conv_r1_s1_c16_k3_relu-head_n4 --chip A51", "unknown chip or device 'A51'"),
        ("profile 1x1x8x8-conv_r1_s1_c16_k3_relu-head_n4 --os ios61", "unknown system 'ios61'; did you mean ios"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], arguments: str, expected: str
) -> None:
    assert expected in refusal(*arguments.split())


def test_a_profile_adds_up(run: Run) -> None:
    told = json.loads(run("profile", ARCHITECTURE, "--chip", "m2", "--json")[1])
    assert told["chip"] == "M2"
    assert told["low_ms"] < told["latency_ms"] < told["high_ms"]
    assert sum(op["us"] for op in told["ops"]) + told["fixed_us"] == pytest.approx(1000 * told["latency_ms"])
    assert sum(op["macs"] for op in told["ops"]) == told["macs"]
    shown = run("profile", ARCHITECTURE, "--top", "3")[1]
    assert "weights" in shown
    assert "others" in shown


def test_a_profile_is_for_a_system(run: Run) -> None:
    large = "1x3x512x512-conv_r3_s1_c32_k3_relu-head_n4"
    new, old = (json.loads(run("profile", large, *system, "--json")[1]) for system in ([], ["--os", "iOS16"]))
    assert (new["chip"], old["chip"]) == ("A15", "A15@ios16")
    assert new["latency_ms"] < old["latency_ms"]
    assert "on A15, iOS 16" in run("profile", large, "--os", "ios16")[1]


def test_a_profile_compares_chips(run: Run) -> None:
    shown = run("profile", ARCHITECTURE, "--chip", "all")[1]
    assert all(f" {chip} " in shown for chip in ("A12", "A19", "M5"))
    rows = json.loads(run("profile", ARCHITECTURE, "--chip", "all", "--json")[1])
    assert len({row["chip"] for row in rows}) == 15


def test_a_model_without_errors_passes_its_check(run: Run) -> None:
    one_block = ARCHITECTURE.replace("dsconv_r2", "dsconv_r1")
    code, out, err = run("check", one_block, "--chip", "M4")
    assert (code, err) == (0, "")
    assert f"{one_block} on M4" in out.replace("\n", "")
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


def test_chips_are_listed_with_what_is_guessed(run: Run) -> None:
    table = run("chips")[1]
    assert all(chip in table for chip in ("A12", "A15", "A19", "M1", "M5"))
    rows = {row["name"]: row for row in json.loads(run("chips", "--json")[1])}
    assert rows["M1"]["cores"] == 16
    assert "fixed_us" in rows["A15"]["guessed"]
