"""The `anenas` command. Thin: it reads options, calls the library and prints."""

from __future__ import annotations

import sys

import typer

from anenas._errors import AnenasError

# Their commands register themselves, in the order of the help page.
# isort: off
from anenas.cli import _search, _bundle, _spaces  # noqa: F401
from anenas.cli import _models, _program, _compress  # noqa: F401
from anenas.cli import _device, _calibrate, _bench  # noqa: F401
from anenas.cli._app import app
# isort: on

__all__ = ["app", "main"]

_INTERRUPTED = 130


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
