"""A stand-in for coreai-torch 0.4.3 and coreai-core 1.0.0b3, which plan on macOS 27 only.

Names, arguments, what is awaited and the form of the plan are those of the packages' source; where operations run, and
the engine's words, are made up. Environment: STANDIN_CORE_AI, the version that is installed; STANDIN_CORE_AI_FAILS,
"raises" or "aborts".
"""

from __future__ import annotations

import importlib.metadata
import os
import signal
import sys
import types
from typing import Any

REASON = "Incompatible element type for ANE: expected fp16"


class Program:
    """In place of `coreai.authoring.AIProgram`."""

    def __init__(self, exported: Any) -> None:
        calls = [node for node in exported.graph.nodes if node.op == "call_function"]
        self.names = {0: "coreai.graph", 1: "coreai.constant"}
        self.names |= {number: f"coreai.{node.target.__name__}" for number, node in enumerate(calls, start=10)}


class TorchConverter:
    def add_exported_program(self, exported_program: Any) -> TorchConverter:
        import torch

        (given,) = exported_program.graph_signature.user_inputs
        dtypes = {
            node.name: node.meta["val"].dtype for node in exported_program.graph.nodes if node.op == "placeholder"
        }
        assert dtypes[given] == torch.float16
        self._exported = exported_program
        return self

    def to_coreai(self) -> Program:
        return Program(self._exported)


class ComputePlan:
    @classmethod
    async def from_program(cls, program: Program, specialization_options: str | None = None) -> ComputePlan:
        assert specialization_options == "prefers the engine"
        if os.environ.get("STANDIN_CORE_AI_FAILS") == "raises":
            raise ValueError("No debug info record found; cannot build compute plan.")
        if os.environ.get("STANDIN_CORE_AI_FAILS") == "aborts":
            os.kill(os.getpid(), signal.SIGABRT)
        return cls()

    def to_dict(self, program: Program) -> dict[str, Any]:
        """The last operation on the processor, all others on the engine, the second without an entry of its own."""
        last = max(program.names)
        entries = [
            {
                "operation_id": number,
                "devices": ["CPU" if number == last else "NEURAL_ENGINE"],
                "residency": "PLACED",
                "validation": [REASON] if number == last else [],
            }
            for number in (*sorted(program.names), 999)
            if number != 11
        ]
        return {"entries": entries, "operation_names": program.names}


class ComputeUnitKind:
    @classmethod
    def neural_engine(cls) -> str:
        return "the engine"


class SpecializationOptions:
    @classmethod
    def from_preferred_compute_unit_kind(cls, compute_unit_kind: str) -> str:
        return f"prefers {compute_unit_kind}"


def _module(name: str, **contents: Any) -> None:
    module = types.ModuleType(name)
    vars(module).update(contents)
    sys.modules[name] = module


def install(version: str) -> None:
    """Make this process, which has just started, believe that the packages are installed."""
    known = importlib.metadata.version
    importlib.metadata.version = lambda name: version if name == "coreai-torch" else known(name)
    _module("coreai_torch", TorchConverter=TorchConverter, get_decomp_table=dict)
    _module("coreai_torch.debugging")
    _module("coreai_torch.debugging.compute_plan", ComputePlan=ComputePlan)
    _module("coreai")
    _module("coreai.runtime", ComputeUnitKind=ComputeUnitKind, SpecializationOptions=SpecializationOptions)
