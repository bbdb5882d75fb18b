"""Texts in one .csv or .tsv file, a row for each."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

from anenas._errors import AnenasError
from anenas.data._charset import encoding_of
from anenas.data._encoding import Encoding
from anenas.data._format import InputFormat
from anenas.data._raw import PARTS, Examples, RawData, file_safe, numbered
from anenas.data._sources import source
from anenas.data._text import Texts
from anenas.inputs import TEXTS

_log = logging.getLogger(__name__)

_COLUMNS = ("text", "label")


# The csv module rather than pandas: so errors name the row, and quoted texts are read as they are.
@source("text", TEXTS, rest="FILE")
def read_texts(rest: str, wanted: InputFormat) -> RawData:
    """Texts from a table with a header and the columns `text`, `label` and, if there, `split`.

    The split is train, validation or test; missing splits are held out of the training texts. Other columns are
    ignored, and rows whose text has no tokens are left out, which is logged with their number.

    Args:
        rest: A file with tabs between columns where it ends in .tsv and with commas otherwise, in UTF-8 or what its
            byte-order mark declares; other encodings are guessed, which is logged.
        wanted: How texts become ids.

    Raises:
        AnenasError: The file is not there, or is not as described; it names the row, the header being row 1.
    """
    path = Path(rest).expanduser()
    rows = _rows(path, wanted.tokens[0])
    classes, labels = numbered([label for _, label, _ in rows])
    parts = {part: [i for i, row in enumerate(rows) if row[2] == part] for part in PARTS}
    if not parts["train"]:
        raise AnenasError(f"'{path}': no row has the split train")
    examples = {
        part: Examples(Texts(tuple(rows[i][0] for i in members)), labels[members])
        for part, members in parts.items()
        if members
    }
    return RawData.of_parts(file_safe(path.stem), TEXTS, classes, examples)


def _rows(path: Path, encoding: Encoding) -> list[tuple[str, str, str]]:
    """Text, label and split of each row."""
    content = _content(path)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter="\t" if _is_tsv(path) else ",", strict=True)
    rows = []
    limit = csv.field_size_limit(len(content))  # a text may be a book
    try:
        header = _header(path, next(reader, []))
        for number, row in enumerate(reader, 2):
            if row:
                rows.append((number, _row(path, number, row, header)))
    except csv.Error as error:
        raise AnenasError(f"'{path}', line {reader.line_num}: {error}; write it as CSV again") from error
    finally:
        csv.field_size_limit(limit)
    if not rows:
        raise AnenasError(f"'{path}' has no row but its header; expected one for each text")
    empty = [number for number, (text, _, _) in rows if not encoding.split(text)]
    if len(empty) == len(rows):
        raise AnenasError(f"'{path}', row {empty[0]}: the text has {encoding.nothing}, nor has any other")
    if empty:
        of = f"{len(empty):,} of {len(rows):,} texts"
        _log.warning(f"'{path}': {of} have {encoding.nothing}, the first in row {empty[0]:,}: left out")
    left_out = set(empty)
    return [row for number, row in rows if number not in left_out]


def _is_tsv(path: Path) -> bool:
    return path.suffix.lower() == ".tsv"


def _content(path: Path) -> str:
    encoding = encoding_of(path)
    try:
        return path.read_bytes().decode(encoding)
    except OSError as error:
        raise AnenasError(f"cannot read '{path}': {error.strerror or error}") from error


def _header(path: Path, row: list[str]) -> list[str]:
    names = [name.strip() for name in row]
    for name in _COLUMNS:
        if names.count(name) != 1:
            found = ", ".join(names) or "nothing"
            between = "tabs" if _is_tsv(path) else "commas"
            raise AnenasError(
                f"'{path}', row 1: expected one column '{name}' in a header of text, label and perhaps split with "
                f"{between} between them, found {found[:200]}"
            )
    return names


def _row(path: Path, number: int, row: list[str], header: list[str]) -> tuple[str, str, str]:
    if len(row) != len(header):
        raise AnenasError(
            f"'{path}', row {number}: {len(row)} columns, but the header has {len(header)}; quote texts that hold "
            f"{'tabs' if _is_tsv(path) else 'commas'}"
        )
    text, label = row[header.index("text")], row[header.index("label")].strip()
    split = row[header.index("split")].strip() if "split" in header else "train"
    if not label:
        raise AnenasError(f"'{path}', row {number}: the label is empty; give each text one")
    if split not in PARTS:
        raise AnenasError(f"'{path}', row {number}: the split is '{split}'; expected {', '.join(PARTS)}")
    return text, label, split
