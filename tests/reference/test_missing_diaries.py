"""Missing diaries against R: other programs, other code, the same numbers.

KosteckiDillon with days −28 to −1 against 1 to 28 and at least 14 recorded days in each: 24 patients have such a
baseline, 20 of them such a follow-up. R 4.2.2; the R calls stand in the docstrings. There,

    d <- unique(carData::KosteckiDillon); d$h <- d$headache == "yes"
    b <- d[d$time %in% -28:-1, ]; f <- d[d$time %in% 1:28, ]

and `gb`, `gf` hold a row for each day of each patient analysed, recorded (`R` 1) or not, with `prev` = what the
diary says of the day before ("f" free, "h" headache, "m" not recorded, "s" the window begins).
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from diaries import load
from scipy.integrate import quad
from scipy.special import betaln, expit

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.estimates import welch
from outcomes.analysis.missing_diaries.analyses import MissingDiaryAnalyses, missing_diary_analyses
from outcomes.analysis.missing_diaries.drop_outs import completers_against_lost
from outcomes.analysis.missing_diaries.imputation import pool
from outcomes.analysis.missing_diaries.logistic import fit_chances
from outcomes.analysis.missing_diaries.posterior import Patterns, draw_rates, fit_rates
from outcomes.analysis.missing_diaries.started import Started, Window

PLAN = AnalysisPlan(followup_first_day=1, followup_last_day=28, min_recorded_days=14)


@pytest.fixture(scope="module")
def periods(kostecki: pd.DataFrame) -> oc.Periods:
    return oc.split_periods(load({"diary": kostecki}, PLAN), PLAN)


@pytest.fixture(scope="module")
def analyses(periods: oc.Periods) -> MissingDiaryAnalyses:
    return missing_diary_analyses(periods)


def _numbers(analyses: MissingDiaryAnalyses, name: str) -> tuple[float | None, ...]:
    row = analyses[name]
    return row.value, row.low, row.high


@pytest.mark.parametrize(("dataset", "n"), [("rubin_pool", 30), ("rubin_pool_inf", math.inf)])
def test_rubin_as_in_mice(shared_data: Path, dataset: str, n: float) -> None:
    """oracle rubin_pool, rubin_pool_inf: mice::pool.scalar of five estimates."""
    oracle = json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]
    found = pool([-2.1, -1.8, -2.5, -1.9, -2.2], [0.36, 0.4, 0.33, 0.38, 0.41], n)
    ours = {
        "qbar": found.value,
        "ubar": found.within,
        "b": found.between,
        "t": found.total,
        "df": found.df,
        "r": found.increase,
        "fmi": found.missing_information,
    }
    expected = oracle[dataset]["value"]
    assert {key: ours[key] for key in expected} == pytest.approx(expected, rel=1e-12)


def test_rubin_where_most_is_missing() -> None:
    """pool.scalar(c(-1.2,-.4,-.9,-1.1,-.7,-1.6,-.2), c(.11,.12,.1,.13,.09,.12,.115), n = 12, k = 1)."""
    found = pool([-1.2, -0.4, -0.9, -1.1, -0.7, -1.6, -0.2], [0.11, 0.12, 0.1, 0.13, 0.09, 0.12, 0.115], 12)
    assert (found.value, found.total) == pytest.approx((-0.871428571428571, 0.377721088435374), rel=1e-12)
    assert found.df == pytest.approx(2.274650686173298, rel=1e-12)
    assert found.increase == pytest.approx(2.368213527449196, rel=1e-12)
    assert found.missing_information == pytest.approx(0.815680340186736, rel=1e-12)


def test_rubin_where_imputations_agree() -> None:
    """pool.scalar(c(2, 2, 2), c(.5, .5, .5), n = 20, k = 1): mice holds lambda at 1e-4."""
    found = pool([2.0, 2.0, 2.0], [0.5, 0.5, 0.5], 20)
    assert found.total == 0.5
    assert found.df == pytest.approx(17.2709985085629256, rel=1e-12)
    assert found.missing_information == pytest.approx(0.0986631220536647, rel=1e-12)


def test_the_patients(analyses: MissingDiaryAnalyses) -> None:
    assert (analyses.n_analysed, analyses.n_lost) == (20, 4)
    # t.test(28*h1/n1 - 28*h0/n0)
    assert _numbers(analyses, "change") == pytest.approx(
        (1.874954071155309, -0.604569650343614, 4.354477792654233), abs=1e-10
    )


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [
        ("bounds_change_followup_none", -2.305176515492305, -4.919915518661869, 0.309562487677259),
        ("bounds_change_followup_all", 4.09482348450770, 1.40626078232880, 6.78338618668659),
        ("bounds_change_lowest", -5.45, -7.91003559612114, -2.98996440387886),
        ("bounds_change_highest", 9.15, 6.33258928098536, 11.96741071901464),
    ],
)
def test_bounds(analyses: MissingDiaryAnalyses, name: str, value: float, low: float, high: float) -> None:
    """t.test of h1 − 28·h0/n0; h1 + 28 − n1 − 28·h0/n0; h1 − (h0 + 28 − n0); h1 + 28 − n1 − h0."""
    assert _numbers(analyses, name) == pytest.approx((value, low, high), abs=1e-10)


def test_weekday_stratified(analyses: MissingDiaryAnalyses) -> None:
    """28 * mean(tapply(s$h, s$time %% 7, mean)) for each patient and window, then t.test of the differences."""
    assert analyses["weekday_baseline"].value == pytest.approx(16.6, abs=1e-10)
    assert analyses["weekday_followup"].value == pytest.approx(18.75, abs=1e-10)
    assert _numbers(analyses, "weekday_change") == pytest.approx(
        (2.15, -0.4256214045585971, 4.7256214045585967), abs=1e-10
    )
    assert analyses["weekday_change"].p == pytest.approx(0.0967557890534159, abs=1e-10)


def test_inverse_probability_weights(analyses: MissingDiaryAnalyses) -> None:
    """mb <- glm(R ~ prev, binomial, gb); mf <- glm(R ~ prev + rate, binomial, gf), `rate` = mean(h) at baseline;
    1/fitted cut at quantile(, .99, type = 1); per patient 28·sum(w·h)/sum(w). Standard error in R: influence
    (D − mean(D))/n plus scores %*% vcov(model) %*% numerical derivative of the mean by the coefficients, the
    truncated days held; sqrt(sum(IF^2)·n/(n − 1)) = 1.363169514099152; t with 19 degrees of freedom."""
    assert _numbers(analyses, "ipw_change") == pytest.approx(
        (0.616112457658496, -2.237034125587115, 3.469259040904107), abs=1e-7
    )
    assert analyses["ipw_change"].value == pytest.approx(0.616112457658496, abs=1e-10)
    assert analyses["ipw_change"].p == pytest.approx(0.656407538326583, abs=1e-7)
    assert any("0.716 to 5.95; 0 truncated" in note for note in analyses["ipw_change"].notes)
    assert any("0.803 to 10.2; 3 truncated" in note for note in analyses["ipw_change"].notes)


def test_weights_for_all_who_started(analyses: MissingDiaryAnalyses) -> None:
    """glm(analysed ~ level + recorded days, binomial) over the 24, its weights v times the ones above, and the same
    stacked influence with the scores of the four lost in it: standard error 1.394141661407978, t with
    sum(v)^2/sum(v^2) − 1 = 18.1634930676856 degrees of freedom."""
    assert _numbers(analyses, "ipw_change_all_started") == pytest.approx(
        (0.721154888167743, -2.205939416028622, 3.648249192364108), abs=1e-7
    )
    assert analyses["ipw_change_all_started"].value == pytest.approx(0.721154888167743, abs=1e-10)


def test_return_to_baseline(analyses: MissingDiaryAnalyses) -> None:
    """t.test(c(D, 0, 0, 0, 0))."""
    assert _numbers(analyses, "return_to_baseline_change") == pytest.approx(
        (1.562461725962758, -0.493072074647341, 3.617995526572857), abs=1e-10
    )
    assert analyses["return_to_baseline_change"].n == 24


def test_those_lost_against_those_analysed(periods: oc.Periods) -> None:
    """t.test(level[lost], level[analysed]), Welch; four lost are too few for a p value here."""
    row = completers_against_lost(periods).set_index("endpoint").loc["headache_days_per_28"]
    assert (row["n_lost"], row["n_analysed"]) == (4, 20)
    found = row[["lost_mean", "analysed_mean", "difference", "low", "high"]].tolist()
    assert found == pytest.approx(
        [18.266666666666666, 16.705176515492305, 1.561490151174361, -6.555826100029148, 9.678806402377869],
        abs=1e-10,
    )
    assert row["p"] is None


def test_welch() -> None:
    """t.test(c(3,9,12,20.5,7,6), c(1,2,8,8,4.5,30,11), conf.level = .9): df 10.1711991725715."""
    found = welch(np.array([3, 9, 12, 20.5, 7, 6]), np.array([1, 2, 8, 8, 4.5, 30, 11]), 0.9)
    assert (found.low, found.high) == pytest.approx((-7.739159935868381, 8.477255173963622), abs=1e-10)
    assert found.p == pytest.approx(0.935963336720911, abs=1e-12)


def test_logistic_model_as_in_glm() -> None:
    """h <- c(3,9,1,7,5,12,0,4); n <- c(10,14,10,12,5,20,3,10); x <- c(.1,.5,.2,.9,1,1.4,.3,.6)
    m <- glm(cbind(h, n - h) ~ x, binomial); fitted(m); vcov(m)"""
    h, n = np.array([3, 9, 1, 7, 5, 12, 0, 4.0]), np.array([10, 14, 10, 12, 5, 20, 3, 10.0])
    design = np.column_stack([np.ones(8), [0.1, 0.5, 0.2, 0.9, 1, 1.4, 0.3, 0.6]])
    found = fit_chances(design, h, n)
    assert found.converged
    expected = [
        0.287195414408097, 0.412124594982187, 0.316353511929161, 0.549503743169284,
        0.583493100335841, 0.709093344051234, 0.347030697965175, 0.446029701224600,
    ]  # fmt: skip
    assert found.chance == pytest.approx(expected, abs=1e-10)
    covariance = [[0.188388330570444, -0.189371418233998], [-0.189371418233998, 0.263818024392671]]
    assert found.inverse_information == pytest.approx(np.array(covariance), abs=1e-9)


def _pairs(kostecki: pd.DataFrame) -> Started:
    """The 55 patients with any day on both sides, all their days: the oracle's kd55."""
    diary = kostecki.drop_duplicates()
    diary = diary[diary["day"] != 0]
    counts = [
        diary.assign(yes=diary["headache"] == "yes")[side].groupby("patient_id")["yes"].agg(["size", "sum"])
        for side in (diary["day"] < 0, diary["day"] > 0)
    ]
    both = counts[0].add_suffix("0").join(counts[1].add_suffix("1"), how="inner")
    before = Window(int(both["size0"].max()), both["size0"].to_numpy(), both["sum0"].to_numpy())
    after = Window(int(both["size1"].max()), both["size1"].to_numpy(), both["sum1"].to_numpy())
    n = len(both)
    ids = both.index.to_numpy(dtype=object)
    return Started(ids, np.ones(n, bool), np.full(n, -1), before, after, n)


