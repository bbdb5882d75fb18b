from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

TINY = """\
name: tiny
input: {channels: 1, height: 32, width: 32, batch: 1}
stem:
  width: 16
  stride: 2
  blocks:
    conv:
stages:
  - depth: [1, 2]
    width: [16, 32]
    stride: 2
    blocks:
      uib: {start_kernel: 3}
      mbconv:
        kernel: [3, 5]
        se: [false, true]
  - width: 64
    blocks:
      dsconv: {activation: [relu, hswish]}
head:
  width: [0, 128]
  activation: [relu, silu]
limits:
  size_mb: 1.5
"""


@pytest.fixture
def write_space(tmp_path: Path) -> Callable[..., Path]:
    """Writes TINY, a valid space, as tiny.yaml after each (old, new) replacement; a text given replaces it whole."""

    def write_space(*changes: tuple[str, str], text: str = TINY) -> Path:
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} is not there once"
            text = text.replace(old, new)
        path = tmp_path / "tiny.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_space
