from __future__ import annotations

import sys

import pytest

from anenas._command import command_line


def test_a_command_of_anenas_is_remembered_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["/some/where/anenas", "search", "--data", "a b", "--tracking-uri", "http://me:secret@host/"]
    monkeypatch.setattr(sys, "argv", typed)
    assert command_line() == "anenas search --data 'a b' --tracking-uri http://me@host/"


def test_a_script_is_remembered_as_what_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mine.py", "--fast"])
    assert command_line() == "python mine.py --fast"


@pytest.mark.parametrize("program", ["-c", "", "/usr/lib/python3/site-packages/ipykernel_launcher.py"])
def test_what_is_no_command_is_none(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [program])
    assert command_line() == ""
