"""The page of one patient: calendar, weeks with their sessions, numbers in words. Internal: not to leave the clinic.

Self-contained, without a script or an outside address, and without the pseudonym.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd

from outcomes.analysis.estimates import Estimate
from outcomes.analysis.one_patient import OnePatient
from outcomes.analysis.single_case import SingleCase, percent_change
from outcomes.reporting import style
from outcomes.reporting.drawings import figure_block
from outcomes.reporting.figure_words import calendar_words, patient_weeks_words
from outcomes.reporting.figures_patient import (
    WEEKS_MM,
    calendar_height_mm,
    draw_calendar,
    draw_patient_weeks,
)
from outcomes.reporting.formatting import confidence_name, interval, number, p_value
from outcomes.reporting.page import (
    Block,
    Heading,
    KeyFigure,
    KeyFigures,
    Lead,
    Limitation,
    Masthead,
    Notes,
    Sentence,
    Strong,
    TableBlock,
)
from outcomes.reporting.typesetting import PageMarks, html_document, stylesheet
from outcomes.reporting.wording import LIMITATION

PRIVATE = "Internal: one patient. Not to leave the clinic."

ONE_PATIENT = (
    "One patient’s course shows what happened to that patient and nothing about others. Headaches rise and fall by "
    "themselves; people begin treatment when they are worst."
)

_STATES = ("headache", "no headache", "not recorded")


def build_patient_page(patient: OnePatient, *, about: Sequence[str] = ()) -> str:
    """The page as HTML. `about`: lines for its head, such as the month of the records; never who the patient is."""
    body = "\n".join(block.as_html() for block in patient_blocks(patient, about=about))
    marks = PageMarks(header=PRIVATE, footer=LIMITATION)
    return html_document("One patient’s course", f"{body}\n", stylesheet=stylesheet(marks), marks=marks)


def patient_blocks(patient: OnePatient, *, about: Sequence[str] = ()) -> tuple[Block, ...]:
    """The page's blocks in order, for a notebook too."""
    return (
        Masthead("One patient’s course", "", tuple(about), "internal"),
        _lead(patient),
        _key_figures(patient),
        Heading("Every day", "a field per day, a column per week"),
        calendar_block(patient),
        Heading("Week by week", "with the sessions"),
        _weeks(patient),
        *_endpoints(patient),
        Heading("How far apart the weeks lie", "weekly values before and after the first session"),
        _numbers_table(patient.single_case),
        Heading("To be read with it"),
        Notes(tuple(_sentence(note) for note in dict.fromkeys((*patient.single_case.notes, *patient.notes)))),
        Limitation(ONE_PATIENT),
    )


def _sentence(note: str) -> str:
    """A note as a sentence; a code before its colon as words."""
    code, colon, rest = note.partition(": ")
    words = f"{code.replace('_', ' ')}{colon}{rest}" if " " not in code else note
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


# ---- the numbers in words ----


def _lead(patient: OnePatient) -> Block:
    """The change between the weeks before and after, in words; where there is none, why."""
    found = patient.single_case
    change = found.change
    if change.value is None:
        return Lead((f"No change can be told: {'; '.join(change.notes)}.",))
    size = number(abs(change.value))
    less, more = ("fewer", "more") if found.improvement == "decrease" else ("lower", "higher")
    amount = "about as many" if size == number(0.0) else f"{size} {less if change.value < 0 else more}"
    link = "as" if size == number(0.0) else "than"
    return Lead(
        (
            "This patient recorded ", Strong(f"{amount} headache days per week"),
            f" after the first session {link} before it ({_interval_words(change, found.confidence)}; "
            f"{found.n_before} weeks before, {found.n_after} after).",
        )
    )  # fmt: skip


def _interval_words(found: Estimate, confidence: float) -> str:
    name = f"{confidence_name(confidence)} interval"
    if found.low is None or found.high is None:
        return f"no {name}"
    no_change = ", which includes no change" if found.low <= 0 <= found.high else ""
    return f"change {number(found.value)}, {name} {interval(found.low, found.high)}{no_change}"


def _key_figures(patient: OnePatient) -> Block:
    sides = (
        KeyFigure(name, *_counted(patient.days, first, last))
        for name, (first, last) in _windows(patient).items()
    )
    sessions = tuple(patient.session_days)
    lines = (f"on days {number(sessions[0], 0)} to {number(sessions[-1], 0)}",) if sessions else ()
    return KeyFigures((*sides, KeyFigure("Sessions recorded", f"{len(sessions)}", lines)))


def _windows(patient: OnePatient) -> dict[str, tuple[int, int]]:
    plan = patient.plan
    return {
        f"Baseline, days {number(plan.windows['baseline'][0], 0)} to −1": plan.windows["baseline"],
        f"Follow-up, days {plan.followup_first_day} to {plan.followup_last_day}": plan.windows["followup"],
    }


