"""When a promise counts as held, and what the self-check makes of clinics where an answer is known beforehand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from diaries import load
from scipy import stats

import outcomes.selfcheck.intervals as intervals
from outcomes import AnalysisPlan, PlanError
from outcomes.analysis.estimate_columns import Estimates
from outcomes.analysis.estimates import paired_change, paired_changes
from outcomes.analysis.paired.ratios import rate_ratio
from outcomes.analysis.proportions import share
from outcomes.analysis.samples import Samples
from outcomes.cli import main
from outcomes.errors import InvalidRecords
from outcomes.selfcheck import Promise, SelfCheck, selfcheck
from outcomes.selfcheck.bad_months import _planted, bad_month_promises
from outcomes.selfcheck.clinics import OwnClinic, TypicalClinic, days_per_28, month_shares
from outcomes.selfcheck.intervals import SCENARIOS, interval_promises
from outcomes.selfcheck.promises import every_promise, mean_promise, share_promise
from outcomes.selfcheck.shares import share_promises
from outcomes.selfcheck.wording import selfcheck_text, validity_page

PLAN = AnalysisPlan()
SEED = 20260101


def generator(*seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([SEED, *seed]))


@pytest.fixture(scope="module")
def short() -> SelfCheck:
    """The check that CI runs: fixed seed, few replicates, Monte-Carlo bounds as wide as that makes them."""
    return selfcheck(replicates=1000, bad_month_clinics=10, seed=SEED)


class TestVerdict:
    @pytest.mark.parametrize(
        ("count", "verdict"), [(9500, "held"), (9350, "not_settled"), (9200, "broken"), (9800, "broken")]
    )
    def test_by_where_the_monte_carlo_bounds_lie(self, count: int, verdict: str) -> None:
        promise = share_promise("coverage of the change", "any", 10, count, 10_000, 0.935, 0.965)
        assert promise.verdict == verdict

    def test_bounds_are_wilson_at_99_percent(self) -> None:
        promise = share_promise("coverage of the change", "any", 10, 9500, 10_000, 0.935, 0.965)
        found = stats.binomtest(9500, 10_000).proportion_ci(0.99, "wilson")
        assert (promise.low, promise.high) == pytest.approx((found.low, found.high), abs=1e-12)

    def test_few_replicates_settle_nothing(self) -> None:
        assert (
            share_promise("coverage of the change", "any", 10, 95, 100, 0.935, 0.965).verdict == "not_settled"
        )

    def test_a_mean_by_t(self) -> None:
        values = generator(1).normal(0.0, 1.0, 400)
        found = stats.ttest_1samp(values, 0).confidence_interval(0.99)
        promise = mean_promise("bias", "any", 10, values, -0.3, 0.3)
        assert (promise.low, promise.high) == pytest.approx((found.low, found.high), abs=1e-10)
        assert promise.verdict == "held"
        assert mean_promise("bias", "any", 10, values + 1, -0.3, 0.3).verdict == "broken"

    @pytest.mark.parametrize(
        ("count", "wanted", "verdict"),
        [(10, True, "held"), (9, True, "broken"), (0, False, "held"), (1, False, "broken")],
    )
    def test_what_must_be_so_in_every_clinic(self, count: int, wanted: bool, verdict: str) -> None:
        assert every_promise("qualifies", "any", 10, count, 10, wanted=wanted).verdict == verdict


class TestClinics:
    """What is planted is there: means and variances in closed form."""

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
    def test_the_true_fall_is_the_mean_fall(self, scenario: intervals.Scenario) -> None:
        usual = TypicalClinic(PLAN, 0.1).draw(generator(2), (400_000,)).usual
        after = scenario.after(generator(3), usual)
        assert after.min() >= 0 and after.max() <= 1
        fall = (usual.mean() - after.mean()) / usual.mean()
        assert fall == pytest.approx(scenario.fall, abs=0.003)

    def test_the_mean_of_the_typical_clinic(self) -> None:
        """Three in five have 9 days on average, two in five 20.5: 13.6 of 28."""
        clinic = TypicalClinic(PLAN, 0.1)
        assert clinic.mean == pytest.approx(13.6 / 28)
        assert clinic.draw(generator(4), (400_000,)).usual.mean() == pytest.approx(clinic.mean, abs=0.001)

    def test_months_are_beta_binomial(self) -> None:
        """Variance of a month's count: n·p·(1 − p)·(1 + (n − 1)·icc), here 28·0.21·(1 + 27·0.1)."""
        usual, recorded = np.full(400_000, 0.3), np.full(400_000, 28)
        days = days_per_28(generator(5), month_shares(generator(6), usual, 0.1), recorded)
        assert days.mean() == pytest.approx(28 * 0.3, abs=0.03)
        assert days.var() == pytest.approx(28 * 0.21 * 3.7, rel=0.01)

    def test_nobody_has_fewer_recorded_days_than_the_plan_asks_for(self) -> None:
        patients = TypicalClinic(PLAN, 0.3).draw(generator(7), (20_000,))
        assert patients.recorded_before.min() == patients.recorded_after.min() == 20
        complete = TypicalClinic(PLAN, 0.0).draw(generator(7), (1000,))
        assert set(complete.recorded_before) == set(complete.recorded_after) == {28}

    def test_the_share_missing_is_the_one_asked_for(self) -> None:
        plan = AnalysisPlan(min_recorded_days=1)
        patients = TypicalClinic(plan, 0.2).draw(generator(8), (200_000,))
        assert 1 - patients.recorded_before.mean() / 28 == pytest.approx(0.2, abs=0.003)
        worse = patients.usual > 0.5
        assert patients.recorded_after[worse].mean() < patients.recorded_after[~worse].mean()

    def test_own_patients_have_the_mean_and_the_recorded_days_of_the_records(self, sample: Path) -> None:
        import outcomes as oc

        periods = oc.split_periods(load(sample))
        own = OwnClinic.of(periods)
        assert periods.flow is not None and own.n == periods.flow.n_analysed
        drawn = own.draw(generator(9), (200_000,))
        endpoints = oc.measure_endpoints(periods)
        before = oc.pair_by_patient(endpoints, "headache_days_per_28").dropna()["baseline"]
        assert 28 * drawn.usual.mean() == pytest.approx(28 * own.mean, abs=0.05)
        assert 28 * own.mean == pytest.approx(before.mean(), abs=0.5)
        assert drawn.recorded_before.mean() == pytest.approx(own.recorded_before.mean(), abs=0.05)
        assert 0.02 < own.day_icc < 0.2


