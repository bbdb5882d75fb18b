"""The written file against the network it was written for, in a Python that has neither anenas nor timm."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from kinds import BODY_KINDS, input_shape, stem, with_random_statistics
from safetensors.torch import save_file
from torch import nn

from anenas.blocks import Block
from anenas.bundle import plain_network
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture, Head, Stage

# Runs each network.py below the current folder and prints how far its outputs are from those beside it.
ALONE = """
import importlib.abc, json, pathlib, runpy, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("anenas", "timm", "coremltools", "torchvision"):
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocked())
import numpy, torch
found = {}
for file in sorted(pathlib.Path.cwd().glob("*/network.py")):
    network = runpy.run_path(str(file))["load"]()
    image, expected = (numpy.load(file.parent / name) for name in ("image.npy", "expected.npy"))
    with torch.no_grad():
        found[file.parent.name] = float(abs(network(torch.from_numpy(image)).numpy() - expected).max())
assert "timm" not in sys.modules and "anenas" not in sys.modules
print(json.dumps(found))
"""


def deployed(architecture: Architecture) -> Deployed:
    """As if it had been trained: batch normalisation is no longer the identity."""
    torch.manual_seed(0)
    network = with_random_statistics(build(architecture))
    channels = architecture.input[1]
    return Deployed(fuse(network.eval()), Normalisation((0.4,) * channels, (0.3,) * channels)).eval()


def architecture_of(block: Block, stride: int, channels: int = 3) -> Architecture:
    """A network of that block, where it changes the width and where it has a skip."""
    first = stem(type(block), 2, 16)
    stages = (first, Stage(block, 2, stride, 32)) if stride > 1 else (first, Stage(block, 2, 1, 16))
    return Architecture(
        input_shape(type(block), channels, 16), stages, Head(16, "hswish", 5) if stride > 1 else Head(0, "", 5)
    )


def test_every_choice_of_every_block_computes_the_same_with_torch_alone(
    covering: Callable[[type[Block], int], list[Block]], tmp_path: Path
) -> None:
    written = 0
    for kind in BODY_KINDS:
        for stride in (1, 2):
            for i, block in enumerate(covering(kind, stride)):
                architecture = architecture_of(block, stride)
                network = deployed(architecture)
                plain = plain_network(network, architecture, "A network.")
                folder = tmp_path / f"{kind.kind}-{stride}-{i}"
                folder.mkdir()
                (folder / "network.py").write_text(plain.source)
                save_file(plain.weights, folder / "weights.safetensors")
                image = np.random.default_rng(0).integers(0, 256, (2, *architecture.input[1:]), np.uint8)
                np.save(folder / "image.npy", image)
                with torch.no_grad():
                    np.save(folder / "expected.npy", network(torch.from_numpy(image)).numpy())
                written += 1
    ran = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    differences = json.loads(ran.stdout)
    assert len(differences) == written
    assert {name: d for name, d in differences.items() if d > 1e-5} == {}


EVERY_KIND = Architecture.parse(
    "1x1x32x32-conv_r2_s2_c16_k3_relu-mobileone_r1_s1_c16_k3_b2_hswish-mbconv_r2_s2_c32_k3_e2_se_silu"
    "-uib_r2_s1_c32_a3_k5_e4_relu6-fusedmbconv_r2_s1_c32_k3_e2_relu-dsconv_r2_s2_c32_k3_relu-head_c64_relu_n5"
)


def test_a_network_of_series_says_what_it_takes() -> None:
    architecture = Architecture.parse("1x6x1x32-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s1_c16_bi-head_last_n7")
    source = plain_network(deployed(architecture), architecture, "A network.").source
    assert '"""Series as they are, (N, 6, 1, 32), to the probabilities of 7 classes.' in source
    assert 'inputs.npz")["series"]' in source and "def forward(self, series)" in source
    assert "image" not in source and "pixels" not in source.lower()


