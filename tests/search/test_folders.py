from __future__ import annotations

import json
from pathlib import Path

import pytest
from pretend import estimate

from anenas.search import CHECKPOINT, EVALUATION, OPERATIONS, PACKAGE, TEST_SCORES, VALIDATION_SCORES, WEIGHTS
from anenas.search._evaluation import PROBE, Evaluation
from anenas.search._folders import TrialFolders
from anenas.search.executors import write_steps

ONE, OTHER = Evaluation(0.75, estimate(0.2)), Evaluation(0.875, estimate(0.3))


@pytest.fixture
def folders(tmp_path: Path) -> TrialFolders:
    folders = TrialFolders(tmp_path / "study" / "trials")
    folders.make()
    return folders


def fill(folder: Path, package: int = 0) -> Path:
    """What a training leaves; the package's weights take so many bytes."""
    (folder / PACKAGE / "Data").mkdir(parents=True)
    (folder / PACKAGE / "Data" / "weights").write_bytes(bytes(package))
    for name in (WEIGHTS, OPERATIONS, VALIDATION_SCORES, TEST_SCORES):
        (folder / name).write_text(name)
    return folder


def keep(folders: TrialFolders, number: int, package: int = 0, evaluation: Evaluation = ONE) -> Path:
    fill(folders.workspace(number), package)
    folders.keep(number, evaluation)
    return folders.finished(number)


def written(folder: Path) -> Evaluation:
    return Evaluation.from_dict(json.loads((folder / EVALUATION).read_text()))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_trial_is_hidden_while_it_is_open_and_has_its_figures_once_it_is_kept(
    folders: TrialFolders, tmp_path: Path
) -> None:
    trials = tmp_path / "study" / "trials"
    fill(folders.workspace(12))
    assert names(trials) == {".00012"}
    folders.keep(12, OTHER)
    assert names(trials) == {"00012"} and folders.finished(12) == trials / "00012"
    assert written(trials / "00012") == OTHER
    assert names(trials / "00012") == {
        EVALUATION, PACKAGE, WEIGHTS, OPERATIONS, VALIDATION_SCORES, TEST_SCORES,
    }  # fmt: skip


def test_what_a_pause_left_to_go_on_with_is_all_that_stays_in_a_workspace(folders: TrialFolders) -> None:
    folder = fill(folders.workspace(3))
    (folder / CHECKPOINT).write_text("half way")
    (folder / PROBE).write_text("a classifier")
    assert folders.workspace(3) == folder and names(folder) == {CHECKPOINT, PROBE}
    assert (folder / CHECKPOINT).read_text() == "half way"


def test_where_all_trials_are_gone_none_goes_on(folders: TrialFolders, tmp_path: Path) -> None:
    (tmp_path / "study" / "trials").rmdir()
    with pytest.raises(FileNotFoundError):
        folders.workspace(0)
    folders.make()
    folders.make()
    assert folders.workspace(0).is_dir()


def test_a_trial_that_was_kept_and_not_answered_is_kept_anew(folders: TrialFolders) -> None:
    keep(folders, 5, evaluation=OTHER)
    (folders.finished(5) / "stale").touch()
    keep(folders, 5)
    assert written(folders.finished(5)) == ONE and "stale" not in names(folders.finished(5))


def test_how_far_an_open_trial_is_is_read_from_its_folder(folders: TrialFolders) -> None:
    assert folders.steps(1) is None
    write_steps(folders.workspace(1), 3, 10)
    folders.workspace(2)
    assert (folders.steps(1), folders.steps(2)) == ((3, 10), None)


def test_the_largest_trial_is_that_of_most_bytes_among_those_that_are_kept(folders: TrialFolders) -> None:
    assert folders.largest() == 0
    sizes = {number: keep(folders, number, package) for number, package in ((0, 10), (1, 3000), (2, 200))}
    fill(folders.workspace(3), 100_000)
    assert folders.largest() == sum(path.stat().st_size for path in sizes[1].rglob("*") if path.is_file()) > 3000


def test_figures_are_noted_anew_where_the_trial_still_is(folders: TrialFolders) -> None:
    keep(folders, 0)
    folders.note(0, OTHER)
    folders.note(1, OTHER)
    assert written(folders.finished(0)) == OTHER and not folders.finished(1).exists()


def test_a_final_training_begins_in_an_empty_folder_and_is_kept_beside_the_trial_s_own(folders: TrialFolders) -> None:
    own = keep(folders, 4)
    (folders.final_workspace(4) / "stale").touch()
    fill(folders.final_workspace(4))
    folders.keep_final(4, OTHER)
    final = folders.final(4)
    assert final == own / "final" and names(final) == names(own) - {"final"}
    assert (written(own), written(final)) == (ONE, OTHER)
    (folders.final_workspace(4) / "better").touch()
    folders.keep_final(4, ONE)
    assert names(final) == {"better", EVALUATION} and written(final) == ONE


def test_a_final_training_that_made_nothing_better_leaves_what_there_was(folders: TrialFolders) -> None:
    own = keep(folders, 4)
    fill(folders.final_workspace(4))
    folders.keep_final(4, OTHER)
    before = names(own)
    fill(folders.final_workspace(4))
    folders.drop_final(4)
    folders.drop_final(4)
    assert names(own) == before and written(folders.final(4)) == OTHER


def test_trials_that_ship_no_more_keep_their_weights_and_tell_what_they_freed(folders: TrialFolders) -> None:
    for number, package in ((0, 10), (1, 3000), (2, 200)):
        keep(folders, number, package)
    fill(folders.final_workspace(1), 500)
    folders.keep_final(1, OTHER)
    few = sum(len(name) for name in (OPERATIONS, VALIDATION_SCORES, TEST_SCORES))
    assert folders.slim_all_but([2]) == {0: 10 + few, 1: 3500 + 2 * few}
    assert names(folders.finished(0)) == {WEIGHTS, EVALUATION}
    assert names(folders.finished(1)) == {WEIGHTS, EVALUATION, "final"}
    assert names(folders.final(1)) == {WEIGHTS, EVALUATION}
    assert PACKAGE in names(folders.finished(2))
    assert folders.slim_all_but([2]) == {}


def test_only_the_workspaces_of_trials_that_are_open_stay(folders: TrialFolders, tmp_path: Path) -> None:
    keep(folders, 0)
    for number in (1, 2, 3):
        fill(folders.workspace(number))
    folders.drop(2)
    folders.drop(2)
    folders.drop_all_but([3])
    assert names(tmp_path / "study" / "trials") == {"00000", ".00003"}


def test_figures_are_those_of_completed_trials(folders: TrialFolders) -> None:
    for number in (3, 11):
        keep(folders, number)
    fill(folders.finished(12))
    folders.workspace(4)
    assert set(folders.evaluations()) == {folders.finished(number) / EVALUATION for number in (3, 11)}


def test_what_else_lies_beside_the_trials_is_left_alone(folders: TrialFolders, tmp_path: Path) -> None:
    """Such as a copy that a user made, and what macOS leaves in a folder that was looked at."""
    trials = tmp_path / "study" / "trials"
    keep(folders, 0)
    (trials / ".DS_Store").touch()
    (trials / "7 notes.txt").touch()
    copy = fill(trials / "00000 copy", 10_000)
    (copy / EVALUATION).touch()
    folders.drop_all_but([])
    assert folders.slim_all_but([]).keys() == {0} and PACKAGE in names(copy)
    assert folders.largest() < 10_000 and [*folders.evaluations()] == [folders.finished(0) / EVALUATION]
    assert names(trials) == {"00000", ".DS_Store", "7 notes.txt", "00000 copy"}
