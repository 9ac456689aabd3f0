"""The topics' figures: what is drawn is what the frame says, nothing over anything, and the same in grey."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import topic_frames as frames
from figure_texts import text_faults, visible_texts
from matplotlib import image
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text
from topic_pictures import AWKWARD, CHANGE, FOLDER, PICTURES, drawn, picture

from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.errors import PlanError
from outcomes.reporting import figure_words, style
from outcomes.reporting.answers import FIGURES
from outcomes.reporting.figures_flows import draw_flows
from outcomes.reporting.figures_forest import draw_forest
from outcomes.reporting.figures_funnel import draw_funnel
from outcomes.reporting.figures_paper import figure_svg, spread
from outcomes.reporting.figures_patient import _WHITE_FROM, _shade, draw_calendar, draw_patient_weeks
from outcomes.reporting.figures_response import draw_periods, draw_staircase
from outcomes.reporting.figures_safety import draw_events, draw_soreness
from outcomes.reporting.figures_sessions import draw_dose, draw_within_session
from outcomes.reporting.figures_survival import draw_survival

#: A phone is where words have least room; on the page the usual frames are looked at.
PLACES = [(name, style.PAGE_WIDTH_MM) for name in PICTURES]
PLACES += [(name, style.NARROW_WIDTH_MM) for name in (*PICTURES, *AWKWARD)]


def new_axes():
    return Figure().add_subplot()


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def lines_with(ax, marker: str):
    return [line for line in ax.lines if line.get_marker() == marker]


def upright_lines(ax) -> list[tuple[float, float, float]]:
    """(place, low, high) of every vertical line of an interval."""
    return [
        (segment[0][0], segment[0][1], segment[1][1])
        for collection in ax.collections
        if hasattr(collection, "get_segments")
        for segment in collection.get_segments()
    ]


# ---- words ----


@pytest.mark.parametrize(("name", "width"), PLACES)
def test_no_text_is_cut_off_or_over_another(name, width):
    assert not text_faults(drawn((PICTURES | AWKWARD)[name], width))


@pytest.mark.parametrize("name", PICTURES)
def test_all_text_has_one_size_and_one_typeface_and_a_true_minus(name):
    texts = visible_texts(drawn(PICTURES[name], style.PAGE_WIDTH_MM))
    assert {text.get_fontsize() for text in texts} == {style.FIGURE_TEXT_PT}
    assert {tuple(text.get_fontfamily()) for text in texts} == {(style.FONT_FAMILY,)}
    assert not any(text.get_parse_math() for text in texts)
    assert not any(text.get_text().lstrip().startswith("-") for text in texts)


@pytest.mark.parametrize("name", PICTURES)
def test_no_picture_speaks_of_an_effect(name):
    said = " ".join(words_of(drawn(PICTURES[name], style.PAGE_WIDTH_MM))).lower()
    assert said
    assert not [word for word in ("effect", "because", "works", "success", "proven") if word in said]


def test_labels_are_words_not_mathematics_whatever_they_hold():
    bands = frames.flows().replace({"chronic": frames.HOSTILE})
    hostile = {
        "survival": lambda ax: draw_survival(
            frames.curve(frames.HOSTILE), frames.at_risk(frames.curve(frames.HOSTILE)), ax=ax
        ),
        "forest": lambda ax: draw_forest(frames.long_names(frames.forest(), "group"), frames.HOSTILE, ax=ax),
        "flows": lambda ax: draw_flows(bands, "state", ax=ax),
        "dose": lambda ax: draw_dose(
            frames.long_names(frames.dose(), "planned_sessions"), frames.HOSTILE, ax=ax
        ),
        "events": lambda ax: draw_events(frames.long_names(frames.events(), "grade"), ax=ax),
        "funnel": lambda ax: draw_funnel(frames.long_names(frames.funnel(), "name"), frames.HOSTILE, ax=ax),
    }
    for name, draw in hostile.items():
        assert b"<path" in figure_svg(draw, 170, 120), name


def test_labels_are_moved_apart_no_further_than_needed():
    assert spread([0.0, 10.0], 4.0) == [0.0, 10.0]
    assert spread([0.0, 1.0], 4.0) == [-1.5, 2.5]
    assert spread([0.0, 1.0, 2.0, 20.0], 4.0) == [-3.0, 1.0, 5.0, 20.0]
    assert spread([], 4.0) == []


# ---- what is drawn is what the frame says ----


def test_the_staircase_holds_every_step_of_the_frame():
    frame = frames.staircase()
    ax = draw_staircase(frame, ax=new_axes(), expected=frames.expected_staircase())
    steps = next(line for line in ax.lines if line.get_drawstyle() == "steps-pre")
    np.testing.assert_allclose(steps.get_xdata(), frame["reduction"])
    np.testing.assert_allclose(steps.get_ydata(), 100 * frame["share"])
    expected = next(line for line in ax.lines if line.get_color() == style.EXPECTED)
    np.testing.assert_allclose(expected.get_ydata(), 100 * frames.expected_staircase()["share"])
    at_half = frame.loc[frame["reduction"] == 50, "share"].iloc[0]
    assert f"{100 * at_half:.0f}%" in words_of(ax.figure)


def test_a_few_reductions_are_points_and_not_steps():
    frame = frames.staircase().query("reduction in (30, 50, 75, 100)")
    ax = draw_staircase(frame, ax=new_axes())
    assert not [line for line in ax.lines if "steps" in line.get_drawstyle()]
    assert sorted(upright_lines(ax)) == [
        pytest.approx((row.reduction, 100 * row.low, 100 * row.high)) for row in frame.itertuples()
    ]


def test_a_period_that_is_not_shown_has_no_dot_and_keeps_its_patients():
    ax = draw_periods(frames.periods(), ax=new_axes())
    shares = lines_with(ax, "o")[0].get_ydata()
    assert list(np.flatnonzero(np.isnan(shares))) == [4]
    assert "3" in words_of(ax.figure)


def test_the_curve_begins_at_everybody_and_falls_at_the_times_of_the_frame():
    frame = frames.curve("loss").query("time > 0")
    (ax,) = draw_survival(frame, frames.at_risk(frame), ax=new_axes())
    steps = next(line for line in ax.lines if line.get_drawstyle() == "steps-post")
    np.testing.assert_allclose(steps.get_xdata(), [0, *frame["time"]])
    np.testing.assert_allclose(steps.get_ydata(), [100, *(100 * frame["survival"])])


def test_the_numbers_at_risk_stand_under_their_times():
    frame = frames.curve("loss")
    figure = Figure(figsize=(7, 3))
    (ax,) = draw_survival(frame, frames.at_risk(frame), ax=figure.add_subplot())
    strip = next(one for one in figure.axes if one is not ax)
    shown = {text.get_position()[0]: text.get_text() for text in strip.texts}
    by_time = {row.time: f"{row.at_risk:.0f}" for row in frame.itertuples()}
    assert len(shown) > 2
    assert shown == {time: by_time[time] for time in shown}
    assert set(shown) <= set(ax.get_xticks())


def test_every_group_has_its_square_and_a_group_without_a_value_says_so():
    figure = Figure(figsize=(7, 5))
    panels = draw_forest(frames.forest(), CHANGE, ax=figure.add_subplot())
    squares = [float(line.get_xdata()[0]) for ax in panels for line in lines_with(ax, "s")]
    assert squares == list(frames.forest()["value"].dropna())
    told = " ".join(words_of(figure))
    assert "n 5, no value" in told
    assert "heterogeneity p 0.413, adjusted 0.710" in told
    assert "heterogeneity p <\u00a00.001" in told
    assert "heterogeneity not tested" in told
    assert "exploratory" in told


def test_p_in_the_first_row_alone_is_enough():
    frame = frames.forest().query("by == 'sex'").copy()
    frame.loc[frame.index[1:], ["p", "p_adjusted"]] = math.nan
    (ax,) = draw_forest(frame, CHANGE, ax=new_axes())
    assert ax.get_title("left").endswith("heterogeneity p <\u00a00.001, adjusted 0.001")


def test_each_planned_dose_has_its_change_and_interval():
    ax = draw_dose(frames.dose(), CHANGE, ax=Figure(figsize=(7, 3)).add_subplot())
    np.testing.assert_allclose(lines_with(ax, "s")[0].get_ydata(), frames.dose()["value"])
    assert upright_lines(ax) == [
        pytest.approx((place, row.low, row.high)) for place, row in enumerate(frames.dose().itertuples())
    ]
    assert "association only" in ax.get_xlabel()


def test_pain_before_is_hollow_and_after_is_full():
    upper, lower, _ = draw_within_session(frames.within(), ax=new_axes())
    before, after = lines_with(upper, "o")
    assert (before.get_markerfacecolor(), after.get_markerfacecolor()) == ("white", style.RECORDED)
    np.testing.assert_allclose(before.get_ydata(), frames.within()["before"])
    np.testing.assert_allclose(after.get_ydata(), frames.within()["after"])
    np.testing.assert_allclose(lines_with(lower, "s")[0].get_ydata(), frames.within()["change"])


def test_where_no_event_was_seen_no_dot_stands_at_zero_and_the_limit_is_drawn():
    panels = draw_events(frames.events(), ax=new_axes())
    for ax, unit in zip(panels, ("session", "patient"), strict=True):
        rows = frames.events().loc[lambda one, unit=unit: one["unit"] == unit]
        dots = [float(line.get_xdata()[0]) for line in lines_with(ax, "o")]
        assert dots == pytest.approx(list(100 * rows.loc[rows["count"] > 0, "share"]))
        limits = [float(line.get_xdata()[0]) for line in lines_with(ax, "|")]
        assert limits == pytest.approx(list(100 * rows.loc[rows["count"] == 0, "high"]))
    assert "0 of 1,240, at most 0.3%" in words_of(panels[0].figure)


def test_where_nobody_was_asked_nothing_is_drawn():
    rows = frames.events().assign(count=0, of=0, share=math.nan, low=math.nan, high=math.nan)
    mixed = pd.concat([frames.events().iloc[:4], rows.iloc[4:]])
    panels = draw_events(mixed, ax=new_axes())
    assert not panels[1].lines
    assert words_of(panels[1].figure).count("none asked") == 4


def test_soreness_is_drawn_day_by_day():
    upper, lower, strip = draw_soreness(frames.soreness(), ax=Figure(figsize=(6, 4)).add_subplot())
    np.testing.assert_allclose(lines_with(upper, "o")[0].get_ydata(), frames.soreness()["mean"])
    assert [bar.get_height() for bar in lower.patches] == pytest.approx([71, 52, 24, 6])
    assert [text.get_text() for text in strip.texts] == ["902", "860", "811", "640"]


def test_those_beyond_the_funnel_have_a_ring_and_always_their_name():
    frame = frames.funnel(20)
    (ax,) = draw_funnel(frame, CHANGE, ax=Figure(figsize=(3.3, 2.8)).add_subplot())
    outside = frame[frame["outside"]].sort_values("n")
    rings = [line for line in lines_with(ax, "o") if line.get_markersize() == 9]
    np.testing.assert_allclose(rings[0].get_ydata(), outside["adjusted"])
    assert set(outside["name"]) <= set(words_of(ax.figure))


def test_the_bars_of_the_flows_are_as_high_as_their_patients():
    figure = Figure(figsize=(7, 3))
    panels = draw_flows(frames.flows(), "state", ax=figure.add_subplot())
    for ax, state in zip(panels, ("chronic", "overuse_range"), strict=True):
        rows = frames.flows().loc[lambda one, state=state: one["state"] == state]
        bars = [patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
        assert sorted(bars) == sorted([*rows.groupby("before")["n"].sum(), *rows.groupby("after")["n"].sum()])
        ribbons = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
        sizes = [patch.get_path().vertices[7][1] - patch.get_path().vertices[0][1] for patch in ribbons]
        assert sorted(sizes) == pytest.approx(sorted(rows["n"]))


def test_the_least_burdened_band_lies_lowest_and_is_lightest():
    (ax,) = draw_flows(frames.bands(), "instrument", ax=new_axes())
    bars = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_x() < 0.5]
    assert [bar.get_height() for bar in bars] == [5, 17, 22, 60]
    assert [bar.get_y() for bar in bars] == sorted(bar.get_y() for bar in bars)
    assert [luminance(to_hex(bar.get_facecolor())) for bar in bars] == sorted(
        (luminance(to_hex(bar.get_facecolor())) for bar in bars), reverse=True
    )


# ---- one patient ----


def fields_of(ax) -> tuple[list[Rectangle], list[Rectangle]]:
    """Full fields and empty frames, without those of the key below the days."""
    lowest = max(text.get_position()[1] for text in ax.texts if text.get_text() == "weeks from first session")
    patches = [patch for patch in ax.patches if patch.get_y() < lowest]
    return [one for one in patches if one.get_fill()], [one for one in patches if not one.get_fill()]


def test_the_three_states_of_a_day_are_three_things():
    days = pd.DataFrame(
        {
            "relative_day": [0, 1, 2, 7],
            "state": ["headache", "no headache", "not recorded", "headache"],
            "intensity": [6.0, math.nan, math.nan, math.nan],
        }
    )
    full, empty = fields_of(draw_calendar(days, ax=new_axes()))
    assert len(full) == 2
    assert len(empty) == 1
    # Column of the week, row of the day; the day that was not recorded is nowhere.
    assert [math.floor(one.get_x()) for one in full] == [0, 1]
    assert [one.get_hatch() for one in full] == [None, "////"]
    assert empty[0].get_y() - full[0].get_y() == pytest.approx(1.0)


def test_every_day_of_a_long_diary_is_there_once():
    days = frames.days(-84, 363)
    full, empty = fields_of(
        draw_calendar(days, frames.SESSION_DAYS, ax=Figure(figsize=(6.7, 5)).add_subplot())
    )
    assert len(full) == (days["state"] == "headache").sum()
    assert len(empty) == (days["state"] == "no headache").sum() + len(frames.SESSION_DAYS)
    assert len({(round(one.get_x(), 3), round(one.get_y(), 3)) for one in full}) == len(full)


def test_a_week_of_too_few_days_is_a_gap_and_sessions_stand_at_their_days():
    weeks = frames.weeks()
    upper, lower = draw_patient_weeks(weeks, frames.SESSION_DAYS, frames.WINDOWS, ax=new_axes())
    value = upper.lines[0].get_ydata()
    np.testing.assert_array_equal(np.isnan(value), weeks["value"].isna())
    assert np.isnan(value).any()
    marks = lines_with(upper, "^")[0]
    assert list(marks.get_xdata()) == [day / 7 for day in frames.SESSION_DAYS]
    assert [bar.get_height() for bar in lower.patches] == list(weeks["recorded_days"])


# ---- nothing to draw ----


EMPTY = {
    "staircase": lambda ax: draw_staircase(frames.staircase().iloc[:0], ax=ax),
    "periods": lambda ax: draw_periods(frames.periods().iloc[:0], ax=ax),
    "survival": lambda ax: draw_survival(
        frames.curve().iloc[:0], frames.at_risk(frames.curve()).iloc[:0], ax=ax
    ),
    "forest": lambda ax: draw_forest(frames.forest().iloc[:0], CHANGE, ax=ax),
    "dose": lambda ax: draw_dose(frames.dose().iloc[:0], CHANGE, ax=ax),
    "within_session": lambda ax: draw_within_session(frames.within().iloc[:0], ax=ax),
    "events": lambda ax: draw_events(frames.events().iloc[:0], ax=ax),
    "soreness": lambda ax: draw_soreness(frames.soreness().iloc[:0], ax=ax),
    "funnel": lambda ax: draw_funnel(frames.funnel().iloc[:0], CHANGE, ax=ax),
    "flows": lambda ax: draw_flows(frames.flows().iloc[:0], "state", ax=ax),
    "calendar": lambda ax: draw_calendar(frames.days().iloc[:0], ax=ax),
    "weeks": lambda ax: draw_patient_weeks(frames.weeks().iloc[:0], ax=ax),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_frame_says_that_it_is_empty(name):
    figure = Figure()
    EMPTY[name](figure.add_subplot())
    said = " ".join(words_of(figure))
    assert "to draw" in said or said.startswith(("no ", "nobody ")), said


@pytest.mark.parametrize("rows", [1, 2])
def test_one_or_two_rows_are_enough(rows):
    for draw in (
        lambda ax: draw_staircase(frames.staircase().tail(rows), ax=ax),
        lambda ax: draw_periods(frames.periods().head(rows), ax=ax),
        lambda ax: draw_survival(
            frames.curve("a").head(rows), frames.at_risk(frames.curve("a")).head(rows), ax=ax
        ),
        lambda ax: draw_events(frames.events().head(rows), ax=ax),
        lambda ax: draw_soreness(frames.soreness().head(rows), ax=ax),
        lambda ax: draw_funnel(frames.funnel(rows), CHANGE, ax=ax),
        lambda ax: draw_calendar(frames.days(0, rows - 1), ax=ax),
        lambda ax: draw_patient_weeks(frames.weeks().head(rows), ax=ax),
    ):
        assert figure_svg(draw, 86, 90)


# ---- grey ----


def luminance(colour: str) -> float:
    """Relative luminance as the accessibility guidelines define it (WCAG 2.2), 0 to 1."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_formula_gives_the_guidelines_own_ends():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_number_on_a_day_can_be_read():
    for intensity in range(11):
        letters = "#ffffff" if intensity >= _WHITE_FROM else style.INK
        assert contrast(_shade(intensity), letters) >= 4, intensity


