"""Where trials run: one protocol, and what answers it."""

from anenas.search.executors._base import ENGINE, EXECUTORS, Executor, MeasuringExecutor, Outcome, Task, TrialFiles
from anenas.search.executors._processes import ProcessExecutor
from anenas.search.executors._run_all import run_all
from anenas.search.executors._serial import SerialExecutor
from anenas.search.executors._steps import StepsFile, read_steps, write_steps

__all__ = [
    "ENGINE",
    "EXECUTORS",
    "Executor",
    "MeasuringExecutor",
    "Outcome",
    "ProcessExecutor",
    "SerialExecutor",
    "StepsFile",
    "Task",
    "TrialFiles",
    "read_steps",
    "run_all",
    "write_steps",
]
