"""Survival, adjusted p values and planning against R 4.2.2, published data and simulation."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import load
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

import outcomes as oc
from outcomes.analysis.catalogue import CATALOGUE
from outcomes.analysis.interval_censoring import interval_censored_check, turnbull
from outcomes.analysis.multiplicity import adjusted, in_families
from outcomes.analysis.planning import (
    detectable_change,
    half_width,
    patients_needed,
    power_of,
    precision_table,
    ratio_reach,
    sample_size_table,
    sd_of_change_from_days,
    smallest_detectable_change,
)
from outcomes.analysis.results import ComparisonTable, PairedChange, Statistic
from outcomes.analysis.survival import kaplan_meier, restricted_mean
from outcomes.errors import PlanError

#: Weeks of remission of 21 children with leukaemia under 6-mercaptopurine (Freireich and others 1963).
REMISSION = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]

#: Months to cosmetic deterioration after radiotherapy in 46 patients (Finkelstein and Wolfe 1985): (left, right].
LAST_WELL = [
    45, 6, 0, 46, 46, 7, 17, 7, 37, 0, 4, 15, 11, 22, 46, 46, 25, 46, 26, 46, 27, 36, 46,
    36, 37, 40, 17, 46, 11, 38, 5, 37, 0, 18, 24, 36, 5, 19, 17, 24, 32, 33, 19, 37, 34, 36,
]  # fmt: skip
FIRST_WORSE = [
    None, 10, 7, None, None, 16, None, 14, 44, 8, 11, None, 15, None, None, None, 37, None, 40, None, 34, 44, None,
    48, None, None, 25, None, 18, None, 12, None, 5, None, None, None, 11, 35, 25, None, None, None, 26, None, None,
    None,
]  # fmt: skip
COSMESIS = (
    np.array(LAST_WELL, float),
    np.array([np.inf if month is None else month for month in FIRST_WORSE], float),
)

TIMES = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def oracle(shared_data: Path) -> Any:
    return json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]


@pytest.fixture(scope="module")
def clinic(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "sim_clinic.csv")


class TestKaplanMeier:
    def test_oracle_log_log_interval(self, clinic: pd.DataFrame, oracle: Any) -> None:
        curve = kaplan_meier(clinic["time"], clinic["relapse"], 0.95)
        expected = oracle["km_loglog/sim"]["value"]
        found = [curve.at(day) for day in (28, 84, 168)]
        assert [one.value for one in found] == pytest.approx(expected["surv"], abs=1e-10)
        assert [one.low for one in found] == pytest.approx(expected["lo"], abs=1e-10)
        assert [one.high for one in found] == pytest.approx(expected["hi"], abs=1e-10)

    def test_oracle_restricted_mean_and_median(self, clinic: pd.DataFrame, oracle: Any) -> None:
        """The limits of the median differ on purpose: R's default interval is on the log scale."""
        expected = oracle["km_rmst/sim"]["value"]
        found = restricted_mean(clinic["time"], clinic["relapse"], 180, 0.95)
        assert found.value == pytest.approx(expected["rmst180"], abs=1e-10)
        assert found.low is not None and found.high is not None
        error = (found.high - found.low) / 2 / 1.959963984540054
        assert error == pytest.approx(expected["se180"], abs=1e-10)
        curve = kaplan_meier(clinic["time"], clinic["relapse"], 0.95)
        assert curve.median.value == expected["median"]
        frame = curve.to_frame().set_index("time")
        before = [frame[frame.index <= day]["standard_error"].iloc[-1] for day in (28, 84, 168)]
        assert before == pytest.approx(expected["se"], abs=1e-10)

    def test_remission_data_as_in_r(self) -> None:
        """R: s <- survfit(Surv(t, e) ~ 1, conf.type = "log-log"); summary(s); quantile(s, c(.25, .5))."""
        curve = kaplan_meier(REMISSION, RELAPSED, 0.95)
        frame = curve.to_frame().query("events > 0")
        assert frame["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
        expected = {
            "survival": [0.85714285714, 0.80672268908, 0.75294117647, 0.69019607843, 0.62745098039, 0.53781512605,
                         0.44817927171],
            "standard_error": [0.076360354832, 0.086935285180, 0.096349652994, 0.106814707775, 0.114053865257,
                               0.128233751693, 0.134591456756],
            "low": [0.61971795527, 0.56314656462, 0.50319951080, 0.43161022249, 0.36751085599, 0.26777893677,
                    0.18805200596],
            "high": [0.95155174765, 0.92280901920, 0.88936183517, 0.84906596335, 0.80491218947, 0.74679071764,
                     0.68014262850],
        }  # fmt: skip
        for name, values in expected.items():
            assert frame[name].tolist() == pytest.approx(values, abs=1e-10)
        quarter, median = curve.quantile(0.25), curve.median
        assert (quarter.value, quarter.low, quarter.high) == (13, 6, 22)
        assert (median.value, median.low, median.high) == (23, 13, None)
        assert curve.at(36).value is None and curve.at(35).value == pytest.approx(0.44817927171, abs=1e-10)

    def test_quantiles_of_curves_that_stop_early_as_in_r(self) -> None:
        """R: quantile(survfit(Surv(t, e) ~ 1, conf.type = "log-log"), .5): along one half to the last time, and
        a median that is not reached with a lower limit."""
        along = kaplan_meier([1, 2, 2, 2, 2, 2, 2, 56], [1, 0, 0, 0, 1, 1, 1, 0], 0.95).median
        assert (along.value, along.low, along.high) == (29, 1, None)
        above = kaplan_meier([56, 231, 252], [1, 0, 0], 0.95).median
        assert (above.value, above.low, above.high) == (None, 56, None)
        assert above.notes[0].startswith("not_reached")

    def test_restricted_mean_as_in_r(self) -> None:
        """R: summary(s, rmean = 30)$table[c("rmean", "se(rmean)")]."""
        found = restricted_mean(REMISSION, RELAPSED, 30, 0.95)
        assert found.value == pytest.approx(21.04649859943977, abs=1e-10)
        half = 1.959963984540054 * 2.24380195155946
        assert (found.low, found.high) == pytest.approx(
            (21.04649859943977 - half, 21.04649859943977 + half), abs=1e-9
        )

    def test_everyone_relapses(self) -> None:
        """R: survfit(Surv(1:4, rep(1, 4)) ~ 1): median 2.5 where the curve runs along one half; rmean 2.5 (0.559…)."""
        curve = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1], 0.95)
        assert (curve.median.value, curve.median.low, curve.median.high) == (2.5, 1, None)
        gone = curve.at(9)
        assert (gone.value, gone.low, gone.high) == (0.0, None, None)
        for tau in (4, 6):
            found = restricted_mean([1, 2, 3, 4], [1, 1, 1, 1], tau, 0.95)
            assert found.value == pytest.approx(2.5, abs=1e-12)
            assert found.low == pytest.approx(2.5 - 1.959963984540054 * 0.559016994374947, abs=1e-10)

    @given(rows=TIMES)
    def test_without_censoring_it_is_the_share_still_well_and_the_mean(
        self, rows: list[tuple[int, bool]]
    ) -> None:
        times = np.array([row[0] for row in rows], float)
        curve = kaplan_meier(times, np.ones(len(times)), 0.95)
        for day in (0, 7, 20):
            assert curve.at(day).value == pytest.approx((times > day).mean(), abs=1e-12)
        found = restricted_mean(times, np.ones(len(times)), 28, 0.95)
        assert found.value == pytest.approx(np.minimum(times, 28).mean(), abs=1e-10)

    @given(rows=TIMES, tau=st.integers(1, 50))
    def test_order_is_nothing_and_intervals_hold_their_estimate(
        self, rows: list[tuple[int, bool]], tau: int
    ) -> None:
        times, events = ([row[side] for row in rows] for side in (0, 1))
        found = restricted_mean(times, events, tau, 0.95)
        assert found == restricted_mean(times[::-1], events[::-1], tau, 0.95)
        assert found.value is None or 0 <= found.value <= tau
        frame = kaplan_meier(times, events, 0.95).to_frame().dropna()
        assert ((frame["low"] <= frame["survival"]) & (frame["survival"] <= frame["high"])).all()
        assert found.low is None or (
            found.value is not None and found.low <= found.value <= (found.high or 0)
        )

    def test_the_interval_of_the_restricted_mean_ends_at_0_and_at_tau(self) -> None:
        """By hand: √(18²/6) = 7.35 days and √(9²·2/3) = 7.35 days, times 1.96 are 14.4."""
        late = restricted_mean([1, 28, 28], [1, 0, 0], 28, 0.95)
        assert (late.value, late.high) == (pytest.approx(19), 28)
        assert late.low == pytest.approx(19 - 1.959964 * math.sqrt(54), abs=1e-5)
        early = restricted_mean([1, 1, 28], [1, 1, 0], 28, 0.95)
        assert (early.value, early.low) == (pytest.approx(10), 0)
        assert early.high == pytest.approx(10 + 1.959964 * math.sqrt(54), abs=1e-5)

    def test_edges(self) -> None:
        nobody = kaplan_meier([], [], 0.95)
        assert nobody.at(3).value is None and nobody.median.value is None and nobody.to_frame().empty
        assert restricted_mean([], [], 28, 0.95).value is None
        well = restricted_mean([40, 50], [0, 0], 28, 0.95)
        assert (well.value, well.low, well.high) == (28.0, None, None) and well.notes
        assert restricted_mean([10, 20], [1, 0], 28, 0.95).value is None
        odd = kaplan_meier([np.nan, -1, 5, 7], [1, 1, 1, np.nan], 0.95)
        assert (odd.n, odd.n_left_out, odd.n_events) == (1, 3, 1)
        with pytest.raises(PlanError, match="tau"):
            restricted_mean([1], [1], 0, 0.95)
        with pytest.raises(PlanError, match="share"):
            nobody.quantile(1)


