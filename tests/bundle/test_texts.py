"""A bundle of a network of texts: what its user has to know of the vocabulary lies in it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from studies import trained_study

import anenas
from anenas._errors import AnenasError
from anenas.bundle import Bundle
from anenas.bundle._templates import render
from anenas.coreml import Package, program_accuracy
from anenas.data import Dataset, Encoding, InputFormat, load_data
from anenas.inputs import TEXTS
from anenas.mil import load_program
from anenas.models import verify_against
from anenas.models._forms import load_test_data
from anenas.search import PACKAGE, WEIGHTS, Study
from anenas.space import SearchSpace

ENCODING = Encoding("words", 64)
SPACE = {
    "name": "texts",
    "input": {"tokens": "words", "steps": 8},
    "stem": {"width": 32, "blocks": {"embedding": {"vocabulary": 64, "lookup": ["onehot", "gather"]}}},
    "stages": [{"width": 16, "blocks": {"min_gru": {}}}],
    "head": {"pool": ["mean", "last"]},
}
TRIALS = (
    "1x1x1x8_masked-embedding_r1_s1_c32_v64_onehot-min_gru_r1_s1_c16-head_n2",
    "1x1x1x8_masked-embedding_r1_s1_c32_v64_gather-min_gru_r1_s1_c16-head_last_n2",
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Dataset]:
    """Texts of two classes, of which the last word tells, and how they are called."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("texts") / "reviews.csv"
    lines = ["text,label"]
    for i in range(300):
        words = [f"word{n}" for n in rng.integers(0, 40, rng.integers(1, 7))]
        lines.append(f"{' '.join(words)} {('Dreadful!', 'lovely')[i % 2]},{('bad', 'good')[i % 2]}")
    path.write_text("\n".join(lines))
    return f"text:{path}", load_data(f"text:{path}", InputFormat(TEXTS, steps=8, encoding=ENCODING))


@pytest.fixture(scope="module")
def study(data: tuple[str, Dataset], tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Both look-ups, trained and exported."""
    source, dataset = data
    store, space = tmp_path_factory.mktemp("study") / "store", SearchSpace.model_validate(SPACE)
    return trained_study(store, space, dataset, source, TRIALS, encoding=dataclasses.asdict(ENCODING))


@pytest.fixture(scope="module", params=[0, 1], ids=["onehot", "gather"])
def bundle(study: Study, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    store = study.trial_folder(0).parents[3]
    return anenas.export("texts", tmp_path_factory.mktemp("bundles") / "b", pick=request.param, store=store)


def test_networks_of_texts_learn_and_ship_what_they_compute(study: Study) -> None:
    for record in study.completed:
        assert record.evaluation and record.evaluation.score > 0.9
        folder = study.trial_folder(record.number)
        (given,) = Package.open(folder / PACKAGE).graph.inputs
        assert (given.name, given.shape) == ("tokens", (1, 1, 1, 8))
        found = verify_against(folder / PACKAGE, str(folder / WEIGHTS), samples=4)
        assert found.passed and found.fp32[0].relative < 1e-5


def test_one_lookup_stays_on_the_engine_and_the_other_is_costed_beside_it(study: Study) -> None:
    on, off = (trial.evaluation.estimate for trial in study.completed)
    assert on.residency == 1 and off.residency < 1


def test_the_vocabulary_ships_with_the_model_and_with_the_bundle(bundle: Bundle, data: tuple[str, Dataset]) -> None:
    expected = data[1].metadata
    metadata = Package.open(bundle.path / "model.mlpackage").metadata
    assert {name: metadata[name] for name in expected} == expected
    assert json.loads((bundle.path / "vocabulary.json").read_text()) == json.loads(expected["vocabulary"])
    assert bundle.test_score > 0.9


def test_texts_are_read_for_a_package_with_its_own_vocabulary(bundle: Bundle, tmp_path: Path) -> None:
    table = tmp_path / "other.csv"
    rows = [f"strange{i} word3 {('Dreadful!', 'lovely')[i % 2]},{('bad', 'good')[i % 2]}" for i in range(20)]
    table.write_text("\n".join(["text,label", *rows]))
    package = Package.open(bundle.path / "model.mlpackage")
    test = load_test_data(package, f"text:{table}").test
    assert program_accuracy(package, test.inputs, test.labels, classes=("bad", "good")) == 1


def test_networks_of_texts_do_not_compute_with_integers(study: Study, tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="w8a8 is for blocks of images, and stem has embedding; choose another"):
        anenas.export("texts", tmp_path / "b", pick=0, form="w8a8", store=study.trial_folder(0).parents[3])
    assert not (tmp_path / "b").exists()


def test_networks_of_texts_do_not_stream(study: Study, tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match=r"do not stream: a text has its padding before it$"):
        anenas.export("texts", tmp_path / "b", pick=0, streaming=True, store=study.trial_folder(0).parents[3])


def test_a_text_is_encoded_as_in_training_and_classified_with_torch_alone(bundle: Bundle) -> None:
    script = (
        "import runpy, sys\n"
        "sys.modules.update(anenas=None, timm=None)\n"
        "module = runpy.run_path('network.py')\n"
        "tokens = module['encode']('WORD3, word7: lovely... nowhere else!')\n"
        "print(tokens.flatten().int().tolist(), module['load']()(tokens).argmax().item())"
    )
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=bundle.path, capture_output=True, text=True, env={"OMP_NUM_THREADS": "1"})
    assert ran.returncode == 0, ran.stderr
    ids = {token: i for i, token in enumerate(json.loads((bundle.path / "vocabulary.json").read_text()), 2)}
    tokens = [0, 0, 0, ids["word3"], ids["word7"], ids["lovely"], 1, 1]
    assert ran.stdout.startswith(str(tokens))
    program = load_program(bundle.path / "model.mlpackage", "fp16")
    label = program({"tokens": np.array(tokens, np.float32).reshape(1, 1, 1, 8)})["classLabel"][0]
    assert ran.stdout.split()[-1] == str(["bad", "good"].index(label))


def test_the_network_answers_as_the_vectors_say(bundle: Bundle) -> None:
    ran = subprocess.run([sys.executable, "network.py"], cwd=bundle.path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("16 texts, largest difference")


def test_the_card_says_what_a_text_becomes(bundle: Bundle) -> None:
    card = (bundle.path / "README.md").read_text()
    for said in ("`vocabulary.json`", "encode(text)", "counted from 2", "texts", "Unicode NFC"):
        assert said in card
    assert "image" not in card.replace("`image", "") and "pixels" not in card and "None" not in card


@pytest.mark.parametrize("tokens", ["words", "characters"])
@pytest.mark.parametrize("text", ["Don't  STOP\t5\n", " Cafe\u0301 \u2003 \x1cx ", "日本語, ΑΣ_ß", "ก็ดี 👍🏽❤️ 这个"])
def test_what_is_written_down_splits_texts_as_anenas_does(tokens: str, text: str, tmp_path: Path) -> None:
    encoding = Encoding(tokens, 64)
    (tmp_path / "vocabulary.json").write_text(json.dumps(encoding.learn([text])), encoding="utf-8")
    source = f"import json, unicodedata, torch, pathlib\nHERE = pathlib.Path({str(tmp_path)!r})\n"
    module: dict[str, object] = {}
    exec(source + render("encode.py", tokens=tokens, steps=32), module)
    found = module["encode"](text).flatten().int().tolist()  # type: ignore[operator]
    ids = {token: i for i, token in enumerate(encoding.learn([text]), 2)}
    assert [i for i in found if i] == [ids[token] for token in encoding.split(text)]
