"""Writes into pyproject.toml and the README where the repository is that makes a release: its forks have their own.

    python .ci/addresses.py https://github.com/OWNER/NAME v1.2.3

The release workflow runs it before it builds; so what is built, and a wheel that is rebuilt from the sdist, has the
addresses. PyPI shows the README without the files beside it, so its links and pictures become addresses of the tag's.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#:]+)(#[^)\s]*)?\)")  # what has a colon is an address already


def urls(repository: str, tag: str) -> dict[str, str]:
    """The labels that PyPI knows, with their addresses."""
    server, owner, name = urlsplit(repository).netloc, *urlsplit(repository).path.strip("/").split("/")
    site = f"{owner.lower()}.{server.removesuffix('.com')}.io"
    return {
        "Documentation": f"https://{site}/{name}/",
        "Source": repository,
        "Issues": f"{repository}/issues",
        "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
    }


def with_urls(project: str, repository: str, tag: str) -> str:
    """A pyproject.toml with a table of addresses, which it must not have yet."""
    rows = "".join(f'{label} = "{address}"\n' for label, address in urls(repository, tag).items())
    before, scripts, after = project.partition("[project.scripts]\n")
    if "[project.urls]" in project or not scripts:
        raise SystemExit("pyproject.toml: expected [project.scripts], and no [project.urls]")
    return f"{before}[project.urls]\n{rows}\n{scripts}{after}"


def with_links(readme: str, folder: Path, repository: str, tag: str) -> str:
    """A README whose links to files of the folder are addresses."""

    def whole(link: re.Match[str]) -> str:
        opening, path, place = link.groups()
        if not (folder / path).exists():
            raise SystemExit(f"README.md links to {path}, which is not there")
        kind = "raw" if opening[0] == "!" else "tree" if (folder / path).is_dir() else "blob"
        return f"{opening}{repository}/{kind}/{tag}/{path}{place or ''})"

    return _LINK.sub(whole, readme)


def main(repository: str, tag: str, folder: Path) -> None:
    """Rewrites both files of the folder."""
    project, readme = folder / "pyproject.toml", folder / "README.md"
    project.write_text(with_urls(project.read_text("utf-8"), repository, tag), "utf-8")
    readme.write_text(with_links(readme.read_text("utf-8"), folder, repository, tag), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:], folder=Path(__file__).parents[1])
