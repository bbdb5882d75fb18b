"""Exporting a trial as a folder that needs no anenas: retrained, compressed, verified and written atomically."""

from __future__ import annotations

import dataclasses
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from anenas._errors import AnenasError
from anenas.bundle._contents import Bundle
from anenas.bundle._model import Model
from anenas.bundle._pick import choose
from anenas.bundle._stream import require_streaming
from anenas.bundle._write import write_bundle
from anenas.data import Data, Dataset, Encoding, InputFormat, load_data
from anenas.graph import get_weight_format
from anenas.latency import CalibratedLatency
from anenas.search import PACKAGE, WEIGHTS, Study, Trained, TrainingEvaluator, TrialFiles, ship
from anenas.space import Architecture, Limits, is_least
from anenas.tasks import TASKS

_log = logging.getLogger(__name__)


def export(
    study: str,
    out: str | Path | None = None,
    *,
    pick: str | int | None = None,
    max_latency_ms: float | None = None,
    limits: Limits | None = None,
    weights: Mapping[str, float] | None = None,
    final_epochs: int | None = None,
    form: str | None = None,
    streaming: bool = False,
    data: Data = None,
    device: str | None = None,
    author: str = "",
    license: str = "",
    store: str | Path = "mlruns",
    on_step: Callable[[int, int], None] = lambda step, steps: None,
) -> Bundle:
    """Write a model of a study as one folder that needs no anenas.

    Args:
        study: Its name.
        out: The folder, which must not exist; written whole or not at all. By default exports/STUDY/trial-NUMBER.
        pick: "knee" (the default), "accurate" or "fast", or the number of a completed trial.
        max_latency_ms: Instead of a pick: the most accurate trial within this latency, bounded as in the search.
        limits: Likewise, the most accurate that keeps them all; see `anenas.search.choose_within`.
        weights: Likewise, that of the largest weighted sum; see `anenas.search.choose_by_weights`.
        final_epochs: Retrain the architecture for this many epochs, on the same training data as in the search.
        form: Weight format of the package, a name of `anenas.graph.all_weight_formats`; the trial's own by default. One
            with 8-bit activations trains the network a little further.
        streaming: Whether to write a second program, which takes series chunk by chunk.
        data: The study's data, if they have moved.
        device: To train on: "cpu", "cuda" or "mps"; the best available by default.
        author: That Xcode shows of the package; nothing by default.
        license: Likewise.
        store: Folder of the studies.
        on_step: Called after each step of training with its number and how many there are.

    Raises:
        AnenasError: If there is no such study, trial or data, `out` exists already, the network cannot stream or
            ship in the form, or the exported program does not compute what the network does.
    """
    if out is not None:
        require_new(Path(out))
    if final_epochs is not None and final_epochs < 1:
        raise AnenasError(f"`final_epochs` must be 1 or more, got {final_epochs}")
    the_form = get_weight_format(form).name if form else None
    the_study = Study.load(Path(store).absolute(), study)
    limits = Limits(latency_ms=max_latency_ms) if max_latency_ms else limits
    record = choose(the_study, None if pick is None else str(pick), limits, weights)
    out = default_folder(study, record.number) if out is None else Path(out)
    require_new(out)
    architecture = dataclasses.replace(record.architecture, form=the_form or record.architecture.form)
    if problem := architecture.form_problem:
        raise AnenasError(f"{problem}; choose another weight format")
    if final_epochs and (architecture.backbone or the_study.settings.moments):
        raise AnenasError(
            "a pretrained network cannot be retrained for an export; continue the search with `final_epochs` instead"
        )
    if streaming and not TASKS[the_study.settings.task].classifies:
        raise AnenasError(f"{study} predicts numbers; so far only classifiers can be exported for streaming")
    if streaming:
        require_streaming(architecture, [*the_study.front, *the_study.completed])
    trial = the_study.shipped_folder(record)
    if not (trial / WEIGHTS).is_file():
        raise AnenasError(f"trial {record.number} of {study} has lost its files: there is no {WEIGHTS} in {trial}")
    model = Model(
        study=the_study,
        record=record,
        picked=_rule(the_study, limits, weights) if limits or weights else _name(pick),
        architecture=architecture,
        epochs=final_epochs or the_study.settings.epochs,
        trained=str(Trained.of(record, the_study.settings)),
        dataset=study_dataset(the_study, data, record.architecture),
        weights=trial,
        package=trial / PACKAGE,
        author=author,
        license=license,
    )
    _log.info(f"trial {record.number} of {study}: {record.architecture.summary}")
    if (latency := record.evaluation.estimate.latency).source != CalibratedLatency.name:
        _log.warning(
            f"the search took latencies from {latency.origin}; the bundle takes them from the calibrated model"
        )
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".exporting-") as temporary:
            folder, work = Path(temporary) / "bundle", Path(temporary) / "trained"
            folder.mkdir()
            work.mkdir()
            if final_epochs is not None:
                model = dataclasses.replace(model, trained=str(Trained(final_epochs)))
                model = _retrained(model, work, device, on_step)
            elif architecture != record.architecture or not (trial / PACKAGE).is_dir():  # dropped once others beat it
                _log.info(f"making its package in {architecture.form}")
                model = _reshaped(model, work, device, on_step)
            bundle = write_bundle(folder, model, streaming=streaming)
            folder.replace(out)
    except OSError as error:
        raise AnenasError(f"cannot write {out}: {error.strerror or error}") from error
    return dataclasses.replace(bundle, path=out)


