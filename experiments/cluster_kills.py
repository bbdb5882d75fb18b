"""What SIGKILL costs a search on a Dask cluster: workers, schedulers, drivers and databases killed at random moments.

    python experiments/cluster_kills.py [--rounds 20] [--seed 0]

On this machine: a scheduler, two workers of two trials each, a PostgreSQL that holds the study, and a driver whose
trials sleep instead of training. In each round the driver is to complete a few trials more, and meanwhile a worker, the
scheduler, the driver or the database is killed; what is not a worker is started again by this script, as a user would,
and so is a driver that ended because the database was away. Prints the kills of each kind, and the trials that are lost
(failed, or missing once all is done) or doubled (an architecture completed twice), and how many lack their files.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from anenas import AnenasError
from anenas.latency import Latency
from anenas.search import (
    WEIGHTS,
    Estimate,
    Evaluation,
    Problem,
    Rungs,
    Search,
    SearchSettings,
    Study,
    TrialFiles,
    make_sampler,
    searching,
    store_errors,
    use_storage,
)
from anenas.search.executors.cluster import DaskExecutor
from anenas.space import Architecture, Limits, read_space

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from postgres import Server, server

KINDS = ("worker", "scheduler", "driver", "database")

_STUDY = "kills"
_MORE = 4  # trials that each round shall complete
_SOONEST, _LATEST = 3.0, 12.0  # seconds after the driver was started
_LONGEST = 300.0  # that a driver may take
_STORAGE = "ANENAS_KILLS_STORAGE"  # the variable that tells a driver where the study is
_WEIGHTS = b"\2\0\0\0\0\0\0\0{}"  # safetensors without tensors
_SPACE = """\
name: sleeping
input: {channels: 1, height: 16, width: 16}
stem: {width: 16, stride: 2, blocks: {conv: }}
stages:
  - {depth: [1, 2, 3, 4], width: [16, 32, 48, 64, 96, 128], stride: 2, blocks: {conv: {kernel: [1, 3, 5]}}}
  - {depth: [1, 2, 3, 4], width: [16, 32, 48, 64, 96, 128], stride: 2, blocks: {conv: {kernel: [1, 3, 5]}}}
