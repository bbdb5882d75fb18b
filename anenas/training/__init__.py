"""Brief and final training of what the network room builds."""

from anenas.training._device import DEVICES, pick_device, visible_gpus
from anenas.training._quantise import train_quantised
from anenas.training._train import PEAK_LEARNING_RATE, TrainingError, accuracy, brief_epochs, count_steps, train

__all__ = [
    "DEVICES",
    "PEAK_LEARNING_RATE",
    "TrainingError",
    "accuracy",
    "brief_epochs",
    "count_steps",
    "pick_device",
    "train",
    "train_quantised",
    "visible_gpus",
]
