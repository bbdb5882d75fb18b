"""From a trial to a folder that needs no anenas: retrained if asked, compressed as chosen, verified, written whole."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from anenas._errors import AnenasError
from anenas._kit import write_kit
from anenas.ane import check, program_cost
from anenas.bundle._card import write_card
from anenas.bundle._contents import Bundle
from anenas.bundle._input import Input
from anenas.bundle._pick import choose
from anenas.bundle._source import plain_network
from anenas.bundle._stream import STREAM, require_streaming, write_stream
from anenas.bundle._swift import swift_source
from anenas.coreml import (
    LOSSY,
    Verification,
    compile_package,
    has_core_ml,
    package_bytes,
    package_target,
    program_accuracy,
    read_graph,
    verify_network,
)
from anenas.coreml.program import Program, load_program, write_arrays
from anenas.data import Dataset, Encoding, load_data, load_texts
from anenas.graph import SMALLEST, get_form
from anenas.latency import Target
from anenas.search import (
    PACKAGE,
    ExportError,
    Record,
    Study,
    TrainingEvaluator,
    load_deployed,
    ship,
)
from anenas.space import Architecture

if TYPE_CHECKING:
    from anenas.network import Deployed

_VECTORS = 16  # test vectors
_VERIFIED = 64  # images that network and program are compared on


def export(
    study: str,
    out: str | Path,
    *,
    pick: str | int | None = None,
    max_latency_ms: float | None = None,
    final_epochs: int | None = None,
    form: str | None = None,
    streaming: bool = False,
    data: str | None = None,
    device: str | None = None,
    store: str | Path = "mlruns",
    stepped: Callable[[int, int], None] = lambda step, steps: None,
    say: Callable[[str], None] = lambda line: None,
) -> Bundle:
    """Write a model of a study as one folder that needs no anenas.

    Args:
        study: Its name.
        out: The folder, not there yet; written whole or not at all.
        pick: "knee" (the default), "accurate" or "fast", or the number of a completed trial.
        max_latency_ms: Instead of a pick: the most accurate trial whose latency is at most this, held as the search
            held its limits.
        final_epochs: Train the architecture anew for so many epochs, on the same training data as in the search.
        form: Of the package's weights, a name of `anenas.graph.all_forms`; the trial's own by default. One with 8-bit
            activations trains the network a little further.
        streaming: Whether to write a second program, which takes series chunk by chunk.
        data: Where the study's images or series are now; where they were by default.
        device: To train on: "cpu", "cuda" or "mps"; the best that is there by default.
        store: Folder of the studies.
        stepped: Called after each step of training with its number and how many there are.
        say: Called with a line worth telling the user.

    Raises:
        AnenasError: If there is no such study, trial or data, `out` is there already, the network cannot stream or
            ship in the form, or the exported program does not compute what the network does.
    """
    out = Path(out)
    if out.exists() or out.is_symlink():
        raise AnenasError(f"{out} is there already; name another folder")
    if final_epochs is not None and final_epochs < 1:
        raise AnenasError(f"final_epochs must be 1 or more, got {final_epochs}")
    the_form = get_form(form).name if form else None
    the_study = Study.load(Path(store).absolute(), study)
    record = choose(the_study, None if pick is None else str(pick), max_latency_ms)
    architecture = dataclasses.replace(record.architecture, form=the_form or record.architecture.form)
    if problem := architecture.form_problem:
        raise AnenasError(f"{problem}; ship its weights in another form")
    if streaming:
        require_streaming(architecture, the_study.front)
    trial = the_study.trial_folder(record.number)
    if not (trial / PACKAGE).is_dir():
        raise AnenasError(f"trial {record.number} of {study} has lost its files: {trial} holds no {PACKAGE}")
    dataset = _dataset(the_study, data, record.architecture)
    picked = f"the most accurate within {max_latency_ms:g} ms" if max_latency_ms else _name(pick)
    say(f"trial {record.number} of {study}: {record.architecture}")
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".exporting-") as temporary:
            folder, work = Path(temporary) / "bundle", Path(temporary) / "trained"
            folder.mkdir()
            epochs = final_epochs or the_study.settings["epochs"]
            if final_epochs is not None:
                work.mkdir()
                _retrained(the_study, record, architecture, dataset, epochs, device, work, stepped)
                trial = work
            elif architecture != record.architecture:
                work.mkdir()
                say(f"making its package in {architecture.form}")
                _reshaped(the_study, architecture, trial, dataset, epochs, device, work / PACKAGE, stepped)
            package = work / PACKAGE if work.exists() else trial / PACKAGE
            bundle = _write(
                folder, the_study, record, picked, architecture, trial, package, epochs, dataset, streaming, say
            )
            folder.replace(out)
    except OSError as error:
        raise AnenasError(f"cannot write {out}: {error.strerror or error}") from error
    return dataclasses.replace(bundle, path=out)


def _name(pick: str | int | None) -> str:
    text = str(pick or "knee") if pick != 0 else "0"
    return f"trial {text}" if text.isdecimal() else text


def _dataset(study: Study, data: str | None, architecture: Architecture) -> Dataset:
    """The data that the study, of networks like this one, was made with, as they were split then."""
    channels, height, width = (int(size) for size in study.settings["input"].split("x"))
    source, encoding, what = data or study.data, study.settings.get("encoding"), architecture.takes
    try:
        if encoding:
            dataset = load_texts(source, Encoding(**encoding), steps=width)
        else:
            dataset = load_data(source, size=(height, width), channels=channels, rate=architecture.rate)
    except AnenasError as error:
        raise AnenasError(f"the study's {what} cannot be read: {error} (--data names where they are now)") from error
    found = f"{dataset.name} {dataset.fingerprint[:12]}"
    if found != study.settings["data"]:
        raise AnenasError(
            f"{source or 'the embedded set'} ({found}) is not what {study.name} was made with "
            f"({study.settings['data']}); name its {what} with --data"
        )
    return dataset


def _retrained(
    study: Study,
    record: Record,
    architecture: Architecture,
    dataset: Dataset,
    epochs: int,
    device: str | None,
    folder: Path,
    stepped: Callable[[int, int], None],
) -> None:
    """The architecture trained from the start with another budget, on the study's training images."""
    from anenas.training import pick_device

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".data-") as data:
        dataset.save(Path(data))
        evaluator = TrainingEvaluator(
            Path(data), (_target(record),), epochs, study.settings["seed"], pick_device(device).type
        )
        try:
            evaluator.evaluate(architecture, folder, stepped=stepped)
        except RuntimeError as error:  # of training, converting or verifying
            raise AnenasError(f"trained anew, {architecture} cannot be exported: {error}") from error


