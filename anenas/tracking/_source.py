"""What runs came from: the command, the version of anenas and the commit of the caller's own code."""

from __future__ import annotations

import contextlib
import getpass
import importlib.metadata
import shlex
import subprocess
from dataclasses import dataclass
from typing import Self

from anenas._command import command_line
from anenas.tracking._connection import without_secrets

COMMAND, VERSION, COMMIT = "anenas.command", "anenas.version", "mlflow.source.git.commit"
OF_EVERY_RUN = ("mlflow.source.name", "mlflow.source.type", COMMIT, "mlflow.user")
"""Tags that MLflow's list of runs has columns for."""


@dataclass(frozen=True)
class Source:
    """What a search was started by.

    Attributes:
        command: As it can be typed again, without passwords.
        version: Of anenas.
        commit: Of the repository that it was started in; empty where there is none.
        user: Who started it; empty where nothing tells.
    """

    command: str
    version: str
    commit: str = ""
    user: str = ""

    @classmethod
    def here(cls) -> Self:
        """That of this process."""
        user = ""
        with contextlib.suppress(OSError, KeyError, ImportError):  # no such user, as in containers
            user = getpass.getuser()
        command = without_secrets(command_line()) or "python"
        return cls(command, importlib.metadata.version("anenas"), _commit(), user)

    @property
    def tags(self) -> dict[str, str]:
        """In MLflow's own names, where it has one."""
        words = shlex.split(self.command)
        # MLflow shows what follows the last slash.
        name = " ".join(words[:2]) if words[0] == "anenas" else words[min(1, len(words) - 1)]
        tags = {"mlflow.source.name": name, "mlflow.source.type": "LOCAL", COMMAND: self.command, VERSION: self.version}
        known = {COMMIT: self.commit, "mlflow.user": self.user}
        return tags | {name: value for name, value in known.items() if value}


def _commit() -> str:
    try:
        asked = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=5, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