def test_beta_binomial_against_numerical_integration(kostecki: pd.DataFrame) -> None:
    """optim over the sum of log(integrate(…)) of both windows' beta-binomials times dnorm(z), z from −7 to 7, for
    kd55: b0 0.7337602, b1 −0.0219297, log s −0.1139969, log f 2.3821141; log likelihood −278.6245352655; standard
    errors from optim's Hessian. statistics.md: quadrature gives s 0.892 and −278.62 where Laplace is off."""
    started = _pairs(kostecki)
    assert len(started) == 55
    found = fit_rates(started)
    assert found.parameters == pytest.approx(
        [0.7337602002642, -0.0219296563872, -0.1139968726867, 2.3821141416648], abs=2e-5
    )
    assert found.log_likelihood == pytest.approx(-278.6245352654708, abs=1e-6)
    errors = np.sqrt(np.diag(found.covariance))
    assert errors == pytest.approx([0.17682371616, 0.16710319829, 0.1708914548, 0.3630599851], rel=2e-4)


def test_drawn_rates_have_the_posterior_mean() -> None:
    """E[q | counts] by numerical integration over z of (mf + h)/(f + n), weighted by the beta-binomials."""
    many = Started(
        np.arange(40_000).astype(object),
        np.zeros(40_000, bool),
        np.zeros(40_000, int),
        Window(28, np.full(40_000, 24), np.full(40_000, 15)),
        Window(28, np.zeros(40_000, int), np.zeros(40_000, int)),
        40_000,
    )
    b0, b1, spread, precision = -0.4, -0.7, 0.9, 9.0
    parameters = np.array([b0, b1, math.log(spread), math.log(precision)])
    before, after = draw_rates(parameters, Patterns.of(many), np.random.default_rng(7))

    def weight(z: float) -> float:
        mean = float(expit(b0 + spread * z))
        a, b = mean * precision, (1 - mean) * precision
        return math.exp(betaln(15 + a, 9 + b) - betaln(a, b) - z * z / 2)

    def average(of: object) -> float:
        total = quad(weight, -7, 7)[0]
        return float(quad(lambda z: weight(z) * of(z), -7, 7)[0]) / total  # type: ignore[operator]

    expected_before = average(lambda z: (expit(b0 + spread * z) * precision + 15) / (precision + 24))
    expected_after = average(lambda z: expit(b0 + b1 + spread * z))
    assert before.mean() == pytest.approx(expected_before, abs=5 * before.std() / 200)
    assert after.mean() == pytest.approx(expected_after, abs=5 * after.std() / 200)
    # The whole follow-up of a patient who was lost: its spread is the model's, not a binomial's.
    square = average(lambda z: (m := expit(b0 + b1 + spread * z)) * (m * precision + 1) / (precision + 1))
    assert after.var() == pytest.approx(square - expected_after**2, rel=0.03)


def test_logistic_model_with_separation() -> None:
    """Where one group always recorded, its chance is 1 and the other groups' are their shares: a saturated model
    has no other maximum. A column given twice changes nothing."""
    design = np.array([[1, 0, 0, 0], [1, 1, 0, 1], [1, 0, 1, 0.0]])
    found = fit_chances(design, np.array([10, 12, 3.0]), np.array([20, 12, 9.0]))
    assert found.converged
    assert found.chance == pytest.approx([0.5, 1.0, 1 / 3], abs=1e-9)
