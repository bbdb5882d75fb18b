"""Everything of a study on one page."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anenas._errors import first_line
from anenas.ane import Finding
from anenas.latency import Profile
from anenas.report._pages import write_page
from anenas.report._profile_view import WORDS, grouped, roofline, shares, times
from anenas.report.evaluation import DATA
from anenas.report.study._answer import answer, ended
from anenas.report.study._card import card_of, commands, settings_of
from anenas.report.study._front import front_plots, state_of
from anenas.report.study._importance import importance_of
from anenas.report.study._progress import progress_plot
from anenas.report.study._tested import Tested, tested
from anenas.report.study._trials import columns, names_of, record, rows, shown_trials
from anenas.search import CompletedTrial, Study

_LEGEND = {
    "front": "front",
    "pareto": "on the front, but not measurably better",
    "trial": "other trials",
    "reference": "reference: the whole network",
}
_SECTIONS = {
    "front": "Front",
    "models": "Models",
    "search": "Search",
    "time": "Time",
    "tested": "Test results",
    "data": "Data",
    "again": "Again",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picked:
    """The model that a page looks into.

    Attributes:
        trial: Its trial.
        profile: Of what ships; None where it is not known.
        findings: Of the rules in it.
    """

    trial: CompletedTrial
    profile: Profile | None = None
    findings: Sequence[Finding] = ()


def write_study_page(study: Study, path: Path, picked: Picked | None = None, *, soon: bool = False) -> None:
    """Write the page of a study, whole or not at all.

    Args:
        study: With or without a completed trial.
        path: Of the page.
        picked: The model that it looks into; None is the knee, without its operations.
        soon: Whether it leaves out, and says so, what takes longer than seconds.

    Raises:
        OSError: If it cannot be written.
    """
    trials = shown_trials(study)
    states, called = {trial.number: state_of(study, trial) for trial in trials}, names_of(study)
    if picked is None and study.front:
        picked = Picked(study.picks["knee"])
    looked_into = _looked_into(study, picked) if picked and picked.profile else None
    sections = [
        (name, title)
        for name, title in _SECTIONS.items()
        if (name != "models" or trials) and (name != "time" or looked_into)
    ]
    write_page(
        "study.html.j2",
        path,
        styles=("profile.css", "study.css"),
        scripts=("study.js",),
        title=study.name,
        about=_about(study),
        answer=answer(study),
        sections=sections,
        legend=[(state, text) for state, text in _LEGEND.items() if state in states.values()],
        plots=front_plots(study, trials, states) if trials else [],
        columns=columns(study, trials),
        rows=rows(study, trials),
        table_notes=_table_notes(study, trials),
        ended=ended(study),
        progress=progress_plot(study),
        importance=importance_of(study, soon=soon),
        picked=looked_into,
        words=WORDS,
        tested=_tested(study, picked.trial) if picked else None,
        card=card_of(study),
        commands=commands(study),
        settings=settings_of(study),
        records=[record(study, trial, called.get(trial.number, []), states[trial.number]) for trial in trials],
    )


def _about(study: Study) -> str:
    settings = study.settings
    on = f" on {settings.data.partition(' ')[0]}" if settings.data else ""
    about = f"Networks of {settings.space.partition(' ')[0] or 'a space'}{on} for {settings.chip}."
    so_far = "" if study.has_ended else " This is as far as its search had come; it has not ended."
    return f"{about} Trials: {ended(study)}.{so_far}"


def _table_notes(study: Study, trials: Sequence[CompletedTrial]) -> list[str]:
    said = ["Latencies are estimates; the interval should contain nine out of ten measurements."]
    if any(trial.evaluation.estimate.is_tiny for trial in trials):
        said.append("* So small that Core ML may keep it on the CPU.")
    if left := len(study.completed) - len(trials):
        said.append(f"{left:,} dominated trials are not shown here; trials.csv in MLflow has all trials.")
    return said


def _looked_into(study: Study, picked: Picked) -> dict[str, Any]:
    profile = picked.profile
    assert profile
    called = ", ".join(names_of(study).get(picked.trial.number, [])) or "picked"
    parts, latency = profile.calibrated, picked.trial.shipped.estimate.latency
    note = f"{parts.ms:.3f} ms on {profile.chip.full_name}, estimated by {parts.origin}; not measured on a device."
    if latency.origin != parts.origin:
        note += f" The study's {latency.ms:.3f} ms is {latency.origin}'s."
    return {
        "number": picked.trial.number,
        "called": called,
        "note": f"{note} It runs in {profile.cost.engine_segments} segments on the engine."
        if profile.cost.engine_segments != 1
        else f"{note} It runs in one segment on the engine.",
        "shares": shares(profile),
        "times": times(profile),
        "roofline": roofline(profile),
        "groups": grouped(picked.findings),
    }


def _tested(study: Study, trial: CompletedTrial) -> Tested | None:
    file = study.shipped_folder(trial) / DATA
    try:
        return tested(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _log.warning("%s is damaged, so the page leaves it out: %s", file, first_line(error))
        return None
