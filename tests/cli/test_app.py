from __future__ import annotations

import importlib.metadata
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from commands import Run

import anenas
from anenas import cli


def test_debug_shows_where_an_error_comes_from(run: Run) -> None:
    with pytest.raises(anenas.AnenasError, match="unknown space"):
        run("search", "--space", "nowhere", "--debug")


def test_without_debug_the_unexpected_is_one_line_and_exit_code_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by zero\nand more")

    monkeypatch.setattr("anenas.ane.chips", broken)
    assert run("chips") == (1, "", "anenas: unexpected ZeroDivisionError: by zero (--debug shows where)\n")
    with pytest.raises(ZeroDivisionError):
        run("--debug", "chips")


def test_an_interrupted_command_says_how_it_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("anenas.ane.chips", interrupted)
    assert run("chips") == (
        130, "", "anenas: stopped; the results so far are saved; run the same command again to continue\n",
    )  # fmt: skip


def test_a_reader_that_has_left_ends_the_command_quietly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread() -> None:
        raise BrokenPipeError

    monkeypatch.setattr("anenas.ane.chips", unread)
    assert run("chips") == (1, "", "")


def test_the_version_is_the_package_s(run: Run) -> None:
    assert run("--version") == (0, f"anenas {importlib.metadata.version('anenas')}\n", "")


def test_help_is_shown_as_it_is_written() -> None:
    """Text in square brackets is markup to rich, which leaves it out."""

    def texts(command: Any) -> Iterator[str]:
        yield command.help or ""
        for parameter in command.params:
            yield getattr(parameter, "help", None) or ""
        for one in getattr(command, "commands", {}).values():
            yield from texts(one)

    assert not [text for text in texts(typer.main.get_command(cli.app)) if "[" in text]


@pytest.mark.usefixtures("forget_plugins")
def test_plugins_are_known_to_every_command(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        text = f"import anenas\n\n@anenas.register\nclass Mine(anenas.Block):\n    kind = '{name}'\n"
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nstem: {width: 16, blocks: {one: }}\nstages: [{width: 16, blocks: {two: }}]\n"
    )
    missing = run("space", "validate", "mine.yaml", "--plugin", "one.py")
    assert missing.code == 2
    assert "mine.yaml:3: stages[0].blocks.two: unknown block 'two'" in missing.err
    assert "or give it as --plugin FILE)" in missing.err
    sampled = run("--plugin", "one.py", "space", "sample", "mine.yaml", "--plugin=two.py", "-n", "1")
    assert sampled.out.count("-two_r1") == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("space list --plugin nowhere.py", "cannot read the plugin nowhere.py: No such file"),
        ("space list --plugin", "--plugin: expected a Python file"),
        ("space list --plugin= ", "--plugin: expected a Python file"),
    ],
)
def test_a_plugin_that_is_not_there_is_a_mistake(refusal: Callable[..., str], arguments: str, expected: str) -> None:
    assert expected in refusal(*arguments.split())


def test_without_a_command_the_help_is_printed(run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (2, "")
    assert "Usage: " in out and "search" in out


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['anenas', '--help']\n"
        "from anenas.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'coremltools', 'mlflow', 'optuna', 'timm', 'numpy', 'pandas', 'cloudpickle'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "search" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_that_is_no_utf_8_has_signs_replaced(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    out, err = io.TextIOWrapper(io.BytesIO(), encoding), io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    for arguments, code in ((["space", "show", "nowhere→"], 2), (["chips"], 0)):
        monkeypatch.setattr(sys, "argv", ["anenas", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert (stopped.value.code or 0) == code
    out.flush(), err.flush()
    assert b"nowhere?" in err.buffer.getvalue()  # type: ignore[attr-defined]
    assert b"A15" in out.buffer.getvalue()  # type: ignore[attr-defined]
