"""One patient, charts, regression to the mean, survival, missing days and planning, by R's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from agreement_data import (
    CHART,
    CHART_COUNTS,
    CHART_TOTALS,
    IMPUTED,
    P_VALUES,
    SERIES,
    Data,
)
from agreement_registry import METHODS, Fields, Method, Z, error_of, ours

from outcomes.analysis.control_limits import laney_limits, moving_range_limit, xmr_limits
from outcomes.analysis.estimates import (
    t_quantile,
)
from outcomes.analysis.missing_diaries.imputation import pool
from outcomes.analysis.multiplicity import adjusted
from outcomes.analysis.planning import patients_needed, power_of
from outcomes.analysis.regression_to_mean.formulas import cutoff_regression, mee_chua, oldham, pitman_morgan
from outcomes.analysis.single_case import log_response_ratio, percent_change
from outcomes.analysis.survival import kaplan_meier, restricted_mean
from outcomes.analysis.week_overlap import baseline_corrected, nap, nap_standard_errors, tau, tau_u

# ---- one patient, charts ----


@ours("nap")
def _nap(data: Data, name: str) -> Fields:
    found = nap(*SERIES[name], "increase")
    unbiased, hanley = nap_standard_errors(*SERIES[name], "increase")
    return {
        "nap": found.value, "se_unbiased": unbiased, "se_hanley": hanley, "lo": found.low, "hi": found.high,
        "tau": tau(*SERIES[name], "increase").value,
    }  # fmt: skip


@ours("tau_u")
def _tau_u(data: Data, name: str) -> Fields:
    return {"tau_u": tau_u(*SERIES[name], "increase", least_baseline=6).value}


@ours("tau_bc")
def _tau_bc(data: Data, name: str) -> Fields:
    found = baseline_corrected(*SERIES[name], "increase")
    return {
        "slope": found.slope, "intercept": found.intercept, "tau_b": found.tau_b, "tau_a": found.tau,
        "se_tarlow": found.standard_error,
    }  # fmt: skip


@ours("lrr")
def _lrr(data: Data, name: str) -> Fields:
    found = log_response_ratio(*SERIES[name])
    assert found.value is not None
    return {
        "lrr": found.value, "se": error_of(found, Z), "lo": found.low, "hi": found.high,
        "pct": percent_change(found.value),
    }  # fmt: skip


@ours("xmr")
def _xmr(data: Data, name: str) -> Fields:
    values = np.array(CHART, dtype=np.float64)
    found = xmr_limits(values, 12)
    return {
        "mean": float(found.centre[0]), "lcl": float(found.lower[0]), "ucl": float(found.upper[0]),
        "mr_ucl": moving_range_limit(values, 12), "mrbar": moving_range_limit(values, 12) / 3.267,
    }  # fmt: skip


def _laney(kind: Any, centre: str) -> Method:
    def found(data: Data, name: str) -> Fields:
        counts, totals = (np.array(one, dtype=np.float64) for one in (CHART_COUNTS, CHART_TOTALS))
        limits = laney_limits(counts, totals, 8, kind)
        return {
            centre: float(limits.centre[0]),
            **{f"lcl[{i}]": float(one) for i, one in enumerate(limits.lower)},
            **{f"ucl[{i}]": float(one) for i, one in enumerate(limits.upper)},
        }

    return found


METHODS["laney_p"], METHODS["laney_u"] = _laney("laney_p", "pbar"), _laney("laney_u", "ubar")


# ---- regression to the mean ----


@ours("rtm_davis")
def _cutoff(data: Data, name: str) -> Fields:
    """R gives the size of the fall; a change is follow-up − baseline, so ours has the other sign."""
    found = cutoff_regression(8, 4, 3, 10, int(name.removeprefix("m"))).value
    assert found is not None
    return {"rtm": -found, "numeric": -found}


@ours("mee_chua")
def _mee_chua(data: Data, name: str) -> Fields:
    pair = data.pair("kd")
    found = mee_chua(*pair, 15)
    error = error_of(found, t_quantile(0.95, len(pair[0]) - 2))
    return {
        "tau": found.value, "se": error, "t": None if found.value is None else found.value / error, "p_two": found.p,
    }  # fmt: skip


@ours("oldham")
def _oldham(data: Data, name: str) -> Fields:
    return {"r": oldham(*data.pair("kd")).value}


@ours("pitman_morgan")
def _pitman_morgan(data: Data, name: str) -> Fields:
    pair = data.pair("kd")
    return {"r": oldham(*pair).value, "p": pitman_morgan(*pair).p}


# ---- survival, missing days, planning, several p values ----


@ours("km_loglog")
def _survival(data: Data, name: str) -> Fields:
    curve = kaplan_meier(data.clinic["time"], data.clinic["relapse"], 0.95)
    found: dict[str, float | None] = {}
    for place, day in enumerate((28, 84, 168)):
        at = curve.at(day)
        found |= {f"surv[{place}]": at.value, f"lo[{place}]": at.low, f"hi[{place}]": at.high}
    return found


@ours("km_rmst")
def _restricted_mean(data: Data, name: str) -> Fields:
    mean = restricted_mean(data.clinic["time"], data.clinic["relapse"], 180, 0.95)
    curve = kaplan_meier(data.clinic["time"], data.clinic["relapse"], 0.95)
    frame = curve.to_frame().set_index("time")
    found = {"rmst180": mean.value, "se180": error_of(mean, Z), "median": curve.median.value}
    for place, day in enumerate((28, 84, 168)):
        found[f"surv[{place}]"] = curve.at(day).value
        found[f"se[{place}]"] = float(frame[frame.index <= day]["standard_error"].iloc[-1])
    return found


@ours("cuminc")
def _incidence(data: Data, name: str) -> Fields:
    """With one kind of event the cumulative incidence is 1 − Kaplan–Meier."""
    curve = kaplan_meier(data.clinic["time"], data.clinic["relapse"], 0.95)
    days = [curve.at(day).value for day in (84, 168)]
    return {f"est[{place}]": None if one is None else 1 - one for place, one in enumerate(days)}


def _adjusted(method: Any) -> Method:
    def found(data: Data, name: str) -> Fields:
        return {f"p[{place}]": one for place, one in enumerate(adjusted(P_VALUES, method))}

    return found


METHODS["p_adjust_holm"], METHODS["p_adjust_BH"] = _adjusted("holm"), _adjusted("bh")


def _pool_of(n: float) -> Method:
    def found(data: Data, name: str) -> Fields:
        one = pool(*IMPUTED, n)
        return {
            "qbar": one.value, "ubar": one.within, "b": one.between, "t": one.total, "df": one.df,
            "r": one.increase, "fmi": one.missing_information,
        }  # fmt: skip

    return found


METHODS["rubin_pool"], METHODS["rubin_pool_inf"] = _pool_of(30), _pool_of(math.inf)


@ours("power_t_n")
def _patients(data: Data, name: str) -> Fields:
    """Ours are whole patients: R's number rounded up."""
    return {"n": patients_needed(2, 5, 0.8), "n90": patients_needed(2, 5, 0.9)}


@ours("power_t_p")
def _power(data: Data, name: str) -> Fields:
    return {"power": power_of(30, 2, 5)}


@ours("pwr_t")
def _power_of_d(data: Data, name: str) -> Fields:
    return {"power": power_of(30, 0.4, 1)}