def test_what_carries_meaning_stands_out_from_the_paper_and_in_grey():
    for colour in (style.RECORDED, style.EXPECTED, style.QUIET, style.INK):
        assert contrast(colour, "#ffffff") >= 4.5
    assert contrast(style.SHADE_LIGHT, style.SHADE_DARK) >= 7
    shades = [_shade(step) for step in (0, 10 / 3, 20 / 3, 10)]
    assert min(contrast(one, other) for one, other in itertools.pairwise(shades)) >= 1.5


# ---- answers ----


def answers(topic: str, **held: pd.DataFrame) -> Answers:
    return Answers(topic, (), AnalysisPlan(), frames=held)


ANSWERS = {
    "response": answers("response", staircase=frames.staircase(), periods=pd.DataFrame()),
    "durability": answers("durability", curve=frames.curve(), at_risk=frames.at_risk(frames.curve())),
    "states": answers("states", flows=frames.flows()),
    "questionnaires": answers("questionnaires", flows=frames.bands()),
    "dose": answers("dose", dose=frames.dose()),
    "within_session": answers("within_session", sessions=frames.within()),
    "safety": answers("safety", events=frames.events(), soreness=frames.soreness()),
    "practitioners": answers("practitioners", funnel=frames.funnel()),
    "strata": answers("strata", forest=frames.forest()),
}


