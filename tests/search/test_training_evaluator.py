"""What a trial trains and ships, in the form that its architecture names."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from anenas._errors import AnenasError
from anenas.ane import Chip
from anenas.coreml import Package, program_accuracy, program_scores
from anenas.data import PARTS, Dataset, Split, load_data
from anenas.graph import Graph
from anenas.latency import CalibratedLatency, FunctionLatency, Latency, OwnDevice, Target
from anenas.mil import ProgramFile
from anenas.network import Trainable, build
from anenas.pretrained import read_trained, save_trained
from anenas.search import (
    ARCHITECTURE,
    CHECKPOINT,
    OPERATIONS,
    PACKAGE,
    TEST_SCORES,
    VALIDATION_SCORES,
    WEIGHTS,
    Evaluation,
    TrainingEvaluator,
    TrialFiles,
    ship,
)
from anenas.search._ship import deploy
from anenas.search.executors import StepsFile, read_steps
from anenas.space import Architecture
from anenas.tasks import TASKS
from anenas.training import count_steps

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c64_k3_e4_relu-head_n3")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shades with noise on them, saved as workers open them."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    arrays = {}
    for split, count in {"train": 240, "test": 30}.items():
        labels = np.arange(count) % 3
        arrays[f"{split}_x"] = (rng.integers(0, 60, (count, 16, 16)) + 90 * labels[:, None, None]).astype(np.uint8)
        arrays[f"{split}_y"] = labels
    np.savez(folder / "data.npz", **arrays)
    load_data(str(folder / "data.npz"), size=(16, 16), channels=1).save(folder / "shared")
    return folder / "shared"


@pytest.mark.parametrize(
    ("form", "stored", "target"),
    [
        ("fp16", [], "iOS16"),
        ("palette2", ["palette2"], "iOS16"),
        ("int4-block", ["int4-block"], "iOS18"),
        ("w8a8", ["int8"], "iOS17"),
    ],
)
def test_a_trial_ships_the_form_that_was_asked_for(
    form: str, stored: list[str], target: str, data: Path, tmp_path: Path
) -> None:
    architecture = dataclasses.replace(NETWORK, form=form)
    evaluator = TrainingEvaluator((Target.named("A17 Pro"),), epochs=3, device="cpu")
    estimate, evaluation = (
        evaluator.estimate(architecture),
        evaluator.evaluate(architecture, TrialFiles(tmp_path, data)),
    )
    package, held_out = Package.open(tmp_path / PACKAGE), Dataset.open(data, PARTS).validation
    assert (package.stored_forms, package.target) == (stored, target)
    assert evaluation.score == program_accuracy(package, held_out.inputs, held_out.labels)
    assert evaluation.estimate.latency.ms == pytest.approx(estimate.latency.ms, rel=0.02)
    assert evaluation.estimate.size_mb == pytest.approx(estimate.size_mb, rel=0.1)
    assert package.metadata["anenas.architecture"] == str(architecture)
    assert evaluation.verified["fp16_difference"] < (0.1 if form in ("fp16", "w8a8") else np.inf)
    assert Evaluation.from_dict(evaluation.to_dict()) == evaluation


def test_a_test_leaves_the_scores_that_its_accuracy_is_of(data: Path, tmp_path: Path) -> None:
    evaluator, files = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu"), TrialFiles(tmp_path, data)
    evaluator.evaluate(NETWORK, files)
    accuracy, test = evaluator.test(NETWORK, files), Dataset.open(data, PARTS).test
    scores = np.load(tmp_path / TEST_SCORES, allow_pickle=False)
    assert accuracy == np.mean(scores.argmax(1) == test.labels)
    # Nothing is lost: the program has rounded them to float16.
    np.testing.assert_array_equal(scores, program_scores(Package.open(tmp_path / PACKAGE), test.inputs))


def test_a_trial_leaves_the_scores_of_the_validation_inputs_that_it_is_judged_by(data: Path, tmp_path: Path) -> None:
    evaluator, files = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu"), TrialFiles(tmp_path, data)
    found, held_out = evaluator.evaluate(NETWORK, files), Dataset.open(data, PARTS).validation
    scores = np.load(tmp_path / VALIDATION_SCORES, allow_pickle=False)
    assert scores.dtype == np.float16 and found.score == np.mean(scores.argmax(1) == held_out.labels)


@pytest.mark.parametrize("form", ["fp16", "palette4", "w8a8"])
def test_a_trial_parses_its_package_once_and_what_was_compressed_of_it_once(
    form: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    inner = ProgramFile.open.__func__  # type: ignore[attr-defined]
    monkeypatch.setattr(ProgramFile, "open", classmethod(lambda cls, path: opened.append(path) or inner(cls, path)))
    evaluator = TrainingEvaluator((Target.named("A17 Pro"), Target.named("A15")), epochs=1, device="cpu")
    evaluator.evaluate(dataclasses.replace(NETWORK, form=form), TrialFiles(tmp_path, data))
    assert opened == [tmp_path / PACKAGE] * (2 if form == "palette4" else 1)


@pytest.mark.parametrize("form", ["fp16", "palette4", "w8a8"])
def test_a_network_that_overflows_ships_in_no_form(form: str, data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    dataset = Dataset.open(data, PARTS)
    network = build(NETWORK).eval()
    with torch.no_grad():
        network.stem[0].bn1.weight *= 1e6  # type: ignore[index,union-attr,operator]
    architecture = dataclasses.replace(NETWORK, form=form)
    images = dataset.validation.inputs[:4]
    with pytest.raises(AnenasError, match="in float16"):
        ship(
            deploy(network, architecture, dataset), architecture, dataset, tmp_path / PACKAGE, images, epochs=1, seed=0
        )


def test_a_trial_that_was_paused_ends_as_one_that_was_not(data: Path, tmp_path: Path) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=3, device="cpu")
    straight, paused = tmp_path / "straight", tmp_path / "paused"
    straight.mkdir()
    paused.mkdir()
    whole = evaluator.evaluate(NETWORK, TrialFiles(straight, data))
    part = evaluator.evaluate(NETWORK, TrialFiles(paused, data), 0.5)
    assert [path.name for path in paused.iterdir()] == [CHECKPOINT]
    assert (part.budget_fraction, part.estimate.size_mb) == (0.5, evaluator.estimate(NETWORK).size_mb)
    continued = evaluator.evaluate(NETWORK, TrialFiles(paused, data), 1.0)
    assert (paused / WEIGHTS).read_bytes() == (straight / WEIGHTS).read_bytes()
    assert (continued.score, continued.losses) == (whole.score, whole.losses)
    assert not (paused / CHECKPOINT).exists()


def test_a_trial_tells_its_steps_while_it_trains(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int] | None] = []
    call = StepsFile.__call__

    def told_and_read(self: StepsFile, step: int, steps: int) -> None:
        call(self, step, steps)
        told.append(read_steps(tmp_path))

    monkeypatch.setattr(StepsFile, "__call__", told_and_read)
    TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu").evaluate(NETWORK, TrialFiles(tmp_path, data))
    assert told[0] == (1, len(told)) and told[-1] == (len(told), len(told))
    assert read_steps(tmp_path) is None and not list(tmp_path.glob(".steps*"))


def test_a_trial_begins_with_the_weights_that_another_left(data: Path, tmp_path: Path) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu")
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    alone = evaluator.evaluate(NETWORK, TrialFiles(first, data))
    heir = evaluator.evaluate(NETWORK, TrialFiles(second, data, first / WEIGHTS))
    assert (alone.inherited, heir.inherited) == (0, 1)
    assert heir.losses[0][1] < alone.losses[0][1]


def test_only_estimates_of_the_model_for_a_chip_follow_a_device_that_measured_it() -> None:
    device = OwnDevice("measured", "A15", CalibratedLatency.model, 3.0, 3.0, 1.25, 7)
    plain, other = Target.named("A15"), Target.named("M2")
    own = Target("my-phone", plain.chip, CalibratedLatency(dataclasses.replace(device, name="my-phone", scale=2.0)))
    told = Target("A15", plain.chip, FunctionLatency(lambda graph, chip: 1.0, name="mine", version="1"))
    before = TrainingEvaluator((plain, other), epochs=1)
    after = before.adapted(device)
    assert after is not None
    was, now = (one.estimate(NETWORK).latency_by_chip for one in (before, after))
    assert now["A15"].ms == pytest.approx(3 * was["A15"].ms) and now["M2"] == was["M2"]
    for one in (own, told):
        assert TrainingEvaluator((one, other), epochs=1).adapted(device) is None


def test_final_training_goes_on_from_the_trial_s_weights_until_a_cycle_makes_it_no_better(
    data: Path, tmp_path: Path
) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu")
    final, again, more = tmp_path / "final", tmp_path / "again", tmp_path / "more"
    for folder in (final, again, more):
        folder.mkdir()
    torch.manual_seed(0)
    begun = tmp_path / WEIGHTS
    save_file(build(NETWORK).state_dict(), begun)
    done: list[int] = []
    after = evaluator.finish(
        NETWORK, TrialFiles(final, data, begun), (2, 4, 50, 100), lambda step, steps: done.append(steps)
    )
    assert after and after.score == 1.0  # three shades are soon told apart
    assert after.trained_steps < 6 * 156 and max(done) < 6 * 100
    assert after.trained_steps == after.total_steps == after.losses[-1][0] > 0
    assert [step for step, _ in after.losses] == sorted(step for step, _ in after.losses)
    assert {path.name for path in final.iterdir()} == {WEIGHTS, ARCHITECTURE, OPERATIONS, PACKAGE, VALIDATION_SCORES}
    assert evaluator.test(NETWORK, TrialFiles(final, data)) > 0.9
    evaluator.finish(NETWORK, TrialFiles(again, data, begun), (2, 4, 50, 100))
    assert (again / WEIGHTS).read_bytes() == (final / WEIGHTS).read_bytes()
    assert evaluator.finish(NETWORK, TrialFiles(more, data, final / WEIGHTS), (1,)) is None
    assert not list(more.iterdir())


def test_final_training_learns_from_the_network_of_a_larger_input_that_teaches(data: Path, tmp_path: Path) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu")
    larger = Architecture.parse(str(NETWORK).replace("16x16", "32x32"))
    torch.manual_seed(0)
    begun, teacher, dataset = tmp_path / WEIGHTS, tmp_path / "teacher.safetensors", Dataset.open(data, PARTS)
    save_file(build(NETWORK).state_dict(), begun)
    save_trained(teacher, larger, build(larger).state_dict(), dataset.mean, dataset.std)
    losses = []
    for name, files in {"alone": (), "taught": (teacher,)}.items():
        (tmp_path / name).mkdir()
        after = evaluator.finish(NETWORK, TrialFiles(tmp_path / name, data, begun, *files), (2,))
        assert after
        losses.append(after.losses)
    assert losses[0] != losses[1]
    with pytest.raises(AnenasError, match="does not say which network it contains"):
        evaluator.finish(NETWORK, TrialFiles(tmp_path / "taught", data, begun, begun), (2,))


def test_a_paused_trial_that_inherited_ends_as_one_that_was_not_paused(data: Path, tmp_path: Path) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu")
    for name in ("donor", "straight", "paused"):
        (tmp_path / name).mkdir()
    evaluator.evaluate(NETWORK, TrialFiles(tmp_path / "donor", data))
    donor = tmp_path / "donor" / WEIGHTS
    whole = evaluator.evaluate(NETWORK, TrialFiles(tmp_path / "straight", data, donor))
    evaluator.evaluate(NETWORK, TrialFiles(tmp_path / "paused", data, donor), 0.5)
    continued = evaluator.evaluate(NETWORK, TrialFiles(tmp_path / "paused", data, donor), 1.0)
    assert (tmp_path / "paused" / WEIGHTS).read_bytes() == (tmp_path / "straight" / WEIGHTS).read_bytes()
    assert continued.score == whole.score


@pytest.mark.parametrize("task", ["multilabel", "regression"])
def test_other_tasks_are_trained_exported_and_judged(task: str, data: Path, tmp_path: Path) -> None:
    """Of the three shades: which two of three each is among, or how light it is, by two numbers."""
    known = Dataset.open(data, PARTS)

    def relabelled(split: Split) -> Split:
        shade = split.labels
        several = np.stack([shade > 0, shade < 2], axis=1).astype(np.uint8)
        numbers = np.stack([1e5 + 1e3 * shade, 1.0 - shade], axis=1).astype(np.float32)
        return Split(np.array(split.inputs), several if task == "multilabel" else numbers)

    splits = [relabelled(split) for split in (known.train, known.validation, known.test)]
    names = ("light", "dark") if task == "multilabel" else ("lux", "shade")
    Dataset("shades", names, *splits, kind=known.kind, task=TASKS[task]).save(tmp_path / "data")
    head = dataclasses.replace(NETWORK.head, classes=len(names))
    network, metric = dataclasses.replace(NETWORK, head=head), TASKS[task].metrics[0]
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=10, device="cpu", metric=metric)
    (tmp_path / "trial").mkdir()
    files = TrialFiles(tmp_path / "trial", tmp_path / "data")
    found = evaluator.evaluate(network, files)
    assert (found.metric, found.less_is_better) == (metric, task == "regression")
    assert set(found.metrics) == set(TASKS[task].metrics) and set(found.errors) == {metric}
    assert found.score > 0.9 if task == "multilabel" else found.score < 200  # always the mean: 408
    assert evaluator.test(network, files) == pytest.approx(found.score, abs=0.1 if task == "multilabel" else 75)
    kept = [np.load(files.folder / name, allow_pickle=False) for name in (TEST_SCORES, VALIDATION_SCORES)]
    assert {one.dtype for one in kept} == {np.dtype(np.float32 if task == "regression" else np.float16)}


def test_a_network_that_has_learned_before_is_trained_for_three_tenths_of_the_epochs_but_one_at_least() -> None:
    pretrained = Architecture.parse("1x3x96x96-timm:tf_efficientnet_lite0:blocks.4_c112-head_n10")
    for epochs, fewer in ((10, 3), (5, 2), (1, 1)):
        evaluator = TrainingEvaluator((Target.named("A15"),), epochs=epochs, device="cpu")
        assert (evaluator.epochs_of(pretrained), evaluator.epochs_of(NETWORK)) == (fewer, epochs)


def test_a_probe_looks_at_images_of_the_size_of_its_network(tmp_path: Path) -> None:
    """The same whether the search holds other sizes, too, or this one alone; and not the same at another."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = (rng.integers(0, 128, (40, 64, 32, 3)) + 100 * labels[:, None, None, None]).astype(np.uint8)
    np.savez(tmp_path / "data.npz", train_x=images, train_y=labels, test_x=images[:8], test_y=labels[:8])
    known = load_data(str(tmp_path / "data.npz"), size=(64, 32), channels=3)
    known.save_sizes(tmp_path / "several", [(32, 64)])
    known.resized(32, 64).save(tmp_path / "one")
    donor, name = tmp_path / "donor.safetensors", "timm:tf_efficientnet_lite0:blocks.1_c24-head_n2"
    networks = [Architecture.parse(f"1x3x{size}-{name}") for size in ("32x64", "64x32")]
    torch.manual_seed(0)
    save_file(build(networks[0].with_whole_backbone()).state_dict(), donor)
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=1, device="cpu")

    def probe(network: Architecture, data: str) -> np.ndarray:
        [found] = evaluator.probe([network], TrialFiles(tmp_path, tmp_path / data, donor))
        return found.weight

    weight = probe(networks[0], "several")
    np.testing.assert_array_equal(weight, probe(networks[0], "one"))
    assert not np.allclose(weight, probe(networks[1], "several"))


