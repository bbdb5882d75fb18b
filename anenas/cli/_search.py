"""Search, and look at what was found."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anenas._errors import AnenasError
from anenas.cli import _limits as given
from anenas.cli._app import (
    DEFAULT_STORE,
    SEARCH,
    Insecure,
    Json,
    OfStudy,
    Scheduler,
    Storage,
    Store,
    System,
    Tls,
    TrackingUri,
    app,
    elsewhere,
)
from anenas.cli._stopping import Stopping
from anenas.cli._units import (
    COUNTS,
    MEGABYTES,
    MILLISECONDS,
    SECONDS,
    bounds,
    fraction,
    names,
    numbers,
    on_system,
    quantity,
    shape,
)

if TYPE_CHECKING:
    from anenas.measure import EngineMeter
    from anenas.search import Study


@app.command(rich_help_panel=SEARCH)
def search(
    space: Annotated[
        str | None,
        typer.Option(
            help="A built-in space (`anenas space list`), a YAML file, or slim: parts of a --pretrained network.",
            show_default="mobile_cnn; with --pretrained only these networks",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="images:FOLDER, text:FILE, wav:FOLDER or mel:FOLDER (recordings), FILE.npz, FILE.csv or "
            "torchvision:NAME.",
            show_default="the included Fashion-MNIST or wrist motion",
        ),
    ] = None,
    validation: Annotated[
        str | None,
        typer.Option(
            help="Separate validation set with the same classes: a folder, or written like --data.",
            show_default="the data's own, or held out",
        ),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            help="Separate test set, written like --validation; only used for the final models.",
            show_default="the data's own, or held out",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="classification, multilabel (any number of classes per input), regression (numbers) or your own.",
            show_default="inferred from the labels",
        ),
    ] = None,
    pretrained: Annotated[
        str | None,
        typer.Option(
            help="Pretrained networks to start from: efficientnet_lite0 (to lite2), timm:NAME, timm:NAME@FILE, "
            "study:NAME, study:NAME@PICK or bundle:FOLDER; separated by commas.",
            show_default="the space's",
        ),
    ] = None,
    chip: Annotated[
        str, typer.Option(help="The target chip (`anenas chips` lists them), or several, such as A15,M2.")
    ] = "A15",
    system: System = None,
    latency: Annotated[
        str | None,
        typer.Option(
            help="Source of latencies, such as table:FILE or recordings:FOLDER.",
            show_default="the fitted latency model",
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Measure every completed trial on this Mac, or on Macs in the cluster; unproven on hardware.",
        ),
    ] = False,
    iphone_team: Annotated[
        str | None,
        typer.Option(
            help="Measure on iPhones connected to these Macs instead; this team signs the app of coremltools.",
            show_default="the Macs themselves",
        ),
    ] = None,
    objectives: Annotated[
        str | None,
        typer.Option(
            help="Up to four objectives: accuracy or another metric, such as balanced_accuracy, macro_f1, "
            "log_loss or recall@CLASS; latency_ms (on every chip) or latency_ms@CHIP; size_mb, macs, params, "
            "residency.",
            show_default="the task's metric, latency_ms,size_mb",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            help="Number of completed trials in the study when it ends.", show_default="16; no limit with --timeout"
        ),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(help="Stop after this time: 90s, 10m, 2h. Up to a third of it is for final training.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Training budget of a trial: passes over the images or series.",
            show_default="2; for small data sets enough for 500 steps",
        ),
    ] = None,
    rungs: Annotated[
        int | None,
        typer.Option(
            help="Number of budgets at which trials are compared and only the best continue; 1 stops none.",
            show_default="2; 1 for fewer than 8 trials",
        ),
    ] = None,
    inherit: Annotated[
        bool,
        typer.Option(
            "--inherit/--from-scratch",
            help="Start each trial from the weights of the most similar one, or from scratch.",
        ),
    ] = True,
    augment: Annotated[
        str,
        typer.Option(
            help="Data augmentation: none; light (images shifted a little, series with noise and "
            "gaps, recordings with gaps); or strong (images cropped, distorted and recoloured, for long "
            "trainings; recordings shifted, with other loudness and noise).",
        ),
    ] = "light",
    flip: Annotated[
        bool | None,
        typer.Option(
            "--flip/--no-flip",
            help="Mirror images in training.",
            show_default="on for colour images, unless class names contain left or right or are single characters",
        ),
    ] = None,
    class_weights: Annotated[
        str,
        typer.Option(
            help="balanced: train as if all classes were equally frequent; sampled: draw equally many inputs of each "
            "class, repeating those of rare classes."
        ),
    ] = "none",
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Skip files that cannot be read instead of stopping.")
    ] = False,
    final: Annotated[
        str, typer.Option(help="What is trained further at the end: all models on the front, exports alone, or none.")
    ] = "all",
    final_trials: Annotated[
        str | None,
        typer.Option(
            help="Completed trials of the study to train further as well, by number, such as 29 or 29,31.",
            show_default="none",
        ),
    ] = None,
    final_epochs: Annotated[
        int | None,
        typer.Option(
            help="Epochs of the final training.", show_default="as long as it helps, up to six times --epochs"
        ),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="Input shape as CxHxW, such as 3x224x224.",
            show_default="of the space; larger for photos, half for tiny images, or the length of the series",
        ),
    ] = None,
    max_size: Annotated[
        str | None, typer.Option(help="Maximum size of the package, such as 10MB.", show_default="the space's limit")
    ] = None,
    max_latency: Annotated[
        str | None,
        typer.Option(help="Maximum latency on each of the chips, such as 1.5ms.", show_default="the space's limit"),
    ] = None,
    latency_bound: Annotated[
        str, typer.Option(help="What --max-latency applies to: upper (end of the 90 % interval) or estimate.")
    ] = "upper",
    max_macs: Annotated[
        str | None,
        typer.Option(help="Maximum number of multiply-accumulates, such as 50M.", show_default="the space's limit"),
    ] = None,
    max_params: Annotated[
        str | None, typer.Option(help="Maximum number of weights, such as 500K.", show_default="the space's limit")
    ] = None,
    min_residency: Annotated[
        str | None,
        typer.Option(
            help="Minimum fraction of the time on the Neural Engine, such as 95%.", show_default="the space's limit"
        ),
    ] = None,
    min_accuracy: Annotated[
        str | None, typer.Option(help="Minimum validation accuracy, such as 80%.", show_default="the space's limit")
    ] = None,
    min_metrics: Annotated[
        list[str] | None,
        typer.Option("--min-metric", help="Minimum of a metric, such as recall@cat=0.9; repeatable."),
    ] = None,
    max_metrics: Annotated[
        list[str] | None,
        typer.Option("--max-metric", help="Maximum of an error metric, such as log_loss=0.5; repeatable."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Number of trials that run at the same time.", show_default="one per core, or one per GPU"),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where to train: cpu, cuda or mps.", show_default="the fastest available")
    ] = None,
    keep: Annotated[
        str,
        typer.Option(help="Packages to keep when the search ends: front or all. All weights are kept."),
    ] = "front",
    sampler: Annotated[
        str, typer.Option(help="How architectures are suggested: auto, tpe-multivariate, tpe, nsga2, gp or random.")
    ] = "auto",
    executor: Annotated[
        str,
        typer.Option(help="Where trials run: processes (worker processes), or serial (one by one in this process)."),
    ] = "processes",
    scheduler: Scheduler = None,
    tls: Tls = None,
    insecure: Insecure = False,
    seed_architectures: Annotated[
        Path | None, typer.Option(help="Text file with architectures to try first, one per line.", show_default="none")
    ] = None,
    from_study: Annotated[
        str | None, typer.Option(help="Study in the store whose front is tried first.", show_default="none")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Random seed for suggestions, initial weights and the order of inputs.")
    ] = 0,
    study: Annotated[
        str | None, typer.Option(help="Name of the study.", show_default="derived from the settings")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Start a new study instead of continuing.")] = False,
    store: Store = DEFAULT_STORE,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    exports: Annotated[Path, typer.Option(help="Folder to copy the best models to.")] = Path("exports"),
    register: Annotated[
        str | None, typer.Option(help="At the end, register the knee in MLflow's registry under this name.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Search for networks that are accurate and fast. Run the same command again to continue."""
    options: dict[str, Any] = {
        "timeout": None if timeout is None else quantity(timeout, "--timeout", SECONDS),
        "input_shape": None if input_shape is None else shape(input_shape),
        "max_size_mb": None if max_size is None else quantity(max_size, "--max-size", MEGABYTES),
        "min_residency": None if min_residency is None else fraction(min_residency, "--min-residency"),
        "max_macs": None if max_macs is None else quantity(max_macs, "--max-macs", COUNTS),
        "max_params": None if max_params is None else quantity(max_params, "--max-params", COUNTS),
        "min_accuracy": None if min_accuracy is None else fraction(min_accuracy, "--min-accuracy"),
        "min_metrics": bounds(min_metrics or (), "--min-metric"),
        "max_metrics": bounds(max_metrics or (), "--max-metric"),
        "max_latency_ms": None if max_latency is None else quantity(max_latency, "--max-latency", MILLISECONDS),
    }
    from rich.console import Console

    from anenas.api import DEFAULT_TRIALS, run_search
    from anenas.api import register as register_model
    from anenas.cli._register import registered_lines
    from anenas.cli.screen import SearchProgress, exported_names, print_front
    from anenas.report.evaluation import PAGE
    from anenas.search.executors.cluster import DaskExecutor

    stopping = Stopping()
    with SearchProgress(trials or (None if timeout else DEFAULT_TRIALS)) as progress:

        def on_update(found: Study) -> None:
            progress.on_update(found)
            stopping.check()

        result = run_search(
            space,
            data=data,
            task=task,
            validation=validation,
            test=test,
            pretrained=names(pretrained, "--pretrained") if pretrained else (),
            chip=names(on_system(chip, system), "--chip"),
            latency=latency,
            measure=_meter(measure, iphone_team),
            objectives=names(objectives, "--objectives") if objectives is not None else None,
            latency_bound=latency_bound,  # type: ignore[arg-type]  # it tells of others itself
            trials=trials,
            epochs=epochs,
            rungs=rungs,
            inherit=inherit,
            augment=augment,
            flip=flip,
            class_weights=class_weights,
            skip_broken=skip_broken,
            final=final,  # type: ignore[arg-type]  # it tells of others itself
            final_trials=numbers(final_trials, "--final-trials") if final_trials else (),
            final_epochs=final_epochs,
            keep=keep,  # type: ignore[arg-type]  # it tells of others itself
            workers=workers,
            device=device,
            sampler=sampler,
            executor=DaskExecutor(scheduler, tls=tls, insecure=insecure) if scheduler else executor,
            seed_architectures=seed_architectures,
            from_study=from_study,
            seed=seed,
            study=study,
            new=new,
            store=store,
            storage=storage,
            tracking_uri=tracking_uri,
            exports=exports,
            on_update=on_update,
            **options,
        )
    registered = []
    if register and result.front:
        found = register_model(result.study, register, store=store, uri=tracking_uri)
        registered = registered_lines(found)
    if as_json:
        print(result.to_json())
        return
    console = Console(emoji=False)
    if result.front:
        print_front(console, result, elsewhere(store))
        for line in registered:
            console.print(line, highlight=False, soft_wrap=True, markup=False)
        models = f"models   {exports / result.study}/{exported_names(result.exports)}"
        console.print(models, highlight=False, soft_wrap=True)
        if any((folder / PAGE).is_file() for folder in result.exports.values()):
            told = f"reports  {PAGE} in each: what it gets right and wrong, and which inputs, on test data"
            console.print(told, highlight=False, soft_wrap=True)
        if result.report:
            console.print(
                f"page     {exports / result.study}/{result.report.name}: the whole search",
                highlight=False,
                soft_wrap=True,
            )
    else:
        console.print(f"no trial of {result.study} has completed")
    console.print(f"browse   anenas ui{elsewhere(store)}", highlight=False, soft_wrap=True)


