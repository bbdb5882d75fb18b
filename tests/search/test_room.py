from __future__ import annotations

import errno
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from anenas._errors import AnenasError
from anenas.search._room import check_room, tells_of_full_disk


class Usage(NamedTuple):
    """As `shutil.disk_usage` tells it."""

    total: int
    used: int
    free: int


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[Path, int]:
    """Free bytes by folder, to be changed: there is plenty of the study's and of the temporary one."""
    (tmp_path / "study").mkdir()
    (tmp_path / "temporary").mkdir()
    free = {tmp_path / "study": 10**12, tmp_path / "temporary": 10**12}
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(10**13, 10**12, free[Path(place)]))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return free


@pytest.fixture
def largest_file() -> Iterator[None]:
    """What a test sets of the largest file that this process may write ends with it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def told(folder: Path, wanted: float, error: str = "ValueError: no") -> str:
    with pytest.raises(AnenasError) as raised:
        check_room(folder, wanted, error)
    return str(raised.value)


def test_an_error_where_there_is_room_is_the_trial_s_own(free: dict[Path, int], tmp_path: Path) -> None:
    check_room(tmp_path / "study", 3e6, "ValueError: no")
    assert not list((tmp_path / "study").iterdir()) and not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("place", ["study", "temporary"])
def test_less_room_than_a_trial_takes_is_told_with_how_much_there_is(
    free: dict[Path, int], tmp_path: Path, place: str
) -> None:
    free[tmp_path / place] = 250_000_000
    check_room(tmp_path / "study", 250_000_000, "ValueError: no")
    free[tmp_path / place] -= 1
    assert told(tmp_path / "study", 251_900_000) == (
        f"cannot write to {tmp_path / place}: almost no space is left; 250 MB are free there, a trial takes about "
        f"252 MB; make room and run again: what was being trained is taken up again"
    )
    assert "almost no space is left" in told(tmp_path / "study", 250_000_000)


def test_a_folder_that_is_gone_is_told(free: dict[Path, int], tmp_path: Path) -> None:
    (tmp_path / "study").rmdir()
    assert told(tmp_path / "study", 1.0).startswith(f"the folder {tmp_path / 'study'} is missing, so the search cannot")
    (tmp_path / "study").touch()
    assert "is missing" in told(tmp_path / "study", 1.0)


def test_a_place_that_takes_no_mebibyte_is_told_with_why(
    free: dict[Path, int], tmp_path: Path, largest_file: None
) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    check_room(tmp_path / "study", 1.0, "ValueError: no")
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20 - 1, hard))
    assert told(tmp_path / "study", 3e6).startswith(
        f"cannot write to {tmp_path / 'study'}: File too large; 1000000 MB are free there, a trial takes about 3 MB"
    )


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize(
    "words", ["OSError: [Errno 0] {said}: 'weights'", "SafetensorError: I/O error (os error {code})"]
)
def test_an_error_of_a_full_disk_is_told_though_there_is_room_by_now(
    free: dict[Path, int], tmp_path: Path, code: int, words: str
) -> None:
    error = words.format(said=os.strerror(code), code=code)
    free[tmp_path / "study"] = 7_000_000
    assert told(tmp_path / "study", 3e6, error).startswith(
        f"cannot write to {tmp_path / 'study'}: {error}; 7 MB are free there, a trial takes about 3 MB"
    )


def test_only_words_of_a_full_disk_tell_of_one() -> None:
    assert tells_of_full_disk("sqlite3.OperationalError: database or disk is full")
    assert tells_of_full_disk(f"OSError: {os.strerror(errno.ENOSPC)}")
    others = [errno.EACCES, errno.ENOENT, errno.EIO, errno.EROFS]
    assert not any(tells_of_full_disk(f"OSError: {os.strerror(code)} (os error {code})") for code in others)
    assert not tells_of_full_disk("")
