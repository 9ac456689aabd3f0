"""What these patients would show if nothing had changed except entering in a bad month.

Not a correction, and never taken off a change: a second number beside it, over a declared grid of averages from
outside the clinic and of ways in which patients came to begin. Model: count_model.py; limits: docs/method.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from outcomes.analysis.estimates import Estimate
from outcomes.analysis.regression_to_mean.count_model import Rule, usual_rates
from outcomes.analysis.regression_to_mean.forecast import (
    AnalysedPatients,
    Forecast,
    expected_and_drawn,
    most_days_of_responders,
)
from outcomes.analysis.regression_to_mean.formulas import CANNOT_BE_COMPUTED, NO_EXTERNAL_MEAN
from outcomes.analysis.regression_to_mean.spreads import NOT_REPRODUCED, fitted_spreads, observed_variances
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan

#: Stands beside every number that comes from here.
LABEL = (
    "if nothing had changed except entering in a bad month; natural recovery, attention and placebo response "
    "not included"
)

COMPUTED = "computed"

ASSUMPTIONS = (
    "a patient's usual rate is the same in both windows: nobody recovers or worsens",
    "a bad month says nothing about the next one",
    "no other treatment began or stopped between the windows",
    "whether a day is recorded, and whether a patient stays, has nothing to do with headache",
    "patients differ around the average from outside, and months around a patient, as beta distributions say",
    "all that differs between patients' changes is the ups and downs of months; if some respond more than others, "
    "the fall to be expected is overstated",
    "intervals, where they are given, hold the chance of the follow-up months alone and not the doubt about the "
    "average from outside, the way of entering and the spreads",
)

#: Fewer patients than this cannot tell how much months and patients differ.
MIN_PATIENTS_FOR_SPREAD = 10


@dataclass(frozen=True)
class NullCell:
    """One external mean with one enrolment rule.

    `change` is the expected change in days per 28, with the interval in which the mean of this many patients
    would lie; `responders` the same for the share with each reduction of the plan, (percent, share).
    `n_outside_rule` patients could not have entered by the rule and were taken as entering in any month.
    """

    external_mean: float
    rule: str
    day_icc: float
    patient_icc: float
    change: Estimate
    responders: tuple[tuple[float, Estimate], ...]
    n_outside_rule: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NullSimulation:
    """The grid. `status` is COMPUTED or CANNOT_BE_COMPUTED, then with a `reason` and without cells.

    `n` analysed patients; `n_eligible` of them can be responders. `label` must stand beside every number, and
    the assumptions wherever there is room for them.
    """

    status: str
    reason: str
    label: str
    n: int
    n_eligible: int
    cells: tuple[NullCell, ...]
    assumptions: tuple[str, ...]
    plan: AnalysisPlan

    @property
    def fitting_cells(self) -> tuple[NullCell, ...]:
        """The cells of which these records could be: others stand in the table alone, with their note."""
        return tuple(cell for cell in self.cells if not any(NOT_REPRODUCED in note for note in cell.notes))

    @property
    def change_range(self) -> tuple[float, float] | None:
        """Least and greatest expected change over the fitting cells, days per 28; None where none fits."""
        return _range(cell.change.value for cell in self.fitting_cells)

    def responder_range(self, reduction: float) -> tuple[float, float] | None:
        """Least and greatest expected share with that reduction (percent) over the fitting cells."""
        return _range(
            found.value
            for cell in self.fitting_cells
            for percent, found in cell.responders
            if percent == reduction
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per cell and statistic, unrounded: `change` and `responders_50` and so on."""
        columns = ["external_mean", "rule", "day_icc", "patient_icc", "statistic", "value", "low", "high"]
        columns += ["n", "n_outside_rule", "method", "notes", "label"]
        rows = [row for cell in self.cells for row in self._rows(cell)]
        frame = pd.DataFrame(rows, columns=columns)
        numbers = ["external_mean", "day_icc", "patient_icc", "value", "low", "high"]
        frame[numbers] = frame[numbers].astype("float64")
        return frame

    def _rows(self, cell: NullCell) -> Iterator[tuple[object, ...]]:
        grid = (cell.external_mean, cell.rule, cell.day_icc, cell.patient_icc)
        named = [("change", self.n, cell.change)]
        named += [(f"responders_{percent:g}", self.n_eligible, found) for percent, found in cell.responders]
        for name, n, found in named:
            notes = "; ".join(dict.fromkeys((*cell.notes, *found.notes)))
            numbers = (found.value, found.low, found.high)
            yield (*grid, name, *numbers, n, cell.n_outside_rule, found.method, notes, self.label)