@pytest.mark.parametrize("head", ["head_n7", "head_max_c16_relu_n7", "head_last_n7"])
def test_a_network_of_masked_series_computes_the_same_with_torch_alone(head: str, tmp_path: Path) -> None:
    stages = "tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s2_c16_bi"
    architecture = Architecture.parse(f"1x4x1x30_masked-{stages}-{head}")
    network = deployed(architecture)
    plain = plain_network(network, architecture, "A network.")
    assert "(N, 4, 1, 30), that end at the last step" in plain.source
    names: dict[str, object] = {"__file__": "network.py", "__name__": "network"}
    exec(plain.source, names)
    read = names["Network"]()  # type: ignore[operator]
    read.load_state_dict(plain.weights)
    series = torch.randn(5, 4, 1, 30)
    series[:, -1:] = (torch.arange(30) >= torch.tensor([0, 3, 10, 25, 29]).view(-1, 1, 1, 1)).float()
    torch.testing.assert_close(read.eval()(series), network(series), rtol=0, atol=1e-6)


def test_a_network_with_a_skip_computes_the_same_with_torch_alone() -> None:
    architecture = Architecture.parse("1x4x1x30-tcn_r1_s2_c16_k3_d1_relu-min_gru_r1_s2_c16-head_c16_relu_skip_n2")
    network = deployed(architecture)
    plain = plain_network(network, architecture, "A network.")
    assert "self.head_skip = nn.Conv2d(4, 2, 1)" in plain.source
    names: dict[str, object] = {"__file__": "network.py", "__name__": "network"}
    exec(plain.source, names)
    read = names["Network"]()  # type: ignore[operator]
    read.load_state_dict(plain.weights)
    series = torch.randn(5, 4, 1, 30)
    torch.testing.assert_close(read.eval()(series), network(series), rtol=0, atol=1e-6)


def test_batch_normalisation_is_folded_and_every_layer_is_a_convolution() -> None:
    network = deployed(EVERY_KIND)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    plain = plain_network(network, EVERY_KIND, "A network.")
    layers = [line.split(" = ")[1] for line in plain.source.splitlines() if line.startswith("        self.s")]
    assert layers and all(layer.startswith("nn.Conv2d(") for layer in layers)
    assert "batch_norm" not in plain.source.lower().replace("batch normalisation", "")
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_file_is_read_stage_by_stage_with_a_branch_beside_the_main_stream() -> None:
    source = plain_network(deployed(EVERY_KIND), EVERY_KIND, "A network.").source
    forward = source[source.index("def forward") : source.index("def load")]
    comments = [line.strip() for line in forward.splitlines() if line.strip().startswith("#")]
    assert [comment.split(":")[0] for comment in comments] == [
        "# stem", "# stage1", "# stage2", "# stage3", "# stage4", "# stage5", "# head",
    ]  # fmt: skip
    assert "        x = self.stage2_1_conv_pwl(y) + x\n" in forward
    assert "        y = y * torch.sigmoid(self.stage2_1_se_conv_expand(z))\n" in forward
    assert max(map(len, forward.splitlines())) <= 100


def test_normalisation_before_a_convolution_stays_a_layer() -> None:
    architecture = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n5")
    network = deployed(architecture)
    norm = nn.BatchNorm2d(1).eval()
    nn.init.constant_(norm.running_mean, 0.5)
    network.network.stem.insert(0, norm)
    plain = plain_network(network, architecture, "A network.")
    assert "nn.BatchNorm2d(1" in plain.source
    names: dict[str, object] = {"__file__": "network.py", "__name__": "network"}
    exec(plain.source, names)
    read = names["Network"]()  # type: ignore[operator]
    read.load_state_dict(plain.weights)
    pixels = torch.randint(0, 256, (2, 1, 16, 16)).float()
    torch.testing.assert_close(read.eval()(pixels), network(pixels), rtol=0, atol=1e-6)
