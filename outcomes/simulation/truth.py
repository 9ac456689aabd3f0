"""The truth that is planted: every knob of the simulated clinic, with its unit in its name."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from outcomes.errors import PlanError
from outcomes.records.code_lists import HEADACHE_TYPES, MEDICATION_CLASSES

#: A follow-up window needs 84 days after the first session, and the waiting time before it counts too.
LEAST_MONTHS = 6


@dataclass(frozen=True)
class TypeTruth:
    """One headache type: how common, how often, how bad, how long, who has it and what is taken for it."""

    name: str
    share: float
    usual_days_per_28: float
    intensity_nrs: float
    median_duration_hours: float
    female_share: float
    first_medication: str
    second_medication: str


# Plausible, not measured: rough shares and levels of a dry-needling clinic's headache patients.
TYPES = (
    TypeTruth("migraine", 0.42, 9.5, 6.2, 9.0, 0.78, "triptan", "nsaid"),
    TypeTruth("tension_type", 0.30, 12.0, 4.3, 6.0, 0.62, "paracetamol", "nsaid"),
    TypeTruth("cervicogenic", 0.20, 13.0, 5.0, 7.0, 0.60, "nsaid", "paracetamol"),
    TypeTruth("cluster", 0.03, 9.0, 8.0, 1.5, 0.25, "triptan", "other"),
    TypeTruth("sinus", 0.05, 9.0, 4.8, 6.0, 0.60, "paracetamol", "combination_analgesic"),
)


@dataclass(frozen=True)
class ClinicTruth:
    """What is true in the simulated clinic. Days count from a patient's first session, which is day 0.

    Each patient has a usual probability of a headache day; the probability of each 28-day month is
    Beta-distributed around it, so that two days of one month agree more often than two days of different
    months (`day_icc`) and the month's count is beta-binomial (docs/method.md). A patient begins in the worst
    of `worst_of_months` months (1 = in any month): that alone makes the average fall after the first session.

    Raises PlanError, naming every knob that cannot be.
    """

    patients: int = 240
    seed: int = 1
    months: int = 18
    first_day: date = date(2025, 5, 1)
    types: tuple[TypeTruth, ...] = TYPES
    #: Intra-class correlation of headache days within a patient's 28-day month, around the patient's usual.
    day_icc: float = 0.08
    #: Spread of the patients' usual probability around their type's, as an intra-class correlation.
    patient_icc: float = 0.15
    #: The change that is real: mean and spread over patients, in proportion to a patient's usual days.
    true_change_days_per_28: float = -1.5
    true_change_sd_days_per_28: float = 2.0
    true_change_intensity_nrs: float = -0.4
    full_change_from_day: int = 56
    worst_of_months: float = 2.5
    #: From booking, which is when the diary begins, to the first session (first and last day, both included).
    short_wait_days: tuple[int, int] = (29, 42)
    long_wait_days: tuple[int, int] = (57, 70)
    long_wait_share: float = 0.2
    late_diary_share: float = 0.08
    late_diary_most_days_before: int = 13
    diary_days_after: int = 168
    #: Chance that a headache-free weekday is written down by the average patient in the first diary month.
    recorded_share: float = 0.88
    recorded_sd_logit: float = 0.7
    recorded_odds_ratio_weekend: float = 0.55
    recorded_odds_ratio_headache: float = 1.6
    recorded_odds_ratio_per_28_days: float = 0.94
    blank_headache_share: float = 0.01
    drop_out_share_by_day_168: float = 0.22
    drop_out_hazard_ratio_per_day_of_change: float = 1.08
    planned_sessions_least: int = 4
    planned_sessions_most: int = 8
    improver_stop_share_per_session: float = 0.25
    adverse_event_not_asked_share: float = 0.08
    practitioners: int = 5
    faults: bool = True

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise PlanError("\n".join(problems))

    @property
    def last_day(self) -> date:
        """The last day of the data: the end of whole calendar months where `first_day` is a first."""
        months = self.first_day.month - 1 + self.months
        year, month = self.first_day.year + months // 12, months % 12 + 1
        day = min(self.first_day.day, calendar.monthrange(year, month)[1])
        return date.fromordinal(date(year, month, day).toordinal() - 1)

    @property
    def days(self) -> int:
        """Calendar days from `first_day` to `last_day`, both included."""
        return (self.last_day - self.first_day).days + 1

    @property
    def usual_days_per_28(self) -> float:
        """Expected usual headache days per 28 over all types."""
        return sum(kind.share * kind.usual_days_per_28 for kind in self.types)


def without_change(truth: ClinicTruth) -> ClinicTruth:
    """The same clinic with nobody changing: what then still changes is regression to the mean and chance."""
    return replace(
        truth,
        true_change_days_per_28=0.0,
        true_change_sd_days_per_28=0.0,
        true_change_intensity_nrs=0.0,
    )


def without_gaps(truth: ClinicTruth) -> ClinicTruth:
    """The same clinic with every diary begun at booking, complete, and kept to its end, and no slips."""
    return replace(
        truth,
        late_diary_share=0.0,
        recorded_share=1.0,
        blank_headache_share=0.0,
        drop_out_share_by_day_168=0.0,
        faults=False,
    )


def _problems(truth: ClinicTruth) -> Iterator[str]:
    for name, least in (("patients", 1), ("seed", 0), ("months", LEAST_MONTHS), ("practitioners", 1)):
        if getattr(truth, name) < least:
            yield f"{name} must be at least {least}."
    for name in (name for name in truth.__dataclass_fields__ if "_share" in name):
        if not 0 <= getattr(truth, name) <= 1:
            yield f"{name} must lie from 0 to 1."
    if truth.recorded_share == 0 or truth.drop_out_share_by_day_168 == 1:
        yield "recorded_share must be above 0 and drop_out_share_by_day_168 below 1."
    if not 0 < truth.day_icc < 1 or not 0 <= truth.patient_icc < 1:
        yield "day_icc must lie between 0 and 1; patient_icc may also be 0."
    if truth.worst_of_months < 1:
        yield "worst_of_months must be at least 1, which is to begin in any month."
    if not 28 < truth.short_wait_days[0] <= truth.short_wait_days[1] <= 56:
        yield "short_wait_days must lie from 29 to 56: the diary begins before the baseline month."
    if not 56 < truth.long_wait_days[0] <= truth.long_wait_days[1] <= 84:
        yield "long_wait_days must lie from 57 to 84: a month of waiting and a baseline month."
    if not 1 <= truth.planned_sessions_least <= truth.planned_sessions_most <= 20:
        yield "planned_sessions_least and planned_sessions_most must lie from 1 to 20, in this order."
    if truth.diary_days_after < 84 or truth.full_change_from_day < 28:
        yield "diary_days_after must be at least 84 and full_change_from_day at least 28."
    yield from _type_problems(truth.types)


def _type_problems(types: tuple[TypeTruth, ...]) -> Iterator[str]:
    if abs(sum(kind.share for kind in types) - 1) > 1e-9:
        yield "the shares of the headache types must add up to 1."
    for kind in types:
        if kind.name not in HEADACHE_TYPES or not 1 <= kind.usual_days_per_28 <= 27:
            yield "a headache type must be a code of the data dictionary with 1 to 27 usual days."
        if not {kind.first_medication, kind.second_medication} <= set(MEDICATION_CLASSES):
            yield "a medication must be a code of the data dictionary."
