"""Figures: one size of text, nothing cut off or over each other, the same bytes, gaps stay gaps."""

import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from figure_texts import text_faults, visible_texts
from matplotlib.figure import Figure

from outcomes.reporting import figures, style

WINDOWS = {"baseline": (-4.0, 0.0), "weeks 9–12": (8.0, 12.0)}


def course_frame() -> pd.DataFrame:
    weeks = np.arange(-8, 25)
    mean = 3.2 - 0.02 * (weeks + 8)
    common = pd.DataFrame({"week": weeks, "mean": mean, "low": mean - 0.3, "high": mean + 0.3})
    headline = common.assign(n=np.linspace(190, 80, len(weeks)).round(), cohort="headline")
    everybody = common.assign(mean=mean + 0.05, n=np.linspace(240, 110, len(weeks)).round(), cohort="all")
    hidden = headline["week"].isin([-8, 20, 22])
    headline.loc[hidden, ["mean", "low", "high", "n"]] = np.nan
    return pd.concat([headline, everybody], ignore_index=True)


def before_after_frame() -> pd.DataFrame:
    names = [
        "label",
        "unit",
        "baseline",
        "baseline_low",
        "baseline_high",
        "followup",
        "followup_low",
        "followup_high",
    ]
    rows = [
        ("Headache days", "days per 28", 13.6, 12.8, 14.4, 10.5, 9.6, 11.4),
        ("Intensity on headache days", "0–10", np.nan, np.nan, np.nan, 5.1, 4.8, 5.4),
    ]
    return pd.DataFrame(rows, columns=names)


def group_frame() -> pd.DataFrame:
    rows = [
        ("Tension-type", -3.1, -4.4, -1.8, "about 70", ""),
        ("Self-labelled sinus headache, not examined", -2.6, -5.9, 0.7, "about 15", ""),
        ("Cluster", np.nan, np.nan, np.nan, "", "too few to show"),
    ]
    return pd.DataFrame(rows, columns=["label", "value", "low", "high", "n_text", "reason"])


def responder_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "reduction": [30, 50, 75, 100],
            "share": [48.0, 33, 14, 3],
            "low": [40.0, 26, 9, 1],
            "high": [56.0, 41, 20, 7],
            "expected": [25.0, 12, 4, 1],
        }
    )


def pairs() -> pd.DataFrame:
    return pd.DataFrame({"baseline": [14.0, 9, 20, 11], "followup": [10.0, 9, 12, 15]})


SUMMARY = {
    "baseline": 13.5,
    "baseline_low": 10.0,
    "baseline_high": 17.0,
    "followup": 11.5,
    "followup_low": 9.0,
    "followup_high": 14.0,
}

DRAWINGS = {
    "course": (lambda ax: figures.draw_course(course_frame(), WINDOWS, ax=ax), 75),
    "course with expected": (
        lambda ax: figures.draw_course(
            course_frame(), WINDOWS, ax=ax, expected=(2.7, 3.0), expected_name="expected"
        ),
        75,
    ),
    "before and after": (lambda ax: figures.draw_before_after(before_after_frame(), ax=ax), 40),
    "groups": (lambda ax: figures.draw_by_group(group_frame(), "change, headache days per 28", ax=ax), 45),
    "responders": (
        lambda ax: figures.draw_responders(responder_frame(), ax=ax, expected_name="expected"),
        50,
    ),
    "pairs": (
        lambda ax: figures.draw_paired_change(pairs(), SUMMARY, unit="headache days per 28", ax=ax),
        70,
    ),
    "completeness": (
        lambda ax: figures.draw_completeness(pd.DataFrame({"week": range(-8, 9), "share": 0.9}), ax=ax),
        45,
    ),
}
WIDTHS = [style.PAGE_WIDTH_MM, style.HALF_WIDTH_MM, style.NARROW_WIDTH_MM]

each_drawing = pytest.mark.parametrize("name", DRAWINGS)
each_width = pytest.mark.parametrize("width", WIDTHS)


def drawn(name: str, width: float) -> Figure:
    draw, height = DRAWINGS[name]
    with style.figure_style():
        figure = Figure(figsize=(width / 25.4, height / 25.4), layout="constrained")
        draw(figure.add_subplot())
        figure.draw_without_rendering()
    return figure


@each_drawing
@each_width
def test_all_text_has_one_size_and_one_typeface(name, width):
    texts = visible_texts(drawn(name, width))
    assert {text.get_fontsize() for text in texts} == {style.FIGURE_TEXT_PT}
    assert {tuple(text.get_fontfamily()) for text in texts} == {(style.FONT_FAMILY,)}
    assert not any(text.get_parse_math() for text in texts)
    assert not any("-" in text.get_text() and text.get_text().strip("-").isdigit() for text in texts)


