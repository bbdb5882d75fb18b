"""A block of the user's own, from their file to a verified bundle: the commands in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BLOCK = """\
import anenas
from torch import nn

@anenas.register
class Grouped(anenas.Block):
    kind = "grouped"
    groups: int = anenas.choice("g", 4, 8)

    def build(self, in_channels, out_channels, stride):
        convolution = nn.Conv2d(in_channels, out_channels, 3, stride, 1, groups=self.groups, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), anenas.activation_layer("hswish")())
"""
SPACE = """\
name: mine
input: {height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: }}
stages: [{width: [16, 32], stride: 2, blocks: {grouped: {groups: [4, 8]}}}]
"""


@pytest.mark.slow
def test_a_users_block_is_searched_exported_and_verified(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = {f"{part}_x": rng.integers(0, 256, (60, 16, 16), np.uint8) for part in ("train", "test")}
    np.savez(tmp_path / "data.npz", **images, train_y=np.arange(60) % 3, test_y=np.arange(60) % 3)
    (tmp_path / "mine.py").write_text(BLOCK)
    (tmp_path / "mine.yaml").write_text(SPACE)

    def anenas(arguments: str) -> str:
        command = [sys.executable, "-m", "anenas.cli", *arguments.split(), "--plugin", "mine.py"]
        path = os.pathsep.join(path for path in sys.path if path)
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "contains 4 architectures" in anenas("space validate mine.yaml")
    assert "-grouped_r1_s2_c" in anenas("space sample mine.yaml")
    anenas("search --space mine.yaml --data data.npz --trials 2 --epochs 1 --workers 2 --study own")
    assert "-grouped_" in anenas("front own --json")
    anenas("export own --pick accurate --out bundle")
    alone = "import runpy, sys; sys.modules['anenas'] = None; runpy.run_path('network.py', run_name='__main__')"
    subprocess.run([sys.executable, "-c", alone], cwd=tmp_path / "bundle", check=True)
    weights = next(tmp_path.glob("mlruns/**/weights.safetensors"))
    anenas(f"verify {weights.parent}/model.mlpackage --against {weights}")
