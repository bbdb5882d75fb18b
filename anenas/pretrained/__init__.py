"""Weights of networks that have already learned, from wherever a user has them."""

from anenas.pretrained._sources import load_pretrained
from anenas.pretrained._weights import PretrainedWeights

__all__ = ["PretrainedWeights", "load_pretrained"]
