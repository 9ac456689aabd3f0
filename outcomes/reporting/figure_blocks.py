"""Results as figure blocks: what is drawn, its text alternative, and the sentence in its place where it may not be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from outcomes.analysis.regression_to_mean.null_simulation import NullSimulation
from outcomes.analysis.results import Course, PairedChange
from outcomes.reporting import figures
from outcomes.reporting.disclosure import (
    MIN_PATIENTS_FOR_MEAN,
    TOO_FEW,
    Disclosure,
    SafeTable,
    Shown,
    needs_safe,
)
from outcomes.reporting.formatting import confidence_name, day_name, number, percent
from outcomes.reporting.page import Block, Sentence
from outcomes.reporting.tables import group_table, window_edges
from outcomes.reporting.wording import mode_name

#: Weeks around the first session that the report shows.
COURSE_WEEKS = (-8, 23)


def course_block(course: Course, disclosure: Disclosure, *, half: bool = False) -> Block:
    """Headache days per week around the first session, for the headline cohort; `half`: small, and for it alone."""
    weeks = course.weeks[course.weeks["week"].between(*COURSE_WEEKS)]
    if half:
        weeks = weeks[weeks["cohort"] == "headline"]
    safe = disclosure.course(weeks)
    shown = needs_safe(safe, disclosure.profile)
    if not shown["mean"].notna().any():
        return Sentence(f"Course around the first session: {safe.why_empty}.")
    first, last = int(shown["week"].min()), int(shown["week"].max()) + 1
    confidence = confidence_name(course.plan.confidence)
    alt = (
        f"Mean headache days per week from week {day_name(first)} to week {day_name(last)} around the first "
        f"session, with {confidence} intervals, for the patients compared, and the number of patients behind each "
        "week."
    )
    draw = partial(figures.draw_course, shown, window_edges(course))
    if half:
        caption = _with_note("", safe)
        return figures.figure_block(draw, alt=alt, height_mm=46, width="half", caption=caption)
    caption = _with_note(_course_caption(course, disclosure), safe)
    return figures.figure_block(draw, alt=alt, height_mm=75, caption=caption)


def _course_caption(course: Course, disclosure: Disclosure) -> str:
    least = course.plan.min_recorded_in_course(7)
    more = (
        " Thin line: all patients."
        if disclosure.exact
        else f" Weeks with fewer than {disclosure.least_for_mean} patients are left out."
    )
    return (
        f"The patients compared; a week counts for a patient with {least} or more recorded days, so the patients "
        f"behind each week differ. Shaded: the two windows compared.{more}"
    )


def before_after_block(changes: Sequence[PairedChange], disclosure: Disclosure) -> Block:
    """Every endpoint at baseline and at follow-up, with intervals, each on its own scale."""
    rows = [row for change in changes if (row := _before_after_row(change, disclosure)) is not None]
    if not rows:
        return Sentence(f"Before and after: {TOO_FEW}.")
    safe = disclosure.table(rows)
    frame = needs_safe(safe, disclosure.profile)
    draw = partial(figures.draw_before_after, frame.drop(columns="people"))
    alt = "Mean at baseline and at follow-up with intervals: " + "; ".join(
        f"{label} {number(baseline)} and {number(followup)} ({people})"
        for label, baseline, followup, people in frame[
            ["label", "baseline", "followup", "people"]
        ].itertuples(index=False)
    )
    caption = _with_note("", safe)
    return figures.figure_block(draw, alt=f"{alt}.", height_mm=20.0 * len(rows), caption=caption)


def _before_after_row(change: PairedChange, disclosure: Disclosure) -> dict[str, Shown | str | float] | None:
    before, after, _ = disclosure.before_after(change)
    if any(one is None for side in (before, after) for one in (side.value, side.low, side.high)):
        return None
    label = f"{change.endpoint.label}{mode_name(change.mode)}"
    return {
        "label": label,
        "unit": change.endpoint.unit,
        "baseline": before,
        "followup": after,
        "people": before.people,
    }


def _with_note(caption: str, safe: SafeTable) -> str:
    """The caption with the months from which values are carried forward."""
    if not safe.note:
        return caption
    return f"{caption} {safe.note[0].upper()}{safe.note[1:]}.".strip()


def responders_figure_block(
    change: PairedChange, disclosure: Disclosure, bad_month: NullSimulation | None = None
) -> Block:
    """Share of patients with at least each reduction of the plan, beside what a bad month alone would give."""
    if change.endpoint.improvement == "increase":
        return Sentence(f"For {change.endpoint.label.lower()} more is better: a response is a rise.")
    rows: list[dict[str, Shown | str | float]] = [
        {"reduction": reduction, "": disclosure.responders(change, f"responders_{reduction:g}")[0]}
        for reduction in change.plan.responder_reductions
    ]
    safe = disclosure.table(rows, names={"value": "share"}, scale=100)
    frame = needs_safe(safe, disclosure.profile)
    if not frame["share"].notna().any():
        return Sentence(f"Responders: {TOO_FEW}.")
    expected = _may_be_drawn(_expected_shares(change, disclosure, bad_month), change, disclosure)
    if expected is not None:
        frame["expected"] = expected
    draw = partial(
        figures.draw_responders,
        frame,
        of_what=change.endpoint.label.lower(),
        expected_name="a bad month alone" if expected is not None else "",
    )
    alt = "Share of patients with at least this reduction: " + "; ".join(
        f"{reduction:g}%: {number(share, 0)}%"
        for reduction, share in frame[["reduction", "share"]].itertuples(index=False)
        if share == share
    )
    if expected is not None:
        alt += "; to be expected from entering in a bad month alone: " + "; ".join(
            f"{reduction:g}%: {number(one, 0)}%"
            for reduction, one in zip(frame["reduction"], expected, strict=True)
        )
    caption = _with_note("", safe)
    return figures.figure_block(draw, alt=f"{alt}.", height_mm=52, width="half", caption=caption)


def _expected_shares(
    change: PairedChange, disclosure: Disclosure, bad_month: NullSimulation | None
) -> list[float] | None:
    """Middle of the expected range at each reduction, in percent; None where it cannot be computed or shown."""
    if bad_month is None or bad_month.change_range is None or change.endpoint.name != "headache_days_per_28":
        return None
    if not disclosure.exact and bad_month.n_eligible < disclosure.least_for_mean:
        return None
    ranges = [bad_month.responder_range(float(one)) for one in change.plan.responder_reductions]
    return [float("nan") if one is None else round(50 * (one[0] + one[1])) for one in ranges]


def _may_be_drawn(
    expected: list[float] | None, change: PairedChange, disclosure: Disclosure
) -> list[float] | None:
    """The expected shares where they are of this month: what is carried forward is not drawn among what is not."""
    if expected is None:
        return None
    told = [None if one != one else one for one in expected]
    found = disclosure.cell("responders of a bad month alone", "all", told, change)
    return None if found.content is None or found.carried_from else expected


def by_group_block(changes: Sequence[PairedChange], disclosure: Disclosure, *, half: bool = False) -> Block:
    """The change in each group with its interval; groups of few patients are named and not drawn.

    In `share` they are not even named.
    """
    apart, _ = disclosure.apart(changes)
    if not apart:
        return Sentence("A figure of the groups: too few patients in each of them.")
    safe = group_table(apart, disclosure, least=MIN_PATIENTS_FOR_MEAN)
    frame = needs_safe(safe, disclosure.profile)
    endpoint = changes[0].endpoint
    xlabel = f"change in {endpoint.label.lower()} ({endpoint.unit})"
    if not frame["value"].notna().any():
        return Sentence("A figure of the groups: too few patients in each of them.")
    draw = partial(figures.draw_by_group, frame, xlabel)
    alt = f"{xlabel[0].upper()}{xlabel[1:]} with interval: " + "; ".join(
        f"{label} {number(value) if value == value else reason}"
        for label, value, reason in frame[["label", "value", "reason"]].itertuples(index=False)
    )
    height, caption = 6.0 * len(frame) + 18, _with_note("", safe)
    if half:
        return figures.figure_block(draw, alt=f"{alt}.", height_mm=height, width="half", caption=caption)
    return figures.figure_block(draw, alt=f"{alt}.", height_mm=height, caption=caption)


def completeness_block(course: Course, disclosure: Disclosure) -> Block:
    """Share of days with an entry, week by week."""
    frame = course.completeness[course.completeness["week"].between(*COURSE_WEEKS)]
    safe = disclosure.completeness(frame)
    frame = needs_safe(safe, disclosure.profile)
    if frame.empty:
        return Sentence(f"Completeness by week: {safe.why_empty}.")
    draw = partial(figures.draw_completeness, frame)
    low, high = frame["share"].min(), frame["share"].max()
    between = f"between {percent(low)} and {percent(high)}" if percent(low) != percent(high) else percent(low)
    alt = f"Share of days with an entry by week from the first session: {between}."
    caption = (
        "Days with an entry, of all days of the patients for whom the week was over. Before booking there is no "
        "diary yet."
    )
    caption = _with_note(caption, safe)
    return figures.figure_block(draw, alt=alt, height_mm=45, caption=caption, width="half")