def require_new(out: Path) -> None:
    """Raises: AnenasError: If something is there."""
    if out.exists() or out.is_symlink():
        raise AnenasError(f"{out} exists already; name another folder")


def default_folder(study: str, number: int) -> Path:
    """Where the bundle of a trial is written unless told otherwise."""
    return Path("exports") / study / f"trial-{number}"


def _rule(study: Study, limits: Limits | None, weights: Mapping[str, float] | None) -> str:
    """Why limits or weights chose it, in words."""
    bounds = limits.bounds if limits else {}
    if list(bounds) == ["latency_ms"] and not weights:
        return f"the most accurate within {bounds['latency_ms']:g} ms"
    told = "the best by " + (
        " + ".join(f"{weight:g} {name}" for name, weight in weights.items()) if weights else study.settings.metric
    )
    kept = " and ".join(f"{name} {'≥' if is_least(name) else '≤'} {bound:g}" for name, bound in bounds.items())
    return f"{told} with {kept}" if kept else told


def _name(pick: str | int | None) -> str:
    text = "knee" if pick is None else str(pick)
    return f"trial {text}" if text.isdecimal() else text


def study_dataset(study: Study, data: Data, architecture: Architecture) -> Dataset:
    """The study's data, split as they were then, for networks like this one.

    Raises:
        AnenasError: If they cannot be read, or are other data.
    """
    assert study.settings.input_shape
    source, kind = study.data if data is None else data, architecture.input_kind
    if isinstance(study.data, dict) and isinstance(source, (str, Path)):
        source = {**study.data, "train": str(source)}  # the others are where they were
    encoding = Encoding(**study.settings.encoding) if study.settings.encoding else None
    wanted = InputFormat.of_shape(kind, study.settings.input_shape, rate=architecture.rate, encoding=encoding)
    wanted = dataclasses.replace(wanted, task=TASKS[study.settings.task])
    try:
        dataset = load_data(source, wanted, skip_broken=study.settings.skip_broken or None)
    except AnenasError as error:
        raise AnenasError(f"the study's {kind} cannot be read: {error} (pass their new location as `data`)") from error
    found = f"{dataset.name} {dataset.fingerprint[:12]}"
    if found != study.settings.data:
        given = source if isinstance(source, str) else "what is given" if source is not None else "the embedded set"
        raise AnenasError(
            f"{given} ({found}) is not what {study.name} was trained on ({study.settings.data}); name its {kind} with "
            f"`data`"
        )
    flip = dataset.flip if study.settings.flip is None else study.settings.flip
    if kind.resized:
        dataset = dataset.resized(*architecture.input[2:])
    return dataclasses.replace(dataset, augmentation=study.settings.augment, flip=flip, moments=study.settings.moments)


def _retrained(model: Model, folder: Path, device: str | None, on_step: Callable[[int, int], None]) -> Model:
    """The architecture trained from scratch with another budget, on the study's training data."""
    from anenas.training import pick_device

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".data-") as data:
        model.dataset.save(Path(data))
        settings, kind = model.study.settings, pick_device(device).type
        evaluator = TrainingEvaluator(
            (model.target,),
            model.epochs,
            settings.seed,
            kind,
            metric=settings.metric,
            class_weights=settings.class_weights,
        )
        try:
            evaluator.evaluate(model.architecture, TrialFiles(folder, Path(data)), on_step=on_step)
        except RuntimeError as error:  # of training, converting or verifying
            raise AnenasError(f"retrained, {model.architecture} cannot be exported: {error}") from error
    return dataclasses.replace(model, weights=folder, package=folder / PACKAGE)


def _reshaped(model: Model, folder: Path, device: str | None, on_step: Callable[[int, int], None]) -> Model:
    """The same weights in another format than the search shipped, or again where it has dropped what it shipped."""
    from anenas.training import TrainingError, pick_device

    package = folder / PACKAGE
    try:
        ship(
            model.load(),
            model.architecture,
            model.dataset,
            package,
            model.some(model.dataset.validation.inputs),
            epochs=model.epochs,
            seed=model.study.settings.seed,
            device=pick_device(device),
            loss_of=model.loss,
            draws=model.draws,
            on_step=on_step,
        )
    except (AnenasError, TrainingError) as error:
        raise AnenasError(f"{model.architecture} cannot be exported: {error}") from error
    return dataclasses.replace(model, package=package)