@each_drawing
@each_width
def test_no_text_is_cut_off_or_over_another(name, width):
    figure = drawn(name, width)
    assert not text_faults(figure)


@each_drawing
def test_same_bytes_each_time_and_no_date(name):
    draw, height = DRAWINGS[name]
    first, second = (figures.figure_svg(draw, 170, height) for _ in range(2))
    assert first == second
    assert b"<dc:date>" not in first
    assert b"matplotlib.org" not in first
    assert b"<text" not in first  # drawn as outlines: looks the same without the typeface


def test_svg_has_its_final_size():
    svg = figures.figure_svg(DRAWINGS["groups"][0], 82, 45)
    assert f'width="{82 / 25.4 * 72:.6f}'.encode()[:12] in svg


def test_block_brings_a_drawing_for_the_phone_unless_it_is_half_wide():
    draw, height = DRAWINGS["responders"]
    assert figures.figure_block(draw, alt="a", height_mm=height).narrow_svg
    assert not figures.figure_block(draw, alt="a", height_mm=height, width="half").narrow_svg


def test_the_callers_settings_are_back_afterwards():
    with matplotlib.rc_context({"font.size": 31.0, "text.parse_math": True}):
        before = dict(matplotlib.rcParams)
        figures.figure_svg(*[DRAWINGS["groups"][0], 82, 45])
        assert dict(matplotlib.rcParams) == before


def test_the_callers_settings_do_not_change_the_figure():
    plain = figures.figure_svg(DRAWINGS["groups"][0], 82, 45)
    with matplotlib.rc_context({"font.size": 31.0, "axes.facecolor": "black", "lines.linewidth": 9}):
        assert figures.figure_svg(DRAWINGS["groups"][0], 82, 45) == plain


def test_hidden_weeks_are_gaps_and_a_week_alone_is_a_dot():
    figure = Figure()
    ax = figures.draw_course(course_frame(), WINDOWS, ax=figure.add_subplot())
    lines = [line for line in ax.lines if line.get_color() == style.RECORDED]
    weeks, means = lines[0].get_data()
    assert set(weeks[np.isnan(means)] - 0.5) == {-8, 20, 22}
    assert list(lines[1].get_xdata()) == [21.5]


def test_a_week_missing_from_the_frame_is_a_gap_too():
    frame = course_frame().query("week != 5")
    ax = figures.draw_course(frame, WINDOWS, ax=Figure().add_subplot())
    weeks, means = next(line for line in ax.lines if line.get_color() == style.EVERYONE).get_data()
    assert np.isnan(means[weeks == 5.5]).all()


def test_nothing_to_show_is_said_not_drawn():
    empty = course_frame().assign(mean=np.nan, low=np.nan, high=np.nan, n=np.nan)
    figure = Figure()
    figures.draw_course(empty, WINDOWS, ax=figure.add_subplot())
    assert "not shown" in [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    hidden = group_frame().assign(value=np.nan, low=np.nan, high=np.nan, reason="too few to show")
    figures.draw_by_group(hidden, "change", ax=Figure().add_subplot())
    nobody = responder_frame().assign(share=np.nan, low=np.nan, high=np.nan, expected=np.nan)
    figures.draw_responders(nobody, ax=Figure().add_subplot())


def test_labels_are_words_not_mathematics():
    frame = group_frame().assign(label=r"$\badcmd{$")
    assert figures.figure_svg(lambda ax: figures.draw_by_group(frame, "$x_$", ax=ax), 82, 45)


def test_frames_are_left_as_they_were():
    frame = course_frame()
    copy = frame.copy(deep=True)
    figures.draw_course(frame, WINDOWS, ax=Figure().add_subplot())
    pd.testing.assert_frame_equal(frame, copy)


def test_an_axes_is_made_where_none_is_given():
    from matplotlib import pyplot

    with matplotlib.rc_context({"backend": "agg"}):
        ax = figures.draw_by_group(group_frame(), "change")
        assert ax.get_figure().get_figwidth() * 25.4 == pytest.approx(82)
        pyplot.close(ax.get_figure())


def test_drawing_libraries_are_imported_when_drawing():
    import subprocess

    code = (
        "import sys, outcomes.reporting.figures; print({'matplotlib', 'seaborn', 'scipy'} & set(sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"
    )
