from __future__ import annotations

import dataclasses
import logging
import random
from pathlib import Path

import pytest
from pretend import PretendEvaluator

from anenas._errors import AnenasError
from anenas.search import Problem, SearchSettings, Study, TrialFiles, front_of, make_sampler, read_architectures
from anenas.space import SearchSpace


@pytest.fixture
def sizes(space: SearchSpace) -> SearchSpace:
    fields = space.model_dump(exclude={"input"}) | {"input": {"channels": 1, "height": [16, 32, 64], "width": "same"}}
    return SearchSpace.model_validate(fields)


def complete(study: Study, problem: Problem, count: int) -> None:
    sampler = make_sampler("random", 0)
    for _ in range(count):
        trial = study.ask(sampler, problem)
        study.complete(trial, PretendEvaluator().evaluate(trial.architecture, TrialFiles(study.workspace(trial))), {})


def test_of_several_sizes_each_of_an_earlier_front_keeps_its_own(
    study: Study, problem: Problem, sizes: SearchSpace
) -> None:
    several = dataclasses.replace(problem, space=sizes)
    complete(study, several, 8)
    found = front_of(study, sizes, (1, 1, 64, 64), 10)
    assert found == [trial.architecture for trial in study.front]
    assert len({architecture.input for architecture in found}) > 1


def test_of_another_size_it_is_brought_to_the_input(study: Study, problem: Problem, space: SearchSpace) -> None:
    complete(study, problem, 3)
    larger = space.with_input(1, 64, 64)
    found = front_of(study, larger, (1, 1, 64, 64), 4)
    assert {(one.input, one.head.classes) for one in found} == {((1, 1, 64, 64), 4)}


def test_what_of_an_earlier_front_is_not_in_the_space_is_counted(
    study: Study, problem: Problem, space: SearchSpace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    complete(study, problem, 12)
    widest = max(trial.architecture.stages[1].width for trial in study.front)
    fields = space.model_dump()
    fields["stages"][0]["width"] = [width for width in (16, 32, 48, 64) if width != widest]
    found = front_of(study, SearchSpace.model_validate(fields), (1, 1, 16, 16), 10)
    assert 0 < len(found) < len(study.front)
    assert f"{len(found)} of the {len(study.front)} networks on the front of 's' are tried first" in caplog.text
    caplog.clear()
    assert len(front_of(study, space, (1, 1, 16, 16), 10)) == len(study.front) and not caplog.messages


def test_a_study_without_a_front_has_nothing_to_begin_with(study: Study, sizes: SearchSpace) -> None:
    with pytest.raises(AnenasError, match="no trial of it has completed"):
        front_of(
            Study.create_or_continue(study.folder.parents[1], "t", SearchSettings({"accuracy": 0.0})),
            sizes,
            (1, 1, 64, 64),
            10,
        )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_architectures_of_a_text_file_are_read_as_windows_writes_it(
    space: SearchSpace, tmp_path: Path, encoding: str
) -> None:
    rng = random.Random(0)
    wanted = [space.sample(rng, classes=10) for _ in range(3)]
    path = tmp_path / "first.txt"
    lines = ["# the best so far", *map(str, wanted), "", ""]
    path.write_text("\r\n".join(lines), encoding=encoding, newline="")
    assert read_architectures(path, space, 10) == wanted


@pytest.mark.parametrize(
    ("wrong", "message"), [("conv", "line 4: "), ("{}-head_n4", "line 4: it has 4 classes, but the data have 10")]
)
def test_a_line_that_is_no_architecture_of_the_space_is_told_by_its_number(
    space: SearchSpace, tmp_path: Path, wrong: str, message: str
) -> None:
    right, path = str(space.sample(random.Random(0), classes=10)), tmp_path / "first.txt"
    path.write_text(f"# the best\n\n{right}\n{wrong.format(right.rpartition('-head')[0])}\n{right}\n")
    with pytest.raises(AnenasError, match=message):
        read_architectures(path, space, 10)
