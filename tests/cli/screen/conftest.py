from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

Shown = Callable[..., list[str]]


@pytest.fixture
def shown() -> Shown:
    """Prints to a console of 120 columns: the lines, without indents, rules and how far columns stand apart."""

    def shown(show: Callable[..., None], *arguments: Any, **options: Any) -> list[str]:
        console = Console(file=io.StringIO(), width=120, color_system=None)
        show(console, *arguments, **options)
        lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
        return [" ".join(line.split()) for line in lines if line.strip(" ─")]

    return shown
