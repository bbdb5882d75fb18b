"""Images or recordings that a table names, each with its labels."""

from __future__ import annotations

from anenas._errors import AnenasError
from anenas._files import expanded, is_file
from anenas.data._file_table import raw_of_file_table
from anenas.data._format import InputFormat
from anenas.data._raw import RawData
from anenas.data._sources import source
from anenas.data.sources.images import read_photos
from anenas.data.sources.wav import read_waveforms
from anenas.inputs import IMAGES, RECORDINGS


@source("table", IMAGES, RECORDINGS, rest="FILE")
def read_table(rest: str, wanted: InputFormat) -> RawData:
    """The files of a table, see `read_file_table`, read as those of class folders are.

    Raises:
        AnenasError: The table is not as described, or a file is not there or cannot be read.
    """
    path = expanded(rest)
    if not is_file(path):
        raise AnenasError(f"'{path}' is not there; expected a .csv, .tsv, .jsonl or .parquet file")
    read = read_photos if wanted.kind is IMAGES else read_waveforms
    return raw_of_file_table(path, wanted.kind, wanted, read)
