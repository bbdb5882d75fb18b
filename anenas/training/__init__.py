"""Brief and final training of what the network room builds."""

from anenas.training._device import DEVICES, pick_device, visible_gpus
from anenas.training._probe import Probe, fit_probe, pooled_features
from anenas.training._quantise import train_quantised
from anenas.training._teacher import Teacher
from anenas.training._train import (
    FINE_TUNING_LEARNING_RATE,
    PEAK_LEARNING_RATE,
    TrainingError,
    accuracy,
    brief_epochs,
    count_steps,
    predict,
    train,
)

__all__ = [
    "DEVICES",
    "FINE_TUNING_LEARNING_RATE",
    "PEAK_LEARNING_RATE",
    "Probe",
    "Teacher",
    "TrainingError",
    "accuracy",
    "brief_epochs",
    "count_steps",
    "fit_probe",
    "pick_device",
    "pooled_features",
    "predict",
    "train",
    "train_quantised",
    "visible_gpus",
]
