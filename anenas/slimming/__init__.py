"""Sub-networks of one network: it becomes a search space, and the weights that every member begins with."""

from anenas.slimming._slim import Slim, slim

__all__ = ["Slim", "slim"]
