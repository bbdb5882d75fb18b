"""The main job put together: data, study, workers, MLflow, figures and exports around the search loop."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import math
import os
import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
from pydantic import ValidationError

from anenas._errors import AnenasError, unknown
from anenas.api._result import SearchResult, result_of
from anenas.data import Dataset, Encoding, absolute_source, load_data, load_texts
from anenas.latency import Target
from anenas.report import write_front_csv, write_front_page, write_front_png, write_trials_csv
from anenas.search import (
    DEFAULT_OBJECTIVES,
    DEFAULT_RUNGS,
    DEFAULT_SAMPLER,
    FEWEST_TRIALS,
    LATENCY_BOUNDS,
    Objectives,
    Pool,
    Problem,
    Record,
    Rungs,
    Search,
    Study,
    TrainingEvaluator,
    check_sampler,
    export_best,
    front_of,
    make_sampler,
    objective_names,
    read_architectures,
    searching,
    study_folder,
    study_names,
)
from anenas.space import Architecture, Limits, SearchSpace, load_space
from anenas.tracking import MlflowTracker, connect, default_uri

if TYPE_CHECKING:
    import torch

DEFAULT_TRIALS = 16
_REFERENCE_DRAWS = 32


def run_search(
    space: SearchSpace | str | Path = "mobile_cnn",
    *,
    data: str | None = None,
    chip: str | Sequence[str] = "A15",
    objectives: Sequence[str] = DEFAULT_OBJECTIVES,
    trials: int | None = None,
    timeout: float | None = None,
    epochs: int | None = None,
    input_shape: tuple[int, int, int] | None = None,
    max_size_mb: float | None = None,
    max_latency_ms: float | None = None,
    max_macs: float | None = None,
    max_params: float | None = None,
    min_residency: float | None = None,
    min_accuracy: float | None = None,
    latency_bound: str = "upper",
    workers: int | None = None,
    device: str | None = None,
    rungs: int | None = None,
    inherit: bool = True,
    sampler: str = DEFAULT_SAMPLER,
    seed_architectures: str | Path | None = None,
    from_study: str | None = None,
    seed: int = 0,
    study: str | None = None,
    new: bool = False,
    store: str | Path = "mlruns",
    tracking_uri: str | None = None,
    exports: str | Path = "exports",
    changed: Callable[[Study], None] = lambda study: None,
    say: Callable[[str], None] = lambda line: None,
) -> SearchResult:
    """Search a space for networks that are accurate and fast on a chip.

    Called again with the same arguments it continues where it was, whatever stopped it.

    Args:
        space: A space, the name of a built-in one, or a YAML file.
        data: "images:FOLDER", "text:FILE", "FILE.npz", "FILE.csv" or "torchvision:NAME"; of recordings "wav:FOLDER" or,
            as series, "mel:FOLDER"; None is the embedded Fashion-MNIST, or the embedded wrist motion for a space of
            series; no texts and no recordings are embedded.
        chip: The chip to be fast on, or a device of your own that `anenas calibrate` knows; or several, the first of
            which is the one that sizes, residency and the front's table are for.
        objectives: What to search for: up to four of `anenas.search.METRICS`; "latency_ms" is the latency on every
            chip.
        trials: Completed trials that the study shall hold in the end; 16 by default, no bound with a `timeout`.
        timeout: Seconds after which the search stops; what is being trained then is trained anew next time.
        epochs: Training budget of a trial; by default 2, and for series as many as make 500 steps.
        input_shape: (C, H, W) instead of the space's. Series are taken as they are.
        max_size_mb: Largest package instead of the space's limit, in 10⁶ bytes.
        max_latency_ms: Longest prediction, on any of the chips, instead of the space's limit.
        max_macs: Most multiply-accumulates instead of the space's limit.
        max_params: Most stored weights instead of the space's limit.
        min_residency: Smallest share of the operations' time on the Neural Engine instead of the space's limit.
        min_accuracy: Smallest share of the validation images to be classified rightly; only training tells.
        latency_bound: What a limit on the latency is held against: "upper", the upper end of its interval, or
            "estimate".
        workers: Trials side by side; one a core by default, one a GPU on CUDA.
        device: "cpu", "cuda" or "mps"; the best that is there by default.
        rungs: At how many budgets trials are compared, the full one among them, and all but the best stopped; 1 stops
            none. By default 2, and 1 where there are too few trials to choose from. A study may go on with another.
        inherit: Whether a training begins with what fits of the weights of the completed trial that is most like it.
        sampler: What suggests architectures, see `anenas.search.SAMPLERS`; another one may continue a study.
        seed_architectures: A text file of architectures, one a line, to try first.
        from_study: Name of an earlier study in the store, the front of which is tried first.
        seed: Of suggestions, weights and the order of the images.
        study: Its name; by default one that follows from the settings.
        new: Start afresh even if there is such a study.
        store: Folder of studies and MLflow's database.
        tracking_uri: Of an MLflow server, instead of the store's database.
        exports: Folder that the best models are copied to.
        changed: Called with the study after every answer.
        say: Called with a line worth telling the user.

    Raises:
        AnenasError: For anything that the caller can mend.
    """
    from anenas.training import brief_epochs, pick_device

    started = time.monotonic()
    positive = {"trials": trials, "epochs": epochs, "timeout": timeout, "workers": workers, "rungs": rungs}
    for name, value in positive.items():
        if value is not None and value <= 0:
            raise AnenasError(f"{name} must be more than 0, got {value}")
    if seed < 0:
        raise AnenasError(f"seed must be 0 or more, got {seed}")
    check_sampler(sampler)
    if latency_bound not in LATENCY_BOUNDS:
        raise unknown("latency bound", latency_bound, LATENCY_BOUNDS)
    targets = _targets([chip] if isinstance(chip, str) else chip)
    names = objective_names(objectives, [target.name for target in targets])
    the_space = space if isinstance(space, SearchSpace) else load_space(space)
    most = {"size_mb": max_size_mb, "latency_ms": max_latency_ms, "macs": max_macs, "params": max_params}
    limits = _limits(the_space, {**most, "residency": min_residency, "accuracy": min_accuracy})
    the_device = pick_device(device)
    dataset, the_space = _load(the_space, data, input_shape, say)
    epochs = epochs or brief_epochs(dataset.train)
    # Absolute: neither workers nor a caller that changes folder must lose them.
    store, exports = Path(store).absolute(), Path(exports).absolute()
    settings: dict[str, Any] = {
        "space": f"{the_space.name} {the_space.digest}",
        "input": "x".join(map(str, dataset.input_shape)),
        "data": f"{dataset.name} {dataset.fingerprint[:12]}",
        "chip": targets[0].name,
        "latency": ", ".join(target.origin for target in targets),
        "epochs": epochs,
        "seed": seed,
        "inherit": inherit,
        "limits": limits.model_dump(exclude_none=True),
        "latency_bound": latency_bound,
        "objectives": dict.fromkeys(names),
    }
    if encoding := _encoding(the_space):
        settings["encoding"] = dataclasses.asdict(encoding)
    name = _study_name(store, study, new, f"{the_space.name}-{dataset.name}-{targets[0].name}", settings)
    for what, folder in (("store", store), ("exports", exports)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AnenasError(f"cannot write the {what} {folder}: {error.strerror or error}") from error
    first: list[Architecture] = []
    if seed_architectures is not None:
        first += read_architectures(Path(seed_architectures), the_space, len(dataset.classes))
    if from_study is not None:
        shape = (the_space.input.batch, *dataset.input_shape)
        past = Study.load(store, from_study)
        first += front_of(past, the_space, shape, len(dataset.classes), masked=dataset.masked)
    client = connect(tracking_uri or default_uri(store))
    classes, folder = len(dataset.classes), study_folder(store, name)
    evaluator = TrainingEvaluator(folder / "data", targets, epochs, seed, the_device.type)
    wanted = math.inf if timeout and trials is None else trials or DEFAULT_TRIALS
    deadline = started + timeout if timeout else math.inf
    if rungs is None:
        rungs = DEFAULT_RUNGS if wanted >= FEWEST_TRIALS else 1
    with searching(store, name):
        # Not part of the name: they follow from the settings, and take a second to find.
        settings["objectives"] = _worst(names, limits, the_space, classes, evaluator)
        record = Study.create_or_continue(store, name, settings, seed)
        record.note_data(absolute_source(data))
        problem = Problem(the_space, classes, evaluator, record.objectives, limits, latency_bound)
        record.sampler = make_sampler(sampler, problem, seed=seed, past=record.asked, say=say)
        count = len(record.completed)
        done = f", {count} trial{' is' if count == 1 else 's are'} done" if count else ""
        say(f"study {name}{done}")
        tracker = MlflowTracker(record, the_space, store, client)
        logged: list[Record] = []

        def note(study: Study) -> None:
            nonlocal logged
            tracker.update()
            if study.front != logged:
                _log_report(study, tracker)
                logged = study.front
            changed(study)

        with _closing(tracker), _shared(dataset, evaluator.data), _pool(folder, workers, the_device) as pool:
            del dataset  # the workers map it from disk
            try:
                note(record)
                Search(record, problem, pool, note, first, Rungs(rungs), inherit).run(wanted, deadline)
                if len(record.completed) < wanted and time.monotonic() < deadline:
                    say("the search ends early: nothing new within the limits is left to try")
                pool.cancel()
                _test_front(record, evaluator, pool, say)
                tracker.update()
            finally:  # stopped or failed, what there is is still worth having
                exported = export_best(record, exports)
                _log_report(record, tracker)
    return result_of(record, time.monotonic() - started, exported)


def _targets(names: Sequence[str]) -> tuple[Target, ...]:
    """The chips and own devices of these names, each once.

    Raises:
        AnenasError: If there are none, or one is unknown.
    """
    found = {target.name: target for target in map(Target.named, names)}
    if not found:
        raise AnenasError("expected a chip, such as A15")
    return tuple(found.values())


def _limits(space: SearchSpace, given: dict[str, float | None]) -> Limits:
    """The space's limits, with the caller's in their place."""
    try:
        return Limits(**(space.limits.model_dump() | {name: v for name, v in given.items() if v is not None}))
    except ValidationError as error:
        (name,), message = error.errors()[0]["loc"], error.errors()[0]["msg"].lower()
        raise AnenasError(f"limit {name}: {message}, got {error.errors()[0]['input']}") from None


def _encoding(space: SearchSpace) -> Encoding | None:
    """How texts become what networks of the space take; None where it is not of texts."""
    return Encoding(space.input.tokens, space.vocabulary) if space.input.tokens and space.vocabulary else None


def _load(
    space: SearchSpace, data: str | None, shape: tuple[int, int, int] | None, say: Callable[[str], None]
) -> tuple[Dataset, SearchSpace]:
    """The data at the input's size, and the space for that input."""
    if shape:
        space = _with_input(space, shape, say)
    size: tuple[int, int] | None = (space.input.height, space.input.width)
    # A grey space takes colour images in their colours, a colour space takes grey ones as three equal channels.
    channels = space.input.channels if shape or space.input.channels > 1 else None
    if encoding := _encoding(space):
        return load_texts(data, encoding, steps=space.input.width, say=say), space
    if space.input.steps and not shape:
        size = channels = None  # series are as they are
    dataset = load_data(data, size=size, channels=channels, rate=space.rate, say=say)
    if space.input.steps and dataset.input_shape != space.input.shape[1:]:
        mask = ", the last of which says where they are," if dataset.masked else ""
        say(f"the series have {dataset.channels} channels{mask} and {dataset.width} steps: the input follows them")
    elif dataset.channels != space.input.channels:
        say(f"the images have {dataset.channels} channels, not {space.input.channels}: the input follows them")
    return dataset, _with_input(space, dataset.input_shape, say, dataset.masked)


