"""Intervals behind the topics' numbers, beside the R call that gave them (R 4.2.2, package survival)."""

from __future__ import annotations

import numpy as np
import pytest

from outcomes.analysis.heterogeneity import adjusted_means, welch_anova
from outcomes.analysis.proportions import clopper_pearson, most_if_none, newcombe_paired, poisson_rate
from outcomes.analysis.survival import kaplan_meier, restricted_mean

C = 0.95


def test_exact_limits_of_sessions_and_patients_with_an_event() -> None:
    # binom.test(5, 1172)$conf.int
    found = clopper_pearson(5, 1172, C)
    assert (found.low, found.high) == pytest.approx((0.00138663422628221, 0.00992761813539578), rel=1e-12)
    # binom.test(0, 239)$conf.int; binom.test(0, 239, alternative = "less")$conf.int
    none = clopper_pearson(0, 239, C)
    assert (none.low, none.high) == pytest.approx((0.0, 0.0153161384499046), rel=1e-12)
    assert most_if_none(239, C).value == pytest.approx(0.01245621570107, rel=1e-12)


def test_events_per_100_sessions() -> None:
    # poisson.test(305)$conf.int / 11.72
    found = poisson_rate(305, 11.72, C)
    assert (found.low, found.high) == pytest.approx((23.1849377125083, 29.1145455033089), rel=1e-12)


def test_shares_of_the_same_patients_before_and_after() -> None:
    # Newcombe 1998, method 10, worked in R from prop.test's Wilson limits; 23 both, 34 before only, 6 after only,
    # 74 neither:
    #   w <- function(k, n) prop.test(k, n, correct = FALSE)$conf.int
    #   phi <- (max(23*74 - 34*6 - 137/2, 0)) / sqrt(57*80*29*108)
    #   D <- 29/137 - 57/137; D - sqrt(dl2^2 - 2*phi*dl2*du1 + du1^2), and so on
    found = newcombe_paired(23, 34, 6, 74, C)
    assert (found.value, found.low, found.high) == pytest.approx(
        (-0.204379562043796, -0.286919167518735, -0.117951409874726), rel=1e-12
    )


def test_the_curve_of_windows_its_log_log_interval_and_its_restricted_mean() -> None:
    time = [28, 28, 56, 56, 84, 84, 112, 28, 140, 56]
    event = [1, 0, 1, 1, 0, 1, 1, 0, 0, 1]
    # s <- survfit(Surv(time, event) ~ 1, conf.type = "log-log"); summary(s)[c("surv", "lower", "upper")]
    survival = (0.9, 0.514285714285714, 0.385714285714286, 0.192857142857143)
    lower = (0.4730092713620505, 0.1600494784466764, 0.0907708903884238, 0.0115327149640648)
    upper = (0.985281393367343, 0.785577532138720, 0.685065313222932, 0.544995892370795)
    curve = kaplan_meier(time, event, C)
    for day, *expected in zip((28, 56, 84, 112), survival, lower, upper, strict=True):
        at = curve.at(day)
        assert (at.value, at.low, at.high) == pytest.approx(expected, rel=1e-9)
    # summary(s, rmean = 84)$table[c("rmean", "se(rmean)", "median", "0.95LCL", "0.95UCL")]
    mean = restricted_mean(time, event, 84, C)
    half = 1.959963984540054 * 6.29612125495871
    assert (mean.value, mean.low, mean.high) == pytest.approx((67.6, 67.6 - half, 67.6 + half), rel=1e-10)
    assert (curve.median.value, curve.median.low, curve.median.high) == (84, 28, None)


def test_welch_between_strata() -> None:
    # oneway.test(y ~ g)
    groups = [[-3, -5, 1, 0, -2, -7], [-1, 0, 2, -3, 1], [-8, -4, -6, -9, -2, -5, -7]]
    found = welch_anova([np.array(group, dtype=np.float64) for group in groups])
    assert (found.f, found.df_between, found.df_within, found.p) == pytest.approx(
        (9.54551126442130, 2, 9.67780769656945, 0.00513447209250197), rel=1e-10
    )


def test_strata_at_one_baseline() -> None:
    # x <- c(14,9,15,8,10,20,12,9,13); f <- c(10,8,12,5,7,14,9,6,11); g <- factor(rep(1:3, each = 3))
    # m <- lm(f ~ x + g); predict(m, data.frame(x = mean(x), g = factor(1:3)), interval = "confidence") - mean(x)
    # anova(lm(f ~ x), m)
    x = np.array([14, 9, 15, 8, 10, 20, 12, 9, 13], dtype=np.float64).reshape(3, 3)
    f = np.array([10, 8, 12, 5, 7, 14, 9, 6, 11], dtype=np.float64).reshape(3, 3)
    means, test = adjusted_means(list(x), list(f - x), C)
    expected = [
        (-2.55158730158730, -3.85299576992416, -1.25017883325044),
        (-3.88492063492063, -5.18632910325749, -2.58351216658378),
        (-2.89682539682540, -4.20846790324238, -1.58518289040842),
    ]
    for mean, values in zip(means, expected, strict=True):
        assert (mean.value, mean.low, mean.high) == pytest.approx(values, rel=1e-10)
    assert (test.f, test.p) == pytest.approx((1.874109548039506, 0.246959582744132), rel=1e-9)
