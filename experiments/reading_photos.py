"""How long a large folder of photos takes to read, and how much memory, the first time and the next.

    python experiments/reading_photos.py [--photos 20000] [--size 224]

Writes that many JPEGs of 500×375 pixels, of 200 different pictures, to a temporary folder (for 20,000 about 1 GB, and 3
GB for what is drawn of them), and reads them twice with `load_data`, each time in a process of its own. Prints seconds
until the data are ready, with their fingerprint and mean, and the peak of the memory: the process's own, and all with
the pages of files that are mapped, which the system takes back when it needs them.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

_DIFFERENT = 200
_CLASSES = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read:
        _read(args.read, args.size)
        return
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        _write(photos, args.photos)
        for which in ("first", "second"):
            print(f"{which} time", flush=True)
            command = [sys.executable, __file__, "--size", str(args.size), "--read", str(photos)]
            subprocess.run(command, env=os.environ | {"HOME": folder}, check=True)


def _write(folder: Path, count: int) -> None:
    random = np.random.default_rng(0)
    contents = []
    for _ in range(_DIFFERENT):
        rough = Image.fromarray(random.integers(0, 256, (75, 100, 3), np.uint8))
        file = io.BytesIO()
        rough.resize((500, 375), Image.Resampling.BICUBIC).save(file, "jpeg", quality=90)
        contents.append(file.getvalue())
    for i in range(_CLASSES):
        (folder / str(i)).mkdir(parents=True)
    for i in range(count):
        (folder / str(i % _CLASSES) / f"{i}.jpg").write_bytes(contents[i % _DIFFERENT])


def _read(folder: str, size: int) -> None:
    from anenas.data import load_data

    logging.basicConfig(level=logging.INFO, format="  %(message)s")
    own = [0.0]
    threading.Thread(target=_watch, args=(own,), daemon=True).start()
    started = time.perf_counter()
    dataset = load_data(f"images:{folder}", size=(size, size))
    loaded = time.perf_counter() - started
    assert dataset.fingerprint and dataset.mean
    ready = time.perf_counter() - started
    every = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  read after {loaded:.0f} s, ready after {ready:.0f} s; {own[0]:.2f} GB of its own, {every:.2f} GB in all")


def _watch(own: list[float]) -> None:
    """Keep the largest amount of memory that is the process's own; Linux alone tells."""
    status = Path("/proc/self/status")
    while status.exists():
        found = re.search(r"RssAnon:\s+(\d+) kB", status.read_text())
        own[0] = max(own[0], int(found[1]) / 1e6 if found else 0)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