def null_simulation(
    counts: pd.DataFrame,
    plan: AnalysisPlan,
    *,
    day_icc: float | None = None,
    patient_icc: float | None = None,
) -> NullSimulation:
    """Expected change and expected responders of these patients, had only their enrolment been selective.

    `counts` is the table of `window_counts`; patients who are not analysed are left aside. Each patient's usual
    rate is its posterior given the external mean, the patient's baseline count and the enrolment rule; the
    baseline is the noisy one that was recorded, and the follow-up is drawn with the noise of its own month and
    of its own recorded days. The expected numbers are worked out exactly; the intervals (`plan.confidence`)
    come from `plan.null_draws` draws, seeded by `plan.seed`, patient after patient in the order of
    `patient_id`.

    `day_icc` and `patient_icc` may come from outside; otherwise these records give them (spreads.py). Without
    `plan.external_means` nothing can be computed, and the result says so. Raises PlanError for an intra-class
    correlation outside 0 to 1.
    """
    for name, icc in (("day_icc", day_icc), ("patient_icc", patient_icc)):
        if icc is not None and not 0.0001 <= icc <= 0.99:
            raise PlanError(f"{name} must lie from 0.0001 to 0.99.")
    patients = AnalysedPatients.of(counts, plan)
    why = _cannot(patients, plan, given=day_icc is not None and patient_icc is not None)
    if why:
        return NullSimulation(
            CANNOT_BE_COMPUTED, why, LABEL, patients.n, patients.n_eligible, (), ASSUMPTIONS, plan
        )
    cells = tuple(
        _cell(patients, plan, mean, Rule.named(name), (day_icc, patient_icc))
        for mean in plan.external_means
        for name in plan.enrolment_rules
    )
    return NullSimulation(COMPUTED, "", LABEL, patients.n, patients.n_eligible, cells, ASSUMPTIONS, plan)


def _cannot(patients: AnalysedPatients, plan: AnalysisPlan, *, given: bool) -> str:
    """Why nothing can be computed, or nothing."""
    if not plan.external_means:
        return NO_EXTERNAL_MEAN
    if not patients.n:
        return f"{CANNOT_BE_COMPUTED}: no patient has both periods"
    if not given and patients.n < MIN_PATIENTS_FOR_SPREAD:
        who = "patient" if patients.n == 1 else "patients"
        return (
            f"{CANNOT_BE_COMPUTED}: {patients.n} {who} cannot tell how much months differ; "
            f"{MIN_PATIENTS_FOR_SPREAD} or more can, or give day_icc and patient_icc"
        )
    return ""


def _cell(
    patients: AnalysedPatients,
    plan: AnalysisPlan,
    mean: float,
    rule: Rule,
    given: tuple[float | None, float | None],
) -> NullCell:
    rate = mean / DAYS_PER_PERIOD
    observed = (0.0, 0.0)
    if None in given:
        observed = observed_variances(patients.before, patients.after)
    spreads, notes = fitted_spreads(rate, rule, patients.windows, observed, given)
    forecast = Forecast(patients, spreads, rule, usual_rates(rate, spreads.patient_icc))
    if forecast.n_outside_rule:
        who = "patient" if forecast.n_outside_rule == 1 else "patients"
        notes = (
            *notes,
            f"outside_rule: {forecast.n_outside_rule} {who} could not have entered by {rule.name} and count as any",
        )
    thresholds = [
        (percent, most_days_of_responders(patients, percent)) for percent in plan.responder_reductions
    ]
    drawn = expected_and_drawn(forecast, patients, plan, [most for _, most in thresholds])
    return NullCell(
        external_mean=mean,
        rule=rule.name,
        day_icc=spreads.day_icc,
        patient_icc=spreads.patient_icc,
        change=drawn[0],
        responders=tuple((percent, found) for (percent, _), found in zip(thresholds, drawn[1:], strict=True)),
        n_outside_rule=forecast.n_outside_rule,
        notes=notes,
    )


def _range(values: Iterator[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None