#: High enough for the tallest of them on a phone.
_TALL_MM = 200.0


def test_every_registered_topic_is_tried_here():
    assert set(ANSWERS) == set(FIGURES)


@pytest.mark.parametrize("topic", ANSWERS)
def test_answers_draw_themselves_on_the_axes_given(topic):
    found = ANSWERS[topic]
    drawing = (lambda ax: found.plot(ax=ax), lambda _: _TALL_MM)
    figure = drawn(drawing, style.NARROW_WIDTH_MM)
    assert len(visible_texts(figure)) > 3
    assert not text_faults(figure)


def test_responders_of_each_period_stand_under_the_staircase_where_there_is_a_course():
    course = frames.periods().rename(columns={name: f"{name}_50" for name in ("share", "low", "high")})
    found = answers("response", staircase=frames.staircase(), periods=course)
    figure = Figure(figsize=(7, 5))
    found.plot(ax=figure.add_subplot())
    assert "patients with ≥50% fewer headache days (%)" in [
        ax.get_title("left").replace("\n", " ") for ax in figure.axes
    ]


def test_answers_without_the_frame_are_refused_in_words():
    with pytest.raises(PlanError, match="hold no 'forest'"):
        answers("strata").plot(ax=new_axes())


def test_the_words_hold_the_numbers_of_the_picture():
    assert "cluster –, n 5" in figure_words.forest_words(frames.forest(), CHANGE)
    assert "2 by practitioner" in figure_words.funnel_words(frames.funnel(2), CHANGE)
    assert figure_words.forest_words(frames.forest().iloc[:0], CHANGE) == "Nothing to draw."
    assert "not recorded 3" in figure_words.calendar_words(
        pd.DataFrame({"relative_day": range(3), "state": "not recorded", "intensity": math.nan}), 0
    )


