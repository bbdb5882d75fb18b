from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commands import environment
from tiny import write_tiny


def test_python_can_search_twice_and_read_a_study_back(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    script = (
        "import anenas, anenas.search\n"
        "for trials in (1, 2):\n"
        "    result = anenas.run_search('tiny.yaml', data='data.npz', epochs=1, trials=trials)\n"
        "assert result.counts['completed'] == 2\n"
        "assert anenas.load_result(result.study).front == result.front\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment(), check=True)
