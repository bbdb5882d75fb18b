"""What was found in photos that could all be decoded, kept for the next time."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import PIL

from anenas._errors import first_line
from anenas._files import write_whole
from anenas.data._kept import kept_folder, make_room
from anenas.data._photos import Look

_FIELDS = [field.name for field in dataclasses.fields(Look)]

_log = logging.getLogger(__name__)


def kept_looks(key: str, count: int) -> list[Look] | None:
    """What was found in photos an earlier time; None if that is not known.

    Args:
        key: Of the photos, as `Album.key`; empty if nothing is kept of them.
        count: How many there are.
    """
    if not key:
        return None
    try:
        os.utime(_path(key))  # when it was used last
        rows = json.loads(_path(key).read_text(encoding="utf-8"))
        looks = [Look(**dict(zip(_FIELDS, row, strict=True))) for row in rows]
        looks = [dataclasses.replace(look, values=(float(look.values[0]), float(look.values[1]))) for look in looks]
    except (OSError, ValueError, TypeError, IndexError):
        return None
    return looks if len(looks) == count else None


def keep_looks(key: str, looks: Sequence[Look]) -> None:
    """Keep what was found in photos, if they have a key; where no file can be written, that is said."""
    if not key:
        return
    try:
        kept_folder().mkdir(parents=True, exist_ok=True)
        write_whole(_path(key), json.dumps([dataclasses.astuple(look) for look in looks]))
        make_room(_path(key))
    except OSError as error:
        _log.warning(
            f"nothing can be cached in '{kept_folder()}' ({first_line(error)}): next time everything is read again"
        )


def _path(key: str) -> Path:
    name = hashlib.sha256(repr((key, _FIELDS, PIL.__version__)).encode()).hexdigest()[:32]
    return kept_folder() / f"{name}.json"
