"""The truth that is planted: every knob of the simulated clinic, with its unit in its name."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from outcomes.errors import PlanError
from outcomes.records.code_lists import AGE_BANDS, HEADACHE_TYPES, MEDICATION_CLASSES
from outcomes.simulation.score_truth import SCORES, ScoreTruth, score_problems
from outcomes.simulation.type_truth import TYPES, TypeTruth

#: Sessions are at least this many days apart, so that soreness belongs to one session.
LONGEST_SORENESS_DAYS = 6

#: A follow-up window needs 84 days after the first session, and the waiting time before it counts too.
LEAST_MONTHS = 6


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
    #: Name of the special clinic whose truth this is (special.py).
    kind: str = "ordinary"
    #: Without diaries the clinic has sessions with recalled days, and asks for them at every session.
    diaries: bool = True
    #: Patients whose diary asks for the features of the headache (side, nausea, light, …).
    features_asked_share: float = 0.75
    #: Shares of the age bands of the data dictionary, in its order.
    age_band_shares: tuple[float, ...] = (0.0, 0.14, 0.22, 0.26, 0.21, 0.11, 0.05, 0.01, 0.0)
    #: Worst adverse event of a session. Mild about one in five: Brady 2014, 19.18 % of 7,629 treatments.
    adverse_event_mild_per_session: float = 0.20
    adverse_event_significant_per_session: float = 0.002
    adverse_event_serious_per_session: float = 0.0
    #: Asked again after 72 hours; of those without an event until then, so many have a mild one by then.
    adverse_event_72h_asked_share: float = 0.35
    adverse_event_72h_late_share: float = 0.08
    #: Sessions still followed by soreness on the day itself and on each day after it; none beyond the last.
    soreness_share_by_day: tuple[float, ...] = (0.75, 0.60, 0.34, 0.14, 0.05)
    #: Sessions after which headache is 0, 1, 2 and 3 points lower than before (never below 0).
    pain_fall_shares_0_to_3_nrs: tuple[float, ...] = (0.30, 0.35, 0.25, 0.10)
    sites: int = 2
    explained_share: float = 0.90
    personal_plan_share: float = 0.75
    #: Sessions at which nobody wrote down whether these two were done.
    process_not_recorded_share: float = 0.05
    #: Visits of a course of weekly sessions lie too close to day 0 to pair: only clinics that ask for it write it.
    recalled_7_asked_share: float = 0.0
    #: Diagnoses written down only after the first session.
    diagnosed_late_share: float = 0.04
    label_differs_share: float = 0.12
    sinus_evidence_share: float = 0.3
    preventive_use_share: float = 0.25
    #: Patients whose preventive drug changes between visits, from 84 days before day 0 to 168 after, and what it does.
    preventive_change_share: float = 0.06
    preventive_change_days_per_28: float = 0.0
    red_flag_share: float = 0.012
    diagnosis_change_share: float = 0.02
    #: Of those whose course ended: treated again, elsewhere, 28 to 112 days later.
    resumed_elsewhere_share: float = 0.04
    #: Patients who lose their real change on one day, and the median of that day's distance from the last session.
    relapse_share: float = 0.0
    relapse_median_days_after_last_session: float = 56.0
    #: Change from the day after each session on, for every session received so far.
    dose_slope_days_per_28_per_session: float = 0.0
    #: Spread of the real change over practitioners, and over sites.
    practitioner_sd_days_per_28: float = 0.0
    site_sd_days_per_28: float = 0.0
    #: Cluster headache in bouts: their share, and the median day on which a bout ends by itself (0 = none ends).
    cluster_episodic_share: float = 0.8
    cluster_bout_median_days_after_first_session: float = 0.0
    scores: tuple[ScoreTruth, ...] = SCORES
    #: Questionnaires that come back at each time, and items left blank in them.
    score_returned_share: float = 0.85
    score_item_missing_share: float = 0.004

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
        dose_slope_days_per_28_per_session=0.0,
        practitioner_sd_days_per_28=0.0,
        site_sd_days_per_28=0.0,
        preventive_change_days_per_28=0.0,
        scores=tuple(replace(score, real_change_points=0.0) for score in truth.scores),
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
    least = {"patients": 1, "seed": 0, "months": LEAST_MONTHS, "practitioners": 1, "sites": 1}
    for name in least:
        if getattr(truth, name) < least[name]:
            yield f"{name} must be at least {least[name]}."
    for name in truth.__dataclass_fields__:
        value = getattr(truth, name)
        if "_share" in name or name.startswith("adverse_event_"):
            if not all(0 <= one <= 1 for one in (value if isinstance(value, tuple) else (value,))):
                yield f"{name} must lie from 0 to 1."
        elif ("_sd_" in name or "_median_" in name) and value < 0:
            yield f"{name} must not be negative."
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
    yield from _session_problems(truth)
    yield from _type_problems(truth.types)
    yield from score_problems(truth.scores)


def _session_problems(truth: ClinicTruth) -> Iterator[str]:
    grades = ("mild", "significant", "serious")
    if sum(getattr(truth, f"adverse_event_{grade}_per_session") for grade in grades) > 1:
        yield "the adverse events per session must add up to 1 at most."
    course = truth.soreness_share_by_day
    if not 1 <= len(course) <= LONGEST_SORENESS_DAYS or list(course) != sorted(course, reverse=True):
        yield f"soreness_share_by_day must fall, over {LONGEST_SORENESS_DAYS} days at most."
    if len(truth.pain_fall_shares_0_to_3_nrs) != 4 or sum(truth.pain_fall_shares_0_to_3_nrs) == 0:
        yield "pain_fall_shares_0_to_3_nrs must hold four shares."
    if len(truth.age_band_shares) != len(AGE_BANDS) or sum(truth.age_band_shares) == 0:
        yield f"age_band_shares must hold {len(AGE_BANDS)} shares."
    if truth.relapse_median_days_after_last_session == 0:
        yield "relapse_median_days_after_last_session must be above 0."


def _type_problems(types: tuple[TypeTruth, ...]) -> Iterator[str]:
    if abs(sum(kind.share for kind in types) - 1) > 1e-9:
        yield "the shares of the headache types must add up to 1."
    for kind in types:
        if kind.name not in HEADACHE_TYPES or not 1 <= kind.usual_days_per_28 <= 27:
            yield "a headache type must be a code of the data dictionary with 1 to 27 usual days."
        if not {kind.first_medication, kind.second_medication} <= set(MEDICATION_CLASSES):
            yield "a medication must be a code of the data dictionary."
