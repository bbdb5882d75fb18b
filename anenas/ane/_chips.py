"""What is known about each chip's Neural Engine, and how well."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from anenas._errors import unknown
from anenas.ane._devices import DEVICES, SAME_ENGINE, engine_of

ON_CHIP_BYTES = 2 * 2**20
"""The engine's own memory. A larger tensor goes through DRAM (2 MiB from A14 to A19: 751K, memory notes; the knee on
M1 is at 2.3 MB: ane-guide)."""

MAX_CHANNELS = 65_536
"""Largest batch or number of channels, on every chip (ane-guide, appendix A)."""

MAX_RANK = 5

SYSTEMS = {
    f"{system}{version}": ios
    for ios, versions in {16: (16, 13), 17: (17, 14), 18: (18, 15), 26: (26, 26), 27: (27, 27)}.items()
    for system, version in zip(("ios", "macos"), versions, strict=True)
}
"""The systems that can be estimated for, by name: the version of iOS, that of the same year for macOS. Older ones are
slower by factors that differ from one network to the next: published latencies of iOS 13 and 15."""

NEWEST_SYSTEM = max(SYSTEMS.values())


@dataclass(frozen=True)
class Chip:
    """One system on a chip: everything known about its Neural Engine.

    `peak_tflops` follows cores × 256 multiply-accumulates × 2 × clock, a law that agrees with Apple's published
    figures and four measurements (751K/Apple-Neural-Engine-Microarchitecture-Study-M6; clocks: aneforge 0.4.0).

    Attributes:
        name: Apple's, such as "A15".
        generation: The engine's, as Apple's compiler numbers it: 13 for A14 and M1, 14 for A15 and M2. Chips of one
            generation have the same engine (ane-guide, 751K), and its limits follow from it.
        nearest_measured: The chip whose published latencies the cost model is fitted to for this one, a key of
            `Calibration.corrections`: itself or, if it has too few, the one of the same or the nearest generation
            (A14 and M1, A15 and M2, A16 and M3, A17 Pro and M4 share a compiler family; 751K and hollance).
        cores: Neural engine cores.
        clock_ghz: Highest clock of the engine.
        weight_gb_s: Rate at which weights stream in, GB/s.
        elementwise_g_s: Rate of element-wise operations, 10⁹ elements a second.
        fixed_us: Cost of one prediction before any work, microseconds; measured without Core ML where possible, which
            adds to it (`Calibration.fixed`).
        guessed: Names of the attributes above that no public measurement supports: interpolated from neighbours.
        system: The version of iOS that it runs, or the one of the same year as its macOS.
    """

    name: str
    generation: int
    nearest_measured: str
    cores: int
    clock_ghz: float
    weight_gb_s: float
    elementwise_g_s: float
    fixed_us: float
    guessed: tuple[str, ...]
    system: int = NEWEST_SYSTEM

    def __hash__(self) -> int:
        return hash(self.name)  # costs are cached by chip, and looked up hundreds of thousands of times

    @property
    def full_name(self) -> str:
        """The name that `get_chip` finds it by, with its system unless that is the newest: "A15@ios16"."""
        return self.name if self.system == NEWEST_SYSTEM else f"{self.name}@ios{self.system}"

    @property
    def estimated_system(self) -> str:
        """The systems that its estimates are for, in words."""
        return "iOS 17 or later" if self.tiles else f"iOS {self.system}"

    @property
    def tiles(self) -> bool:
        """Whether its compiler computes chains of operations on large tensors tile by tile, without memory in between.

        Published latencies of large images tell so of iOS 17 and later, and otherwise of iOS 16; 751K saw it on macOS
        27 (memory notes).
        """
        return self.system >= 17

    @property
    def same_engine(self) -> tuple[str, ...]:
        """Other chips that have this engine, and its figures."""
        return SAME_ENGINE.get(self.name, ())

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that have it, or one of the chips with its engine."""
        return tuple(device for chip in (self.name, *self.same_engine) for device in DEVICES.get(chip, ()))

    @property
    def peak_tflops(self) -> float:
        """Peak fp16 rate, 10¹² operations a second, two per multiply-accumulate."""
        return self.cores * 256 * 2 * self.clock_ghz / 1000

    @property
    def max_dimension(self) -> int:
        """Largest height or width (ane-guide, appendix A)."""
        return 65_536 if self.generation >= 16 else 16_384

    @property
    def max_kernel(self) -> tuple[int, int]:
        """Largest height and width of a convolution (ane-guide: 29 × 13 on M1 in fp16; 751K: 31 × 15 on M4)."""
        return (31, 15) if self.generation >= 14 else (29, 13)

    @property
    def max_matmul_inner(self) -> int:
        """Largest size that a matrix product sums over (ane-guide; 751K: 40,000 fails on M4)."""
        return 32_768 if self.generation >= 16 else 16_384

    @property
    def max_average_window(self) -> int:
        """Largest height or width of average pooling (ane-guide)."""
        return 31 if self.generation >= 14 else 29

    @property
    def has_resize(self) -> bool:
        """Whether the engine resizes natively (ane-guide)."""
        return self.generation >= 14

    @property
    def has_exact_slices(self) -> bool:
        """Whether slices with an offset on the last axis keep values over 4,094 (ane-guide, measured)."""
        return self.generation >= 15

    @property
    def doubles_int8(self) -> bool:
        """Whether 8-bit weights and activations double the rate (maderix/ANE, 751K on M4; Apple on A17 Pro)."""
        return self.generation >= 16


