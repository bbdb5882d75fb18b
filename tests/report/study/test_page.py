from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from browser import asked_for, chromium, opened
from reported import reported_study
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from anenas.ane import check
from anenas.graph import Graph, Op, Tensor
from anenas.latency import Target, profile
from anenas.report import Picked, write_study_page
from anenas.search import SearchSettings, Study, indistinguishable

HOSTILE = "</script><img src=x onerror=document.title=1>"
NAME = "<b onclick=1>\"'&amp; ${x}"
FIGURES = ((0.8, 0.2, 1.0), (0.9, 0.3, 2.0), (0.7, 0.4, 3.0), (0.85, 0.25, 1.5), (0.6, 0.15, 0.5))


def hostile_study(folder: Path) -> Study:
    """Whose every name would be markup, with a reference, a limit, a test report and data."""
    limits = {"latency_ms": 0.65}
    study = reported_study(
        folder, NAME, FIGURES, fixed_ms=0.1, apart=1.1, limits=limits, data=f"{HOSTILE.replace(' ', '_')} 123"
    )
    study.note_reference(study.completed[2].architecture)
    counts = {"train": {HOSTILE: 7, "dog": 20}, "validation": {HOSTILE: 3, "dog": 2}, "test": {"dog": 4}}
    study.note_inputs(counts, [f"3 files are no images: {HOSTILE}"])
    study.note_begin(f"anenas search --data '{HOSTILE}'")
    study.note_versions({"anenas": "0.1.0"})
    classes = [{"name": name, "support": 5, "precision": 0.5, "recall": 0.6, "f1": 0.55} for name in (HOSTILE, "dog")]
    report = {
        "model": "trial",
        "data": HOSTILE,
        "split": "test",
        "notes": [],
        "inputs": 10,
        "accuracy": {"value": 0.6, "low": 0.3, "high": 0.8},
        "classes": classes,
        "confusion": [[3, 2], [2, 3]],
    }
    (study.shipped_folder(study.picks["knee"]) / "report.json").write_text(json.dumps(report))
    return study


