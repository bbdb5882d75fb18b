"""Neural architecture search for Apple's Neural Engine.

import anenas

result = anenas.run_search("mobile_cnn", chip="A15", trials=20)
for model in result.front:
    print(model.accuracy, model.latency_ms, model.package)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anenas._errors import AnenasError
    from anenas.ane import chips
    from anenas.api import FrontModel, SearchResult, load_result, run_search
    from anenas.bundle import Bundle, export
    from anenas.coreml import Package
    from anenas.data import load_data
    from anenas.mil import Program, load_program, stream
    from anenas.network import build
    from anenas.space import Architecture, SearchSpace, load_space

# Where each public name lives; nothing heavy is imported before it is used.
_HOMES = {
    "AnenasError": "anenas._errors",
    "Architecture": "anenas.space",
    "Bundle": "anenas.bundle",
    "FrontModel": "anenas.api",
    "Package": "anenas.coreml",
    "Program": "anenas.mil",
    "SearchResult": "anenas.api",
    "SearchSpace": "anenas.space",
    "build": "anenas.network",
    "chips": "anenas.ane",
    "export": "anenas.bundle",
    "load_data": "anenas.data",
    "load_program": "anenas.mil",
    "load_result": "anenas.api",
    "load_space": "anenas.space",
    "run_search": "anenas.api",
    "stream": "anenas.mil",
}

__all__ = [
    "AnenasError",
    "Architecture",
    "Bundle",
    "FrontModel",
    "Package",
    "Program",
    "SearchResult",
    "SearchSpace",
    "build",
    "chips",
    "export",
    "load_data",
    "load_program",
    "load_result",
    "load_space",
    "run_search",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'anenas' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
