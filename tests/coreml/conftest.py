from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from anenas.coreml import convert
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Architecture], Path]:
    """Converts a network that was freshly built from an architecture, once for each."""
    converted: dict[Architecture, Path] = {}

    def package(architecture: Architecture) -> Path:
        if architecture not in converted:
            channels = architecture.input[1]
            torch.manual_seed(0)
            path = tmp_path_factory.mktemp("package") / "network.mlpackage"
            normalise = Normalisation((0.4,) * channels, (0.3,) * channels, architecture.raw)
            convert(
                Deployed(fuse(build(architecture)), normalise),
                path,
                shape=architecture.input,
                classes=[f"class {i}" for i in range(architecture.head.classes)],
            )
            converted[architecture] = path
        return converted[architecture]

    return package