def picked(study: Study) -> Picked:
    x, y = Tensor("x", (1, 64, 32, 32)), Tensor("y", (1, 64, 32, 32))
    graph = Graph((x,), (Op(HOSTILE, "conv", (x,), (y,), (Tensor("w", (64, 64, 3, 3)),)),), (y,))
    target = Target.named("A15")
    return Picked(study.picks["knee"], profile("knee", graph, target), check(graph, target.chip))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return hostile_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def page(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_study_page(study, path, picked(study))
    return path


def test_in_a_browser_it_shows_what_the_study_holds_and_asks_for_nothing(study: Study, page: Path) -> None:
    with chromium() as driver:
        asked_for(driver)
        opened(driver, page)
        shows_the_figures(driver, study)
        shows_names_as_text(driver)
        tells_apart_what_the_study_does(driver, study)
        sorts(driver, study)
        pins(driver, study)
        no_words_lie_over_others(driver)
        fits_and_changes_its_colours(driver, page)
        assert {url for url in asked_for(driver) if not url.startswith("data:")} == {page.as_uri()}
        assert [entry for entry in driver.get_log("browser") if entry["level"] != "INFO"] == []


def cells(driver: Chrome, column: str) -> dict[int, str]:
    """Of the table of models, by trial, in its order."""
    headings = [one.text.split(" ↕")[0] for one in driver.find_elements(By.CSS_SELECTOR, ".models thead th")]
    found = {}
    for row in driver.find_elements(By.CSS_SELECTOR, ".models tbody tr"):
        texts = [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
        found[int(texts[0])] = texts[headings.index(column)]
    return found


def shows_the_figures(driver: Chrome, study: Study) -> None:
    trials = {trial.number: trial for trial in study.completed}
    assert cells(driver, "accuracy") == {
        number: study.metric.words(trial.evaluation.score, trial.evaluation.score_error)
        for number, trial in trials.items()
    }
    latencies = {number: trial.evaluation.estimate.latency for number, trial in trials.items()}
    assert cells(driver, "ms on A15") == {number: f"{one.ms:.3f}" for number, one in latencies.items()}
    assert f"trial {study.picks['knee'].number}, the knee" in driver.find_element(By.CLASS_NAME, "answer").text.lower()
    marks = "[...document.querySelectorAll('g.point[data-trial]')].map(g => [g.dataset.trial, g.lastElementChild])"
    middles = f"return {marks}.map(([trial, mark]) => [trial, mark.getBBox()]).map(([t, b]) => [t, b.x + b.width / 2])"
    places = {int(number): place for number, place in driver.execute_script(middles)}
    assert sorted(places, key=lambda n: places[n]) == sorted(latencies, key=lambda n: latencies[n].ms)
    focusable = driver.find_elements(By.CSS_SELECTOR, 'g.point[tabindex="0"]')
    assert len(focusable) == len(driver.find_elements(By.CSS_SELECTOR, "svg.plot:has(g.point)"))
    assert all("accuracy" in one.get_attribute("aria-label") for one in focusable)


def shows_names_as_text(driver: Chrome) -> None:
    assert driver.title == NAME == driver.find_element(By.TAG_NAME, "h1").text
    assert driver.execute_script("return document.images.length + document.querySelectorAll('[onclick]').length") == 0
    texts = driver.find_element(By.TAG_NAME, "main").text
    assert texts.count(HOSTILE) >= 5  # of classes, twice in the matrix, of counts, of what was said, in the command


def tells_apart_what_the_study_does(driver: Chrome, study: Study) -> None:
    groups = [{study.front[i].number for i in one} for one in indistinguishable([t.evaluation for t in study.front])]
    for trial in study.front:
        driver.execute_script(f"document.querySelector('g.front[data-trial=\"{trial.number}\"]').focus()")
        told = driver.find_element(By.ID, "tip").text
        found = re.search(r"too close in score to tell apart on the front: ([\d, ]+)", told)
        alike = {int(number) for number in found[1].split(", ")} if found else set()
        assert set().union(*(group for group in groups if trial.number in group)) - {trial.number} <= alike
    driver.execute_script("document.activeElement.blur()")
    assert not driver.find_element(By.ID, "tip").is_displayed()


def sorts(driver: Chrome, study: Study) -> None:
    by_latency = sorted(study.completed, key=lambda trial: trial.evaluation.estimate.latency.ms)
    numbers = [trial.number for trial in by_latency]
    for direction, expected in (("descending", numbers[::-1]), ("ascending", numbers)):
        heading = driver.find_element(By.XPATH, "//table[contains(@class,'models')]//th[contains(.,'ms on A15')]")
        heading.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        assert heading.get_attribute("aria-sort") == direction
        assert list(cells(driver, "trial")) == expected


def pins(driver: Chrome, study: Study) -> None:
    first, second = (trial.number for trial in study.front[:2])
    for number in (first, second):
        mark = driver.find_element(By.CSS_SELECTOR, f'g.point[data-trial="{number}"]')
        driver.execute_script("arguments[0].focus()", mark)
        mark.send_keys(Keys.ENTER)
        assert mark.get_attribute("aria-pressed") == "true"
    shown = driver.find_element(By.ID, "pins")
    headings = [one.text.split(",")[0] for one in shown.find_elements(By.CSS_SELECTOR, "thead th")]
    assert headings == ["", f"trial {first}", f"trial {second}"]
    assert str(study.front[0].architecture) in shown.text and "be told apart" in shown.text
    assert len(shown.find_elements(By.CSS_SELECTOR, "ol.blocks")) == 2
    shown.find_element(By.XPATH, ".//button[.='Unpin']").click()
    assert shown.text == "" and not driver.find_elements(By.CSS_SELECTOR, "g.pinned")


def no_words_lie_over_others(driver: Chrome) -> None:
    """In drawings of the front: labels, limits and what any prediction costs."""
    overlaps = driver.execute_script(
        """const found = [];
        for (const plot of document.querySelectorAll("figure svg.plot:has(.point)")) {
          const words = [...plot.querySelectorAll(".label, .limit, text[transform]")];
          words.forEach((one, i) => words.slice(i + 1).forEach(other => {
            const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
            if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
              found.push(one.textContent + " / " + other.textContent);
          }));
        }
        return found;"""
    )
    assert overlaps == []


def fits_and_changes_its_colours(driver: Chrome, page: Path) -> None:
    def paper() -> str:
        return driver.execute_script("return getComputedStyle(document.body).backgroundColor")

    papers = []
    for width, theme in ((1280, "light"), (390, "dark")):
        opened(driver, page, width=width, theme=theme)
        papers.append(paper())
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    driver.find_element(By.ID, "theme").click()
    assert papers[0] != papers[1] and paper() == papers[0]


def test_it_is_one_small_file_that_may_ask_for_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 1e6
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert html.unescape(policy).startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert HOSTILE not in text and NAME not in text


def test_its_data_are_those_of_the_study(study: Study, page: Path) -> None:
    found = re.search(r'<script type="application/json" id="study">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    records = {one["number"]: one for one in json.loads(found[1])}
    for trial in study.completed:
        one, latency = records[trial.number], trial.evaluation.estimate.latency
        assert (one["score"], one["error"]) == (trial.evaluation.score, trial.evaluation.score_error)
        assert (one["ms"], one["apart"], one["architecture"]) == (latency.ms, latency.apart, str(trial.architecture))


def test_a_study_without_a_completed_trial_has_a_page_that_says_so(tmp_path: Path) -> None:
    settings = SearchSettings({"accuracy": 0.0, "latency_ms": 0.5}, chip="A15")
    write_study_page(Study.create_or_continue(tmp_path / "store", "empty", settings), tmp_path / "report.html")
    assert "No network has completed yet." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_damaged_test_report_is_told_and_left_out(
    study: Study, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = study.shipped_folder(study.picks["knee"]) / "report.json"
    whole = file.read_text()
    file.write_text('{"model": 3}')
    write_study_page(study, tmp_path / "report.html")
    file.write_text(whole)
    assert "is damaged" in caplog.text and str(file) in caplog.text
    assert "has left no report" in (tmp_path / "report.html").read_text(encoding="utf-8")
