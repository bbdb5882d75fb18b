"""What users write by hand, or copy: architectures and spaces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from fuzzing import NUMBERS, TEXTS, changed, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.models import load_graph
from anenas.space import load_space, read_space

ARCHITECTURES = [
    "1x3x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c16_k3_e4_se_hswish-head_c32_relu_n3",
    "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r2_s1_c16_k3_relu-head_n4@palette4",
]
SPACE = yaml.safe_dump(
    {
        "name": "tiny",
        "input": {"height": 32},
        "stem": {"width": 16, "blocks": {"conv": {"kernel": 3, "activation": ["relu", "silu"]}}},
        "stages": [{"depth": [1, 2], "width": [16, 32], "stride": 2, "blocks": {"mbconv": {"kernel": [3, 5]}}}],
        "head": {"width": [0, 128]},
        "limits": {"size_mb": 1.5},
    }
)


@st.composite
def architectures(draw: st.DrawFn) -> str:
    """An architecture of which numbers or letters are others."""
    text = draw(st.sampled_from(ARCHITECTURES))
    for _ in range(draw(st.integers(1, 3))):
        numbers = list(re.finditer(r"\d+", text))
        if numbers and draw(st.integers(0, 3)):
            at = draw(st.sampled_from(numbers))
            number = draw(NUMBERS | st.integers(1, 999) | st.sampled_from([10**6, 10**9 - 1, "", "007", "٣"]))
            text = f"{text[: at.start()]}{number}{text[at.end() :]}"
        else:
            start = draw(st.integers(0, len(text)))
            end = draw(st.integers(start, len(text)))
            text = text[:start] + draw(TEXTS | st.just(text[start:end] * 2)) + text[end:]
    return text


@fuzz(0.25)
@given(text=architectures())
def test_an_architecture_of_which_parts_are_others(text: str, tmp_path: Path) -> None:
    with lawful(tmp_path):
        load_graph(text)


def test_a_network_of_a_legal_depth_is_built_or_refused_in_time(tmp_path: Path) -> None:
    for depth in (900, 10**6, 10**9 - 1):
        with lawful(tmp_path):
            load_graph(ARCHITECTURES[1].replace("dsconv_r2", f"dsconv_r{depth}"))


@fuzz()
@given(data=st.data())
def test_a_space_of_which_values_or_bytes_are_others(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed" / "space.yaml"
    path.parent.mkdir(exist_ok=True)
    if data.draw(st.booleans()):
        text = yaml.safe_dump(data.draw(changed(yaml.safe_load(SPACE))))
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    else:
        path.write_bytes(data.draw(damaged(SPACE.encode())))
    with lawful(path.parent):
        try:
            read_space(path)
        except AnenasError as error:  # the one reader that tells all that is wrong at once, each in a line
            for line in str(error).split("\n"):
                assert re.match(rf"{re.escape(str(path))}:\d+: .", line), line


def test_the_space_is_read(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    assert read_space(tmp_path / "space.yaml").name == "tiny"
    assert load_space("mobile_cnn")
