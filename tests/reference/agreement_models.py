"""Models of counts, of rates and of time series, by the names of R's methods and fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from agreement_data import (
    Data,
    from_r,
)
from agreement_registry import METHODS, Fields, Method, ours, terms_of

from outcomes.analysis.models.autocorrelated import ar1_regression, newey_west_regression
from outcomes.analysis.models.beta_binomial import count_model
from outcomes.analysis.models.clustered_logit import clustered_logit
from outcomes.analysis.models.covariance_adjusted import ancova
from outcomes.analysis.models.daily_logit import daily_logit
from outcomes.analysis.models.dose import BETWEEN, WITHIN, dose_association
from outcomes.analysis.models.mixed_linear import random_intercept_model, random_slope_model
from outcomes.analysis.models.random_effects import random_effects
from outcomes.analysis.models.repeated_measures import mmrm
from outcomes.analysis.models.time_series import pooled_series

# ---- counts of days, models ----


def _counts(family: Any, points: int, *more: str) -> Method:
    def found(data: Data, name: str) -> Fields:
        model = count_model(data.counts(name), family, points=points)
        post = model["period[T.followup]"]
        fields = {
            "beta": post.value, "se": post.standard_error, "b0": model["Intercept"].value,
            "sd": model["sd: patients"].value, "ll": model.log_likelihood,
        }  # fmt: skip
        if "phi" in more:
            fields["phi"] = model["dispersion"].value
        return {field: fields[field] for field in ("beta", "se", "b0", "sd", *more)}

    return found


METHODS["glmer_poisson"] = _counts("poisson", 25)
METHODS["glmer_binomial25"] = _counts("binomial", 25)
METHODS["glmmTMB_betabinomial"] = _counts("beta_binomial", 1, "phi", "ll")
METHODS["glmmTMB_nb2"] = _counts("negative_binomial", 1, "ll")


@ours("glmer_epil_nb")
def _seizures(data: Data, name: str) -> Fields:
    model = count_model(
        data.epil, "negative_binomial", 0.95, 1, "y ~ trt * lb + np.log(age)", patients="subject", recorded=None
    )  # fmt: skip
    names = {
        "Intercept": "(Intercept)", "trt[T.progabide]": "trtprogabide", "lb": "lb", "np.log(age)": "log(age)",
        "trt[T.progabide]:lb": "trtprogabide:lb",
    }  # fmt: skip
    return {
        **{f"b.{theirs}": model[mine].value for mine, theirs in names.items()},
        "ll": model.log_likelihood,
        "sd": model["sd: patients"].value,
        "theta": model["dispersion"].value,
    }


@ours("quasibinomial_cr")
def _clustered(data: Data, name: str) -> Fields:
    found = clustered_logit(data.counts(name), "~ post", correction="kauermann_carroll")["post"]
    return {"beta": found.value, "se": found.standard_error}


@ours("geeglm_daily_independence")
def _clustered_days(data: Data, name: str) -> Fields:
    found = clustered_logit(data.days_of(name), "~ treatment", correction="none")["treatment"]
    return {"beta": found.value, "se": found.standard_error}


@ours("glmer_daily25")
def _daily(data: Data, name: str) -> Fields:
    model = daily_logit(data.days_of(name), "headache ~ treatment")
    return {
        "n": model.n_rows, "beta": model["treatment"].value, "se": model["treatment"].standard_error,
        "b0": model["Intercept"].value, "sd": model["sd Intercept"].value,
    }  # fmt: skip


# ---- linear models ----


@ours("lmer_mhd")
def _mixed(data: Data, name: str) -> Fields:
    model = random_intercept_model(data.counts(name), "r ~ post")
    post = model["post"]
    t = None if post.value is None or not post.standard_error else post.value / post.standard_error
    return {
        "beta": post.value, "se": post.standard_error, "df_satt": post.df, "t": t, "p_satt": post.p,
        "b0": model["Intercept"].value, "var_id": model["variance: patients"].value,
        "var_res": model["variance: residual"].value, "reml_ll": model.log_likelihood,
    }  # fmt: skip


@ours("glmmTMB_lmer_w")
def _mixed_weighted(data: Data, name: str) -> Fields:
    post = random_intercept_model(data.counts(name), "r ~ post", weights="recorded_days")["post"]
    return {"beta": post.value, "se": post.standard_error, "df": post.df}


@ours("icc_halves")
def _icc(data: Data, name: str) -> Fields:
    model = random_intercept_model(data.counts("kd55"), "r ~ 1")
    between, within = (model[f"variance: {part}"].value for part in ("patients", "residual"))
    assert between is not None and within is not None
    return {"var_id": between, "var_res": within, "icc": between / (between + within)}


@ours("lmer")
def _sleep(data: Data, name: str) -> Fields:
    before, after = data.pair("sleep")
    table = pd.DataFrame(
        {
            "patient_id": [*range(10), *range(10)],
            "post": [0] * 10 + [1] * 10,
            "y": np.concatenate([before, after]),
        }
    )
    model = random_intercept_model(table, "y ~ post")
    post = model["post"]
    return {
        "beta": post.value, "se": post.standard_error, "df": post.df, "p": post.p,
        "var_id": model["variance: patients"].value, "var_res": model["variance: residual"].value,
    }  # fmt: skip


@ours("lmer_months")
def _months(data: Data, name: str) -> Fields:
    model = random_intercept_model(data.months, "r ~ post", "id")
    post = model["post"]
    return {
        "beta": post.value, "se": post.standard_error, "df_satt": post.df, "p": post.p,
        "var_id": model["variance: patients"].value, "var_res": model["variance: residual"].value,
        "ll": model.log_likelihood,
    }  # fmt: skip


@ours("lmer_slope")
def _months_slope(data: Data, name: str) -> Fields:
    model = random_slope_model(data.months, "r ~ post", ["post"], "id")
    post = model["post"]
    parts = ["variance: patients", "variance: post", "covariance: intercept, post", "variance: residual"]
    return {
        "beta": post.value, "se": post.standard_error, "df_satt": post.df, "p": post.p, "ll": model.log_likelihood,
        **{f"vc[{place}]": model[part].value for place, part in enumerate(parts)},
    }  # fmt: skip


@ours("ancova")
def _ancova(data: Data, name: str) -> Fields:
    model = ancova(from_r("MASS", "anorexia"), "Postwt", "Prewt", "Treat", reference="CBT", unit="pounds")
    names = {"difference: Cont": "TreatCont", "difference: FT": "TreatFT", "Prewt": "Prewt"}
    return {**terms_of(model, names), "rss": float(model.model.ssr)}


@ours("gls_un_mmrm")
def _mmrm(data: Data, name: str) -> Fields:
    model = mmrm(data.epil, "ly ~ C(period) * trt + lb", "subject", unit="log seizures")
    names = {"trt[T.progabide]": "trt", "lb": "lb", "C(period)[T.4]": "per4"}
    found: dict[str, float | None] = {"ll": model.log_likelihood}
    for mine, theirs in names.items():
        found[theirs], found[f"se_{theirs}"] = model[mine].value, model[mine].standard_error
    return found


@ours("dose_within_between")
def _dose(data: Data, name: str) -> Fields:
    months = data.months[data.months["post"] == 1]
    model = dose_association(months, value="r", period="month", patient="id", p_values=True)
    within, between = model[WITHIN], model[BETWEEN]
    return {
        "within": within.value, "se_w": within.standard_error, "df_w": within.df,
        "between": between.value, "se_b": between.standard_error, "df_b": between.df,
    }  # fmt: skip


@ours("practitioner_lmer")
def _practitioners(data: Data, name: str) -> Fields:
    model = random_intercept_model(data.clinic, "D ~ r0c", "practitioner")
    effects = model.model.effects["intercept"]
    return {
        "b0": model["Intercept"].value, "b1": model["r0c"].value,
        "var_p": model["variance: patients"].value, "var_res": model["variance: residual"].value,
        **{f"blup.{number}": float(effects[number]) for number in range(1, 7)},
    }  # fmt: skip


# ---- practitioners as units ----


def _units(data: Data) -> tuple[Any, Any, Any]:
    """Mean change, its variance and the number of patients of each practitioner."""
    table = data.clinic.groupby("practitioner")["D"].agg(["mean", "var", "size"])
    return (
        table["mean"].to_numpy(),
        (table["var"] / table["size"]).to_numpy(),
        table["size"].to_numpy(),
    )


def _pooled(estimator: Any) -> Method:
    def found(data: Data, name: str) -> Fields:
        y, v, k = _units(data)
        model = random_effects(y, v, estimator=estimator)
        lists = {"blup": model.predictions, "yi": y, "vi": v, "k": k}
        return {
            "mu": model.mean.value, "se": model.standard_error, "tau2": model.tau_squared, "Q": model.q,
            "I2": model.i_squared,
            **{f"{field}[{i}]": float(one) for field, values in lists.items() for i, one in enumerate(values)},
        }  # fmt: skip

    return found


METHODS["practitioner_rma_REML"] = _pooled("reml")
METHODS["practitioner_rma_DL"] = _pooled("dersimonian_laird")
METHODS["practitioner_rma_PM"] = _pooled("paule_mandel")


@ours("practitioner_rma_HK")
def _knapp(data: Data, name: str) -> Fields:
    y, v, _ = _units(data)
    model = random_effects(y, v, estimator="reml")
    return {
        "mu": model.mean.value, "se": model.knapp_hartung_error, "lo": model.mean.low, "hi": model.mean.high,
    }  # fmt: skip


# ---- series ----

_SEATBELTS = "y ~ t + law2 + tp + s1 + c1"
_SEATBELT_TERMS = {
    "Intercept": "(Intercept)",
    **{name: name for name in ("t", "law2", "tp", "s1", "c1")},
}


def _ar1(likelihood: Any) -> Method:
    def found(data: Data, name: str) -> Fields:
        model = ar1_regression(data.seatbelts, _SEATBELTS, "t", likelihood=likelihood)
        return {
            **terms_of(model, _SEATBELT_TERMS), "phi": model["phi"].value, "sigma": model["sigma"].value,
            "ll": model.log_likelihood,
        }  # fmt: skip

    return found


METHODS["its_gls_ar1"], METHODS["its_gls_ar1_ml"] = _ar1("REML"), _ar1("ML")


def _newey_west(small_sample: bool) -> Method:
    def found(data: Data, name: str) -> Fields:
        model = newey_west_regression(data.seatbelts, _SEATBELTS, "t", 4, small_sample=small_sample)
        return {**terms_of(model, _SEATBELT_TERMS), "dw": model.settings["durbin_watson"]}

    return found


METHODS["its_nw"], METHODS["its_nw_adj"] = _newey_west(False), _newey_west(True)


@ours("its_pooled_gee")
def _pooled_series(data: Data, name: str) -> Fields:
    days = data.days_of("kd55")
    days = days[days["day"].abs() <= 28]
    names = ("(Intercept)", "week", "post", "tpost")
    plain, corrected = (pooled_series(days, correction=kind) for kind in ("none", "mancl_derouen"))
    found: dict[str, float | None] = {"n": corrected.n_rows, "k": corrected.n}
    for name_in_r, first, second in zip(names, plain.terms, corrected.terms, strict=False):
        found[f"b.{name_in_r}"] = second.value
        found[f"se_cr0.{name_in_r}"] = first.standard_error
        found[f"se_cr3.{name_in_r}"] = second.standard_error
    return found
