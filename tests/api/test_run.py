from __future__ import annotations

import logging

import pytest

from anenas.api._run import heard, versions


def test_versions_that_figures_depend_on_are_named() -> None:
    assert {"anenas", "torch", "coremltools", "Python"} <= set(versions())


def test_what_a_logger_says_meanwhile_is_heard_and_nothing_after() -> None:
    log = logging.getLogger("anenas.data.test")
    with heard("anenas.data") as said:
        log.warning("%d files are no images", 3)
    log.warning("something else")
    assert said == ["3 files are no images"]
    assert not logging.getLogger("anenas.data").handlers
    with pytest.raises(ZeroDivisionError), heard("anenas.data"):
        1 // 0  # noqa: B018
    assert not logging.getLogger("anenas.data").handlers
