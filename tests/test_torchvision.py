from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from anenas import _torchvision
from anenas._errors import AnenasError


def test_timm_can_be_imported_afterwards_even_if_torchvision_failed_before() -> None:
    code = (
        "import contextlib\n"
        "with contextlib.suppress(RuntimeError): import torchvision\n"
        "from anenas._torchvision import import_torchvision\n"
        "assert import_torchvision().datasets.CIFAR10\n"
        "import timm"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


def test_the_module_is_the_same_every_time() -> None:
    assert _torchvision.import_torchvision() is _torchvision.import_torchvision() is sys.modules["torchvision"]


def test_a_missing_torchvision_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AnenasError, match="torchvision is not installed; install it with: pip install torchvision"):
        _torchvision._extension_loads()