def _counted(days: pd.DataFrame, first: int, last: int) -> tuple[str, tuple[str, ...]]:
    """`12 headache days`, and of how many recorded and not recorded days. A day outside the diary is not recorded."""
    inside = days[days["relative_day"].between(first, last)]
    headache, free = (int((inside["state"] == state).sum()) for state in _STATES[:2])
    whole = last - first + 1
    recorded = headache + free
    if not recorded:
        return "–", (f"none of {whole} days recorded",)
    return f"{headache} of {recorded}", (
        f"recorded days with headache; {whole - recorded} of {whole} not recorded",
    )


def _endpoints(patient: OnePatient) -> tuple[Block, ...]:
    """The endpoints of the two windows, where the object has them."""
    frame: Any = getattr(patient, "endpoints", None)
    if frame is None or len(frame) == 0:
        return ()
    rows = tuple(
        (f"{row.label} ({row.unit})", number(row.baseline), number(row.followup), number(row.change))
        for row in frame.itertuples()
    )
    return (
        Heading("The two windows", "a dash where a window is not covered or the endpoint not defined"),
        TableBlock(
            ("", "baseline", "follow-up", "change"), rows, align=("left", "decimal", "decimal", "decimal")
        ),
    )


_ESTIMATES = (
    ("change", "Change in headache days per week", 1),
    ("nap", "Share of pairs of weeks in which the later was better (0.5: no difference)", 2),
    ("log_response_ratio", "Ratio of the two means, as a change in percent", 0),
    ("log_response_ratio_inflated", "The same, allowing for neighbouring weeks being alike", 0),
    ("tau_u", "Tau-U, with the trend before treatment taken out", 2),
    ("tau_bc", "Tau-BC, with the line before treatment taken out", 2),
)


def _numbers_table(found: SingleCase) -> Block:
    rows, notes = [], []
    for name, label, decimals in _ESTIMATES:
        estimate = getattr(found, name)
        if estimate is None:
            continue
        value, low, high = estimate.value, estimate.low, estimate.high
        if name.startswith("log_response"):
            value, low, high = (None if one is None else percent_change(one) for one in (value, low, high))
        unit = "%" if name.startswith("log_response") else ""
        cells = (
            f"{number(value, decimals)}{unit if value is not None else ''}",
            interval(low, high, decimals),
        )
        rows.append((label, cells[0], cells[1] + (unit if low is not None else ""), p_value(estimate.p)))
        notes += [_sentence(note) for note in estimate.notes]
    likeness = found.autocorrelation
    rows.append(
        ("How alike neighbouring weeks are (0: not, 1: wholly)", number(likeness.corrected, 2), "–", "–")
    )
    name = f"{confidence_name(found.confidence)} interval"
    return TableBlock(
        ("", "value", name, "p"), tuple(rows), align=("left", "decimal", "right", "right"),
        notes=tuple(dict.fromkeys([*notes, *(_sentence(note) for note in likeness.notes)])),
    )  # fmt: skip


# ---- the pictures ----


_WINDOW_NAMES = ("baseline", "follow-up")


def _shown_windows(patient: OnePatient, names: tuple[str, str] = _WINDOW_NAMES) -> dict[str, tuple[int, int]]:
    windows = patient.plan.windows
    return {names[0]: windows["baseline"], names[1]: windows["followup"]}


def calendar_block(patient: OnePatient, *, names: tuple[str, str] = _WINDOW_NAMES) -> Block:
    """A field per day, with the sessions and the two windows under these names."""
    days, sessions = patient.days, tuple(patient.session_days)
    if days.empty:
        return Sentence("No day of the diary lies near the first session.")
    return figure_block(
        partial(draw_calendar, days, sessions, _shown_windows(patient, names)),
        alt=calendar_words(days, len(sessions)),
        height_mm=calendar_height_mm(days, style.PAGE_WIDTH_MM),
        narrow_height_mm=calendar_height_mm(days, style.NARROW_WIDTH_MM),
        caption="Hatched: headache without an intensity. Bare paper: not recorded, which is not free of headache.",
    )


def _weeks(patient: OnePatient) -> Block:
    weeks, sessions = patient.weeks, tuple(patient.session_days)
    if not weeks["value"].notna().any():
        return Sentence("No week holds enough recorded days to be drawn.")
    least = patient.plan.min_recorded_in_course(7)
    return figure_block(
        partial(draw_patient_weeks, weeks, sessions, _shown_windows(patient)),
        alt=patient_weeks_words(weeks),
        height_mm=WEEKS_MM,
        caption=f"A week with fewer than {least} recorded days is a gap. Triangles: sessions. Shaded: the two windows.",
    )