class Unknowing:
    """A latency source that knows no program."""

    name, version = "shelf", "1"

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        raise AnenasError("no such operation on the shelf")


def test_a_latency_that_nobody_knows_is_a_rule_that_is_broken_and_the_others_are_known() -> None:
    known, unknown = Target.named("M2"), Target("mine", Target.named("A15").chip, Unknowing())
    whole = TrainingEvaluator((known,), epochs=1).estimate(NETWORK)
    both = TrainingEvaluator((known, unknown), epochs=1).estimate(NETWORK)
    assert both.broken_rules == ("latency: no such operation on the shelf",)
    assert list(both.latency_by_chip) == ["M2", "mine"] and both.latency == whole.latency
    lost = both.latency_by_chip["mine"]
    assert (lost.ms, lost.low_ms, lost.high_ms, lost.chip, lost.source) == (np.inf, np.inf, np.inf, "A15", "shelf")
    assert dataclasses.replace(both, latency_by_chip=whole.latency_by_chip, broken_rules=()) == whole


def test_a_training_in_part_says_so_and_measures_no_more_than_what_is_asked_for(data: Path, tmp_path: Path) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=3, device="cpu", limited=("macro_f1",))
    told: list[tuple[int, int]] = []
    torch.manual_seed(5)
    before = torch.get_rng_state()
    part = evaluator.evaluate(NETWORK, TrialFiles(tmp_path, data), 0.5, lambda step, steps: told.append((step, steps)))
    assert torch.equal(torch.get_rng_state(), before)
    steps = count_steps(Dataset.open(data, PARTS).train, 3)
    assert told == [(step, steps) for step in range(1, round(0.5 * steps) + 1)]
    assert (part.budget_fraction, part.trained_steps, part.total_steps) == (0.5, len(told), len(told))
    assert (part.epochs, part.inherited, part.donor, part.teacher, part.verified) == (0, 0.0, None, None, {})
    assert part.metrics.keys() == part.errors.keys() == {"accuracy", "macro_f1"}
    assert part.score == part.metrics["accuracy"] and part.held_out == len(Dataset.open(data, PARTS).validation)
    assert part.seconds.keys() == {"build", "train", "validate"} and min(part.seconds.values()) >= 0
    whole = evaluator.evaluate(NETWORK, TrialFiles(tmp_path, data))
    assert whole.metrics.keys() > {"accuracy", "macro_f1"} == whole.errors.keys()
    assert (whole.trained_steps, whole.total_steps) == (steps, steps)


