"""Data under the names that the documentation uses, small."""

from __future__ import annotations

import csv
import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from tiny import write_tiny

FLOWERS = ("daisy", "rose", "tulip")


def write_readers_data(folder: Path) -> None:
    """Write photos, series, recordings, texts and tables; and the space tiny.yaml, for commands with small settings."""
    write_tiny(folder)
    (folder / "data.npz").rename(folder / "mine.npz")
    rng = np.random.default_rng(0)
    _write_photos(folder / "photos", rng, 24)
    _write_photos(folder / "photos_of_yesterday", rng, 6)
    files = sorted((folder / "photos").rglob("*.png"))
    labels = [(path.relative_to(folder), path.parent.name) for path in files]
    _write_table(folder / "labels.csv", ("path", "label"), labels)
    _write_recordings(folder / "recordings", rng)
    words = {"good": "great lovely fine bright", "bad": "awful broken dull late"}
    texts = [(" ".join(rng.permutation(said.split())), label) for label, said in words.items() for _ in range(40)]
    _write_table(folder / "reviews.csv", ("text", "label"), texts)
    _write_table(folder / "tweets.csv", ("text", "label"), texts)
    weather = [(f"2026-01-{1 + i // 24:02d}T{i % 24:02d}:00", f"{np.sin(i / 4):.3f}", i % 7) for i in range(600)]
    _write_table(folder / "weather.csv", ("time", "temperature", "wind"), weather)
    rows = [(w, "wave" if w % 2 else "still", round(float(v), 3)) for w in range(60) for v in (w % 2) * rng.random(16)]
    _write_table(folder / "windows.csv", ("window", "label", "x"), rows)


def _write_photos(folder: Path, rng: np.random.Generator, count: int) -> None:
    for number, flower in enumerate(FLOWERS):
        (folder / flower).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 90, (24, 24, 3))
            pixels[..., number] += 120
            Image.fromarray(pixels.astype(np.uint8)).save(folder / flower / f"{i:03d}.png")


def _write_recordings(folder: Path, rng: np.random.Generator) -> None:
    for word, hertz in (("yes", 400), ("no", 1200)):
        (folder / word).mkdir(parents=True)
        for i in range(20):
            tone = np.sin(2 * np.pi * hertz * np.arange(4000) / 8000) + rng.normal(0, 0.1, 4000)
            with wave.open(str(folder / word / f"{i:03d}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes((9000 * tone).astype(np.int16).tobytes())


def _write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
