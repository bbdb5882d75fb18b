from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from elsewhere import ElsewhereExecutor
from pretend import PretendEvaluator, estimate

from anenas.search import (
    Estimate,
    Evaluation,
    Learned,
    Problem,
    Rungs,
    Search,
    SerialExecutor,
    Study,
    TrialFiles,
    make_sampler,
)
from anenas.search._evaluation import PROBE, Probe
from anenas.space import Architecture, Limits, SearchSpace

CUTS = ["layer2", "layer3", "layer4", ""]


@dataclass(frozen=True)
class ProbingEvaluator(PretendEvaluator):
    """The later the cut and the larger the image, the more accurate and the slower, the whole network excepted.

    Attributes:
        broken: A size of input at which probing fails.
    """

    broken: int = 0

    def estimate(self, architecture: Architecture) -> Estimate:
        if not architecture.backbone:
            return super().estimate(architecture)
        return estimate(0.1 * (1 + CUTS.index(architecture.backbone.cut)) * architecture.input[2] / 32)

    def probe(self, architectures: Sequence[Architecture], files: TrialFiles) -> list[Probe]:
        if self.log:
            with self.log.open("a") as file:
                file.write(
                    f"probe {len(architectures)} {architectures[0].input[2]} {files.donor and files.donor.name}\n"
                )
        if architectures[0].input[2] == self.broken:
            raise ValueError("no memory is left")
        head = np.zeros((10, 512), np.float32), np.zeros(10, np.float32)
        found = [Evaluation(self._accuracy(one), self.estimate(one), 0.0, held_out=400) for one in architectures]
        return [Probe(one, *head) for one in found]

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        if not architecture.backbone:
            return super().evaluate(architecture, files, budget_fraction)
        if self.log:
            with self.log.open("a") as file:
                begins = "with its probe" if (files.folder / PROBE).exists() else "anew"
                file.write(f"{architecture} {budget_fraction} {begins} {files.donor and files.donor.name}\n")
        return Evaluation(self._accuracy(architecture) + 0.1, self.estimate(architecture), budget_fraction)

    def _accuracy(self, architecture: Architecture) -> float:
        assert architecture.backbone
        place = CUTS.index(architecture.backbone.cut)
        return 0.3 + 0.1 * min(place, 2) + architecture.input[2] / 1000


@pytest.fixture
def backbones() -> SearchSpace:
    spec = {"name": "b", "input": {"channels": 3, "height": [32, 64], "width": "same"}, "backbones": ["timm:resnet18"]}
    return SearchSpace.model_validate(spec)


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "resnet18.safetensors").write_bytes(b"learned")
    return {"resnet18": tmp_path / "resnet18.safetensors"}


Make = Callable[..., Search]


@pytest.fixture
def probing(study: Study, backbones: SearchSpace, weights: dict[str, Path], tmp_path: Path) -> Make:
    def make(space: SearchSpace = backbones, limits: Limits | None = None, rungs: int = 1, broken: int = 0) -> Search:
        evaluator = ProbingEvaluator(log=tmp_path / "log", broken=broken)
        problem = Problem(space, 10, evaluator, study.objectives, limits or Limits(), latency_bound="estimate")
        ladder = Rungs(rungs, probes=True)
        sampler = make_sampler("random", 0)
        return Search(
            study,
            problem,
            sampler,
            SerialExecutor(),
            rungs=ladder,
            pretrained=lambda one: one.backbone and Learned(weights[one.backbone.network], "ImageNet"),
        )

    return make


def test_one_pass_serves_every_cut_and_the_best_are_trained_from_their_probes(
    probing: Make, study: Study, tmp_path: Path
) -> None:
    probing().run(2)
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[:2] == ["probe 4 32 resnet18.safetensors", "probe 4 64 resnet18.safetensors"]
    assert len(lines) == 4
    assert all(line.endswith("1.0 with its probe resnet18.safetensors") for line in lines[2:])
    assert [trial.rungs[0].budget_fraction for trial in study.completed] == [0, 0]
    assert len(study.paused) == 6  # for a search that goes on later