def test_a_trial_leaves_its_network_its_figures_and_what_each_operation_takes(data: Path, tmp_path: Path) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"), Target.named("M2")), epochs=1, device="cpu")
    torch.manual_seed(0)
    save_file(build(NETWORK).state_dict(), tmp_path / "probe.safetensors")
    found = evaluator.evaluate(NETWORK, TrialFiles(tmp_path, data))
    assert not (tmp_path / "probe.safetensors").exists()
    assert (tmp_path / ARCHITECTURE).read_text() == f"{NETWORK}\n"
    trained = read_trained("it", tmp_path / WEIGHTS, "a trial")
    assert trained.architecture == NETWORK
    bytes_ = sum(file.stat().st_size for file in (tmp_path / PACKAGE).rglob("*") if file.is_file())
    assert found.estimate.size_mb == bytes_ / 1e6
    package = Package.open(tmp_path / PACKAGE)
    assert (found.estimate.macs, found.estimate.params) == (package.graph.macs, package.graph.parameters)
    assert list(found.estimate.latency_by_chip) == ["A15", "M2"]
    with (tmp_path / OPERATIONS).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["macs"]) for row in rows) == package.graph.macs
    assert {row["output"] for row in rows} >= {"1x16x8x8", "1x64x4x4", "1x3"}
    on_engine = sum(float(row["microseconds"]) for row in rows if row["on_engine"] == "True")
    share = on_engine / sum(float(row["microseconds"]) for row in rows)
    assert found.estimate.residency == pytest.approx(share, abs=0.01)
    assert found.verified.keys() == {"fp32_difference", "fp16_difference", "fp16_agreement"}
    assert 0 <= found.verified["fp32_difference"] < found.verified["fp16_difference"] < 0.1


