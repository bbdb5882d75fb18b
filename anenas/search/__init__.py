"""The search: what is estimated and evaluated, where it is recorded, and the loop that asks and tells.

Start reading in `_loop.py`.
"""

from anenas.search._address import read_address
from anenas.search._choice import Choice, apart_in, choose_by_weights, choose_within, front_within, within
from anenas.search._class_weights import CLASS_WEIGHTS, draws_of, loss_of
from anenas.search._distinguish import alike_in_latency, front_told_apart, indistinguishable
from anenas.search._donor import Learned, Pretrained
from anenas.search._early_stopping import DEFAULT_RUNGS, FEWEST_TRIALS, Rungs
from anenas.search._evaluation import (
    ARCHITECTURE,
    CHECKPOINT,
    EVALUATION,
    FINAL,
    OPERATIONS,
    PACKAGE,
    RECORDING,
    TEST_SCORES,
    VALIDATION_SCORES,
    WEIGHTS,
    Estimate,
    Evaluation,
    Measurement,
)
from anenas.search._evaluator import AdaptableEvaluator, Evaluator, FinalEvaluator
from anenas.search._exports import export_best, version_of
from anenas.search._final import FINAL_MODELS, FinalModels, FinalTraining
from anenas.search._first import front_of, read_architectures
from anenas.search._loop import Search
from anenas.search._measuring import DevicePool, DeviceSummary, Meter, NoDevices, Reading, check_devices
from anenas.search._objectives import FIGURES, Figure, Objective, Objectives, is_metric, objective_names, pick_meaning
from anenas.search._own_training import Train
from anenas.search._problem import (
    LATENCY_BOUNDS,
    CandidateEstimate,
    LatencyBound,
    Problem,
    Space,
    reference_draws,
    reference_point,
)
from anenas.search._reach import check_reach
from anenas.search._settings import SCHEMA_VERSION, SearchSettings
from anenas.search._ship import load_deployed, ship
from anenas.search._store import (
    UNFINISHED,
    check_store,
    check_study_name,
    database_place,
    is_being_searched,
    quiet_optuna,
    searching,
    store_errors,
    study_folder,
    study_name,
    study_names,
    use_storage,
)
from anenas.search._studies import (
    check_study,
    copy_study,
    delete_study,
    leftover_studies,
    remove_leftover,
    rename_study,
)
from anenas.search._study import Phase, Study
from anenas.search._testing import FrontTesting
from anenas.search._trained import Trained
from anenas.search._training_evaluator import TrainingEvaluator
from anenas.search._trial import CompletedTrial, Final, FinishedTrial, Trial, called_by_number
from anenas.search.executors import (
    EXECUTORS,
    Executor,
    MeasuringExecutor,
    Outcome,
    ProcessExecutor,
    SerialExecutor,
    Task,
    TrialFiles,
    run_all,
)
from anenas.search.samplers import DEFAULT_SAMPLER, SAMPLERS, OptunaSampler, Sampler, make_sampler

__all__ = [
    "ARCHITECTURE",
    "CHECKPOINT",
    "CLASS_WEIGHTS",
    "DEFAULT_RUNGS",
    "DEFAULT_SAMPLER",
    "EVALUATION",
    "EXECUTORS",
    "FEWEST_TRIALS",
    "FIGURES",
    "FINAL",
    "FINAL_MODELS",
    "LATENCY_BOUNDS",
    "OPERATIONS",
    "PACKAGE",
    "RECORDING",
    "SAMPLERS",
    "SCHEMA_VERSION",
    "TEST_SCORES",
    "UNFINISHED",
    "VALIDATION_SCORES",
    "WEIGHTS",
    "AdaptableEvaluator",
    "CandidateEstimate",
    "Choice",
    "CompletedTrial",
    "DevicePool",
    "DeviceSummary",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "Executor",
    "Figure",
    "Final",
    "FinalEvaluator",
    "FinalModels",
    "FinalTraining",
    "FinishedTrial",
    "FrontTesting",
    "LatencyBound",
    "Learned",
    "Measurement",
    "MeasuringExecutor",
    "Meter",
    "NoDevices",
    "Objective",
    "Objectives",
    "OptunaSampler",
    "Outcome",
    "Phase",
    "Pretrained",
    "Problem",
    "ProcessExecutor",
    "Reading",
    "Rungs",
    "Sampler",
    "Search",
    "SearchSettings",
    "SerialExecutor",
    "Space",
    "Study",
    "Task",
    "Train",
    "Trained",
    "TrainingEvaluator",
    "Trial",
    "TrialFiles",
    "alike_in_latency",
    "apart_in",
    "called_by_number",
    "check_devices",
    "check_reach",
    "check_store",
    "check_study",
    "check_study_name",
    "choose_by_weights",
    "choose_within",
    "copy_study",
    "database_place",
    "delete_study",
    "draws_of",
    "export_best",
    "front_of",
    "front_told_apart",
    "front_within",
    "indistinguishable",
    "is_being_searched",
    "is_metric",
    "leftover_studies",
    "load_deployed",
    "loss_of",
    "make_sampler",
    "objective_names",
    "pick_meaning",
    "quiet_optuna",
    "read_address",
    "read_architectures",
    "reference_draws",
    "reference_point",
    "remove_leftover",
    "rename_study",
    "run_all",
    "searching",
    "ship",
    "store_errors",
    "study_folder",
    "study_name",
    "study_names",
    "use_storage",
    "version_of",
    "within",
]
