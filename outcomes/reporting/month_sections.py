"""Practitioners, the months one after another, and how far the answer moves with the choices made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import pandas as pd

from outcomes.analysis.control_charts import LIMIT_POINTS, ControlChart, laney_p, laney_u, xmr
from outcomes.analysis.month_activity import BASELINE, CHANGE, COMPLETE, EVENTS
from outcomes.reporting import figures
from outcomes.reporting.claims_blocks import Together
from outcomes.reporting.comparison_sections import ComparisonSections
from outcomes.reporting.disclosure import TOO_FEW, SafeSpan
from outcomes.reporting.figure_words import funnel_words
from outcomes.reporting.figures_charts import CHART_MM, draw_control_chart
from outcomes.reporting.figures_funnel import FUNNEL_MM, draw_funnel
from outcomes.reporting.figures_topics import change_name
from outcomes.reporting.formatting import interval, month_words, number, percent
from outcomes.reporting.page import Block, Columns, Notes, Sentence, TableBlock
from outcomes.reporting.report_base import plain_note
from outcomes.reporting.report_numbers import MOST_FOR_MULTIVERSE
from outcomes.reporting.span_blocks import SPAN_NAMES, span_months, spans_table

#: Measure → the name of its scale, and what its points are multiplied by.
_SCALES = {
    BASELINE: ("headache days per 28 before treatment, new patients", 1.0),
    CHANGE: ("change in headache days per 28, follow-up closed in the month", 1.0),
    COMPLETE: ("both windows with enough diary (%), follow-up closed in the month", 100.0),
    EVENTS: ("adverse events per 100 sessions asked about", 100.0),
}

#: Spans and reports that a shared report shows, the newest.
_MOST_SPANS, _MOST_REPORTS = 8, 12

#: Fewer points than this, or points as near to each other as this, are no course.
_LEAST_POINTS, _LEAST_PERCENT = 3, 2


class MonthSections(ComparisonSections):
    """Blocks that look across practitioners, months and choices."""

    # ---- practitioners ----

    def practitioners(self) -> Block:
        """Whether practitioners and sites differ beyond chance; drawn without an order, for the clinic alone."""
        answers = self.numbers.ask("practitioners")
        if isinstance(answers, str):
            return Sentence(f"Practitioners: {answers}")
        if not self.disclosure.exact:
            return Sentence("Practitioners and sites are shown to the clinic alone.")
        frame = answers.frames["funnel"]
        shown = frame[frame["adjusted"].notna() | frame["shrunken"].notna()]
        if shown.empty:
            return Sentence("Practitioners: too few patients each to be shown.")
        name = change_name(answers)
        draw = partial(draw_funnel, shown, name)
        # Two kinds side by side would be too narrow for their names.
        height = FUNNEL_MM * max(1, shown["by"].nunique())
        return figures.figure_block(draw, alt=funnel_words(shown, name), height_mm=min(height, 110.0))

    def practitioners_note(self) -> Block:
        answers = self.numbers.ask("practitioners")
        if isinstance(answers, str) or not self.disclosure.exact:
            return Notes(())
        few = next(
            (one for one in answers if (one.statistic, one.group) == ("suppressed", "practitioners")), None
        )
        hidden = () if few is None or not few.count else (f"Not shown, too few patients: {few.count}.",)
        return Notes((*hidden, *dict.fromkeys(plain_note(note) for note in answers.notes)))

    # ---- months ----

    def control_charts(self) -> Block:
        """Four measures month by month with frozen limits, two beside two; in `share` quarter by quarter."""
        if not self.disclosure.exact:
            return self._spans_block()
        charts = [self._chart_block(measure) for measure in (BASELINE, CHANGE, COMPLETE, EVENTS)]
        known = [block for block in charts if block is not None]
        if not known:
            return Sentence(self._no_months())
        if len(known) < 2:
            return known[0]
        return Columns(tuple(known[0::2]), tuple(known[1::2]))

    def _no_months(self) -> str:
        if self.course is None or not self.records.uses_dates:
            return "Month by month needs a daily diary with dates."
        return f"Month by month: {TOO_FEW} in any month."

    def control_charts_note(self) -> Block:
        """What a point outside its limits says, and for which measures there are no limits yet."""
        if not self.disclosure.exact:
            return self._as_reported_block()
        notes, has_any = [], False
        for measure in _SCALES:
            chart = self.chart(measure)
            if chart is None:
                continue
            has_any = True
            points = int(chart.points["value"].notna().sum())
            if points < LIMIT_POINTS:
                label = _SCALES[measure][0]
                few = f"{label[:1].upper()}{label[1:]}: {points} of the {LIMIT_POINTS} months that set limits, so"
                notes.append(f"{few} points without limits.")
        if not has_any:
            return Notes(())
        return Notes(
            (
                f"Shaded: limits set by the first {LIMIT_POINTS} months, and kept. A ringed month differs from the "
                "others by more than months here usually do: a reason to look, not a reason found.",
                *notes,
            )
        )

    def _spans_block(self) -> Block:
        """What was done in each whole quarter, or the longer span that is large enough, with two charts."""
        spans = self.spans
        if not spans:
            return Sentence(self._no_spans())
        shown = spans[-_MOST_SPANS:]
        table = spans_table(shown)
        charts = [self._span_chart(shown, measure) for measure in (COMPLETE, EVENTS)]
        known = [block for block in charts if block is not None]
        if not known:
            return table
        return Together((table, Columns(*known) if len(known) == 2 else known[0]))

    def _no_spans(self) -> str:
        if self.course is None or not self.records.uses_dates or not self.records.has("sessions"):
            return "Quarter by quarter needs a daily diary and sessions with dates."
        if not self.month:
            return "Quarter by quarter needs a month up to which quarters are counted."
        return f"Quarter by quarter: {TOO_FEW} in a quarter, in a half-year and in a year."

    def _span_chart(self, spans: Sequence[SafeSpan], measure: str) -> Block | None:
        """One share from span to span, as the table shows it: too few points for limits."""
        found = [one.complete if measure == COMPLETE else one.events for one in spans]
        values = [math.nan if one.value is None else one.value for one in found]
        known = [value for value in values if value == value]
        # Whole percents that are one apart are no course.
        if len(known) < _LEAST_POINTS or round(100 * (max(known) - min(known))) < _LEAST_PERCENT:
            return None
        points = pd.DataFrame(
            {
                "at": pd.PeriodIndex([one.last for one in spans], freq="M").to_timestamp(),
                "value": values,
                "centre": math.nan,
                "lower": math.nan,
                "upper": math.nan,
                "outside": pd.array([pd.NA] * len(values), dtype="boolean"),
            }
        )
        name = {COMPLETE: "both windows with enough diary (%)", EVENTS: "sessions with an event (%)"}[measure]
        name = f"{name}, by {SPAN_NAMES[span_months(spans[-1])]}"
        last = max(at for at, value in enumerate(values) if value == value)
        alt = (
            f"{name[:1].upper()}{name[1:]}, {len(known)} points, last {month_words(spans[last].last)} "
            f"{percent(values[last])}."
        )
        draw = partial(draw_control_chart, points, name, factor=100.0)
        return figures.figure_block(draw, alt=alt, height_mm=CHART_MM, width="half")

    def _as_reported_block(self) -> Block:
        """The change as each report showed it: a run of numbers that are out already."""
        shown = self.disclosure.before_after(self.primary)[2]
        earlier = self.disclosure.as_reported(self.primary)
        if shown.value is not None and not shown.carried_from and self.month:
            earlier = [*earlier, (self.month, shown)]
        if len(earlier) < 2:
            return Notes(
                (
                    "The change month by month is told to the clinic alone: beside the twelve months it would tell of "
                    "single diaries that came late. What each report showed of its twelve months stands here from the "
                    "second report on.",
                )
            )  # fmt: skip
        rows = tuple(
            (month_words(month), number(one.value), interval(one.low, one.high), one.n_text)
            for month, one in earlier[-_MOST_REPORTS:]
        )
        unit = self.primary.endpoint.unit
        note = (
            "Each of twelve months, so that neighbours share most of their patients and move slowly. Months in which "
            "too few were new are not in it."
        )
        return TableBlock(
            ("report of", f"change ({unit})", "interval", "patients"),
            rows,
            f"Change in {self.primary.endpoint.label.lower()}, as it was reported",
            ("left", "decimal", "right", "right"),
            (note,),
        )

    def chart(self, measure: str) -> ControlChart | None:
        """The control chart of one measure, for the clinic's own eyes; None where there is none."""
        months = self.numbers.months
        rows = months[months["measure"] == measure]
        if not self.disclosure.exact or rows["value"].notna().sum() < _LEAST_POINTS:
            return None
        index = pd.PeriodIndex(rows["month"], freq="M")
        if measure in (BASELINE, CHANGE):
            floor = 0.0 if measure == BASELINE else None
            return xmr(pd.Series(rows["value"].to_numpy(dtype=float), index), floor=floor)
        counts, totals = (pd.Series(rows[name].to_numpy(dtype=float), index) for name in ("count", "total"))
        return (laney_p if measure == COMPLETE else laney_u)(counts, totals)

    def _chart_block(self, measure: str) -> Block | None:
        chart = self.chart(measure)
        if chart is None:
            return None
        name, factor = _SCALES[measure]
        points = chart.points
        draw = partial(draw_control_chart, points, name, factor=factor)
        return figures.figure_block(
            draw, alt=_chart_words(points, name, factor), height_mm=CHART_MM, width="half"
        )

    # ---- choices ----

    def sensitivity(self) -> Block:
        """The primary change under other choices: as a figure, in `share` in words."""
        found = self.numbers.multiverse
        if found is None and self.primary.n > MOST_FOR_MULTIVERSE:
            return Sentence(
                "Not worked out for more than 10,000 patients compared, which would take minutes: the change above "
                "rests on the plan's own choices alone. The notebook 'sensitivity' works the others out."
            )
        if found is None:
            return Sentence(
                "The change cannot be worked out in other ways: that needs a daily diary and patients."
            )
        if not self.disclosure.exact:
            return Sentence(self.disclosure.text("change under other choices", self._range_words()))
        # Here: the comparison on the command line uses tables.py and none of the multiverse.
        from outcomes.reporting.tables import multiverse_drawing
        from outcomes.reporting.wording_multiverse import describe_multiverse

        if not found.to_frame()["value"].notna().any():
            return Sentence(describe_multiverse(found))
        return figures.figure_block(multiverse_drawing(found), alt=describe_multiverse(found), height_mm=125)

    def sensitivity_table(self) -> Block:
        """How far the change moves when one choice departs from the plan; in `share` the sentence is all."""
        found = self.numbers.multiverse
        if found is None or not self.disclosure.exact or not found.to_frame()["value"].notna().any():
            return Notes(())
        from outcomes.reporting.wording_multiverse import describe_multiverse, moves_block

        block = moves_block(found)
        words = describe_multiverse(found).split(": ", 1)[-1]
        return TableBlock(
            block.columns, block.rows, block.caption, block.align, (f"{words[:1].upper()}{words[1:]}", *block.notes)
        )  # fmt: skip

    def _range_words(self) -> str:
        """Least and greatest of the analyses with patients enough, to one decimal, without saying which."""
        found = self.numbers.multiverse
        least = self.disclosure.least_for_mean
        rows = (
            []
            if found is None
            else [
                row.value
                for row in found.rows
                if row.value is not None and row.n >= least and not row.is_bound
            ]
        )
        if not rows or self.disclosure.before_after(self.primary)[2].value is None:
            return f"The change under other choices: {TOO_FEW}."
        return (
            "Worked out in other defensible ways (other windows, other minimums of recorded days, other methods for "
            f"missing days) the change lies between {number(min(rows))} and {number(max(rows))} "
            f"({self.primary.endpoint.unit}). That they agree or not says nothing about the cause."
        )


def _chart_words(points: pd.DataFrame, name: str, factor: float) -> str:
    known = points[points["value"].notna()]
    last = known.iloc[-1]
    decimals = 0 if factor == 100.0 else 1

    def unit(value: float) -> str:
        return number(factor * value, decimals)

    outside = int(known["outside"].fillna(False).sum())
    limits = (
        f"limits {unit(last['lower'])} to {unit(last['upper'])}, {outside} months outside"
        if last["upper"] == last["upper"]
        else "no limits yet"
    )
    return (
        f"{name[:1].upper()}{name[1:]}, {len(known)} months, last {pd.Timestamp(last['at']).strftime('%B %Y')} "
        f"{unit(last['value'])}; {limits}."
    )
