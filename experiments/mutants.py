"""How many small mistakes the tests notice: one at a time is put into a copy of the project, and its tests are run.

    python experiments/mutants.py anenas/ane [--count 20] [--seed 0] [--seconds 120]

A mistake is one operator, comparison, number or condition that is another; a seeded sample of all that there could be
in these files or folders is tried. Each is met by the test files that mirror its file: tests/ROOM/test_x.py for
anenas/ROOM/_x.py, and all of the room's where there is none. Prints each mistake, whether it was noticed, and their
share. Those whose tests take longer than `--seconds`, or fail anyway, tell nothing and are counted apart.
The missed are to be read: some change nothing that anyone could notice.
"""

from __future__ import annotations

import argparse
import ast
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A file with one mistake in it.

    Attributes:
        path: Of the file, below the root.
        line: Of the mistake.
        before: What stood there.
        after: What stands there now.
        text: Of the whole file.
    """

    path: Path
    line: int
    before: str
    after: str
    text: str


def mutants(path: Path) -> list[Mutant]:
    """All that can be made of a file."""
    source = (ROOT / path).read_text(encoding="utf-8")
    lines = source.encode().splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines))]
    tree, found = ast.parse(source), []
    # `frozen=True` and the like, which no behaviour shows.
    decorators = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
                  for one in node.decorator_list for inner in ast.walk(one)}  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr) or id(node) in decorators:
            continue
        assert node.end_lineno and node.end_col_offset is not None
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        before = source.encode()[begin:end].decode()
        for after in _others(node):
            text = (source.encode()[:begin] + f"({after})".encode() + source.encode()[end:]).decode()
            found.append(Mutant(path, node.lineno, before, after, text))
    return [one for one in found if _parses(one.text)]


def _others(node: ast.expr) -> Iterator[str]:
    """What could stand in the place of an expression by mistake."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and (swap := _SWAPS.get(type(node.ops[0]))):
        yield ast.unparse(ast.Compare(node.left, [swap()], node.comparators))  # type: ignore[list-item]
    if isinstance(node, ast.BinOp) and not isinstance(node.left, ast.JoinedStr) and (swap := _SWAPS.get(type(node.op))):
        yield ast.unparse(ast.BinOp(node.left, swap(), node.right))  # type: ignore[arg-type]
    if isinstance(node, ast.BoolOp):
        yield ast.unparse(ast.BoolOp(_SWAPS[type(node.op)](), node.values))  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield ast.unparse(node.operand)
    if isinstance(node, ast.IfExp):
        yield ast.unparse(ast.IfExp(node.test, node.orelse, node.body))
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield repr(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield repr(node.value + 1)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
        yield ast.unparse(ast.Call(ast.Name("max" if node.func.id == "min" else "min"), node.args, node.keywords))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def tests_of(path: Path) -> list[str]:
    """The test files that mirror a file of the package, as paths below the root."""
    folder, name = ROOT / "tests" / path.parent.relative_to("anenas"), path.stem.strip("_")
    own = folder / f"test_{name}.py"
    while not folder.is_dir():
        folder = folder.parent
    found = [own] if own.is_file() else sorted(folder.glob("test_*.py"))
    return [one.relative_to(ROOT).as_posix() for one in found]


def passes(tests: list[str], copied: Path, seconds: float) -> bool | None:
    """Whether tests pass in a copy of the project; None where they take too long."""
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return (
            subprocess.run(command, cwd=copied, env=environment, capture_output=True, timeout=seconds).returncode == 0
        )
    except subprocess.TimeoutExpired:
        return None


def outcome(mutant: Mutant, copied: Path, seconds: float, sound: dict[str, bool]) -> str:
    """What becomes of a mistake in a copy of the project; `sound` holds which tests pass without one."""
    tests = tests_of(mutant.path)
    (copied / mutant.path).write_text(mutant.text, encoding="utf-8")
    passed = passes(tests, copied, seconds)
    shutil.copyfile(ROOT / mutant.path, copied / mutant.path)
    if passed:
        return "MISSED"
    if passed is None:
        return "no time"
    key = " ".join(tests)
    if key not in sound:
        sound[key] = passes(tests, copied, 10 * seconds) is True
    return "noticed" if sound[key] else "unsound"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("where", type=Path, nargs="+", help="files or folders of the package, such as anenas/ane")
    parser.add_argument("--count", type=int, default=20, help="how many mistakes")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--seconds", type=float, default=120, help="the longest that tests may take")
    options = parser.parse_args()
    files = [f for one in options.where for f in ([one] if one.suffix else sorted((ROOT / one).rglob("*.py")))]
    known = [mutant for file in files for mutant in mutants((ROOT / file).relative_to(ROOT))]
    sample = random.Random(options.seed).sample(known, min(options.count, len(known)))
    counts: collections.Counter[str] = collections.Counter()
    sound: dict[str, bool] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("anenas", "tests", "experiments", "search_spaces", "examples", "pyproject.toml", "README.md"):
            source, copied = ROOT / name, Path(folder, name)
            _ = shutil.copytree(source, copied) if source.is_dir() else shutil.copyfile(source, copied)
        for mutant in sample:
            became = outcome(mutant, Path(folder), options.seconds, sound)
            counts[became] += 1
            print(f"{became:7} {mutant.path}:{mutant.line}  {mutant.before}  →  {mutant.after}", flush=True)
    told = counts["noticed"] + counts["MISSED"]
    share = f", {counts['noticed'] / told:.0%}" if told else ""
    print(
        f"{counts['noticed']} of {told} noticed{share}; {len(sample) - told} told nothing; {len(known)} there could be"
    )


if __name__ == "__main__":
    main()
