"""The limits of the Neural Engine guidelines that spaces and graphs are checked against."""

from __future__ import annotations

# Largest size along any axis on every supported chip (A14–A16 and M1–M3: 16,384; newer ones take 65,536).
# Source: sbryngelson/ane-guide appendix A, measured on M1.
MAX_DIMENSION = 16_384

MAX_STEPS = 1024
"""Most steps of a series or positions of a context: the guideline's block size; no public source."""

# The compiler runs out of stack beyond about 386 on M6, 448 on M4 (751K) and 383 (maderix/ANE).
MAX_CONVOLUTIONS = 380
# What iOS loads, in 10⁶ bytes (coremltools' documentation).
MAX_WEIGHTS_MB = 1000
# Compiled models above this many bytes macOS 27 runs on the CPU, and says nothing (PyPI eeane 2.1.0: M2, 27.0.1; the
# only source); macOS up to 26 did so above twice that.
MAX_COMPILED_BYTES = 2**30


def is_power_of_two(n: int) -> bool:
    return n > 0 and n & (n - 1) == 0


def padded(size: int, multiple: int) -> int:
    """`size` rounded up to a multiple."""
    return -(-size // multiple) * multiple


def width_problem(channels: int) -> str | None:
    """What is wrong with a layer's width, or None.

    The engine has 16 cores and pads channels to them, so any other width costs as much as the next multiple of 16;
    smaller powers of two waste least.
    """
    if problem := dimension_problem(channels):
        return problem
    if is_power_of_two(channels) or channels % 16 == 0:
        return None
    near = min((1, 2, 4, 8, *range(16, MAX_DIMENSION + 1, 16)), key=lambda width: abs(width - channels))
    return f"{channels} breaks the guideline 'widths are powers of two or multiples of 16'; the nearest is {near}"


def dimension_problem(size: int) -> str | None:
    """What is wrong with a size along one axis, or None."""
    if size > MAX_DIMENSION:
        return f"{size} breaks the guideline 'no dimension over {MAX_DIMENSION:,}'"
    if size < 1:
        return f"{size} is not a positive size"
    return None


def batch_problem(batch: int) -> str | None:
    """What is wrong with a batch size, or None."""
    if not is_power_of_two(batch):
        return f"{batch} breaks the guideline 'batch sizes are powers of two'"
    return dimension_problem(batch)


def steps_problem(steps: int) -> str | None:
    """What is wrong with the length of a series, or None."""
    if steps > MAX_STEPS:
        return f"{steps:,} breaks the guideline 'block size, the length of a sequence, at most {MAX_STEPS:,}'"
    return dimension_problem(steps)


def convolutions_problem(count: int) -> str | None:
    """What is wrong with a program's number of convolutions, or None."""
    return f"{count} convolutions: Apple's compiler fails beyond about 386" if count > MAX_CONVOLUTIONS else None


def weights_problem(weight_bytes: int) -> str | None:
    """What is wrong with the size of a program's weights, or None."""
    if weight_bytes <= MAX_WEIGHTS_MB * 1e6:
        return None
    problem = f"weights total {weight_bytes / 1e6:,.0f} MB, iOS loads {MAX_WEIGHTS_MB:,}"
    if weight_bytes <= MAX_COMPILED_BYTES:
        return problem
    return f"{problem}, and macOS 27 runs what is above 1 GiB ({MAX_COMPILED_BYTES / 1e6:,.0f} MB) on the CPU, silently"
