from __future__ import annotations

import functools
import importlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import anenas
from anenas import _registry
from anenas._errors import AnenasError
from anenas._plugins import dump_plugins, dumps, load_plugin, loads
from anenas.blocks import block_kind
from anenas.inputs import input_kind
from anenas.search import ProcessExecutor, Task, TrialFiles
from anenas.space import Architecture

PLUGIN = """\
    import functools
    import anenas

    @functools.cache
    def doubled(number):
        return 2 * number

    @anenas.register
    class Mine(anenas.Block):
        kind = "mine"
        kernel: int = anenas.choice("k", 3, 5)

        def build(self, in_channels, out_channels, stride):
            from torch import nn

            return nn.Conv2d(in_channels, out_channels, self.kernel, stride, doubled(self.kernel) // 4)
"""
RADAR = """\
    import anenas
    from anenas.inputs import SERIES, register_kind

    class Radar(type(SERIES)):
        def array_problem(self, array):
            return "radar"

    RADAR = register_kind(Radar(**{**vars(SERIES), "name": "radar", "data_choice": "kernel"}))

    @anenas.register
    class Mine(anenas.Block):
        kind = "mine"
        input_kind = RADAR
        kernel: int = anenas.choice("k", 3, 5)
"""
MINE = "1x1x16x16-mine_r2_s2_c16_k5-head_n3"


pytestmark = pytest.mark.usefixtures("forget_plugins")


def write(path: Path, text: str = PLUGIN) -> Path:
    path.write_text(dedent(text))
    return path


def in_a_fresh_process(script: str, *sent: bytes, folder: Path) -> str:
    """What a script prints in a Python that knows anenas and nothing of ours; it has what is sent as a list."""
    for i, each in enumerate(sent):
        (folder / f"{i}.bytes").write_bytes(each)
    first = f"import pathlib; sent = [pathlib.Path(f'{folder}/{{i}}.bytes').read_bytes() for i in range({len(sent)})]\n"
    environment = {
        "PYTHONPATH": str(Path(anenas.__file__).parents[1]),
        "OMP_NUM_THREADS": "1",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-P", "-c", first + dedent(script)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def padding(architecture: Architecture, files: TrialFiles) -> object:
    """What only the block's own code tells."""
    return anenas.build(Architecture.parse(str(architecture))).stem[0].padding  # type: ignore[union-attr,index]


def test_what_a_file_registers_is_known(tmp_path: Path) -> None:
    module = load_plugin(write(tmp_path / "my_blocks.py"))
    assert block_kind("mine") is module.Mine
    assert load_plugin(tmp_path / "my_blocks.py") is module
    assert str(Architecture.parse(MINE)) == MINE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import anenas\n\nx = 1 +\n", r":3: SyntaxError: invalid syntax"),
        ("import anenas\nimport no_such_module\n", r":2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f():\n    raise ValueError('no\\nyes')\n\nf()\n", r":2: ValueError: no$"),
        (
            "import anenas\n\n@anenas.register\nclass Mine(anenas.Block):\n    kind = 'conv'\n",
            r":3: two blocks have the name 'conv'",
        ),
        (
            "import anenas\n\nclass A(anenas.Block):\n    size: int = anenas.choice('k')\n",
            r":4: choice\('k',\): expected",
        ),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / "broken.py", text)
    with pytest.raises(AnenasError, match=rf"^{path}{message}"):
        load_plugin(path)
    assert not [name for name in sys.modules if name.startswith("anenas_plugin_broken")]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match=r"^cannot read the plugin .*nowhere.py: No such file"):
        load_plugin(tmp_path / "nowhere.py")
    with pytest.raises(AnenasError, match=r"^cannot read the plugin .*: Is a directory"):
        load_plugin(tmp_path)


def test_a_process_that_has_anenas_alone_gets_the_blocks_of_a_file(tmp_path: Path) -> None:
    load_plugin(write(tmp_path / "my_blocks.py"))
    plugins, task = dump_plugins(), dumps(Architecture.parse(MINE))
    (tmp_path / "my_blocks.py").unlink()
    script = f"""
        from anenas._plugins import dumps, install_plugins, loads
        install_plugins(sent[0])
        from anenas.network import build
        from anenas.space import Architecture
        assert Architecture.parse("{MINE}") == loads(sent[1]) == loads(dumps(loads(sent[1])))
        print(build(loads(sent[1])).stem[0].padding)
    """
    assert in_a_fresh_process(script, plugins, task, folder=tmp_path) == "(2, 2)"


def test_what_comes_back_is_of_the_class_that_is_known_here(tmp_path: Path) -> None:
    load_plugin(write(tmp_path / "my_blocks.py"))
    with ProcessExecutor([{}]) as executor:
        executor.submit(0, Task(lambda files: Architecture.parse(MINE), TrialFiles(tmp_path)))
        [(_, outcome)] = executor.wait()
    assert outcome.value == Architecture.parse(MINE)


def test_a_kind_of_input_goes_along_with_the_block_that_takes_it(tmp_path: Path) -> None:
    load_plugin(write(tmp_path / "radar.py", RADAR))
    script = """
        import pickle
        task = pickle.loads(sent[0])
        from anenas.inputs import input_kind
        from anenas.space import Architecture
        kind = Architecture.parse("1x1x1x16-mine_r1_s1_c16_k3-head_n3").stages[0].block.input_kind
        assert kind is input_kind("radar")
        print(kind.array_problem(None), kind.data_choice)
    """
    task = Task(functools.partial(padding, None), TrialFiles(tmp_path))
    before = input_kind("radar")
    assert in_a_fresh_process(script, pickle.dumps(task.function), folder=tmp_path) == "radar kernel"
    pickle.loads(pickle.dumps(task.function))
    assert input_kind("radar") is before is block_kind("mine").input_kind


