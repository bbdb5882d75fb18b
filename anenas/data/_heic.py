"""Reading HEIC through an extra."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from anenas._errors import AnenasError

HEIC_SUFFIXES = (".heic", ".heif", ".hif")


def prepare_for_heic(paths: Iterable[Path]) -> None:
    """Make Pillow open HEIC, if some of the files are.

    Raises:
        AnenasError: The extra that reads them is not installed.
    """
    found = [path for path in paths if path.suffix.lower() in HEIC_SUFFIXES]
    if not found:
        return
    try:
        _register()
    except ImportError as error:
        count = f"'{found[0]}' and {len(found) - 1:,} more are" if len(found) > 1 else f"'{found[0]}' is"
        raise AnenasError(f"{count} HEIC; to read them: pip install 'anenas[heic]', or convert them to JPEG") from error


@functools.cache
def _register() -> None:
    import pi_heif

    pi_heif.register_heif_opener()
