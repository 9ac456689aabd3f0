"""Why a value of R has no counterpart here, or differs on purpose; and how near the others must come.

Nothing is left out in silence: an entry or field that is neither computed nor named here fails the test.
"""

from __future__ import annotations

_ZEROS = (
    "drops the patients whose change is 0 before ranking; ours is Pratt's test, exact with ties and zeros, and the "
    "Hodges–Lehmann interval over all changes"
)
_BCA = "no BCa interval: its coverage at n = 10 is 89%; ours are t and bootstrap-t"
_EXCHANGEABLE = (
    "no exchangeable working correlation: with two periods the closed form under independence with a patient "
    "sandwich is the sensitivity analysis; statsmodels' GEE has it"
)
_NOT_MD = "geepack's jackknives are neither Kauermann–Carroll nor Mancl–DeRouen"
_ORDINAL = "no model of ordered categories: days of one patient are not independent, NAP and burden stand in"
_KR = "Satterthwaite only; no Kenward–Roger"
_ASYMPTOTIC = "ours are the mid-p and the exact test"
_BONETT = (
    "Newcombe and Tango are offered; Newcombe is nearest to its nominal coverage at 20 patients and fewer"
)
_T_REFERENCE = (
    "ours refers to t with the patients who have both periods less one, not to Satterthwaite's or a normal"
)
_RATIO_ONLY = "the ratio and its error are given, not the intercept"
_MODEL_ERROR = "errors from the model's own variance are too small for days of one patient"

#: Methods of R for which there is nothing here.
NOT_OURS: dict[str, str] = {
    "shapiro": "no choice here depends on a test of normality",
    "wilcox_R_default_corr": _ZEROS,
    "wilcox_R_nocorr": _ZEROS,
    "exactRank_wilcox": _ZEROS + "; and it is asymptotic above 50 pairs",
    "binom_sign": "no sign test: probability of improvement with its interval says the same and more",
    "abc_ci": _BCA,
    "bca_accel": _BCA,
    "clubSandwich_CR1": "a scale factor for the number of patients; ours are Kauermann–Carroll, Mancl–DeRouen",
    "clubSandwich_CR1S": "as CR1",
    "geeglm_exchangeable": _EXCHANGEABLE,
    "gee_exch": _EXCHANGEABLE,
    "geeglm_daily_exchangeable": _EXCHANGEABLE,
    "geeglm_epil_exch": _EXCHANGEABLE,
    "geeglm_daily_ar1": "by the place in the list of days, not by the day: days that were not recorded do not count",
    "geeglm_ind_jack": _NOT_MD,
    "geeglm_ind_j1s": _NOT_MD,
    "geeglm_ind_fij": _NOT_MD,
    "glm_nb": "no model without an effect of each patient; negative binomial is for counts of attacks",
    "cond_logit_daily": "the same question is asked of the days by the daily logit, and of the counts by the "
    "conditional Poisson model",
    "ancova_single": "follow-up on baseline without a control group says nothing about treatment",
    "friedman": "no rank test of several months: they are compared one by one, adjusted by Holm",
    "mwu": "ranks of one patient's weeks: NAP is the same statistic over the number of pairs, with an interval",
    "mwu_exact": "as mwu",
    "clm": _ORDINAL,
    "clmm": _ORDINAL,
    "p_adjust_bonferroni": "Holm is never worse",
    "p_adjust_hochberg": "Holm holds whatever the dependence of the tests; Hochberg does not",
    "p_adjust_hommel": "as Hochberg",
    "p_adjust_BY": "Benjamini–Hochberg for what is labelled exploratory",
}

#: (method, field): single fields without a counterpart. A field with parts is named by its first word.
FIELDS: dict[tuple[str, str], str] = {
    ("desc", "n_zero"): "a count, in the notes of the rank tests",
    ("hl_walsh", "conf"): "the confidence reached is told by the method's name only where it falls short",
    ("cohen_dav_drm", "d_av_rms"): "d_av over the mean of the two standard deviations, and d_z, are given",
    ("cohen_dav_drm", "d_rm"): "as d_av_rms",
    ("cohen_dav_drm", "d_b"): "as d_av_rms",
    ("mcnemar", "asym_p"): _ASYMPTOTIC,
    ("mcnemar", "asym_cc_p"): _ASYMPTOTIC,
    ("mcnemar", "bonettprice_lo"): _BONETT,
    ("mcnemar", "bonettprice_hi"): _BONETT,
    ("mixed_levels", "p"): "the interval is the answer; days of one patient are not independent",
    **{
        (f"clubSandwich_CR{kind}", field): reason
        for kind in (0, 2, 3)
        for field, reason in (
            ("df_satt", _T_REFERENCE),
            ("p_satt", _T_REFERENCE),
            ("se0", _RATIO_ONLY),
            ("cov01", _RATIO_ONLY),
        )
    },
    ("geeglm_independence", "wald"): _T_REFERENCE,
    ("geeglm_independence", "p"): _T_REFERENCE,
    ("geeglm_independence", "phi"): "the sandwich does without it",
    ("glm_poisson", "se_model"): _MODEL_ERROR,
    ("glm_poisson", "pearson_disp"): _MODEL_ERROR,
    ("glm_poisson", "b0"): _RATIO_ONLY,
    ("rr_patient_weighted", "se_lz"): "n in place of n − 1; the interval uses the unbiased variance",
    ("rr_patient_weighted", "se_md"): "as se_lz",
    ("cond_poisson", "se_model"): _MODEL_ERROR,
    ("glmer_poisson", "note"): "not a number of the model",
    (
        "glmmTMB_nb2",
        "theta",
    ): "there is no spread beyond Poisson in these data: R's search runs on to 10⁷ and more, ours "
    "stops at 10⁵ with the status `boundary`",
    ("lmer_mhd", "se_kr"): _KR,
    ("lmer_mhd", "df_kr"): _KR,
    ("lmer_mhd", "p_kr"): _KR,
    ("lmer_months", "df_kr"): _KR,
    ("lmer_months", "se_kr"): _KR,
    (
        "ancova",
        "b.(Intercept)",
    ): "the difference between groups is reported; the intercept depends on the reference group",
    ("ancova", "se.(Intercept)"): "as its value",
    ("xmr", "lcl_exactd2"): "Shewhart's rounded 1.128 is the published constant",
    ("laney_p", "sigma_z"): "in the limits",
    ("laney_u", "sigma_z"): "in the limits",
    ("mee_chua", "beta"): "only the intercept answers the question",
    ("oldham", "naive"): "the correlation of change with baseline is an artefact, and is not shown",
    ("pitman_morgan", "t"): "the interval is that of the ratio of the two variances",
    (
        "km_rmst",
        "med_lo",
    ): "limits of the median by the log-log interval, as everywhere; R's default is the log interval",
    ("km_rmst", "med_hi"): "as med_lo",
    ("km_rmst", "lo_log"): "R's default interval; ours is the log-log one (km_loglog)",
    ("km_rmst", "hi_log"): "as lo_log",
    ("cuminc", "var"): "cmprsk has a variance of its own; ours is Greenwood's",
}

