from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzzing import JSON, NUMBERS, TEXTS, changed, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st

from anenas.ane import check, get_chip, program_cost
from anenas.coreml import Package
from anenas.mil import coremltools
from anenas.space import Architecture

MODEL = Path("Data/com.apple.CoreML/model.mlmodel")
WEIGHTS = Path("Data/com.apple.CoreML/weights/weight.bin")
NETWORK = "1x3x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c16_k3_e4_se_hswish-head_c32_relu_n3"


def _layers(x: Any, y: Any) -> Any:
    """Many kinds of operation, whose parameters can disagree."""
    import numpy as np
    from coremltools.converters.mil import Builder

    rng = np.random.default_rng(0)

    def weight(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(np.float32)

    z = Builder.conv(x=x, weight=weight(8, 2, 3, 3), pad_type="custom", pad=[1, 1, 1, 1], groups=2, bias=weight(8))
    z = Builder.conv_transpose(x=z, weight=weight(8, 4, 2, 2), strides=[2, 2])
    z = Builder.max_pool(x=z, kernel_sizes=[2, 2], strides=[2, 2], pad_type="valid")
    z = Builder.avg_pool(x=z, kernel_sizes=[3, 3], strides=[1, 1], pad_type="same", exclude_padding_from_average=True)
    z = Builder.pad(x=z, pad=[0, 0, 0, 0, 1, 1, 1, 1], mode="constant", constant_val=0.0)
    z = Builder.slice_by_index(x=z, begin=[0, 0, 1, 1], end=[1, 4, 9, 9])
    z = Builder.batch_norm(x=z, mean=weight(4), variance=np.abs(weight(4)) + 1, gamma=weight(4), beta=weight(4))
    z = Builder.upsample_nearest_neighbor(x=z, scale_factor_height=2, scale_factor_width=2)
    z = Builder.pixel_unshuffle(x=z, downscale_factor=np.uint32(2))
    first, second = Builder.split(x=z, num_splits=2, axis=1)
    z = Builder.concat(values=[first, second, first], axis=1)
    z = Builder.transpose(x=z, perm=[0, 2, 3, 1])
    z = Builder.reshape(x=z, shape=[1, 64, 24])
    z = Builder.linear(x=z, weight=weight(16, 24), bias=weight(16))
    z = Builder.layer_norm(x=z, axes=[-1], gamma=weight(16), beta=weight(16), epsilon=1e-5)
    z = Builder.softmax(x=Builder.matmul(x=z, y=z, transpose_y=True), axis=-1)
    z = Builder.reduce_mean(x=z, axes=[-1], keep_dims=False)
    w = Builder.lstm(
        x=Builder.transpose(x=y, perm=[1, 0, 2]), initial_h=np.zeros((1, 5), np.float32),
        initial_c=np.zeros((1, 5), np.float32), weight_ih=weight(20, 6), weight_hh=weight(20, 5), bias=weight(20),
        direction="forward",
    )[0]  # fmt: skip
    w = Builder.gather(x=Builder.squeeze(x=w, axes=[0]), indices=np.array([0, 2], np.int32), axis=1)
    values, _ = Builder.topk(x=z, k=2, axis=1)
    return Builder.add(x=values, y=w), Builder.tile(x=Builder.cumsum(x=values, axis=1), reps=[1, 3])


def _flexible(x: Any) -> Any:
    import numpy as np
    from coremltools.converters.mil import Builder

    z = Builder.conv(x=x, weight=np.ones((4, 3, 3, 3), np.float32), pad_type="same")
    size = Builder.shape(x=z)
    height = Builder.slice_by_index(x=size, begin=[2], end=[3])
    z = Builder.reshape(
        x=z, shape=Builder.concat(values=[np.array([1, 4], np.int32), height, np.array([-1], np.int32)], axis=0)
    )
    return Builder.relu(x=z)


def _convert(function: Callable[..., Any], path: Path, **options: Any) -> Path:
    ct = coremltools()
    ct.convert(
        function, convert_to="mlprogram", minimum_deployment_target=ct.target.iOS17, skip_model_load=True, **options
    ).save(str(path))
    return path


@pytest.fixture(scope="module")
def whole(package: Callable[[Architecture], Package], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Packages to be damaged: of a network, of many kinds of layer, and one that takes several sizes."""
    ct = coremltools()
    from coremltools.converters.mil import Builder

    folder = tmp_path_factory.mktemp("whole")
    spec = Builder.TensorSpec
    layers = Builder.program(input_specs=[spec((1, 4, 8, 8)), spec((1, 2, 6))], opset_version=ct.target.iOS17)(_layers)
    from coremltools.converters.mil.mil import get_new_symbol

    flexible = Builder.program(input_specs=[spec((1, 3, get_new_symbol(), 8))], opset_version=ct.target.iOS17)(
        _flexible
    )
    shape = ct.EnumeratedShapes([(1, 3, 8, 8), (1, 3, 16, 8)], default=(1, 3, 8, 8))
    return {
        "network": package(Architecture.parse(NETWORK)).path,
        "layers": _convert(layers, folder / "layers.mlpackage"),
        "flexible": _convert(flexible, folder / "flexible.mlpackage", inputs=[ct.TensorType(name="x", shape=shape)]),
    }


def read(path: Path) -> None:
    """All that is done with a package of others."""
    opened = Package.open(path)
    for chip in map(get_chip, ("A14", "M4")):
        check(opened.graph, chip)
        assert program_cost(opened.graph, chip).us >= 0
    _ = opened.bytes, opened.digest, opened.stored_forms, opened.metadata, opened.target
    opened.program()(opened.example_inputs())


@pytest.mark.parametrize("name", ["network", "layers", "flexible"])
def test_a_whole_package_is_read(whole: dict[str, Path], name: str) -> None:
    read(whole[name])


@fuzz()
@given(data=st.data())
def test_a_package_of_which_fields_are_others(
    whole: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    source = whole[data.draw(st.sampled_from(sorted(whole)))]
    with _copied(source, tmp_path_factory) as path:
        coremltools()
        from coremltools.proto import Model_pb2

        model = Model_pb2.Model()
        model.ParseFromString((source / MODEL).read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            _alter(data.draw, data.draw(st.sampled_from([model, *[model.mlProgram] * 4])))
        (path / MODEL).write_bytes(model.SerializeToString())
        with lawful(path.parent):
            read(path)


@contextlib.contextmanager
def _copied(source: Path, folders: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of a package, alone in a folder that goes with it."""
    folder = folders.mktemp("copy")
    try:
        yield shutil.copytree(source, folder / "copy.mlpackage")
    finally:
        shutil.rmtree(folder)


def _alter(draw: Any, message: Any) -> None:
    """Change one field of a message, or of one inside it."""
    described = [field for field, _ in message.ListFields()]
    if not described or draw(st.integers(0, 15)) == 0:
        described = list(message.DESCRIPTOR.fields)
    if not described:
        return
    field = draw(st.sampled_from(described))
    if _is_map(field):
        _alter_map(draw, getattr(message, field.name), field.message_type.fields_by_name["value"])
    elif _is_repeated(field):
        _alter_list(draw, getattr(message, field.name), field)
    elif field.type == field.TYPE_MESSAGE:
        if draw(st.integers(0, 9)) == 0:
            message.ClearField(field.name)
        else:
            _alter(draw, getattr(message, field.name))
    else:
        with contextlib.suppress(TypeError, ValueError, UnicodeEncodeError):  # no value of this field
            setattr(message, field.name, _scalar(draw, field))


def _is_repeated(field: Any) -> bool:
    return bool(field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED)


def _is_map(field: Any) -> bool:
    return bool(field.type == field.TYPE_MESSAGE and field.message_type.GetOptions().map_entry)


def _alter_map(draw: Any, entries: Any, value: Any) -> None:
    if not entries:
        return
    key = draw(st.sampled_from(sorted(entries)))
    if draw(st.integers(0, 9)) == 0:
        del entries[key]
    elif value.type == value.TYPE_MESSAGE:
        other = draw(st.sampled_from(sorted(entries)))
        if draw(st.integers(0, 9)) == 0:
            entries[key].CopyFrom(entries[other])
        else:
            _alter(draw, entries[key])
    else:
        with contextlib.suppress(TypeError, ValueError, UnicodeEncodeError):
            entries[key] = _scalar(draw, value)


def _alter_list(draw: Any, held: Any, field: Any) -> None:
    at = draw(st.integers(0, max(0, len(held) - 1)))
    how = draw(st.integers(0, 11))
    if held and how == 0:
        del held[at]
    elif held and how == 1:
        held.append(held[at])
    elif field.type != field.TYPE_MESSAGE:
        with contextlib.suppress(TypeError, ValueError, UnicodeEncodeError):
            held[at : at + 1] = [_scalar(draw, field)]
    elif held:
        _alter(draw, held[at])


def _scalar(draw: Any, field: Any) -> Any:
    if field.type in (field.TYPE_STRING, field.TYPE_BYTES):
        text = draw(TEXTS | _NAMES)
        return text if field.type == field.TYPE_STRING else text.encode("utf-8", "surrogateescape")
    return draw(NUMBERS | st.integers(0, 20)) if field.type != field.TYPE_BOOL else draw(st.booleans())


# Of operations and of parameters, so that one stands where another should.
_NAMES = st.sampled_from(["conv", "linear", "const", "cond", "while_loop", "lstm", "x", "weight", "concat_0", "main"])


@fuzz(0.5)
@given(data=st.data())
def test_a_package_of_which_bytes_are_others(
    whole: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    source = whole[data.draw(st.sampled_from(sorted(whole)))]
    with _copied(source, tmp_path_factory) as path:
        file = path / data.draw(st.sampled_from([MODEL, WEIGHTS]))
        if file.exists():
            file.write_bytes(data.draw(damaged(file.read_bytes())))
        with lawful(path.parent):
            read(path)


@fuzz()
@given(data=st.data())
def test_a_manifest_of_which_values_are_others(
    whole: dict[str, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with _copied(whole["flexible"], tmp_path_factory) as path:
        manifest = path / "Manifest.json"
        stored = json.loads(manifest.read_text())
        if data.draw(st.booleans()):
            stored["itemInfoEntries"][stored["rootModelIdentifier"]]["path"] = data.draw(JSON | TEXTS)
        manifest.write_text(json.dumps(data.draw(changed(stored))))
        with lawful(path.parent):
            Package.open(path)
