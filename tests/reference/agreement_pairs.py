"""Complete pairs, proportions and ratios, by the names of R's methods and fields."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from agreement_data import (
    TABLES,
    Data,
)
from agreement_registry import METHODS, Fields, Method, error_of, log_error_of, log_of, ours
from scipy.special import ndtr

from outcomes.analysis.catalogue import CATALOGUE
from outcomes.analysis.estimates import (
    Estimate,
    correlation,
    mean_interval,
    median,
    paired_change,
    standard_deviation,
    t_quantile,
)
from outcomes.analysis.paired.effect_sizes import d_av, d_z, hedges_correction
from outcomes.analysis.paired.pseudomedian import hodges_lehmann, signed_rank_quantile
from outcomes.analysis.paired.rank_tests import probability_of_improvement, rank_biserial, wilcoxon_pratt
from outcomes.analysis.paired.ratios import (
    conditional_poisson,
    day_weighted_ratio,
    log_delta_ratio,
    rate_ratio,
)
from outcomes.analysis.paired.resampling import sign_flip
from outcomes.analysis.proportions import (
    clopper_pearson,
    mcnemar,
    mcnemar_exact,
    newcombe_independent,
    newcombe_paired,
    tango_paired,
)
from outcomes.analysis.responders import responder_shares
from outcomes.plan import AnalysisPlan

_FLIPS, _SEED = 200_000, 20260101


# ---- pairs ----


@ours("paired_t")
def _paired_t(data: Data, name: str) -> Fields:
    pair = data.pair(name)
    found, n = paired_change(*pair, 0.95), len(pair[0])
    error = error_of(found, t_quantile(0.95, n - 1))
    t = None if found.value is None else found.value / error
    return {
        "n": n, "mean_diff": found.value, "se": error, "t": t, "df": n - 1, "p": found.p, "lo": found.low,
        "hi": found.high,
    }  # fmt: skip


@ours("desc")
def _described(data: Data, name: str) -> Fields:
    before, after = data.pair(name)
    return {
        "n": len(before),
        "mean0": mean_interval(before, 0.95).value,
        "sd0": standard_deviation(before).value,
        "mean1": mean_interval(after, 0.95).value,
        "sd1": standard_deviation(after).value,
        "mean_diff": paired_change(before, after, 0.95).value,
        "sd_diff": standard_deviation(after - before).value,
        "r": correlation(before, after).value,
        "median_diff": median(after - before).value,
    }


@ours("coin_pratt_exact")
def _pratt(data: Data, name: str) -> Fields:
    found = wilcoxon_pratt(*data.pair(name))
    return {"Z": found.value, "p": found.p}


@ours("coin_pratt_asym")
def _pratt_asymptotic(data: Data, name: str) -> Fields:
    """Up to 200 pairs ours is exact; the normal p of our Z is the one used above."""
    found = wilcoxon_pratt(*data.pair(name))
    assert found.value is not None
    return {"Z": found.value, "p": 2 * float(ndtr(-abs(found.value)))}


def _without_zeros(data: Data, name: str) -> Estimate:
    before, after = data.pair(name)
    moved = np.round(after - before, 9) != 0
    return wilcoxon_pratt(before[moved], after[moved])


@ours("coin_wilcoxon_exact")
def _wilcoxon(data: Data, name: str) -> Fields:
    """Pratt's test of the pairs that changed is Wilcoxon's."""
    found = _without_zeros(data, name)
    return {"Z": found.value, "p": found.p}


@ours("coin_wilcoxon_asym")
def _wilcoxon_asymptotic(data: Data, name: str) -> Fields:
    found = _without_zeros(data, name)
    assert found.value is not None
    return {"Z": found.value, "p": 2 * float(ndtr(-abs(found.value)))}


@ours("hl_walsh")
def _pseudomedian(data: Data, name: str) -> Fields:
    pair = data.pair(name)
    found = hodges_lehmann(*pair, 0.95)
    return {
        "hl": found.value, "lo": found.low, "hi": found.high, "k": signed_rank_quantile(len(pair[0]), 0.025),
    }  # fmt: skip


@ours("cohen_dz")
def _d_z_of_effectsize(data: Data, name: str) -> Fields:
    pair = data.pair(name)
    plain, corrected = d_z(*pair, 0.95, hedges=False), d_z(*pair, 0.95)
    return {
        "d": plain.value, "lo": plain.low, "hi": plain.high, "g": corrected.value, "glo": corrected.low,
        "ghi": corrected.high,
    }  # fmt: skip


@ours("cohen_dz_nct")
def _d_z(data: Data, name: str) -> Fields:
    pair = data.pair(name)
    plain, corrected = d_z(*pair, 0.95, hedges=False), d_z(*pair, 0.95)
    return {
        "dz": plain.value, "lo": plain.low, "hi": plain.high, "J": hedges_correction(len(pair[0]) - 1),
        "gz": corrected.value,
    }  # fmt: skip


@ours("cohen_dav_drm")
def _d_av(data: Data, name: str) -> Fields:
    pair = data.pair(name)
    return {"d_av": d_av(*pair, 0.95, hedges=False).value, "J": hedges_correction(len(pair[0]) - 1)}


@ours("rank_biserial")
def _rank_biserial(data: Data, name: str) -> Fields:
    found = rank_biserial(*data.pair(name))
    return {"r": found.value, "lo": found.low, "hi": found.high}


@ours("rank_biserial_formula")
def _rank_biserial_formula(data: Data, name: str) -> Fields:
    return {"r_wilcoxon": rank_biserial(*data.pair(name)).value}


@ours("prob_sup_paired")
def _improvement(data: Data, name: str) -> Fields:
    return {"p_neg": probability_of_improvement(*data.pair(name), 0.95, "decrease").value}


@ours("coin_signflip")
def _sign_flip(data: Data, name: str) -> Fields:
    return {"p": sign_flip(*data.pair(name), _FLIPS, _SEED).p}


@ours("signflip_exact")
def _sign_flip_exact(data: Data, name: str) -> Fields:
    return {"p_enum": sign_flip(*data.pair(name), _FLIPS, _SEED).p}


# ---- proportions ----


def _responders_at(reduction: float) -> Method:
    def found(data: Data, name: str) -> Fields:
        before, after = data.pair(name)
        plan = AnalysisPlan(responder_reductions=(reduction,), responder_min_baseline=0)
        pairs = pd.DataFrame({"baseline": before, "followup": after})
        _, share, of, count = responder_shares(pairs, CATALOGUE["headache_days_per_28"], plan)[0]
        exact = clopper_pearson(count, of, 0.95)
        return {
            "k": count, "N": of, "excluded_zero_baseline": len(before) - of, "p": share.value,
            "wilson_lo": share.low, "wilson_hi": share.high, "cp_lo": exact.low, "cp_hi": exact.high,
        }  # fmt: skip

    return found


METHODS["responder30"], METHODS["responder50"] = _responders_at(30.0), _responders_at(50.0)


@ours("mcnemar")
def _mcnemar(data: Data, name: str) -> Fields:
    """R's difference is before − after; ours is after − before, and its limits change places."""
    both, before_only, after_only, neither = TABLES[name]
    newcombe = newcombe_paired(both, before_only, after_only, neither, 0.95)
    tango = tango_paired(both, before_only, after_only, neither, 0.95)
    turned = {
        "diff": newcombe.value, "tango_lo": tango.high, "tango_hi": tango.low, "newcombe10_lo": newcombe.high,
        "newcombe10_hi": newcombe.low,
    }  # fmt: skip
    return {
        "exact_p": mcnemar_exact(before_only, after_only).p,
        "midp": mcnemar(before_only, after_only).p,
        **{field: None if value is None else -value for field, value in turned.items()},
    }


