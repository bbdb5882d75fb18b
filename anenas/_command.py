"""The command that a search was begun by, as it can be told and typed again."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

_PASSWORD = re.compile(r"(://[^:/?#@\s]*):[^\s]*@")


def command_line() -> str:
    """What this process was begun by, without passwords of addresses; empty where that is no command."""
    program = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    if program is None or not program.name or program.name.startswith("-") or "ipykernel" in str(program):
        return ""
    is_ours = program.name == "anenas" or program.parts[-3:] == ("anenas", "cli", "__main__.py")
    words = ["anenas"] if is_ours else ["python", str(program)]
    return shlex.join(_PASSWORD.sub(r"\1@", word) for word in [*words, *sys.argv[1:]])
