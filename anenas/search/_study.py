"""The record of a search: an Optuna study in SQLite, beside a folder with what each trial left behind."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import math
import socket
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from anenas._errors import AnenasError, first_line, unknown
from anenas._files import is_folder
from anenas._pareto import Losses, front, hypervolume, knee
from anenas.blocks import Value
from anenas.search._damage import damage_of, decisions_of, readable_trials
from anenas.search._distinguish import front_told_apart
from anenas.search._evaluation import Estimate, Evaluation, Measurement
from anenas.search._folders import TrialFolders
from anenas.search._objectives import Objectives, Point
from anenas.search._problem import Problem
from anenas.search._record import (
    ARCHITECTURE,
    final_from_dict,
    final_to_dict,
    read_finished,
    read_rungs,
    write_answer,
    write_rungs,
)
from anenas.search._room import check_room
from anenas.search._rows import add_trial, running_trials
from anenas.search._settings import SearchSettings
from anenas.search._store import (
    database_file,
    database_place,
    open_storage,
    quiet_optuna,
    store_errors,
    study_folder,
    study_names,
)
from anenas.search._trial import STATES, CompletedTrial, Final, FinishedTrial, State, Trial, with_total_seconds
from anenas.search.samplers import Sampler
from anenas.space import Architecture, Decisions, is_least, walk
from anenas.tasks import Metric, find_metric

if TYPE_CHECKING:
    import optuna

# Attributes of the Optuna study. It keeps finished trials as they are, so what is added to them later is here.
ID, _SETTINGS, _DATA, _TEST_SCORE, _FINAL = "id", "settings", "data", "test_accuracy", "final"
_MEASURED = "measurement "  # and the trial's number: one attribute each, for they are many and come one by one
_ENDED, _COMMAND = "ended", "command"
_FILES = "files"  # where those of its trials are, as HOST:FOLDER, if the database is shared
_REFERENCE, _SECONDS, _EXPORTS = "reference", "seconds", "exports"
_INPUTS, _VERSIONS = "inputs", "versions"
_DAMAGED = "damaged.jsonl"  # rows of trials that Optuna cannot read
_LEAST_ROOM = 5e6  # bytes that a trial is taken to want where none tells more

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Phase:
    """What a search is doing.

    Attributes:
        name: "probing", "searching", "final training" or "testing".
        done: How much of it.
        count: Of how much; None where trials tell.
        seconds: That it takes in all, about and at most; None where nothing tells.
    """

    name: str = "searching"
    done: int = 0
    count: int | None = None
    seconds: float | None = None


class Study:
    """A search's past. Make one with `create_or_continue`, or read one with `load`.

    Attributes:
        name: Of the study in the store.
        id: Of the study anywhere: other stores may have one of the same name.
        folder: What belongs to it on disk.
        settings: What makes its trials comparable.
        objectives: What its trials are compared by.
        finished: Every answered trial in the order of answers.
        completed: Those of them that completed.
        paused: Trials that wait at a rung to be trained on or stopped, by number.
        pareto: Completed trials that no other dominates, the best by the first objective last.
        hypervolumes: The hypervolume after each completed trial, see `hypervolume`.
        phase: What its search is doing.
        unanswered_numbers: Of trials that were asked about, and not answered when the study was read.
        listeners: Called with the study after every answer, every pause and every step of a later phase, in the thread
            of the search.
        guard: Called before a trial is asked, paused or answered; raises where that is another process's to do now.
    """

    def __init__(self, study: optuna.Study, storage: optuna.storages.BaseStorage, store: Path) -> None:
        import optuna

        self._storage = storage
        study.sampler = optuna.samplers.RandomSampler()  # is never asked: every decision is made before Optuna is asked
        self._optuna = study
        self.name: str = study.study_name
        self.folder = study_folder(store, self.name)
        self.id: str = study.user_attrs[ID]
        try:
            self.settings = SearchSettings.from_dict(study.user_attrs[_SETTINGS])
        except AnenasError as error:
            raise AnenasError(f"study '{self.name}' cannot be read: {error}") from error
        self.objectives = Objectives.of(self.settings.objectives)
        self.listeners: list[Callable[[Study], None]] = []
        self.guard: Callable[[], None] = lambda: None
        self.hypervolumes: list[float] = []
        self.phase = Phase()
        self.pareto: list[CompletedTrial] = []
        self.finished: list[FinishedTrial] = []
        self.completed: list[CompletedTrial] = []
        self.paused: dict[int, Trial] = {}
        self._front_losses = np.empty((0, len(self.objectives)))  # of `pareto`
        self._reference: str = study.user_attrs.get(_REFERENCE, "")
        self._folders = TrialFolders(self.folder / "trials")
        self._handles: dict[int, optuna.trial.Trial] = {}
        self._by_number: dict[int, Trial] = {}  # those that are asked about, too
        self._by_architecture: dict[Architecture, FinishedTrial] = {}
        tested, final = self._test_accuracies(), self._finals()
        self._measured = {
            int(name.removeprefix(_MEASURED)): value
            for name, value in study.user_attrs.items()
            if name.startswith(_MEASURED)
        }
        self.unanswered_numbers = []
        for trial in readable_trials(study, storage, database_file(store), self.folder / _DAMAGED):
            if not trial.state.is_finished():
                self.unanswered_numbers.append(trial.number)
            elif found := self._read(trial, tested.get(trial.number), final.get(trial.number)):
                self._by_number[found.number] = found
        for finished in sorted(cast(Iterable[FinishedTrial], self._by_number.values()), key=lambda trial: trial.ended):
            self._note(finished)

    def _read(self, trial: optuna.trial.FrozenTrial, tested: float | None, final: Final | None) -> FinishedTrial | None:
        """A finished trial; one that is damaged is told and set aside."""
        try:
            found = read_finished(trial, None, tested, final)
            if found is None and trial.values is not None:
                raise ValueError("no answer of anenas")
            if isinstance(found, CompletedTrial):
                self.objectives.losses([self.point(found)])
                if known := self._measured.get(found.number):
                    return self._with_measurement(found, known)
            return found
        except Exception as error:
            what = f"{type(error).__name__}: {first_line(error)}"
            _log.warning("trial %d of %s is damaged in the database and set aside: %s", trial.number, self.name, what)
            return None

    @classmethod
    def load(cls, store: Path, name: str) -> Self:
        """The study of that name.

        Raises:
            AnenasError: If there is none, or the store cannot be read.
        """
        import optuna

        names = study_names(store)
        if name not in names:
            raise unknown("study", name, names) if names else AnenasError(f"no studies in {store}; run a search first")
        with store_errors(store):
            storage = open_storage(store)
            with damage_of(name, database_place(store)):
                study = optuna.load_study(study_name=name, storage=storage)
                if _SETTINGS not in study.user_attrs:
                    raise AnenasError(f"study '{name}' is empty: its search was stopped before it started")
                return cls(study, storage, store)

    @classmethod
    def create_or_continue(cls, store: Path, name: str, settings: SearchSettings, *, in_memory: bool = False) -> Self:
        """The study of that name, new if there is none.

        Args:
            store: Folder of the database and of what the trials leave behind.
            name: Of the study.
            settings: What makes its trials comparable.
            in_memory: Whether the trials are lost with the process, for what is not worth a database.

        Raises:
            AnenasError: If one exists that was made with other settings, or the store cannot be written.
        """
        import optuna

        objectives = Objectives.of(settings.objectives)
        with store_errors(store):
            storage = open_storage(store, in_memory=in_memory)
            with damage_of(name, database_place(store)), quiet_optuna():
                study = optuna.create_study(
                    study_name=name,
                    storage=storage,
                    directions=[objective.figure.direction for objective in objectives],
                    load_if_exists=True,
                )
            with damage_of(name, database_place(store)):
                if _SETTINGS not in study.user_attrs:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                        study.set_metric_names([objective.name for objective in objectives])
                    study.set_user_attr(ID, uuid.uuid4().hex)
                    study.set_user_attr(_SETTINGS, settings.to_dict())
                found = cls(study, storage, store)
            found._note_files(store)
            found._folders.make()
        if differences := found.settings.differences(settings):
            raise AnenasError(
                f"study '{name}' was made with other settings ({'; '.join(differences)}); choose another `study`, or "
                f"`new=True`"
            )
        return found

    def _note_files(self, store: Path) -> None:
        """Note where the trials' files are if the database is shared.

        Raises:
            AnenasError: If the trials have left theirs elsewhere.
        """
        if database_file(store) is not None:
            return
        noted = self._optuna.user_attrs.get(_FILES, "")
        if self.completed and not (self.folder / "trials").is_dir():
            count = len(self.completed)
            trials = f"{count} completed trial{'' if count == 1 else 's'}"
            raise AnenasError(
                f"study '{self.name}' has {trials} whose files are not in {self.folder}"
                f"{f' but in {noted}' if noted else ''}; copy that folder, or start again with `new=True`"
            )
        if noted != (here := f"{socket.gethostname()}:{self.folder}"):
            self._optuna.set_user_attr(_FILES, here)

    # Asking

    @property
    def trials(self) -> list[Trial]:
        """Every trial in the order in which they were asked about; those that have ended are `FinishedTrial`s."""
        return list(self._by_number.values())

    def ask(self, sampler: Sampler, problem: Problem) -> Trial:
        """The sampler's next suggestion, noted as running. Its linear algebra has one thread.

        Its matrices are small, and workers fill the cores: threads that wait for each other at every one of thousands
        of calls take many times as long (experiments/README.md).
        """
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            suggested = sampler.ask(problem, self.trials)
        try:
            decisions = dict(suggested) if isinstance(suggested, Mapping) else problem.decisions(suggested)
            problem.make(decisions)
        except (KeyError, ValueError) as error:
            raise AnenasError(
                f"the sampler {type(sampler).__name__} suggested an architecture that is not in "
                f"'{problem.space.name}': {error}"
            ) from error
        return self._ask(decisions, problem)

    def ask_about(self, architecture: Architecture, problem: Problem) -> Trial:
        """A trial of this architecture, whatever a sampler would suggest."""
        return self._ask(problem.decisions(architecture), problem)

    def unanswered(self, problem: Problem) -> list[Trial]:
        """Trials that an earlier process asked about and did not live to answer, to be run again.

        Those that had reached a rung are `paused` there.
        """
        import optuna

        rows = running_trials(self._storage, self._optuna._study_id)
        trials = [self._open(optuna.trial.Trial(self._optuna, row), problem) for row in rows]
        self._by_number = dict(sorted(self._by_number.items()))
        self.paused = {trial.number: trial for trial in trials if trial.rungs}
        self._folders.drop_all_but(trial.number for trial in trials)
        return [trial for trial in trials if not trial.rungs]

    def _ask(self, decisions: Decisions, problem: Problem) -> Trial:
        """A new trial, written at once rather than decision by decision, as Optuna's `ask` would."""
        import optuna

        self.guard()
        options: dict[str, optuna.distributions.BaseDistribution] = {}

        def decide(name: str, values: Sequence[Value]) -> Value:
            options[name] = optuna.distributions.CategoricalDistribution(values)
            return decisions[name]

        architecture, decided = walk(problem.decide, decide)
        new = optuna.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            params=decided,
            distributions=options,
            user_attrs={ARCHITECTURE: str(architecture)},
        )
        row = add_trial(self._storage, self._optuna._study_id, new)
        return self._noted(optuna.trial.Trial(self._optuna, row), architecture)

    def _open(self, handle: optuna.trial.Trial, problem: Problem) -> Trial:
        """A running trial of Optuna's, its decisions made."""

        def suggest(name: str, options: Sequence[Value]) -> Value:
            return cast(Value, handle.suggest_categorical(name, options))

        architecture = problem.decide(suggest)
        if ARCHITECTURE not in handle.user_attrs:  # of a version that wrote it last
            handle.set_user_attr(ARCHITECTURE, str(architecture))
        return self._noted(handle, architecture)

    def _noted(self, handle: optuna.trial.Trial, architecture: Architecture) -> Trial:
        rungs = read_rungs(handle.user_attrs)
        trial = Trial(handle.number, architecture, rungs, rungs[-1].donor if rungs else None)
        self._handles[trial.number] = handle
        self._by_number[trial.number] = trial
        return trial

    def trial(self, number: int) -> Trial:
        """The trial of that number."""
        return self._by_number[number]

    def known(self, architecture: Architecture) -> FinishedTrial | None:
        """What was answered about it before."""
        return self._by_architecture.get(architecture)

    @property
    def metric(self) -> Metric:
        """What networks are ranked by."""
        return find_metric(self.settings.metric)

    @property
    def known_count(self) -> int:
        """How many architectures have been answered about."""
        return len(self._by_architecture)

    # Answering

    def workspace(self, trial: Trial) -> Path:
        """A folder for what the trial leaves behind; it becomes `trial_folder` once the trial completes.

        It is empty but for what the trial's last pause left to go on with.
        """
        return self._folders.workspace(trial.number)

    def steps(self, trial: Trial) -> tuple[int, int] | None:
        """How many steps the training of an open trial has done, and of how many; None where nothing tells."""
        return self._folders.steps(trial.number)

    def trial_folder(self, number: int) -> Path:
        """Where the package, weights and figures of a completed trial lie."""
        return self._folders.finished(number)

    def shipped_folder(self, trial: CompletedTrial) -> Path:
        """Where those lie that ship: of its final training, where it had one that made it better."""
        finished, final = self.trial_folder(trial.number), self._folders.final(trial.number)
        return final if trial.final and trial.final.evaluation else finished

    def pause(self, trial: Trial, evaluation: Evaluation) -> None:
        """Note what a trial is at a rung, where it waits for `resume` or `stop`."""
        self.guard()
        rungs = (*trial.rungs, with_total_seconds(trial.rungs, evaluation))
        write_rungs(self._handles[trial.number], rungs)
        self.paused[trial.number] = self._by_number[trial.number] = dataclasses.replace(trial, rungs=rungs)
        self._tell_listeners()

    def resume(self, number: int) -> Trial:
        """A paused trial, to be trained on."""
        return self.paused.pop(number)

    def stop(self, number: int, reason: str) -> None:
        """Record that a paused trial is not trained on."""
        trial = self.paused.pop(number)
        self._answer(trial, "stopped", reason, evaluation=trial.rungs[-1])
        self._folders.drop(number)

    def complete(self, trial: Trial, evaluation: Evaluation, violations: Mapping[str, float]) -> None:
        """Record a trained and exported architecture, whose files are in its workspace."""
        self.guard()
        evaluation = with_total_seconds(trial.rungs, evaluation)
        self._folders.keep(trial.number, evaluation)
        state: State = "infeasible" if violations else "completed"
        point = self.objectives.point(evaluation)
        self._answer(trial, state, _describe(violations), _most_missed(violations), point, violations, evaluation)

    def reject(self, trial: Trial, estimate: Estimate, violations: Mapping[str, float]) -> None:
        """Record an architecture that breaks a limit or rule. The sampler learns by how much; what only training tells
        is as bad as can be.
        """
        reason = _describe(violations) or "; ".join(estimate.broken_rules)
        code = _most_missed(violations) or f"rule {estimate.broken_rules[0].partition(':')[0]}"
        values = [(objective, objective.value(estimate)) for objective in self.objectives]
        point = tuple(
            float(objective.reference if value is None or math.isinf(value) else value) for objective, value in values
        )
        self._answer(trial, "infeasible", reason, code, point, violations or {"rules": 1.0})

    def repeat(self, trial: Trial, earlier: FinishedTrial | None) -> None:
        """Answer a suggestion that is known already, or that is being trained right now."""
        reason = f"trial {earlier.number}" if earlier else "a trial that is running"
        self._answer(trial, "repeated", reason, values=earlier.values if isinstance(earlier, CompletedTrial) else None)

    def fail(self, trial: Trial, reason: str) -> None:
        """Record why an architecture could not be evaluated."""
        self._folders.drop(trial.number)
        self._answer(trial, "failed", reason)

    def check_room(self, error: str) -> None:
        """After a task has failed: make sure that its surroundings are not to blame, which would fail every other.

        Args:
            error: What it said.

        Raises:
            AnenasError: If they are: the study's folder is gone, or its disk is full.
        """
        check_room(self.folder, max(_LEAST_ROOM, self._folders.largest()), error)

    def enter(self, phase: Phase) -> None:
        """Say what the search is doing, and how far it is."""
        self.phase = phase
        self._tell_listeners()

    def final_workspace(self, number: int) -> Path:
        """An empty folder for what the final training of a completed trial leaves behind, see `set_final`."""
        return self._folders.final_workspace(number)

    def set_final(self, number: int, epochs: int, evaluation: Evaluation | None) -> bool:
        """Add the final training to a completed trial, whose files are in its `final_workspace`.

        Args:
            number: Of the trial.
            epochs: That it had at most.
            evaluation: What came out, if anything did.

        Returns:
            Whether that is what ships now. What is no more accurate on the validation inputs than what shipped before
            is forgotten.
        """
        trial = self._completed(number)
        better = evaluation is not None and evaluation.shortfall < trial.shipped.shortfall
        if evaluation and better:
            self._folders.keep_final(number, evaluation)
            tested = {str(other): value for other, value in self._test_accuracies().items() if other != number}
            self._optuna.set_user_attr(_TEST_SCORE, tested)  # was that of another package
        else:
            self._folders.drop_final(number)
        earlier = trial.final.evaluation if trial.final else None
        final = Final(epochs, evaluation if better else earlier)
        known = {str(other): final_to_dict(one) for other, one in self._finals().items()}
        self._optuna.set_user_attr(_FINAL, known | {str(number): final_to_dict(final)})
        test_score = None if better else trial.test_score
        self._replace(trial, dataclasses.replace(trial, final=final, test_score=test_score))
        self._tell_listeners()
        return better

    def set_test_score(self, number: int, score: float) -> None:
        """Add the accuracy of what ships on the test split to a completed trial."""
        trial = self._completed(number)
        known = {str(other): value for other, value in self._test_accuracies().items()}
        self._optuna.set_user_attr(_TEST_SCORE, known | {str(number): score})
        self._replace(trial, dataclasses.replace(trial, test_score=score))

    def set_measurement(self, number: int, measurement: Measurement, violations: Mapping[str, float]) -> None:
        """Add what devices said to a completed trial, whose latency is what was measured from now on.

        Args:
            number: Of the trial.
            measurement: Of its package, perhaps not the first.
            violations: By what fraction of it each limit is missed by that; a trial that misses one is infeasible then.
        """
        trial = self._completed(number)
        known = {"measurement": dataclasses.asdict(measurement), "violations": dict(violations)}
        self._optuna.set_user_attr(f"{_MEASURED}{number}", known)
        new = self._with_measurement(trial, known)
        assert new.evaluation
        self._folders.note(number, new.evaluation)
        self._replace(trial, new)
        self._tell_listeners()

    def _with_measurement(self, trial: CompletedTrial, known: Mapping[str, Any]) -> FinishedTrial:
        evaluation = trial.evaluation.measured(Measurement.from_dict(known["measurement"]))
        point, violations = self.objectives.point(evaluation), known["violations"]
        if not violations:
            return dataclasses.replace(trial, evaluation=evaluation, values=point)
        values = {one.name: getattr(trial, one.name) for one in dataclasses.fields(FinishedTrial)}
        told = {"state": "infeasible", "reason": f"{_describe(violations)}, as measured"}
        more = {"reason_code": _most_missed(violations), "violations": violations}
        return FinishedTrial(**{**values, **told, **more, "evaluation": evaluation, "values": point})

    def _completed(self, number: int) -> CompletedTrial:
        trial = self._by_number[number]
        assert isinstance(trial, CompletedTrial)
        return trial

    def _replace(self, trial: CompletedTrial, new: FinishedTrial) -> None:
        if not isinstance(new, CompletedTrial):
            del self.hypervolumes[self.completed.index(trial)]
        self._by_number[trial.number] = self._by_architecture[trial.architecture] = new
        self.finished[self.finished.index(trial)] = new
        self.completed = [one for one in self.finished if isinstance(one, CompletedTrial)]
        others = [known for known in self.pareto if known.number != trial.number]
        if new.values != trial.values:
            # What it dominated may be better than what it is now.
            candidates = others if len(others) == len(self.pareto) else self.completed
            if isinstance(new, CompletedTrial) and candidates is others:
                candidates = [*others, new]
            self.pareto = [candidates[i] for i in front(self._losses(candidates))]
            losses = self._losses(self.pareto)
            self._front_losses = np.reshape(losses, (-1, len(self.objectives)))
            if self.hypervolumes:
                self.hypervolumes[-1] = hypervolume(losses)
        elif isinstance(new, CompletedTrial):
            self.pareto = [new if known.number == trial.number else known for known in self.pareto]
        self.__dict__.pop("front", None)

    def _answer(
        self,
        trial: Trial,
        state: State,
        reason: str,
        reason_code: str = "",
        values: Point | None = None,
        violations: Mapping[str, float] | None = None,
        evaluation: Evaluation | None = None,
    ) -> None:
        """Tell Optuna; without values the trial fails there and its samplers leave it out."""
        import optuna

        self.guard()
        handle = self._handles.pop(trial.number)
        write_answer(handle, state, reason, reason_code, violations or {}, evaluation)
        without = optuna.trial.TrialState.PRUNED if state == "stopped" else optuna.trial.TrialState.FAIL
        frozen = self._optuna.tell(handle, values, without if values is None else None, skip_if_finished=True)
        if finished := read_finished(frozen, trial.architecture):
            self._by_number[trial.number] = finished
            self._note(finished)
        self._tell_listeners()

    def _note(self, trial: FinishedTrial) -> None:
        self.finished.append(trial)
        if trial.state != "repeated":
            self._by_architecture[trial.architecture] = trial
        if isinstance(trial, CompletedTrial):
            self.completed.append(trial)
            losses = np.array(self._losses([trial]))
            if self.pareto and (self._front_losses <= losses).all(1).any():
                self.hypervolumes.append(self.hypervolumes[-1])
                return
            candidates, losses = [*self.pareto, trial], np.concatenate([self._front_losses, losses])
            on_front = front(losses)
            self.pareto, self._front_losses = [candidates[i] for i in on_front], losses[on_front]
            self.__dict__.pop("front", None)
            self.hypervolumes.append(hypervolume(list(map(tuple, self._front_losses.tolist()))))

    def _tell_listeners(self) -> None:
        for listener in self.listeners:
            listener(self)

    def _losses(self, trials: Sequence[CompletedTrial]) -> list[Losses]:
        return self.objectives.losses(map(self.point, trials))

    # Data

    @property
    def data(self) -> str | dict[str, str] | None:
        """Where its data came from, as `load_data` reads it; None for the embedded set, or where nothing tells."""
        source: str | dict[str, str] | None = self._optuna.user_attrs.get(_DATA)
        return source

    def note_data(self, source: str | dict[str, str] | None) -> None:
        """Remember where the data come from. It is no setting: equal data may be moved."""
        if source != self.data:
            self._optuna.set_user_attr(_DATA, source)

    @property
    def command(self) -> str:
        """What goes on with its search, as it was typed; empty where nothing tells."""
        return str(self._optuna.user_attrs.get(_COMMAND, ""))

    @property
    def has_ended(self) -> bool:
        """Whether its search came to its end. Of those of earlier versions what was left to be answered tells."""
        noted = self._optuna.user_attrs
        return bool(noted[_ENDED]) if _ENDED in noted else not self.unanswered_numbers

    def note_begin(self, command: str) -> None:
        """Remember that a search goes on with it, and what goes on with that."""
        self._optuna.set_user_attr(_ENDED, None)
        self._optuna.set_user_attr(_COMMAND, command)

    def note_end(self) -> None:
        """Remember that its search came to its end."""
        self._optuna.set_user_attr(_ENDED, time.time())

    def drop_dominated(self) -> dict[int, int]:
        """Remove what only trials need that may ship: packages and scores, of all that others beat in everything.

        Their weights stay, which later trials begin with, and so does what the front, the reference and those that
        were trained further have.

        Returns:
            How many bytes each of them left.
        """
        further = (trial for trial in self.completed if trial.final and trial.final.evaluation)
        kept = [*self.pareto, *([self.reference] if self.reference else []), *further]
        return self._folders.slim_all_but(trial.number for trial in kept)

    @property
    def seconds(self) -> float:
        """What its searches took in all; of a study of an earlier version from its first trial to its last."""
        if (noted := self._optuna.user_attrs.get(_SECONDS)) is not None:
            return float(noted)
        started = [trial.started for trial in self.finished if trial.started]
        return max((trial.ended for trial in self.finished), default=0.0) - min(started) if started else 0.0

    def note_seconds(self, seconds: float) -> None:
        """Remember what its searches have taken in all, by now."""
        self._optuna.set_user_attr(_SECONDS, round(seconds, 1))

    @property
    def exports(self) -> dict[str, Path]:
        """Where its searches have copied its picks to, those that are still there."""
        noted: dict[str, str] = self._optuna.user_attrs.get(_EXPORTS, {})
        return {name: Path(path) for name, path in noted.items() if is_folder(path)}

    def note_exports(self, exports: Mapping[str, Path]) -> None:
        """Remember where its picks have been copied to."""
        self._optuna.set_user_attr(_EXPORTS, {name: str(path.absolute()) for name, path in exports.items()})

    @property
    def inputs(self) -> tuple[dict[str, dict[str, int]], list[str]]:
        """How many inputs of each class its splits have, as `count_inputs` counts, and what was said as they were read.

        Nothing where nothing tells.
        """
        noted = self._optuna.user_attrs.get(_INPUTS, {})
        return noted.get("counts", {}), noted.get("said", [])

    def note_inputs(self, counts: Mapping[str, Mapping[str, int]], said: Sequence[str]) -> None:
        """Remember them."""
        noted = {"counts": {part: dict(of) for part, of in counts.items()}, "said": list(said)}
        if noted != self._optuna.user_attrs.get(_INPUTS):
            self._optuna.set_user_attr(_INPUTS, noted)

    @property
    def versions(self) -> dict[str, str]:
        """Those that its search was last run by, by the name of a package."""
        found: dict[str, str] = self._optuna.user_attrs.get(_VERSIONS, {})
        return found

    def note_versions(self, versions: Mapping[str, str]) -> None:
        """Remember them."""
        if versions != self.versions:
            self._optuna.set_user_attr(_VERSIONS, dict(versions))

    def _test_accuracies(self) -> dict[int, float]:
        """What `set_test_score` added; schema 1 kept it in the folders of the trials."""
        known = {int(number): value for number, value in self._optuna.user_attrs.get(_TEST_SCORE, {}).items()}
        if self.settings.schema_version == 1:
            final = self._finals()
            for file in self._folders.evaluations():
                number = int(file.parent.name)
                try:
                    value = json.loads(file.read_text(encoding="utf-8")).get(_TEST_SCORE)
                    value = None if value is None else float(value)
                except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
                    _log.warning(
                        "trial %d: %s is damaged, so its test is not known: %s", number, file, first_line(error)
                    )
                    continue
                if value is not None and not (number in final and final[number].evaluation):
                    known.setdefault(number, value)
        return known

    def _finals(self) -> dict[int, Final]:
        """What `set_final` added."""
        return {int(number): final_from_dict(one) for number, one in self._optuna.user_attrs.get(_FINAL, {}).items()}

    # Results

    @functools.cached_property
    def front(self) -> list[CompletedTrial]:
        """Those of `pareto` that can be told apart, in its order, see `front_told_apart`."""
        return [self.pareto[i] for i in front_told_apart([t.evaluation for t in self.pareto], self.objectives)]

    @property
    def reference(self) -> CompletedTrial | None:
        """The whole network that others are parts of, which they are held against; None before it has completed."""
        trial = self.known(Architecture.parse(self._reference)) if self._reference else None
        return trial if isinstance(trial, CompletedTrial) else None

    def is_reference(self, architecture: Architecture) -> bool:
        """Whether it is the `reference`, completed or not."""
        return str(architecture) == self._reference

    def note_reference(self, architecture: Architecture) -> None:
        """Remember which network `reference` is, unless it is known already."""
        if not self._reference:
            self._reference = str(architecture)
            self._optuna.set_user_attr(_REFERENCE, self._reference)

    def point(self, trial: CompletedTrial) -> Point:
        """What a completed trial is compared by."""
        return self.objectives.point(trial.evaluation)

    @property
    def decisions(self) -> dict[int, Decisions]:
        """What each completed trial decided, by its number; it is read each time."""
        return decisions_of(self._optuna, self._storage, {trial.number for trial in self.completed})

    @property
    def counts(self) -> dict[State, int]:
        """How many trials ended in each state."""
        found = Counter(trial.state for trial in self.finished)
        return {state: found[state] for state in STATES}

    @property
    def reasons(self) -> dict[str, int]:
        """How many trials were infeasible because of what, most first."""
        infeasible = Counter(trial.reason_code for trial in self.finished if trial.state == "infeasible")
        return dict(infeasible.most_common())

    @property
    def picks(self) -> dict[str, CompletedTrial]:
        """The trials of the front that most users want: its "knee", and the best by each objective ("accurate", …).

        What Core ML may keep on the CPU is none of them, unless that is all there is.
        """
        if not self.front:
            return {}
        candidates = [trial for trial in self.front if not trial.evaluation.estimate.is_tiny] or self.front
        losses = self._losses(candidates)
        best = {o.best: min(range(len(losses)), key=lambda j: losses[j][i]) for i, o in enumerate(self.objectives)}
        return {name: candidates[i] for name, i in {"knee": knee(losses), **best}.items()}


def _most_missed(violations: Mapping[str, float]) -> str:
    return max(violations, key=lambda name: violations[name], default="")


def _describe(violations: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name} {fraction:.0%} {'under' if is_least(name) else 'over'} the limit"
        for name, fraction in violations.items()
    )
