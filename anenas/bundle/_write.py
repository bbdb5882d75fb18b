"""Writing the folder of a bundle: all that an app needs of a model, and the model's figures."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError
from anenas.ane import Finding, check, program_cost
from anenas.bundle._card import write_card
from anenas.bundle._contents import Bundle
from anenas.bundle._input import Input
from anenas.bundle._model import Model
from anenas.bundle._source import plain_network
from anenas.bundle._stream import STREAM, write_stream
from anenas.bundle._swift import swift_file, swift_source
from anenas.coreml import LOSSY, Package, describe, description_of, program_scores, verify_network
from anenas.data import count_inputs
from anenas.graph import SMALLEST
from anenas.measure import compile_package, has_core_ml, write_kit
from anenas.mil import Program, write_arrays
from anenas.report.evaluation import Report, report_of
from anenas.search import WEIGHTS, version_of
from anenas.tasks import Predictions, find_metric

if TYPE_CHECKING:
    from anenas.network import Deployed

_log = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.safetensors"
"""The weights of a bundle as training leaves them, see `anenas.pretrained.read_trained`."""

_VECTORS = 16  # test vectors


def write_bundle(folder: Path, model: Model, *, streaming: bool) -> Bundle:
    """Write everything of a model into an empty folder.

    Args:
        folder: Must exist.
        model: To export.
        streaming: Whether to write a second program, which takes series chunk by chunk.

    Raises:
        AnenasError: If a program does not compute what the network does.
        OSError: If something cannot be written.
    """
    network, dataset = model.load(), model.dataset
    path = folder / "model.mlpackage"
    shutil.copytree(model.package, path)
    package = Package.open(path)
    bundle, findings, report = _judged(model, network, package)
    _describe(path, bundle, model)
    bundle = dataclasses.replace(bundle, size_mb=Package.open(path).bytes / 1e6)
    for picture in report.pictures[:1]:
        picture.draw(report, folder / picture.file)
    bundle = dataclasses.replace(bundle, compiled=_compiled(path, folder / "model.mlmodelc"))
    given, program = Input.of(model.architecture, dataset.metadata), package.program("fp16")
    _write_network(folder, network, model, given)
    _write_vectors(folder / "test_vectors", network, program, model.some(dataset.test.inputs, _VECTORS))
    if given.tokens:
        (folder / "vocabulary.json").write_text(f"{dataset.metadata['vocabulary']}\n", encoding="utf-8")
    labels = "".join(f"{' '.join(name.split())}\n" for name in dataset.classes)
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    swift = swift_source(program, path.name, given, dataset.task)
    (folder / swift_file(dataset.task)).write_text(swift, encoding="utf-8")
    packages = [path]
    if streaming:
        _log.info("verifying the streaming program")
        series = model.some(dataset.test.inputs)
        stream = write_stream(package, network, model.architecture, dataset, model.target, series)
        _describe(folder / STREAM, bundle, model)
        packages.append(folder / STREAM)
        stream = dataclasses.replace(stream, compiled=_compiled(packages[-1], folder / "stream.mlmodelc"))
        bundle = dataclasses.replace(bundle, stream=stream)
    write_kit([str(one) for one in packages], folder / "kit")
    card = write_card(bundle, program, findings, package.target, given, dataset.classes, report)
    (folder / "README.md").write_text(card, encoding="utf-8")
    figures = {name: value for name, value in bundle.to_dict().items() if name != "path"}
    (folder / "bundle.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    _share(folder)
    return bundle


def _describe(path: Path, bundle: Bundle, model: Model) -> None:
    metric = find_metric(bundle.metric)
    scored = f"{metric.title} {metric.words(bundle.test_score)} of {bundle.test_count:,} test {bundle.samples}"
    told = description_of(bundle.task, bundle.data, scored, bundle.latency_ms, bundle.chip)
    version = version_of(model.study, model.record)
    describe(path, told, version=version, author=model.author, license=model.license)


def _judged(model: Model, network: Deployed, package: Package) -> tuple[Bundle, Sequence[Finding], Report]:
    """The figures of the package, the rules' findings and the report of its test, once it is verified to compute what
    the network does.
    """
    from anenas.training import predict

    architecture, record, test = model.architecture, model.record, model.dataset.test
    _log.info("verifying the exported program")
    some = model.some(test.inputs)
    is_plain = architecture.form == "fp16"
    verified = (
        verify_network(package, network, some)
        if is_plain
        else verify_network(package, network, some, "the network in float32", tolerances=LOSSY)
    ).require("the exported program")
    _log.info(f"running it on {len(test):,} test {architecture.input_kind}")
    dataset, held = model.dataset, model.dataset.validation
    metric = find_metric(model.study.settings.metric, dataset.classes)
    tested = program_scores(package, test.inputs)
    predictions = Predictions(tested, test.labels, dataset.classes)
    report = report_of(dataset.task, predictions, test.names, str(model.package))
    test_score = metric.measure(predictions)
    scores = predict(copy.deepcopy(network), held.inputs)  # which changes its layout

    graph = package.graph
    if not is_plain and not package.stored_forms:
        _log.info(
            f"no tensor has at least {SMALLEST:,} numbers, the minimum for {architecture.form}: the weights stay fp16"
        )
    chip, latency = model.target.chip, model.target.latency(graph, package.path)
    estimated_ms = record.evaluation.estimated_latency.ms
    if latency.ms > 1.01 * estimated_ms and architecture == record.architecture:  # it was chosen by another estimate
        _log.info(
            f"the search estimated {estimated_ms:.3f} ms; the current latency model estimates {latency.ms:.3f} ms"
        )
    findings = check(graph, chip)
    bundle = Bundle(
        path=package.path.parent,
        study=model.study.name,
        trial=record.number,
        picked=model.picked,
        architecture=str(architecture),
        data=model.dataset.name,
        classes=len(model.dataset.classes),
        inputs=count_inputs(model.dataset),
        epochs=model.epochs,
        searched_epochs=model.study.settings.epochs,
        trained=model.trained,
        form=architecture.form,
        task=dataset.task.name,
        metric=metric.name,
        validation_score=metric.measure(Predictions(scores, held.labels, dataset.classes)),
        validation_count=len(model.dataset.validation),
        test_score=test_score,
        test_count=len(test),
        latency_ms=latency.ms,
        latency_low_ms=latency.low_ms,
        latency_high_ms=latency.high_ms,
        latency_source=latency.origin,
        chip=latency.chip,
        residency=program_cost(graph, chip).residency,
        size_mb=package.bytes / 1e6,
        parameters=graph.parameters,
        macs=graph.macs,
        findings=tuple(" ".join(filter(None, (one.severity, one.rule, one.op))) for one in findings),
        verified=verified,
        compiled=False,
    )
    return bundle, findings, report


def _share(folder: Path) -> None:
    """Give every file the same permissions; libraries write some for their owner alone."""
    written = folder / "README.md"
    for path in folder.rglob("*"):
        if not path.is_symlink():
            shutil.copymode(folder if path.is_dir() else written, path)


def _compiled(package: Path, destination: Path) -> bool:
    """Compile the package if there is Core ML; if that fails, log it and go without."""
    if not has_core_ml():
        return False
    try:
        compile_package(package, destination)
    except AnenasError as error:
        _log.warning(str(error))
        return False
    return True


def _write_network(folder: Path, network: Deployed, model: Model, given: Input) -> None:
    from safetensors.torch import save_file

    title = f"The network of trial {model.record.number} of {model.study.name}."
    plain = plain_network(network, model.record.architecture, title, given)
    (folder / "network.py").write_text(plain.source, encoding="utf-8")
    save_file(plain.weights, folder / "weights.safetensors")
    shutil.copyfile(model.weights / WEIGHTS, folder / CHECKPOINT)


def _write_vectors(folder: Path, network: Deployed, program: Program, inputs: np.ndarray) -> None:
    """Write test inputs, and the outputs of the network in float32 and the program in float16."""
    import torch

    folder.mkdir()
    (given,) = program.inputs
    with torch.no_grad():
        probabilities = network(torch.from_numpy(inputs).float()).numpy()
    write_arrays(folder / "inputs.npz", {given.name: inputs})
    write_arrays(folder / "network.npz", {"probabilities": probabilities})
    write_arrays(folder / "program.npz", program({given.name: inputs}))
