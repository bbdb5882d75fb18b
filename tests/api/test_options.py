from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from anenas._errors import AnenasError
from anenas.api._options import check_positive, executor_of, limits_of, made_folder, sampler_of, targets_of
from anenas.latency import CalibratedLatency, FunctionLatency
from anenas.search import OptunaSampler, SerialExecutor
from anenas.space import load_space

SOURCE = FunctionLatency(lambda graph, chip: 1.0, name="mine", version="1")


def test_what_is_not_given_need_not_be_positive() -> None:
    check_positive(trials=None, timeout=0.5)
    with pytest.raises(AnenasError, match=r"^trials must be more than 0, got -2$"):
        check_positive(epochs=1, trials=-2, rungs=-3)


def test_chips_are_named_once_however_they_are_written() -> None:
    assert [target.name for target in targets_of("a15", None)] == ["A15"]
    assert [target.name for target in targets_of(["M2", "a15", "A15"], None)] == ["M2", "A15"]


def test_a_source_is_for_every_chip_or_for_those_it_is_named_for() -> None:
    assert [target.source for target in targets_of(["A15", "M2"], SOURCE)] == [SOURCE, SOURCE]
    first, second = targets_of(["A15", "M2"], {"M2": SOURCE})
    assert isinstance(first.source, CalibratedLatency) and second.source is SOURCE
    assert targets_of("A15", "calibrated")[0].source.name == "calibrated"


def test_a_limit_of_the_caller_takes_the_place_of_the_space_s() -> None:
    space = load_space("mobile_cnn")
    found = limits_of(space.limits, {"size_mb": 0.25, "macs": None}, {}, {})
    assert found.size_mb == 0.25
    assert found.model_dump() == space.limits.model_dump() | {"size_mb": 0.25}


@pytest.mark.parametrize(
    ("given", "least", "most", "message"),
    [
        ({}, {"recall@cat": 90}, {}, r"^limit recall@cat: a fraction is at most 1, got 90; 90 % is 0\.9$"),
        ({}, {}, {"calibration_error": 5}, r"^limit calibration_error: a fraction is at most 1, got 5; 5 % is 0\.05$"),
        ({"accuracy": 0.8}, {"accuracy": 0.9}, {}, r"limit accuracy: it is given as both 0\.8 and 0\.9; give one"),
    ],
)
def test_a_limit_that_is_meant_otherwise_is_asked_about(
    given: dict[str, float], least: dict[str, float], most: dict[str, float], message: str
) -> None:
    with pytest.raises(AnenasError, match=message):
        limits_of(load_space("mobile_cnn").limits, given, least, most)


def test_errors_that_are_no_fractions_may_be_more_than_1() -> None:
    found = limits_of(load_space("mobile_cnn").limits, {"accuracy": 0.9}, {"accuracy": 0.9}, {"log_loss": 2.5})
    assert found.bounds["log_loss"] == 2.5 and found.bounds["accuracy"] == 0.9


def test_samplers_of_optuna_s_are_adapted_and_the_caller_s_own_are_taken() -> None:
    class Mine:
        def ask(self, problem: object, trials: object) -> object:
            raise NotImplementedError

    mine = Mine()
    assert sampler_of(mine, 0) is mine  # type: ignore[arg-type]
    assert isinstance(sampler_of(optuna.samplers.RandomSampler(), 0), OptunaSampler)
    with pytest.raises(AnenasError, match="unknown sampler 'rando'; did you mean random"):
        sampler_of("rando", 0)


def test_an_executor_of_one_s_own_is_taken_and_decides_how_many_tasks_run() -> None:
    mine = SerialExecutor()
    assert executor_of(mine, None, None)(Path()) is mine
    assert isinstance(executor_of("serial", 4, None)(Path()), SerialExecutor)
    with pytest.raises(AnenasError, match="`workers` is only for built-in executors"):
        executor_of(mine, 2, None)
    with pytest.raises(AnenasError, match="unknown executor 'seriel'; did you mean serial"):
        executor_of("seriel", None, None)


def test_a_folder_is_made_and_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert made_folder("store", "a/b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AnenasError, match=rf"^cannot write the store {tmp_path}/file/store: Not a directory$"):
        made_folder("store", tmp_path / "file" / "store")
