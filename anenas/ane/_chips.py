"""What is known of each chip's Neural Engine, and how well."""

from __future__ import annotations

from dataclasses import dataclass

from anenas._errors import unknown


@dataclass(frozen=True)
class Chip:
    """One system on a chip, as far as its Neural Engine is concerned.

    `peak_tflops` follows cores × 256 multiply-accumulates × 2 × clock, a law that agrees with Apple's published
    figures and four measurements (751K/Apple-Neural-Engine-Microarchitecture-Study-M6; clocks: aneforge 0.4.0).

    Attributes:
        name: Apple's, such as "A15".
        cores: Neural engine cores.
        clock_ghz: Highest clock of the engine.
        weight_gb_s: Rate at which weights stream in, GB/s.
        elementwise_g_s: Rate of element-wise operations, 10⁹ elements a second.
        fixed_us: Cost of one prediction before any work, microseconds; by the engine's own path where that was
            measured, and Core ML adds to it (`Calibration.fixed`).
        max_dimension: Largest height or width (sbryngelson/ane-guide, appendix A).
        guessed: Names of the attributes above that no public measurement supports: interpolated from neighbours.
        devices: Where it is found.
    """

    name: str
    cores: int
    clock_ghz: float
    weight_gb_s: float
    elementwise_g_s: float
    fixed_us: float
    max_dimension: int
    guessed: tuple[str, ...]
    devices: str

    @property
    def peak_tflops(self) -> float:
        """Peak fp16 rate, 10¹² operations a second, two to a multiply-accumulate."""
        return self.cores * 256 * 2 * self.clock_ghz / 1000


_W, _E, _F, _C = "weight_gb_s", "elementwise_g_s", "fixed_us", "clock_ghz"

# Clocks: aneforge 0.4.0 costmodel_curves.json. Weight rates: ane-guide (M1 51), 751K (M4 67, M5 Pro 145), and
# Apple's OPT-1.3B figure (A17 Pro 41). Fixed costs: ane-guide (M1 190-230), aneforge (M2 100, M5 75-110), maderix/ANE
# (M4 90-95), Apple's MobileNetV3-small (A16 at most 120). Element-wise: 751K measured 61 on M6, the rest scaled down.
_CHIPS = (
    Chip("A12", 8, 1.260, 25, 15, 250, 16_384, (_W, _E, _F), "iPhone XS, XR; iPad Air 3, mini 5"),
    Chip("A13", 8, 1.500, 28, 20, 220, 16_384, (_C, _W, _E, _F), "iPhone 11, SE 2"),
    Chip("A14", 16, 1.428, 30, 30, 175, 16_384, (_W, _E, _F), "iPhone 12; iPad Air 4"),
    Chip("A15", 16, 1.938, 32, 35, 130, 16_384, (_W, _E, _F), "iPhone 13, 14, SE 3; iPad mini 6"),
    Chip("A16", 16, 2.064, 34, 40, 120, 16_384, (_W, _E), "iPhone 14 Pro, 15"),
    Chip("A17 Pro", 16, 2.160, 41, 45, 120, 65_536, (_E, _F), "iPhone 15 Pro; iPad mini 7"),
    Chip("A18", 16, 2.172, 45, 45, 110, 65_536, (_W, _E, _F), "iPhone 16, 16 Pro, 16e"),
    Chip("A19", 16, 2.172, 50, 50, 110, 65_536, (_C, _W, _E, _F), "iPhone 17, 17 Pro, Air"),
    Chip("M1", 16, 1.464, 51, 25, 210, 16_384, (_E,), "Mac, iPad Pro 2020-21"),
    Chip("M2", 16, 1.938, 60, 35, 100, 16_384, (_W, _E), "Mac, iPad Pro 2022"),
    Chip("M3", 16, 2.064, 60, 40, 100, 16_384, (_C, _W, _E, _F), "Mac 2023"),
    Chip("M4", 16, 2.364, 67, 50, 95, 65_536, (_E,), "Mac, iPad Pro 2024"),
    Chip("M5", 16, 2.364, 145, 60, 90, 65_536, (_E,), "Mac, iPad Pro 2025"),
)


def chips() -> dict[str, Chip]:
    """Every known chip by name, oldest first."""
    return {chip.name: chip for chip in _CHIPS}


def get_chip(name: str) -> Chip:
    """The chip of that name; case, and A17 for A17 Pro, are forgiven.

    Raises:
        AnenasError: If it is not known; it offers the nearest names.
    """
    wanted = name.strip().casefold().removesuffix("pro").strip()
    for chip in _CHIPS:
        if chip.name.casefold().removesuffix("pro").strip() == wanted:
            return chip
    raise unknown("chip", name, chips())
