"""What suggests architectures: one protocol, and what answers it."""

from anenas.search.samplers._base import DEFAULT_SAMPLER, SAMPLERS, Sampler, make_sampler
from anenas.search.samplers._optuna import OptunaSampler

__all__ = ["DEFAULT_SAMPLER", "SAMPLERS", "OptunaSampler", "Sampler", "make_sampler"]