def _with_input(
    space: SearchSpace, shape: tuple[int, int, int], say: Callable[[str], None], masked: bool = False
) -> SearchSpace:
    space, left_out = space.fitting(*shape[1:])
    if left_out:
        say(f"left out, for an input of {'x'.join(map(str, shape))} is too large for them: {', '.join(left_out)}")
    try:
        return space.with_input(*shape, masked=masked)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise AnenasError(f"input {'x'.join(map(str, shape))}: {message}") from None


def _study_name(store: Path, given: str | None, new: bool, base: str, settings: dict[str, Any]) -> str:
    """The study that these settings continue, or the name of a new one."""
    if given is None:
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:6]
        name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{base}-{digest}")
    elif re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", given):
        name = given
    else:
        raise AnenasError(f"study name '{given}': expected letters, digits, '_', '.' and '-', at most 100")
    if given and not new:
        return name
    # The family of a name: itself, then name-2, name-3, … for each time that it was started afresh.
    member = re.compile(re.escape(name) + r"(?:-(\d+))?")
    past = [int(match[1] or 1) for known in study_names(store) if (match := member.fullmatch(known))]
    number = max(past, default=0) + (1 if new or not past else 0)
    return name if number == 1 else f"{name}-{number}"


def _worst(
    names: Sequence[str], limits: Limits, space: SearchSpace, classes: int, evaluator: TrainingEvaluator
) -> dict[str, float]:
    """From where on each objective is worth nothing: nothing of a share; else its limit, or the worst of a few
    architectures drawn from the space.
    """
    rng = random.Random(0)
    drawn = [evaluator.estimate(space.sample(rng, classes=classes)) for _ in range(_REFERENCE_DRAWS)]
    worst = {}
    for objective in Objectives.of(dict.fromkeys(names, 0.0)):
        if objective.metric.direction == "minimize":
            values = [objective.value(estimate) or 0.0 for estimate in drawn]
            limit = limits.model_dump()[objective.name.partition("@")[0]]
            worst[objective.name] = limit or max(values)
        else:
            worst[objective.name] = 0.0
    return worst


