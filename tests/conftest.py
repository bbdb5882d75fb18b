from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Before torch is imported: the networks here are too small for more, and the tests run beside each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import postgres
import pytest
from commands import Ran, Run, run_command

from anenas import _plugins
from anenas._registry import Registry
from anenas.blocks import Block, block_kinds
from anenas.space import Architecture

if TYPE_CHECKING:
    from sqlalchemy import URL

    from anenas.coreml import Package

# The same examples in every run: a failure is a change of the code. Times depend on the machine, so none is set.
hypothesis.settings.register_profile("anenas", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("anenas")


@pytest.fixture(scope="session")
def covering() -> Callable[[type[Block], int], list[Block]]:
    """Picks few blocks of a kind that can have a stride, among which every legal option of every choice is met."""

    def covering(kind: type[Block], stride: int) -> list[Block]:
        legal = [block for block in kind.every() if not block.problem(stride)]
        missing = {option for block in legal for option in block.values().items()}
        chosen = []
        while missing:
            chosen.append(max(legal, key=lambda block: len(missing & block.values().items())))
            missing -= chosen[-1].values().items()
        return chosen

    return covering


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Architecture], Package]:
    """Converts a network that was freshly built from an architecture, once for each."""
    import torch

    from anenas.coreml import convert
    from anenas.network import Deployed, Normalisation, build, fuse

    converted: dict[Architecture, Package] = {}

    def package(architecture: Architecture) -> Package:
        if architecture not in converted:
            channels = architecture.input[1]
            torch.manual_seed(0)
            normalise = Normalisation((0.4,) * channels, (0.3,) * channels, architecture.raw)
            converted[architecture] = convert(
                Deployed(fuse(build(architecture)), normalise),
                tmp_path_factory.mktemp("package") / "network.mlpackage",
                shape=architecture.input,
                classes=[f"class {i}" for i in range(architecture.head.classes)],
            )
        return converted[architecture]

    return package


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """PostgreSQL, on loopback."""
    with postgres.server() as running:
        yield running


@pytest.fixture
def database(postgres_server: postgres.Server) -> URL:
    """The address of an empty database in PostgreSQL, with its password."""
    return postgres_server.new_database()


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of MLflow without runs, to be copied to a store: MLflow takes 1,688 statements to make one."""
    from anenas.tracking import connect, default_uri

    store = tmp_path_factory.mktemp("mlflow")
    connect(default_uri(store))
    return store / "mlflow.db"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs the command in an empty folder, as its entry point does."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Ran:
        return run_command(monkeypatch, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def forget_plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers, and the plugin files that it makes known, are forgotten after it."""
    block_kinds()  # what installed packages bring stays
    modules = [module for name, module in sys.modules.items() if name.startswith("anenas.")]
    known = {id(value): value for module in modules for value in vars(module).values() if isinstance(value, Registry)}
    for registry in known.values():
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
        monkeypatch.setattr(registry, "_installed", set(registry._installed))
    monkeypatch.setattr(_plugins, "_loaded", {})
    _plugins.install_plugins.cache_clear()
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("anenas_plugin_"):
            del sys.modules[name]
