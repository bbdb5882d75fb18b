"""Parts of pages that are made from the code when the site is built: `<!-- generated: chips -->` stands for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blocks import pages, read_blocks

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PLACE = re.compile(r"<!-- generated: (\w+) -->")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def _commands() -> str:
    import typer.main

    from anenas.cli import app

    return "\n".join(_of_command("anenas", typer.main.get_command(app)))


def _of_command(name: str, command: Any) -> Iterable[str]:
    """A section of each command, those of groups after the group's."""
    depth = min(4, 1 + len(name.split()))
    yield f"{'#' * depth} {name}\n\n{command.help}\n"
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    if not hasattr(command, "commands"):
        words = [name, *(p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments), "[OPTIONS]"]
        yield f"```text\n{' '.join(words)}\n```\n"
    if arguments:
        yield table(["argument", ""], [(f"`{p.name.upper()}`", p.help) for p in arguments])
    if options:
        yield table(["option", "", "default"], [(_flags(p), p.help, _default(p)) for p in options])
    for part, below in getattr(command, "commands", {}).items():
        yield from _of_command(f"{name} {part}", below)


def _flags(option: Any) -> str:
    return " ".join(f"`{flag}`" for flag in (*option.opts, *option.secondary_opts))


def _default(option: Any) -> str:
    if isinstance(option.show_default, str):
        return option.show_default
    if option.required:
        return "*required*"
    if option.is_flag or option.default is None or callable(option.default):
        return ""
    return f"`{option.default}`"


def _chips() -> str:
    from anenas.ane import chips, fixed_us

    def shown(chip: Any, name: str) -> str:
        return f"{getattr(chip, name):.4g}" + (r" \*" if name in chip.guessed else "")

    fields = ("cores", "clock_ghz", "peak_tflops", "weight_gb_s", "elementwise_g_s")
    header = ["chip", "cores", "GHz", "fp16 TFLOPS", "weights, GB/s", "element-wise, G/s", "fixed, µs", "fitted as"]
    rows = []
    for chip in chips().values():
        fixed = f"{fixed_us(chip):.0f}" + (r" \*" if "fixed_us" in chip.guessed else "")
        rows.append((chip.name, *(shown(chip, name) for name in fields), fixed, chip.nearest_measured))
    return table(header, rows)


def _devices() -> str:
    from anenas.ane._devices import DEVICES, SAME_ENGINE

    others = {chip: [name for names in SAME_ENGINE.values() for name in names if name == chip] for chip in DEVICES}
    rows = [(chip, ", ".join(devices)) for chip, devices in DEVICES.items() if devices or others[chip]]
    return table(["chip", "devices"], rows)


def _rules() -> str:
    from anenas.ane import rules

    return "\n".join(
        f"### {rule.id}\n\n**{rule.severity}** · guideline {rule.guideline}\n\n{_escaped(rule.evidence)}\n"
        for rule in rules()
    )


def _differences() -> str:
    from anenas.ane import known_differences

    rows = [
        (f"`{d.operation}`", d.condition, d.where, d.happens, d.fix, d.source) for d in known_differences().values()
    ]
    return table(["operation", "when", "where", "what happens", "how to do without", "source"], rows)


def _blocks() -> str:
    from anenas.blocks import block_kinds

    sections = []
    for name, kind in sorted(block_kinds().items()):
        sections.append(f"### {name}\n\n{_first_line(kind.__doc__)}\n")
        if kind.choices():
            rows = [(f"`{c.name}`", ", ".join(f"`{_yaml(o)}`" for o in c.options)) for c in kind.choices()]
            sections.append(table(["choice", "options, the default first"], rows))
    return "\n".join(sections)


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spaces() -> str:
    from anenas.space import builtin_spaces, load_space

    return table(["space", "what it holds"], [(f"`{name}`", load_space(name).description) for name in builtin_spaces()])


def _metrics() -> str:
    from anenas.tasks import METRICS, TASKS, Metric

    rows = []
    for name, task in TASKS.items():
        for metric in map(METRICS.__getitem__, task.metrics):
            assert isinstance(metric, Metric)
            rows.append((name, f"`{metric.name}`", metric.title, f"{metric.direction}d"))
    return table(["task", "metric", "", "better when"], rows)


def _forms() -> str:
    from anenas.graph import weight_formats

    rows = [(f"`{f.name}`", "iOS 18" if f.is_ios18 else "iOS 16", f.tells) for f in weight_formats().values()]
    return table(["form", "needs", "what it is"], rows)


def _not_run() -> str:
    folder = Path(__file__).parents[1]
    blocks = [b for page in pages(folder) for b in read_blocks(page) if b.language in ("sh", "python")]
    commands = [(command, block.not_run) for block in blocks for command in block.anenas_commands()]
    run = sum(reason is None for _, reason in commands)
    python = [block.not_run for block in blocks if block.language == "python" and "file" not in block.notes]
    rows = [
        (block.page.relative_to(folder), f"`{block.text.strip().splitlines()[0]}`", block.not_run)
        for block in blocks
        if block.not_run
    ]
    return (
        f"Of {len(commands)} commands {run} are run and all are parsed; of {len(python)} blocks of Python "
        f"{python.count(None)} are run. The others, block by block:\n\n"
        + table(["page", "begins with", "why it is not run"], rows)
    )


def _first_line(doc: str | None) -> str:
    return " ".join((doc or "").strip().split("\n\n")[0].split())


def _escaped(text: str) -> str:
    return re.sub(r"([*<_])", r"\\\1", text)


PARTS: dict[str, Callable[[], str]] = {
    "commands": _commands,
    "chips": _chips,
    "devices": _devices,
    "rules": _rules,
    "differences": _differences,
    "blocks": _blocks,
    "spaces": _spaces,
    "metrics": _metrics,
    "forms": _forms,
    "not_run": _not_run,
}


def _fill(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = _PLACE.sub(lambda place: PARTS[place[1]](), source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True}
