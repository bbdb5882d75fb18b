"""Tables that users hand over: measurements, look-ups, labels, series and texts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from fuzzing import NUMBERS, TEXTS, changed, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st

from anenas.bench import read_published
from anenas.data import Encoding, InputFormat, load_data
from anenas.data._file_table import is_file_table, read_file_table
from anenas.inputs import SERIES
from anenas.inputs import TEXTS as OF_TEXTS
from anenas.latency import TableLatency
from anenas.tables import columns_of_table, header_of

CELLS = st.sampled_from(
    [
        *("1,5", "1.234,5", "1,234", "1'000", "\u22121", "1_000", "0x10", "٣", "inf", "-nan", "1e-400", "9" * 400),
        *('"', '"unclosed', "a|b|", "2026-13-01", "=1+1", "~nobody/x", "~", "train", "test", "NaN", "sep=;", "0", "1"),
    ]
)
ENCODINGS = ["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "cp932"]
STEPS = [[f"w{i // 4}", "ab"[i // 4 % 2], str(i / 8), str(i % 5)] for i in range(64)]
SERIES_TABLE = [["window", "label", "x", "y"], *STEPS]
FORECAST = [["time", "x", "y"], *([str(i), str(i % 7 / 4), str(i * i % 5)] for i in range(60))]
WORDS = [["text", "label", "split"], *([f"word{i} in text {i % 3}", "ab"[i % 2], "train"] for i in range(24))]
LABELS = [["path", "label", "split"], *([f"{i}.png", "ab"[i % 2], "train"] for i in range(8))]
MEASURED = [
    ["timm_name", "model_spec", "input_res", "soc", "latency_ms", "off_ane_suspected", "digitised", "precision"],
    ["", "1x3x16x16-conv_r1_s2_c16_k3_relu-head_n3", "16", "A15", "0.3", "no", "no", "fp16"],
]
LOOKUP = [["operation", "chip", "us", "low_us"], ["prediction", "A15", "100", "90"], ["conv", "A14", "2.5", ""]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    for i in range(8):
        (folder / f"{i}.png").write_bytes(b"")
    return folder


def _table(draw: Any, rows: Sequence[Sequence[str]]) -> bytes:
    """A table as a spreadsheet may write it, of which cells, rows or bytes are others."""
    table = [list(row) for row in rows]
    for _ in range(draw(st.integers(0, 3))):
        row = table[draw(st.integers(0, len(table) - 1))]
        at, how = draw(st.integers(0, max(0, len(row) - 1))), draw(st.integers(0, 9))
        if how == 0:
            table.remove(row)
            table = table or [[]]
        elif how == 1:
            table.insert(draw(st.integers(0, len(table))), list(row))
        elif how == 2:
            row[at : at + 1] = []
        elif how == 3:
            row.insert(at, draw(CELLS | TEXTS))
        elif row:
            row[at] = draw(CELLS | TEXTS | NUMBERS.map(str) | st.floats().map(repr))
    text = io.StringIO()
    delimiter = draw(st.sampled_from([",", ",", ";", "\t", "|"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(table)
    said = f"sep={delimiter}{end}" if draw(st.integers(0, 7)) == 0 else ""
    written = (said + text.getvalue()).encode(draw(st.sampled_from(ENCODINGS)), "replace")
    return bytes(draw(damaged(written))) if draw(st.integers(0, 3)) == 0 else written


def _columns(path: Path) -> None:
    header_of(path)
    columns_of_table(path)


def _labels(path: Path) -> None:
    is_file_table(path)
    read_file_table(path)


READERS: dict[str, tuple[Sequence[Sequence[str]], Callable[[Path], object]]] = {
    "columns": (LABELS, _columns),
    "labels": (LABELS, _labels),
    "look-up": (LOOKUP, TableLatency.read),
    "measurements": (MEASURED, read_published),
    "series": (SERIES_TABLE, lambda path: load_data(f"csv:{path}", InputFormat(SERIES))),
    "forecast": (FORECAST, lambda path: load_data(f"forecast:{path}:x", InputFormat(SERIES, steps=4))),
    "words": (WORDS, lambda path: load_data(f"text:{path}", _of_texts("words"))),
    "characters": (WORDS, lambda path: load_data(f"text:{path}", _of_texts("characters"))),
}


def _of_texts(tokens: str) -> InputFormat:
    return InputFormat(OF_TEXTS, steps=16, encoding=Encoding(tokens, 64))


@pytest.mark.parametrize("name", READERS)
def test_a_whole_table_is_read(folder: Path, name: str) -> None:
    rows, read = READERS[name]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path = folder / "table.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    read(path)


@pytest.mark.parametrize("name", READERS)
@fuzz(0.5)
@given(data=st.data())
def test_a_table_of_which_cells_or_bytes_are_others(folder: Path, name: str, data: st.DataObject) -> None:
    rows, read = READERS[name]
    path = folder / f"table{data.draw(st.sampled_from(['.csv', '.tsv']) if name == 'labels' else st.just('.csv'))}"
    path.write_bytes(_table(data.draw, rows))
    with lawful(folder):
        read(path)


@fuzz()
@given(data=st.data())
def test_a_table_of_objects_or_parquet_of_which_values_or_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    header, *rows = LABELS
    objects = [dict(zip(header, row, strict=True)) for row in rows]
    if data.draw(st.booleans()):
        path, content = folder / "table.jsonl", data.draw(changed(objects))
        lines = content if isinstance(content, list) else [content]
        whole = "".join(json.dumps(line) + "\n" for line in lines).encode()
        if data.draw(st.integers(0, 3)) == 0:
            whole = data.draw(damaged(whole))
    else:
        import pyarrow
        import pyarrow.parquet

        path, stream = folder / "table.parquet", io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(objects), stream)
        whole = data.draw(damaged(stream.getvalue()))
    path.write_bytes(whole)
    with lawful(folder):
        _labels(path)
