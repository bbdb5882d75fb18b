"""Texts: their tokens, their ids, and the vocabulary that is learnt of the training texts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas import AnenasError
from anenas.data import Data, Dataset, Encoding, InputFormat, load_data
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Two for ONE, stock-split!", ["two", "for", "one", "stock", "split"]),
        ("don't_stop", ["don", "t", "stop"]),
        ("caf\u0065\u0301 Straße №5 x²", ["café", "straße", "5", "x²"]),
        ("日本語 नमस्ते", ["日本語", "नमस्ते"]),
        (" ,.\n", []),
    ],
)
def test_words_are_lower_cased_runs_of_letters_marks_and_numbers(text: str, words: list[str]) -> None:
    assert WORDS.split(text) == words


def test_characters_are_code_points_and_white_space_is_one_blank() -> None:
    assert CHARACTERS.split("  A\t\u2003b!\n\nC ") == ["a", " ", "b", "!", " ", "c"]


@given(st.text())
def test_splitting_forgets_case_and_composition(text: str) -> None:
    import unicodedata

    for encoding in (WORDS, CHARACTERS):
        tokens = encoding.split(text)
        assert all(tokens)
        assert encoding.split(unicodedata.normalize("NFD", text.lower())) == tokens


def test_the_vocabulary_is_the_most_frequent_tokens_and_leaves_room_for_padding_and_unknown() -> None:
    assert WORDS.learn(["b a b", "c a b"]) == ("b", "a", "c")
    many = [" ".join(f"w{i}" for i in range(200))]
    assert len(WORDS.learn(many)) == 62


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
    assert "most frequent words" in line and "longer than 4 words and are cut" in line


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
    opened = Dataset.open(tmp_path / "saved")
    assert opened.metadata == dataset.metadata and opened.fingerprint == dataset.fingerprint
    other = Dataset(dataset.name, dataset.classes, dataset.train, dataset.validation, dataset.test, kind=TEXTS)
    assert other.fingerprint != dataset.fingerprint


def test_tables_may_have_tabs_a_byte_order_mark_other_columns_and_empty_rows(table: Callable[..., str]) -> None:
    lines = [f"{i}\t{label}\t{text}" for i, (text, label) in enumerate(rows())]
    content = "\ufeffid\tlabel\ttext\r\n" + "\r\n\r\n".join(lines) + "\r\n"
    tabs = load(table(content, "reviews.tsv"))
    assert tabs.fingerprint == load(table(csv_of(rows()))).fingerprint


def test_texts_come_from_npz_too(tmp_path: Path) -> None:
    texts, labels = [text for text, _ in rows()], np.array([int(label == "yes") for _, label in rows()])
    path = tmp_path / "texts.npz"
    arrays = {"train_x": np.array(texts), "train_y": labels, "test_x": np.array(texts[:6]), "test_y": labels[:6]}
    np.savez(path, **arrays, class_names=np.array(["no", "yes"]))
    dataset = load(str(path))
    assert dataset.classes == ("no", "yes") and len(dataset.test) == 6
    with pytest.raises(AnenasError, match="holds texts, not series: search them with a space of texts"):
        load_data(path, InputFormat(SERIES))
    np.savez(path, **(arrays | {"train_x": np.array([*texts[:-1], "..."])}))
    with pytest.raises(AnenasError, match="text 29 of train_x has no words"):
        load(str(path))
    np.savez(path, **(arrays | {"train_x": np.array(texts, object)}))
    with pytest.raises(AnenasError, match="save it as a plain array of numbers, or of strings"):
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
        ("", "row 1: expected one column 'text' in a header of text, label and perhaps split"),
        ("text;label\na;b\n", "expected one column 'text' .* with commas between them, found text;label"),
        ("text,class\na,b\n", "expected one column 'label'"),
        ("text,label\n", "has no row but its header"),
        ("text,label\nfine,a\n,b\n", "row 3: the text has no words"),
        ("text,label\n...,b\n", "row 2: the text has no words, which are letters and numbers; leave the row out"),
        ("text,label\nfine,\n", "row 2: the label is empty"),
        ("text,label\none, two,b\n", "row 2: 3 columns, but the header has 2; quote texts that hold commas"),
        ("text,label,split\nfine,a,dev\n", "row 2: the split is 'dev'; expected train, validation, test"),
        ("text,label,split\nfine,a,test\n", "no row has the split train"),
        ('text,label\n"fine,a\n', "line 2: unexpected end of data"),
        (csv_of([(text, "same") for text, _ in rows()]), "has only the class 'same'; a classifier needs two or more"),
        (csv_of([*rows(), ("once", "rare")]), "class 'rare' has 1 training texts but needs at least 3"),
        (b"text,label\nfine,a\ncaf\xe9,b\n", "line 3: byte 21 is not UTF-8 text"),
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
        (None, "no texts are embedded; name yours with `data`: FILE.npz, text:FILE"),
        ("fashion_mnist", "fashion_mnist holds images, not texts: .*, or name texts: FILE.npz, text:FILE"),
        ("reviews.csv", "reviews.csv holds series, not texts: .*, or name texts: FILE.npz, text:FILE"),
        ("text:nowhere.csv", "cannot read 'nowhere.csv': No such file"),
    ],
)
def test_a_source_of_no_texts_is_told(source: str | None, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        load(source)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (InputFormat(IMAGES, (8, 8)), "text:{} holds texts, not images: search them with a space of texts"),
        (InputFormat(SERIES), "text:{} holds texts, not series: search them with a space of texts"),
        (InputFormat(TEXTS, steps=4, encoding=WORDS), "{} holds texts: name it text:{}"),
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
    with pytest.raises(
        AnenasError, match="holds texts, not images: search them with a space of texts, such as text_rnn"
    ):
        load_data("text:reviews.csv", size=(8, 8))
