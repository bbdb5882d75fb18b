from __future__ import annotations

import io
import logging
import warnings

import pytest
from commands import Run
from rich.console import Console
from rich.progress import Progress

import anenas.latency  # noqa: F401 (before `says`, whose `chips` it would keep)
from anenas.cli import _log as module
from anenas.cli._log import LOG, error_console, shown_log


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command `chips` logs at every level, and warns, before it prints."""

    def chips() -> dict[str, object]:
        logger = logging.getLogger("anenas.ane._chips")
        logger.debug("a detail")
        logger.info("a [bold]line[/] of bundle:b: and 100 %% that is %s", " ".join(["wide"] * 40))
        logger.warning("a warning")
        logging.getLogger("elsewhere").warning("not ours")
        warnings.warn("nor this", UserWarning, stacklevel=1)
        return {}

    monkeypatch.setattr("anenas.ane.chips", chips)


LINE = "a [bold]line[/] of bundle:b: and 100 % that is " + " ".join(["wide"] * 40)


@pytest.mark.usefixtures("says")
def test_what_is_worth_telling_is_a_plain_line_on_standard_error(run: Run) -> None:
    assert run("chips", "--json") == (0, "[]\n", f"{LINE}\na warning\n")


@pytest.mark.usefixtures("says")
@pytest.mark.parametrize(
    "words", [("-q", "chips", "--json"), ("chips", "--json", "--quiet"), ("chips", "-q", "--json")]
)
def test_quiet_leaves_warnings_alone(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words) == (0, "[]\n", "a warning\n")


@pytest.mark.usefixtures("says")
@pytest.mark.parametrize("words", ["--verbose chips --json", "chips -v --json"])
def test_verbose_shows_details_who_says_them_and_what_others_warn_of(run: Run, words: str) -> None:
    with pytest.warns(UserWarning, match="nor this"):
        code, out, err = run(*words.split())
    assert (code, out) == (0, "[]\n")
    name = "anenas.ane._chips: "
    assert err == f"{name}a detail\n{name}{LINE}\n{name}a warning\n"


def test_nothing_of_it_stays_behind() -> None:
    before = LOG.level, LOG.propagate, list(LOG.handlers), list(logging.getLogger().handlers), list(warnings.filters)
    with pytest.raises(KeyError), shown_log(logging.INFO):
        assert LOG.level == logging.INFO
        raise KeyError
    after = LOG.level, LOG.propagate, list(LOG.handlers), list(logging.getLogger().handlers), list(warnings.filters)
    assert after == before


def test_lines_are_shown_in_the_words_of_whoever_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO())
    monkeypatch.setattr(module, "error_console", lambda: terminal)
    with shown_log(logging.INFO, lambda line: line.replace("`flip=False`", "--no-flip")):
        LOG.info("or `flip=False`")
    assert terminal.file.getvalue() == "or --no-flip\n"  # type: ignore[attr-defined]


def test_a_line_stands_above_a_bar_that_is_running(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=40, color_system=None)
    monkeypatch.setattr(module, "error_console", lambda: terminal)
    bar = Progress(console=terminal, auto_refresh=False)
    bar.add_task("training", total=2)
    with shown_log(logging.INFO), bar:
        bar.refresh()
        LOG.info("a line")
    shown = terminal.file.getvalue()  # type: ignore[attr-defined]
    before, after = shown.split("a line")
    assert "training" in before and "training" in after
    assert before.endswith("\x1b[2K")  # the bar was erased first


def test_bars_and_lines_share_a_console() -> None:
    assert error_console() is error_console()
    assert error_console().stderr