#: (entry, field): computed, and different on purpose.
ON_PURPOSE: dict[tuple[str, str], str] = {
    (
        "rank_biserial/kd",
        "lo",
    ): "effectsize counts the 3 unchanged of 55 pairs into the variance; ours has the 52 that changed",
    ("rank_biserial/kd", "hi"): "as lo",
    (
        "rank_biserial/sleep",
        "lo",
    ): "effectsize prints 1 to 1, an interval of no width; ours is left out with a note",
    ("rank_biserial/sleep", "hi"): "as lo",
    (
        "tau_bc/vig",
        "tau_b",
    ): "two weeks lie exactly on the baseline's line; R misses that tie by 4·10⁻¹⁶ (with rounded "
    "values R gives ours)",
    ("tau_bc/vig", "se_tarlow"): "as tau_b",
    ("power_t_n", "n"): "whole patients: R's number rounded up",
    ("power_t_n", "n90"): "as n",
}

#: How near a field must come, relative to the greater of 1 and R's value; the first that fits. Closed forms 1e-10.
_LINEAR, _QUADRATURE = 1e-5, 5e-5
_BY_FIELD: dict[tuple[str, str], float] = {
    ("nap", "lo"): 5e-5,
    ("nap", "hi"): 5e-5,
    ("rtm_davis", "numeric"): 1e-8,
    ("glmmTMB_nb2", "se"): 1e-3,
    ("glmmTMB_nb2", "ll"): 1e-5,
    ("glmmTMB_betabinomial", "phi"): _QUADRATURE,
    ("lmer_slope", "vc"): 1e-4,
    ("signflip_exact/anFT", "p_enum"): 3e-4,
}
_BY_METHOD: dict[str, float] = {
    "coin_signflip": 5e-3,
    "cohen_dz": 1e-6,
    "cohen_dz_nct": 1e-9,
    "glmer_poisson": _QUADRATURE,
    "glmer_binomial25": _QUADRATURE,
    "glmmTMB_betabinomial": _QUADRATURE,
    "glmmTMB_nb2": _QUADRATURE,
    "glmer_epil_nb": _QUADRATURE,
    "glmer_daily25": _QUADRATURE,
    **dict.fromkeys(
        ("lmer_mhd", "glmmTMB_lmer_w", "lmer", "lmer_months", "lmer_slope", "icc_halves", "practitioner_lmer",
         "dose_within_between", "gls_un_mmrm", "its_gls_ar1", "its_gls_ar1_ml"),
        _LINEAR,
    ),
    **dict.fromkeys(
        ("clubSandwich_CR0", "clubSandwich_CR2", "clubSandwich_CR3", "geeglm_independence", "quasibinomial_cr",
         "geeglm_daily_independence", "its_pooled_gee", "rr_closed_form", "cond_poisson"),
        1e-9,
    ),
}  # fmt: skip
_DF = {"df", "df_satt", "df_w", "df_b"}

#: At its top a likelihood is flat: it agrees further than the place of the top.
_LIKELIHOODS, _LIKELIHOOD = {"ll", "reml_ll"}, 1e-8


def field_name(field: str) -> str:
    """The first word of a field: `surv` of `surv[2]`; `b.(Intercept)` stays, since terms have names."""
    return field.split("[")[0]


def reason_for(method: str, field: str) -> str | None:
    """Why a field has no counterpart; None where it must have one."""
    if method in NOT_OURS:
        return NOT_OURS[method]
    for name in (field, field_name(field), field.split(".")[0]):
        if (method, name) in FIELDS:
            return FIELDS[(method, name)]
    return None


def tolerance(entry: str, field: str) -> float:
    """How near ours must come to R's."""
    method = entry.split("/")[0]
    for key in ((entry, field), (method, field), (method, field_name(field))):
        if key in _BY_FIELD:
            return _BY_FIELD[key]
    if field in _LIKELIHOODS:
        return _LIKELIHOOD
    if field in _DF and method in _BY_METHOD:
        return 1e-4
    return _BY_METHOD.get(method, 1e-10)
