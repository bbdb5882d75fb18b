"""coremltools is quiet, and the process is afterwards as it was."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from anenas.mil import coremltools, quiet


def test_nothing_is_heard_within_and_all_is_as_before_afterwards(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("coremltools")
    monkeypatch.setattr(logger, "level", logging.INFO)
    filters = list(warnings.filters)
    with quiet():
        logger.error("not said")
        warnings.warn("not said", stacklevel=1)
    assert (caplog.records, logger.level, warnings.filters) == ([], logging.INFO, filters)
    logger.info("said")
    assert [record.message for record in caplog.records] == ["said"]


def test_it_is_as_before_after_an_error_too() -> None:
    level = logging.getLogger("coremltools").level
    with pytest.raises(ValueError, match="raised"), quiet():
        raise ValueError("raised")
    assert logging.getLogger("coremltools").level == level


def test_it_is_imported_once() -> None:
    assert coremltools() is coremltools()


def test_reading_and_converting_leave_the_process_as_it_was(tmp_path: Path) -> None:
    program = (
        "import logging, os, sys, warnings, torch\n"
        "from pathlib import Path\n"
        "import anenas\n"
        "from anenas.coreml import compress, convert_arrays\n"
        "def state():\n"
        "    names = ('anenas', 'coremltools', 'torch', None)\n"
        "    loggers = [(logging.getLogger(one).level, logging.getLogger(one).handlers) for one in names]\n"
        "    return loggers, list(warnings.filters), dict(os.environ), sys.stderr, torch.is_grad_enabled()\n"
        "before = state()\n"
        "folder = Path(sys.argv[1])\n"
        "package = convert_arrays(torch.nn.Conv2d(3, 96, 3).eval(), folder / 'a.mlpackage', shape=(1, 3, 8, 8))\n"
        "small = compress(package, folder / 'b.mlpackage', 'palette4')\n"
        "again = anenas.Package.open(small.path)\n"
        "again.program('fp16')(again.example_inputs())\n"
        "assert again.graph == small.graph\n"
        "assert state() == before, (state(), before)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
