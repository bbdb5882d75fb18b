"""Modules of the user's that cannot be written as straight lines go into the file as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from kinds import with_random_statistics
from safetensors.torch import save_file

from anenas._errors import AnenasError
from anenas._plugins import load_plugin
from anenas.bundle import plain_network
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

pytestmark = pytest.mark.usefixtures("forget_plugins")

HEAD = """\
    from __future__ import annotations
    import functools
    import math
    from typing import TYPE_CHECKING
    import anenas
    import torch
    from torch import Tensor, nn
    from torch.nn import functional as F

    if TYPE_CHECKING:
        from nowhere import Thing

    SCALES = (0.5, 2.0)

    @functools.cache
    def factor(step: Thing) -> float:
        return SCALES[step % 2] * math.sqrt(step + 1)
"""
BUILD = """\

    @anenas.register
    class Mine(anenas.Block):
        kind = "mine"

        def build(self, in_channels, out_channels, stride):
            return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, stride, 1), Steps(out_channels))
"""
STEPS = """\

    class Base(nn.Module):
        def shifted(self, x: Tensor) -> Tensor:
            return x + self.shift

    class Steps(Base):
        \"\"\"Rows one after the other: a loop over what no tracer knows.\"\"\"

        def __init__(self, channels):
            super().__init__()
            self.act = anenas.activation_layer("relu")()
            self.curve = F.hardtanh
            self.mix = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))
            self.weight = nn.Parameter(torch.randn(channels, 1, 1))
            self.register_buffer("shift", torch.full((1,), 0.25), persistent=False)
            self.register_parameter("bias", None)
            self.first = 1

        def forward(self, x: Thing, inplace=False):
            rows = [x[:, :, i : i + 1] * factor(i + self.first) for i in range(x.size(2))]
            y = self.curve(self.mix(self.act(torch.cat(rows, 2))))
            return self.shifted(y * self.weight if self.bias is None else y)
"""
LOCAL = """\

    @anenas.register
    class Mine(anenas.Block):
        kind = "mine"

        def build(self, in_channels, out_channels, stride):
            from torch import nn

            class Local(nn.Conv2d):
                def forward(self, x):
                    rows = super().forward(x)
                    return torch.cat([nn.functional.relu(rows[:, :, i : i + 1]) for i in range(rows.size(2))], 2)

            return Local(in_channels, out_channels, 3, stride, 1)
"""
ATTENTION = """\

    @anenas.register
    class Mine(anenas.Block):
        kind = "mine"

        def build(self, in_channels, out_channels, stride):
            return Attends(out_channels, nn.Conv2d(in_channels, out_channels, 1, stride))

    class Attends(nn.Module):
        def __init__(self, channels, before):
            super().__init__()
            self.before, self.attend = before, nn.MultiheadAttention(channels, 4, batch_first=True)

        def forward(self, x):
            x = self.before(x)
            steps = x.flatten(2).transpose(1, 2)
            return self.attend(steps, steps, steps)[0].transpose(1, 2).reshape(x.shape)
"""
ALONE = """
import sys
sys.modules.update(anenas=None, timm=None, torchvision=None)
import torch
from network import load
image, expected = torch.load("values.pt")
with torch.no_grad():
    print(float((load()(image) - expected).abs().max()))
"""


def network_of(folder: Path, text: str) -> tuple[Deployed, Architecture]:
    (folder / "mine.py").write_text(dedent(text))
    load_plugin(folder / "mine.py")
    architecture = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-mine_r2_s2_c16-head_n5")
    torch.manual_seed(0)
    network = with_random_statistics(build(architecture))
    return Deployed(fuse(network.eval()), Normalisation((0.4,), (0.3,))).eval(), architecture


@pytest.mark.parametrize(
    "text", [HEAD + STEPS + BUILD, HEAD + LOCAL, HEAD + ATTENTION], ids=["steps", "local", "attention"]
)
def test_a_file_with_the_users_classes_computes_the_same_without_anenas(text: str, tmp_path: Path) -> None:
    network, architecture = network_of(tmp_path, text)
    plain = plain_network(network, architecture, "A network.")
    (tmp_path / "mine.py").unlink()
    (tmp_path / "network.py").write_text(plain.source)
    save_file(plain.weights, tmp_path / "weights.safetensors")
    image = torch.randint(0, 256, (2, 1, 16, 16)).float()
    with torch.no_grad():
        torch.save((image, network(image)), tmp_path / "values.pt")
    ran = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) < 1e-5


def test_classes_are_there_word_for_word_once_and_after_what_they_need(tmp_path: Path) -> None:
    source = plain_network(*network_of(tmp_path, HEAD + STEPS + BUILD), "A network.").source
    assert source.count(dedent(STEPS).strip().partition("\n\n")[0]) == 1
    for order in (
        ["import math", "SCALES = (0.5, 2.0)", "def factor", "class Steps", "class Network"],
        ["class Base", "class Steps"],
    ):
        places = [source.index(one) for one in order]
        assert places == sorted(places)
    assert "anenas.register" not in source and "class Mine" not in source
    assert "self.stage1_0_0 = nn.Conv2d(16, 16, 3, stride=2, padding=1)" in source


def test_a_module_that_can_be_written_in_lines_is(tmp_path: Path) -> None:
    steps = STEPS.replace("range(x.size(2))", "range(x.shape[2])")
    source = plain_network(*network_of(tmp_path, HEAD + steps + BUILD), "A network.").source
    assert "class Steps" not in source and "restored" not in source


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("self.first = 1", "self.first = 1; self.thing = object()", "Steps.thing is <object .*>, which cannot be"),
        ("+ self.shift", "+ self.shift * len(anenas.__doc__)", "it needs anenas from anenas"),
        ("SCALES = (0.5, 2.0)", "SCALES = bytearray(b'ab')", "SCALES is .*, which cannot be written down"),
        ("nn.BatchNorm2d(channels)", "anenas.activation_layer('hswish')()", "a block contains HardSwish"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_along_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = HEAD + STEPS + BUILD
    assert old in text
    both = f"cannot be written in plain torch: .*; nor can its classes be exported: .*{message}"
    with pytest.raises(AnenasError, match=both):
        plain_network(*network_of(tmp_path, text.replace(old, new)), "A network.")
