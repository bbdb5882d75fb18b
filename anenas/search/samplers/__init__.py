"""What suggests architectures."""

from anenas.search.samplers._names import DEFAULT_SAMPLER, SAMPLERS, check_sampler, make_sampler

__all__ = ["DEFAULT_SAMPLER", "SAMPLERS", "check_sampler", "make_sampler"]
