"""What a release says of where it comes from: `.ci/addresses.py`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/Ada/anenas"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in a copy of the repository's folder."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "addresses.py", folder / ".ci")
    return subprocess.run(
        [sys.executable, folder / ".ci" / "addresses.py", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The repository's pyproject.toml and README, with links to everything that they lead to."""
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    for path in ROOT.iterdir():
        if not (tmp_path / path.name).exists() and path.name != ".ci":
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


def test_metadata_and_readme_lead_to_the_repository_that_makes_the_release(folder: Path) -> None:
    done = run(folder, REPOSITORY, "v1.2.3")
    assert (done.returncode, done.stderr) == (0, "")
    before, after = (tomllib.loads((at / "pyproject.toml").read_text()) for at in (ROOT, folder))
    assert after["project"].pop("urls") == {
        "Documentation": "https://ada.github.io/anenas/",
        "Source": REPOSITORY,
        "Issues": f"{REPOSITORY}/issues",
        "Changelog": f"{REPOSITORY}/blob/v1.2.3/CHANGELOG.md",
    }
    assert after == before
    readme = (folder / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert len(links) > 10 and all(link.startswith("https://") for link in links)
    assert f"]({REPOSITORY}/raw/v1.2.3/docs/figures/front.png)" in readme
    assert f"]({REPOSITORY}/tree/v1.2.3/examples)" in readme
    assert f"]({REPOSITORY}/blob/v1.2.3/CONTRIBUTING.md)" in readme


def test_a_link_to_what_is_not_there_stops_the_release(folder: Path) -> None:
    with (folder / "README.md").open("a") as readme:
        readme.write("[gone](docs/gone.md)\n")
    done = run(folder, REPOSITORY, "v1.2.3")
    assert (done.returncode, done.stderr) == (1, "README.md links to docs/gone.md, which is not there\n")