@contextlib.contextmanager
def _shared(dataset: Dataset, folder: Path) -> Iterator[None]:
    """The data where worker processes map it, for as long as they do."""
    dataset.save(folder)
    del dataset
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pool(folder: Path, workers: int | None, device: torch.device) -> Pool:
    """One worker a core, each with one thread: small networks lose throughput to a second. One a GPU on CUDA."""
    gpus = _gpus(device) if device.type == "cuda" else []
    # joblib's count knows the limits of containers too.
    count = workers or len(gpus) or (1 if device.type == "mps" else joblib.cpu_count())
    environments = [{"OMP_NUM_THREADS": "1"} for _ in range(count)]
    for i, environment in enumerate(environments if gpus else ()):
        environment["CUDA_VISIBLE_DEVICES"] = gpus[i % len(gpus)]
    return Pool(environments, folder / "logs")


def _gpus(device: torch.device) -> list[str]:
    """The GPUs to use, as CUDA_VISIBLE_DEVICES names them: the one that was asked for, or all."""
    import torch

    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = visible.split(",") if visible else [str(i) for i in range(torch.cuda.device_count())]
    return names if device.index is None else [names[device.index]]


@contextlib.contextmanager
def _closing(tracker: MlflowTracker) -> Iterator[None]:
    """However the search ends, its run in MLflow ends too."""
    try:
        yield
    except KeyboardInterrupt:
        tracker.close("KILLED")
        raise
    except BaseException:
        tracker.close("FAILED")
        raise
    else:
        tracker.close("FINISHED")


def _test_front(study: Study, evaluator: TrainingEvaluator, pool: Pool, say: Callable[[str], None]) -> None:
    """Measure the front on the test images, which nothing has seen so far."""
    untested = [r for r in study.front if r.evaluation and r.evaluation.test_accuracy is None]
    while untested or pool.tasks:
        while untested and pool.idle:
            record = untested.pop()
            pool.submit(record.number, evaluator.test, record.architecture, study.trial_folder(record.number))
        for number, outcome in pool.wait():
            if outcome.error is None:
                study.set_test_accuracy(number, outcome.value)
            else:
                say(f"trial {number} could not be tested: {outcome.error}")


def _log_report(study: Study, tracker: MlflowTracker) -> None:
    """The front's table, picture and page, and every trial, as artifacts of the search's run."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder)
        write_front_csv(study, new / "front.csv")
        write_trials_csv(study, new / "trials.csv")
        write_front_png(study, new / "front.png")
        write_front_page(study, new / "front.html")
        tracker.log_files(new)
