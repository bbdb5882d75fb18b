"""Every file is written whole or not at all: by `replacing` or `write_whole`, or it says here why not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "anenas"
WRITERS = {
    "write_text", "write_bytes", "save", "savez", "savez_compressed", "save_file", "savetxt", "to_csv", "savefig",
    "copyfile", "copytree", "copy2", "dump",
}  # fmt: skip

# What else writes, by file and function, and why it may.
_BUNDLE = "in a new folder, which the bundle replaces whole"
_KIT = "in a new folder, which the kit is packed from or replaces whole"
_TEMPORARY = "in a temporary folder"
_OF_OWN = "by a method that writes whole itself"
_MEMORY = "to memory"
ELSEWHERE = {
    "_plugins.py dumps": _MEMORY,
    "bundle/_export.py _retrained": _TEMPORARY,
    "bundle/_stream.py write_stream": _BUNDLE,
    "bundle/_write.py write_bundle": _BUNDLE,
    "bundle/_write.py _write_network": _BUNDLE,
    "cli/_calibrate.py calibrate": _OF_OWN,
    "data/_dataset.py save_sizes": _OF_OWN,
    "measure/_core_ml.py measure_package": _TEMPORARY,
    "measure/_kit.py _export": _KIT,
    "measure/kit_script.py write_whole": "it runs without anenas: beside, then renamed",
    "report/evaluation/_draw_calibration.py draw_calibration": _OF_OWN,
    "report/evaluation/_draw_classes.py draw_confusion": _OF_OWN,
    "report/evaluation/_draw_labels.py draw_counts": _OF_OWN,
    "report/evaluation/_draw_numbers.py draw_predicted": _OF_OWN,
    "report/evaluation/_draw_numbers.py draw_residuals": _OF_OWN,
    "report/evaluation/_inputs.py _image": _MEMORY,
    "search/_exports.py _copy": "in a temporary folder, which is moved whole",
    "search/_measuring.py begin": _TEMPORARY,
    "search/_studies.py copy_study": "in a folder beside, which is renamed",
    "search/executors/_processes.py _start": "a log, line by line",
    "search/executors/_steps.py write_steps": "beside, then renamed; what is lost is told a second later",
    "search/executors/cluster/_content.py _receive": "chunk by chunk to a hidden folder, which is moved whole",
    "search/executors/cluster/_folders.py pack": _MEMORY,
    "search/executors/cluster/_remote.py _laid_out": _TEMPORARY,
}


def writes(tree: ast.AST, whole: bool = False, name: str = "") -> Iterator[tuple[str, int]]:
    """The function and line of each call that opens a file for writing outside of a `with replacing(…)`."""
    for node in ast.iter_child_nodes(tree):
        within, called = whole, name
        if isinstance(node, ast.With):
            within = whole or any("replacing(" in ast.unparse(item.context_expr) for item in node.items)
        if isinstance(node, ast.FunctionDef):
            called = node.name
        if isinstance(node, ast.Call) and not whole and _is_write(node):
            yield called, node.lineno
        yield from writes(node, within, called)


def _is_write(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "open":
        modes = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
        constants = [str(one.value) for one in modes if isinstance(one, ast.Constant)]
        return any(re.fullmatch("[rbt]*[wax+][rwaxbt+]*", one) for one in constants)
    return name in WRITERS


def found() -> dict[str, list[int]]:
    """Lines by "file function"."""
    lines: dict[str, list[int]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for name, line in writes(ast.parse(path.read_text(encoding="utf-8"))):
            lines.setdefault(f"{path.relative_to(PACKAGE).as_posix()} {name}", []).append(line)
    return lines


def test_every_file_is_written_whole_or_says_why_not() -> None:
    assert {name: lines for name, lines in found().items() if name not in ELSEWHERE} == {}
    assert sorted(set(ELSEWHERE) - set(found())) == []


def test_a_write_in_place_is_found() -> None:
    for line in (
        'path.write_text("x")',
        'open(path, "w")',
        'path.open("ab")',
        "np.save(path, x)",
        'path.open(mode="x")',
    ):
        assert len(list(writes(ast.parse(f"def f():\n    {line}")))) == 1, line
        assert list(writes(ast.parse(f"def f():\n    with replacing(p) as path:\n        {line}"))) == []
    assert list(writes(ast.parse('def f():\n    path.open("rb")\n    path.open(encoding="utf-8")'))) == []
