"""The names that `import anenas` offers."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

import anenas


@pytest.mark.parametrize("name", anenas.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(anenas, name).__doc__


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'anenas' has no attribute 'nothing'"):
        anenas.nothing  # noqa: B018


def test_the_version_is_the_installed_one() -> None:
    assert anenas.__version__ == importlib.metadata.version("anenas")


def test_type_checkers_see_what_is_there() -> None:
    tree = ast.parse(Path(anenas.__file__).read_text(encoding="utf-8"))
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    aliases = [alias for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(alias.asname or alias.name for alias in aliases) == list(anenas.__all__)


def test_importing_it_imports_nothing_heavy_and_changes_nothing_of_the_process() -> None:
    code = (
        "import logging, os, sys, warnings\n"
        "before = (list(warnings.filters), dict(os.environ), logging.root.level, list(logging.root.handlers))\n"
        "import anenas\n"
        "assert (list(warnings.filters), dict(os.environ), logging.root.level, list(logging.root.handlers)) == before\n"
        "heavy = {'torch', 'coremltools', 'mlflow', 'optuna', 'timm', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
