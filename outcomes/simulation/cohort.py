"""The patients of the simulated clinic as they are, before anybody writes anything down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.records.code_lists import AGE_BANDS
from outcomes.simulation.draws import Draws, Flags, Floats, Wholes, beta_quantile
from outcomes.simulation.practitioners import own_practitioner, own_site, spread_days_per_28
from outcomes.simulation.truth import ClinicTruth

DAYS_PER_MONTH = 28

#: Two 28-day months before the first session: the baseline month and, after a long wait, the one before it.
MONTHS_BEFORE = 2

#: People stop a little before or after the day they were asked to.
DIARY_END_JITTER_DAYS = 14

#: A first session is never later than this many days before the end, so that a weekend can push it on.
WEEKEND_DAYS = 2


@dataclass(frozen=True)
class Cohort:
    """One element per patient in every array. Calendar days count from the clinic's first day, the others
    from the patient's first session; probabilities are of a headache on a day."""

    patient_ids: NDArray[Any]
    kind: Wholes
    contact: Wholes
    first_session: Wholes
    flare_month: Wholes
    usual: Floats
    change_days_per_28: Floats
    monthly: Floats
    month_uniform: Floats
    diary_first: Wholes
    diary_last: Wholes
    drop_out: Wholes

    def month_of(self, patient: Any, day: Any) -> Any:
        """Column of `monthly` a day belongs to. The month of booking reaches back to the booking itself."""
        month = np.maximum(np.floor_divide(day, DAYS_PER_MONTH), self.flare_month[patient]) + MONTHS_BEFORE
        return np.minimum(month, self.monthly.shape[1] - 1)

    @property
    def flare(self) -> Floats:
        """The probability in the month in which each patient booked."""
        return self.monthly[np.arange(len(self.usual)), self.flare_month + MONTHS_BEFORE]


def gather_patients(truth: ClinicTruth) -> Cohort:
    """Draw the patients: who they are, when they come, how they usually are, and how they really change."""
    size, draws = truth.patients, Draws(truth.seed, "patients")
    kind = draws.pick([a_type.share for a_type in truth.types], size)
    usual = _usual(truth, kind, draws.uniform(size))
    change = _true_change(truth, usual, draws.normal(size))
    long_wait = draws.uniform(size) < truth.long_wait_share
    contact, first_session, wait = _calendar(truth, long_wait, draws)
    flare_month = np.where(long_wait, -2, -1)
    month_uniform = _month_uniform(truth, size, flare_month)
    drop_out = _drop_out(truth, change, draws.uniform(size))
    late = draws.uniform(size) < truth.late_diary_share
    late_start = -draws.whole(0, truth.late_diary_most_days_before, size)
    end = truth.diary_days_after + draws.whole(-DIARY_END_JITTER_DAYS, DIARY_END_JITTER_DAYS, size)
    return Cohort(
        patient_ids=_patient_ids(size),
        kind=kind,
        contact=contact,
        first_session=first_session,
        flare_month=flare_month,
        usual=usual,
        change_days_per_28=change,
        monthly=_monthly(truth, usual, change, month_uniform),
        month_uniform=month_uniform,
        diary_first=np.where(late, late_start, -wait),
        diary_last=np.minimum(np.minimum(end, drop_out), truth.days - 1 - first_session),
        drop_out=drop_out,
    )


def describe_patients(truth: ClinicTruth, cohort: Cohort, dates: NDArray[Any]) -> pd.DataFrame:
    """The `patients` table; one row per patient."""
    size, draws = truth.patients, Draws(truth.seed, "profile")
    names = np.array([kind.name for kind in truth.types], dtype=object)
    female = np.array([kind.female_share for kind in truth.types])[cohort.kind]
    sex_draw = draws.uniform(size)
    sex = np.where(sex_draw < female, "female", np.where(sex_draw < 0.995, "male", "other"))
    allocation = np.array(["self_selected", None], dtype=object)[draws.pick((0.4, 0.6), size)]
    return pd.DataFrame(
        {
            "patient_id": cohort.patient_ids,
            "headache_type": names[cohort.kind],
            "group": "treated",
            "allocation": allocation,
            "contact_date": dates[cohort.contact],
            "planned_sessions": draws.whole(truth.planned_sessions_least, truth.planned_sessions_most, size),
            "sex": sex.astype(object),
            "age_band": np.array(AGE_BANDS, dtype=object)[draws.pick(truth.age_band_shares, size)],
        }
    )


