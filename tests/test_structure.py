"""Tests lie where what they test lies: tests/ROOM/test_x.py is of anenas/ROOM/_x.py."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "anenas"

# Tests of several files, or of none of the package's.
OTHERS = {
    "ane/test_fit_latency.py": "of experiments/fit_latency.py, which makes ane/calibration.json",
    "api/test_plugin.py": "a user's block from their file to a bundle",
    "blocks/test_blocks.py": "every block, by what all of them promise",
    "bundle/test_recordings.py": "bundles of recordings, from the study to the files",
    "bundle/test_texts.py": "bundles of texts, from the study to the files",
    "cli/test_search_end_to_end.py": "whole searches, each a process that is killed or goes on",
    "coreml/test_agreement.py": "graphs of architectures against those of their packages",
    "coreml/test_difference.py": "of coreml/_verify.py and _bounds.py, what differs and what may, without programs",
    "coreml/test_every_form.py": "every kind of block in every form of weights",
    "coreml/test_verify_quantised.py": "of coreml/_verify.py, where weights or activations are compressed",
    "coreml/test_tasks.py": "programs of networks that do not name one class",
    "data/test_cut_fashion_mnist.py": "of experiments, which made data/fashion_mnist.npz",
    "data/test_cut_wrist_motion.py": "of experiments, which made data/wrist_motion.npz",
    "docs/test_blocks.py": "how pages of the documentation are read",
    "docs/test_pages.py": "the documentation",
    "fuzz/test_archives.py": "malformed archives",
    "fuzz/test_data_files.py": "malformed arrays, pictures and sounds",
    "fuzz/test_device_files.py": "malformed calibrations and recordings",
    "fuzz/test_packages.py": "malformed packages",
    "fuzz/test_recordings.py": "malformed recordings and phone photos",
    "fuzz/test_studies.py": "malformed rows and evaluations of studies",
    "fuzz/test_tables.py": "malformed tables of users",
    "fuzz/test_texts.py": "malformed architectures and spaces",
    "fuzz/test_weights.py": "malformed checkpoints and weights",
    "mil/test_on_engine.py": "of mil/operations/_on_engine.py, and what no precision may touch",
    "mil/test_states.py": "programs that keep a state, from the file to the cost",
    "inputs/test_moments.py": "what all kinds of input make of arrays",
    "inputs/test_kinds.py": "what all kinds of input promise",
    "mil/test_compression.py": "operations/_compression.py, through programs",
    "mil/test_coverage.py": "every operation against coremltools' own table",
    "mil/test_defaults.py": "what operations take for what is left out, against coremltools",
    "mil/test_elementwise.py": "operations/_elementwise.py, through programs",
    "mil/test_networks.py": "whole networks through the interpreter",
    "search/executors/cluster/test_measuring.py": "of search/_measuring.py on a cluster",
    "search/test_splits.py": "what may be looked at by what chooses, and by what tests",
    "tasks/test_tasks.py": "what every task owes",
    "test_addresses.py": ".ci/addresses.py, which the release workflow runs",
    "test_examples.py": "the scripts in examples",
    "test_extend.py": "what CONTRIBUTING.md says",
    "test_public.py": "anenas/__init__.py",
    "test_readme.py": "what README.md says",
    "test_writes.py": "all of anenas/, which writes files whole",
    "test_structure.py": "the tests themselves",
}


def is_mirror(test: Path) -> bool:
    """Whether a test file has the name of a file or a room of the package."""
    folder, name = PACKAGE / test.relative_to(TESTS).parent, test.stem.removeprefix("test_")
    return any((folder / one).exists() for one in (f"_{name}.py", f"{name}.py", name))


def test_every_test_file_is_of_a_file_of_the_package_or_says_of_what_else() -> None:
    found = {test.relative_to(TESTS).as_posix(): is_mirror(test) for test in TESTS.rglob("test_*.py")}
    assert {name for name, mirrors in found.items() if not mirrors} == set(OTHERS)


def test_every_folder_of_tests_is_a_room_s() -> None:
    of_all_rooms = {Path("docs"), Path("fuzz")}
    folders = {test.parent.relative_to(TESTS) for test in TESTS.rglob("test_*.py")} - of_all_rooms
    assert {str(folder) for folder in folders if not (PACKAGE / folder / "__init__.py").is_file()} == set()
