"""How many small mistakes the tests notice: one at a time is put into a copy of the project, and its tests are run.

    python experiments/mutants.py anenas/ane [--count 20] [--seed 0] [--seconds 120] [--mirrored]

A mistake is one operator, comparison, number or condition that is another; a seeded sample of all that there could be
in these files or folders is tried. The tests of their rooms are run once, to learn which of them reach which line;
then each mistake is met by those that reach it, the quickest first, until one fails. Tests that fail anyway are left
out. Prints each mistake, whether it was noticed, and their share. Those of which the tests have told nothing in
`--seconds` are counted apart.

With `--mirrored` nothing is run before: a mistake is met by the test file that mirrors its own (of anenas/ROOM/_x.py,
tests/ROOM/test_x.py), and files without one are left out. That is quicker, and more is missed.

The missed are to be read: some change nothing that anyone could notice.
"""

from __future__ import annotations

import argparse
import ast
import collections
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import coverage
import pytest

# What tests import of others' is imported once.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["coremltools", "hypothesis", "mlflow", "optuna", "sklearn.linear_model"])
_TOLD = "told.txt"

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
        line: Of the mistake, its first.
        last_line: And its last.
        before: What stood there.
        after: What stands there now.
        text: Of the whole file.
    """

    path: Path
    line: int
    last_line: int
    before: str
    after: str
    text: str


def mutants(path: Path) -> list[Mutant]:
    """All that can be made of a file."""
    source = (ROOT / path).read_text(encoding="utf-8")
    lines = source.encode().splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines))]
    tree, found = ast.parse(source), []
    # `frozen=True`, `strict=True` and the like, which no behaviour shows.
    unseen = {id(inner) for node in ast.walk(tree) for one in _unseen(node) for inner in ast.walk(one)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr) or id(node) in unseen:
            continue
        assert node.end_lineno and node.end_col_offset is not None
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        before = source.encode()[begin:end].decode()
        for after in _others(node):
            text = (source.encode()[:begin] + f"({after})".encode() + source.encode()[end:]).decode()
            found.append(Mutant(path, node.lineno, node.end_lineno, before, after, text))
    return [one for one in found if _parses(one.text)]


def _unseen(node: ast.AST) -> list[ast.expr]:
    """Parts of a node that no behaviour of a right program shows."""
    if isinstance(node, ast.ClassDef):
        return node.decorator_list
    if isinstance(node, ast.Assert):  # for type checkers
        return [node.test]
    return [node.value] if isinstance(node, ast.keyword) and node.arg in ("strict", "repr") else []


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


def mirror(path: Path) -> Path:
    """The test file of a file of the package, both below the root."""
    return Path("tests", *path.parts[1:-1], f"test_{path.stem.strip('_')}.py")


class Suite:
    """The tests of some rooms, in a copy of the project, and which of them reach which line.

    Args:
        copied: The copy.
        rooms: Paths of rooms of the package below the root; without any a mistake is met by the test file that mirrors
            its own.
    """

    def __init__(self, copied: Path, rooms: list[Path]) -> None:
        self._copied, self._mirrored = copied, not rooms
        self._sound: dict[str, bool] = {}  # which tests pass without a mistake, where that was not learned before
        if not rooms:
            return
        folders = [folder.as_posix() for room in rooms if (folder := Path("tests", *room.parts[1:])).is_dir()]
        _ = self._run(["--durations=0", "--durations-min=0", "-p", Path(__file__).stem, *folders], measured=True)
        subprocess.run([sys.executable, "-m", "coverage", "combine", "-q"], cwd=copied, check=True)
        told = (copied / _TOLD).read_text(encoding="utf-8")
        self._seconds: dict[str, float] = collections.defaultdict(float)
        for seconds, test in re.findall(r"^ *([0-9.]+)s (?:call|setup|teardown) +(.+?)\s*$", told, re.M):
            self._seconds[test] += float(seconds)
        self._failing = set(re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", told, re.M))
        self._data = coverage.CoverageData(str(copied / ".coverage"))
        self._data.read()

    def outcome(self, mutant: Mutant, seconds: float) -> str:
        """What becomes of a mistake."""
        tests = self.tests(mutant)
        if not tests:
            return "MISSED"
        path = self._copied / mutant.path
        sound = path.read_bytes()
        path.write_text(mutant.text, encoding="utf-8")
        Path(self._copied, "tests.txt").write_text("\n".join(tests), encoding="utf-8")
        status = self._run(["-x", "@tests.txt"], seconds)
        path.write_bytes(sound)
        if status == 0:
            return "MISSED"
        return "no time" if status is None or not self._is_sound(tests, seconds) else "noticed"

    def tests(self, mutant: Mutant) -> list[str]:
        """Those that a mistake could make fail, the quickest first.

        They reach one of its lines, or are in a file with one whose fixtures do, and maybe keep what these made. A line
        that is run when its file is imported, or by another process, is met by all that reach any of the file.
        """
        if self._mirrored:
            return [mirror(mutant.path).as_posix()]
        by_line = self._data.contexts_by_lineno(str(self._copied / mutant.path))
        reached = {one for line in range(mutant.line, mutant.last_line + 1) for one in by_line.get(line, [])}
        if not reached or "" in reached:
            reached = {one for contexts in by_line.values() for one in contexts}
        contexts = [(test, when) for one in reached for test, _, when in [one.rpartition("|")] if test]
        shared = {test.partition("::")[0] for test, when in contexts if when == "setup"}
        found = {test for test, _ in contexts} | {one for one in self._seconds if one.partition("::")[0] in shared}
        return sorted(found - self._failing, key=lambda test: (self._seconds[test], test))

    def _is_sound(self, tests: list[str], seconds: float) -> bool:
        if not self._mirrored:
            return True  # those that fail anyway are not among them
        key = " ".join(tests)
        if key not in self._sound:
            self._sound[key] = self._run(tests, 10 * seconds) == 0
        return self._sound[key]

    def _run(self, options: list[str], seconds: float | None = None, *, measured: bool = False) -> int | None:
        """The exit status of pytest; None where it takes too long."""
        process = _PROCESSES.Process(target=_run, args=(self._copied, options, measured))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            return None
        return process.exitcode


def _run(copied: Path, options: list[str], measured: bool) -> None:
    """Run tests in a copy of the project, in a process that has imported no more than what others wrote."""
    assert "anenas" not in sys.modules
    os.chdir(copied)
    sys.path[:0] = paths = [str(copied), str(copied / "experiments")]
    os.environ |= {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True
    told = os.open(_TOLD, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(told, 1)
    os.dup2(told, 2)
    measuring = coverage.Coverage() if measured else None
    if measuring:
        measuring.start()
    status = pytest.main(["-n0", "-p", "no:cacheprovider", *options])
    if measuring:
        measuring.stop()
        measuring.save()
    sys.stdout.flush()
    sys.exit(int(status))


def pytest_runtest_setup(item: pytest.Item) -> None:
    _say(f"{item.nodeid}|setup")


def pytest_runtest_call(item: pytest.Item) -> None:
    _say(f"{item.nodeid}|run")


def _say(context: str) -> None:
    """Tell what measures the coverage which test is run."""
    measuring = coverage.Coverage.current()
    assert measuring
    measuring.switch_context(context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("where", type=Path, nargs="+", help="files or folders of the package, such as anenas/ane")
    parser.add_argument("--count", type=int, default=20, help="how many mistakes")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--seconds", type=float, default=120, help="the longest that the tests of one may take")
    parser.add_argument("--mirrored", action="store_true", help="meet each by the test file that mirrors its own")
    options = parser.parse_args()
    files = [f for one in options.where for f in ([one] if one.suffix else sorted((ROOT / one).rglob("*.py")))]
    paths = [(ROOT / file).resolve().relative_to(ROOT) for file in files]
    paths = [path for path in paths if not options.mirrored or (ROOT / mirror(path)).is_file()]
    known = [mutant for path in paths for mutant in mutants(path)]
    sample = random.Random(options.seed).sample(known, min(options.count, len(known)))
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("anenas", "tests", "experiments", "search_spaces", "examples", "pyproject.toml", "README.md"):
            source, copied = ROOT / name, Path(folder, name)
            _ = shutil.copytree(source, copied) if source.is_dir() else shutil.copyfile(source, copied)
        rooms = [] if options.mirrored else sorted({Path(*path.parts[:2]) for path in paths})
        suite = Suite(Path(folder).resolve(), rooms)
        for mutant in sample:
            became = suite.outcome(mutant, options.seconds)
            counts[became] += 1
            print(f"{became:7} {mutant.path}:{mutant.line}  {mutant.before}  →  {mutant.after}", flush=True)
    told = counts["noticed"] + counts["MISSED"]
    share = f", {counts['noticed'] / told:.0%}" if told else ""
    print(
        f"{counts['noticed']} of {told} noticed{share}; {counts['no time']} told nothing; {len(known)} there could be"
    )


if __name__ == "__main__":
    main()
