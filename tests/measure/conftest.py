from __future__ import annotations

from pathlib import Path

import pytest

from anenas.graph import Graph
from anenas.measure import Recording, read_recordings

RECORDINGS = Path(__file__).parent / "recordings"  # synthetic, of a stand-in: nothing in them was measured


@pytest.fixture(scope="session")
def recordings() -> Path:
    return RECORDINGS


@pytest.fixture
def recording() -> Recording:
    """Of a tiny network on an A15 that was never there."""
    return read_recordings(RECORDINGS / "tiny-A15.json")[0]


@pytest.fixture(scope="session")
def tiny() -> Graph:
    """The program that the recordings are of."""
    from anenas.models import load_graph

    return load_graph(read_recordings(RECORDINGS / "tiny-A15.json")[0].model)
