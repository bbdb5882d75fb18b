from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

import anenas


@pytest.mark.parametrize("name", anenas.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(anenas, name).__module__.split(".")[0] == "anenas"
    assert name in dir(anenas)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'anenas' has no attribute 'nothing'"):
        anenas.nothing  # noqa: B018


def test_the_version_is_the_installed_one() -> None:
    assert anenas.__version__ == importlib.metadata.version("anenas")


def test_importing_it_imports_nothing_else_of_weight() -> None:
    script = "import sys, anenas; assert not {'torch', 'numpy', 'optuna', 'rich'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
