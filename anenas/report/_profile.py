"""A model's profile as a page: where its time goes, how close it is to the chip's limits, and what the rules find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anenas.ane import Finding
from anenas.latency import Profile
from anenas.report._pages import write_page
from anenas.report._profile_view import WORDS, grouped, roofline, shares, times


def write_profile_page(profile: Profile, findings: Sequence[Finding], path: Path) -> None:
    """Write one self-contained page, whole or not at all.

    Raises:
        OSError: If it cannot be written.
    """
    write_page(
        "profile.html.j2",
        path,
        styles=("profile.css",),
        title=f"{profile.model} on {profile.chip.name}",
        facts=_facts(profile),
        shares=shares(profile),
        times=times(profile),
        roofline=roofline(profile),
        words=WORDS,
        groups=grouped(findings),
        placed=profile.placed,
    )


def _facts(profile: Profile) -> list[tuple[str, str]]:
    latency, parts, cost = profile.latency, profile.calibrated, profile.cost
    if latency == parts:
        source = f"estimated by {latency.origin}; not measured on a device"
    else:
        source = f"{latency.origin}; its parts below are of {parts.ms:.3f} ms by {parts.origin}"
    return [
        ("latency", f"{latency.ms:.3f} ms, {latency.low_ms:.2f} to {latency.high_ms:.2f} nine times out of ten"),
        ("source", source),
        ("on the engine", f"{cost.residency:.0%} of the time, {cost.mac_residency:.0%} of multiply-accumulates"),
        ("segments", f"{cost.engine_segments} on the engine"),
        ("multiply-accumulates", f"{cost.macs:,}"),
        ("weights", f"{cost.weight_bytes / 1e6:.2f} MB"),
    ]
