"""A model where there is no anenas: python examples/bundle_alone.py BUNDLE, a folder that `anenas export` wrote.

It needs torch, safetensors and numpy. On a Mac, coremltools runs the package itself: `ct.models.MLModel(...).predict`.
"""

import runpy
import sys
from pathlib import Path

import numpy as np
import torch

if __name__ == "__main__":
    bundle = Path(sys.argv[1])
    network = runpy.run_path(str(bundle / "network.py"))["load"]()  # plain torch, written for this one network
    labels = (bundle / "labels.txt").read_text(encoding="utf-8").splitlines()
    inputs = next(iter(np.load(bundle / "test_vectors" / "inputs.npz").values()))  # or yours, of the same shape
    with torch.no_grad():
        probabilities = network(torch.from_numpy(inputs))
    for i, (probability, label) in enumerate(zip(*probabilities.max(1), strict=True)):
        print(f"input {i}: {labels[label]} {probability:.1%}")
    assert "anenas" not in sys.modules
