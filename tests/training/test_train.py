from __future__ import annotations

import contextlib
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from anenas._errors import AnenasError
from anenas.blocks import block_kind
from anenas.data import Dataset, Split
from anenas.inputs import IMAGES, SERIES
from anenas.inputs._images import shifted
from anenas.network import Normalisation
from anenas.network._build import build_stage
from anenas.space import Stage
from anenas.tasks import CLASSIFICATION
from anenas.training import TrainingError, accuracy, brief_epochs, pick_device, train, visible_gpus
from anenas.training._train import PEAK_LEARNING_RATE, _one_cycle

NORMALISE = Normalisation((0.5,), (0.25,))


def mirrored(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return shifted(batch, True, rng)


def as_it_is(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return batch


def bright_and_dark(count: int = 256) -> Split:
    """Class 1 is bright, class 0 dark."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    images = (rng.integers(0, 100, (count, 1, 8, 8)) + 155 * labels[:, None, None, None]).astype(np.uint8)
    return Split(images, labels.astype(np.int64))


def small_network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2))


class _OnPixels(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network(NORMALISE(pixels))


def test_it_learns_what_can_be_learned() -> None:
    network = small_network()
    curve = train(network, bright_and_dark(), NORMALISE, epochs=3, augment=mirrored)
    assert curve[-1][1] < curve[0][1]
    assert accuracy(_OnPixels(network).eval(), bright_and_dark(64)) == 1.0


def rising_and_falling(count: int = 256) -> Split:
    """Class 1 rises, class 0 falls, both from values far from zero."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    slope = np.linspace(-10, 10, 16) * (2 * labels[:, None] - 1)
    series = 300 + slope[:, None, None] + rng.standard_normal((count, 1, 1, 16))
    return Split(series.astype(np.float32), labels.astype(np.int64))


def test_it_learns_series_too() -> None:
    torch.manual_seed(0)
    network = build_stage(Stage(block_kind("min_gru")(), 1, 1, 16), 1).append(nn.Sequential(nn.Flatten()))
    network.append(nn.Linear(16 * 16, 2))
    normalise = Normalisation((300 / 255,), (6 / 255,))
    train(network, rising_and_falling(), normalise, epochs=4, augment=as_it_is)
    network.insert(0, _Normalised(normalise))
    assert accuracy(network.eval(), rising_and_falling(64)) == 1.0


class _Normalised(nn.Module):
    def __init__(self, normalise: Normalisation) -> None:
        super().__init__()
        self.normalise = normalise

    def forward(self, series: torch.Tensor) -> torch.Tensor:
        return self.normalise(series)


@pytest.mark.parametrize(("count", "epochs"), [(100, 160), (858, 19), (8000, 2), (50_000, 2)])
def test_brief_training_is_five_hundred_steps_and_two_epochs(count: int, epochs: int) -> None:
    labels = np.zeros(count, np.int64)
    for kind, dtype in ((SERIES, np.float32), (IMAGES, np.uint8)):
        split = Split(np.zeros((count, 1, 1, 2), dtype), labels)
        assert brief_epochs(Dataset("some", ("a",), split, split, split, kind=kind)) == epochs


def test_images_are_drawn_as_often_as_is_said() -> None:
    """Of 240 dark images and 16 bright ones half of those that are seen are bright, in each epoch others."""
    labels = np.arange(256) // 240
    split = Split(np.arange(256, dtype=np.uint8)[:, None, None, None].repeat(64, 1).reshape(256, 1, 8, 8), labels)
    seen: list[int] = []

    def looking(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.extend(batch[:, 0, 0, 0])
        return batch

    train(small_network(), split, NORMALISE, epochs=2, augment=looking, draws=CLASSIFICATION.draws(labels))
    trained = np.array(seen[:512])  # what follows settles normalisation
    assert (trained >= 240).mean() == pytest.approx(0.5, abs=0.1)
    assert sorted(trained[:256]) != sorted(trained[256:])


def test_every_epoch_has_each_image_once_in_an_order_of_its_own() -> None:
    split = Split(
        np.arange(128, dtype=np.uint8)[:, None, None, None].repeat(64, 1).reshape(128, 1, 8, 8), np.arange(128) % 2
    )

    def orders(seed: int) -> list[list[frozenset[int]]]:
        """What the batches of each of three epochs hold."""
        seen: list[frozenset[int]] = []

        def looking(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            seen.append(frozenset(batch[:, 0, 0, 0].tolist()))
            return batch

        train(small_network(), split, NORMALISE, epochs=3, augment=looking, seed=seed)
        return [seen[4 * epoch : 4 * epoch + 4] for epoch in range(3)]

    first = orders(1)
    assert all(frozenset.union(*epoch) == set(range(128)) for epoch in first)
    assert first[0] != first[1] != first[2] != first[0]
    assert orders(2)[0] != first[0]


def test_each_epoch_augments_in_its_own_way() -> None:
    drawn: list[float] = []

    def looking(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        drawn.append(rng.random())
        return batch

    train(small_network(), bright_and_dark(64), NORMALISE, epochs=2, augment=looking)
    assert len(set(drawn[:4])) == 4


def test_the_loss_curve_has_about_fifty_points_and_ends_at_the_last_step() -> None:
    curve = train(small_network(), bright_and_dark(2000), NORMALISE, epochs=2, augment=as_it_is)
    assert 40 <= len(curve) <= 70
    assert curve[-1][0] == 2 * (2000 // 32)


def test_equal_seeds_give_equal_weights() -> None:
    def trained(seed: int) -> list[torch.Tensor]:
        network = small_network()
        train(network, bright_and_dark(), NORMALISE, epochs=1, augment=mirrored, seed=seed)
        return [p.detach().clone() for p in network.parameters()]

    assert all(torch.equal(a, b) for a, b in zip(trained(1), trained(1), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(trained(1), trained(2), strict=True))


def test_a_loss_that_is_not_finite_stops_at_once() -> None:
    network = small_network()
    with torch.no_grad():
        network[0].weight.fill_(float("inf"))  # type: ignore[index, union-attr, operator]
    with pytest.raises(TrainingError, match="the loss became nan at step 1 of"):
        train(network, bright_and_dark(), NORMALISE, epochs=2, augment=as_it_is)


def test_fewer_images_than_a_batch_are_trained_on_all_the_same() -> None:
    assert train(small_network(), bright_and_dark(10), NORMALISE, epochs=4, augment=as_it_is)[-1][0] == 4


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_while_it_trains_and_no_longer_cudnn_computes_the_same_each_time(
    monkeypatch: pytest.MonkeyPatch, before: bool, fails: bool
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", before)
    seen: list[bool] = []

    def looking(step: int, steps: int) -> None:
        seen.append(torch.backends.cudnn.deterministic)
        if fails:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) if fails else contextlib.nullcontext():
        train(small_network(), bright_and_dark(64), NORMALISE, epochs=1, augment=as_it_is, on_step=looking)
    assert set(seen) == {True} and torch.backends.cudnn.deterministic is before


def test_a_processor_computes_in_full_precision() -> None:
    network, seen = small_network(), set()
    network.register_forward_hook(lambda _, taken, made: seen.update({taken[0].dtype, made.dtype}))
    train(network, bright_and_dark(64), NORMALISE, epochs=1, augment=as_it_is)
    assert seen == {torch.float32}


def test_points_of_the_loss_curve_are_means_of_the_losses_since_the_one_before() -> None:
    losses: list[float] = []

    def noted(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss = nn.functional.cross_entropy(logits, labels)
        losses.append(loss.item())
        return loss

    curve = train(small_network(), bright_and_dark(1280), NORMALISE, epochs=4, augment=as_it_is, loss_of=noted)
    before = 0
    for step, loss in curve:
        assert loss == pytest.approx(np.mean(losses[before:step]))
        before = step
    assert before == len(losses) == 160


def test_weights_decay_and_what_shifts_and_scales_does_not() -> None:
    """Where there is no gradient, decay alone is left: by the learning rate of each step, times 0.02."""
    network = small_network()
    nn.init.constant_(network.get_parameter("1.weight"), 0.5)
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    train(network, bright_and_dark(), NORMALISE, epochs=1, augment=as_it_is, loss_of=lambda logits, _: logits.sum() * 0)
    rates = [_one_cycle(step, 8)[0] * PEAK_LEARNING_RATE for step in range(8)]
    shrunk = math.prod(1 - 0.02 * rate for rate in rates)
    for name, parameter in network.named_parameters():
        assert torch.allclose(parameter, before[name] * (shrunk if parameter.ndim > 1 else 1), rtol=1e-6), name


def test_accuracy_counts_the_images_behind_the_last_full_batch() -> None:
    class AlwaysOne(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return torch.tensor([[0.0, 1.0]]).repeat(len(pixels), 1)

    labels = np.array([1] * 64 + [0] * 7, np.int64)
    assert accuracy(AlwaysOne(), Split(np.zeros((71, 1, 2, 2), np.uint8), labels)) == 64 / 71


def test_scores_that_are_not_finite_are_no_accuracy() -> None:
    class Broken(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return torch.full((len(pixels), 2), float("nan"))

    with pytest.raises(TrainingError, match="not finite"):
        accuracy(Broken(), bright_and_dark(8))


def test_the_processor_is_always_there() -> None:
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(("name", "message"), [("gpu", "unknown device 'gpu'"), ("cuda:99", "is not available")])
def test_a_device_that_is_not_there_is_one_clear_line(name: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        pick_device(name)


def test_a_gpu_is_picked_where_there_is_one_and_only_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert pick_device() == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device() == torch.device("cuda")
    assert [pick_device(f"cuda:{i}").index for i in range(2)] == [0, 1]
    with pytest.raises(AnenasError, match=r"'cuda:2' is not available; this machine has cpu, cuda$"):
        pick_device("cuda:2")
    for name in ("cpu:1", "mps", "meta", "xla"):  # torch has kinds that are no place to train, and that are not here
        with pytest.raises(AnenasError, match=f"'{name}' is not available; this machine has cpu, cuda$"):
            pick_device(name)


@pytest.mark.parametrize(("visible", "names"), [(None, ["0", "1", "2"]), ("7,5,6", ["7", "5", "6"])])
def test_gpus_are_named_as_the_driver_names_them(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, names: list[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_gpus(torch.device("cuda")) == names
    assert [visible_gpus(torch.device("cuda", i)) for i in range(3)] == [[name] for name in names]


def test_after_few_steps_normalisation_knows_what_it_sees() -> None:
    network, split = small_network(), bright_and_dark()
    train(network, split, NORMALISE, epochs=1, augment=as_it_is)
    seen = network.get_submodule("0")(NORMALISE(torch.from_numpy(split.inputs))).mean((0, 2, 3))
    assert torch.allclose(network.get_buffer("1.running_mean"), seen, atol=1e-4)


# Pauses


def paused_and_continued(checkpoint: Path, *fractions: float) -> tuple[nn.Module, list[tuple[int, float]]]:
    for fraction in fractions:
        network = small_network()
        curve = train(
            network,
            bright_and_dark(),
            NORMALISE,
            epochs=2,
            augment=mirrored,
            budget_fraction=fraction,
            checkpoint=checkpoint,
        )
    return network, curve


def test_a_training_that_was_paused_ends_where_one_without_a_pause_ends(tmp_path: Path) -> None:
    straight, curve = paused_and_continued(tmp_path / "straight", 1.0)
    paused, curve_paused = paused_and_continued(tmp_path / "paused", 0.3, 0.6, 1.0)
    assert all(
        torch.equal(a, b) for a, b in zip(straight.state_dict().values(), paused.state_dict().values(), strict=True)
    )
    assert curve == curve_paused


def test_a_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    steps: list[int] = []
    paused_and_continued(tmp_path / "c", 0.5)
    train(
        small_network(),
        bright_and_dark(),
        NORMALISE,
        epochs=2,
        augment=mirrored,
        checkpoint=tmp_path / "c",
        on_step=lambda step, of: steps.append(step),
    )
    assert steps == list(range(9, 17))


def test_a_whole_training_leaves_no_checkpoint(tmp_path: Path) -> None:
    paused_and_continued(tmp_path / "c", 0.5)
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    paused_and_continued(tmp_path / "c", 1.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"\x02\0\0\0\0\0\0\0{}"])
def test_what_is_no_checkpoint_is_no_harm(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    straight, _ = paused_and_continued(tmp_path / "straight", 1.0)
    again, _ = paused_and_continued(tmp_path / "c", 1.0)
    assert all(torch.equal(a, b) for a, b in zip(straight.parameters(), again.parameters(), strict=True))


def test_a_checkpoint_of_another_network_is_not_used(tmp_path: Path) -> None:
    other = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))
    train(
        other,
        bright_and_dark(),
        NORMALISE,
        epochs=2,
        augment=mirrored,
        budget_fraction=0.5,
        checkpoint=tmp_path / "c",
    )
    straight, _ = paused_and_continued(tmp_path / "straight", 1.0)
    again, _ = paused_and_continued(tmp_path / "c", 1.0)
    assert all(torch.equal(a, b) for a, b in zip(straight.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
def test_at_a_pause_the_network_is_the_mean_over_the_last_quarter_of_the_steps(tmp_path: Path, fraction: float) -> None:
    network, weights = small_network(), []

    def note(step: int, steps: int) -> None:
        weights.append({name: parameter.detach().clone() for name, parameter in network.named_parameters()})

    pause = {"budget_fraction": fraction, "checkpoint": tmp_path / "c", "on_step": note}
    train(network, bright_and_dark(512), NORMALISE, epochs=2, augment=mirrored, **pause)  # type: ignore[arg-type]
    assert len(weights) == 32 * fraction
    saved = load_file(tmp_path / "c")
    for name, parameter in network.named_parameters():
        last = [one[name] for one in weights[-len(weights) // 4 :]]
        assert torch.allclose(parameter, torch.stack(last).mean(0), atol=1e-6)
        assert torch.equal(saved[f"network.{name}"], last[-1])
    assert accuracy(_OnPixels(network.eval()), bright_and_dark(64)) == 1.0


def test_a_pause_that_a_training_has_come_past_changes_no_weight(tmp_path: Path) -> None:
    paused_and_continued(tmp_path / "c", 0.75)
    saved = load_file(tmp_path / "c")
    network, _ = paused_and_continued(tmp_path / "c", 0.25)
    assert all(torch.equal(parameter, saved[f"network.{name}"]) for name, parameter in network.named_parameters())
    assert all(torch.equal(tensor, saved[name]) for name, tensor in load_file(tmp_path / "c").items())


def test_the_learning_rate_goes_up_and_down_as_torch_has_it() -> None:
    steps = 300
    optimizer = torch.optim.AdamW([nn.Parameter(torch.zeros(1))], lr=PEAK_LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=steps, pct_start=0.3)
    for step in range(steps):
        group = optimizer.param_groups[0]
        rate, momentum = group["lr"] / PEAK_LEARNING_RATE, group["betas"][0]
        assert _one_cycle(step, steps) == pytest.approx((rate, momentum), abs=1e-9)
        optimizer.step()
        if step < steps - 1:
            schedule.step()


def test_frozen_statistics_stay_while_weights_learn() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    images = np.random.default_rng(0).integers(256, size=(64, 1, 8, 8), dtype=np.uint8)
    split, normalise = Split(images, np.arange(64) % 2), Normalisation((0.5,), (0.2,))
    train(network, split, normalise, epochs=1, augment=lambda batch, rng: batch, freeze_statistics=True)
    kept = {name for name, tensor in network.state_dict().items() if torch.equal(tensor, before[name])}
    assert kept == {"1.running_mean", "1.running_var", "1.num_batches_tracked"}


@pytest.mark.parametrize("peak", [PEAK_LEARNING_RATE, 1e-3])
def test_the_cycle_begins_with_the_first_step_and_ends_with_the_last(peak: float) -> None:
    used: list[tuple[float, float]] = []

    def note(optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
        used.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"][0]))

    hook = register_optimizer_step_pre_hook(note)
    try:
        train(small_network(), bright_and_dark(), NORMALISE, epochs=3, augment=as_it_is, learning_rate=peak)
    finally:
        hook.remove()
    steps = len(used)
    assert steps > 5
    cycle = [_one_cycle(step, steps) for step in range(steps)]
    assert used == [(rate * peak, momentum) for rate, momentum in cycle]


@pytest.mark.parametrize("steps", [1, 2, 3, 8, 100, 500, 10_000])
def test_every_cycle_is_within_its_peak_and_ends_low(steps: int) -> None:
    rates, momenta = zip(*(_one_cycle(step, steps) for step in range(steps)), strict=True)
    assert all(0 < rate <= 1 for rate in rates) and all(0.85 <= momentum <= 0.95 for momentum in momenta)
    if steps > 2:
        assert max(rates) > 0.8 and rates[-1] == pytest.approx(4e-6) and momenta[-1] == pytest.approx(0.95)
    rising = rates.index(max(rates)) + 1
    assert list(rates) == [*sorted(rates[:rising]), *sorted(rates[rising:], reverse=True)]
    if steps >= 100:
        assert rising == pytest.approx(max(0.1 * steps, min(100, 0.3 * steps)), abs=1)
