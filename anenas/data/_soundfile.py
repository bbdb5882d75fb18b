"""Opening compressed recordings, by the package soundfile: the extra `audio`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._audio import HIGHEST_RATE, Sound

OTHER_SUFFIXES = (".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64")
"""Of the files that it is for."""

_INSTALL = "pip install 'anenas[audio]', or save {} as .wav of 16-bit PCM"


def check_soundfile(files: Sequence[Path]) -> None:
    """Check that the package is there, if any of `files` is for it.

    Raises:
        AnenasError: If it is not; names the first file.
    """
    others = [path for path in files if path.suffix.lower() in OTHER_SUFFIXES]
    if others and not _is_there():
        kinds = ", ".join(sorted({path.suffix.lower() for path in others}))
        if len(others) > 1:
            what, them = f"{len(others):,} files, such as '{others[0]}', are {kinds}, which need", "them"
        else:
            what, them = f"'{others[0]}' is {kinds}, which needs", "it"
        raise AnenasError(f"{what} the package soundfile: {_INSTALL.format(them)}")


def open_sound(path: Path) -> Sound:
    """A file of any format that libsndfile knows.

    Raises:
        AnenasError: If it cannot be read.
    """
    if not _is_there():
        raise AnenasError(f"'{path}' needs the package soundfile: {_INSTALL.format('it')}")
    import soundfile

    def read(start: int, end: int) -> NDArray[np.float32]:
        try:
            with soundfile.SoundFile(path) as file:
                file.seek(start)
                samples: NDArray[np.float32] = file.read(min(end, file.frames) - start, "float32", always_2d=True)
                return samples
        except soundfile.LibsndfileError as error:
            raise _unreadable(path, error) from error

    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, error) from error
    if not 0 < info.samplerate <= HIGHEST_RATE:
        raise AnenasError(f"'{path}' has {info.samplerate:,} samples per second; save it again with 48,000 or fewer")
    return Sound(info.samplerate, info.frames, info.channels, read)


def _is_there() -> bool:
    try:
        import soundfile  # noqa: F401
    except (ImportError, OSError):  # without libsndfile
        return False
    return True


def _unreadable(path: Path, error: Exception) -> AnenasError:
    reason = str(getattr(error, "error_string", error)).rstrip(".")
    return AnenasError(f"'{path}' cannot be read as a sound ({reason}); save it again, or as .wav of 16-bit PCM")
