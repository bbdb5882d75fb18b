from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from browser import asked_for, chromium, opened
from reported import reported_study
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from anenas._sizes import size_figure
from anenas.api import Comparison, compare_studies, write_comparison
from anenas.search import Study

HOSTILE = "</script><img src=x onerror=document.title=1>"
NAMES = ("<b onclick=1>\"'&amp; ${x}", "plain")
BETTER = [((0.8, 0.2, 1.0), (0.9, 0.3, 2.0), (0.85, 0.25, 1.5)), ((0.85, 0.2, 1.0), (0.95, 0.3, 2.0), (0.7, 0.1, 1.5))]

Compared = tuple[list[Study], Comparison, Path]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """Three seeds of each of two settings, and their page."""
    studies = []
    for kind, (name, figures) in enumerate(zip(NAMES, BETTER, strict=True)):
        for seed in range(3):
            some = [(score, ms + 0.01 * seed, size) for score, ms, size in figures]
            folder, data = tmp_path_factory.mktemp("study"), f"{HOSTILE.replace(' ', '_')} 123"
            settings = {"epochs": 1 + kind, "seed": seed, "data": data, "space": f"{HOSTILE if kind else 'other'}"}
            studies.append(reported_study(folder, f"{name} {seed}", some, apart=1.05, **settings))
    path = tmp_path_factory.mktemp("page") / "compare.html"
    write_comparison(studies, found := compare_studies(studies), path)
    return studies, found, path


def test_in_a_browser_it_shows_what_was_compared_and_asks_for_nothing(compared: Compared) -> None:
    studies, found, page = compared
    with chromium() as driver:
        asked_for(driver)
        opened(driver, page)
        shows_the_figures(driver, studies, found)
        draws_each_model(driver, studies)
        shows_names_as_text(driver)
        for width, theme in ((1280, "light"), (390, "dark")):
            opened(driver, page, width=width, theme=theme)
            assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        assert {url for url in asked_for(driver) if not url.startswith("data:")} == {page.as_uri()}
        assert [entry for entry in driver.get_log("browser") if entry["level"] != "INFO"] == []


def shows_the_figures(driver: Chrome, studies: list[Study], found: Comparison) -> None:
    assert driver.find_element(By.CLASS_NAME, "answer").text == f"{found.verdicts[0]}."
    rows = [one.text.split() for one in driver.find_elements(By.CSS_SELECTOR, ".studies tbody tr")]
    for row, one in zip(rows, found.studies, strict=True):
        counts = (one.kind, one.seed, one.completed, len(one.front), len(one.on_joint_front))
        assert row[-6:] == [*map(str, counts), f"{one.hypervolume:.4f}"]
    shown = {(cells[0].text, cells[1].text): cells for cells in table(driver, ".models")}
    assert len(shown) == sum(len(study.front) for study in studies)
    for study, one in zip(studies, found.studies, strict=True):
        for trial in study.front:
            cells = [cell.text for cell in shown[study.name, str(trial.number)]]
            evaluation = trial.evaluation
            assert cells[2:6] == [
                "joint" if trial.number in one.on_joint_front else "",
                study.metric.words(evaluation.score, evaluation.score_error),
                f"{evaluation.estimate.latency.ms:.3f}",
                size_figure(evaluation.estimate.size_mb),
            ]
    driver.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true })")
    attained = [tuple(cell.text for cell in cells) for cells in table(driver, ".attained")]
    metric = studies[0].metric
    assert attained == [(f"{ms:.3f}", metric.words(score)) for one in found.attained for ms, score in one.points]


def table(driver: Chrome, which: str) -> list[list[object]]:
    rows = driver.find_elements(By.CSS_SELECTOR, f"{which} tbody tr")
    return [row.find_elements(By.CSS_SELECTOR, "th, td") for row in rows]


def draws_each_model(driver: Chrome, studies: list[Study]) -> None:
    models = [(study, trial) for study in studies for trial in study.front]
    marks = driver.find_elements(By.CSS_SELECTOR, "svg.plot .of")
    assert len(marks) == len(models)
    told = driver.execute_script(
        "return [...document.querySelectorAll('svg.plot .of')]"
        ".map(one => [one.dataset.words.split(', ')[0], one.lastElementChild.getBoundingClientRect().x])"
    )
    assert {name for name, _ in told} == {study.name for study in studies}
    fastest = min(studies[0].front, key=lambda trial: trial.evaluation.estimate.latency.ms)
    [first] = [
        one for one in marks if one.get_attribute("data-words").startswith(f"{studies[0].name}, trial {fastest.number}")
    ]
    assert min(x for name, x in told if name == studies[0].name) == pytest.approx(
        first.find_element(By.TAG_NAME, "path").rect["x"]
    )
    driver.execute_script("arguments[0].focus()", first)
    assert f"{fastest.evaluation.estimate.latency.ms:.3f} ms" in driver.find_element(By.ID, "tip").text
    assert len(driver.find_elements(By.CSS_SELECTOR, "svg.plot .surface")) == 2


def shows_names_as_text(driver: Chrome) -> None:
    assert driver.title == "Comparison of 6 studies"
    assert driver.execute_script("return document.images.length + document.querySelectorAll('[onclick]').length") == 0
    text = driver.find_element(By.TAG_NAME, "main").text
    assert NAMES[0] in text and HOSTILE in text  # of a study, of a setting that differs


def test_it_is_one_small_file_that_may_ask_for_nothing(compared: Compared) -> None:
    text = compared[2].read_text(encoding="utf-8")
    assert compared[2].stat().st_size < 1e6
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert html.unescape(policy).startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert HOSTILE not in text and NAMES[0] not in text


def test_two_studies_are_told_apart_by_their_colours_and_what_differs_is_named(tmp_path: Path) -> None:
    studies = [
        reported_study(tmp_path / name, name, figures, epochs=epochs)
        for name, figures, epochs in (("a", BETTER[0], 1), ("b", BETTER[1], 2))
        if not (tmp_path / name).mkdir()
    ]
    write_comparison(studies, compare_studies(studies), tmp_path / "compare.html")
    text = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert "<title>a and b</title>" in text and "Attained by" not in text
    assert len(set(re.findall(r'class="key".*?class="of (c\dk)', text))) == 2
    assert '<th scope="row">epochs</th><td>1</td><td>2</td>' in text