class TestAnotherGenerator:
    """The promises do not hang on beta-binomial months: diaries in streaks, written by other code."""

    @pytest.mark.parametrize("n", [10, 30])
    @pytest.mark.parametrize("fall", [0.0, 0.3])
    def test_days_that_follow_each_other(self, n: int, fall: float) -> None:
        """Two-state chains whose neighbouring days correlate by 0.4, from Beta(2, 3) patients: mean 0.4 exactly.

        The chain starts at its own long-run share, so that every day has it. A patient's share falls by a factor
        drawn evenly around `fall`; each day is recorded with probability 0.85.
        """
        replicates, draws = 1500, generator(20, n, int(100 * fall))
        usual = draws.beta(2, 3, (replicates, n))
        later = usual * (1 - 2 * fall * draws.random(usual.shape))
        before, after = (_streaks(share, draws) for share in (usual, later))
        truth, holding, ratio_holding, declared = -28 * 0.4 * fall, 0, 0, 0
        for first, second in zip(before, after, strict=True):
            change = paired_change(first, second, 0.95)
            ratio = rate_ratio(first, second, 0.95)
            assert change.low is not None and change.high is not None and change.p is not None
            assert ratio.low is not None and ratio.high is not None
            holding += change.low <= truth <= change.high
            ratio_holding += ratio.low <= 1 - fall <= ratio.high
            declared += change.p < 0.05
        for count in (holding, ratio_holding):
            found = share_promise("coverage", "streaks", n, count, replicates, 0.935, 0.965)
            assert found.verdict != "broken", found
        if fall == 0:
            found = share_promise("declared", "streaks", n, declared, replicates, None, 0.06)
            assert found.verdict != "broken", found


def _streaks(share: np.ndarray, draws: np.random.Generator) -> np.ndarray:
    """Headache days per 28 of recorded days of a chain with that long-run share."""
    state = draws.random(share.shape) < share
    headache, recorded = np.zeros(share.shape), np.zeros(share.shape)
    for _ in range(28):
        kept = draws.random(share.shape) < 0.85
        headache += state & kept
        recorded += kept
        state = draws.random(share.shape) < share + 0.4 * (state - share)
    return 28 * headache / recorded


