from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from anenas.ane import check, get_chip
from anenas.graph import Graph, Op, Tensor
from anenas.latency import Profile, Target, profile
from anenas.report import write_profile_page

CHIP = get_chip("A15")


class Text(HTMLParser):
    """The cells of the page's tables."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self.cells.append("")
        self._inside = tag == "td" or (self._inside and tag == "span")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.cells[-1] += data


def cells(path: Path) -> list[str]:
    parser = Text()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.cells


@pytest.fixture
def profiled() -> Profile:
    x, y = Tensor("x", (1, 256, 32, 32)), Tensor("y", (1, 256, 32, 32))
    conv = Op("<first>", "conv", (x,), (y,), (Tensor("w", (256, 256, 3, 3)),))
    away = Op("away", "cumsum", (y,), (y,))
    return profile("a model <of mine>", Graph((x,), (conv, away), (y,)), Target.named("A15"))


def test_the_page_shows_every_operation_and_every_finding(profiled: Profile, tmp_path: Path) -> None:
    findings = check(profiled.graph, CHIP)
    write_profile_page(profiled, findings, tmp_path / "page.html")
    found = cells(tmp_path / "page.html")
    for one in profiled.placed:
        row = found.index(one.op.name, len(found) - 8 * len(profiled.placed))
        assert found[row + 1] == one.op.kind
        assert found[row + 5] == f"{one.us:.1f}"
        assert found[row + 7] == one.why
    assert {finding.message for finding in findings} <= set(found)


def test_names_are_text_and_not_markup(profiled: Profile, tmp_path: Path) -> None:
    write_profile_page(profiled, [], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "a model &lt;of mine&gt; on A15" in page
    assert "<of mine>" not in page
    assert "<first>" not in page


def test_nothing_is_left_half_written(profiled: Profile, tmp_path: Path) -> None:
    write_profile_page(profiled, [], tmp_path / "page.html")
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(OSError, match="nowhere"):
        write_profile_page(profiled, [], tmp_path / "nowhere" / "page.html")