class TestIntervalCensoring:
    def test_turnbull_as_published(self) -> None:
        """Fay and Shaw 2010 (Journal of Statistical Software 36(2)), the icfit output for radiotherapy alone."""
        frame = turnbull(*COSMESIS).to_frame().round(4).query("share > 0")
        expected = [
            (4, 5, 0.0463), (6, 7, 0.0334), (7, 8, 0.0887), (11, 12, 0.0708), (24, 25, 0.0926), (33, 34, 0.0818),
            (38, 40, 0.1209), (46, 48, 0.4656),
        ]  # fmt: skip
        assert [tuple(row) for row in frame.to_numpy()] == [
            pytest.approx(row, abs=5.1e-5) for row in expected
        ]

    def test_exact_times_are_the_ordinary_curve(self) -> None:
        """Equal ends, and an open right end for who was not seen to relapse: then Turnbull is Kaplan–Meier."""
        right = np.where(RELAPSED, REMISSION, np.inf)
        found = turnbull(REMISSION, right)
        curve = kaplan_meier(REMISSION, RELAPSED, 0.95)
        for week in (6, 7, 10, 13, 16, 22, 23):
            least, most = found.survival(week)
            assert most == pytest.approx(curve.at(week).value, abs=1e-6)
            assert least == pytest.approx(most, abs=1e-6)

    @given(
        rows=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), min_size=1, max_size=15),
    )
    def test_no_other_shares_fit_better(self, rows: list[tuple[int, int]]) -> None:
        """At the maximum of the likelihood no interval could gain by taking weight from the others."""
        left = np.array([row[0] for row in rows], float)
        right = np.array([row[0] + row[1] if row[1] < 6 else np.inf for row in rows])
        found = turnbull(left, right)
        assert found.converged and math.fsum(found.shares) == pytest.approx(1, abs=1e-6)

        def chance(one: float, other: float, shares: tuple[float, ...]) -> float:
            pairs = zip(found.left, found.right, shares, strict=True)
            inside = [
                share
                for start, end, share in pairs
                if one <= start and end <= other and not (start == end == one < other)
            ]
            return math.fsum(inside)

        def likelihood(shares: tuple[float, ...]) -> float:
            return math.fsum(math.log(chance(*row, shares)) for row in zip(left, right, strict=True))

        best = likelihood(found.shares)
        count = len(found.shares)
        for place in range(count):
            moved = tuple(0.99 * share + 0.01 * (index == place) for index, share in enumerate(found.shares))
            assert likelihood(moved) <= best + 1e-5

    def test_on_the_first_day_of_an_interval_its_event_is_still_to_come(self) -> None:
        """One relapse in (0, 28] and one in (28, 56]: on day 28 exactly one is over, on day 14 perhaps one."""
        found = turnbull([0, 28], [28, 56])
        assert found.survival(28) == pytest.approx((0.5, 0.5), abs=1e-6)
        assert found.survival(14) == pytest.approx((0.5, 1.0), abs=1e-6)
        assert found.survival(56) == (0, 0)

    def test_windows_a_month_wide_move_the_mean_by_less_than_a_month(self) -> None:
        """Relapses known exactly by nobody: true times drawn, then only the 28-day windows are kept."""
        generator = np.random.default_rng(17)
        truth = generator.exponential(150, 400)
        left = np.minimum(np.floor(truth / 28) * 28, 336)
        right = np.where(truth < 336, left + 28, np.inf)
        found = interval_censored_check(left, right, 180, 0.95)
        exact = np.minimum(truth, 180).mean()
        assert found.moved_by is not None and -28 <= found.moved_by < 0
        assert found.least is not None and found.greatest is not None
        assert found.least <= exact <= found.greatest
        assert found.early.value == pytest.approx(found.least, abs=1e-3)
        assert found.late.value == pytest.approx(found.greatest, abs=1e-3)
        assert len(found.to_frame()) == 3

    def test_edges(self) -> None:
        nobody = interval_censored_check([], [], 180, 0.95)
        assert (nobody.late.value, nobody.least, nobody.moved_by) == (None, None, None)
        odd = interval_censored_check([28, np.nan, 60], [56, 84, 30], 50, 0.95)
        assert odd.turnbull.n == 1 and odd.notes[0].startswith("2 left out")
        assert (odd.least, odd.greatest) == (28, 50)
        with pytest.raises(PlanError, match="tau"):
            interval_censored_check([1], [2], 0, 0.95)


