from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import anenas
from anenas._errors import AnenasError
from anenas.coreml import Package
from anenas.mil import ProgramFile
from anenas.space import Architecture

MODEL = Path("Data/com.apple.CoreML/model.mlmodel")
WEIGHTS = Path("Data/com.apple.CoreML/weights/weight.bin")


@pytest.fixture
def path(package: Callable[[Architecture], Package], tmp_path: Path) -> Path:
    """A copy of a package, to be broken."""
    source = package(Architecture.parse("1x1x16x16-dsconv_r1_s2_c16_k3_relu-head_n10")).path
    copy: Path = shutil.copytree(source, tmp_path / "copy.mlpackage")
    return copy


def blobs(path: Path) -> list[tuple[str, int]]:
    """Each weight of the program that is in a file."""
    values = [op.attributes["val"] for op in ProgramFile.open(path).block.operations if op.type == "const"]
    stored = [value.blobFileValue for value in values if value.WhichOneof("value") == "blobFileValue"]
    return [(blob.fileName, blob.offset) for blob in stored]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(AnenasError) as raised:
        act()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_every_weight_is_found_with_its_bytes(path: Path) -> None:
    package = ProgramFile.open(path)
    assert blobs(path)
    for name, offset in blobs(path):
        weight = package.weights.blob(name, offset).view(np.float16)
        assert weight.size
        assert np.isfinite(weight).all()


def test_a_weight_file_that_is_cut_short_is_refused_wherever_it_is_cut(path: Path) -> None:
    file = path / WEIGHTS
    whole = file.read_bytes()
    name, offset = max(blobs(path), key=lambda blob: blob[1])
    for length in (0, 10, 64, offset, offset + 20, offset + 64, len(whole) // 2, offset + 65):
        file.write_bytes(whole[:length])
        assert "is incomplete" in refusal(lambda: ProgramFile.open(path).weights.blob(name, offset))


def test_a_weight_that_is_not_where_the_program_says_is_refused(path: Path) -> None:
    name, offset = blobs(path)[0]
    assert "damaged" in refusal(lambda: ProgramFile.open(path).weights.blob(name, offset + 8))


def test_a_weight_file_of_another_version_is_refused(path: Path) -> None:
    file = path / WEIGHTS
    data = bytearray(file.read_bytes())
    data[4] = 3
    file.write_bytes(data)
    assert "storage version 3; only 2 is supported" in refusal(
        lambda: ProgramFile.open(path).weights.blob(*blobs(path)[0])
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("@model_path/../../../outside.bin", "outside of it"),
        ("/etc/passwd", "is incomplete: it has no weight file etc/passwd"),
        ("@model_path/weights/link.bin", "outside of it"),
    ],
)
def test_weights_outside_of_the_package_are_refused(path: Path, name: str, message: str) -> None:
    (path.parent / "outside.bin").write_bytes(bytes(200))
    (path / WEIGHTS.parent / "link.bin").symlink_to(path.parent / "outside.bin")
    assert message in refusal(lambda: ProgramFile.open(path).weights.blob(name, 64))


@pytest.mark.parametrize("target", ["../../elsewhere.mlmodel", "/etc/hostname", "com.apple.CoreML/link.mlmodel"])
def test_a_manifest_that_points_outside_of_the_package_is_refused(path: Path, target: str) -> None:
    (path / MODEL).rename(path.parent / "elsewhere.mlmodel")
    (path / MODEL.parent / "link.mlmodel").symlink_to(path.parent / "elsewhere.mlmodel")
    manifest = json.loads((path / "Manifest.json").read_text())
    manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]["path"] = target
    (path / "Manifest.json").write_text(json.dumps(manifest))
    assert "is outside of it" in refusal(lambda: ProgramFile.open(path))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"rootModelIdentifier": 1, "itemInfoEntries": {"1": {}}}'])
def test_a_damaged_manifest_is_refused(path: Path, content: str) -> None:
    (path / "Manifest.json").write_text(content)
    assert "has no root model" in refusal(lambda: ProgramFile.open(path))


