from __future__ import annotations

import subprocess
import sys

import pytest
from commands import Run


def test_debug_shows_where_an_error_comes_from(run: Run) -> None:
    with pytest.raises(Exception, match="unknown space"):
        run("search", "--space", "nowhere", "--debug")


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
