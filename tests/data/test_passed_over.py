from __future__ import annotations

import logging
from pathlib import Path

import pytest

from anenas.data._passed_over import PassedOver, Reason, some_of

NO_IMAGE = Reason("file is no image", "files are no images")
BESIDE = Reason("folder is beside", "folders are beside", logging.WARNING)
ROOT = Path("photos")


def told(caplog: pytest.LogCaptureFixture, *names: str, reason: Reason = NO_IMAGE) -> str:
    """The one line about files of these names below the root."""
    caplog.clear()
    caplog.set_level(logging.INFO, "anenas")
    passed = PassedOver(ROOT)
    for name in names:
        passed.add(ROOT / name, reason)
    passed.log()
    (record,) = caplog.records
    assert record.levelno == reason.level
    return record.getMessage()


def test_up_to_three_are_all_named_and_nothing_else_is_said_of_them(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, "cat/1.txt") == "photos: 1 file is no image: cat/1.txt"
    assert told(caplog, "b.txt", "a.pdf") == "photos: 2 files are no images: b.txt, a.pdf"
    assert told(caplog, "b.txt", "a", "c", reason=BESIDE) == "photos: 3 folders are beside: b.txt, a, c"


def test_more_are_counted_by_suffix_the_most_frequent_first(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, "1.pdf", "1.txt", "d/2.TXT", "3.txt") == (
        "photos: 4 files are no images: 1.pdf, 1.txt, d/2.TXT, … (3 .txt, 1 .pdf)"
    )
    assert told(caplog, *(f"{i}.txt" for i in range(1100)), "README", ".DS_Store") == (
        "photos: 1,102 files are no images: 0.txt, 1.txt, 2.txt, … (1,100 .txt, 1 README, 1 .DS_Store)"
    )


def test_suffixes_beyond_three_are_counted_together(caplog: pytest.LogCaptureFixture) -> None:
    names = [f"{i}.{suffix}" for suffix, count in zip("abcde", (5, 4, 3, 2, 1), strict=True) for i in range(count)]
    assert told(caplog, *names).endswith("0.a, 1.a, 2.a, … (5 .a, 4 .b, 3 .c, 3 others)")


def test_every_reason_has_its_line_in_the_order_they_came_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    passed = PassedOver(ROOT)
    for name, reason in (("a", BESIDE), ("1.txt", NO_IMAGE), ("b", BESIDE)):
        passed.add(ROOT / name, reason)
    passed.log()
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "photos: 2 folders are beside: a, b"),
        (logging.INFO, "photos: 1 file is no image: 1.txt"),
    ]
    caplog.clear()
    PassedOver(ROOT).log()
    assert caplog.messages == []


def test_the_title_is_the_name_of_the_folder_wherever_it_is_named_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path / "pets")
    assert PassedOver(Path()).title == "pets"


def test_names_beyond_the_first_few_are_dots() -> None:
    assert some_of([], 2) == ""
    assert some_of(["a", "b"], 2) == "a, b"
    assert some_of(["a", "b", "c"], 2) == "a, b, …"
