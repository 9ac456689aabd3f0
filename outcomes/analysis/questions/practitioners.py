"""How far practitioners and sites differ: drawn towards the mean, with a funnel, never ranked.

Docs: docs/method.md#practitioners. Adverse events are not shown by practitioner: who asks more finds more.
"""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.care_units import UNITS
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.models.practitioners import (
    PractitionerComparison,
    PractitionerRow,
    compare_practitioners,
)
from outcomes.analysis.models.session_rows import main_unit
from outcomes.analysis.periods import Periods
from outcomes.analysis.questions.primary_pairs import PrimaryPairs, primary_pairs
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError

FUNNEL_COLUMNS = (
    "by", "name", "n", "adjusted", "shrunken", "low", "high", "funnel_low", "funnel_high", "outer_low", "outer_high",
    "outside",
)  # fmt: skip

LABELS = {
    "mean_over_units": "mean change over them (random effects)",
    "between_variance": "variance between them beyond chance",
    "adjusted": "change at the clinic's mean baseline",
    "shrunken": "the same, drawn towards the mean",
    "outside_funnel": "outside the funnel of 99.8%",
    "suppressed": "with too few patients to be shown",
}


def ask_practitioners(periods: Periods) -> Answers:
    """Change per practitioner and per site at the clinic's mean baseline, shrunken, with funnel limits.

    A patient belongs to the practitioner, and to the site, of more than half of the sessions. Statistics, by
    `practitioner_id` and by `site_id`: over all, then each in the order of the names; groups of fewer than five
    patients are counted and not shown. `frames["funnel"]`: one row per practitioner and site shown, with the
    columns `FUNNEL_COLUMNS`; `by` is practitioner or site. Raises PlanError where sessions name neither.
    """
    records = periods.records
    if not records.has("sessions"):
        raise PlanError("These records hold no sessions.")
    named = [column for column in UNITS if column in records.columns("sessions")]
    if not named:
        raise PlanError("The sessions of these records name neither a practitioner nor a site.")
    primary = primary_pairs(periods)
    statistics: list[Statistic] = []
    frames = []
    notes = [
        f"not_recorded: the sessions name no {UNITS[column][0]}" for column in UNITS if column not in named
    ]
    for column in named:
        one, many = UNITS[column]
        pairs = primary.pairs.join(main_unit(periods, column))
        found = compare_practitioners(pairs, periods.plan.confidence, practitioner=column, units=many)
        statistics += _overall(periods, primary, column, found)
        statistics += [row for unit in found.rows for row in _of_unit(periods, primary, column, unit)]
        frames.append(_funnel(found, one))
        notes += found.notes
    notes += [primary.problem] if primary.problem else []
    funnel = pd.concat(frames, ignore_index=True)
    return Answers(
        "practitioners",
        tuple(statistics),
        periods.plan,
        LABELS,
        tuple(dict.fromkeys(notes)),
        {"funnel": funnel},
    )


def _overall(
    periods: Periods, primary: PrimaryPairs, column: str, found: PractitionerComparison
) -> list[Statistic]:
    """Mean and spread over the units, how many lie outside the funnel, and how many are not shown."""
    reason = (found.reason,) if found.reason else ()
    many, unit = UNITS[column][1], primary.endpoint.unit
    outside = sum(row.outside for row in found.rows)
    shown, all_units = len(found.rows), len(found.rows) + found.suppressed

    def row(name: str, value: Estimate, unit: str, n: int, left: int, count: int | None = None) -> Statistic:
        return statistic_of(
            value, periods.plan, endpoint=primary.endpoint.name, statistic=name, n=n, n_left_out=left, count=count,
            unit=unit, by=column, group=many, mode=primary.mode,
        )  # fmt: skip

    def counted(count: int, of: int, note: str) -> Estimate:
        return Estimate(count / of if of else None, None, None, None, "count", (note,))

    spread = Estimate(found.tau_squared, None, None, None, found.method, reason)
    few = f"{many} with fewer than {found.least_patients} compared patients"
    left_out = found.n_left_out + found.suppressed_patients
    return [
        row("mean_over_units", found.mean, unit, found.n, left_out),
        row("between_variance", spread, f"({unit})²", found.n, left_out),
        row(
            "outside_funnel",
            counted(outside, shown, f"of the {many} shown"),
            "share",
            shown,
            found.suppressed,
            outside,
        ),
        row("suppressed", counted(found.suppressed, all_units, few), "share", all_units, 0, found.suppressed),
    ]


def _of_unit(
    periods: Periods, primary: PrimaryPairs, column: str, row: PractitionerRow
) -> tuple[Statistic, Statistic]:
    adjusted = Estimate(row.adjusted, None, None, None, "mean change, baseline held equal")
    shrunken = Estimate(row.shrunken, row.low, row.high, None, "empirical Bayes, Prasad–Rao interval")
    both = [
        statistic_of(
            found, periods.plan, endpoint=primary.endpoint.name, statistic=name, n=row.n, by=column,
            unit=primary.endpoint.unit, group=row.practitioner, mode=primary.mode,
        )
        for name, found in (("adjusted", adjusted), ("shrunken", shrunken))
    ]  # fmt: skip
    return both[0], both[1]


def _funnel(found: PractitionerComparison, one: str) -> pd.DataFrame:
    frame = found.to_frame().rename(columns={"practitioner": "name"}).assign(by=one)
    return frame[list(FUNNEL_COLUMNS)]
