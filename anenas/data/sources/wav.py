"""Folders of recordings as waveforms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from anenas._files import expanded
from anenas.data._audio import Tally, of_length
from anenas.data._broken import without_broken
from anenas.data._class_folders import Files, read_class_folders
from anenas.data._format import InputFormat
from anenas.data._raw import Examples, RawData, file_safe
from anenas.data._series import Series
from anenas.data._sound_files import SOUND_SUFFIXES, UNREADABLE_SUFFIXES, check_sounds, look_at_sound, read_sounds
from anenas.data._sources import source
from anenas.inputs import RECORDINGS


@source("wav", RECORDINGS, rest="FOLDER")
def read_recordings(rest: str, wanted: InputFormat) -> RawData:
    """The waveforms of the recordings in class folders, as `read_class_folders` finds them.

    Channels are averaged, other rates resampled, longer files cut to their middle, and shorter ones begin with silence.
    How many is logged.

    Raises:
        AnenasError: The folder is not laid out like that, or a file is empty or cannot be read.
    """
    path = expanded(rest)
    classes, files = read_class_folders(path, RECORDINGS, SOUND_SUFFIXES, UNREADABLE_SUFFIXES)
    title = path.resolve().name
    return RawData.of_parts(file_safe(title), RECORDINGS, classes, read_waveforms(title, files, wanted))


def read_waveforms(title: str, files: Mapping[str, Files], wanted: InputFormat) -> dict[str, Examples]:
    """The waveforms of files, by split.

    Args:
        title: What the data are called in messages.
        files: By split.
        wanted: Their rate and length, and whether those that cannot be read are left out.

    Raises:
        AnenasError: If some are empty or cannot be read.
    """
    audio = wanted.audio
    tally, examples = Tally(audio), {}
    check_sounds(path for found in files.values() for path in found.paths)
    files, _ = without_broken(title, files, RECORDINGS, partial(look_at_sound, audio=audio), skip=wanted.skip_broken)
    for part, found in files.items():
        waveforms = (tally.add(one, f"'{path}'") for path, one in read_sounds(found.paths, audio))
        examples[part] = found.examples(Series(of_length(waveforms, len(found.paths), audio)))
    tally.log(filled=True)
    return examples
