from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("space show mobil", "did you mean mobile_cnn or mobile_crnn?"),
        ("space validate nowhere.yaml", "nowhere.yaml"),
        ("space sample mobile_cnn -n 0", "must be more than 0"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    refusal: Callable[..., str], arguments: str, expected: str
) -> None:
    assert expected in refusal(*arguments.split())


def test_every_problem_of_a_space_file_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "name: bad\nstem:\n  width: 24\n  blocks: {conv: {kernel: 4}}\nstages:\n  - {width: 16, blocks: {convv: }}\n"
    )
    code, _, err = run("space", "validate", "bad.yaml")
    assert code == 2
    assert "bad.yaml:3: stem.width" in err
    assert "bad.yaml:4: stem.blocks.conv.kernel" in err
    assert "bad.yaml:6: stages[0].blocks.convv: unknown block 'convv'; did you mean conv" in err


def test_spaces_are_listed_shown_validated_and_sampled(run: Run, tmp_path: Path) -> None:
    assert "mobile_cnn" in run("space", "list")[1]
    sizes = {one["name"]: one["architectures"] for one in json.loads(run("space", "list", "--json")[1])}
    assert sizes["mobile_cnn"] > 10**9 and sizes["backbones"] == 105
    shown = run("space", "show", "mobile_cnn")[1]
    assert "fusedmbconv" in shown
    assert "architectures" in shown.splitlines()[-1]
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nstem: {width: 16, blocks: {conv: }}\nstages: [{width: [16, 32], blocks: {conv: }}]\n"
    )
    assert "contains 2 architectures" in run("space", "validate", "mine.yaml")[1]
    assert "text_rnn: 'text_rnn' is valid" in run("space", "validate", "text_rnn")[1]
    sampled = run("space", "sample", "mobile_cnn", "-n", "3", "--seed", "7")[1].splitlines()
    assert len(sampled) == 3
    assert sampled == run("space", "sample", "mobile_cnn", "-n", "3", "--seed", "7")[1].splitlines()