def test_whatever_pickles_a_task_takes_the_plugins_along(tmp_path: Path) -> None:
    load_plugin(write(tmp_path / "my_blocks.py"))
    task = Task(functools.partial(padding, Architecture.parse(MINE)), TrialFiles(tmp_path))
    assert task.function(task.files) == (2, 2)
    script = "import pickle; print(pickle.loads(sent[0])(None))"
    assert in_a_fresh_process(script, pickle.dumps(task.function), folder=tmp_path) == "(2, 2)"


def test_blocks_of_a_module_that_was_imported_travel_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "theirs"
    package.mkdir()
    (package / "__init__.py").touch()
    write(package / "helpers.py", "def padding(kernel):\n    return kernel // 2\n")
    text = PLUGIN.replace("import anenas\n", "import anenas\n    from theirs.helpers import padding\n", 1)
    write(package / "blocks.py", text.replace("doubled(self.kernel) // 4", "padding(self.kernel)"))
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("theirs.blocks")

    plugins = dump_plugins()
    script = f"""
        from anenas._plugins import install_plugins
        install_plugins(sent[0])
        from anenas.network import build
        from anenas.space import Architecture
        print(build(Architecture.parse("{MINE}")).stem[0].padding)
    """
    assert in_a_fresh_process(script, plugins, folder=tmp_path) == "(2, 2)"
    for name in [name for name in sys.modules if name.startswith("theirs")]:
        del sys.modules[name]


def test_a_script_searches_its_own_classes(tmp_path: Path) -> None:
    """Worker processes do not run the script again."""
    script = dedent(PLUGIN) + dedent(f"""
        from pathlib import Path
        from anenas.search import ProcessExecutor

        def name(files):
            return type(anenas.Architecture.parse("{MINE}").stages[0].block).__name__

        print("running")
        with ProcessExecutor([{{}}]) as executor:
            executor.submit(0, anenas.Task(name, anenas.TrialFiles(Path())))
            print(executor.wait()[0][1].value)
    """)
    write(tmp_path / "script.py", script)
    ran = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout.splitlines() == ["running", "Mine"], ran.stderr


def test_what_cannot_travel_is_named(tmp_path: Path) -> None:
    text = PLUGIN.replace("import functools\n", "import functools, threading\n    lock = threading.Lock()\n").replace(
        "from torch import nn", "from torch import nn; lock.acquire()"
    )
    load_plugin(write(tmp_path / "locked.py", text))
    with pytest.raises(AnenasError, match=r"^block 'mine': cannot be sent to another process: .*lock"):
        dump_plugins()


def test_what_cannot_be_read_is_named() -> None:
    with pytest.raises(
        AnenasError, match=r"^data from another process cannot be read: ModuleNotFoundError: .*'nowhere'"
    ):
        loads(b"cnowhere\nthing\n.")


def test_a_task_or_an_answer_that_cannot_travel_is_an_error_of_its_own(tmp_path: Path) -> None:
    lock, files = threading.Lock(), TrialFiles(tmp_path)
    with ProcessExecutor([{}]) as executor:
        with pytest.raises(AnenasError, match=r"^cannot be sent to another process"):
            executor.submit(0, Task(lambda files: lock.locked(), files))
        executor.submit(1, Task(lambda files: threading.Lock(), files))
        [(_, outcome)] = executor.wait()
        assert not outcome.died and "cannot be sent to another process" in str(outcome.error)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A package that names its plugin as entry point."""
    write(tmp_path / "installed_blocks.py")
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("theirs", "installed_blocks", _registry.PLUGINS)

    def entry_points(group: str) -> list[EntryPoint]:
        return [entry] if group == _registry.PLUGINS else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    monkeypatch.setattr(_registry, "_state", "new")
    yield "installed_blocks"
    sys.modules.pop("installed_blocks", None)


def test_plugins_of_installed_packages_are_known_at_the_first_look(installed: str) -> None:
    assert installed not in sys.modules
    assert block_kind("mine").__module__ == installed


def test_plugins_of_installed_packages_are_not_taken_along(installed: str) -> None:
    assert block_kind("mine").__module__ == installed
    assert loads(dump_plugins()) == []


def test_a_broken_plugin_of_an_installed_package_is_named(installed: str, tmp_path: Path) -> None:
    write(tmp_path / "installed_blocks.py", "import no_such_module")
    for _ in range(2):
        with pytest.raises(
            AnenasError, match=r"^plugin 'theirs' of the installed package installed_blocks .*'no_such_module'"
        ):
            block_kind("conv")


def test_what_a_module_defines_that_was_not_installed_travels_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "judges.py", "class Judge:\n    def __call__(self):\n        return 'judged'\n")
    monkeypatch.syspath_prepend(tmp_path)
    judge: Any = importlib.import_module("judges").Judge()
    script = "from anenas._plugins import loads; print(loads(sent[0])())"
    assert in_a_fresh_process(script, dumps(judge), folder=tmp_path) == "judged"
    del sys.modules["judges"]
