"""The figure of each topic: from its answers to the drawing, with the words of its axes.

Exact, for the analyst's own eyes: what is drawn here has not been through `disclosure.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from outcomes.analysis.answers import Answers
from outcomes.analysis.catalogue import find_endpoint
from outcomes.errors import PlanError
from outcomes.reporting import style
from outcomes.reporting.figures_flows import draw_flows
from outcomes.reporting.figures_forest import draw_forest
from outcomes.reporting.figures_funnel import draw_funnel
from outcomes.reporting.figures_paper import axes_of, panels_of, styled
from outcomes.reporting.figures_response import HEIGHT_MM, draw_periods, draw_staircase
from outcomes.reporting.figures_safety import SORENESS_MM, draw_events, draw_soreness, events_height_mm
from outcomes.reporting.figures_sessions import draw_dose, draw_within_session
from outcomes.reporting.figures_survival import draw_survival

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Kind of event of the durability topic → what its curve is the share of.
CURVE_NAMES = {
    "loss_responders": "responders at follow-up, response kept (%)",
    "loss_first_responders": "from the first response, response kept (%)",
    "relapse_responders": "responders, no relapse (%)",
    "relapse_all": "all patients, no relapse (%)",
    "return_headache_free": "once free of headache, still free (%)",
}

_RESPONSE = 50.0
_PERIODS_MM = 55.0


def frame_of(answers: Answers, name: str) -> pd.DataFrame:
    """One of the answers' frames. Raises PlanError where they do not hold it."""
    if name not in answers.frames:
        raise PlanError(f"These answers to '{answers.topic}' hold no '{name}' to draw.")
    return answers.frames[name]


def change_name(answers: Answers) -> str:
    """`change in headache days (days per 28)`: of the endpoint that the answers are about."""
    named = [row.endpoint for row in answers.statistics if row.statistic == "change"]
    endpoint = find_endpoint(named[0] if named else answers.plan.primary_endpoint, answers.plan)
    return f"change in {endpoint.label[:1].lower()}{endpoint.label[1:]} ({endpoint.unit})"


@styled
def draw_response(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """The responder staircase and, where the records hold a course, the responders of each 28 days below."""
    by_period = response_periods(answers)
    stairs = frame_of(answers, "staircase")
    if by_period.empty:
        return draw_staircase(stairs, ax=ax)
    ax = axes_of(ax, HEIGHT_MM + _PERIODS_MM, style.HALF_WIDTH_MM)
    upper, lower = panels_of(ax, (HEIGHT_MM, _PERIODS_MM), hspace=0.04)
    draw_periods(by_period, ax=lower, reduction=_RESPONSE)
    return draw_staircase(stairs, ax=upper)


def response_periods(answers: Answers) -> pd.DataFrame:
    """`period`, `share`, `low`, `high`, `n` of a response by half in each 28 days; empty where there is no course."""
    found = answers.frames.get("periods", pd.DataFrame())
    wide = {f"{name}_{_RESPONSE:g}": name for name in ("share", "low", "high")}
    if found.empty or not set(wide) <= set(found.columns):
        return pd.DataFrame()
    return found[["period", "n", *wide]].rename(columns=wide)


@styled
def draw_durability(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """A Kaplan–Meier curve for each kind of event."""
    curve, at_risk = frame_of(answers, "curve"), frame_of(answers, "at_risk")
    return draw_survival(curve, at_risk, CURVE_NAMES, ax=ax)[0]


@styled
def draw_states(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """Patients from state to state, one part per state."""
    return draw_flows(frame_of(answers, "flows"), "state", answers.labels, ax=ax)[0]


@styled
def draw_questionnaires(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """Patients from band to band, one part per instrument."""
    return draw_flows(frame_of(answers, "flows"), "instrument", answers.labels, ax=ax)[0]


@styled
def draw_dose_of(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """The change by planned number of sessions."""
    return draw_dose(frame_of(answers, "dose"), change_name(answers), ax=ax)


@styled
def draw_within(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """Pain before and after, by session number."""
    return draw_within_session(frame_of(answers, "sessions"), ax=ax)[0]


@styled
def draw_safety(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """Events by grade, and below them soreness on the days after, where it was recorded."""
    events = frame_of(answers, "events")
    course = answers.frames.get("soreness", pd.DataFrame())
    if course.empty:
        return draw_events(events, ax=ax)[0]
    heights = (events_height_mm(events), SORENESS_MM)
    ax = axes_of(ax, sum(heights))
    upper, lower = panels_of(ax, heights, hspace=0.04)
    draw_soreness(course, ax=lower)
    return draw_events(events, ax=upper)[0]


@styled
def draw_practitioners(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """Funnels of practitioners and sites."""
    return draw_funnel(frame_of(answers, "funnel"), change_name(answers), ax=ax)[0]


@styled
def draw_strata(answers: Answers, *, ax: Axes | None = None) -> Axes:
    """The forest of the strata."""
    return draw_forest(frame_of(answers, "forest"), change_name(answers), ax=ax)[0]