# ---- kept pictures ----

#: Mean difference of a pixel in grey levels, over blocks of 4 × 4, that another release's letters may make.
TOLERANCE = 3.0


def blocks(pixels: np.ndarray) -> np.ndarray:
    high, wide = (size - size % 4 for size in pixels.shape)
    return pixels[:high, :wide].reshape(high // 4, 4, wide // 4, 4).mean(axis=(1, 3))


def kept(name: str) -> np.ndarray:
    return 255.0 * image.imread(FOLDER / f"{name}.png")


@pytest.mark.parametrize("name", PICTURES)
def test_the_figure_looks_as_it_did(name):
    """`python tests/topic_pictures.py` draws the kept pictures anew; look at them before they are committed."""
    now, before = picture(PICTURES[name]), kept(name)
    assert now.shape == before.shape
    assert np.abs(blocks(now) - blocks(before)).mean() < TOLERANCE


def test_a_picture_with_other_numbers_is_told_apart():
    moved = frames.within().assign(after=lambda one: one["after"] + 2, change=lambda one: one["change"] + 2)
    other = picture((lambda ax: draw_within_session(moved, ax=ax), PICTURES["within_session"][1]))
    assert np.abs(blocks(other) - blocks(kept("within_session"))).mean() > TOLERANCE
    empty = picture((lambda ax: draw_flows(frames.flows().iloc[:2], "state", ax=ax), PICTURES["states"][1]))
    assert np.abs(blocks(empty) - blocks(kept("states"))).mean() > TOLERANCE


def test_there_is_no_kept_picture_that_nobody_draws():
    assert {path.stem for path in FOLDER.glob("*.png")} == set(PICTURES)
