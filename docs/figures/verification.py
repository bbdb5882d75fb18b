"""What rounding makes of exported programs, and what is allowed: `python docs/figures/verification.py` (a minute)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from _style import BLUE, ORANGE, axes, save

from anenas.coreml import convert
from anenas.coreml._verify import verify_network
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

KINDS = {
    "conv": "conv_r4_s2_c64_k3_relu",
    "dsconv": "dsconv_r4_s2_c64_k3_relu",
    "mbconv, silu": "mbconv_r4_s2_c64_k3_e4_silu",
    "uib": "uib_r4_s2_c64_a3_k3_e4_relu",
    "mobileone": "mobileone_r4_s2_c64_k3_b1_relu",
}


def main() -> None:
    """Draw it: of each kind of block, a network with weights as they begin, in float16."""
    plot = axes()
    for place, stage in enumerate(KINDS.values()):
        architecture = Architecture.parse(f"1x3x64x64-conv_r1_s2_c16_k3_relu-{stage}-head_n10")
        torch.manual_seed(0)
        network = Deployed(fuse(build(architecture)), Normalisation((0.4,) * 3, (0.3,) * 3)).eval()
        pixels = np.random.default_rng(0).integers(0, 256, (8, 3, 64, 64)).astype(np.float32)
        with tempfile.TemporaryDirectory() as folder:
            classes = [str(i) for i in range(10)]
            package = convert(network, Path(folder) / "m.mlpackage", shape=architecture.input, classes=classes)
            verified = verify_network(package, network, pixels)
        [difference] = verified.fp16
        assert difference.allowed is not None
        plot.plot(place, difference.found, "o", color=BLUE, label="" if place else "found")
        plot.plot(place, difference.allowed, "_", ms=18, color=ORANGE, label="" if place else "allowed")
    plot.set(yscale="log", ylabel="difference of a probability, float16")
    plot.set_xticks(range(len(KINDS)), list(KINDS))
    plot.legend()
    save("verification")


if __name__ == "__main__":
    main()