def _patient_ids(size: int) -> NDArray[Any]:
    # Patients arrive at random moments, so a code says nothing about the order in which they came.
    width = max(4, len(str(size)))
    return np.array([f"P-{number:0{width}d}" for number in range(1, size + 1)], dtype=object)


def _usual(truth: ClinicTruth, kind: Wholes, uniform: Floats) -> Floats:
    mean = np.array([a_type.usual_days_per_28 for a_type in truth.types])[kind] / DAYS_PER_MONTH
    if truth.patient_icc == 0:
        return mean
    return np.clip(beta_quantile(uniform, mean, truth.patient_icc), 0.02, 0.98)


def _true_change(truth: ClinicTruth, usual: Floats, normal: Floats) -> Floats:
    """Each patient's real change in days per 28: in proportion, since few usual days leave little to lose."""
    relative = usual * DAYS_PER_MONTH / truth.usual_days_per_28
    drawn = relative * (truth.true_change_days_per_28 + truth.true_change_sd_days_per_28 * normal)
    if truth.practitioner_sd_days_per_28 or truth.site_sd_days_per_28:
        practitioners, sites = spread_days_per_28(truth)
        drawn = drawn + practitioners[own_practitioner(truth)] + sites[own_site(truth)]
    possible = np.clip(usual + drawn / DAYS_PER_MONTH, 0.01, 0.99)
    return np.where(drawn == 0, 0.0, (possible - usual) * DAYS_PER_MONTH)


def share_of_change(truth: ClinicTruth, day: Any) -> Any:
    """How much of the real change has come by a day: none before the first session, then step by step."""
    steps = math.ceil(truth.full_change_from_day / DAYS_PER_MONTH) + 1
    return np.clip((np.floor_divide(day, DAYS_PER_MONTH) + 1) / steps, 0, 1)


def _months(truth: ClinicTruth) -> Wholes:
    last = (truth.diary_days_after + DIARY_END_JITTER_DAYS) // DAYS_PER_MONTH
    return np.arange(-MONTHS_BEFORE, last + 1)


def _month_uniform(truth: ClinicTruth, size: int, flare_month: Wholes) -> Floats:
    """The luck of each 28-day month of each patient, from 0 to 1.

    The worst of n months has the distribution function F to the power n, so its uniform number is the n-th
    root of one: this is where enrolling in a bad month comes in, and n need not be whole.
    """
    months = _months(truth)
    uniform = Draws(truth.seed, "months").uniform(size, len(months))
    worst = months[None, :] == flare_month[:, None]
    return np.where(worst, uniform ** (1 / truth.worst_of_months), uniform)


def _monthly(truth: ClinicTruth, usual: Floats, change: Floats, uniform: Floats) -> Floats:
    """The probability of a headache day in each 28-day month of each patient."""
    share = share_of_change(truth, _months(truth) * DAYS_PER_MONTH)
    mean = usual[:, None] + share[None, :] * change[:, None] / DAYS_PER_MONTH
    return beta_quantile(uniform, mean, truth.day_icc)


def _calendar(truth: ClinicTruth, long_wait: Flags, draws: Draws) -> tuple[Wholes, Wholes, Wholes]:
    """Booking and first session in calendar days, and the wait between. Nobody is treated at weekends."""
    size = truth.patients
    wait = np.where(
        long_wait, draws.whole(*truth.long_wait_days, size), draws.whole(*truth.short_wait_days, size)
    )
    latest = truth.days - 1 - WEEKEND_DAYS - wait
    contact = np.floor(draws.uniform(size) * (latest + 1)).astype(np.int64)
    first_session = to_weekday(truth, contact + wait)
    return first_session - wait, first_session, wait


def to_weekday(truth: ClinicTruth, day: Wholes) -> Wholes:
    """The same calendar day, or the Monday after it."""
    weekday = (truth.first_day.weekday() + day) % 7
    return day + np.where(weekday >= 5, 7 - weekday, 0)


def _drop_out(truth: ClinicTruth, change: Floats, uniform: Floats) -> Wholes:
    """Last day before a patient is lost: exponential, sooner for those who do worse than the average."""
    daily = -math.log1p(-truth.drop_out_share_by_day_168) / 168
    worse = change - truth.true_change_days_per_28
    hazard = daily * truth.drop_out_hazard_ratio_per_day_of_change**worse
    never = 10 * truth.days
    days = -np.log1p(-uniform) / np.where(hazard > 0, hazard, 1.0)
    return np.where(hazard > 0, np.minimum(days, never), never).astype(np.int64)
