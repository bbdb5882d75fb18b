"""The record of a search: an Optuna study in SQLite, beside a folder with what each trial left behind."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from anenas._errors import AnenasError, unknown
from anenas._pareto import Losses, front, hypervolume, knee
from anenas.blocks import Value
from anenas.search._evaluation import CHECKPOINT, EVALUATION, Estimate, Evaluation
from anenas.search._objectives import Objectives, Point
from anenas.search._problem import Space
from anenas.search._record import STATES, Record, State, Trial, read_record, read_rungs, with_time_of
from anenas.search._rungs import RUNGS
from anenas.search._store import first_line, open_storage, study_folder, study_names
from anenas.space import LEAST, Architecture

if TYPE_CHECKING:
    import optuna


class Study:
    """A search's past. Make one with `create_or_continue`, or read one with `load`.

    Attributes:
        name: Of the study in the store.
        id: Of the study anywhere: other stores may have one of the same name.
        folder: What belongs to it on disk.
        settings: What makes its trials comparable: space, data, chip, budget, seed, and under "objectives" the
            reference of each objective, see `Objective`.
        objectives: What its trials are compared by.
        records: Every answered trial in the order of answers.
        paused: Trials that wait at a rung to be trained on or stopped, by number.
        front: Completed trials that no other dominates, the best by the first objective last.
        hypervolumes: The hypervolume after each completed trial, see `hypervolume`.
    """

    def __init__(self, study: optuna.Study, store: Path) -> None:
        self._optuna = study
        self.name: str = study.study_name
        self.folder = study_folder(store, self.name)
        self.id: str = study.user_attrs["id"]
        self.settings: dict[str, Any] = study.user_attrs["settings"]
        self.objectives = Objectives.of(self.settings["objectives"])
        self._by_architecture: dict[Architecture, Record] = {}
        self.hypervolumes: list[float] = []
        self.front: list[Record] = []
        self.records: list[Record] = []
        self.paused: dict[int, Trial] = {}
        answered = [read_record(t) for t in study.get_trials(deepcopy=False) if t.state.is_finished()]
        for record in sorted((record for record in answered if record), key=lambda record: record.ended):
            self._note(record)

    @classmethod
    def load(cls, store: Path, name: str) -> Self:
        """The study of that name.

        Raises:
            AnenasError: If there is none, or the store cannot be read.
        """
        import optuna

        names = study_names(store)
        if name not in names:
            raise unknown("study", name, names) if names else AnenasError(f"no studies in {store}; run `anenas search`")
        study = optuna.load_study(study_name=name, storage=open_storage(store))
        if "settings" not in study.user_attrs:
            raise AnenasError(f"study '{name}' is empty: its search was stopped before it began")
        return cls(study, store)

    @classmethod
    def create_or_continue(
        cls, store: Path, name: str, settings: dict[str, Any], seed: int, *, in_memory: bool = False
    ) -> Self:
        """The study of that name, new if there is none. It suggests at random until `sampler` is set.

        Args:
            store: Folder of the database and of what the trials leave behind.
            name: Of the study.
            settings: What makes its trials comparable, see `Study`.
            seed: Of the suggestions.
            in_memory: Whether the trials are lost with the process, for what is not worth a database.

        Raises:
            AnenasError: If one exists that was made with other settings, or the store cannot be written.
        """
        import optuna

        objectives = Objectives.of(settings["objectives"])
        try:
            study = optuna.create_study(
                study_name=name,
                storage=open_storage(store, in_memory=in_memory),
                directions=[objective.metric.direction for objective in objectives],
                load_if_exists=True,
            )
            known = study.user_attrs.get("settings")
            if known is None:
                with _without_experimental_warnings():
                    study.set_metric_names([objective.name for objective in objectives])
                study.set_user_attr("id", uuid.uuid4().hex)
                study.set_user_attr("settings", settings)
        except optuna.exceptions.StorageInternalError as error:
            raise AnenasError(f"cannot write the store {store}: {first_line(error)}") from error
        if known is not None and known != settings:
            differ = [k for k in (settings | known) if settings.get(k) != known.get(k)]
            what = "; ".join(f"{k} was {known.get(k)}, is {settings.get(k)}" for k in differ)
            raise AnenasError(f"study '{name}' was made with other settings ({what}); choose another --study, or --new")
        # Seeded by how far the study is, too: a continued search must not repeat its first suggestions.
        study.sampler = optuna.samplers.RandomSampler(seed=(seed * 1_000_003 + _trials(study)) % 2**32)
        return cls(study, store)

    # Asking

    @property
    def asked(self) -> int:
        """How many trials there are, answered or not."""
        return _trials(self._optuna)

    @property
    def sampler(self) -> optuna.samplers.BaseSampler:
        """What suggests architectures; it may be another when a study continues."""
        return self._optuna.sampler

    @sampler.setter
    def sampler(self, sampler: optuna.samplers.BaseSampler) -> None:
        self._optuna.sampler = sampler

    def ask(self, space: Space, classes: int) -> Trial:
        """The sampler's next suggestion, noted as running."""
        return self._decide(self._optuna.ask(), space, classes)

    def ask_about(self, architecture: Architecture, space: Space) -> Trial:
        """A trial of this architecture of the space, whatever the sampler would suggest."""
        self._optuna.enqueue_trial(space.decisions(architecture))
        return self.ask(space, architecture.head.classes)

    def unanswered(self, space: Space, classes: int) -> list[Trial]:
        """Trials that an earlier process asked about and did not live to answer, to be run again.

        Those that had reached a rung are `paused` there.
        """
        import optuna

        running = self._optuna.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,))
        trials = [self._decide(optuna.trial.Trial(self._optuna, t._trial_id), space, classes) for t in running]
        self.paused = {trial.number: trial for trial in trials if trial.rungs}
        open_ = {self._workspace(trial) for trial in trials}
        for left in set((self.folder / "trials").glob(".*")) - open_:  # killed between an answer and clearing up
            shutil.rmtree(left)
        return [trial for trial in trials if not trial.rungs]

    def _decide(self, handle: optuna.trial.Trial, space: Space, classes: int) -> Trial:
        def suggest(name: str, options: Sequence[Value]) -> Value:
            return cast(Value, handle.suggest_categorical(name, options))

        architecture = space.decide(suggest, classes=classes)
        handle.set_user_attr("architecture", str(architecture))
        rungs = read_rungs(handle.user_attrs)
        return Trial(handle.number, architecture, handle, rungs, rungs[-1].donor if rungs else None)

    def known(self, architecture: Architecture) -> Record | None:
        """What was answered about it before."""
        return self._by_architecture.get(architecture)

    # Answering

    def workspace(self, trial: Trial) -> Path:
        """A folder for what the trial leaves behind; it becomes `trial_folder` once the trial completes.

        It is empty but for the checkpoint that the trial's last pause left.
        """
        folder = self._workspace(trial)
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            elif left.name != CHECKPOINT:
                left.unlink()
        return folder

    def _workspace(self, trial: Trial) -> Path:
        return self.folder / "trials" / f".{trial.number:05d}"

    def trial_folder(self, number: int) -> Path:
        """Where the package, weights and figures of a completed trial lie."""
        return self.folder / "trials" / f"{number:05d}"

    def pause(self, trial: Trial, evaluation: Evaluation) -> None:
        """Note what a trial is at a rung, where it waits for `resume` or `stop`."""
        rungs = (*trial.rungs, with_time_of(trial.rungs, evaluation))
        trial.handle.set_user_attr(RUNGS, [rung.to_dict() for rung in rungs])
        self.paused[trial.number] = dataclasses.replace(trial, rungs=rungs)

    def resume(self, number: int) -> Trial:
        """A paused trial, to be trained on."""
        return self.paused.pop(number)

    def stop(self, number: int, reason: str) -> None:
        """Record that a paused trial is not trained on."""
        trial = self.paused.pop(number)
        self._answer(trial, "stopped", reason, evaluation=trial.rungs[-1])
        shutil.rmtree(self._workspace(trial), ignore_errors=True)

    def complete(self, trial: Trial, evaluation: Evaluation, violations: Mapping[str, float]) -> None:
        """Record a trained and exported architecture, whose files are in its workspace."""
        evaluation = with_time_of(trial.rungs, evaluation)
        (self._workspace(trial) / EVALUATION).write_text(json.dumps(evaluation.to_dict(), indent=2))
        finished = self.trial_folder(trial.number)
        if finished.exists():  # killed between the move and the answer, then run again
            shutil.rmtree(finished)
        self._workspace(trial).replace(finished)
        state: State = "infeasible" if violations else "completed"
        point = self.objectives.point(evaluation)
        self._answer(trial, state, _in_words(violations), _most_missed(violations), point, violations, evaluation)

    def reject(self, trial: Trial, estimate: Estimate, violations: Mapping[str, float]) -> None:
        """Record an architecture that breaks a limit or rule. The sampler learns by how much; what only training tells
        is as bad as can be.
        """
        reason = _in_words(violations) or "; ".join(estimate.broken_rules)
        because = _most_missed(violations) or f"rule {estimate.broken_rules[0].partition(':')[0]}"
        values = [(objective, objective.value(estimate)) for objective in self.objectives]
        point = tuple(float(objective.worst if value is None else value) for objective, value in values)
        self._answer(trial, "infeasible", reason, because, point, violations or {"rules": 1.0})

    def repeat(self, trial: Trial, earlier: Record | None) -> None:
        """Answer a suggestion that is known from the record, or that is being trained right now."""
        reason = f"trial {earlier.number}" if earlier else "a trial that is running"
        values = self.point(earlier) if earlier and earlier.state == "completed" else None
        self._answer(trial, "repeated", reason, values=values)

    def fail(self, trial: Trial, reason: str) -> None:
        """Record why an architecture could not be evaluated."""
        shutil.rmtree(self._workspace(trial), ignore_errors=True)
        self._answer(trial, "failed", reason)

    def set_test_accuracy(self, number: int, accuracy: float) -> None:
        """Add the accuracy on the test split to a completed trial."""
        record = next(record for record in self.records if record.number == number)
        assert record.evaluation
        evaluation = dataclasses.replace(record.evaluation, test_accuracy=accuracy)
        # Optuna keeps finished trials as they are, so this lives in the trial's folder alone.
        new = self.trial_folder(number) / f".{EVALUATION}"
        new.write_text(json.dumps(evaluation.to_dict(), indent=2))
        new.replace(self.trial_folder(number) / EVALUATION)
        tested = dataclasses.replace(record, evaluation=evaluation)
        self.records[self.records.index(record)] = tested
        self.front = [tested if known == record else known for known in self.front]
        self._by_architecture[record.architecture] = tested

    def _answer(
        self,
        trial: Trial,
        state: State,
        reason: str,
        because: str = "",
        values: Point | None = None,
        violations: Mapping[str, float] | None = None,
        evaluation: Evaluation | None = None,
    ) -> None:
        """Tell Optuna; without values the trial fails there and its sampler leaves it out."""
        import optuna

        # In one attribute, so that a process killed before the trial is told leaves nothing that outlives a rerun.
        told = evaluation.to_dict() if evaluation else None
        answer = {"state": state, "reason": reason, "because": because, "evaluation": told}
        trial.handle.set_user_attr("answer", answer)
        for name, share in (violations or {}).items():
            trial.handle.set_constraint(name, share)
        without = optuna.trial.TrialState.PRUNED if state == "stopped" else optuna.trial.TrialState.FAIL
        state_of_it = without if values is None else None
        finished = self._optuna.tell(trial.handle, values, state_of_it, skip_if_finished=True)
        if record := read_record(finished, trial.architecture):
            self._note(record)

    def _note(self, record: Record) -> None:
        if record.evaluation and (file := self.trial_folder(record.number) / EVALUATION).is_file():
            record = dataclasses.replace(record, evaluation=Evaluation.from_dict(json.loads(file.read_text())))
        self.records.append(record)
        if record.state != "repeated":
            self._by_architecture[record.architecture] = record
        if record.state == "completed":
            candidates = [*self.front, record]
            self.front = [candidates[i] for i in front(self._losses(candidates))]
            self.hypervolumes.append(hypervolume(self._losses(self.front)))

    def _losses(self, records: Sequence[Record]) -> list[Losses]:
        return self.objectives.losses(map(self.point, records))

    # Data

    @property
    def data(self) -> str | None:
        """Where its data came from, as `load_data` reads it; None for the embedded set, or where nothing tells."""
        source: str | None = self._optuna.user_attrs.get("data")
        return source

    def note_data(self, source: str | None) -> None:
        """Remember where the data come from. It is no setting: equal data may be moved."""
        if source != self.data:
            self._optuna.set_user_attr("data", source)

    # Results

    def point(self, record: Record) -> Point:
        """What a trial that was trained is compared by."""
        assert record.evaluation
        return self.objectives.point(record.evaluation)

    @property
    def completed(self) -> list[Record]:
        return [record for record in self.records if record.state == "completed"]

    @property
    def counts(self) -> dict[State, int]:
        """How many trials ended in each state."""
        found = Counter(record.state for record in self.records)
        return {state: found[state] for state in STATES}

    @property
    def reasons(self) -> dict[str, int]:
        """How many trials were infeasible because of what, most first."""
        infeasible = Counter(record.because for record in self.records if record.state == "infeasible")
        return dict(infeasible.most_common())

    @property
    def picks(self) -> dict[str, Record]:
        """The trials of the front that most users want: its "knee", and the best by each objective ("accurate", …)."""
        if not self.front:
            return {}
        losses = self._losses(self.front)
        best = {o.best: min(range(len(losses)), key=lambda j: losses[j][i]) for i, o in enumerate(self.objectives)}
        return {name: self.front[i] for name, i in {"knee": knee(losses), **best}.items()}


def _trials(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False))


@contextlib.contextmanager
def _without_experimental_warnings() -> Iterator[None]:
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def _most_missed(violations: Mapping[str, float]) -> str:
    return max(violations, key=lambda name: violations[name], default="")


def _in_words(violations: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {share:.0%} {'under' if name in LEAST else 'over'} the limit" for name, share in violations.items()
    )
