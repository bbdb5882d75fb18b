"""Every kind of block in every form: written, read, unpacked as coremltools does, and run."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from kinds import BODY_KINDS, input_shape, stem

from anenas.blocks import SequenceBlock, block_kind, block_kinds
from anenas.coreml import LOSSY, Package, Quantiser, compress, convert, verify_network
from anenas.graph import all_weight_formats, get_weight_format, weight_formats
from anenas.mil import coremltools, load_program
from anenas.network import Deployed, Normalisation, architecture_graph, build, fold_batch_norms, fuse
from anenas.space import Architecture, Head, Stage

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8)).astype(np.float32)
KINDS = [name for name, kind in block_kinds().items() if not issubclass(kind, SequenceBlock)]
# Of series, in a form of each way to compress: their layers are the same convolutions again and again.
SERIES = [kind.kind for kind in BODY_KINDS if issubclass(kind, SequenceBlock) and kind.compressible]
SERIES_FORMS = ("int8", "int4-block", "palette4-grouped", "sparse75+int8")
CLASSES = [str(i) for i in range(10)]


def network_of(kind: str) -> tuple[Architecture, Deployed]:
    """A small network of one kind of block, with weights beyond the smallest that are compressed."""
    stages = (stem(block_kind(kind), 1, 32), Stage(block_kind(kind)(), 1, 1, 96))
    architecture = Architecture(input_shape(block_kind(kind), 3, 8), stages, Head(0, "", 10))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return architecture, Deployed(fuse(build(architecture)), Normalisation((0.4,) * 3, (0.3,) * 3)).eval()


Plain = Callable[[str], tuple[Architecture, Deployed, Package]]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    @functools.cache
    def plain(kind: str) -> tuple[Architecture, Deployed, Package]:
        architecture, network = network_of(kind)
        path = tmp_path_factory.mktemp("plain") / "plain.mlpackage"
        return architecture, network, convert(network, path, shape=architecture.input, classes=CLASSES)

    return plain


@pytest.mark.parametrize(
    ("kind", "form"), [*itertools.product(KINDS, weight_formats()), *itertools.product(SERIES, SERIES_FORMS)]
)
def test_a_compressed_program_is_what_was_predicted_and_computes_what_it_stores(
    kind: str, form: str, plain: Plain, tmp_path: Path
) -> None:
    architecture, network, package = plain(kind)
    small = compress(package, tmp_path / "small.mlpackage", form)
    predicted, stored = architecture_graph(dataclasses.replace(architecture, form=form)), small.graph
    # Equal elements at the threshold are all pruned.
    assert stored.weight_bytes == pytest.approx(
        predicted.weight_bytes, rel=3e-3 if get_weight_format(form).sparsity else 0
    )
    assert [op.kind for op in stored.ops if op.kind != "classify"] == [op.kind for op in predicted.ops]
    assert small.target == get_weight_format(form).target
    pixels = PIXELS.reshape(-1, *architecture.input[1:])[:2]
    assert verify_network(small, network, pixels, tolerances=LOSSY).passed
    (given,) = small.inputs
    programs = (small.program(), load_program(unpacked(small, tmp_path)))
    ours, theirs = (program({given.name: pixels})["classLabel_probs"] for program in programs)
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-5)


def unpacked(package: Package, folder: Path) -> Path:
    """The same program with plain weights, as coremltools unpacks them."""
    ct = coremltools()
    model = ct.models.MLModel(str(package), skip_model_load=True)
    path = folder / "unpacked.mlpackage"
    ct.optimize.coreml.decompress_weights(model).save(str(path))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_quantised_program_is_what_was_predicted_and_computes_what_was_trained(kind: str, tmp_path: Path) -> None:
    architecture, network = network_of(kind)
    plain = fold_batch_norms(network.network, torch.zeros(architecture.input))
    quantiser = Quantiser(plain, architecture.input, steps=2)
    quantiser.network.train()
    for _ in range(2):
        quantiser.step()
        quantiser.network(torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
    quantised = network.with_network(quantiser.finish()).eval()
    path = tmp_path / "quantised.mlpackage"
    form = get_weight_format("w8a8")
    package = convert(quantised, path, shape=architecture.input, classes=CLASSES, target=form.target)
    predicted, stored = architecture_graph(dataclasses.replace(architecture, form="w8a8")), package.graph
    assert stored.weight_bytes == predicted.weight_bytes
    kinds = [[op.kind for op in graph.ops if op.kind != "dequantize"] for graph in (stored, predicted)]
    assert sorted(kinds[0]) == sorted([*kinds[1], "classify"])
    assert package.target == "iOS17"
    tolerances = dict.fromkeys(LOSSY, 0.02)
    assert verify_network(package, quantised, PIXELS, tolerances=tolerances, rounded=False).passed


def test_every_form_is_met_here() -> None:
    assert set(all_weight_formats()) == {*weight_formats(), "w8a8"}
