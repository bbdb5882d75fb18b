"""Texts in one .csv or .tsv file, a row for each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from anenas._errors import AnenasError
from anenas._files import expanded, is_file
from anenas.data._encoding import Encoding
from anenas.data._format import InputFormat
from anenas.data._raw import PARTS, Examples, RawData, file_safe
from anenas.data._sources import source
from anenas.data._text import Texts
from anenas.inputs import TEXTS
from anenas.tables import Table, open_table
from anenas.tasks import numbered

_log = logging.getLogger(__name__)

_COLUMNS = ("text", "label")


@source("text", TEXTS, rest="FILE")
def read_texts(rest: str, wanted: InputFormat) -> RawData:
    """Texts from a table with a header and the columns `text`, `label` and, if there, `split`.

    The split is train, validation or test; missing splits are held out of the training texts. Other columns are
    ignored, and rows whose text has no tokens are left out, which is logged with their number.

    Args:
        rest: A file with commas, semicolons or tabs between columns, in UTF-8 or what its byte-order mark declares;
            other encodings are guessed, which is logged.
        wanted: How texts become ids.

    Raises:
        AnenasError: The file is not there, or is not as described; it names the row, the header being row 1.
    """
    path = expanded(rest)
    rows = _rows(path, wanted.tokens[0])
    classes, labels = numbered([label for _, label, _ in rows])
    parts = {part: [i for i, row in enumerate(rows) if row[2] == part] for part in PARTS}
    if not parts["train"]:
        raise AnenasError(f"'{path}': no row has the split `train`")
    examples = {
        part: Examples(Texts(tuple(rows[i][0] for i in members)), labels[members])
        for part, members in parts.items()
        if members
    }
    return RawData.of_parts(file_safe(path.stem), TEXTS, classes, examples)


def _rows(path: Path, encoding: Encoding) -> list[tuple[str, str, str]]:
    """Text, label and split of each row."""
    longest = path.stat().st_size if is_file(path) else 0  # a text may be a book
    with open_table(path, cell=longest + 1, distinct=False) as table:
        header = _header(table)
        rows = [(number, _row(path, number, row, header)) for number, row in table.rows()]
    if not rows:
        raise AnenasError(f"'{path}' has only a header; expected one row per text")
    empty = [number for number, (text, _, _) in rows if not encoding.split(text)]
    if len(empty) == len(rows):
        raise AnenasError(f"'{path}', row {empty[0]}: the text has {encoding.nothing}, nor has any other")
    if empty:
        of = f"{len(empty):,} of {len(rows):,} texts"
        _log.warning(f"'{path}': {of} have {encoding.nothing}, the first in row {empty[0]:,}: left out")
    left_out = set(empty)
    return [row for number, row in rows if number not in left_out]


def _header(table: Table) -> tuple[str, ...]:
    for name in _COLUMNS:
        if table.header.count(name) != 1:
            raise AnenasError(
                f"'{table.path}', row 1: expected one column '{name}' in a header with text, label and, optionally, "
                f"split, separated by {table.delimiter}, found {', '.join(table.header)[:200]}"
            )
    return table.header


def _row(path: Path, number: int, row: Sequence[str], header: tuple[str, ...]) -> tuple[str, str, str]:
    text, label = row[header.index("text")], row[header.index("label")].strip()
    split = row[header.index("split")].strip() if "split" in header else "train"
    if not label:
        raise AnenasError(f"'{path}', row {number}: the label is empty; every text needs one")
    if split not in PARTS:
        raise AnenasError(f"'{path}', row {number}: the split is '{split}'; expected {', '.join(PARTS)}")
    return text, label, split
