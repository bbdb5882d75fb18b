"""Files and folders that a source does not read, counted by reason."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SHOWN = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reason:
    """Why something is not read.

    Attributes:
        one: After "1 ", such as "file is no image".
        more: After a larger number, such as "files are no images".
        level: Of `logging`; a warning where users will have wanted it read.
    """

    one: str
    more: str
    level: int = logging.INFO


class PassedOver:
    """What is passed over below a folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.title = root, root.resolve().name
        self._found: dict[Reason, list[Path]] = {}

    def add(self, path: Path, reason: Reason) -> None:
        """Count a file or folder below the root."""
        self._found.setdefault(reason, []).append(path)

    def log(self) -> None:
        """Log a line for each reason: how many, which, and how many of each suffix."""
        for reason, paths in self._found.items():
            count = f"{len(paths):,} {reason.more}" if len(paths) > 1 else f"1 {reason.one}"
            names = some_of([path.relative_to(self.root).as_posix() for path in paths], _SHOWN)
            _log.log(reason.level, f"{self.title}: {count}: {names}{_suffixes(paths)}")


def some_of(names: Sequence[str], most: int) -> str:
    """The first names, separated by commas; "…" stands for more."""
    return ", ".join([*names[:most], *(["…"] if len(names) > most else [])])


def _suffixes(paths: Sequence[Path]) -> str:
    """How many of them have each suffix, unless all are named anyway."""
    if len(paths) <= _SHOWN:
        return ""
    counts = Counter(path.suffix.lower() or path.name for path in paths).most_common()
    shown = [f"{count:,} {suffix}" for suffix, count in counts[:_SHOWN]]
    if others := sum(count for _, count in counts[_SHOWN:]):
        shown.append(f"{others:,} others")
    return f" ({', '.join(shown)})"
