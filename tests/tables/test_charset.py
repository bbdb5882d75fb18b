"""Encodings of tables: declared, guessed, and what is no text."""

from __future__ import annotations

import codecs
import logging
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.tables import columns_of_table, encoding_of, header_of

BROKEN = {  # what is none of the encoding, and the mark that declares it
    "utf-8": (codecs.BOM_UTF8, b"\xff"),
    "utf-16-le": (codecs.BOM_UTF16_LE, b"\x00\xdc"),
    "utf-16-be": (codecs.BOM_UTF16_BE, b"\xdc\x00"),
    "utf-32-le": (codecs.BOM_UTF32_LE, b"\x00\x00\x20\x00"),
    "utf-32-be": (codecs.BOM_UTF32_BE, b"\x00\x20\x00\x00"),
}


@pytest.mark.parametrize("encoding", BROKEN)
@pytest.mark.parametrize("characters", [0, 11, 16_383, 16_384, 32_768, 43_690, 65_536, 140_000])
def test_what_is_no_text_is_found_by_its_line_and_byte(tmp_path: Path, encoding: str, characters: int) -> None:
    """Wherever it stands, and however files are read in pieces."""
    mark, broken = BROKEN[encoding]
    text = ("äöü,x\n" * 30_000)[:characters]
    before, path = mark + text.encode(encoding), tmp_path / "table.csv"
    path.write_bytes(before + broken + "\nmore,y\n".encode(encoding))
    name = encoding.removesuffix("-le").removesuffix("-be").upper()
    told = f"', line {text.count(chr(10)) + 1}: byte {len(before):,} is not {name} text; save the table as UTF-8$"
    with pytest.raises(AnenasError, match=told):
        encoding_of(path)


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537])
def test_text_whose_letters_lie_across_pieces_is_text(tmp_path: Path, size: int) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"a" * size + "ä€😀\n".encode())
    assert encoding_of(path) == "utf-8"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "für die Übung müssen wir früh aufstehen\nMünchen ist schön, und Köln auch"),
        ("cp1252", "l'été dernier, Hélène était à la plage\nles élèves ont reçu une leçon très difficile"),
        ("cp1252", "el niño comió una manzana en la montaña\nmañana será otro día, señor Muñoz"),
        ("cp1250", "w Łodzi żyje się świetnie\nmężczyzna i kobieta piją gorącą herbatę z cytryną"),
        ("cp1250", "příliš žluťoučký kůň úpěl ďábelské ódy\nčeské děti chodí každý den do školy"),
        ("cp1251", "Москва является столицей России\nпогода сегодня очень хорошая, но завтра будет дождь"),
        ("koi8_r", "Москва является столицей России\nпогода сегодня очень хорошая, но завтра будет дождь"),
        ("cp1253", "η Αθήνα είναι η πρωτεύουσα της Ελλάδας\nσήμερα ο καιρός είναι πολύ καλός"),
        ("cp1254", "bugün hava çok güzel, değil mi?\nöğrenciler her gün okula gidiyorlar ve ışığı görüyorlar"),
        ("cp1255", "מזג האוויר היום יפה מאוד\nירושלים היא בירת ישראל, והיא העיר הגדולה בה"),
        ("cp1256", "الطقس اليوم جميل جدا\nالقاهرة هي عاصمة مصر وهي مدينة كبيرة"),
        ("cp874", "วันนี้อากาศดีมาก\nกรุงเทพเป็นเมืองหลวงของประเทศไทย ชื่อเมืองนี้ยาวที่สุดในโลก"),
        ("gb18030", "今天天气很好，我们去公园散步吧\n北京是中华人民共和国的首都"),
        ("big5", "今天天氣很好，我們去公園散步吧\n臺北是一個美麗的城市，歡迎大家來玩"),
        ("cp949", "오늘은 날씨가 매우 좋습니다\n서울은 대한민국의 수도입니다"),
        ("cp932", "今日はとても良い天気ですね\n東京は日本の首都です。カタカナもあります"),
        ("euc_jp", "今日はとても良い天気ですね\n東京は日本の首都です。カタカナもあります"),
    ],
)
def test_what_declares_no_encoding_is_read_as_it_was_written_and_the_guess_is_told(
    tmp_path: Path, encoding: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    path = tmp_path / "table.tsv"
    path.write_bytes(f"text\n{text}\n".encode(encoding))
    assert columns_of_table(path)[0] == {"text": text.splitlines()}
    (told,) = caplog.messages
    assert (
        "line 2: byte " in told
        and "the table is read as " in told
        and told.endswith("save it as UTF-8 if this is wrong")
    )


def test_a_guess_rests_on_lines_that_tell_and_holds_for_the_whole_file(tmp_path: Path) -> None:
    path, western = tmp_path / "table.csv", "les élèves ont reçu une leçon très difficile"
    path.write_bytes(("plain\n" * 60_000 + western + "\n").encode("cp1252"))
    assert columns_of_table(path)[0]["plain"][-1] == western
    path.write_bytes((western + "\n").encode("cp1252") * 8_000 + b"\x81\x8d\x8f\x90\x9d\xff\xff\n")
    with pytest.raises(AnenasError, match="line 1: byte 4 is not UTF-8 text"):
        encoding_of(path)


@pytest.mark.parametrize("content", [b"", b"\x81\x8d,b\n"])
def test_a_header_that_cannot_be_read_has_no_names(tmp_path: Path, content: bytes) -> None:
    assert header_of(tmp_path / "none.csv") == ()
    (tmp_path / "table.csv").write_bytes(content)
    assert header_of(tmp_path / "table.csv") == (() if not content else ("\ufffd\ufffd", "b"))
