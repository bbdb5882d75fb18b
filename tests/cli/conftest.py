from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Run


@pytest.fixture
def refusal(run: Run) -> Callable[..., str]:
    """Runs a command that is a mistake: exit code 2, one line on standard error, nothing printed and no file written.

    Returns the line.
    """

    def refusal(*arguments: object) -> str:
        before = files(Path.cwd())
        code, out, err = run(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert err.startswith("anenas: ")
        assert files(Path.cwd()) == before
        return err

    return refusal


def files(folder: Path) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in folder.rglob("*")}
