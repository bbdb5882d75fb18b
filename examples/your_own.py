"""A block, a data source, a sampler, a latency source and an executor of your own, in one search."""

import math
import random
from concurrent import futures
from pathlib import Path

import numpy as np
from torch import nn

import anenas
from anenas.inputs import IMAGES


@anenas.register
class Grouped(anenas.Block):
    kind = "grouped"
    kernel: int = anenas.choice("k", 3, 5)

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        convolution = nn.Conv2d(in_channels, out_channels, self.kernel, stride, self.kernel // 2, groups=16, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.ReLU())


@anenas.source("stripes", IMAGES)
def stripes(rest: str, wanted: object) -> dict[str, np.ndarray]:
    """Noise with stripes that lie or stand; `rest` says how many pictures."""
    rng, count = np.random.default_rng(0), int(rest)
    x, y = rng.integers(0, 128, (count, 16, 16), np.uint8), np.arange(count) % 2
    x[y == 0, ::2] += 64
    x[y == 1, :, ::2] += 64
    return {"train_x": x, "train_y": y, "test_x": x[:60], "test_y": y[:60], "class_names": np.array(["lie", "stand"])}


class Drawn:
    def ask(self, problem: anenas.Problem, trials: list[anenas.Trial]) -> anenas.Architecture:
        rng = random.Random(len(trials))
        return problem.decide(lambda name, options: rng.choice(options))


def straight_line(graph, chip):  # type: ignore[no-untyped-def]
    return 0.2 + graph.macs / 2e9, 0.2, 0.2 + graph.macs / 1e9  # milliseconds, and an interval


class Thread:
    slots = 1

    def __enter__(self):  # type: ignore[no-untyped-def]
        self._pool, self._running = futures.ThreadPoolExecutor(self.slots), {}
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(self, key: int, task: anenas.Task) -> None:
        self._running[self._pool.submit(task.function, task.files)] = key

    def wait(self, timeout: float = math.inf) -> list[tuple[int, anenas.Outcome]]:
        ended = futures.wait(self._running, min(timeout, 1e6), futures.FIRST_COMPLETED).done
        return [(self._running.pop(future), anenas.Outcome.of_call(future.result)) for future in ended]

    def cancel(self) -> None:
        self._running.clear()


if __name__ == "__main__":
    result = anenas.run_search(
        Path(__file__).with_name("your_own.yaml"),
        data="stripes:400",
        latency=anenas.FunctionLatency(straight_line, name="straight-line", version="1"),
        sampler=Drawn(),
        executor=Thread(),
        trials=3,
        epochs=4,
    )
    for model in result.front:
        print(f"{model.score:.0%} {model.latency_ms:.3f} ms {model.architecture}")