PLANNED = ("headache_days_per_28", "acute_medication_days_per_28", "burden_per_28", "attacks_per_28")


def _change(endpoint: str, p: float | None, by: str | None = None, group: str = "all") -> PairedChange:
    """A comparison that holds nothing but its p values."""
    rows = tuple(
        Statistic(
            endpoint=endpoint, by=by, group=group, statistic=name, value=0.0, low=None, high=None, p=p, n=20,
            n_left_out=0, count=None, unit="", mode="diary", confidence=0.95, method="", notes=(),
        )
        for name in ("change", "rate_ratio")
    )  # fmt: skip
    found = CATALOGUE.get(endpoint, CATALOGUE["headache_days_per_28"])
    if found.name != endpoint:
        raise KeyError(endpoint)
    return PairedChange(found, by, group, "diary", True, 20, 0, rows, oc.AnalysisPlan(), pd.DataFrame())


def _families(*changes: PairedChange, **plan: Any) -> pd.DataFrame:
    frame = in_families(ComparisonTable(changes, oc.AnalysisPlan(**plan)))
    return frame[frame["statistic"] == "change"].set_index(["endpoint", "group"])


class TestMultiplicity:
    @pytest.mark.parametrize(("method", "name"), [("holm", "holm"), ("bh", "BH")])
    def test_oracle(self, oracle: Any, method: Any, name: str) -> None:
        found = adjusted([0.0008, 0.009, 0.012, 0.04, 0.04, 0.30], method)
        assert found == pytest.approx(oracle[f"p_adjust_{name}"]["value"]["p"], abs=1e-12)

    def test_other_p_values_in_any_order_and_with_gaps(self) -> None:
        """R: p.adjust(c(.031, .2, .0004, .0121, .6, .011, .049), "holm" | "BH"). None counts for nothing."""
        given_p = [0.031, 0.2, 0.0004, 0.0121, 0.6, 0.011, 0.049]
        holm = [0.1240, 0.4000, 0.0028, 0.0660, 0.6000, 0.0660, 0.1470]
        bh = [0.05425, 0.2333333333333334, 0.0028, 0.0282333333333333, 0.6, 0.0282333333333333, 0.0686]
        assert adjusted(given_p, "holm") == pytest.approx(holm, abs=1e-12)
        assert adjusted([None, *given_p, None], "bh") == [
            None,
            *(pytest.approx(p, abs=1e-12) for p in bh),
            None,
        ]
        assert adjusted([None, math.nan], "holm") == [None, None] and adjusted([], "bh") == []

    def test_a_fixed_sequence_is_the_greatest_so_far(self) -> None:
        assert adjusted([0.01, 0.04, 0.03, None, 0.2], "fixed_sequence") == [0.01, 0.04, 0.04, None, 0.2]

    def test_unknown_method(self) -> None:
        with pytest.raises(PlanError, match="not an adjustment"):
            adjusted([0.1], "sidak")  # type: ignore[arg-type]

    def test_the_gate_opens(self) -> None:
        found = _families(
            _change("burden_per_28", 0.02), _change("headache_days_per_28", 0.004),
            _change("acute_medication_days_per_28", 0.03), _change("intensity_on_headache_days", 0.04),
        )  # fmt: skip
        assert found.loc[("headache_days_per_28", "all"), ["family", "adjusted_p", "tested"]].tolist() == [
            "primary", 0.004, True,
        ]  # fmt: skip
        key = found.loc[("acute_medication_days_per_28", "all")]
        assert (key["family"], key["adjusted_p"], key["tested"]) == ("key secondary", 0.03, True)
        # Holm of .02 and .04 is .04 and .04; the greatest p before them is .03.
        others = found[found["family"] == "secondary"]
        assert others["adjusted_p"].tolist() == pytest.approx([0.04, 0.04]) and others["tested"].all()

    def test_the_sequence_stops_at_the_first_that_is_not_below_alpha(self) -> None:
        found = _families(
            _change("headache_days_per_28", 0.06), _change("acute_medication_days_per_28", 0.001),
            _change("burden_per_28", 0.0001),
        )  # fmt: skip
        assert found["tested"].tolist() == [True, False, False]
        assert found["adjusted_p"].tolist() == [0.06, 0.06, 0.06]
        assert "stopped" in found["how"].iloc[1] and "stopped" in found["how"].iloc[2]

    @pytest.mark.parametrize("missing", ["p", "row"])
    def test_without_a_primary_nothing_behind_it_is_tested(self, missing: str) -> None:
        primary = [_change("headache_days_per_28", None)] * (missing == "p")
        found = _families(
            *primary, _change("acute_medication_days_per_28", 0.001), _change("burden_per_28", 0.01)
        )
        assert not found["tested"].any()
        behind = found[found["family"] != "primary"]
        assert len(behind) == 2 and (behind["adjusted_p"] == 1).all()

    def test_a_p_value_of_exactly_alpha_stops_the_sequence(self) -> None:
        """Below 1 − confidence, not at it: at a confidence of 0.5 alpha is exactly 0.5."""
        found = _families(
            _change("headache_days_per_28", 0.5),
            _change("acute_medication_days_per_28", 0.001),
            confidence=0.5,
        )
        assert found["tested"].tolist() == [True, False]

    def test_an_endpoint_that_was_never_recorded_does_not_stop_the_sequence(self) -> None:
        found = _families(_change("headache_days_per_28", 0.01), _change("burden_per_28", 0.02))
        assert found["tested"].all() and found["family"].tolist() == ["primary", "secondary"]

    def test_groups_are_exploratory_and_share_one_false_discovery_rate(self) -> None:
        p = {"women": 0.01, "men": 0.02, "young": 0.5}
        found = _families(
            _change("headache_days_per_28", 0.9),
            *(_change("headache_days_per_28", value, "sex", name) for name, value in p.items()),
        )
        groups = found[found["family"] == "exploratory"]
        assert groups["adjusted_p"].tolist() == pytest.approx([0.03, 0.03, 0.5])
        assert groups["tested"].all() and set(groups["how"]) == {"Benjamini–Hochberg"}

    def test_the_ratio_is_one_test_with_its_change(self) -> None:
        frame = in_families(ComparisonTable((_change("headache_days_per_28", 0.02),), oc.AnalysisPlan()))
        assert frame["statistic"].tolist() == ["change", "rate_ratio"]
        assert frame["adjusted_p"].nunique() == 1

    @given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
    def test_adjusting_never_makes_surer_and_keeps_the_order(self, p: list[float]) -> None:
        for method in ("holm", "bh"):
            found = np.array(adjusted(p, method), float)  # type: ignore[arg-type]
            assert (found >= np.array(p) - 1e-12).all() and (found <= 1).all()
            order = np.argsort(p)
            assert (np.diff(found[order]) >= -1e-12).all()

    def test_a_whole_table_of_records(self) -> None:
        generator = np.random.default_rng(5)
        rows = [
            (f"p{patient}", "diary", period, float(generator.integers(4, 20)))
            for patient, period in itertools.product(range(12), ("baseline", "followup"))
        ]
        columns = ["patient_id", "mode", "period", "headache_days_per_28"]
        plan = oc.AnalysisPlan()
        records = load({"summaries": pd.DataFrame(rows, columns=columns)}, plan)
        table = oc.compare_all(oc.measure_endpoints(oc.split_periods(records, plan)), plan)
        frame = in_families(table)
        primary = frame[frame["family"] == "primary"]
        assert (
            primary["p"].iloc[0]
            == table.find("headache_days_per_28").change.p
            == primary["adjusted_p"].iloc[0]
        )


