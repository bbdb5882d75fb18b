from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

# Before torch is imported: the networks here are too small for more, and the tests run beside each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import postgres
import pytest

from anenas import _plugins
from anenas.blocks import Block, block_kinds
from anenas.blocks import _base as blocks
from anenas.inputs import _base as inputs
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


@pytest.fixture
def forget_plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks and plugin files that a test makes known are forgotten after it."""
    block_kinds()  # what installed packages bring stays
    for registry in (blocks._KINDS, inputs._KINDS):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
        monkeypatch.setattr(registry, "_installed", set(registry._installed))
    monkeypatch.setattr(_plugins, "_loaded", {})
    _plugins.install_plugins.cache_clear()
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("anenas_plugin_"):
            del sys.modules[name]
