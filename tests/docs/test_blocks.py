"""How pages are read and outputs are held against them."""

from __future__ import annotations

from pathlib import Path

import pytest
from blocks import is_shown, pages, read_blocks
from docstrings import as_restructured

PAGE = """\
<!-- run with: --trials 2 -->
```sh
anenas search --data \\
  images:photos  # all of them
cd kit
```

```text
16 completed
```

<!-- not run: needs
a Mac -->
```python
import anenas
```

```{toctree}
start
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "page.md").write_text(PAGE)
    return tmp_path / "page.md"


def test_a_block_has_the_notes_above_it_and_the_output_below(page: Path) -> None:
    shell, python = read_blocks(page)
    assert (shell.language, shell.notes, shell.output) == ("sh", {"run with": "--trials 2"}, "16 completed\n")
    assert shell.place == "page.md:2"
    assert (python.language, python.not_run, python.output) == ("python", "needs a Mac", None)


def test_a_command_line_goes_on_behind_a_backslash(page: Path) -> None:
    shell = read_blocks(page)[0]
    assert shell.anenas_commands() == [["search", "--data", "images:photos"]]
    assert shell.commands()[1] == ["cd", "kit"]


def test_pages_are_those_that_are_written(page: Path) -> None:
    (page.parent / "_ext").mkdir()
    (page.parent / "_ext" / "other.md").write_text("# not a page")
    assert pages(page.parent) == [page]


@pytest.mark.parametrize(
    ("shown", "printed", "is_it"),
    [
        ("two\n", "one\ntwo\nthree\n", True),
        ("two\n", "one\ntwo more\n", False),
        ("it took … s\n", "it took 3.2 s\n", True),
        ("one\n…\nthree\n", "one\ntwo\ntwo\nthree\n", True),
        ("one\n…\nfour\n", "one\ntwo\nthree\n", False),
        ("one\n…\n", "one\n", True),
        ("(0.25–0.40) *\n", "(0.25–0.41) *\n", False),
    ],
)
def test_an_ellipsis_stands_for_anything(shown: str, printed: str, is_it: bool) -> None:
    assert is_shown(shown, printed) is is_it


def test_code_and_examples_of_docstrings_are_marked_for_sphinx() -> None:
    doc = ["Takes `x` and *y:", "", "    @anenas.register", "    f(*y)", "", "Then `z`."]
    assert as_restructured(doc) == [r"Takes ``x`` and \*y::", *doc[1:5], "Then ``z``."]
