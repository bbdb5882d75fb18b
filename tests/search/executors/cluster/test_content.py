"""On a cluster in this process; what is kept on a machine of its own is in `test_executor.py`."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from anenas._errors import AnenasError
from anenas.search.executors.cluster._content import _finish, _kept, _receive, digest_of, find_content, send_content


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def worker(cluster: Client) -> str:
    (address,) = cluster.scheduler_info()["workers"]
    return str(address)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of whoever runs the workers."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def content(home: Path) -> Path:
    return home / ".cache" / "anenas" / "content"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of files, given by name."""

    def write(name: str, files: dict[str, bytes]) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file, written in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(written)
        return folder

    return write


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Watched:
    """A client that notes what is sent, and to whom."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.sizes: list[int] = []
        self.workers: list[list[str]] = []

    def run(self, function: Callable[..., object], *arguments: Any, workers: list[str]) -> object:
        self.workers.append(workers)
        self.sizes += [len(one) for one in arguments if isinstance(one, bytes)]
        return self._client.run(function, *arguments, workers=workers)


FILES = {"deep/er/set": b"the set", "labels": b"the labels", "empty": b""}


def test_a_digest_is_that_of_names_and_bytes_alone(write: Callable[..., Path]) -> None:
    one, other = write("one", FILES), write("other", dict(reversed(FILES.items())))
    (other / "nothing").mkdir()
    os.utime(other / "labels", (0, 0))
    assert digest_of(one) == digest_of(other)


@pytest.mark.parametrize(
    "changed",
    [
        {**FILES, "labels": b"the labelS"},
        {**FILES, "empty": b"\n"},
        {**FILES, "more": b""},
        {"deep/er/set": b"the set", "labels": b"the labels"},
        {"deep/set": b"the set", "labels": b"the labels", "empty": b""},
        {"deep/er/set": b"the labels", "labels": b"the set", "empty": b""},
        {"deep/er/set": b"the se", "labels": b"tthe labels", "empty": b""},
    ],
)
def test_other_names_or_bytes_have_another_digest(write: Callable[..., Path], changed: dict[str, bytes]) -> None:
    assert digest_of(write("one", FILES)) != digest_of(write("other", changed))


def test_every_byte_of_a_long_file_counts(write: Callable[..., Path]) -> None:
    long = bytes(2**23) + b"ends so"
    assert digest_of(write("one", {"set": long})) != digest_of(write("other", {"set": long[:-1] + b"O"}))


def test_what_is_sent_is_found_by_its_digest_and_whole(
    cluster: Client, worker: str, write: Callable[..., Path], content: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    folder = write("data", {**FILES, "long": bytes(range(256)) * 6000})
    digest, client = digest_of(folder), Watched(cluster)
    assert find_content(digest) is None
    send_content(folder, digest, client, worker)
    assert find_content(digest) == content / digest and read(content / digest) == read(folder)
    assert [path.name for path in content.iterdir()] == [digest], "what was under way is gone"
    told = [one.getMessage() for one in caplog.records if one.name.startswith("anenas.")]
    assert told == [f"sending the data to the machine of {worker}, 2 MB"]
    assert {tuple(one) for one in client.workers} == {(worker,)}


def test_what_is_there_is_not_sent_again(cluster: Client, worker: str, write: Callable[..., Path]) -> None:
    folder = write("data", FILES)
    digest = digest_of(folder)
    send_content(folder, digest, cluster, worker)
    client = Watched(cluster)
    send_content(folder, digest, client, worker)
    assert client.sizes == [] and client.workers == [[worker]]


def test_a_large_file_is_sent_in_parts_of_8_mib(cluster: Client, worker: str, write: Callable[..., Path]) -> None:
    part = 8 * 2**20
    folder = write("data", {"a": b"x" * part, "b": b"y" * (part + 1), "c": b"z"})
    client = Watched(cluster)
    send_content(folder, digest_of(folder), client, worker)
    assert client.sizes == [part, part, 1, 1]
    found = find_content(digest_of(folder))
    assert found and read(found) == read(folder)


def test_an_empty_folder_arrives_as_one(cluster: Client, worker: str, write: Callable[..., Path]) -> None:
    folder = write("data", {})
    send_content(folder, digest_of(folder), cluster, worker)
    found = find_content(digest_of(folder))
    assert found and found.is_dir() and read(found) == {}


def test_what_is_changed_on_its_way_is_refused_and_leaves_nothing(
    cluster: Client, worker: str, write: Callable[..., Path], content: Path
) -> None:
    folder = write("data", FILES)
    digest = digest_of(folder)
    (folder / "labels").write_bytes(b"others")
    with pytest.raises(AnenasError) as raised:
        send_content(folder, digest, cluster, worker)
    assert str(raised.value) == f"{worker} cannot keep the data: it was changed in transit"
    assert find_content(digest) is None and list(content.iterdir()) == []


def test_a_machine_that_can_keep_nothing_is_told_with_why(
    cluster: Client, worker: str, write: Callable[..., Path], home: Path
) -> None:
    (home / ".cache").mkdir()
    (home / ".cache" / "anenas").write_text("a file where a folder should be")
    folder = write("data", FILES)
    with pytest.raises(AnenasError) as raised:
        send_content(folder, digest_of(folder), cluster, worker)
    assert str(raised.value) == f"{worker} cannot keep the data: Not a directory"


def test_of_two_that_are_sent_at_once_the_first_to_arrive_is_kept(write: Callable[..., Path], content: Path) -> None:
    digest = digest_of(write("data", {"set": b"the set"}))
    for part in (b"the ", b"set"):
        for place in ("one", "other"):
            _receive(digest, place, "set", part)
    _finish(digest, "one")
    first = (content / digest).stat().st_ino
    _finish(digest, "other")
    assert (content / digest).stat().st_ino == first and [path.name for path in content.iterdir()] == [digest]


def kept(content: Path, name: str, size: int, used: float) -> Path:
    """Content of that many bytes, of which a disk holds none, that was used so long ago."""
    (content / name).mkdir(parents=True)
    with (content / name / "set").open("wb") as file:
        file.truncate(size)
    os.utime(content / name, (used, used))
    return content / name


def arrive(folder: Path) -> Path:
    digest = digest_of(folder)
    for name, written in read(folder).items():
        _receive(digest, "place", name, written)
    _finish(digest, "place")
    return _kept(digest)


@pytest.mark.parametrize(("too_many", "stays"), [(0, True), (1, False)])
def test_a_machine_keeps_50_gb(write: Callable[..., Path], content: Path, too_many: int, stays: bool) -> None:
    old = kept(content, "old", 50 * 10**9 - 10 + too_many, 0)
    new = arrive(write("data", {"set": b"ten bytes."}))
    assert (old.is_dir(), new.is_dir()) == (stays, True)


def test_what_was_not_used_for_longest_goes_first(write: Callable[..., Path], content: Path) -> None:
    names = ["d", "b", "c", "a"]  # not in the order of anything else
    folders = {name: kept(content, name, 15 * 10**9, 1000.0 * i) for i, name in enumerate(names)}
    assert find_content("d") == folders["d"]
    new = arrive(write("data", FILES))
    assert {path.name for path in content.iterdir()} == {"a", "c", "d", new.name}


def test_content_is_in_the_user_s_cache_or_in_a_temporary_folder_where_that_cannot_be_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, elsewhere = (folder / "anenas/content/x" for folder in (home / ".cache", Path(tempfile.gettempdir())))
    assert _kept("x") == ours
    (home / ".cache").mkdir()
    assert _kept("x") == ours
    refused = [str(home / ".cache")]
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) not in refused)
    assert _kept("x") == elsewhere
    (home / ".cache").rmdir()
    assert _kept("x") == ours
    refused.append(str(home))
    assert _kept("x") == elsewhere