def test_the_most_accurate_probe_is_among_the_first_to_be_trained(probing: Make, study: Study) -> None:
    probing().run(2)
    best = max(trial.rungs[0].score for trial in [*study.finished, *study.paused.values()])
    assert best in [trial.rungs[0].score for trial in study.completed]


def test_the_whole_network_with_the_best_probe_is_the_reference_and_fine_tuned_first(
    probing: Make, study: Study
) -> None:
    probing().run(1)
    [trial] = study.completed
    assert trial.architecture.input[2] == 64 and not trial.architecture.backbone.cut  # type: ignore[union-attr]
    assert study.reference == trial
    assert Study.load(study.folder.parents[1], study.name).reference == trial


def test_what_breaks_a_limit_is_not_probed(probing: Make, study: Study, tmp_path: Path) -> None:
    probing(limits=Limits(latency_ms=0.25)).run(1)
    assert (tmp_path / "log").read_text().splitlines()[:2] == [
        "probe 2 32 resnet18.safetensors",
        "probe 1 64 resnet18.safetensors",
    ]
    assert study.counts["infeasible"] == 5


def test_a_pass_that_fails_leaves_the_others(probing: Make, study: Study) -> None:
    probing(broken=32).run(1)
    failed = [trial for trial in study.finished if trial.state == "failed"]
    assert {trial.reason for trial in failed} == {"ValueError: no memory is left"}
    assert (len(failed), len(study.completed)) == (4, 1)


def test_a_search_that_goes_on_probes_nothing_again(probing: Make, study: Study, tmp_path: Path) -> None:
    search = probing()
    search.run(0)  # ended before any was trained
    assert len(study.paused) == 8
    search.study = again = Study.load(study.folder.parents[1], study.name)
    search.run(8)
    assert (tmp_path / "log").read_text().count("probe 4 ") == 2
    assert (tmp_path / "log").read_text().count("with its probe") == len(again.completed) == 8


def test_what_an_earlier_process_did_not_live_to_probe_is_probed_and_asked_about_once(
    probing: Make, study: Study, tmp_path: Path
) -> None:
    search = probing()
    for architecture in search.problem.space.pretrained(10)[:3]:  # type: ignore[attr-defined]
        study.ask_about(architecture, search.problem)
    search.study = again = Study.load(study.folder.parents[1], study.name)
    search.run(8)
    assert len(again.completed) == len(again.trials) == 8
    assert all(trial.is_probed for trial in again.completed)
    assert (tmp_path / "log").read_text().count("probe 4 ") == 2


def test_the_noise_of_a_probe_is_known(probing: Make, study: Study) -> None:
    probing().run(1)
    assert [trial.rungs[0].held_out for trial in study.completed] == [400]


def test_no_pass_begins_after_the_deadline(probing: Make, study: Study) -> None:
    probing().run(2, deadline=time.monotonic())
    assert study.finished == [] and study.paused == {}


def test_networks_from_scratch_compete_in_the_same_search(probing: Make, space: SearchSpace, study: Study) -> None:
    fields = space.model_dump(exclude={"input"}) | {"input": {"channels": 3, "height": 32, "width": 32}}
    both = SearchSpace.model_validate(fields | {"backbones": ["timm:resnet18"]})
    assert both.size == space.size + 4
    probing(both, rungs=2).run(8)
    kinds = {trial.architecture.backbone is None for trial in study.completed}
    assert kinds == {True, False}
    assert {tuple(rung.budget_fraction for rung in t.rungs) for t in study.completed} == {(0.0,), (0.125,)}


def test_probes_travel_to_where_no_disk_is_shared(probing: Make, study: Study, tmp_path: Path) -> None:
    search = probing()
    with ElsewhereExecutor() as search.executor:
        search.run(2)
    assert len(study.completed) == 2
    assert "with its probe donor" in (tmp_path / "log").read_text()
