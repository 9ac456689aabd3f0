"""What entering in a bad month alone would give: when it is told, when it is not, and that it is never a correction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import dated, load

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.day_counts import window_counts
from outcomes.analysis.regression_to_mean.count_model import Rule, WindowDays, implied_variances
from outcomes.analysis.regression_to_mean.formulas import (
    CANNOT_BE_COMPUTED,
    cutoff_regression,
    formula_range,
    mee_chua,
    oldham,
    pitman_morgan,
    shrinkage_regression,
)
from outcomes.analysis.regression_to_mean.null_simulation import (
    LABEL,
    NullSimulation,
    null_simulation,
)
from outcomes.analysis.regression_to_mean.repeat_baseline import (
    DOES_NOT_QUALIFY,
    NO_FALL,
    QUALIFIES,
    REPEAT_REASONS,
    RepeatBaseline,
    repeat_baseline,
)
from outcomes.analysis.regression_to_mean.spreads import fitted_spreads, observed_variances
from outcomes.errors import PlanError
from outcomes.simulation import ClinicTruth, simulate_clinic, without_change, without_gaps

PLAN = AnalysisPlan()
GENERATOR = np.random.PCG64

#: First day of the follow-up window and of the 28-day months before the first session.
FOLLOWUP, LAST, FORMER, FIRST = 56, -28, -56, -84


def clinic(months: Mapping[int, Sequence[int]], contact: Sequence[int | None] | int | None) -> dict[str, Any]:
    """Complete diaries: `months` says, by first day, how many headache days each patient has in its 28 days."""
    rows = [
        {"patient_id": patient, "day": first + day, "headache": "yes" if day < count else "no"}
        for first, counts in months.items()
        for patient, count in enumerate(counts, start=1)
        for day in range(28)
    ]
    diary = pd.DataFrame(rows).sort_values(["patient_id", "day"])
    n = len(next(iter(months.values())))
    days = list(contact) if isinstance(contact, Sequence) else [contact] * n
    patients = pd.DataFrame({"patient_id": range(1, n + 1), "contact_day": pd.array(days, dtype="Int64")})
    return {"diary": diary, "patients": patients}


def looked_at(tables: Mapping[str, Any], plan: AnalysisPlan = PLAN) -> RepeatBaseline:
    return repeat_baseline(load(tables, plan), plan)


def numbers(seed: int, n: int, mean: float = 10.0) -> list[int]:
    drawn = np.random.Generator(GENERATOR(seed)).normal(mean, 3, n)
    return [int(value) for value in np.clip(np.rint(drawn), 1, 27)]


class TestRepeatBaseline:
    def test_the_numbers_are_those_of_the_three_months(self) -> None:
        former, last, after = numbers(1, 30, 15), numbers(2, 30, 11), numbers(3, 30, 9)
        found = looked_at(clinic({FORMER: former, LAST: last, FOLLOWUP: after}, -29))
        assert (found.status, found.n, found.n_patients) == (QUALIFIES, 30, 30)
        assert found["booking_month_mean"].value == pytest.approx(np.mean(former))
        assert found.expected.value == pytest.approx(np.mean(last) - np.mean(former))
        paired = oc.compare(
            oc.measure_endpoints(
                oc.split_periods(load(clinic({LAST: last, FOLLOWUP: after}, None), PLAN), PLAN)
            ),
            "headache_days_per_28",
        ).change
        beyond = found.beyond
        assert (beyond.value, beyond.low, beyond.high, beyond.p) == (
            paired.value,
            paired.low,
            paired.high,
            paired.p,
        )

    def test_calendar_dates_and_day_numbers_say_the_same(self) -> None:
        tables = clinic({FORMER: numbers(1, 25, 15), LAST: numbers(2, 25), FOLLOWUP: numbers(3, 25)}, -35)
        first = dict.fromkeys(range(1, 26), "2026-03-02")
        by_date = dated({"diary": tables["diary"]}, first)
        patients = pd.DataFrame(
            {
                "patient_id": range(1, 26),
                "contact_date": (dt.date(2026, 3, 2) - dt.timedelta(35)).isoformat(),
            }
        )
        dates = looked_at({**by_date, "patients": patients})
        days = looked_at(tables)
        assert dates.statistics == days.statistics
        assert dates.booking_months == days.booking_months == (
            ("led_to_booking", 25),
            ("around_booking", 0),
            ("from_booking", 0),
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("contact", "reason"),
        [
            (None, "no_contact_day"),
            (0, "booked_after_first_session"),
            (3, "booked_after_first_session"),
            (-1, "baseline_before_booking"),
            (-28, "baseline_before_booking"),
            (-29, None),
        ],
    )
    def test_every_day_of_the_baseline_lies_after_the_booking(
        self, contact: int | None, reason: str | None
    ) -> None:
        """Day −28 is the first of the baseline: booked on it, the baseline is not wholly after the booking."""
        months = {FORMER: numbers(1, 25, 15), LAST: numbers(2, 25), FOLLOWUP: numbers(3, 25)}
        found = looked_at(clinic(months, contact))
        if reason is None:
            assert (found.status, found.left_out) == (QUALIFIES, ())
            return
        assert found.status == DOES_NOT_QUALIFY
        assert found.left_out == ((reason, 25),)
        assert REPEAT_REASONS[reason] in found.reason
        assert found.beyond.value is None and found.expected.value is None
        assert found["change_beyond_flare_0.5"].value is None

    def test_without_the_table_of_patients_no_booking_is_known(self) -> None:
        months = {FORMER: numbers(1, 25, 15), LAST: numbers(2, 25), FOLLOWUP: numbers(3, 25)}
        tables = clinic(months, -29)
        del tables["patients"]
        assert looked_at(tables).left_out == (("no_contact_day", 25),)

    @pytest.mark.parametrize(("n", "status"), [(19, DOES_NOT_QUALIFY), (20, QUALIFIES)])
    def test_twenty_patients_are_needed(self, n: int, status: str) -> None:
        months = {FORMER: numbers(1, n, 15), LAST: numbers(2, n), FOLLOWUP: numbers(3, n)}
        found = looked_at(clinic(months, -29))
        assert (found.status, found.n) == (status, n)

    def test_everybody_is_counted_once(self) -> None:
        n = 27
        contact = [-29] * 22 + [None, -5, 4, -40, -29]
        months = {FORMER: numbers(1, n, 15), LAST: numbers(2, n), FOLLOWUP: numbers(3, n)}
        tables = clinic(months, contact)
        diary = tables["diary"]
        no_former = (diary["patient_id"] == 26) & (diary["day"] < -36)
        no_followup = (diary["patient_id"] == 27) & (diary["day"] > 0)
        found = looked_at({**tables, "diary": diary[~no_former & ~no_followup]})
        assert found.left_out == (
            ("no_followup_diary", 1),
            ("no_contact_day", 1),
            ("booked_after_first_session", 1),
            ("baseline_before_booking", 1),
            ("no_booking_month", 1),
        )
        assert found.n + sum(count for _, count in found.left_out) == found.n_patients == n

    @pytest.mark.parametrize(
        ("contact", "first_day", "kind", "first_counted"),
        [
            (-29, -84, "led_to_booking", -56),
            (-40, -84, "led_to_booking", -67),
            (-84, -112, "led_to_booking", -111),
            (-40, -56, "around_booking", -56),
            (-57, -57, "from_booking", -57),
            (-70, -70, "from_booking", -70),
        ],
    )
    def test_which_month_is_the_month_of_booking(
        self, contact: int, first_day: int, kind: str, first_counted: int
    ) -> None:
        """Patient k has headache on the days first_day + j with j mod (k + 1) = 0; counted here by hand."""
        n = 20
        rows, expected = [], []
        for patient in range(1, n + 1):
            ill = {day for day in range(first_day, 84) if (day - first_day) % (patient + 1) == 0}
            expected.append(len(ill & set(range(first_counted, first_counted + 28))))
            rows += [
                {"patient_id": patient, "day": day, "headache": "yes" if day in ill else "no"}
                for day in range(first_day, 84)
            ]
        patients = pd.DataFrame({"patient_id": range(1, n + 1), "contact_day": contact})
        found = looked_at({"diary": pd.DataFrame(rows), "patients": patients})
        assert found.n == n and dict(found.booking_months)[kind] == n
        assert found["booking_month_mean"].value == pytest.approx(np.mean(expected))

    def test_a_diary_begun_at_a_late_booking_has_no_month_of_booking(self) -> None:
        """Booked 42 days before: the days between booking and baseline are 14, never a month, whatever the plan."""
        months = {FORMER: numbers(1, 25, 15), LAST: numbers(2, 25), FOLLOWUP: numbers(3, 25)}
        tables = clinic(months, -42)
        tables["diary"] = tables["diary"][tables["diary"]["day"] >= -42]
        for plan in (PLAN, AnalysisPlan(min_recorded_days=10)):
            assert looked_at(tables, plan).left_out == (("no_booking_month", 25),)

    def test_other_windows_of_the_plan(self) -> None:
        """With a baseline of 14 days, booked on day −15, the month of booking is days −28 to −15."""
        plan = AnalysisPlan(baseline_days=14)
        tables = clinic(
            {FORMER: [28] * 20, LAST: [14 + k % 3 for k in range(20)], FOLLOWUP: numbers(3, 20)}, -15
        )
        found = looked_at(tables, plan)
        assert found["booking_month_mean"].value == 28
        assert found["baseline_mean"].value == pytest.approx(np.mean([2 * (k % 3) for k in range(20)]))

    def test_a_baseline_that_is_no_better_corrects_nothing(self) -> None:
        """The bad month is the one before the first session: its whole artefact is in the change from it."""
        months = {FORMER: numbers(1, 40, 9), LAST: numbers(2, 40, 13), FOLLOWUP: numbers(3, 40, 9)}
        found = looked_at(clinic(months, -29))
        assert found.status == NO_FALL
        assert found.expected.value is not None and found.expected.value > 0
        assert found.beyond.value is None
        assert "just before the first session" in found.summary()

    def test_a_fall_that_may_be_chance_is_said(self) -> None:
        former = numbers(1, 24, 10)
        last = [count + (2 if k % 2 else -3) for k, count in enumerate(former)]
        found = looked_at(clinic({FORMER: former, LAST: last, FOLLOWUP: former}, -29))
        assert found.status == QUALIFIES
        assert any(note.startswith("fall_not_shown") for note in found.expected.notes)

    def test_flares_that_last_are_taken_out_by_the_correlation(self) -> None:
        """Excess e in the month of booking, φe in the baseline, none later: the change beyond at φ is 0, and the
        plain one −φe, exactly."""
        usual = [8, 9, 10, 11, 12] * 5
        excess = [10 if k % 2 else 2 for k in range(25)]
        former = [a + e for a, e in zip(usual, excess, strict=True)]
        last = [a + e // 2 for a, e in zip(usual, excess, strict=True)]
        found = looked_at(clinic({FORMER: former, LAST: last, FOLLOWUP: usual}, -29))
        assert found.beyond.value == pytest.approx(-np.mean(excess) / 2)
        assert found["change_beyond_flare_0"].value == found.beyond.value
        assert found["change_beyond_flare_0.5"].value == pytest.approx(0, abs=1e-12)
        assert found["change_beyond_flare_0.5"].method == "paired t, flare correlation 0.5"

    def test_the_order_of_rows_and_patients_moves_no_digit(self) -> None:
        tables = clinic({FORMER: numbers(1, 30, 15), LAST: numbers(2, 30), FOLLOWUP: numbers(3, 30)}, -29)
        mixed = {
            name: table.sample(frac=1, random_state=4).reset_index(drop=True)
            for name, table in tables.items()
        }
        assert looked_at(tables).statistics == looked_at(mixed).statistics

    def test_records_without_a_diary_cannot_be_asked(self) -> None:
        summaries = pd.DataFrame(
            {
                "patient_id": [1, 1],
                "mode": "diary",
                "period": ["baseline", "followup"],
                "headache_days_per_28": [9, 5],
            }
        )
        with pytest.raises(PlanError, match="no daily diary"):
            looked_at({"summaries": summaries})

    def test_the_frame_holds_every_statistic(self) -> None:
        months = {FORMER: numbers(1, 25, 15), LAST: numbers(2, 25), FOLLOWUP: numbers(3, 25)}
        frame = looked_at(clinic(months, -29)).to_frame()
        assert list(frame["statistic"]) == [
            "booking_month_mean",
            "baseline_mean",
            "followup_mean",
            "expected_from_bad_month",
            "change_beyond",
            "change_beyond_flare_0",
            "change_beyond_flare_0.3",
            "change_beyond_flare_0.5",
        ]


class TestPlantedClinics:
    """Clinics in which nobody changes and everybody begins in a bad month."""

    TRUTH = without_gaps(without_change(ClinicTruth(patients=300)))

    def found(self, **knobs: Any) -> RepeatBaseline:
        tables = dict(simulate_clinic(replace(self.TRUTH, **knobs)))
        return repeat_baseline(load(tables, PLAN, exported_on="2027-06-01"), PLAN)

    def test_a_bad_month_before_booking_is_shown_as_such(self) -> None:
        """Four clinics: the fall lies before the first session, and nothing is left beyond it (3 standard errors)."""
        clinics = [self.found(seed=seed, long_wait_share=1.0) for seed in range(1, 5)]
        assert all(one.qualifies and one.n > 200 for one in clinics)
        assert all(one.expected.high is not None and one.expected.high < -1 for one in clinics)
        beyond = [one.beyond for one in clinics]
        errors = [(row.high - row.low) / 2 / 1.96 for row in beyond]  # type: ignore[operator]
        mean = sum(row.value for row in beyond) / 4  # type: ignore[misc]
        assert abs(mean) < 3 * float(np.sqrt(np.sum(np.square(errors)))) / 4

    def test_a_bad_month_before_the_first_session_is_not_corrected(self) -> None:
        found = self.found(seed=1, long_wait_share=0.0)
        assert found.status == DOES_NOT_QUALIFY
        assert found.beyond.value is None

    def test_in_a_mixed_clinic_only_those_who_waited_count(self) -> None:
        found = self.found(seed=2, long_wait_share=0.3)
        assert found.qualifies
        assert dict(found.left_out)["no_booking_month"] > found.n > 20

    def test_booked_early_but_bad_just_before_the_first_session(self) -> None:
        """The dates alone look right; the months do not, and the change of −4 is not called one beyond it."""
        generator = np.random.Generator(GENERATOR(3))
        usual = generator.beta(3, 5, 60)
        months = [
            generator.binomial(28, np.clip(generator.beta(8 * usual, 8 * (1 - usual)), 0, 1))
            for _ in range(5)
        ]
        worst = np.maximum.reduce(months[:3])
        found = looked_at(
            clinic({FORMER: months[3].tolist(), LAST: worst.tolist(), FOLLOWUP: months[4].tolist()}, -40)
        )
        assert found["followup_mean"].value < found["baseline_mean"].value - 2  # type: ignore[operator]
        assert found.status == NO_FALL and found.beyond.value is None


def drawn_clinic(
    n: int, mean: float, rule: str, seed: int, change: float = 0.0, factor: float = 1.0, full: bool = True
) -> pd.DataFrame:
    """A table like that of `window_counts` of people drawn from the model, `change` days per 28 apart."""
    generator, how = np.random.Generator(GENERATOR(seed)), Rule.named(rule)
    patients, months, many = 1 / 0.15 - 1, 1 / 0.08 - 1, 20 * n
    usual = generator.beta(mean / 28 * patients, (1 - mean / 28) * patients, many)
    rates = generator.beta(usual * months, (1 - usual) * months, (how.months, many))
    worst = generator.binomial(28, rates).max(axis=0)
    entered = np.flatnonzero(worst >= how.least_days)[:n]
    usual, worst = usual[entered], worst[entered]
    before, after = np.full((2, n), 28) if full else generator.integers(20, 29, (2, n))
    later = np.clip(factor * usual + change / 28, 0.001, 0.999)
    return pd.DataFrame(
        {
            "patient_id": range(n),
            "standing": "analysed",
            "baseline_recorded_days": before,
            "baseline_headache_days": generator.hypergeometric(worst, 28 - worst, before),
            "followup_recorded_days": after,
            "followup_headache_days": generator.binomial(
                after, generator.beta(later * months, (1 - later) * months)
            ),
        }
    )


def change_of(counts: pd.DataFrame) -> tuple[float, float]:
    """Mean change and share of half or better (of those with 4 days or more), counted from the table."""
    before = 28 * counts["baseline_headache_days"] / counts["baseline_recorded_days"]
    after = 28 * counts["followup_headache_days"] / counts["followup_recorded_days"]
    eligible = before >= 4 - 1e-9
    return float((after - before).mean()), float((after <= before / 2 + 1e-9)[eligible].mean())


def only(found: NullSimulation) -> tuple[float, float]:
    (cell,) = found.cells
    change, half = cell.change.value, dict(cell.responders)[50.0].value
    assert change is not None and half is not None
    return change, half


class TestNullSimulation:
    def test_the_label_is_the_one_that_was_agreed(self) -> None:
        assert LABEL == (
            "if nothing had changed except entering in a bad month; natural recovery, attention and placebo "
            "response not included"
        )

    def test_without_an_external_mean_it_cannot_be_computed(self) -> None:
        found = null_simulation(drawn_clinic(40, 9, "worst_of_2", 1), PLAN)
        assert found.status == CANNOT_BE_COMPUTED == "cannot be computed from these records"
        assert found.cells == () and found.change_range is None and found.to_frame().empty
        assert "external_means" in found.reason
        assert found.label == LABEL

    @pytest.mark.parametrize("rule", ["any", "worst_of_2", "worst_of_3", "at_least_8"])
    @pytest.mark.parametrize("full", [True, False])
    def test_clinics_without_any_change_look_like_the_null(self, rule: str, full: bool) -> None:
        """Five clinics of 1,000: the mean change within 0.35 days and the share within 3 points of what was seen,
        which is three standard errors (0.23 days and 1.9 points per clinic, over 25 clinics)."""
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=(rule,), null_draws=100)
        clinics = [drawn_clinic(1000, 9, rule, seed=seed, full=full) for seed in range(5)]
        expected = np.mean([only(null_simulation(counts, plan)) for counts in clinics], axis=0)
        seen = np.mean([change_of(counts) for counts in clinics], axis=0)
        assert expected[0] == pytest.approx(seen[0], abs=0.35)
        assert expected[1] == pytest.approx(seen[1], abs=0.03)

    def test_a_mixture_of_episodic_and_chronic_patients(self) -> None:
        """Usual rates that are not Beta: 60% around 8, 40% around 20 days; worst of three months, nobody changes.
        The expected change is then within a fifth of what happened, and responders within 5 points."""
        generator = np.random.Generator(GENERATOR(21))
        n, months = 3000, 1 / 0.077 - 1
        usual = (
            np.where(generator.random(n) < 0.6, generator.uniform(4, 14, n), generator.uniform(15, 26, n))
            / 28
        )
        counts = generator.binomial(28, generator.beta(usual * months, (1 - usual) * months, (4, n)))
        table = pd.DataFrame(
            {
                "patient_id": range(n),
                "baseline_recorded_days": 28,
                "baseline_headache_days": counts[:3].max(axis=0),
                "followup_recorded_days": 28,
                "followup_headache_days": counts[3],
            }
        )
        mean = float(28 * usual.mean())
        plan = AnalysisPlan(external_means=(mean,), enrolment_rules=("worst_of_3",), null_draws=100)
        change, half = only(null_simulation(table, plan))
        seen_change, seen_half = change_of(table)
        assert change == pytest.approx(seen_change, rel=0.2)
        assert half == pytest.approx(seen_half, abs=0.05)

    @pytest.mark.parametrize("rule", ["any", "worst_of_3", "at_least_8"])
    @pytest.mark.parametrize(("change", "factor"), [(-3, 1.0), (0, 0.7)])
    def test_a_real_change_is_not_swallowed(self, rule: str, change: float, factor: float) -> None:
        """Everybody loses three days, or three of ten: what the null expects is that of the clinic without it."""
        plan = AnalysisPlan(external_means=(12,), enrolment_rules=(rule,), null_draws=100)
        same = drawn_clinic(2000, 12, rule, seed=5)
        better = drawn_clinic(2000, 12, rule, seed=5, change=change, factor=factor)
        assert change_of(better)[0] < change_of(same)[0] - 2
        expected, half = only(null_simulation(same, plan))
        found, found_half = only(null_simulation(better, plan))
        assert found == pytest.approx(expected, abs=0.5)
        assert found_half == pytest.approx(half, abs=0.04)

    def test_different_responses_are_taken_for_fluctuation(self) -> None:
        """One patient in three keeps a third of the headaches: the expected fall is overstated, never understated."""
        plan = AnalysisPlan(external_means=(12,), enrolment_rules=("worst_of_3",), null_draws=100)
        same = drawn_clinic(2000, 12, "worst_of_3", seed=5)
        mixed = same.copy()
        third = mixed.index % 3 == 0
        kept = mixed.loc[third, "followup_headache_days"] // 3
        mixed.loc[third, "followup_headache_days"] = kept
        assert only(null_simulation(mixed, plan))[0] < only(null_simulation(same, plan))[0]

    def test_the_interval_covers_what_clinics_of_that_size_show(self) -> None:
        """Of 120 clinics of 30 people whom nothing changes at least 90% lie in the 95% interval: binomial bound."""
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=("worst_of_2",), null_draws=400)
        inside = 0
        for seed in range(120):
            counts = drawn_clinic(30, 9, "worst_of_2", seed=1000 + seed)
            change = null_simulation(counts, plan, day_icc=0.08, patient_icc=0.15).cells[0].change
            assert change.low is not None and change.high is not None
            inside += change.low <= change_of(counts)[0] <= change.high
        # 0.95 of 120 is 114 with a standard deviation of 2.4; 106 is more than three of them below.
        assert inside >= 106

    def test_a_worse_month_of_entry_gives_a_larger_fall(self) -> None:
        counts = drawn_clinic(100, 9, "worst_of_2", 2)
        plan = AnalysisPlan(external_means=(7, 9), null_draws=100)
        found = null_simulation(counts, plan)
        by = {(cell.external_mean, cell.rule): cell.change.value for cell in found.cells}
        assert list(by) == [(mean, rule) for mean in (7.0, 9.0) for rule in plan.enrolment_rules]
        for mean in (7.0, 9.0):
            assert by[mean, "any"] > by[mean, "worst_of_2"] > by[mean, "worst_of_3"]  # type: ignore[operator]
        for rule in plan.enrolment_rules:
            assert by[7.0, rule] < by[9.0, rule]  # type: ignore[operator]
        assert found.change_range == (min(by.values()), max(by.values()))  # type: ignore[type-var]

    def test_the_planted_spreads_are_found(self) -> None:
        for rule in ("any", "worst_of_3", "at_least_8"):
            counts = drawn_clinic(6000, 9, rule, seed=7)
            before, after = (
                counts[f"{name}_headache_days"].to_numpy() / 28 for name in ("baseline", "followup")
            )
            windows = WindowDays(28, np.full(6000, 28), np.full(6000, 28))
            observed = observed_variances(before, after)
            spreads, notes = fitted_spreads(9 / 28, Rule.named(rule), windows, observed)
            assert notes == ()
            assert spreads.day_icc == pytest.approx(0.08, abs=0.02)
            assert spreads.patient_icc == pytest.approx(0.15, abs=0.02)
            again = implied_variances(9 / 28, spreads, Rule.named(rule), windows)
            assert again == pytest.approx(observed, rel=1e-6)

    def test_patients_who_all_change_alike_have_months_without_a_spread(self) -> None:
        """Changes that vary less than any month can: said, and the nearest spread taken."""
        counts = drawn_clinic(40, 9, "any", 4)
        counts["followup_headache_days"] = counts["baseline_headache_days"]
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=("any",), null_draws=100)
        (cell,) = null_simulation(counts, plan).cells
        assert any(note.startswith("spread_not_reproduced") for note in cell.notes)
        assert cell.day_icc == pytest.approx(0.001, abs=1e-4)

    def test_whoever_cannot_have_entered_by_the_rule_is_counted(self) -> None:
        counts = drawn_clinic(30, 9, "at_least_8", 3)
        counts.loc[[0, 1], "baseline_headache_days"] = [7, 0]
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=("any", "at_least_8"), null_draws=100)
        first, second = null_simulation(counts, plan).cells
        assert (first.n_outside_rule, second.n_outside_rule) == (0, 2)
        assert any("2 patients could not have entered by at_least_8" in note for note in second.notes)

    def test_the_seed_gives_the_same_numbers_whatever_the_order(self) -> None:
        counts = drawn_clinic(60, 9, "worst_of_2", 6, full=False)
        plan = AnalysisPlan(external_means=(9, 12), null_draws=300)
        first = null_simulation(counts, plan)
        assert null_simulation(counts.sample(frac=1, random_state=2), plan) == first
        other = null_simulation(counts, replace(plan, seed=2))
        assert other.cells[0].change.value == first.cells[0].change.value
        assert other.cells[0].change.low != first.cells[0].change.low

    def test_draws_and_normal_limit_agree(self, monkeypatch: pytest.MonkeyPatch) -> None:
        counts = drawn_clinic(400, 9, "worst_of_2", 8)
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=("worst_of_2",), null_draws=20_000)
        drawn = null_simulation(counts, plan, day_icc=0.08, patient_icc=0.15).cells[0]
        monkeypatch.setattr("outcomes.analysis.regression_to_mean.forecast.MOST_DRAWS", 10)
        limit = null_simulation(counts, plan, day_icc=0.08, patient_icc=0.15).cells[0]
        assert limit.change.method.endswith("normal interval")
        assert drawn.change.value == limit.change.value
        assert (drawn.change.low, drawn.change.high) == pytest.approx(
            (limit.change.low, limit.change.high), abs=0.02
        )
        for (_, one), (_, other) in zip(drawn.responders, limit.responders, strict=True):
            assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.006)

    def test_only_analysed_patients_count(self) -> None:
        counts = drawn_clinic(30, 9, "any", 1)
        counts.loc[:9, "standing"] = "no_followup_diary"
        counts.loc[:9, ["followup_recorded_days", "followup_headache_days"]] = 0
        plan = AnalysisPlan(external_means=(9,), null_draws=100)
        assert null_simulation(counts, plan) == null_simulation(
            counts[counts["standing"] == "analysed"], plan
        )

    @pytest.mark.parametrize("n", range(6))
    def test_few_patients(self, n: int) -> None:
        counts = drawn_clinic(10, 9, "any", 1).head(n)
        plan = AnalysisPlan(external_means=(9,), null_draws=100)
        found = null_simulation(counts, plan)
        assert found.status == CANNOT_BE_COMPUTED and str(n or "no patient") in found.reason
        given = null_simulation(counts, plan, day_icc=0.08, patient_icc=0.15)
        assert given.status == ("computed" if n else CANNOT_BE_COMPUTED)

    def test_a_hundred_thousand_patients_take_the_normal_limit(self) -> None:
        counts = drawn_clinic(100_000, 9, "worst_of_2", 1)
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=("worst_of_2",))
        found = null_simulation(counts, plan)
        (cell,) = found.cells
        assert found.n == 100_000 and cell.change.method.endswith("normal interval")
        assert cell.change.value == pytest.approx(change_of(counts)[0], abs=0.1)

    def test_no_headache_at_all(self) -> None:
        counts = drawn_clinic(20, 9, "any", 1).assign(baseline_headache_days=0, followup_headache_days=0)
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=("any",), null_draws=100)
        found = null_simulation(counts, plan)
        assert found.n_eligible == 0
        assert dict(found.cells[0].responders)[50.0].value is None
        assert found.cells[0].change.value is not None and found.cells[0].change.value >= 0

    def test_nothing_in_the_result_is_taken_off_a_change(self) -> None:
        """The result does not know the observed change, so that no field can be the difference."""
        found = null_simulation(
            drawn_clinic(30, 9, "any", 1), AnalysisPlan(external_means=(9,), null_draws=100)
        )
        names = {field.name for field in fields(found)} | {field.name for field in fields(found.cells[0])}
        assert not {name for name in names if "observed" in name or "net" in name or "beyond" in name}
        assert set(found.to_frame()["label"]) == {LABEL}
        assert len(found.assumptions) >= 5

    def test_counts_of_another_plan_are_refused(self) -> None:
        with pytest.raises(PlanError, match="another plan"):
            null_simulation(
                drawn_clinic(20, 9, "any", 1), AnalysisPlan(baseline_days=14, external_means=(9,))
            )
        with pytest.raises(PlanError, match="day_icc"):
            null_simulation(drawn_clinic(20, 9, "any", 1), PLAN, day_icc=1.0)

    def test_from_records_to_the_grid(self) -> None:
        tables = clinic({LAST: numbers(2, 30, 12), FOLLOWUP: numbers(3, 30)}, None)
        plan = AnalysisPlan(external_means=(9,), null_draws=100)
        found = null_simulation(window_counts(oc.split_periods(load(tables, plan), plan)), plan)
        assert (found.status, found.n, len(found.cells)) == ("computed", 30, 3)
        assert found.responder_range(50.0) is not None
        assert len(found.to_frame()) == 3 * (1 + len(plan.responder_reductions))


class TestFormulas:
    def test_without_an_external_mean_there_is_no_range(self) -> None:
        found = formula_range(np.array([9.0, 12, 14, 8, 10]), np.array([8.0, 9, 12, 9, 7]), PLAN)
        assert found.status == CANNOT_BE_COMPUTED
        assert (found.low, found.high, found.rows) == (None, None, ())

    def test_the_range_is_what_its_rows_say(self) -> None:
        plan = AnalysisPlan(external_means=(8, 11), enrolment_rules=("any", "at_least_10"))
        before, after = np.array([9.0, 12, 14, 8, 10, 20]), np.array([8.0, 9, 12, 9, 7, 16])
        found = formula_range(before, after, plan)
        within = np.var(after - before, ddof=1) / 2
        total = np.var(after, ddof=1)
        assert [(row.external_mean, row.rule) for row in found.rows] == [
            (8.0, None),
            (8.0, "at_least_10"),
            (11.0, None),
            (11.0, "at_least_10"),
        ]
        assert found.rows[0].reliability == pytest.approx(1 - within / total)
        assert found.rows[0].value == pytest.approx(-(within / total) * (before.mean() - 8))
        assert found.rows[1].value == cutoff_regression(8, np.sqrt(total - within), np.sqrt(within), 10).value
        values = [row.value for row in found.rows]
        assert (found.low, found.high) == (min(values), max(values))
        assert found.label == "could be explained by regression to the mean"
        assert len(found.to_frame()) == 4

    @pytest.mark.parametrize("n", range(5))
    def test_few_patients_carry_no_spread(self, n: int) -> None:
        values = np.arange(n, dtype=float)
        found = formula_range(values, values[::-1].copy(), AnalysisPlan(external_means=(9,)))
        assert found.status == CANNOT_BE_COMPUTED and "insufficient_n" in found.reason

    def test_nothing_varies(self) -> None:
        plan = AnalysisPlan(external_means=(9,), enrolment_rules=("at_least_8",))
        found = formula_range(np.full(6, 10.0), np.full(6, 10.0), plan)
        assert (found.low, found.high) == (0, 0)
        assert cutoff_regression(9, 0, 0, 8).value is None

    def test_far_cutoffs_keep_their_digits(self) -> None:
        """φ(z)/(1 − Φ(z)) tends to z + 1/z: −σ_w²/s·(z + 1/z) in the far tail; 0 where everybody enters."""
        z = 60 / np.sqrt(2)
        assert cutoff_regression(0, 1, 1, 60).value == pytest.approx(-(z + 1 / z) / np.sqrt(2), rel=1e-5)
        assert cutoff_regression(0, 1, 1, -60).value == 0

    @pytest.mark.parametrize(("between", "within", "screens"), [(-1, 1, 1), (1, -1, 1), (1, 1, 0)])
    def test_a_wrong_request_is_refused(self, between: float, within: float, screens: int) -> None:
        with pytest.raises(PlanError):
            cutoff_regression(9, between, within, 8, screens)

    @pytest.mark.parametrize("reliability", [-0.1, 1.5, float("nan")])
    def test_a_reliability_is_a_correlation(self, reliability: float) -> None:
        with pytest.raises(PlanError):
            shrinkage_regression(10, 9, reliability)

    @pytest.mark.parametrize("n", range(6))
    def test_small_samples_of_pairs(self, n: int) -> None:
        before = np.array([9.0, 12, 14, 8, 10])[:n]
        after = np.array([8.0, 9, 12, 9, 7])[:n]
        for found in (mee_chua(before, after, 9), oldham(before, after), pitman_morgan(before, after)):
            assert (found.value is None) == (n < 3)
            assert (found.p is None) == (n < 5)
            assert found.p is not None or found.notes

    def test_pairs_on_one_line_or_without_variation(self) -> None:
        before = np.array([4.0, 8, 12, 16, 20, 9])
        halved, same, flat = before / 2, before.copy(), np.full(6, 10.0)
        line = mee_chua(before, halved, 10)
        assert (line.value, line.low) == (pytest.approx(-5.0), None)
        assert oldham(before, same).value is None
        assert oldham(before, halved).value == pytest.approx(-1.0)
        assert oldham(before, halved).p is None
        assert pitman_morgan(before, halved).value == pytest.approx(0.25)
        assert pitman_morgan(before, flat).value is None
        assert mee_chua(flat, before, 10).value is None

    def test_swapping_the_periods_turns_them_round(self) -> None:
        before, after = np.array([9.0, 12, 14, 8, 10, 20, 3]), np.array([8.0, 9, 12, 9, 7, 16, 5])
        assert oldham(after, before).value == pytest.approx(-oldham(before, after).value)  # type: ignore[operator]
        there, back = pitman_morgan(before, after), pitman_morgan(after, before)
        assert there.p == pytest.approx(back.p)
        turned = [1 / number for number in (back.value, back.high, back.low) if number]
        assert [there.value, there.low, there.high] == pytest.approx(turned)
