"""Look at search spaces."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from anenas._errors import AnenasError
from anenas.cli._app import Json, space_app


@space_app.command("list")
def space_list(as_json: Json = False) -> None:
    """List the built-in spaces."""
    from anenas.space import builtin_spaces, load_space

    spaces = [load_space(name) for name in builtin_spaces()]
    if as_json:
        print(json.dumps([{"name": s.name, "description": s.description, "architectures": s.size} for s in spaces]))
    else:
        width = max(len(space.name) for space in spaces)
        for space in spaces:
            print(f"{space.name:{width}} {space.size:.2e} architectures  {space.description}")


@space_app.command("show")
def space_show(name: Annotated[str, typer.Argument(help="A built-in space or a YAML file.")]) -> None:
    """Show the choices of a space and how many architectures it contains."""
    from anenas.space import load_space

    space = load_space(name)
    print(f"{space.name}: {space.description}" if space.description else space.name)
    length = {"steps": "1 x T", "samples": f"1 x S, {space.rate or 0:,} Hz", None: "H x W"}[space.input.length]
    axes = f"N x C x {length}"
    if space.input.tokens:
        axes += f"; ids of {space.input.tokens}"
    elif space.input.masked:
        axes += "; the last channel says where they are"
    shapes = [(*space.input.shape[:2], *size) for size in space.input.sizes]
    print(f"input  {_either('x'.join(map(str, shape)) for shape in shapes)} ({axes})")
    for backbone in space.backbones:
        cuts = _either(cut or "whole" for cut in backbone.channels)
        print(f"from   {backbone.source}, cut after {cuts}")
    for stage_name, stage in space.named_stages():
        print(f"{stage_name:6} depth {_either(stage.depth)}, width {_either(stage.width)}, stride {stage.stride}")
        for kind, options in stage.blocks.items():
            print(f"         {kind:13} " + ", ".join(f"{choice} {_either(o)}" for choice, o in options.items()))
    pool = f"pool {_either(space.head.pool)}, " if len(space.head.pool) > 1 else ""
    skip = ", and a skip from the last step" if space.head.skip else ""
    print(f"head   {pool}width {_either(space.head.width)}, activation {_either(space.head.activation)}{skip}")
    print(f"forms  {_either(space.forms)}")
    limits = space.limits.bounds
    print(f"limits {', '.join(f'{name} {value:g}' for name, value in limits.items()) or 'none'}")
    print(f"{space.size:,} architectures")


@space_app.command("validate")
def space_validate(name: Annotated[str, typer.Argument(help="A YAML file, or a built-in space.")]) -> None:
    """Check a space file and report every problem with its line."""
    from anenas.space import load_space

    space = load_space(name)
    print(f"{name}: '{space.name}' is valid and contains {space.size:,} architectures")


@space_app.command("sample")
def space_sample(
    name: Annotated[str, typer.Argument(help="A built-in space or a YAML file.")],
    count: Annotated[int, typer.Option("-n", "--count", help="Number of samples.")] = 5,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal samples.")] = 0,
    classes: Annotated[int, typer.Option(help="Number of classes.")] = 10,
) -> None:
    """Print randomly sampled architectures."""
    import random

    from anenas.space import load_space

    space = load_space(name)
    if count <= 0 or classes <= 0:
        raise AnenasError("--count and --classes must be more than 0")
    rng = random.Random(seed)
    for _ in range(count):
        print(space.sample(rng, classes=classes))


def _either(options: Iterable[Any]) -> str:
    return " | ".join(str(option).lower() if isinstance(option, bool) else str(option) for option in options)
