"""The `anenas` command. Thin: it reads options, calls the library and prints."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from anenas._errors import AnenasError

app = typer.Typer(
    name="anenas",
    help="Neural architecture search for Apple's Neural Engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
space_app = typer.Typer(help="Look at search spaces.", no_args_is_help=True)
app.add_typer(space_app, name="space")
bench_app = typer.Typer(help="Hold estimates against what is known.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")

_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else, to standard output.")]
_Store = Annotated[Path, typer.Option("--store", help="Folder of studies and of MLflow's database.")]
_DEFAULT_STORE = Path("mlruns")


@app.callback()
def _main(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. Works anywhere.")] = False,
) -> None:
    pass


@app.command()
def search(
    space: Annotated[str, typer.Option(help="A built-in space (`anenas space list`) or a YAML file.")] = "mobile_cnn",
    data: Annotated[
        str | None,
        typer.Option(help="images:FOLDER, FILE.npz or torchvision:NAME.", show_default="the embedded Fashion-MNIST"),
    ] = None,
    chip: Annotated[str, typer.Option(help="The chip to be fast on (`anenas chips`).")] = "A15",
    trials: Annotated[
        int | None,
        typer.Option(
            help="Completed trials that the study shall hold in the end.", show_default="20; any with --timeout"
        ),
    ] = None,
    timeout: Annotated[str | None, typer.Option(help="Stop after this time: 90s, 10m, 2h.")] = None,
    epochs: Annotated[int, typer.Option(help="Training budget of a trial: passes over the images.")] = 2,
    input_shape: Annotated[
        str | None, typer.Option("--input", help="Input as CxHxW, such as 3x224x224.", show_default="the space's")
    ] = None,
    max_size: Annotated[
        str | None, typer.Option(help="Largest package, such as 10MB.", show_default="the space's limit")
    ] = None,
    max_latency: Annotated[
        str | None, typer.Option(help="Longest prediction, such as 1.5ms.", show_default="the space's limit")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Trials side by side.", show_default="one a core, or one a GPU")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps.", show_default="the best that is there")] = None,
    seed: Annotated[int, typer.Option(help="Of suggestions, weights and the order of images.")] = 0,
    study: Annotated[
        str | None, typer.Option(help="Name of the study.", show_default="follows from the settings")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Start afresh instead of continuing.")] = False,
    store: _Store = _DEFAULT_STORE,
    tracking_uri: Annotated[
        str | None, typer.Option(help="Of an MLflow server.", show_default="the store's own database")
    ] = None,
    exports: Annotated[Path, typer.Option(help="Folder that the best models are copied to.")] = Path("exports"),
    as_json: _Json = False,
) -> None:
    """Search for networks that are accurate and fast; run again, it continues."""
    options: dict[str, Any] = {
        "timeout": None if timeout is None else _quantity(timeout, "--timeout", _SECONDS),
        "input_shape": None if input_shape is None else _shape(input_shape),
        "max_size_mb": None if max_size is None else _quantity(max_size, "--max-size", _MEGABYTES),
        "max_latency_ms": None if max_latency is None else _quantity(max_latency, "--max-latency", _MILLISECONDS),
    }
    from rich.console import Console

    from anenas._api import DEFAULT_TRIALS, run_search
    from anenas._terminal import SearchProgress, print_front
    from anenas.ane import get_chip

    chip = get_chip(chip).name
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end, end as by Ctrl-C
    with SearchProgress(trials or (None if timeout else DEFAULT_TRIALS)) as progress:
        result = run_search(
            space,
            data=data,
            chip=chip,
            trials=trials,
            epochs=epochs,
            workers=workers,
            device=device,
            seed=seed,
            study=study,
            new=new,
            store=store,
            tracking_uri=tracking_uri,
            exports=exports,
            changed=progress.changed,
            say=progress.say,
            **options,
        )
    if as_json:
        print(result.to_json())
        return
    console = Console()
    if result.front:
        print_front(console, result, chip)
        console.print(f"models   {exports / result.study}/{{{','.join(result.exports)}}}", highlight=False)
    else:
        console.print(f"no trial of {result.study} has completed")
    console.print(f"browse   anenas ui{'' if store == _DEFAULT_STORE else f' --store {store}'}", highlight=False)


@app.command()
def front(
    study: Annotated[str | None, typer.Argument(help="Its name; without one the studies are listed.")] = None,
    store: _Store = _DEFAULT_STORE,
    as_json: _Json = False,
) -> None:
    """Show the Pareto front of a study."""
    from rich.console import Console

    from anenas._api import load_result
    from anenas._terminal import print_front
    from anenas.search import Study, study_names

    if study is None:
        names = study_names(store)
        print(json.dumps(names) if as_json else "\n".join(names) or f"no studies in {store}; run `anenas search`")
        return
    result = load_result(study, store)
    if as_json:
        print(result.to_json())
    else:
        print_front(Console(), result, Study.load(store, study).settings["chip"])


@app.command()
def chips(as_json: _Json = False) -> None:
    """List the chips that latencies can be estimated for, and what is known of each."""
    import dataclasses

    from anenas.ane import chips as known

    if as_json:
        rows = [dataclasses.asdict(chip) | {"peak_tflops": chip.peak_tflops} for chip in known().values()]
        print(json.dumps(rows, indent=2))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        caption="* interpolated from neighbouring chips: no public measurement",
        caption_justify="left",
    )
    table.add_column("chip", no_wrap=True, min_width=7)
    for heading in ("cores", "GHz", "fp16\nTFLOPS", "weights\nGB/s", "vector\nG/s", "fixed\nµs"):
        table.add_column(heading, justify="right", no_wrap=True, min_width=7)
    table.add_column("found in", no_wrap=True)
    for chip in known().values():
        figures = {
            "cores": str(chip.cores),
            "clock_ghz": f"{chip.clock_ghz:.3f}",
            "peak_tflops": f"{chip.peak_tflops:.1f}",
            "weight_gb_s": f"{chip.weight_gb_s:.0f}",
            "elementwise_g_s": f"{chip.elementwise_g_s:.0f}",
            "fixed_us": f"{chip.fixed_us:.0f}",
        }
        table.add_row(chip.name, *(v + ("*" if k in chip.guessed else "") for k, v in figures.items()), chip.devices)
    Console().print(table)


@app.command()
def profile(
    model: Annotated[str, typer.Argument(help="A .mlpackage, timm:NAME[@RESOLUTION] or an architecture.")],
    chip: Annotated[str, typer.Option(help="A chip (`anenas chips`), or all.")] = "A15",
    top: Annotated[int, typer.Option(help="How many of the costliest operations to show.")] = 12,
    as_json: _Json = False,
) -> None:
    """Estimate how long a model takes on a chip, operation by operation."""
    from rich.console import Console

    from anenas._models import load_graph
    from anenas._profile import profile as profile_of
    from anenas._terminal import print_chips, print_profile
    from anenas.ane import chips as known
    from anenas.ane import get_chip

    wanted = list(known().values()) if chip.casefold() == "all" else [get_chip(chip)]
    graph = load_graph(model)
    profiles = [profile_of(model, graph, one) for one in wanted]
    if as_json:
        rows = [one.to_dict() for one in profiles]
        print(json.dumps(rows if len(rows) > 1 else rows[0], indent=2))
    elif len(profiles) > 1:
        print_chips(Console(), profiles)
    else:
        print_profile(Console(), profiles[0], top)


@app.command()
def check(
    model: Annotated[
        str | None, typer.Argument(help="A .mlpackage, timm:NAME, timm:NAME@RESOLUTION or an architecture.")
    ] = None,
    chip: Annotated[str, typer.Option(help="The chip to check for (`anenas chips`).")] = "A15",
    list_rules: Annotated[bool, typer.Option("--list-rules", help="List the rules with their evidence.")] = False,
    as_json: _Json = False,
) -> None:
    """Check a model against the guidelines of the Neural Engine; exit code 1 where there is an error."""
    import dataclasses

    from rich.console import Console

    from anenas._models import load_graph
    from anenas._terminal import print_findings, print_rules
    from anenas.ane import check as find
    from anenas.ane import get_chip, placement, rules

    if list_rules:
        if as_json:
            told = ("id", "severity", "guideline", "evidence")
            print(json.dumps({"rules": [{name: getattr(rule, name) for name in told} for rule in rules()]}, indent=2))
        else:
            print_rules(Console(), rules())
        return
    if model is None:
        raise AnenasError("no model to check; `anenas check --help` says what it may be")
    known = get_chip(chip)
    graph = load_graph(model)
    findings = sorted(find(graph, known), key=lambda finding: ("error", "warning", "info").index(finding.severity))
    errors = sum(finding.is_error for finding in findings)
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        print(json.dumps({"model": model, "chip": known.name, "findings": rows, "errors": errors}, indent=2))
    else:
        print_findings(Console(), model, known.name, findings, placement(graph, known))
    if errors:
        raise typer.Exit(1)


@app.command()
def ui(
    store: _Store = _DEFAULT_STORE,
    port: Annotated[int, typer.Option(help="Port to serve at.")] = 5000,
    host: Annotated[str, typer.Option(help="Address to serve at.")] = "127.0.0.1",
) -> None:
    """Open MLflow on the store."""
    import os

    from anenas.tracking import default_uri

    if not (store / "mlflow.db").is_file():
        raise AnenasError(f"nothing to browse in {store} yet; run `anenas search` first, or name another --store")
    arguments = ["-m", "mlflow", "server", "--backend-store-uri", default_uri(store), "--host", host]
    arguments += ["--port", str(port), "--default-artifact-root", (store / "artifacts").absolute().as_uri()]
    print(f"MLflow on {store} at http://{host}:{port}, Ctrl-C ends it", file=sys.stderr)
    os.execv(sys.executable, [sys.executable, *arguments])


@space_app.command("list")
def space_list(as_json: _Json = False) -> None:
    """List the built-in spaces."""
    from anenas.space import builtin_spaces, load_space

    spaces = [load_space(name) for name in builtin_spaces()]
    if as_json:
        print(json.dumps([{"name": s.name, "description": s.description, "architectures": s.size} for s in spaces]))
    else:
        for space in spaces:
            print(f"{space.name:14} {space.size:.2e} architectures  {space.description}")


@space_app.command("show")
def space_show(name: Annotated[str, typer.Argument(help="A built-in space or a YAML file.")]) -> None:
    """Show what a space offers and how many architectures it holds."""
    from anenas.space import load_space

    space = load_space(name)
    shape = (space.input.batch, space.input.channels, space.input.height, space.input.width)
    print(f"{space.name}: {space.description}" if space.description else space.name)
    print(f"input  {'x'.join(map(str, shape))} (N x C x H x W)")
    for stage_name, stage in space.named_stages():
        print(f"{stage_name:6} depth {_either(stage.depth)}, width {_either(stage.width)}, stride {stage.stride}")
        for kind, options in stage.block_options():
            print(f"         {kind:12} " + ", ".join(f"{choice} {_either(o)}" for choice, o in options.items()))
    print(f"head   width {_either(space.head.width)}, activation {_either(space.head.activation)}")
    limits = {name: value for name, value in space.limits.model_dump().items() if value is not None}
    print(f"limits {', '.join(f'{name} {value:g}' for name, value in limits.items()) or 'none'}")
    print(f"{space.size:,} architectures")


@space_app.command("validate")
def space_validate(file: Annotated[Path, typer.Argument(help="A YAML file.")]) -> None:
    """Check a space file; every problem is told with its line."""
    from anenas.space import read_space

    space = read_space(file)
    print(f"{file}: '{space.name}' is valid and holds {space.size:,} architectures")


@space_app.command("sample")
def space_sample(
    name: Annotated[str, typer.Argument(help="A built-in space or a YAML file.")],
    count: Annotated[int, typer.Option("-n", "--count", help="How many.")] = 5,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal samples.")] = 0,
    classes: Annotated[int, typer.Option(help="Classes to tell apart.")] = 10,
) -> None:
    """Print architectures drawn at random."""
    import random

    from anenas.space import load_space

    space = load_space(name)
    if count <= 0 or classes <= 0:
        raise AnenasError("--count and --classes must be more than 0")
    rng = random.Random(seed)
    for _ in range(count):
        print(space.sample(rng, classes=classes))


@bench_app.command("latency")
def bench_latency(
    table: Annotated[
        Path,
        typer.Option("--csv", help="Table with the columns timm_name, input_res, soc, latency_ms, and perhaps set."),
    ],
    as_json: _Json = False,
) -> None:
    """Hold the latency estimate against a table of measured latencies."""
    from anenas._bench import bench_latency as bench

    result = bench(table)
    if as_json:
        print(json.dumps(result, indent=2, allow_nan=False))
        return
    from rich.console import Console

    from anenas._terminal import print_scores

    print_scores(Console(), result)


_INTERRUPTED = 130

_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
_MEGABYTES = {"mb": 1.0, "kb": 1e-3, "b": 1e-6, "": 1.0}
_MILLISECONDS = {"ms": 1.0, "us": 1e-3, "µs": 1e-3, "s": 1e3, "": 1.0}


def _quantity(text: str, option: str, units: dict[str, float]) -> float:
    """A number with one of the units, in the unit whose factor is 1."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-zµ]*)", text.strip().casefold())
    if not match or match[2] not in units or float(match[1]) <= 0:
        named = ", ".join(unit for unit in units if unit)
        raise AnenasError(f"{option} '{text}': expected a number above 0 and a unit ({named}), such as 10{named[:2]}")
    return float(match[1]) * units[match[2]]


def _shape(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)x(\d+)", text.strip())
    if not match or not all(int(size) for size in match.groups()):
        raise AnenasError(f"--input '{text}': expected CxHxW, such as 3x224x224")
    return int(match[1]), int(match[2]), int(match[3])


def _either(options: tuple[Any, ...]) -> str:
    return " | ".join(str(option).lower() if isinstance(option, bool) else str(option) for option in options)


def main() -> None:
    """Run the command line; a mistake of the user's is one line on standard error and exit code 2."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        code = app(arguments, standalone_mode=False)  # Typer returns 130 for Ctrl-C here, and None where all went well
    except (AnenasError, typer.TyperException) as error:
        if debug:
            raise
        message = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        if message:  # a command without its arguments has printed its help
            print(f"anenas: {message}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        first_line = next(iter(str(error).strip().splitlines()), "")
        print(f"anenas: unexpected {type(error).__name__}: {first_line} (--debug shows where)", file=sys.stderr)
        sys.exit(1)
    if code == _INTERRUPTED:
        print("anenas: stopped; what was done is safe, the same command goes on with it", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
