"""The `anenas` command. Thin: it reads options, calls the library and prints."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Sequence

import typer

from anenas._errors import AnenasError, first_line

# Their commands register themselves, in the order of the help page.
# isort: off
from anenas.cli import _search, _choose, _compare, _study, _bundle, _register, _spaces, _data, _cluster  # noqa: F401
from anenas.cli import _models, _program, _evaluate, _compress  # noqa: F401
from anenas.cli import _device, _calibrate, _bench  # noqa: F401
from anenas.cli._app import ANYWHERE, DEBUG, PLUGIN, QUIET, VERBOSE, app
from anenas.cli._log import shown_log
from anenas.cli._words import as_typed
# isort: on

__all__ = ["app", "main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the command line; a mistake of the user's is one line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a C locale or Latin-1 has no arrows and no µ
            stream.reconfigure(errors="replace")
    flags = {word for word in sys.argv[1:] if word in ANYWHERE}
    words = [word for word in sys.argv[1:] if word not in ANYWHERE]
    level = logging.WARNING if flags & QUIET else logging.DEBUG if flags & VERBOSE else logging.INFO
    with shown_log(level, lambda line: _as_typed(line, words)):
        sys.exit(_run(words, debug=bool(flags & DEBUG)))


def _run(words: Sequence[str], *, debug: bool) -> int:
    """Run a command and return its exit code."""
    try:
        words = _without_plugins(words)
        code = app(words, standalone_mode=False)  # Typer returns 130 for Ctrl-C here, and None where all went well
    except (AnenasError, typer.TyperException) as error:
        if debug:
            raise
        if message := _message(error, words):  # a command without its arguments has printed its help
            print(f"anenas: {message}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    except Exception as error:
        if debug:
            raise
        print(f"anenas: unexpected {type(error).__name__}: {first_line(error)} (--debug shows where)", file=sys.stderr)
        return 1
    if code == _INTERRUPTED:
        print("anenas: stopped; the results so far are saved; run the same command again to continue", file=sys.stderr)
    return int(code or 0)


def _message(error: Exception, words: Sequence[str]) -> str:
    return error.format_message() if isinstance(error, typer.BadParameter) else _as_typed(str(error), words)


def _as_typed(message: str, words: Sequence[str]) -> str:
    """What the library says in the words of the command that is run."""
    command = root = typer.main.get_command(app)
    for word in words:
        command = getattr(command, "commands", {}).get(word, command)
    return as_typed(message, [*root.params, *command.params])


def _without_plugins(words: Sequence[str]) -> list[str]:
    """The words but for each --plugin FILE, which is loaded."""
    rest: list[str] = []
    given = iter(words)
    for word in given:
        name, is_joined, file = word.partition("=")
        if name != PLUGIN:
            rest.append(word)
            continue
        file = file if is_joined else next(given, "")
        if not file:
            raise AnenasError(f"{PLUGIN}: expected a Python file")
        from anenas._plugins import load_plugin

        load_plugin(file)
    return rest
