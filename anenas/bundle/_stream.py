"""The second program of a bundle, which takes series chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError
from anenas.ane import check, program_cost
from anenas.bundle._contents import Stream
from anenas.bundle._swift import stream_swift_source
from anenas.coreml import LOSSY, Package, compress, convert_streamed, verify_streamed
from anenas.data import Dataset
from anenas.graph import get_weight_format
from anenas.latency import Target
from anenas.mil import Program, read_arrays, stream, write_arrays
from anenas.search import CompletedTrial
from anenas.space import Architecture

if TYPE_CHECKING:
    from anenas.network import Deployed

STREAM = "stream.mlpackage"
_SPACE = "sequence_stream"  # built in; its blocks all have `bidirectional: false`


def require_streaming(architecture: Architecture, others: Sequence[CompletedTrial]) -> None:
    """Check that an architecture can stream.

    Args:
        architecture: With the format of its weights.
        others: Other trials; the first that can stream is named by the error.

    Raises:
        AnenasError: If a block looks ahead, or it takes no series.
    """
    from anenas.network import streaming_problem

    if problem := streaming_problem(architecture):
        if architecture.input_kind.streaming_problem:  # then no network of its space can
            raise AnenasError(problem)
        able = [record.number for record in others if not streaming_problem(record.architecture)]
        fix = f"pick trial {able[0]}, which can" if able else f"search a space such as {_SPACE}, where all can"
        raise AnenasError(f"{problem}; {fix}")


def write_stream(
    whole: Package, network: Deployed, architecture: Architecture, dataset: Dataset, target: Target, series: np.ndarray
) -> Stream:
    """Write `stream.mlpackage`, `StreamingClassifier.swift` and what the program gives for the test vectors.

    Args:
        whole: `model.mlpackage` of a bundle, beside its test vectors.
        network: What was exported.
        architecture: Of the network, with the format of its weights.
        dataset: What it was trained on.
        target: What the latency is estimated for.
        series: To verify on, (N, C, 1, T).

    Raises:
        AnenasError: If the architecture cannot stream, or the program does not compute what the network does.
    """
    from anenas.network import Streamed

    folder = whole.path.parent
    streamed = Streamed(network, architecture).eval()
    metadata = {**whole.metadata, "anenas.chunk": str(streamed.shape[3])}
    form = get_weight_format(architecture.form)
    package = convert_streamed(streamed, folder / STREAM, classes=dataset.classes, metadata=metadata)
    of_whole = LOSSY if form.kind else None  # the program for whole series is compressed already
    verified = verify_streamed(package, whole, streamed, series, whole_tolerances=of_whole)
    of_network, of_program = (one.require("the streaming program") for one in verified)
    if form.kind:
        package = compress(package, package.path, form)
        verified = verify_streamed(package, whole, streamed, series, tolerances=LOSSY, whole_tolerances=LOSSY)
        of_network, of_program = (one.require("the streaming program") for one in verified)
    graph = package.graph
    latency = target.latency(graph, package.path)
    findings = check(graph, target.chip)
    program = package.program("fp16")
    (folder / "StreamingClassifier.swift").write_text(stream_swift_source(program, STREAM), encoding="utf-8")
    _write_vectors(folder / "test_vectors", program)
    return Stream(
        steps=streamed.shape[3],
        states=streamed.states,
        latency_ms=latency.ms,
        latency_low_ms=latency.low_ms,
        latency_high_ms=latency.high_ms,
        residency=program_cost(graph, target.chip).residency,
        size_mb=package.bytes / 1e6,
        macs=graph.macs,
        findings=tuple(" ".join(filter(None, (one.severity, one.rule, one.op))) for one in findings),
        verified=of_network,
        verified_whole=of_program,
    )


def _write_vectors(folder: Path, program: Program) -> None:
    """Write the program's outputs for the bundle's test vectors after each call, (calls, N, classes)."""
    (series,) = read_arrays(folder / "inputs.npz").values()
    probabilities = [outputs["probabilities"] for outputs in stream(program, series)]
    write_arrays(folder / "stream.npz", {"probabilities": np.stack(probabilities)})
