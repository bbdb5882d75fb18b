from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from anenas.coreml import Package, describe
from anenas.space import Architecture


def test_what_xcode_shows_is_written_and_the_program_stays(
    package: Callable[[Architecture], Package], tmp_path: Path
) -> None:
    given = package(Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n3"))
    copy = tmp_path / "copy.mlpackage"
    shutil.copytree(given.path, copy)
    describe(copy, "Tells digits apart.", version="trial 7 of mine", author="Ada", license="CC0")
    metadata = Package.open(copy).model.description.metadata
    told = (metadata.shortDescription, metadata.versionString, metadata.author, metadata.license)
    assert told == ("Tells digits apart.", "trial 7 of mine", "Ada", "CC0")
    assert dict(metadata.userDefined) == given.metadata
    assert Package.open(copy).model.mlProgram == given.model.mlProgram
    assert sorted(path.name for path in copy.rglob("*")) == sorted(path.name for path in given.path.rglob("*"))