"""


@dataclass(frozen=True)
class Sleeper:
    """Sleeps instead of training; its figures follow from the architecture."""

    seconds: float = 0.5

    def estimate(self, architecture: Architecture) -> Estimate:
        depth, width = architecture.stages[1].depth, architecture.stages[1].width
        ms = 0.1 * depth + 0.001 * width
        return Estimate({"A15": Latency(ms, ms / 2, ms * 2, "A15", "made up")}, width / 100, macs=1000, params=100)

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        time.sleep(self.seconds)
        if budget_fraction == 1:
            (files.folder / WEIGHTS).write_bytes(_WEIGHTS)
        score = 0.5 + 0.1 * budget_fraction**0.1 * architecture.stages[1].depth
        return Evaluation(score, self.estimate(architecture), budget_fraction, trained_steps=10, total_steps=10)

    def test(self, architecture: Architecture, files: TrialFiles) -> float:
        raise NotImplementedError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="Kills of each kind.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--drive", nargs=3, metavar=("STORE", "ADDRESS", "TRIALS"), help="Be the driver.")
    args = parser.parse_args()
    if args.drive:
        try:
            use_storage(Path(args.drive[0]), os.environ[_STORAGE])
            drive(Path(args.drive[0]), args.drive[1], int(args.drive[2]))
        except AnenasError as error:
            raise SystemExit(f"  the driver: {error}") from error
        return
    rng, kills = random.Random(args.seed), dict.fromkeys(KINDS, 0)
    with tempfile.TemporaryDirectory() as place, server() as database, Cluster() as cluster:
        store, wanted = Path(place), 0
        address = os.environ[_STORAGE] = database.new_database().render_as_string(hide_password=False)
        use_storage(store, address)
        while min(kills.values()) < args.rounds:
            kind = min(kills, key=lambda kind: kills[kind])
            wanted += _MORE
            killed = one_round(store, cluster, database, kind, wanted, rng)
            kills[kind] += killed
            print(f"{kind}: {'killed' if killed else 'was done before'}, {wanted} trials wanted", flush=True)
        report(Study.load(store, _STUDY), kills, wanted)


def one_round(store: Path, cluster: Cluster, database: Server, kind: str, wanted: int, rng: random.Random) -> bool:
    """Have a driver complete more trials, and kill something meanwhile. Whether the driver was still at it."""
    driver = start_driver(store, cluster, wanted)
    time.sleep(rng.uniform(_SOONEST, _LATEST))
    if is_running := driver.poll() is None:
        if kind == "driver":
            driver.kill()
        elif kind == "scheduler":
            cluster.kill_scheduler()
            time.sleep(rng.uniform(0, 3))
            cluster.start_scheduler()
        elif kind == "database":
            database.kill()
            time.sleep(rng.uniform(0, 3))
            database.start()
        else:
            cluster.kill_worker(rng)
    code = driver.wait(_LONGEST)
    if code and is_running and kind in ("driver", "database"):
        code = start_driver(store, cluster, wanted).wait(_LONGEST)
    if code:
        raise SystemExit(f"the driver ended with {code}")
    return is_running


def start_driver(store: Path, cluster: Cluster, wanted: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, "--drive", str(store), cluster.address, str(wanted)])


def drive(store: Path, address: str, trials: int) -> None:
    """Search until there are so many trials."""
    (store / "sleeping.yaml").write_text(_SPACE)
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 2.0}, space="sleeping", chip="A15")
    with store_errors(store), searching(store, _STUDY) as guard:
        study = Study.create_or_continue(store, _STUDY, settings)
        study.guard = guard
        space = read_space(store / "sleeping.yaml")
        problem = Problem(space, 10, Sleeper(), study.objectives, Limits(), latency_bound="estimate")
        with DaskExecutor(address, timeout=30) as executor:
            Search(study, problem, make_sampler("auto", 0), executor, rungs=Rungs(2), inherit=True).run(trials)


def report(study: Study, kills: dict[str, int], wanted: int) -> None:
    """Print what was killed, lost and doubled."""
    completed = study.completed
    doubled = len(completed) - len({trial.architecture for trial in completed})
    bare = sum(not (study.trial_folder(trial.number) / WEIGHTS).is_file() for trial in completed)
    lost = study.counts["failed"] + max(0, wanted - len(completed))
    told = ", ".join(f"{count} {kind}s" for kind, count in kills.items())
    Console().print(
        f"killed: {told}; of {len(study.finished)} trials, {len(completed)} completed: {lost} lost, {doubled} doubled, "
        f"{bare} without their files"
    )


class Cluster:
    """A scheduler and two workers, in processes of their own."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"

    def __enter__(self) -> Cluster:
        self.start_scheduler()
        command = [sys.executable, "-m", "anenas.cli", "worker", "--scheduler", self.address, "--slots", "2"]
        self._workers = [self._start(command) for _ in range(2)]
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._scheduler, *self._workers):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def start_scheduler(self) -> None:
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
        self._scheduler = self._start([*command, "--port", str(self._port), "--no-dashboard"])

    def kill_scheduler(self) -> None:
        self._scheduler.kill()
        self._scheduler.wait()

    def kill_worker(self, rng: random.Random) -> None:
        """One of the processes that Dask's nannies watch over, and start again."""
        while not (watched := self._watched()):  # they are being started
            time.sleep(0.2)
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(watched), signal.SIGKILL)

    def _watched(self) -> list[int]:
        nannies = [child for worker in self._workers for child in _children(worker.pid)]
        return [child for nanny in nannies for child in _children(nanny)]

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(child) for child in found.stdout.split()]


if __name__ == "__main__":
    main()