def test_a_package_without_its_model_is_incomplete(path: Path) -> None:
    (path / MODEL).unlink()
    assert refusal(lambda: ProgramFile.open(path)).endswith(f"is incomplete: it has no {MODEL}")


def test_an_unknown_version_is_refused_with_those_that_are_known(path: Path) -> None:
    model = ProgramFile.open(path).model
    model.specificationVersion = 99
    (path / MODEL).write_bytes(model.SerializeToString())
    assert "specification version 99; versions 6 to " in refusal(lambda: ProgramFile.open(path))


def test_compiled_models_and_lone_model_files_are_named_for_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.mlmodelc").mkdir()
    assert "is compiled" in refusal(lambda: ProgramFile.open(tmp_path / "a.mlmodelc"))
    assert "convert_to='mlprogram'" in refusal(lambda: ProgramFile.open(tmp_path / "a.mlmodel"))


def test_a_program_of_a_version_without_programs_is_refused(path: Path) -> None:
    model = ProgramFile.open(path).model
    model.specificationVersion = 3
    (path / MODEL).write_bytes(model.SerializeToString())
    assert "specification version 3; versions 6 to " in refusal(lambda: ProgramFile.open(path))


@pytest.mark.parametrize("target", ["model\0.mlmodel", "\ud800", "loop/model.mlmodel"])
def test_a_manifest_with_a_path_that_is_none_is_refused(path: Path, target: str) -> None:
    (path / "Data" / "loop").symlink_to(path / "Data" / "loop")
    manifest = json.loads((path / "Manifest.json").read_text())
    manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]["path"] = target
    (path / "Manifest.json").write_text(json.dumps(manifest))
    message = refusal(lambda: ProgramFile.open(path))
    assert message.isprintable()
    assert "is rejected: the model" in message


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, " " * 2_000_000 + "{}"])
def test_a_manifest_that_is_nested_or_long_without_end_is_refused(path: Path, content: str) -> None:
    (path / "Manifest.json").write_text(content)
    assert "has no root model" in refusal(lambda: ProgramFile.open(path))


def test_a_manifest_with_a_path_of_several_lines_or_thousands_of_letters_is_told_in_one(path: Path) -> None:
    for target in ("a\nb", "a" * 5000, "a/" * 5000):
        manifest = json.loads((path / "Manifest.json").read_text())
        manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]["path"] = target
        (path / "Manifest.json").write_text(json.dumps(manifest))
        message = refusal(lambda: ProgramFile.open(path))
        assert message.isprintable()
        assert len(message) < 1000


def test_what_is_read_is_read_once(path: Path) -> None:
    file = ProgramFile.open(path)
    assert file.main is file.main
    assert (file.inputs, file.outputs, file.classes) == (
        file.inputs,
        file.outputs,
        tuple(f"class {i}" for i in range(10)),
    )
    constants = {one for op in file.main.operations for some in op.operands.values() for one in some}
    assert len({constant.name for constant in constants}) == len(constants)


def test_one_file_alone_reads_models() -> None:
    house = Path(anenas.__file__).parent
    assert [file.name for file in house.rglob("*.py") if "ParseFromString" in file.read_text()] == ["_file.py"]


def test_files_of_a_size_that_no_tool_writes_are_not_read(path: Path) -> None:
    manifest = path / "Manifest.json"
    text = manifest.read_text()
    manifest.write_text(text + " " * (2**20 - len(text)))
    assert ProgramFile.open(path).inputs
    manifest.write_text(text + " " * (2**20 + 1 - len(text)))
    assert refusal(lambda: ProgramFile.open(path)) == f"{manifest} is damaged: it has no root model"
    manifest.write_text(text)
    with (path / MODEL).open("wb") as file:
        file.truncate(2**31)  # takes no place on the disk
    assert "has 2,147,483,648 bytes; a Core ML model without its weights" in refusal(lambda: ProgramFile.open(path))
