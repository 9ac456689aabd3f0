"""What a clinic says in public, held against drawn diaries: who is looked at, and which verdict follows.

Every clinic here is drawn: so many headache days of 28 before, so many in weeks 9 to 12, every day written down unless
the test says otherwise. Rules: docs/claims.md.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from diaries import load

from outcomes.analysis.claims.judging import ClaimsReview, Judged, judge_claims
from outcomes.analysis.claims.set_against import BAD_MONTH, CONCURRENT, RANDOMISED, REPEAT_BASELINE
from outcomes.claims.declared import claims_of
from outcomes.claims.rules import CANNOT_BE_TOLD, CONSISTENT, NOT_SUPPORTED
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan

#: Follow-up closes on day 83: 23 January 2026 is the first day of a first session whose follow-up closes on 16 April.
FIRST = dt.date(2026, 1, 23)
FEWER = {
    "id": "fewer",
    "says": "Fewer headaches",
    "kind": "change",
    "endpoint": "headache_days_per_28",
    "declared_on": dt.date(2025, 12, 15),
}


@dataclasses.dataclass(frozen=True)
class Patient:
    """Headache days of 28 before and after; `late` in weeks 21 to 24; `recorded` days of the follow-up written down,
    `recorded_before` of the baseline; `booked` in the month that led to the booking, 29 days before the first session
    (None: no such month was kept)."""

    before: int
    after: int | None
    late: int | None = None
    recorded: int = 28
    recorded_before: int = 28
    booked: int | None = 20
    first: dt.date = FIRST
    kind: str = "migraine"
    ichd3: str = ""
    sinus: str = ""
    group: str = "treated"
    allocation: str = ""
    other_care: str = "none"
    event_72h: str = ""


def clinic(patients: Sequence[Patient], **more: pd.DataFrame) -> dict[str, pd.DataFrame]:
    diary, sessions, people = [], [], []
    for number, one in enumerate(patients):
        name = f"p{number:03d}"
        windows = [
            (-56, one.booked, 28),
            (-28, one.before, one.recorded_before),
            (56, one.after, one.recorded),
            (140, one.late, 28),
        ]
        for begin, headaches, recorded in windows:
            if headaches is None:
                continue
            for day in range(recorded):
                date = (one.first + dt.timedelta(begin + day)).isoformat()
                diary.append((name, date, "yes" if day < headaches else "no"))
        row = (name, one.first.isoformat(), one.other_care, one.event_72h and "none", one.event_72h)
        if one.group == "treated":
            sessions.append(row)
        index = "" if one.group == "treated" else one.first.isoformat()
        contact = "" if one.booked is None else (one.first - dt.timedelta(29)).isoformat()
        people.append((name, one.kind, one.ichd3, one.sinus, one.group, one.allocation, index, contact))
    # Somebody goes on writing, so that every follow-up of the half year is over when the records end.
    diary.append(("p999", "2026-12-31", "no"))
    sessions.append(("p999", "2024-03-04", "none", "", ""))
    people.append(("p999", "migraine", "", "", "treated", "", "", ""))
    columns = ["patient_id", "date", "co_interventions", "adverse_event", "adverse_event_72h"]
    about = [
        "patient_id",
        "headache_type",
        "ichd3_code",
        "sinus_evidence",
        "group",
        "allocation",
        "index_date",
        "contact_date",
    ]
    return {
        "diary": pd.DataFrame(diary, columns=["patient_id", "date", "headache"]),
        "sessions": pd.DataFrame(sessions, columns=columns),
        "patients": pd.DataFrame(people, columns=about),
        **more,
    }


def judged(
    tables: dict[str, pd.DataFrame],
    *entries: dict[str, Any],
    month: str = "2026-08",
    plan: AnalysisPlan | None = None,
) -> ClaimsReview:
    records = load(tables, plan, exported_on="2027-12-31")
    return judge_claims(records, claims_of({"claims": list(entries or (FEWER,))}), month=month)


def verdict(patients: Sequence[Patient], **claim: Any) -> Judged:
    return judged(clinic(patients), {**FEWER, **claim})["fewer"]


def many(n: int, before: int, fall: int, **more: Any) -> list[Patient]:
    """Half of them begin one day lower, and fall by one day less."""
    return [Patient(before - number % 2, before - fall, **more) for number in range(n)]


def varied(n: int, before: int, fall: int, **more: Any) -> list[Patient]:
    """The same fall on average, a day more or less from patient to patient."""
    return [
        Patient(before - number % 2, before - fall - number % 2 + number % 3 - 1, **more)
        for number in range(n)
    ]


CLEAR = many(30, 14, 6)


def number(found: Judged, name: str) -> float | None:
    return next(row.value for row in found.numbers if row.statistic == name)


class TestAChange:
    def test_a_fall_that_everybody_recorded_is_consistent_with_the_records(self) -> None:
        found = verdict(CLEAR)
        assert (found.verdict.word, found.n_started, found.n_analysed) == (CONSISTENT, 30, 30)
        assert number(found, "change") == pytest.approx(-5.5)

    def test_no_fall_is_not_supported(self) -> None:
        assert verdict(many(30, 14, 0)).verdict.word == NOT_SUPPORTED

    def test_a_promise_of_more_needs_more(self) -> None:
        assert verdict(CLEAR, margin=5.0).verdict.word == CONSISTENT
        assert verdict(CLEAR, margin=5.5).verdict.word == CANNOT_BE_TOLD
        assert verdict(CLEAR, margin=8.0).verdict.word == NOT_SUPPORTED

    def test_nineteen_patients_are_too_few(self) -> None:
        assert verdict(CLEAR[:19]).verdict.reasons == ("fewer than 20 patients analysed",)
        assert verdict(CLEAR[:20]).verdict.word == CONSISTENT

    @pytest.mark.parametrize("patients", [[], CLEAR[:1], CLEAR[:3], many(30, 0, 0), [Patient(9, None)] * 5])
    def test_nobody_few_nothing_and_no_follow_up_are_answers_and_no_faults(
        self, patients: list[Patient]
    ) -> None:
        assert verdict(patients).verdict.word in (CANNOT_BE_TOLD, NOT_SUPPORTED)

    def test_drop_outs_are_set_to_their_baseline(self) -> None:
        """21 of 30: the change of those analysed, times their share."""
        found = verdict([*many(21, 14, 6), *[Patient(14, None)] * 9])
        assert (found.n_started, found.n_analysed) == (30, 21)
        assert number(found, "returned") == pytest.approx((number(found, "change") or 0) * 21 / 30)

    def test_more_than_thirty_percent_lost_and_nothing_is_told(self) -> None:
        found = verdict([*many(20, 14, 6), *[Patient(14, None)] * 10])
        assert found.verdict.reasons == ("fewer than 70% of those who started could be analysed",)

    def test_days_that_nobody_recorded_could_all_have_been_headache_days(self) -> None:
        """8 days with headache of 22 recorded: if all 6 others had headache, 14 as before."""
        found = verdict([dataclasses.replace(one, recorded=22) for one in CLEAR])
        assert found.verdict.reasons == ("the days that nobody recorded could change the verdict",)
        assert number(found, "missing_bounds_worst") == pytest.approx(0.5)
        assert number(found, "missing_bounds_best") == pytest.approx(-5.5)

    def test_days_missing_before_could_all_have_been_free(self) -> None:
        """13.5 on average of 20 recorded, 18.9 per 28: had the other 8 been free, 13.5, and no fall to 13 or 14."""
        less = [dataclasses.replace(one, recorded_before=20) for one in many(30, 14, 0)]
        found = verdict(less)
        assert number(found, "change") == pytest.approx(14 - 28 * 13.5 / 20)
        assert number(found, "missing_bounds_worst") == pytest.approx(0.5)
        assert found.verdict.reasons == ("the days that nobody recorded could change the verdict",)

    def test_a_few_missing_days_do_not_take_a_clear_verdict_away(self) -> None:
        """25 of 28 recorded, 8 with headache. All three others with headache: 11 for 13.5, still a fall. At five times
        the odds, (8.5/17.5) · 5 = 2.43, so 0.708 of each of the three: 10.1, more than a day below 13.5."""
        found = verdict([dataclasses.replace(one, recorded=25) for one in CLEAR])
        assert number(found, "missing_bounds_worst") == pytest.approx(-2.5)
        odds = 5 * 8.5 / 17.5
        assert number(found, "missing_by_odds_worst") == pytest.approx(8 + 3 * odds / (1 + odds) - 13.5)
        assert found.verdict.word == CONSISTENT

    def test_within_the_odds_the_promise_itself_must_hold(self) -> None:
        """The same diaries and a promise of three: 8.96 recorded is 4.5 fewer, 3.4 fewer at five times the odds."""
        patients = [dataclasses.replace(one, recorded=25) for one in CLEAR]
        assert verdict(patients, margin=3.0).verdict.word == CONSISTENT
        assert verdict(patients, margin=3.5).verdict.reasons == (
            "the days that nobody recorded could change the verdict",
        )

    @staticmethod
    def with_intensity(recorded: int, **claim: Any) -> Judged:
        tables = clinic([Patient(14, 8 + place % 3, recorded=recorded) for place in range(30)])
        day = pd.to_datetime(tables["diary"]["date"]) >= pd.Timestamp("2026-02-01")
        worse = tables["diary"]["patient_id"].str[-1].isin(list("02468"))
        level = (7.0 - worse).where(~day, 3.0)
        tables["diary"]["intensity"] = level.where(tables["diary"]["headache"] == "yes", 0.0)
        return judged(tables, {**FEWER, **claim})["fewer"]

    def test_an_intensity_is_bounded_by_its_scale(self) -> None:
        """From 6 or 7 to 3, and a promise of 2.5. One of 28 days missing moves a mean of 8 to 10 days little; seven, at
        five times the odds, add five or six headache days at 6.8: 4.5, two below."""
        milder = {"endpoint": "intensity_on_headache_days", "margin": 2.5}
        assert self.with_intensity(28, **milder).verdict.word == CONSISTENT
        assert self.with_intensity(27, **milder).verdict.word == CONSISTENT
        found = self.with_intensity(21, **milder)
        assert found.verdict.reasons == ("the days that nobody recorded could change the verdict",)

    def test_an_endpoint_without_bounds_needs_every_day(self) -> None:
        burden = {"endpoint": "burden_per_28", "margin": 5.0}
        assert self.with_intensity(28, **burden).verdict.word == CONSISTENT
        missing = self.with_intensity(27, **burden)
        assert missing.verdict.word == CANNOT_BE_TOLD
        assert "cannot be worked out" in missing.verdict.reasons[0]

    def test_an_endpoint_that_is_not_there_is_told(self) -> None:
        found = verdict(CLEAR, endpoint="acute_medication_days_per_28")
        assert found.verdict.word == CANNOT_BE_TOLD
        assert "do not hold" in found.verdict.reasons[0]

    def test_two_claims_widen_the_intervals_of_both(self) -> None:
        tables = clinic(CLEAR)
        one = judged(tables, FEWER)["fewer"].numbers[0]
        two = judged(tables, FEWER, {**FEWER, "id": "again"})["fewer"].numbers[0]
        assert (one.confidence, two.confidence) == (pytest.approx(0.95), pytest.approx(0.975))
        assert two.low is not None and one.low is not None and two.low < one.low

    def test_names_nobody_knows_and_margins_that_are_not_told_are_refused(self) -> None:
        with pytest.raises(PlanError, match=r"'fewer'.*not an endpoint"):
            verdict(CLEAR, endpoint="headaches")
        with pytest.raises(PlanError, match="declare a 'margin'"):
            verdict(CLEAR, endpoint="intensity_on_headache_days")
        with pytest.raises(PlanError, match="not an instrument"):
            verdict(CLEAR, kind="score", instrument="mood", margin=1.0)


class TestABadMonth:
    """Without anything to set against it, a fall may be the end of a bad month, and is never consistent."""

    def test_a_fall_alone_cannot_be_told(self) -> None:
        found = verdict(many(30, 14, 6, booked=None))
        assert found.verdict.word == CANNOT_BE_TOLD
        assert found.verdict.reasons[0].startswith("a bad month alone could give this")
        assert number(found, "change") == pytest.approx(-5.5)

    def test_no_fall_is_not_supported_whatever_the_month_was(self) -> None:
        assert verdict(many(30, 14, 0, booked=None)).verdict.word == NOT_SUPPORTED

    def test_a_month_of_booking_no_worse_than_the_baseline_shows_nothing(self) -> None:
        """Then the bad month may be the one just before the first session."""
        found = verdict(many(30, 14, 6, booked=10))
        assert found.verdict.word == CANNOT_BE_TOLD
        assert found.verdict.reasons[0].startswith("a bad month alone could give this")

    @pytest.mark.parametrize(("change", "word"), [(-3.0, CANNOT_BE_TOLD), (-9.0, CONSISTENT)])
    def test_an_average_from_outside_says_how_much_a_bad_month_gives(self, change: float, word: str) -> None:
        """Patients around 12 days, as outside, whose months go up and down: the worst of three is 3 to 5 days up."""
        random = np.random.default_rng(5)
        usual = random.beta(12 / 28 * 6, 16 / 28 * 6, 100)
        days = [
            random.binomial(28, random.beta(rate * 20, (1 - rate) * 20))
            for rate in (usual, usual * (1 + change / 12))
        ]
        patients = [
            Patient(int(before), int(after), booked=None) for before, after in zip(*days, strict=True)
        ]
        found = judged(clinic(patients), plan=AnalysisPlan(external_means=(12.0,)))["fewer"]
        assert (found.verdict.word, found.design) == (word, BAD_MONTH)
        assert -6 < (number(found, "bad_month_range") or 0) < -2

    def test_averages_that_fit_no_such_patients_tell_nothing(self) -> None:
        """All fall by nearly the same number of days: no ups and downs of months look like that."""
        found = judged(clinic(many(30, 14, 6, booked=None)), plan=AnalysisPlan(external_means=(12.0,)))[
            "fewer"
        ]
        assert found.verdict.reasons[0].startswith("what a bad month alone could give is not known")

    def test_other_endpoints_of_the_diary_use_the_same_baseline(self) -> None:
        def medicated(booked: int | None) -> Judged:
            tables = clinic(many(30, 14, 6, booked=booked))
            tables["diary"]["acute_medication"] = tables["diary"]["headache"]
            return judged(tables, {**FEWER, "endpoint": "acute_medication_days_per_28"})["fewer"]

        assert (medicated(20).verdict.word, medicated(20).design) == (CONSISTENT, REPEAT_BASELINE)
        assert medicated(None).verdict.reasons[0].startswith("a bad month alone could give this")


class TestReviews:
    def test_only_those_whose_follow_up_closed_in_the_half_year_are_looked_at(self) -> None:
        """Closing on 31 December, 1 January, 30 June and 1 July."""
        closing = [dt.date(2025, 12, 31), dt.date(2026, 1, 1), dt.date(2026, 6, 30), dt.date(2026, 7, 1)]
        patients = [Patient(14, 8, first=day - dt.timedelta(83)) for day in closing]
        assert verdict(patients).n_started == 2
        assert judged(clinic(patients), month="2027-01")["fewer"].n_started == 1

    @pytest.mark.parametrize("month", ["2026-07", "2026-09", "2026-12"])
    def test_pages_in_between_repeat_the_verdict(self, month: str) -> None:
        later = many(10, 14, 0, first=dt.date(2026, 6, 1))
        found = judged(clinic([*CLEAR, *later]), month=month)["fewer"]
        assert found.verdict.word == CONSISTENT
        assert found.review is not None and found.review.name == "January to June 2026"

    def test_a_claim_declared_within_the_half_year_waits_for_the_next(self) -> None:
        found = verdict(CLEAR, declared_on=dt.date(2026, 1, 1))
        assert found.review is None
        assert found.verdict.reasons == ("declared on 1 January 2026; first review: July to December 2026",)

    def test_records_that_count_in_days_cannot_show_who_came_after_it(self) -> None:
        tables = clinic(CLEAR)
        diary = tables["diary"]
        day = (pd.to_datetime(diary["date"]) - pd.Timestamp(FIRST)).dt.days
        numbered = {"diary": diary.assign(day=day).drop(columns="date")}
        found = judged(numbered)["fewer"]
        assert found.verdict.word == CANNOT_BE_TOLD
        assert "no calendar dates" in found.verdict.reasons[0]


class TestOtherTreatment:
    def test_more_than_a_fifth_with_a_changed_preventive_drug(self) -> None:
        changed = many(7, 14, 6, other_care="preventive_started")
        found = verdict([*CLEAR[:23], *changed])
        assert found.verdict.reasons == ("more than 20% changed a preventive drug",)

    def test_a_fifth_is_still_judged_and_told_without_them(self) -> None:
        found = verdict([*CLEAR[:24], *many(6, 14, 6, other_care="preventive_started")])
        assert found.verdict.word == CONSISTENT
        assert number(found, "without_preventive") == pytest.approx(-5.5)

    def test_a_fall_that_rests_on_them_is_not_told(self) -> None:
        found = verdict([*many(24, 14, 3), *many(6, 24, 22, other_care="preventive_started")], margin=2.6)
        assert found.verdict.word == CANNOT_BE_TOLD
        assert "preventive drug changes the verdict" in " ".join(found.verdict.reasons)

    def test_what_nobody_wrote_down_is_not_taken_for_nothing(self) -> None:
        found = verdict(many(30, 14, 6, other_care=""))
        assert found.verdict.word == CANNOT_BE_TOLD
        assert "not written down" in found.verdict.reasons[0]


class TestTypes:
    def test_episodic_cluster_headache_is_never_judged(self) -> None:
        found = verdict(many(30, 14, 10, kind="cluster"), population="cluster")
        assert found.verdict.word == CANNOT_BE_TOLD
        assert "bouts end by themselves" in found.verdict.reasons[0]

    def test_chronic_cluster_headache_is(self) -> None:
        found = verdict(many(30, 14, 6, kind="cluster", ichd3="3.1.2"), population="cluster")
        assert (found.verdict.word, found.n_analysed) == (CONSISTENT, 30)

    def test_sinus_headache_needs_a_disorder_that_was_shown(self) -> None:
        word = verdict(many(30, 14, 6, kind="sinus", sinus="no"), population="sinus")
        assert word.verdict.word == CANNOT_BE_TOLD and word.n_analysed == 0
        assert (
            verdict(many(30, 14, 6, kind="sinus", sinus="yes"), population="sinus").verdict.word == CONSISTENT
        )

    def test_a_claim_about_one_type_looks_at_that_type_alone(self) -> None:
        found = verdict([*CLEAR, *many(25, 14, 0, kind="tension_type")], population="tension_type")
        assert (found.verdict.word, found.n_analysed) == (NOT_SUPPORTED, 25)

    def test_particularly_good_is_a_difference_between_types(self) -> None:
        contrast = {"kind": "contrast", "population": "tension_type", "against": "rest"}
        alike = [*CLEAR, *many(30, 14, 6, kind="tension_type")]
        assert verdict(alike, **contrast).verdict.word == NOT_SUPPORTED
        better = [*varied(30, 14, 1), *varied(30, 14, 8, kind="tension_type")]
        found = verdict(better, **contrast)
        assert (found.verdict.word, number(found, "difference")) == (CONSISTENT, pytest.approx(-7))

    def test_a_type_that_began_higher_and_fell_alike_in_percent_is_not_particularly_good(self) -> None:
        """A fall by half everywhere: 5 of 10 and 10 of 20; at the same baseline nothing is left."""
        levels = [8, 9, 10, 11, 12]
        migraine = [Patient(level, level // 2, kind="migraine") for level in levels * 5]
        tension = [Patient(2 * level, level, kind="tension_type") for level in levels * 5]
        found = verdict([*migraine, *tension], kind="contrast", population="tension_type", against="rest")
        assert found.verdict.word == CANNOT_BE_TOLD
        assert found.verdict.reasons == ("with baselines held equal no difference is established",)


class TestSetAgainst:
    def test_untreated_patients_of_the_same_time_must_fall_less(self) -> None:
        waiting = varied(24, 14, 3, group="waiting_list", allocation="queue")
        found = verdict([*varied(30, 14, 6), *waiting])
        assert (found.verdict.word, found.design, found.n_analysed) == (CONSISTENT, CONCURRENT, 30)
        found = verdict([*varied(30, 14, 6), *varied(24, 14, 6, group="waiting_list")])
        assert found.verdict.word == CANNOT_BE_TOLD
        assert found.verdict.reasons == (
            "no difference to the patients of the group 'waiting list' is established",
        )

    def test_groups_drawn_by_lot_are_told_as_such(self) -> None:
        lot = [dataclasses.replace(one, allocation="randomised") for one in CLEAR]
        waiting = many(25, 14, 1, group="waiting_list", allocation="randomised")
        assert verdict([*lot, *waiting]).design == RANDOMISED

    def test_nineteen_untreated_are_no_group_and_are_not_among_the_treated(self) -> None:
        found = verdict([*CLEAR, *many(19, 14, 0, group="waiting_list")])
        assert (found.verdict.word, found.design, found.n_analysed) == (CONSISTENT, REPEAT_BASELINE, 30)

    def test_a_baseline_after_the_booking_must_still_show_a_fall(self) -> None:
        """20 headache days in the month of booking, 14 in the baseline, and no fall after it."""
        found = verdict([Patient(14 + place % 2, 14) for place in range(30)], margin=0.2)
        assert found.design == REPEAT_BASELINE
        assert number(found, "repeat_baseline") == pytest.approx(-0.5)

    def test_where_only_some_have_a_second_baseline_it_must_fall_in_those(self) -> None:
        """24 whose bad month led to the booking and who then stay as they are; 30 who fall by six."""
        found = verdict([*varied(24, 14, 0), *varied(30, 16, 8, booked=None)])
        assert found.verdict.reasons == (
            "from a baseline after the booking, without the bad month in it, no improvement is established",
        )


class TestLasting:
    LASTING: ClassVar[dict[str, Any]] = {"kind": "lasting"}

    def test_the_whole_cohort_in_weeks_21_to_24(self) -> None:
        """Weeks 21 to 24 end on day 167: they must end in the half year."""
        begun = dt.date(2025, 12, 1)
        assert verdict(many(30, 14, 6, late=9, first=begun), **self.LASTING).verdict.word == CONSISTENT
        back = verdict(many(30, 14, 6, late=14, first=begun), **self.LASTING)
        assert (back.verdict.word, back.n_analysed) == (NOT_SUPPORTED, 30)

    def test_those_who_stopped_their_diary_are_in_it(self) -> None:
        begun = dt.date(2025, 12, 1)
        gone = many(15, 14, 6, first=begun)
        found = verdict([*many(15, 14, 6, late=2, first=begun), *gone], **self.LASTING)
        assert (found.n_started, found.n_analysed) == (30, 15)
        assert found.verdict.word == CANNOT_BE_TOLD

    def test_patients_whose_late_weeks_end_after_the_half_year_wait(self) -> None:
        assert verdict(many(30, 14, 6, late=9), **self.LASTING).n_started == 0


class TestShares:
    HALF: ClassVar[dict[str, Any]] = {"kind": "share", "reduction": 50, "at_least": 0.4}

    def test_a_missing_follow_up_counts_as_not_reached(self) -> None:
        found = verdict([*many(20, 14, 8), *[Patient(14, None)] * 5, *many(5, 14, 0)], **self.HALF)
        (row,) = (row for row in found.numbers if row.statistic == "share_of_started")
        assert (row.count, row.n) == (20, 30)

    def test_without_an_average_from_outside_it_is_never_consistent(self) -> None:
        found = verdict(many(30, 14, 8), **self.HALF)
        assert found.verdict.word == CANNOT_BE_TOLD
        assert "bad month alone is not known" in found.verdict.reasons[0]

    def test_with_one_it_is_held_against_the_bad_month(self) -> None:
        plan = AnalysisPlan(external_means=(12.0,))
        patients = [Patient(6 + 5 * number % 13, 3 * number % 8) for number in range(30)]
        found = judged(clinic(patients), {**FEWER, **self.HALF}, plan=plan)["fewer"]
        assert found.verdict.word == CONSISTENT
        assert (number(found, "bad_month_share") or 1) < 0.5

    def test_a_share_that_is_excluded_is_not_supported(self) -> None:
        assert verdict(many(30, 14, 1), **self.HALF).verdict.word == NOT_SUPPORTED


class TestHarm:
    HARM: ClassVar[dict[str, Any]] = {"kind": "harm", "grade": "any", "at_most": 0.12}

    def test_none_seen_gives_an_upper_limit(self) -> None:
        """Clopper–Pearson, none of 30: 1 − 0.025^(1/30) = 11.6%."""
        found = verdict(many(30, 14, 6, event_72h="none"), **self.HARM)
        row = found.numbers[0]
        assert (row.count, row.n, row.high) == (0, 30, pytest.approx(1 - 0.025 ** (1 / 30)))
        assert found.verdict.word == CONSISTENT
        assert verdict(many(30, 14, 6, event_72h="none"), **{**self.HARM, "at_most": 0.11}).verdict.word == (
            CANNOT_BE_TOLD
        )

    def test_it_must_have_been_asked_for_72_hours_later(self) -> None:
        asked, not_asked = many(26, 14, 6, event_72h="none"), many(4, 14, 6)
        found = verdict([*asked, *not_asked], **self.HARM)
        assert found.verdict.reasons == ("not asked for, 72 hours after, at 90% of sessions or more",)

    def test_a_rate_above_the_promise_is_not_supported(self) -> None:
        found = verdict([*many(15, 14, 6, event_72h="mild"), *many(15, 14, 6, event_72h="none")], **self.HARM)
        assert found.verdict.word == NOT_SUPPORTED

    def test_the_grade_decides(self) -> None:
        mild = many(30, 14, 6, event_72h="mild")
        assert verdict(mild, **{**self.HARM, "grade": "serious"}).numbers[0].count == 0


class TestScores:
    @staticmethod
    def scored(instrument: str, before: float, after: float, group: bool = True) -> Judged:
        """30 treated, and 24 on a waiting list who stay as they are. The last day that counts for a questionnaire is
        day 139."""
        begun = dt.date(2025, 12, 1)
        waiting = many(24, 14, 0, first=begun, group="waiting_list") if group else []
        tables = clinic([*many(30, 14, 6, first=begun), *waiting])
        rows = [
            (
                name,
                (begun + dt.timedelta(day)).isoformat(),
                instrument,
                score + place % 2 * (day > 0) + place % 3,
            )
            for place, name in enumerate(tables["patients"]["patient_id"])
            for day, score in ((0, before), (84, after if place < 30 else before))
        ]
        tables["scores"] = pd.DataFrame(rows, columns=["patient_id", "date", "instrument", "score"])
        return judged(tables, {**FEWER, "kind": "score", "instrument": instrument, "margin": 2.5})["fewer"]

    def test_lower_is_better_for_one_and_higher_for_another(self) -> None:
        assert self.scored("hit6", 60, 52).verdict.word == CONSISTENT
        assert self.scored("hit6", 52, 60).verdict.word == NOT_SUPPORTED
        assert self.scored("eq_vas", 52, 60).verdict.word == CONSISTENT
        assert self.scored("eq_vas", 60, 52).verdict.word == NOT_SUPPORTED

    def test_without_a_group_a_bad_month_could_give_it(self) -> None:
        found = self.scored("hit6", 60, 52, group=False)
        assert found.verdict.reasons[0].startswith("a bad month alone could give this")

    def test_the_number_keeps_its_own_direction(self) -> None:
        assert number(self.scored("eq_vas", 52, 60), "change") == pytest.approx(8.5)


class TestStillNeeded:
    def test_a_fall_with_nothing_against_it_needs_a_second_baseline_or_a_group(self) -> None:
        still = verdict(many(30, 14, 6, booked=None)).still
        assert still is not None and "something_against" in still.obstacles
        assert (still.next_review.name, still.analysed) == ("July to December 2026", 30)

    def test_what_was_told_needs_nothing(self) -> None:
        still = verdict(CLEAR).still
        assert still is not None and (still.told, still.needed, still.obstacles) == (True, None, ())

    def test_before_its_first_review_nothing_is_looked_at(self) -> None:
        still = verdict(CLEAR, declared_on=dt.date(2026, 8, 1)).still
        assert still is not None and (still.analysed, still.needed) == (None, 20)
        assert still.next_review.name == "January to June 2027"

    def test_one_that_the_records_cannot_answer_says_so(self) -> None:
        still = verdict(CLEAR, endpoint="acute_medication_days_per_28").still
        assert still is not None and (still.obstacles, still.needed) == (("not_held",), None)


class TestLaws:
    def test_the_order_of_rows_and_the_names_of_patients_move_nothing(self) -> None:
        patients = [*many(24, 14, 6), *many(6, 20, 9, other_care="preventive_started")]
        tables = clinic(patients)
        mixed = {name: table.sample(frac=1, random_state=3) for name, table in tables.items()}
        renamed = {
            name: table.assign(patient_id="x" + table["patient_id"].str[::-1])
            for name, table in tables.items()
        }
        first, second, third = (judged(one).to_dict() for one in (tables, mixed, renamed))
        assert first == second
        assert [row["value"] for row in first["claims"][0]["numbers"]] == pytest.approx(
            [row["value"] for row in third["claims"][0]["numbers"]]
        )

    def test_mechanisms_and_doses_are_no_questions(self) -> None:
        entries = [
            {"id": kind, "says": "…", "kind": kind, "declared_on": dt.date(2025, 1, 1)}
            for kind in ("dose", "mechanism")
        ]
        for one in judged(clinic(CLEAR), *entries):
            assert one.verdict.reasons == ("not a question for these records",)
            assert not one.numbers
