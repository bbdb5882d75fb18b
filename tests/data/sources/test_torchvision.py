from __future__ import annotations

import inspect
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas._errors import AnenasError
from anenas._torchvision import import_torchvision
from anenas.data import load_data
from anenas.data.sources.torchvision import SETS, _Set

datasets = import_torchvision().datasets


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where downloads go, in a home folder of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".cache" / "anenas"


def write_mnist(root: Path) -> None:
    """MNIST as if it had been downloaded: 20 training images and 10 test images, each as bright as its label."""
    root.mkdir(parents=True)
    for part, count in (("train", 20), ("t10k", 10)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.broadcast_to(labels[:, None, None] * 20, (count, 28, 28))
        (root / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, count, 28, 28) + images.tobytes())
        (root / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels.tobytes())


def test_a_set_with_a_train_flag_is_read(cache: Path) -> None:
    write_mnist(cache / "MNIST" / "MNIST" / "raw")
    dataset = load_data("torchvision:MNIST", size=(14, 14))
    assert (dataset.name, dataset.input_shape, dataset.flip) == ("MNIST", (1, 14, 14), False)
    assert dataset.classes[0] == "0 - zero"
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [10, 10, 10]
    for split in (dataset.train, dataset.validation, dataset.test):
        np.testing.assert_array_equal(split.inputs[:, 0, 5, 5], split.labels * 20)


def test_a_set_without_a_split_is_cut(cache: Path) -> None:
    for name in ("Forest", "River"):
        folder = cache / "EuroSAT" / "eurosat" / "2750" / name
        folder.mkdir(parents=True)
        for index in range(10):
            Image.new("RGB", (64, 64), (index, 0, 0)).save(folder / f"{index}.jpg")
    dataset = load_data("torchvision:EuroSAT", size=(32, 32))
    assert (dataset.classes, dataset.channels, dataset.flip) == (("Forest", "River"), 3, True)
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [14, 2, 4]


class FakeSVHN:
    """A set with split names, labels under `labels` and no class names, in the manner of torchvision's SVHN."""

    def __init__(self, root: Path, split: str, download: bool) -> None:
        assert download and root.is_dir()
        self.labels = np.arange({"train": 40, "test": 20}[split]) % 10

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        return Image.new("RGB", (32, 32), (int(self.labels[index]), 0, 0)), int(self.labels[index])


def test_a_set_with_split_names_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "SVHN", FakeSVHN)
    dataset = load_data("torchvision:SVHN", size=(32, 32))
    assert (dataset.classes, dataset.channels, dataset.flip) == (tuple("0123456789"), 3, False)
    assert len(dataset.test) == 20


def test_a_set_that_tells_its_labels_only_with_its_images_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class FakeGTSRB(FakeSVHN):
        def __init__(self, root: Path, split: str, download: bool) -> None:
            super().__init__(root, split, download)
            self._samples = self.labels
            del self.labels

        def __len__(self) -> int:
            return len(self._samples)

        def __getitem__(self, index: int) -> tuple[Image.Image, int]:
            return Image.new("RGB", (32, 32)), int(self._samples[index])

    monkeypatch.setattr(datasets, "GTSRB", FakeGTSRB)
    dataset = load_data("torchvision:GTSRB", size=(32, 32))
    np.testing.assert_array_equal(dataset.test.labels, np.arange(20) % 10)


def test_a_failed_download_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    with socket.socket() as nobody:  # a port that is ours and does not listen refuses at once, internet or not
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setattr(datasets.CIFAR10, "url", f"http://127.0.0.1:{nobody.getsockname()[1]}/cifar.tar.gz")
        with pytest.raises(AnenasError, match=r"torchvision could not get CIFAR10 .*check the internet") as raised:
            load_data("torchvision:CIFAR10", size=(32, 32))
    assert str(cache / "CIFAR10") in str(raised.value)
    assert "\n" not in str(raised.value)
    assert socket.getdefaulttimeout() is None


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(AnenasError, match="did you mean CIFAR10"):
        load_data("torchvision:CIFAR11", size=(32, 32))
    with pytest.raises(AnenasError, match=r"known: CIFAR10, .*USPS"):
        load_data("torchvision:", size=(32, 32))


@pytest.mark.parametrize(("name", "kind"), SETS.items())
def test_torchvision_takes_what_we_give_every_set(name: str, kind: _Set) -> None:
    takes = inspect.signature(getattr(datasets, name))
    for split in filter(None, (kind.train, kind.test)):
        takes.bind(root=Path(), download=True, **split)
    if kind.test is not None:
        assert kind.test != kind.train and kind.test.keys() == kind.train.keys()
