"""The topics' figures as small pictures: drawn, and kept beside the tests to be compared with.

Run `python tests/topic_pictures.py` to draw the kept pictures anew, and look at every one before they are committed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import topic_frames as frames
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from outcomes.reporting import style
from outcomes.reporting.figures_flows import draw_flows, flows_height_mm
from outcomes.reporting.figures_forest import draw_forest, forest_height_mm
from outcomes.reporting.figures_funnel import FUNNEL_MM, draw_funnel
from outcomes.reporting.figures_paper import fill_the_page
from outcomes.reporting.figures_patient import WEEKS_MM, calendar_height_mm, draw_calendar, draw_patient_weeks
from outcomes.reporting.figures_response import HEIGHT_MM, draw_periods, draw_staircase
from outcomes.reporting.figures_safety import SORENESS_MM, draw_events, draw_soreness, events_height_mm
from outcomes.reporting.figures_sessions import DOSE_MM, WITHIN_MM, draw_dose, draw_within_session
from outcomes.reporting.figures_survival import draw_survival, survival_height_mm

FOLDER = Path(__file__).parent / "golden" / "figures"
CHANGE = "change in headache days (days per 28)"
DOTS_PER_INCH = 60

Drawing = tuple[Callable[[Axes], object], Callable[[float], float]]


def _narrow(width: float) -> bool:
    return width < 120


def _survival(*kinds: str) -> Drawing:
    frame = frames.curve(*kinds)
    return (
        lambda ax: draw_survival(frame, frames.at_risk(frame), ax=ax),
        lambda width: survival_height_mm(frame, narrow=_narrow(width)),
    )


def _forest(frame) -> Drawing:
    return (
        lambda ax: draw_forest(frame, CHANGE, ax=ax),
        lambda width: forest_height_mm(frame, narrow=_narrow(width)),
    )


def _calendar(first: int, last: int) -> Drawing:
    days = frames.days(first, last)
    return (
        lambda ax: draw_calendar(days, frames.SESSION_DAYS, frames.WINDOWS, ax=ax),
        lambda width: calendar_height_mm(days, width),
    )


#: What is kept as a picture.
PICTURES: dict[str, Drawing] = {
    "staircase": (
        lambda ax: draw_staircase(frames.staircase(), ax=ax, expected=frames.expected_staircase()),
        lambda _: HEIGHT_MM,
    ),
    "periods": (lambda ax: draw_periods(frames.periods(), ax=ax), lambda _: 55.0),
    "survival": _survival(),
    "forest": _forest(frames.forest()),
    "dose": (lambda ax: draw_dose(frames.dose(), CHANGE, ax=ax), lambda _: DOSE_MM),
    "within_session": (lambda ax: draw_within_session(frames.within(), ax=ax), lambda _: WITHIN_MM),
    "events": (lambda ax: draw_events(frames.events(), ax=ax), lambda _: events_height_mm(frames.events())),
    "soreness": (lambda ax: draw_soreness(frames.soreness(), ax=ax), lambda _: SORENESS_MM),
    "funnel": (lambda ax: draw_funnel(frames.funnel(), CHANGE, ax=ax), lambda _: FUNNEL_MM),
    "states": (
        lambda ax: draw_flows(frames.flows(), "state", ax=ax),
        lambda width: flows_height_mm(frames.flows(), "state", narrow=_narrow(width)),
    ),
    "bands": (lambda ax: draw_flows(frames.bands(), "instrument", {"hit6": "HIT-6"}, ax=ax), lambda _: 55.0),
    "calendar": _calendar(-56, 111),
    "patient_weeks": (
        lambda ax: draw_patient_weeks(frames.weeks(), frames.SESSION_DAYS, frames.WINDOWS, ax=ax),
        lambda _: WEEKS_MM,
    ),
}

#: What is looked at for its words alone: few rows, many, long names.
AWKWARD: dict[str, Drawing] = {
    "stairs of four": (
        lambda ax: draw_staircase(frames.staircase().query("reduction in (30, 50, 75, 100)"), ax=ax),
        lambda _: HEIGHT_MM,
    ),
    "stairs far down": (
        lambda ax: draw_staircase(
            frames.staircase().assign(share=0.1, low=0.02, high=0.3),
            ax=ax,
            expected=frames.expected_staircase(),
        ),
        lambda _: HEIGHT_MM,
    ),
    "five curves": _survival("loss", "relapse", "return", "first loss", "relapse of all"),
    "one curve": _survival("loss"),
    "twenty groups": _forest(
        frames.forest().iloc[[1] * 20].assign(group=[f"group {number}" for number in range(20)])
    ),
    "long groups": _forest(frames.long_names(frames.forest(), "group")),
    "one dose": (lambda ax: draw_dose(frames.dose(1), CHANGE, ax=ax), lambda _: DOSE_MM),
    "twenty doses": (lambda ax: draw_dose(frames.dose(20), CHANGE, ax=ax), lambda _: 135.0),
    "long doses": (
        lambda ax: draw_dose(frames.long_names(frames.dose(), "planned_sessions"), CHANGE, ax=ax),
        lambda _: 110.0,
    ),
    "one session": (lambda ax: draw_within_session(frames.within(1), ax=ax), lambda _: WITHIN_MM),
    "twenty sessions": (lambda ax: draw_within_session(frames.within(20), ax=ax), lambda _: WITHIN_MM),
    "one practitioner": (lambda ax: draw_funnel(frames.funnel(1), CHANGE, ax=ax), lambda _: FUNNEL_MM),
    "twenty practitioners": (lambda ax: draw_funnel(frames.funnel(20), CHANGE, ax=ax), lambda _: FUNNEL_MM),
    "one flow": (
        lambda ax: draw_flows(frames.flows().iloc[:1], "state", ax=ax),
        lambda _: 46.0,
    ),
    "a short diary": _calendar(-10, 12),
    "a year": _calendar(-84, 363),
}


def drawn(drawing: Drawing, width: float) -> Figure:
    """The figure at that width in millimetres, laid out."""
    draw, height = drawing
    with style.figure_style():
        size = (width / 25.4, height(width) / 25.4)
        figure = Figure(figsize=size, layout="constrained", facecolor="white", dpi=DOTS_PER_INCH)
        fill_the_page(figure)
        draw(figure.add_subplot())
        figure.draw_without_rendering()
    return figure


def picture(drawing: Drawing) -> np.ndarray:
    """The figure for a phone as grey pixels, 0 to 255."""
    with style.figure_style():
        figure = drawn(drawing, style.NARROW_WIDTH_MM)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        colours = np.asarray(canvas.buffer_rgba())[..., :3].astype(float)
    return colours @ (0.2126, 0.7152, 0.0722)


if __name__ == "__main__":
    from PIL import Image

    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, drawing in PICTURES.items():
        Image.fromarray(picture(drawing).round().astype("uint8")).save(FOLDER / f"{name}.png", optimize=True)
