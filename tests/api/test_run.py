from __future__ import annotations

import logging
import sys

import pytest

from anenas.api._run import heard, made_by


def test_a_command_of_anenas_is_remembered_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["/some/where/anenas", "search", "--data", "a b", "--tracking-uri", "http://me:secret@host/"]
    monkeypatch.setattr(sys, "argv", typed)
    found = made_by()
    assert found["command"] == "anenas search --data 'a b' --tracking-uri http://me@host/"
    assert {"anenas", "torch", "Python"} <= set(found)


def test_a_script_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mine.py", "--fast"])
    assert "command" not in made_by()


def test_what_a_logger_says_meanwhile_is_heard_and_nothing_after() -> None:
    log = logging.getLogger("anenas.data.test")

    def call(number: int) -> int:
        log.warning("%d files are no images", number)
        return number

    assert heard("anenas.data", call)(3) == (3, ["3 files are no images"])
    assert not logging.getLogger("anenas.data").handlers
    with pytest.raises(ZeroDivisionError):
        heard("anenas.data", lambda: 1 // 0)()
    assert not logging.getLogger("anenas.data").handlers
