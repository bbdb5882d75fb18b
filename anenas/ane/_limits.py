"""What each generation of the engine takes at most, and gains by."""

from __future__ import annotations

from dataclasses import dataclass

from anenas.ane._chips import Chip

# Apple's compiler names an engine by its generation; chips of one generation have the same one (ane-guide, 751K).
_GENERATIONS = {
    "A12": 11, "A13": 12, "A14": 13, "M1": 13, "A15": 14, "M2": 14, "A16": 15, "M3": 15, "A17 Pro": 16, "M4": 16,
    "A18": 17, "M5": 17, "A19": 18,
}  # fmt: skip

ON_CHIP_BYTES = 2 * 2**20  # the engine's own memory, H13 to H19 (751K; ane-guide, appendix A)
MAX_CHANNELS = 65_536  # of channels and batch, every generation (ane-guide, appendix A)
MAX_RANK = 5


@dataclass(frozen=True)
class Limits:
    """Limits of one chip.

    Attributes:
        generation: 13 for A14 and M1, 14 for A15 and M2, and so on.
        kernel_height: Of a convolution (ane-guide: 29 on M1; 751K: 31 on M4).
        kernel_width: Of a convolution (ane-guide: 13 on M1 in fp16; 751K: 15 on M4).
        matmul_inner: Size that a matrix product sums over (ane-guide; 751K: 40,000 fails on M4).
        average_window: Of average pooling (ane-guide).
        native_resize: Whether resizing is the engine's own operation (ane-guide).
        exact_slices: Whether slices with an offset on the last axis keep values over 4,094 (ane-guide, measured).
        int8_doubles: Whether 8-bit weights and activations double the rate (maderix/ANE, 751K on M4; Apple's figures
            for A17 Pro).
    """

    generation: int
    kernel_height: int
    kernel_width: int
    matmul_inner: int
    average_window: int
    native_resize: bool
    exact_slices: bool
    int8_doubles: bool


def _limits(generation: int) -> Limits:
    newer = generation >= 14
    return Limits(
        generation=generation,
        kernel_height=31 if newer else 29,
        kernel_width=15 if newer else 13,
        matmul_inner=32_768 if generation >= 16 else 16_384,
        average_window=31 if newer else 29,
        native_resize=newer,
        exact_slices=generation >= 15,
        int8_doubles=generation >= 16,
    )


_LIMITS = {name: _limits(generation) for name, generation in _GENERATIONS.items()}
_STRICTEST = _limits(min(_GENERATIONS.values()))


def limits(chip: Chip) -> Limits:
    """What a chip takes; the strictest of all for one that is not in the table."""
    return _LIMITS.get(chip.name, _STRICTEST)