class Prepared:
    """A training of one's own that makes of a network what was prepared, one call after the other."""

    def __init__(self, *states: dict[str, torch.Tensor]) -> None:
        self._states, self.epochs = iter(states), list[float]()

    def __call__(self, network: torch.nn.Module, dataset: Dataset, epochs: float, folder: Path) -> None:
        self.epochs.append(epochs)
        assert isinstance(network, Trainable)
        network.network.load_state_dict(next(self._states))


@pytest.fixture(scope="module")
def states(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, torch.Tensor]]:
    """Of networks that know one class, two, and all three."""
    folder = tmp_path_factory.mktemp("trained")
    evaluator = TrainingEvaluator((Target.named("A15"),), epochs=4, device="cpu")
    assert evaluator.evaluate(NETWORK, TrialFiles(folder, data)).score == 1.0
    whole = load_file(folder / WEIGHTS)
    bias = [name for name, tensor in whole.items() if tensor.shape == (3,)][-1]
    return [{**whole, bias: whole[bias] - 1e4 * (torch.arange(3) < lost)} for lost in (2, 1, 0)]


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
@pytest.mark.parametrize(
    ("after", "done", "score"),
    [
        ((1, 2, 2), (2, 4, 8), 1.0),  # no better the third time
        ((1, 0, 2), (2, 4), 2 / 3),  # worse the second time
        ((1, 1, 2), (2, 4), 2 / 3),
        ((2,), (2,), 1.0),
    ],
)
def test_final_training_keeps_the_cycles_that_made_the_network_better_and_forgets_the_rest(
    data: Path,
    tmp_path: Path,
    states: list[dict[str, torch.Tensor]],
    after: tuple[int, ...],
    done: tuple[int, ...],
    score: float,
    metric: str,
) -> None:
    train = Prepared(*(states[i] for i in after))
    evaluator = TrainingEvaluator((Target.named("A15"),), 1, device="cpu", own_train=train, metric=metric)
    begun = tmp_path / "begun.safetensors"
    save_file(states[0], begun)
    (tmp_path / "final").mkdir()
    found = evaluator.finish(NETWORK, TrialFiles(tmp_path / "final", data, begun), (2, 4, 8)[: len(after)])
    assert found and found.metrics["accuracy"] == pytest.approx(score) and train.epochs == list(done)
    assert (found.score, found.less_is_better) == (found.metrics[metric], metric == "log_loss")
    better = [epochs for epochs, i, before in zip(done, after, (0, *after), strict=False) if i > before]
    split = Dataset.open(data, PARTS).train
    assert found.trained_steps == found.total_steps == sum(count_steps(split, epochs) for epochs in better)
    assert (found.inherited, found.epochs, found.budget_fraction) == (1.0, 0, 1.0)
    kept = load_file(tmp_path / "final" / WEIGHTS)
    best = states[max(after[: len(better)])]
    assert all(torch.equal(kept[name], best[name]) for name in best)


def test_final_training_that_never_made_it_better_leaves_nothing(
    data: Path, tmp_path: Path, states: list[dict[str, torch.Tensor]]
) -> None:
    evaluator = TrainingEvaluator((Target.named("A15"),), 1, device="cpu", own_train=Prepared(states[1], states[2]))
    save_file(states[1], tmp_path / "begun.safetensors")
    (tmp_path / "final").mkdir()
    files = TrialFiles(tmp_path / "final", data, tmp_path / "begun.safetensors")
    assert evaluator.finish(NETWORK, files, (2, 4)) is None and not list(files.folder.iterdir())