class TestPlanning:
    def test_oracle_power(self, oracle: Any) -> None:
        assert power_of(30, 2, 5) == pytest.approx(oracle["power_t_p"]["value"]["power"], abs=1e-9)
        assert power_of(30, 0.4, 1) == pytest.approx(oracle["pwr_t"]["value"]["power"], abs=1e-9)

    def test_oracle_patients(self, oracle: Any) -> None:
        expected = oracle["power_t_n"]["value"]
        assert patients_needed(2, 5) == math.ceil(expected["n"])
        assert patients_needed(2, 5, 0.9) == math.ceil(expected["n90"])

    @pytest.mark.parametrize(
        ("n", "change", "alpha", "power"),
        [
            (3, 0.2, 0.05, 0.0555412759650297),
            (3, 1.5, 0.01, 0.0743071879814294),
            (5, 0.5, 0.05, 0.140516689990415),
            (5, 1.5, 0.05, 0.710702673926027),
            (10, 0.5, 0.01, 0.10269750953968),
            (10, 1.5, 0.01, 0.895720551922607),
            (40, 0.5, 0.05, 0.869398135024401),
            (40, 1.5, 0.05, 0.999999999999831),
        ],
    )
    def test_power_as_in_r(self, n: int, change: float, alpha: float, power: float) -> None:
        """R: power.t.test(n, delta, sd = 1, sig.level, type = "paired", strict = TRUE)$power. The sign is nothing."""
        assert power_of(n, change, 1, alpha) == pytest.approx(power, abs=1e-9)
        assert power_of(n, -change, 1, alpha) == power_of(n, change, 1, alpha)

    def test_detectable_change_as_in_r(self) -> None:
        """R: power.t.test(n = 25, sd = 6, power = .8, type = "paired", tol = 1e-12, strict = TRUE)$delta;

        n = 8, sd = 4.2, power = .9, sig.level = .1; and at n = 2 the power of 69.29933 at sd = 6 is .8.
        """
        assert detectable_change(25, 6) == pytest.approx(3.50416002929723, abs=1e-8)
        assert detectable_change(8, 4.2, 0.9, 0.1) == pytest.approx(4.84427184781696, abs=1e-8)
        assert detectable_change(2, 6) == pytest.approx(69.29933061529401, abs=1e-6)

    def test_tables_at_a_spread_of_six_days(self) -> None:
        """Half-widths and patients of the specification of this project, SD 6: made with R."""
        table = precision_table(6)
        assert table["half_width"].round(1).tolist() == [7.4, 4.3, 2.8, 2.2, 1.7, 1.2]
        assert sample_size_table(6)["patients_needed"].tolist() == [285, 128, 73, 34, 20]

    @given(n=st.integers(2, 400), sd=st.floats(0.1, 30), power=st.sampled_from([0.5, 0.8, 0.9, 0.95]))
    def test_the_detectable_change_is_found_with_its_power_and_needs_these_patients(
        self, n: int, sd: float, power: float
    ) -> None:
        size = detectable_change(n, sd, power)
        assert size is not None
        assert power_of(n, size, sd) == pytest.approx(power, abs=1e-9)
        assert patients_needed(size * (1 + 1e-9), sd, power) == n

    @given(
        n=st.integers(2, 10_000_000), change=st.floats(0, 1e6), alpha=st.sampled_from([0.5, 0.1, 0.05, 0.001])
    )
    def test_power_is_a_chance_everywhere(self, n: int, change: float, alpha: float) -> None:
        power = power_of(n, change, 1, alpha)
        assert power is not None and alpha - 1e-9 <= power <= 1

    @pytest.mark.parametrize(
        ("df", "away", "limit"), [(1, 4.0, 12.7), (4, 6.0, 2.8), (9, 2.0, 2.26), (30, 5.5, 3.6)]
    )
    def test_the_noncentral_t_by_quadrature(self, df: int, away: float, limit: float) -> None:
        """P(T > t) is the mean of Φ(δ − t·√(χ²/df)) over χ²: a road of its own to the same number."""

        def integrand(square: float) -> float:
            at = limit * math.sqrt(square / df)
            both = stats.norm.cdf(away - at) + stats.norm.cdf(-away - at)
            return float(both * stats.chi2.pdf(square, df))

        edges = [0, *stats.chi2.ppf([0.001, 0.5, 0.999], df), 60 + 20 * df]
        total = math.fsum(integrate.quad(integrand, *pair)[0] for pair in itertools.pairwise(edges))
        alpha = 2 * stats.t.sf(limit, df)
        assert power_of(df + 1, away / math.sqrt(df + 1), 1, alpha) == pytest.approx(total, abs=1e-8)

    def test_smallest_detectable_change_of_a_clinic(self) -> None:
        """From the clinic's own n and SD of the change."""
        before = [14.0, 9, 20, 11, 6, 17, 25, 8, 13, 10]
        after = [9.0, 9, 15, 12, 4, 9, 26, 5, 13, 4]
        rows = [
            (f"p{patient}", "diary", period, value)
            for period, values in (("baseline", before), ("followup", after))
            for patient, value in enumerate(values)
        ]
        columns = ["patient_id", "mode", "period", "headache_days_per_28"]

        def compared(rows: list[Any], confidence: float = 0.95) -> PairedChange:
            plan = oc.AnalysisPlan(confidence=confidence)
            records = load({"summaries": pd.DataFrame(rows, columns=columns)}, plan)
            endpoints = oc.measure_endpoints(oc.split_periods(records, plan))
            return oc.compare(endpoints, "headache_days_per_28", plan)

        sd = float(np.std(np.subtract(after, before), ddof=1))
        found = smallest_detectable_change(compared(rows))
        assert found.value == detectable_change(10, sd, 0.8, 1 - 0.95)
        assert power_of(10, found.value or 0, sd) == pytest.approx(0.8, abs=1e-9)
        wider = smallest_detectable_change(compared(rows, 0.9))
        assert power_of(10, wider.value or 0, sd, 0.1) == pytest.approx(0.8, abs=1e-9)
        one = smallest_detectable_change(compared([rows[0], rows[10]]))
        assert one.value is None and one.notes[0].startswith("insufficient_n")
        alike = smallest_detectable_change(compared([rows[1], rows[11], rows[8], rows[18]]))
        assert alike.value is None and alike.notes[0].startswith("zero_variance")
        with pytest.raises(PlanError, match="power"):
            smallest_detectable_change(compared(rows), 0.01)

    @pytest.mark.parametrize("correlation", [0.0, 0.077, 0.3])
    def test_spread_of_the_change_from_days_as_in_simulation(self, correlation: float) -> None:
        """Beta-binomial months drawn with that correlation of days: the formula gives the SD that comes out."""
        generator = np.random.default_rng(23)
        size = 200_000
        chance = generator.uniform(0.15, 0.9, size)
        after = chance * generator.uniform(0.4, 1.0, size)
        recorded = generator.integers(20, 29, (2, size))
        changes = np.zeros(size)
        for sign, each, days in ((-1, chance, recorded[0]), (1, after, recorded[1])):
            if correlation:
                both = 1 / correlation - 1
                each = generator.beta(each * both, (1 - each) * both)
            changes += sign * 28 * generator.binomial(days, each) / days
        found = sd_of_change_from_days(chance, after, recorded[0], recorded[1], correlation)
        assert found == pytest.approx(changes.std(), rel=0.005)

    def test_spread_of_the_change_by_hand(self) -> None:
        """One chance for all and independent days: 28²·2·p(1 − p)/n; days that all agree: 28²·2·p(1 − p)."""
        assert sd_of_change_from_days(0.5, 0.5, 28, 28, 0) == pytest.approx(math.sqrt(2 * 28 / 4), abs=1e-12)
        assert sd_of_change_from_days(0.5, 0.5, 28, 28, 1) == pytest.approx(28 * math.sqrt(0.5), abs=1e-12)
        # Half of the patients lose every headache day, half keep them: nothing is left but how they differ.
        assert sd_of_change_from_days([1, 1], [0, 1], 28, 28, 0) == pytest.approx(14, abs=1e-12)

    def test_reach_of_a_ratio_as_in_simulation(self) -> None:
        """The SD of the log of a ratio of means of 40 pairs is what the formula makes of the coefficients."""
        generator = np.random.default_rng(29)
        common = generator.normal(0, 3, (20_000, 40))
        before = 14 + common + generator.normal(0, 3, (20_000, 40))
        after = 10 + common + generator.normal(0, 2, (20_000, 40))
        logs = np.log(after.mean(1) / before.mean(1))
        first, second = math.sqrt(18) / 14, math.sqrt(13) / 10
        reach = ratio_reach(40, first, second, 9 / math.sqrt(18 * 13))
        assert reach is not None
        assert math.log(reach) / stats.t.ppf(0.975, 39) == pytest.approx(logs.std(), rel=0.02)
        assert ratio_reach(1, 0.5, 0.5, 0.2) is None

    def test_edges_and_wrong_requests(self) -> None:
        assert half_width(1, 6) is None and power_of(1, 2, 6) is None and detectable_change(1, 6) is None
        table = precision_table(6, sizes=(1, 2))
        assert np.isnan(table["half_width"][0]) and table["half_width"][1] > 50
        assert power_of(20, 0, 6) == pytest.approx(0.05, abs=1e-12)
        for call in (
            lambda: half_width(10, 0),
            lambda: patients_needed(0, 6),
            lambda: patients_needed(1e-6, 6),
            lambda: patients_needed(2, 6, power=0.05),
            lambda: power_of(10, 2, 6, alpha=1),
            lambda: sd_of_change_from_days(1.2, 0.5, 28, 28, 0),
            lambda: sd_of_change_from_days(0.2, 0.5, 0, 28, 0),
            lambda: sd_of_change_from_days([], [], [], [], 0),
            lambda: ratio_reach(10, 0.5, 0.5, 1.5),
            lambda: ratio_reach(10, math.nan, 0.5, 0.5),
            # Not a number must not come out as a power of 1, or as two patients.
            lambda: power_of(10, math.nan, 6),
            lambda: patients_needed(math.nan, 6),
        ):
            with pytest.raises(PlanError):
                call()


def test_no_interval_of_no_width() -> None:
    """Where nothing varies there is a note instead of an interval."""
    found = restricted_mean([5, 5, 5], [1, 1, 1], 20, 0.95)
    assert (found.value, found.low, found.high) == (5.0, None, None) and found.notes
