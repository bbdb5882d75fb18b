from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.search.executors.cluster import _folders
from anenas.search.executors.cluster._folders import pack, unpack


def test_a_folder_arrives_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "model.mlpackage" / "Data").mkdir(parents=True)
    (source / "model.mlpackage" / "Data" / "weights").write_bytes(bytes(1000))
    (source / "empty").touch()
    unpack(pack(source), tmp_path / "target")
    assert sorted(p.relative_to(tmp_path / "target").as_posix() for p in (tmp_path / "target").rglob("*")) == [
        "empty",
        "model.mlpackage",
        "model.mlpackage/Data",
        "model.mlpackage/Data/weights",
    ]
    assert (tmp_path / "target" / "model.mlpackage" / "Data" / "weights").read_bytes() == bytes(1000)


def test_what_a_folder_held_before_is_gone(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "checkpoint").touch()
    unpack(pack(tmp_path / "source"), tmp_path / "target")
    assert list((tmp_path / "target").iterdir()) == []


def test_an_archive_that_leaves_its_folder_changes_nothing(tmp_path: Path) -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../outside"))
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "before").touch()
    with pytest.raises(tarfile.FilterError):
        unpack(written.getvalue(), tmp_path / "target")
    assert [path.name for path in tmp_path.rglob("*")] == ["target", "before"]


def test_more_than_a_trial_may_leave_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_folders, "MOST_BYTES", 1000)
    (tmp_path / "weights").write_bytes(bytes(1001))
    with pytest.raises(AnenasError, match="GB of files; at most"):
        pack(tmp_path)
