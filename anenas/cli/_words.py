"""The library's errors in the words of the command line: `data="wav:FOLDER"` is typed --data wav:FOLDER."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Sequence
from typing import Any

_NAMES = {"form": "compress", "largest": "max_size", "source": "data"}
"""Parameters of the library that a command may have under another name."""

_UNITS = {"_mb": "MB", "_ms": "ms"}
"""Ends of names that are typed behind the number."""

_Parameter = Any  # typer has no public name for it


def as_typed(message: str, parameters: Sequence[_Parameter]) -> str:
    """A message whose Python parameters in backticks are options of the command that was run.

    A parameter that the command does not have, or a value that cannot be typed, stays as it is.

    Args:
        message: Of an AnenasError.
        parameters: The command's.
    """
    known = {parameter.name: parameter for parameter in parameters}

    def replace(match: re.Match[str]) -> str:
        name, value = match.groups()
        unit = next((unit for unit in _UNITS if name.endswith(unit)), "")
        for candidate in (name, _NAMES.get(name), name.removesuffix(unit)):
            if candidate in known:
                return _typed(known[candidate], value, _UNITS.get(unit, "")) or match[0]
        return match[0]

    return re.sub(r"`(\w+)(?:=([^`]+))?`", replace, message)


def _typed(parameter: _Parameter, value: str | None, unit: str) -> str | None:
    """The parameter as it is typed with that value, written in Python; None where no words are for it."""
    is_argument = parameter.param_type_name == "argument"
    option = parameter.name.upper() if is_argument else max(parameter.opts, key=len)
    if value in (None, "…", "..."):
        return option
    if not is_argument and parameter.is_flag:
        return {"True": option, "False": next(iter(parameter.secondary_opts), None)}.get(value)
    text = _text(value, unit)
    return text if text is None or is_argument else f"{option} {text}"


def _text(value: str, unit: str) -> str | None:
    """A value as it is typed; what stands for one, such as FOLDER, is typed as it is."""
    if re.fullmatch(r"[A-Z]+", value):
        return value
    try:
        found = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return None
    if isinstance(found, tuple | list):
        between = "x" if all(isinstance(one, int) for one in found) else ","
        return between.join(map(str, found))
    if isinstance(found, str):
        return shlex.quote(found) if re.search(r"\s", found) else found
    return f"{found}{unit}" if isinstance(found, int | float) and not isinstance(found, bool) else None
