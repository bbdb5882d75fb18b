from __future__ import annotations

import codecs
import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anenas import AnenasError
from anenas.data import PARTS, Data, Dataset, Encoding, InputFormat, load_data
from anenas.inputs import IMAGES, SERIES, TEXTS

WORDS, CHARACTERS = Encoding("words", 64), Encoding("characters", 64)


def load(data: Data, steps: int = 4) -> Dataset:
    return load_data(data, InputFormat(TEXTS, steps=steps, encoding=WORDS))


def rows(count: int = 30) -> list[tuple[str, str]]:
    """Texts of two classes that have their own words."""
    return [(f"good film number{i} good", "yes") if i % 2 else (f"bad book number{i}", "no") for i in range(count)]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """Writes a table and returns it as a source."""

    def table(content: str | bytes, name: str = "reviews.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return f"text:{path}"

    return table


def csv_of(texts: list[tuple[str, str]]) -> str:
    return "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in texts)


def test_classes_that_are_whole_numbers_are_in_their_order(table: Callable[..., str]) -> None:
    stars = [(text, {"no": "9", "yes": "10"}[label]) for text, label in rows()]
    assert load(table(csv_of(stars))).classes == ("9", "10")


def test_texts_end_at_the_last_step_and_lose_what_is_too_long(
    table: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    texts = [*rows(), ("good good good good good strange", "yes")]
    dataset = load(table(csv_of(texts)))
    vocabulary = json.loads(dataset.metadata["vocabulary"])
    assert dataset.metadata["tokens"] == "words"
    assert dataset.input_shape == (1, 1, 4) and dataset.train.inputs.dtype == np.float32
    assert dataset.classes == ("no", "yes")
    good = vocabulary.index("good") + 2
    for split in (dataset.train, dataset.validation, dataset.test):
        for ids, label in zip(split.inputs[:, 0, 0], split.labels, strict=True):
            assert ids[-1] != 0  # the last step is always there
            assert (ids[0] == 0) == (label == 0)  # texts of three words, and of four and more
            assert (good in ids) == (label == 1)
    (line,) = caplog.messages
    assert "longer than 4 words and are cut" in line


def test_rows_without_a_word_are_left_out_and_counted(
    table: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    texts = rows()
    expected = load(table(csv_of(texts), "a.csv"))
    caplog.clear()
    caplog.set_level(logging.WARNING, "anenas")
    found = load(table(csv_of([*texts[:3], ("", "no"), *texts[3:], ("?!", "yes")]), "b.csv"))
    assert found.fingerprint == expected.fingerprint
    (line,) = caplog.messages
    assert line.endswith("2 of 32 texts have no words, which are letters and numbers, the first in row 5: left out")


GERMAN = [("Die Füchse überquerten die Straße", "schön"), ("Ein langweiliges Buch für Mädchen", "öde")] * 15


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("utf-16", GERMAN), ("utf-16-be", GERMAN), ("utf-32", GERMAN), ("cp1252", GERMAN),
        ("cp1251", [("Очень хороший фильм и прекрасная игра", "да"), ("Скучная и длинная книга", "нет")] * 15),
        ("cp932", [("とても すばらしい映画でした", "はい"), ("この本は たいくつでした", "いいえ")] * 15),
        ("gb18030", [("这个电影真的非常好看 我很喜欢", "好"), ("这本书很无聊 我不喜欢", "差")] * 15),
    ],
)  # fmt: skip
def test_other_encodings_are_read_as_declared_or_guessed(
    encoding: str, texts: list[tuple[str, str]], table: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    expected = load(table(csv_of(texts), "a.csv"))
    caplog.clear()
    caplog.set_level(logging.INFO, "anenas")
    content = csv_of(texts)
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    found = load(table(mark + content.encode(encoding), "b.csv"))
    assert found.fingerprint == expected.fingerprint
    guesses = [line for line in caplog.messages if "a guess" in line]
    assert len(guesses) == (not encoding.startswith("utf"))
    if guesses:
        assert "line 2: byte" in guesses[0] and "save it as UTF-8 if this is wrong" in guesses[0]


def test_a_table_of_texts_in_utf_16_is_not_said_to_hold_series(table: Callable[..., str]) -> None:
    path = table(csv_of(rows()).encode("utf-16")).removeprefix("text:")
    with pytest.raises(AnenasError, match="contains text: write it as text:"):
        load_data(path, InputFormat(TEXTS, steps=4, encoding=WORDS))


def test_the_vocabulary_is_of_the_training_texts_alone(table: Callable[..., str]) -> None:
    content = "text,label,split\n" + "".join(f"{text},{label},train\n" for text, label in rows(12))
    content += "good secret,yes,test\nbad secret,no,test\ngood hidden,yes,validation\nbad hidden,no,validation\n"
    dataset = load(table(content), steps=3)
    assert not {"secret", "hidden"} & {*json.loads(dataset.metadata["vocabulary"])}
    assert (dataset.test.inputs[:, 0, 0, 2] == 1).all() and (dataset.validation.inputs[:, 0, 0, 2] == 1).all()
    assert len(dataset.test) == len(dataset.validation) == 2


def test_metadata_are_kept_and_belong_to_the_fingerprint(table: Callable[..., str], tmp_path: Path) -> None:
    dataset = load(table(csv_of(rows())))
    dataset.save(tmp_path / "saved")
    opened = Dataset.open(tmp_path / "saved", PARTS)
    assert opened.metadata == dataset.metadata and opened.fingerprint == dataset.fingerprint
    other = Dataset(dataset.name, dataset.classes, dataset.train, dataset.validation, dataset.test, kind=TEXTS)
    assert other.fingerprint != dataset.fingerprint


def test_tables_may_have_tabs_a_byte_order_mark_other_columns_and_empty_rows(table: Callable[..., str]) -> None:
    lines = [f"{i}\t{label}\t{text}" for i, (text, label) in enumerate(rows())]
    content = "\ufeffid\tlabel\ttext\r\n" + "\r\n\r\n".join(lines) + "\r\n"
    tabs = load(table(content, "reviews.tsv"))
    assert tabs.fingerprint == load(table(csv_of(rows()))).fingerprint


def test_a_table_of_texts_with_semicolons_is_the_same_table(table: Callable[..., str]) -> None:
    def quoted(delimiter: str) -> str:
        return "".join(f'"{text},\nindeed"{delimiter}{label}\r\n' for text, label in [("text", "label"), *rows()])

    content = quoted(";").replace('"text,\nindeed"', "text") + ";\r\n"
    expected = load(table(quoted(",").replace('"text,\nindeed"', "text"))).fingerprint
    assert load(table(content, "semicolons.csv")).fingerprint == load(table(content, "unknown.txt")).fingerprint
    assert load(table(content)).fingerprint == expected


def test_texts_come_from_npz_too(tmp_path: Path) -> None:
    texts, labels = [text for text, _ in rows()], np.array([int(label == "yes") for _, label in rows()])
    path = tmp_path / "texts.npz"
    arrays = {"train_x": np.array(texts), "train_y": labels, "test_x": np.array(texts[:6]), "test_y": labels[:6]}
    np.savez(path, **arrays, class_names=np.array(["no", "yes"]))
    dataset = load(str(path))
    assert dataset.classes == ("no", "yes") and len(dataset.test) == 6
    with pytest.raises(AnenasError, match="has texts, not series: search with a space for texts"):
        load_data(path, InputFormat(SERIES))
    np.savez(path, **(arrays | {"train_x": np.array([*texts[:-1], "..."])}))
    with pytest.raises(AnenasError, match="text 29 of train_x has no words"):
        load(str(path))
    np.savez(path, **(arrays | {"train_x": np.array(texts, object)}))
    with pytest.raises(AnenasError, match="save it as a plain array of numbers or strings"):
        load(str(path))
    np.savez(path, **(arrays | {"train_x": np.zeros((30, 8, 8), np.uint8)}))
    with pytest.raises(AnenasError, match=r"train_x must be texts, \(n,\) strings, not uint8 \(30, 8, 8\)"):
        load(str(path))


@pytest.mark.parametrize("name", ["two\nlines", "last\u2028"])
def test_the_name_of_a_class_is_one_line(name: str, table: Callable[..., str]) -> None:
    texts = [(text, "a" if label == "yes" else f'"{name}."') for text, label in rows()]
    with pytest.raises(AnenasError, match="expected a name of one line"):
        load(table("text,label\n" + "".join(f"{text},{label}\n" for text, label in texts)))


def test_a_text_may_be_as_long_as_a_book(tmp_path: Path) -> None:
    path = tmp_path / "books.csv"
    path.write_text(csv_of([*rows(), ("word " * 30_000, rows()[0][1])]), encoding="utf-8")
    dataset = load(f"text:{path}")
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == len(rows()) + 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty, or starts with an empty row; expected a header with column names"),
        ("text|label\na|b\n", r"expected one column 'text' .* separated by commas, found text\|label"),
        ("text,class\na,b\n", "expected one column 'label'"),
        ("text,label\n", "has only a header"),
        ("text,label\n...,b\n,a\n", "row 2: the text has no words, which are letters and numbers, nor has any other"),
        ("text,label\nfine,\n", "row 2: the label is empty"),
        ("text,label\none, two,b\n", "row 2: 3 columns, but the header has 2; quote cells that contain commas"),
        ("text,label,split\nfine,a,dev\n", "row 2: the split is 'dev'; expected train, validation, test"),
        ("text,label,split\nfine,a,test\n", "no row has the split `train`"),
        ('text,label\n"fine,a\n', "line 2: unexpected end of data"),
        (csv_of([(text, "same") for text, _ in rows()]), "has only the class 'same'; a classifier needs two or more"),
        (csv_of([*rows(), ("once", "rare")]), "class 'rare' has 1 training texts but needs at least 3"),
        (b"text,label\nfine,a\n" + bytes(range(128, 256)) * 9, "line 3: byte 18 is not UTF-8 text; save the table"),
        (b"\xff\xfet\0e\0x\0t\0,", "line 1: byte 10 is not UTF-16 text; save the table as UTF-8"),
        (csv_of([(f"w{i}", f"c{i}") for i in range(16_385)]), "number of its classes, 16385 breaks the guideline"),
    ],
)
def test_a_bad_table_is_told_in_one_line(content: str | bytes, message: str, table: Callable[..., str]) -> None:
    with pytest.raises(AnenasError, match=message) as raised:
        load(table(content))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "no texts are included in anenas; name yours with `data`: FILE.npz, text:FILE"),
        ("fashion_mnist", "fashion_mnist has images, not texts: .*, or name texts: FILE.npz, text:FILE"),
        ("reviews.csv", "reviews.csv has series, not texts: .*, or name texts: FILE.npz, text:FILE"),
        ("text:nowhere.csv", "cannot read 'nowhere.csv': No such file"),
    ],
)
def test_a_source_of_no_texts_is_told(source: str | None, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        load(source)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (InputFormat(IMAGES, (8, 8)), "text:{} has texts, not images: search with a space for texts"),
        (InputFormat(SERIES), "text:{} has texts, not series: search with a space for texts"),
        (InputFormat(TEXTS, steps=4, encoding=WORDS), "{} contains text: write it as text:{}"),
    ],
)
def test_a_csv_file_of_texts_is_not_said_to_hold_series(
    wanted: InputFormat, message: str, table: Callable[..., str]
) -> None:
    path = table(csv_of(rows())).removeprefix("text:")
    with pytest.raises(AnenasError) as raised:
        load_data(path, wanted)
    assert str(raised.value).startswith(message.format(path, path))


def test_texts_are_not_images() -> None:
    with pytest.raises(AnenasError, match="has texts, not images: search with a space for texts, such as text_rnn"):
        load_data("text:reviews.csv", size=(8, 8))
