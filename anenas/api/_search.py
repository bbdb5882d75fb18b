"""The main job put together: data, study, executor, MLflow, figures and exports around the search loop."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._command import command_line
from anenas._errors import AnenasError, unknown
from anenas.api._baseline import LastValue
from anenas.api._disk import KEEP, Keep, keep_only, tell_disk
from anenas.api._job import Job, prepare
from anenas.api._options import (
    check_completed,
    check_final,
    check_positive,
    executor_of,
    made_folder,
    meter_of,
    sampler_of,
    targets_of,
)
from anenas.api._report import FrontReport, ValidationReports, closing, report_tests
from anenas.api._result import SearchResult, result_of
from anenas.api._run import heard, versions
from anenas.api._study_report import exported_report
from anenas.data import Data, absolute_source, count_inputs, with_splits
from anenas.search import (
    DEFAULT_SAMPLER,
    DevicePool,
    Evaluator,
    Executor,
    FinalModels,
    FinalTraining,
    FrontTesting,
    LatencyBound,
    MeasuringExecutor,
    Meter,
    NoDevices,
    Phase,
    Problem,
    Sampler,
    Search,
    Study,
    Train,
    check_store,
    check_study_name,
    export_best,
    searching,
    store_errors,
    study_folder,
    study_name,
    use_storage,
)
from anenas.space import SearchSpace
from anenas.tracking import MlflowTracker, Source, connect, logged_splits
from anenas.tracking import tracking_uri as uri_of

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from anenas.latency import LatencySource
    from anenas.slimming import Slim

DEFAULT_TRIALS = 16
_NOTED_EVERY = 30.0  # seconds

_log = logging.getLogger(__name__)


def run_search(
    space: SearchSpace | Slim | str | Path | None = None,
    *,
    data: Data = None,
    task: str | None = None,
    validation: str | Path | None = None,
    test: str | Path | None = None,
    pretrained: str | Sequence[str] = (),
    chip: str | Sequence[str] = "A15",
    objectives: Sequence[str] | None = None,
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
    min_metrics: Mapping[str, float] | None = None,
    max_metrics: Mapping[str, float] | None = None,
    latency_bound: LatencyBound = "upper",
    workers: int | None = None,
    device: str | None = None,
    rungs: int | None = None,
    inherit: bool = True,
    augment: str = "light",
    flip: bool | None = None,
    class_weights: str = "none",
    train: Train | None = None,
    skip_broken: bool = False,
    final: FinalModels = "all",
    final_trials: Sequence[int] = (),
    final_epochs: int | None = None,
    keep: Keep = "front",
    sampler: str | Sampler | BaseSampler = DEFAULT_SAMPLER,
    seed_architectures: str | Path | None = None,
    from_study: str | None = None,
    seed: int = 0,
    study: str | None = None,
    new: bool = False,
    store: str | Path = "mlruns",
    storage: str | None = None,
    tracking_uri: str | None = None,
    exports: str | Path = "exports",
    latency: str | LatencySource | Mapping[str, LatencySource] | None = None,
    measure: bool | Meter = False,
    evaluator: Evaluator | None = None,
    classes: int | None = None,
    executor: str | Executor = "processes",
    on_update: Callable[[Study], None] = lambda study: None,
) -> SearchResult:
    """Search a space for networks that are accurate and fast on a chip.

    Called again with the same arguments it continues where it was, whatever stopped it.

    Args:
        space: A space, the name of a built-in one, or a YAML file; by default "mobile_cnn", or with `pretrained`
            networks these alone, at several resolutions. "slim" is that of the sub-networks of one such network, and
            `anenas.slim` makes one of any module's.
        data: "images:FOLDER", "text:FILE", "FILE.npz", "FILE.csv" or "torchvision:NAME"; of recordings "wav:FOLDER" or,
            as series, "mel:FOLDER"; None is the embedded Fashion-MNIST, or the embedded wrist motion for a space of
            series; no texts and no recordings are embedded.
        task: What networks are trained for, a name of `anenas.tasks.TASKS`: "classification", "multilabel" (any number
            of classes for each input) or "regression" (numbers); by default what the labels look like.
        validation: Other data of the same classes as the validation split, named like `data`, or a folder or file for
            the same source; by default the data's own, or some held out of training.
        test: Likewise, as the test split.
        pretrained: Networks that have learned before, which stand beside the space's own or alone: see
            `anenas.pretrained.load_pretrained`; or "study:NAME", "study:NAME@PICK" and "bundle:FOLDER", what an earlier
            search trained. Each is cut after any of its stages; one of our own blocks makes the space "slim".
        chip: The chip to be fast on, or a device of your own that `anenas calibrate` knows; or several, the first of
            which is the one that sizes, residency and the front's table are for.
        objectives: What to optimise: up to four of `anenas.search.FIGURES` and one of `anenas.tasks.METRICS`, such as
            "macro_f1"; "latency_ms" is the latency on every chip. By default the task's metric, of classes the
            accuracy, the latency and the size, without the size for more than two chips.
        trials: Completed trials that the study shall hold in the end; 16 by default, no bound with a `timeout`.
        timeout: Seconds after which the search stops; what is being trained then is trained anew next time. Up to a
            third of them are kept for final training, and up to a sixth for testing what ships.
        epochs: Training budget of a trial; by default 2, and of small data sets as many as make 500 steps.
        input_shape: (C, H, W) instead of the space's. Series are taken as they are. Without it, a built-in space takes
            photos at 96×96 or 128×128, if their median shorter side is at least twice that, and images that it would
            enlarge more than twofold at half its own size.
        max_size_mb: Largest package instead of the space's limit, in 10⁶ bytes.
        max_latency_ms: Longest prediction, on any of the chips, instead of the space's limit.
        max_macs: Most multiply-accumulates instead of the space's limit.
        max_params: Most stored weights instead of the space's limit.
        min_residency: Smallest fraction of the operations' time on the Neural Engine instead of the space's limit.
        min_accuracy: Smallest fraction of the validation inputs to be classified correctly; only training tells.
        min_metrics: The least of metrics of the task, by name, such as {"recall@cat": 0.9}; only training tells.
        max_metrics: The most of those that are errors, such as {"log_loss": 0.5}.
        latency_bound: What a limit on the latency is held against: "upper", the upper end of its interval, or
            "estimate".
        workers: Trials side by side; one a core by default, one a GPU on CUDA.
        device: "cpu", "cuda" or "mps"; the best that is there by default.
        rungs: At how many budgets trials are compared, the full one among them, and all but the best stopped; 1 stops
            none. By default 2, and 1 where there are too few trials to choose from. A study may go on with another.
        inherit: Whether a training begins with what fits of the weights of the completed trial that is most like it.
        augment: How much training changes inputs: "none"; "light", images shifted a little, series noisier and with
            gaps, recordings with gaps; or "strong", of images: cropped, distorted, recoloured and covered in part,
            which brief trainings do not make up for; of recordings: shifted, louder or softer, and noisier, too.
        flip: Whether training mirrors images; by default those of colour, unless their classes are called left, right
            or by single letters or digits.
        class_weights: "balanced" trains as if every class were as frequent, however many inputs it has; "sampled" draws
            as many inputs of each class, those of a rare one many times, which was worth less where it was measured.
        train: A function that trains networks instead of the product's own training: see `anenas.search.Train`.
        skip_broken: Whether images and recordings that cannot be read are left out, rather than an error.
        final: What is trained further once the search has ended, before it ships: "all" models on the front, any of
            which may be chosen, the "exports" alone (its knee and the best by each objective), or "none".
        final_trials: Numbers of completed trials of the study that are trained further as well.
        final_epochs: For so many passes over the data; by default as long as that makes them better on the validation
            inputs, up to six times `epochs`.
        keep: Whose packages stay once the search has ended: those of the "front", or "all", at twice the disk or more.
            Every trial's weights stay, which later ones begin with.
        sampler: What suggests architectures: a name of `anenas.search.SAMPLERS`, a sampler of Optuna's, or anything
            that is a `Sampler`; another one may continue a study.
        seed_architectures: A text file of architectures, one a line, to try first.
        from_study: Name of an earlier study in the store, the front of which is tried first.
        seed: Of suggestions, weights and the order of the images.
        study: Its name; by default one that follows from the settings.
        new: Start afresh even if there is such a study.
        store: Folder of studies and MLflow's database.
        storage: Address of a database that studies are in instead of SQLite in the store, for SQLAlchemy and without
            its password, such as "postgresql://user@host/database" with PGPASSWORD set. The store remembers it.
        tracking_uri: Of an MLflow server, instead of MLflow's own `MLFLOW_TRACKING_URI`, or else the store's database.
        exports: Folder that the best models are copied to.
        latency: What says how long networks take, instead of the calibrated model: a source for every chip, one by
            the name of each chip, or the name of one of `anenas.latency.latency_sources`, such as "table:FILE".
        measure: Whether the package of each completed trial is measured, on this Mac or on workers of a cluster that
            have a Neural Engine; or what measures it. The trial's latency is what was measured then, and estimates of
            new candidates follow that from five measurements on. What an earlier run did not measure is taken up.
            Unproven on hardware.
        evaluator: What judges networks, instead of training them on `data`.
        classes: That networks classify into, where an evaluator brings its own data.
        executor: Where trials run: a name of `anenas.search.EXECUTORS`, or anything that is an `Executor`, which then
            decides how many run side by side.
        on_update: Called with the study after every answer and every pause.

    Raises:
        AnenasError: For anything that the caller can fix. What else is worth telling goes to the logger "anenas".
    """
    started = time.monotonic()
    check_positive(trials=trials, epochs=epochs, timeout=timeout, workers=workers, rungs=rungs, classes=classes)
    check_final(final, final_trials, final_epochs)
    if keep not in KEEP:
        raise unknown("keep", keep, KEEP)
    check_study_name(study)
    check_store(Path(store).absolute())
    meter = meter_of(measure, executor)
    use_storage(Path(store).absolute(), storage)
    suggesting, make_executor = sampler_of(sampler, seed), executor_of(executor, workers, device)
    most = {"size_mb": max_size_mb, "latency_ms": max_latency_ms, "macs": max_macs, "params": max_params}
    data = with_splits(data, validation=validation, test=test)
    with heard("anenas.data") as said:
        job = prepare(
            space,
            data,
            pretrained,
            targets_of(chip, latency),
            Path(store),
            objectives=objectives,
            limits={**most, "residency": min_residency, "accuracy": min_accuracy},
            min_metrics=min_metrics or {},
            max_metrics=max_metrics or {},
            latency_bound=latency_bound,
            input_shape=input_shape,
            epochs=epochs,
            seed=seed,
            inherit=inherit,
            augment=augment,
            flip=flip,
            class_weights=class_weights,
            train=train,
            task_name=task,
            skip_broken=skip_broken,
            device=device,
            evaluator=evaluator,
            classes=classes,
        )
    warnings = job.check_limits()
    name = study_name(Path(store).absolute(), study, new, job.title, job.settings)
    store, exports = made_folder("store", store), made_folder("exports", exports)
    first = job.first(seed_architectures, Study.load(store, from_study) if from_study else None)
    client = connect(uri_of(tracking_uri, store))
    wanted = math.inf if timeout and trials is None else trials or DEFAULT_TRIALS
    deadline = started + timeout if timeout else math.inf
    ladder = job.ladder(rungs, wanted)
    folder = study_folder(store, name)
    with searching(store, name) as guard, store_errors(store):
        found = Study.create_or_continue(store, name, job.settings_with_reference_point)
        found.guard = guard
        check_completed(found, final_trials)
        found.note_begin(command_line())
        found.note_data(absolute_source(data))
        _log.info("study %s%s", name, _progress(found))
        if prospects := job.prospects:
            _log.info(prospects)
        if not found.completed:
            for line in warnings:
                _log.warning(line)
        tell_disk(found, job.drawn, wanted)
        splits = logged_splits(job.dataset, found.data) if job.dataset else ()
        tracker = MlflowTracker(found, store, client, source=Source.here(), data=splits)
        found.note_versions(versions())
        if job.dataset:
            found.note_inputs(counts := count_inputs(job.dataset), said)
            tracker.log_inputs(counts)
        report = FrontReport(tracker)
        clock = _Clock(found, started)
        found.listeners += [tracker.update, report, on_update, clock]
        problem = job.problem(found.objectives)
        running = make_executor(folder / "logs")
        with closing(tracker), _shared(job, folder / "data") as files, running:
            found.listeners.append(ValidationReports(files, tracker))
            inputs = len(job.dataset.test) if job.dataset else 0
            testing = FrontTesting(found, job.evaluator, running, files, inputs)
            last_value = LastValue.of(job.dataset, job.metric) if job.dataset else None
            job = dataclasses.replace(job, dataset=None)  # whoever trains maps it from disk
            weights = job.learned.write(folder / "pretrained")
            devices = _devices(found, running, meter, problem, job)
            search = Search(
                found, problem, suggesting, running, files, first, ladder, inherit, weights, job.ancestor, devices
            )
            finishing = FinalTraining(found, job.evaluator, running, files, final, final_epochs, tuple(final_trials))
            try:
                found.enter(Phase())
                given = timeout or 0.0
                search.run(wanted, deadline, lambda: finishing.reserve(given) + testing.reserve(given))
                running.cancel()
                devices.close()
                finishing.run(deadline - testing.reserve(given))
                testing.run()
                tracker.update(found)
                if files:
                    report_tests(found, files, tracker)
            except BaseException:  # stopped or failed, what there is is still worth having
                clock.note()
                _salvage(found, exports, report)
                raise
            found.note_exports(export_best(found, exports))
            found.note_end()
            report.log(found, exported_report(found, exports))
        keep_only(found, tracker, keep)  # once MLflow has what is to be kept
        clock.note()
    if last_value and (told := last_value.unbeaten(found.completed)):
        _log.warning(told)
    return result_of(found)


class _Clock:
    """Notes what the searches of a study have taken, now and then: one that is killed loses little of it."""

    def __init__(self, study: Study, started: float) -> None:
        self._study, self._started, self._noted = study, started, started
        self._before = study.seconds

    def __call__(self, study: Study) -> None:
        if time.monotonic() - self._noted >= _NOTED_EVERY:
            self.note()

    def note(self) -> None:
        """Note it as it is now."""
        self._noted = time.monotonic()
        self._study.note_seconds(self._before + self._noted - self._started)


def _devices(study: Study, executor: Executor, meter: Meter | None, problem: Problem, job: Job) -> NoDevices:
    if meter is None:
        return NoDevices()
    if not isinstance(executor, MeasuringExecutor):
        raise AnenasError(f"{type(executor).__name__} has no devices to measure on; leave out `measure`")
    return DevicePool(study, executor, meter, problem, job.targets[0].chip.name)


def _salvage(study: Study, exports: Path, report: FrontReport) -> None:
    """Export and report what a search has that does not end well, within seconds; Ctrl-C leaves it."""
    try:
        study.note_exports(export_best(study, exports))
    except AnenasError as error:
        _log.warning("%s", error)
    page = exported_report(study, exports, soon=True) if study.finished else None
    report.log(study, page)
    if page:
        _log.info("page     %s: the search so far", page)


def _progress(study: Study) -> str:
    count = len(study.completed)
    return f", {count} trial{' is' if count == 1 else 's are'} done" if count else ""


@contextlib.contextmanager
def _shared(job: Job, folder: Path) -> Iterator[Path | None]:
    """The data where those that train read it, at every size of input, for as long as they do."""
    if job.dataset is None:
        yield None
        return
    job.dataset.save_sizes(folder, job.space.input.sizes)
    del job
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
