"""How much files and folders take on disk, and how that is said."""

from __future__ import annotations

import os
from pathlib import Path


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; links count as what they are, and what is gone as nothing."""
    if not path.is_dir() or path.is_symlink():
        try:
            return path.lstat().st_size
        except OSError:
            return 0
    return sum(size_of(Path(one.path)) for one in os.scandir(path))


def megabytes(count: float) -> str:
    """Bytes for people: "3.1 MB"."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.1f} MB" if count >= 5e4 else f"{count / 1e3:.0f} KB"


def size_in_words(size_mb: float) -> str:
    """Of a package, in 10⁶ bytes, with as many places as show a tenth more or less: "0.52 MB", "0.052 MB"."""
    return f"{size_figure(size_mb)} MB"


def size_figure(size_mb: float) -> str:
    """The same for a table whose head has the unit: "0.052"."""
    return f"{size_mb:.{2 if size_mb >= 0.1 else 3}f}"