@ours("mixed_levels")
def _two_shares(data: Data, name: str) -> Fields:
    found = newcombe_independent(43, 50, 25, 30, 0.95)
    return {"d": found.value, "lo": found.low, "hi": found.high}


# ---- ratios ----

Correction = Literal["none", "kauermann_carroll", "mancl_derouen"]


def _day_weighted(data: Data, name: str, correction: Correction) -> Estimate:
    wide = data.wide(name)
    return day_weighted_ratio(wide["h0"], wide["n0"], wide["h1"], wide["n1"], 0.95, correction)


def _t_of_pairs(data: Data) -> float:
    """The reference is t with the patients who have both periods less one."""
    return t_quantile(0.95, len(data.pair("kd")[0]) - 1)


def _corrected(correction: Correction) -> Method:
    def found(data: Data, name: str) -> Fields:
        ratio = _day_weighted(data, name, correction)
        return {"beta": log_of(ratio.value), "se": log_error_of(ratio, _t_of_pairs(data))}

    return found


METHODS["clubSandwich_CR0"] = METHODS["geeglm_independence"] = _corrected("none")
METHODS["clubSandwich_CR2"] = _corrected("kauermann_carroll")
METHODS["clubSandwich_CR3"] = _corrected("mancl_derouen")


@ours("glm_poisson")
def _poisson(data: Data, name: str) -> Fields:
    return {"beta": log_of(_day_weighted(data, name, "none").value)}


@ours("rr_closed_form")
def _closed_form(data: Data, name: str) -> Fields:
    kinds: dict[str, Correction] = {
        "se_lz": "none",
        "se_kc": "kauermann_carroll",
        "se_md": "mancl_derouen",
    }
    found = {field: _day_weighted(data, name, kind) for field, kind in kinds.items()}
    ratio = found["se_kc"].value
    errors = {field: log_error_of(one, _t_of_pairs(data)) for field, one in found.items()}
    return {"rr": ratio, "log_rr": log_of(ratio), **errors}


@ours("rr_patient_weighted")
def _patient_weighted(data: Data, name: str) -> Fields:
    pair = data.pair("kd")
    found, t = log_delta_ratio(*pair, 0.95), _t_of_pairs(data)
    return {"rr": found.value, "log_rr": log_of(found.value), "se_kc": log_error_of(found, t), "t": t}


@ours("rr_fieller")
def _fieller(data: Data, name: str) -> Fields:
    found = rate_ratio(*data.pair("kd"), 0.95)
    return {"lo": found.low, "hi": found.high}


@ours("cond_poisson")
def _conditional(data: Data, name: str) -> Fields:
    wide = data.wide(name)
    counts = (wide["h0"], wide["n0"], wide["h1"], wide["n1"])
    plain = conditional_poisson(*counts, 0.95, "none")
    t = t_quantile(0.95, int(((wide["h0"] + wide["h1"]) > 0).sum()) - 1)
    return {
        "beta": log_of(plain.value),
        "se_hc0": log_error_of(plain, t),
        "se_hc3": log_error_of(conditional_poisson(*counts, 0.95, "mancl_derouen"), t),
    }
