"""The program of a bundle that takes series chunk by chunk, beside the one of whole series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError
from anenas.ane import check, program_cost
from anenas.bundle._contents import Stream
from anenas.bundle._swift import stream_swift_source
from anenas.coreml import (
    LOSSY,
    TOLERANCES,
    Verification,
    compress,
    convert_streamed,
    package_bytes,
    package_metadata,
    read_graph,
    verify_streamed,
)
from anenas.data import Dataset
from anenas.graph import get_form
from anenas.latency import Target
from anenas.mil import load_program, read_arrays, stream, write_arrays
from anenas.search import Record
from anenas.space import Architecture

if TYPE_CHECKING:
    from anenas.network import Deployed

STREAM = "stream.mlpackage"
_SPACE = "sequence_stream"  # built in; its blocks all have `bidirectional: false`


def require_streaming(architecture: Architecture, front: Sequence[Record]) -> None:
    """What is to be exported must be able to stream.

    Args:
        architecture: With the form that its weights are to have.
        front: Other trials; if one can stream, the user is told.

    Raises:
        AnenasError: If a block looks ahead, or it takes no series.
    """
    from anenas.network import streaming_problem

    if problem := streaming_problem(architecture):
        if architecture.input_kind.streaming_problem:  # then no network of its space can
            raise AnenasError(problem)
        able = [record.number for record in front if not streaming_problem(record.architecture)]
        mend = f"pick trial {able[0]}, which can" if able else f"search a space such as {_SPACE}, where all can"
        raise AnenasError(f"{problem}; {mend}")


def write_stream(
    folder: Path, network: Deployed, architecture: Architecture, dataset: Dataset, target: Target, series: np.ndarray
) -> Stream:
    """Write `stream.mlpackage`, `StreamingClassifier.swift` and what the program gives for the test vectors.

    Args:
        folder: A bundle, with its `model.mlpackage` and its test vectors.
        network: What was exported.
        architecture: Of the network, with the form of its weights.
        dataset: It was trained on.
        target: What the latency is estimated for.
        series: To verify on, (N, C, 1, T).

    Raises:
        AnenasError: If the architecture cannot stream, or the program does not compute what the network does.
    """
    from anenas.network import Streamed

    package, whole = folder / STREAM, folder / "model.mlpackage"
    streamed = Streamed(network, architecture).eval()
    metadata = package_metadata(whole) | {"anenas.chunk": str(streamed.shape[3])}
    form = get_form(architecture.form)
    convert_streamed(streamed, package, classes=dataset.classes, metadata=metadata)
    of_whole = LOSSY if form.kind else _whole_tolerances(architecture)
    verified = _required(verify_streamed(package, whole, streamed, series, whole_tolerances=of_whole))
    if form.kind:
        compress(package, package, form)
        lossy = verify_streamed(package, whole, streamed, series, tolerances=LOSSY, whole_tolerances=LOSSY)
        verified = _required(lossy)
    graph = read_graph(package)
    latency = target.latency(graph, package)
    findings = check(graph, target.chip)
    program = load_program(package, "fp16")
    (folder / "StreamingClassifier.swift").write_text(stream_swift_source(program, package.name), encoding="utf-8")
    _write_vectors(folder / "test_vectors", package)
    return Stream(
        steps=streamed.shape[3],
        states=streamed.states,
        latency_ms=latency.ms,
        latency_low_ms=latency.low_ms,
        latency_high_ms=latency.high_ms,
        residency=program_cost(graph, target.chip).residency,
        size_mb=package_bytes(package) / 1e6,
        macs=graph.macs,
        findings=tuple(" ".join(filter(None, (one.severity, one.rule, one.op))) for one in findings),
        verified=verified[0],
        verified_whole=verified[1],
    )


def _whole_tolerances(architecture: Architecture) -> Mapping[str, float]:
    """Core ML's `lstm` computes beside the engine with float32 weights, which a streaming program rounds to float16."""
    keeps_float32 = any(stage.block.kind == "lstm" for stage in architecture.stages)
    return dict.fromkeys(TOLERANCES, TOLERANCES["fp16"]) if keeps_float32 else TOLERANCES


def _required(verified: tuple[Verification, Verification]) -> tuple[Verification, Verification]:
    for one in verified:
        if not one.passed:
            raise AnenasError(f"the streaming program is not {one.against}: {'; '.join(one.problems)}")
    return verified


def _write_vectors(folder: Path, package: Path) -> None:
    """What the program gives for the bundle's test vectors after each call, (calls, N, classes)."""
    (series,) = read_arrays(folder / "inputs.npz").values()
    said = [outputs["probabilities"] for outputs in stream(load_program(package, "fp16"), series)]
    write_arrays(folder / "stream.npz", {"probabilities": np.stack(said)})
