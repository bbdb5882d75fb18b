from __future__ import annotations

import sys
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.data import _heic
from anenas.data._heic import HEIC_SUFFIXES, prepare_for_heic


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    _heic._register.cache_clear()


@pytest.mark.usefixtures("without_extra")
def test_other_images_need_no_extra() -> None:
    prepare_for_heic([Path("a.png"), Path("heic"), Path("a.heic.jpg")])
    prepare_for_heic([])


@pytest.mark.usefixtures("without_extra")
@pytest.mark.parametrize(
    ("names", "subject"),
    [
        (["a.png", "1.HEIC", "b.png"], "'1.HEIC' is"),
        (["a.png", "2.heif", "1.hif"], "'2.heif' and 1 more are"),
        ([f"{i}.heic" for i in range(1201)], "'0.heic' and 1,200 more are"),
    ],
)
def test_without_the_extra_one_line_says_how_heic_is_read(names: list[str], subject: str) -> None:
    with pytest.raises(AnenasError) as raised:
        prepare_for_heic(map(Path, names))
    assert str(raised.value) == (f"{subject} HEIC; to read them: pip install 'anenas[heic]', or convert them to JPEG")


def test_with_the_extra_pillow_opens_heic(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pi_heif")
    from PIL import Image

    _heic._register.cache_clear()
    prepare_for_heic([Path("a.png"), Path("1.heif")])
    assert {*HEIC_SUFFIXES} <= {*Image.registered_extensions()}
    with Image.open(Path(__file__).with_name("sources") / "corners.heic") as image:
        assert image.format == "HEIF"