_W, _E, _F, _C = "weight_gb_s", "elementwise_g_s", "fixed_us", "clock_ghz"

# Clocks: aneforge 0.4.0 costmodel_curves.json. Weight rates: ane-guide (M1 51), 751K (M4 67, M5 Pro 145), and
# Apple's OPT-1.3B figure (A17 Pro 41). Fixed costs: ane-guide (M1 190-230), aneforge (M2 100, M5 75-110), maderix/ANE
# (M4 90-95), Apple's MobileNetV3-small (A16 at most 120). Element-wise: 751K measured 61 on M6, the rest scaled down.
# A20: clock of the compiler's table (751K), all else as A19. M6: 16 cores in each of two engines, which run a program
# together, clock and weight rate as measured (751K).
_CHIPS = (
    Chip("A12", 11, "A14", 8, 1.260, 25, 15, 250, (_W, _E, _F)),
    Chip("A13", 12, "A14", 8, 1.500, 28, 20, 220, (_C, _W, _E, _F)),
    Chip("A14", 13, "A14", 16, 1.428, 30, 30, 175, (_W, _E, _F)),
    Chip("A15", 14, "A15", 16, 1.938, 32, 35, 130, (_W, _E, _F)),
    Chip("A16", 15, "A16", 16, 2.064, 34, 40, 120, (_W, _E)),
    Chip("A17 Pro", 16, "A17 Pro", 16, 2.160, 41, 45, 120, (_E, _F)),
    Chip("A18", 17, "A17 Pro", 16, 2.172, 45, 45, 110, (_W, _E, _F)),
    Chip("A19", 18, "A17 Pro", 16, 2.172, 50, 50, 110, (_C, _W, _E, _F)),
    Chip("A20", 19, "A17 Pro", 16, 2.172, 50, 50, 110, (_W, _E, _F)),
    Chip("M1", 13, "A14", 16, 1.464, 51, 25, 210, (_E,)),
    Chip("M2", 14, "A15", 16, 1.938, 60, 35, 100, (_W, _E)),
    Chip("M3", 15, "A16", 16, 2.064, 60, 40, 100, (_C, _W, _E, _F)),
    Chip("M4", 16, "A17 Pro", 16, 2.364, 67, 50, 95, (_E,)),
    Chip("M5", 17, "A17 Pro", 16, 2.364, 145, 60, 90, (_E,)),
    Chip("M6", 18, "A17 Pro", 32, 2.580, 150, 61, 90, (_F,)),
)


def chips() -> dict[str, Chip]:
    """Every known chip by name, oldest first."""
    return {chip.name: chip for chip in _CHIPS}


def get_chip(name: str) -> Chip:
    """The chip that has the engine of a chip or device: "A15", "M1 Max", "iPhone 15 Pro", "MacBook Air M3".

    Args:
        name: Of either; behind an @ the system, otherwise the newest: "A15@ios16", "M2@macos14".

    Raises:
        AnenasError: If either is unknown; the message suggests the nearest names.
    """
    name, at, system = name.partition("@")
    if at and (plain := system.replace(" ", "").casefold()) not in SYSTEMS:
        raise unknown("system", plain, SYSTEMS)
    known = chips()
    if found := engine_of(name, known):
        return dataclasses.replace(known[found], system=SYSTEMS[plain]) if at else known[found]
    raise unknown("chip or device", name, chip_names(), listed=known)


def chip_names() -> list[str]:
    """Every chip, and every chip and device that `get_chip` finds one by."""
    return [name for chip in _CHIPS for name in (chip.name, *chip.same_engine, *chip.devices)]
