"""A second baseline month, and what it shows of entering in a bad month.

A patient who books in a bad month has a better one afterwards, whatever is done. If a whole baseline lies after
the booking and before the first session, that fall is in the records: from the month of booking to the
baseline. The change from such a baseline does not hold it. If the bad month is the one just before the first
session, no second month helps, and this module says so instead of giving a number.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.estimates import Estimate, Sample, Values, mean_interval, paired_change
from outcomes.analysis.periods import REASONS, Cohort, Periods, split_periods
from outcomes.analysis.regression_to_mean.booking_months import MONTHS, NO_CONTACT, booking_months
from outcomes.analysis.results import Statistic, statistics_frame
from outcomes.plan import DAYS_PER_PERIOD, MIN_RECORDED_SHARE, AnalysisPlan
from outcomes.records.reading import Records

#: qualifies: the numbers stand. no_fall: the baseline was no better than the month of booking, so nothing shows
#: that the bad month came before it. does_not_qualify: too few patients have both months.
QUALIFIES, NO_FALL, DOES_NOT_QUALIFY = "qualifies", "no_fall", "does_not_qualify"

#: Why a patient has no repeat baseline, in the order in which the question is asked.
REPEAT_REASONS: dict[str, str] = {
    **REASONS,
    "no_contact_day": "the day of booking is not known",
    "booked_after_first_session": "the day of booking is not before the first session",
    "baseline_before_booking": "the baseline does not lie wholly after the day of booking",
    "no_booking_month": "too few recorded days in the month of booking",
}

#: Statistics without a number, by status: below the least number of patients even the fall is not told.
_WITHHELD: dict[str, tuple[str, ...]] = {
    QUALIFIES: (),
    NO_FALL: ("change_beyond",),
    DOES_NOT_QUALIFY: ("expected_from_bad_month", "change_beyond"),
}

_ENDPOINT, _UNIT = "headache_days_per_28", "days per 28"


@dataclass(frozen=True)
class RepeatBaseline:
    """The change from the month of booking to the baseline, and from the baseline to the follow-up.

    `status` says whether the numbers stand (see QUALIFIES), `reason` why not. `n` patients have all three
    months; `left_out` counts everyone else once, (reason, patients), by REPEAT_REASONS; `booking_months` says
    how many months of booking are of which kind (booking_months.MONTHS).

    `statistics`: `booking_month_mean`, `baseline_mean`, `followup_mean`; `expected_from_bad_month`, the mean of
    baseline − month of booking; `change_beyond`, the mean of follow-up − baseline with its paired t; and
    `change_beyond_flare_F` for each flare correlation F of the plan. The changes beyond are None unless `status`
    is `qualifies`, and the expected one where it is `does_not_qualify`. `patients` have all
    three months.
    """

    status: str
    reason: str
    n: int
    n_patients: int
    left_out: tuple[tuple[str, int], ...]
    booking_months: tuple[tuple[str, int], ...]
    statistics: tuple[Statistic, ...]
    plan: AnalysisPlan
    patients: tuple[object, ...] = ()

    def __getitem__(self, statistic: str) -> Statistic:
        for row in self.statistics:
            if row.statistic == statistic:
                return row
        raise KeyError(f"{statistic}; known: {', '.join(row.statistic for row in self.statistics)}")

    @property
    def qualifies(self) -> bool:
        """Whether the change beyond the bad month may be shown."""
        return self.status == QUALIFIES

    @property
    def expected(self) -> Statistic:
        """What the bad month alone gave: mean of baseline − month of booking, days per 28."""
        return self["expected_from_bad_month"]

    @property
    def beyond(self) -> Statistic:
        """Mean of follow-up − baseline of the same patients, days per 28."""
        return self["change_beyond"]

    def to_frame(self) -> pd.DataFrame:
        """One row per statistic, unrounded."""
        return statistics_frame(self.statistics)

    def summary(self) -> str:
        """One sentence: whether there is a repeat baseline, and if not, why."""
        if self.status == DOES_NOT_QUALIFY:
            return f"No repeat baseline: {self.reason}."
        if self.status == NO_FALL:
            return f"A repeat baseline without a fall: {self.reason}."
        return (
            f"{self.n} patients have a baseline that lies wholly between booking and first session. From the month of "
            f"booking to it headache days changed by {self.expected.value:.1f} per 28; from it to the follow-up by "
            f"{self.beyond.value:.1f}."
        )


def repeat_baseline(
    records: Records,
    plan: AnalysisPlan | None = None,
    *,
    cohort: Cohort | None = None,
    patients: Collection[object] | None = None,
    periods: Periods | None = None,
) -> RepeatBaseline:
    """Look for a repeat baseline in the records, by the plan's windows; `cohort` as in `split_periods`, `patients`
    only, where some are named. `periods`: those records cut by this plan and cohort, where that has been done.

    A patient counts with a baseline (the window before the first session) that lies wholly after the day of
    booking, a month of booking before it (booking_months.py), and a follow-up, each with enough recorded days;
    the month of booking never with less than 20 of every 28. At least `plan.repeat_baseline_min_patients` such
    patients are needed. Raises PlanError where the records hold no daily diary.

    Flare correlation F: if a share F of the bad month's excess is still there in the baseline and gone by the
    follow-up, then the fall seen is a share 1 − F of it, and F/(1 − F) times that fall is still to come. The
    change beyond is then the mean of (follow-up − baseline) − F/(1 − F)·(baseline − month of booking).
    """
    plan = plan if plan is not None else records.plan
    if periods is None:
        periods = split_periods(records, plan, cohort)
    return repeat_baseline_in(booking_table(periods), plan, patients)


def booking_table(periods: Periods) -> pd.DataFrame:
    """The months of booking of everyone in the periods, by the least of recorded days that a repeat baseline asks."""
    length = periods.plan.baseline_days
    least = max(periods.plan.min_recorded_in(length), int(np.ceil(MIN_RECORDED_SHARE * length - 1e-9)))
    return booking_months(periods, least)


def repeat_baseline_in(
    table: pd.DataFrame, plan: AnalysisPlan, patients: Collection[object] | None = None
) -> RepeatBaseline:
    """`repeat_baseline` out of a `booking_table`, of all in it or of the patients named."""
    if patients is not None:
        table = table[among(table["patient_id"], patients)].reset_index(drop=True)
    reasons = _reasons(table, plan.baseline_days)
    rows = table[reasons == ""]
    left_out = tuple(
        (name, int((reasons == name).sum())) for name in REPEAT_REASONS if (reasons == name).any()
    )
    kinds = tuple((name, int((rows["booking_month"] == name).sum())) for name in MONTHS)
    booking, baseline, followup = (_days(rows, name) for name in ("booking", "baseline", "followup"))
    expected = paired_change(booking, baseline, plan.confidence)
    status, reason = _status(len(rows), expected, left_out, plan)
    found = [
        ("booking_month_mean", mean_interval(booking, plan.confidence)),
        ("baseline_mean", mean_interval(baseline, plan.confidence)),
        ("followup_mean", mean_interval(followup, plan.confidence)),
        ("expected_from_bad_month", _with_doubt(expected, kinds)),
        *_beyond(booking, baseline, followup, plan),
    ]
    return RepeatBaseline(
        status=status,
        reason=reason,
        n=len(rows),
        n_patients=len(table),
        left_out=left_out,
        booking_months=kinds,
        statistics=tuple(
            _statistic(name, estimate, len(rows), len(table), plan, status) for name, estimate in found
        ),
        plan=plan,
        patients=tuple(rows["patient_id"]),
    )


def _reasons(table: pd.DataFrame, length: int) -> pd.Series:
    """Why each patient does not count; empty for those who do."""
    contact = table["contact_day"]
    reasons = table["standing"].where(table["standing"] != "analysed", "")
    for name, holds in (
        ("no_contact_day", contact == NO_CONTACT),
        ("booked_after_first_session", contact >= 0),
        ("baseline_before_booking", contact >= -length),
        ("no_booking_month", table["booking_month"] == ""),
    ):
        reasons = reasons.mask((reasons == "") & holds, name)
    return reasons


def _days(rows: pd.DataFrame, window: str) -> Values:
    """Headache days per 28 of one window."""
    headache = rows[f"{window}_headache_days"].to_numpy(np.float64)
    return DAYS_PER_PERIOD * headache / rows[f"{window}_recorded_days"].to_numpy(np.float64)


def _status(
    n: int, expected: Estimate, left_out: tuple[tuple[str, int], ...], plan: AnalysisPlan
) -> tuple[str, str]:
    least = plan.repeat_baseline_min_patients
    if n < least or expected.value is None:
        # Without counts: a reason may stand where counts may not.
        told = f"fewer than {least} patients have a month of booking and a whole baseline after it"
        most_often = max(left_out, key=lambda reason: reason[1], default=None)
        return (
            DOES_NOT_QUALIFY,
            f"{told}; most often: {REPEAT_REASONS[most_often[0]]}" if most_often else told,
        )
    if expected.value >= 0:
        return NO_FALL, (
            "headache days did not fall from the month of booking to the baseline, so nothing shows that the bad "
            "month came before the baseline; if it is the one just before the first session, the change from it "
            "holds all of it"
        )
    return QUALIFIES, ""


def _with_doubt(expected: Estimate, kinds: tuple[tuple[str, int], ...]) -> Estimate:
    """The expected change with notes on what weakens it."""
    notes = list(expected.notes)
    if expected.high is not None and expected.high >= 0 and (expected.value or 0) < 0:
        notes.append("fall_not_shown: the fall from the month of booking to the baseline may be chance")
    late = dict(kinds)["from_booking"]
    if late:
        who = "patient" if late == 1 else "patients"
        notes.append(
            f"from_booking: for {late} {who} the month of booking begins on the day of booking, when the bad month may "
            "have been half over; the fall is then understated"
        )
    return Estimate(expected.value, expected.low, expected.high, expected.p, expected.method, tuple(notes))


def _beyond(
    booking: Values, baseline: Values, followup: Values, plan: AnalysisPlan
) -> list[tuple[str, Estimate]]:
    """The change beyond the bad month, as it is and under each flare correlation of the plan."""
    found = [("change_beyond", paired_change(baseline, followup, plan.confidence))]
    fall = Sample(baseline - booking)
    for correlation in plan.flare_correlations:
        still_to_come = correlation / (1 - correlation) * fall.values
        adjusted = paired_change(baseline + still_to_come, followup, plan.confidence)
        method = f"paired t, flare correlation {correlation:g}"
        found.append(
            (
                f"change_beyond_flare_{correlation:g}",
                Estimate(adjusted.value, adjusted.low, adjusted.high, adjusted.p, method, adjusted.notes),
            )
        )
    return found


def _statistic(
    name: str, found: Estimate, n: int, n_patients: int, plan: AnalysisPlan, status: str
) -> Statistic:
    withheld = _WITHHELD[status]
    if name.startswith(withheld):
        why = f"{status}: two months without a qualifying repeat baseline show a trend, never a correction"
        found = Estimate(None, None, None, None, found.method, (why,))
    return Statistic(
        endpoint=_ENDPOINT, by=None, group="all", statistic=name, value=found.value, low=found.low, high=found.high,
        p=found.p, n=n, n_left_out=n_patients - n, count=None, unit=_UNIT, mode="diary", confidence=plan.confidence,
        method=found.method, notes=found.notes,
    )  # fmt: skip
