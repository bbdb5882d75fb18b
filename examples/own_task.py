"""A task of your own: classes in an order, such as stars or grades, where the next one is less wrong than the last.

    anenas search --plugin examples/own_task.py --task ordinal --data images:FOLDER

Classes are in the order of their names, numbers by value.
"""

import numpy as np
import torch
from torch.nn import functional as F

import anenas
from anenas.tasks import Classification, Loss


@anenas.metric("steps_off", "minimize", title="steps off", is_fraction=False)
def steps_off(predictions: anenas.Predictions) -> float:
    """How many classes lie between what is said and what is right, in the mean."""
    return float(np.abs(predictions.predicted - predictions.labels).mean())


@anenas.task("ordinal")
class Ordinal(Classification):
    metrics = ("steps_off", *Classification.metrics)

    def loss(self, labels: np.ndarray, count: int, *, balanced: bool = False) -> Loss:
        """Cross entropy with labels that are softer the nearer a class is (Díaz and Marathe 2019, SORD)."""
        if balanced:
            raise anenas.AnenasError("ordinal knows no class weights: leave them out")

        def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            steps = (torch.arange(count, device=labels.device) - labels[:, None]).abs()
            return F.cross_entropy(logits, torch.softmax(-2.0 * steps, 1))

        return loss


if __name__ == "__main__":
    result = anenas.run_search("mobile_cnn", task="ordinal", input_shape=(1, 28, 28), epochs=1, trials=2, final="none")
    for model in result.front:
        print(f"{model.score:.2f} steps off, {model.latency_ms:.3f} ms {model.architecture}")
