"""Weights of networks that have already learned, from wherever a user has them."""

from anenas.pretrained._sources import load_pretrained
from anenas.pretrained._trained import TrainedNetwork, read_trained, save_trained
from anenas.pretrained._weights import PretrainedWeights

__all__ = ["PretrainedWeights", "TrainedNetwork", "load_pretrained", "read_trained", "save_trained"]