def _reshaped(
    study: Study,
    architecture: Architecture,
    trial: Path,
    dataset: Dataset,
    epochs: int,
    device: str | None,
    package: Path,
    stepped: Callable[[int, int], None],
) -> None:
    """The package of a trial's weights in another form than the search shipped."""
    from anenas.training import TrainingError, pick_device

    images = dataset.validation.images[_spread(len(dataset.validation), _VERIFIED, architecture.input[0])]
    try:
        ship(
            load_deployed(architecture, trial, dataset),
            architecture,
            dataset,
            package,
            images,
            epochs=epochs,
            seed=study.settings["seed"],
            device=pick_device(device),
            stepped=stepped,
        )
    except (ExportError, TrainingError) as error:
        raise AnenasError(f"{architecture} cannot be exported: {error}") from error


def _target(record: Record) -> Target:
    """What the search asked for latencies: a chip, or the user's own device."""
    assert record.evaluation
    latency = record.evaluation.latency
    _, _, own = latency.source.partition(" for ")
    return Target.named(own or latency.chip)


def _write(
    folder: Path,
    study: Study,
    record: Record,
    picked: str,
    architecture: Architecture,
    trial: Path,
    shipped: Path,
    epochs: int,
    dataset: Dataset,
    streaming: bool,
    say: Callable[[str], None],
) -> Bundle:
    """Write the bundle of what lies in `shipped`, made of the weights in `trial`."""
    from anenas.training import accuracy

    network = load_deployed(architecture, trial, dataset)
    package = folder / "model.mlpackage"
    shutil.copytree(shipped, package)
    say("verifying the exported program")
    batch = architecture.input[0]
    some = dataset.test.images[_spread(len(dataset.test), _VERIFIED, batch)]
    is_plain = architecture.form == "fp16"
    verified = _required(
        verify_network(package, network, some)
        if is_plain
        else verify_network(package, network, some, "the network in float32", tolerances=LOSSY)
    )
    say(f"running it on {len(dataset.test):,} test {architecture.takes}")
    test_accuracy = program_accuracy(package, dataset.test.images, dataset.test.labels)

    graph = read_graph(package)
    if not is_plain and not any(weight.storage for op in graph.ops for weight in op.weights):
        say(f"no tensor has the {SMALLEST:,} numbers that {architecture.form} is worth: the weights stay fp16")
    target = _target(record)
    chip, latency = target.chip, target.latency(graph, package)
    assert record.evaluation
    estimated_ms = record.evaluation.latency.ms
    if latency.ms > 1.01 * estimated_ms and architecture == record.architecture:  # it was chosen by another estimate
        say(f"the search estimated {estimated_ms:.3f} ms; by the model of today it is {latency.ms:.3f} ms")
    findings = check(graph, chip)
    compiled = _compiled(package, folder / "model.mlmodelc", say)
    bundle = Bundle(
        path=folder,
        study=study.name,
        trial=record.number,
        picked=picked,
        architecture=str(architecture),
        data=dataset.name,
        classes=len(dataset.classes),
        epochs=epochs,
        searched_epochs=study.settings["epochs"],
        form=architecture.form,
        validation_accuracy=accuracy(copy.deepcopy(network), dataset.validation),  # which changes its layout
        validation_images=len(dataset.validation),
        test_accuracy=test_accuracy,
        test_images=len(dataset.test),
        latency_ms=latency.ms,
        latency_low_ms=latency.low_ms,
        latency_high_ms=latency.high_ms,
        latency_source=latency.source,
        chip=latency.chip,
        residency=program_cost(graph, chip).residency,
        size_mb=package_bytes(package) / 1e6,
        parameters=graph.parameters,
        macs=graph.macs,
        findings=tuple(" ".join(filter(None, (one.severity, one.rule, one.op))) for one in findings),
        verified=verified,
        compiled=compiled,
    )
    given = Input.of(architecture, dataset.facts)
    _write_network(folder, network, record, study.name, given)
    if given.tokens:
        (folder / "vocabulary.json").write_text(f"{dataset.facts['vocabulary']}\n", encoding="utf-8")
    program = load_program(package, "fp16")
    vectors = dataset.test.images[_spread(len(dataset.test), _VECTORS, batch)]
    _write_vectors(folder / "test_vectors", network, program, vectors)
    labels = "".join(f"{' '.join(name.split())}\n" for name in dataset.classes)
    (folder / "labels.txt").write_text(labels, encoding="utf-8")
    (folder / "Classifier.swift").write_text(swift_source(program, package.name, given), encoding="utf-8")
    packages = [package]
    if streaming:
        say("verifying the program that takes series chunk by chunk")
        stream = write_stream(folder, network, architecture, dataset, target, some)
        packages.append(folder / STREAM)
        stream = dataclasses.replace(stream, compiled=_compiled(packages[-1], folder / "stream.mlmodelc", say))
        bundle = dataclasses.replace(bundle, stream=stream)
    write_kit([str(one) for one in packages], folder / "kit")
    card = write_card(bundle, program, findings, package_target(package), given)
    (folder / "README.md").write_text(card, encoding="utf-8")
    figures = {name: value for name, value in bundle.to_dict().items() if name != "path"}
    (folder / "bundle.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    _share(folder)
    return bundle


def _required(verified: Verification) -> Verification:
    if not verified.passed:
        raise AnenasError(f"the exported program is not the network: {'; '.join(verified.problems)}")
    return verified


def _share(folder: Path) -> None:
    """Whoever may read what was written here may read it all; libraries write some files for their owner alone."""
    written = folder / "README.md"
    for path in folder.rglob("*"):
        if not path.is_symlink():
            shutil.copymode(folder if path.is_dir() else written, path)


def _compiled(package: Path, destination: Path, say: Callable[[str], None]) -> bool:
    """Compile the package where there is Core ML; where it refuses, the bundle goes without and the user is told."""
    if not has_core_ml():
        return False
    try:
        compile_package(package, destination)
    except AnenasError as error:
        say(str(error))
        return False
    return True


def _write_network(folder: Path, network: Deployed, record: Record, study: str, given: Input) -> None:
    from safetensors.torch import save_file

    title = f"The network of trial {record.number} of {study}."
    plain = plain_network(network, record.architecture, title, given)
    (folder / "network.py").write_text(plain.source, encoding="utf-8")
    save_file(plain.weights, folder / "weights.safetensors")


def _write_vectors(folder: Path, network: Deployed, program: Program, images: np.ndarray) -> None:
    """Test images, and what the network in float32 and the program in float16 make of them."""
    import torch

    folder.mkdir()
    (given,) = program.inputs
    with torch.no_grad():
        probabilities = network(torch.from_numpy(images).float()).numpy()
    write_arrays(folder / "inputs.npz", {given.name: images})
    write_arrays(folder / "network.npz", {"probabilities": probabilities})
    write_arrays(folder / "program.npz", program({given.name: images}))


def _spread(count: int, wanted: int, batch: int) -> np.ndarray:
    """Indices of about so many, evenly over all, a multiple of the batch."""
    spread = np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(np.int64))
    return np.resize(spread, max(batch, len(spread) // batch * batch))