def _meter(measure: bool, iphone_team: str | None) -> bool | EngineMeter:
    if iphone_team is None:
        return measure
    if not measure:
        raise AnenasError("--iphone-team is only for measuring; also give --measure")
    from anenas.measure import EngineMeter

    return EngineMeter("iphone", iphone_team)


@app.command(rich_help_panel=SEARCH)
def front(
    study: Annotated[str | None, typer.Argument(help="Name of the study; without it, list all studies.")] = None,
    max_latency: given.MaxLatency = None,
    max_size: given.MaxSize = None,
    max_macs: given.MaxMacs = None,
    max_params: given.MaxParams = None,
    min_residency: given.MinResidency = None,
    min_accuracy: given.MinAccuracy = None,
    min_metrics: given.MinMetrics = None,
    max_metrics: given.MaxMetrics = None,
    latency_bound: given.Bound = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Show the Pareto front of a study, or only the models that satisfy limits.

    The knee is the best compromise on the front; accurate, fast, small, … are the best by one objective. A trial is
    completed (trained in full and exported), stopped (early, at a rung where others were better), paused (waiting at a
    rung), infeasible (breaks a limit or a rule of the engine), failed or repeated.
    """
    from rich.console import Console

    from anenas.api import choose_model, load_result
    from anenas.cli._study import show_list
    from anenas.cli.screen import print_front

    if study is None:
        show_list(store, as_json=as_json)
        return
    limits = given.limits(
        max_latency, max_size, max_macs, max_params, min_residency, min_accuracy, min_metrics, max_metrics
    )
    bound = given.latency_bound(latency_bound)
    result = load_result(study, store, limits=limits, latency_bound=bound)
    if as_json:
        print(result.to_json())
    elif limits.bounds and not result.front:
        choose_model(study, limits, latency_bound=bound, store=store)  # raises, and says what comes nearest
    else:
        print_front(Console(emoji=False), result, elsewhere(store))


@app.command(rich_help_panel=SEARCH)
def report(
    study: OfStudy,
    out: Annotated[Path, typer.Option(help="HTML page to write.")] = Path("report.html"),
    pick: Annotated[
        str | None,
        typer.Option(
            help="The model to show in detail: knee, accurate, fast, …, or the number of a trial.", show_default="knee"
        ),
    ] = None,
    store: Store = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Write everything about a study to one HTML page that works offline."""
    from anenas.api import write_report

    page = write_report(study, out, pick=pick, store=store)
    if as_json:
        print(json.dumps(page.to_dict(), indent=2))
        return
    print("\n".join(page.answer))
    print(f"wrote {page.path}, {page.path.stat().st_size / 1e3:,.0f} kB")


@app.command(rich_help_panel=SEARCH)
def ui(
    study: Annotated[str | None, typer.Argument(help="Name of the study.", show_default="the last one")] = None,
    store: Store = DEFAULT_STORE,
    tracking_uri: TrackingUri = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 5000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Start MLflow and print the addresses of a study's pages."""
    from anenas.tracking import connect, default_uri, is_there, study_pages, without_secrets
    from anenas.tracking import tracking_uri as uri_of

    uri = uri_of(tracking_uri, store)
    is_ours = uri == default_uri(store)
    if is_ours and not is_there(store):
        raise AnenasError(f"nothing to browse in {store} yet; run `anenas search` first, or name another --store")
    pages = study_pages(connect(uri), study)
    if pages is None:
        what = f"the study '{study}'" if study else "a study"
        raise AnenasError(
            f"{what} is not in MLflow at {without_secrets(uri)}; `anenas front` lists the studies in the store"
        )
    if not is_ours:
        address = without_secrets(uri).rstrip("/")
        print(f"{address}{pages.runs}\n{address}{pages.search}")
        return
    arguments = ["-m", "mlflow", "server", "--backend-store-uri", default_uri(store), "--host", host]
    arguments += ["--port", str(port), "--default-artifact-root", (store / "artifacts").absolute().as_uri()]
    address = f"http://{host}:{port}"
    print(
        f"MLflow on {store}, Ctrl-C stops it\n"
        f"  all trials   {address}{pages.runs}\n"
        f"  the search   {address}{pages.search}",
        file=sys.stderr,
    )
    os.execv(sys.executable, [sys.executable, *arguments])
