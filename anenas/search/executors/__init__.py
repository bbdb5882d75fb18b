"""Where trials run: one protocol, and what answers it."""

from anenas.search.executors._base import EXECUTORS, Executor, Outcome, Task, TrialFiles
from anenas.search.executors._processes import ProcessExecutor
from anenas.search.executors._run_all import run_all
from anenas.search.executors._serial import SerialExecutor

__all__ = ["EXECUTORS", "Executor", "Outcome", "ProcessExecutor", "SerialExecutor", "Task", "TrialFiles", "run_all"]