class TestFindsWhatIsWrong:
    """The check would be worth nothing if it could not fail."""

    def test_an_interval_that_is_too_narrow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An interval of 90% in the place of one of 95%: what z in the place of t does at n = 5 or so."""
        monkeypatch.setattr(intervals, "paired_changes", lambda changes, _: paired_changes(changes, 0.90))
        found = interval_promises(TypicalClinic(PLAN, 0.1), 20, 2000, 0.95, generator(10))
        broken = {one.question for one in found if one.verdict == "broken"}
        assert "coverage of the change" in broken

    def test_a_change_that_is_shifted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def shifted(changes: Samples, confidence: float) -> Estimates:
            found = paired_changes(changes, confidence)
            assert np.isfinite(found.low).all()
            return replace(found, low=found.low - 1, high=found.high - 1, p=np.full(len(found), 0.01))

        monkeypatch.setattr(intervals, "paired_changes", shifted)
        found = interval_promises(TypicalClinic(PLAN, 0.1), 100, 500, 0.95, generator(11))
        broken = {one.question for one in found if one.verdict == "broken"}
        assert {"coverage of the change", "a change declared where there is none"} <= broken

    def test_a_repeat_baseline_that_corrects_what_it_must_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """If any two baseline months were a correction, the clinics booked in time would be 'corrected'."""
        import outcomes.analysis.regression_to_mean.repeat_baseline as module

        monkeypatch.setattr(module, "_status", lambda *_: (module.QUALIFIES, ""))
        found, _ = bad_month_promises(TypicalClinic(PLAN, 0.1), PLAN, 2, generator(12))
        broken = {one.question for one in found if one.verdict == "broken"}
        assert "a change beyond the bad month is told" in broken


class TestShares:
    @pytest.mark.parametrize("n", [1, 5, 40])
    def test_exact_coverage_is_that_of_the_binomial(self, n: int) -> None:
        """Mean over p of the sum of binomial chances whose Wilson interval holds p; the integral by SciPy."""
        exact = 0.0
        for count in range(n + 1):
            found = share(count, n, 0.95)
            beta = stats.beta(count + 1, n - count + 1)
            exact += (beta.cdf(found.high) - beta.cdf(found.low)) / (n + 1)
        promise = share_promises(n, 100, 0.95, generator(13))[0]
        assert promise.replicates == 0
        assert promise.observed == pytest.approx(exact, abs=2e-3)


class TestShortVersion:
    def test_no_promise_is_broken(self, short: SelfCheck) -> None:
        assert short.holds, selfcheck_text(short)

    def test_every_promise_of_the_project_is_asked_about(self, short: SelfCheck) -> None:
        questions = {(one.question, one.n) for one in short.promises}
        for n in (10, 30, 100):
            for question in (
                "coverage of the change",
                "coverage of the rate ratio",
                "coverage of a proportion",
                "a change declared where there is none",
            ):
                assert (question, n) in questions
        edges = {one.question: (one.least or 0.0, one.most) for one in short.promises}
        assert (
            edges["coverage of the change"]
            == edges["coverage of the rate ratio"]
            == pytest.approx((0.935, 0.965))
        )
        assert edges["coverage of a proportion"] == pytest.approx((0.93, 0.98))
        assert edges["a change declared where there is none"] == pytest.approx((0.0, 0.06))

    def test_the_naive_change_of_the_bad_month_is_clear_and_the_repeat_baseline_takes_it_away(
        self, short: SelfCheck
    ) -> None:
        by = {(one.question, one.scenario): one for one in short.promises}
        arrival = "the bad month precedes the booking"
        naive = by["change from the month of booking, all of it the bad month's", arrival]
        beyond = by["change beyond the bad month, where the truth is 0", arrival]
        assert naive.high < -1.5 and naive.n >= 200
        assert beyond.low < 0 < beyond.high

    @pytest.mark.parametrize("booked", ["booked in it", "booked before it"])
    def test_nothing_is_corrected_where_the_bad_month_precedes_the_first_session(
        self, short: SelfCheck, booked: str
    ) -> None:
        arrival = f"the bad month precedes the first session, {booked}"
        by = {(one.question, one.scenario): one for one in short.promises}
        assert by["a change beyond the bad month is told", arrival].observed == 0
        assert by["change from the baseline, all of it the bad month's", arrival].high < -1.5

    def test_the_same_seed_gives_the_same_numbers(self) -> None:
        first, second = (
            interval_promises(TypicalClinic(PLAN, 0.1), 10, 200, 0.95, generator(14)) for _ in "ab"
        )
        assert first == second

    def test_words_and_page_hold_every_promise(self, short: SelfCheck) -> None:
        text, page = selfcheck_text(short), validity_page(short)
        for promise in short.promises:
            assert promise.scenario in text and f"| {promise.scenario} | {promise.n} |" in page
        assert page.endswith("\n") and "What this does not show" in page

    def test_the_page_of_the_long_run_answers_the_same_questions(self, short: SelfCheck, root: Path) -> None:
        """docs/validity.md, from `make simulate`: the same promises, none of them broken or left open."""
        page = (root / "docs" / "validity.md").read_text(encoding="utf-8")
        rows = set(re.findall(r"^\| (.+?) \| (\d+) \|", page, re.MULTILINE))
        headings = {line[3:].lower() for line in page.splitlines() if line.startswith("## ")}
        assert rows == {(one.scenario, str(one.n)) for one in short.promises}
        assert headings == {one.question.lower() for one in short.promises} | {"what this does not show"}
        assert f"**{len(short.promises)} of {len(short.promises)} promises are held, 0 broken.**" in page


class TestRequests:
    @pytest.mark.parametrize(
        "wrong",
        [{"patients": 1}, {"missing": 0.9}, {"missing": -0.1}, {"replicates": 5}, {"seed": -1}],
        ids=str,
    )
    def test_what_cannot_be_asked_for_is_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(PlanError):
            selfcheck(**wrong)  # type: ignore[arg-type]

    def test_fewer_than_two_patients(self) -> None:
        import outcomes as oc

        rows = [{"patient_id": 1, "day": day, "headache": "yes"} for day in [*range(-28, 0), *range(56, 84)]]
        import pandas as pd

        with pytest.raises(InvalidRecords):
            OwnClinic.of(oc.split_periods(load({"diary": pd.DataFrame(rows)})))

    def test_a_clinic_with_hardly_any_headache_has_no_bad_months(self) -> None:
        few = OwnClinic(np.full(10, 0.02), np.full(10, 20.0), np.full(10, 28), np.full(10, 28), day_icc=0.001)
        found, notes = bad_month_promises(few, PLAN, 10, generator(15))
        assert found == [] and notes[0].startswith("bad_months_not_checked")

    def test_the_planted_excess_of_the_worst_of_three(self) -> None:
        """For a normal month the worst of three lies 0.846 standard deviations up; Beta months come near it."""
        clinic = TypicalClinic(PLAN, 0.0)
        usual = clinic.draw(generator(16), (200_000,)).usual
        sd = float(np.mean(np.sqrt(clinic.day_icc * usual * (1 - usual))))
        excess, _ = _planted(clinic, clinic.day_icc, PLAN, generator(17))
        assert excess == pytest.approx(28 * 0.846 * sd, rel=0.03)


class TestCommand:
    def test_json_at_the_size_of_the_sample(self, sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code = main(["selfcheck", str(sample), "--replicates", "200", "--seed", "5", "--json", "--quiet"])
        found = json.loads(capsys.readouterr().out)
        assert code == 0 and found["holds"] is True
        (size,) = found["sizes"]
        assert {one["n"] for one in found["promises"] if one["question"] == "coverage of the change"} == {
            size
        }

    def test_a_broken_promise_is_exit_4_and_named(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        broken = Promise(
            "coverage of the change", "any", 10, 0.8, 0.78, 0.82, 0.935, 0.965, "share", 1000, ""
        )
        found = SelfCheck((broken,), (10,), "a made-up clinic", 1000, 1, 0.95)
        monkeypatch.setattr("outcomes.selfcheck.selfcheck", lambda *_, **__: found)
        assert main(["selfcheck"]) == 4
        out = capsys.readouterr().out
        assert "BROKEN" in out and "1 broken" in out

    def test_a_wrong_request_is_exit_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["selfcheck", "--patients", "1"]) == 2
        assert "patients" in capsys.readouterr().err


@pytest.mark.long
def test_the_long_version_settles_every_promise() -> None:
    """10,000 clinics each: nothing is broken, and nothing is left open."""
    check = selfcheck(replicates=10_000, bad_month_clinics=100, seed=SEED)
    assert not check.with_verdict("broken"), selfcheck_text(check)
    assert not check.with_verdict("not_settled"), selfcheck_text(check)
