"""What Xcode shows of a package: its description, author, licence and version."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from anenas._files import replacing
from anenas.coreml._package import Package


def description_of(task: str, data: str, scored: str, latency_ms: float, chip: str) -> str:
    """What a model is, for those who find it in Xcode.

    Args:
        task: What it was trained for.
        data: Name of the data it was trained on; empty where nothing tells.
        scored: How good it is, and on what.
        latency_ms: Estimated latency of one prediction.
        chip: What it is estimated for.
    """
    of, on = (f" of {data}" if data else ""), (f" on {chip}" if chip else "")
    return (
        f"{task.capitalize()}{of}: {scored}. {latency_ms:.3f} ms a prediction{on}, estimated. "
        f"Made with anenas {importlib.metadata.version('anenas')}."
    )


def describe(path: Path, description: str, *, version: str = "", author: str = "", license: str = "") -> None:
    """Write what people read of a package into its model; nothing else of it changes.

    Args:
        path: Of a `.mlpackage`.
        description: What it is, in a sentence or two.
        version: Of the model.
        author: Who made it; empty says nothing.
        license: What it may be used for; likewise.

    Raises:
        AnenasError: If it is no package of an ML program.
    """
    package = Package.open(path)
    metadata = package.model.description.metadata
    metadata.shortDescription, metadata.versionString = description, version
    metadata.author, metadata.license = author, license
    with replacing(package.model_file) as unfinished:
        unfinished.write_bytes(package.model.SerializeToString())
