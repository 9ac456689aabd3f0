"""What the series, the sessions, the practitioners and the daily logit do at their edges, and the laws they keep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import outcomes as oc
from outcomes.analysis.models.autocorrelated import ar1_regression, newey_west_regression
from outcomes.analysis.models.clustered_logit import clustered_logit
from outcomes.analysis.models.daily_logit import daily_logit
from outcomes.analysis.models.dose import BETWEEN, LABEL, WITHIN, dose_association
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.models.practitioners import compare_practitioners
from outcomes.analysis.models.random_effects import random_effects
from outcomes.analysis.models.session_rows import dose_rows, main_practitioner, session_days
from outcomes.analysis.models.time_series import pooled_series, single_series, weekly_series


def clinic(patients: int, seed: int = 3, change: float = -0.5) -> pd.DataFrame:
    """Weekly counts of a clinic: 8 weeks before, 8 after, levels that differ between patients."""
    generator = np.random.default_rng(seed)
    weeks = np.tile(np.arange(-8, 8), patients)
    level = np.repeat(generator.normal(-0.4, 0.8, patients), 16)
    recorded = generator.integers(4, 8, len(weeks))
    headache = generator.binomial(recorded, expit(level + change * (weeks >= 0)))
    ids = np.repeat([f"P-{i:04d}" for i in range(patients)], 16)
    return pd.DataFrame(
        {"patient_id": ids, "week": weeks, "recorded_days": recorded, "headache_days": headache}
    )


def numbers(model: FittedModel) -> list[float]:
    return [
        float(value)
        for term in model.terms
        for value in (term.value, term.low, term.high)
        if value is not None
    ]


# ---- pooled series ----


def test_a_planted_change_lies_in_the_interval() -> None:
    """600 patients whose log odds fall by 0.5 at week 0 and do not drift; the average patient's fall is smaller.

    Over patients with a normal spread of 0.8 the log odds shrink by about √(1 + 0.346·0.8²) (Zeger 1988).
    """
    found = pooled_series(clinic(600))
    shrunk = -0.5 / np.sqrt(1 + 0.346 * 0.8**2)
    level = found["change of level"]
    assert level.low is not None and level.high is not None
    assert level.low < shrunk < level.high
    assert level.high - level.low < 0.3


@pytest.mark.parametrize("patients", [0, 1, 4, 5, 7])
def test_fewer_than_eight_patients_have_no_pooled_series(patients: int) -> None:
    found = pooled_series(clinic(patients))
    assert (found.status, found.n, found.terms) == ("not_estimable", patients, ())
    assert found.reason.startswith("insufficient_n")


def test_eight_patients_have_four_degrees_of_freedom() -> None:
    found = pooled_series(clinic(8))
    assert found.usable
    assert {term.df for term in found.terms} == {4.0}


@pytest.mark.parametrize("share", [0, 1])
def test_all_days_alike_have_no_series(share: int) -> None:
    weeks = clinic(10)
    weeks["headache_days"] = share * weeks["recorded_days"]
    found = pooled_series(weeks)
    assert found.status == "not_estimable" and found.reason.startswith("no_variation")


def test_headache_free_after_the_first_session_is_a_separation() -> None:
    weeks = clinic(12)
    weeks.loc[weeks["week"] >= 0, "headache_days"] = 0
    found = pooled_series(weeks)
    assert (found.status, found.terms) == ("not_converged", ())
    assert found.reason.startswith("separation")


def test_one_side_only_is_not_identified() -> None:
    weeks = clinic(12)
    found = pooled_series(weeks[weeks["week"] >= 0])
    assert found.status == "not_estimable" and found.reason.startswith("not_identified")


def test_days_that_were_not_recorded_do_not_count() -> None:
    weeks = clinic(12)
    empty = weeks.head(5).assign(recorded_days=0, headache_days=0)
    unknown = weeks.head(5).assign(recorded_days=np.nan)
    more = pd.concat([weeks, empty, unknown], ignore_index=True)
    assert numbers(pooled_series(more)) == numbers(pooled_series(weeks))


def test_neither_rows_nor_names_matter() -> None:
    weeks = clinic(12)
    shuffled = weeks.sample(frac=1, random_state=4)
    renamed = weeks.assign(patient_id=weeks["patient_id"].map(lambda name: name[::-1]))
    expected = numbers(pooled_series(weeks))
    assert numbers(pooled_series(shuffled)) == expected
    assert numbers(pooled_series(renamed)) == pytest.approx(expected, rel=1e-10)


def test_every_patient_twice_keeps_the_estimate_and_narrows_the_interval() -> None:
    weeks = clinic(30)
    twice = pd.concat([weeks, weeks.assign(patient_id="again-" + weeks["patient_id"])])
    once, doubled = pooled_series(weeks), pooled_series(twice)
    assert [term.value for term in doubled.terms] == pytest.approx(
        [term.value for term in once.terms], abs=1e-9
    )
    for name in ("change of level", "trend before"):
        ratio = (doubled[name].standard_error or 0) / (once[name].standard_error or 1)
        assert ratio == pytest.approx(1 / np.sqrt(2), rel=0.05)


def test_headache_free_days_counted_instead_turn_every_sign() -> None:
    weeks = clinic(20)
    turned = weeks.assign(headache_days=weeks["recorded_days"] - weeks["headache_days"])
    here, there = pooled_series(weeks), pooled_series(turned)
    for name in (
        "level before",
        "trend before",
        "change of level",
        "change of trend",
        "change of level, days",
    ):
        assert there[name].value == pytest.approx(-(here[name].value or 0), abs=1e-8)
        assert there[name].low == pytest.approx(-(here[name].high or 0), abs=1e-8)


def test_counts_that_cannot_be_are_refused() -> None:
    weeks = clinic(10)
    weeks.loc[3, "headache_days"] = 9
    with pytest.raises(oc.PlanError, match="between 0 and"):
        pooled_series(weeks)
    with pytest.raises(oc.PlanError, match="no column"):
        pooled_series(weeks.drop(columns="week"))
    with pytest.raises(oc.PlanError, match="correction"):
        clustered_logit(clinic(10), "~ week", correction="jackknife")  # type: ignore[arg-type]


def test_patients_who_are_all_alike_have_no_interval() -> None:
    one = pd.DataFrame({"week": [-2, -1, 0, 1], "headache_days": [3, 4, 2, 1], "recorded_days": 7})
    found = pooled_series(pd.concat([one.assign(patient_id=i) for i in range(10)]))
    assert (found.status, found.terms) == ("not_estimable", ())
    assert found.reason.startswith("zero_variance")


# ---- one series ----


def series(before: Sequence[float], after: Sequence[float]) -> pd.DataFrame:
    weeks = [*range(-len(before), 0), *range(len(after))]
    return pd.DataFrame({"week": weeks, "headache_days": [*before, *after], "recorded_days": 7})


@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 0), (1, 5), (5, 1), (0, 8)])
def test_below_two_weeks_on_a_side_there_is_nothing(before: int, after: int) -> None:
    found = single_series(series([3, 4, 2, 5, 4][:before], [1, 2, 1, 0, 2, 3, 1, 1][:after]))
    assert (found.status, found.terms) == ("not_estimable", ())
    assert found.reason.startswith("insufficient_weeks")


def test_seven_weeks_compare_levels_and_eight_have_trends() -> None:
    before, after = [3, 4, 2, 5, 4, 3, 4, 5], [2, 1, 2, 3, 1, 2, 0, 1]
    assert single_series(series(before[:7], after)).name == "comparison of levels"
    whole = single_series(series(before, after))
    assert whole.name == "interrupted series"
    assert {"trend before", "change of trend"} <= {term.name for term in whole.terms}


def test_weeks_with_few_recorded_days_do_not_count() -> None:
    weeks = series([3, 4, 2, 5, 4, 3, 4, 5], [2, 1, 2, 3, 1, 2, 0, 1])
    weeks.loc[0, ["recorded_days", "headache_days"]] = [4, 1]
    assert single_series(weeks).name == "comparison of levels"
    assert single_series(weeks, min_recorded=4).name == "interrupted series"


def test_weeks_without_a_count_do_not_count() -> None:
    weeks = series([3, 4, 2, 5], [2, 1, 2, 3])
    weeks["headache_days"] = weeks["headache_days"].astype("float64")
    weeks.loc[0, "headache_days"] = np.nan
    assert numbers(single_series(weeks)) == numbers(single_series(weeks.iloc[1:]))


def test_more_headache_days_than_recorded_are_refused() -> None:
    with pytest.raises(oc.PlanError, match="between 0 and"):
        single_series(series([3, 4, 8], [2, 1]))


def test_a_straight_line_leaves_nothing_to_estimate() -> None:
    found = single_series(series([3] * 9, [3] * 9))
    assert found.status == "not_estimable" and found.reason.startswith("zero_variance")


def test_alike_weeks_compared_have_no_interval() -> None:
    change = single_series(series([4, 4, 4], [2, 2, 2]))["change of level"]
    assert (change.value, change.low, change.high, change.p) == (-2.0, None, None, None)


def test_order_of_weeks_does_not_matter_and_gaps_do() -> None:
    weeks = series([3, 4, 2, 5, 4, 3, 4, 5, 2, 4], [2, 1, 2, 3, 1, 2, 0, 1, 2, 2])
    assert numbers(single_series(weeks.sample(frac=1, random_state=2))) == numbers(single_series(weeks))
    later = weeks.assign(week=weeks["week"].where(weeks["week"] < 0, weeks["week"] + 20))
    assert single_series(later)["change of level"].value != single_series(weeks)["change of level"].value


def test_twice_the_headaches_are_twice_the_numbers() -> None:
    frame = series([3, 4, 2, 5, 4, 3, 4, 5, 2, 4], [2, 1, 2, 3, 1, 2, 0, 1, 2, 2])
    frame["post"] = (frame["week"] >= 0).astype(int)
    once = ar1_regression(frame, "headache_days ~ week + post", "week")
    twice = ar1_regression(frame, "I(2 * headache_days) ~ week + post", "week")
    for name in ("week", "post", "sigma"):
        assert twice[name].value == pytest.approx(2 * (once[name].value or 0), rel=1e-6)
    assert twice["phi"].value == pytest.approx(once["phi"].value, abs=1e-6)
    assert twice["post"].df == pytest.approx(once["post"].df, rel=1e-4)


def test_satterthwaite_never_has_more_degrees_of_freedom_than_rows_allow() -> None:
    frame = series([3, 4, 2, 5, 4, 3, 4, 5, 2, 4], [2, 1, 2, 3, 1, 2, 0, 1, 2, 2])
    frame["post"] = (frame["week"] >= 0).astype(int)
    own = ar1_regression(frame, "headache_days ~ week + post", "week")
    plain = ar1_regression(frame, "headache_days ~ week + post", "week", freedom="residual")
    for name in ("Intercept", "week", "post"):
        assert plain[name].df == 17
        assert 1 <= (own[name].df or 0) <= 17
        assert own[name].standard_error == plain[name].standard_error


def test_a_series_that_drifts_has_estimates_without_intervals() -> None:
    """A sum of coin tosses: φ runs to its end, and intervals from there were wrong in a quarter of simulations."""
    tosses = np.random.default_rng(4).choice([-1.0, 1.0], 60)
    frame = pd.DataFrame({"t": np.arange(60), "y": np.cumsum(np.cumsum(tosses))})
    found = ar1_regression(frame, "y ~ 1", "t")
    assert (found["phi"].value or 0) > 0.99
    term = found["Intercept"]
    assert term.value is not None and (term.low, term.high, term.p) == (None, None, None)
    assert any(note.startswith("no_interval") for note in found.notes)
    assert ar1_regression(frame, "y ~ 1", "t", freedom="residual")["Intercept"].low is not None


def test_times_must_be_whole_and_single() -> None:
    frame = series([3, 4, 2, 5], [2, 1, 2, 3]).astype({"week": float})
    with pytest.raises(oc.PlanError, match="twice"):
        ar1_regression(pd.concat([frame, frame]), "headache_days ~ week", "week")
    frame.loc[0, "week"] = 0.5
    with pytest.raises(oc.PlanError, match="whole"):
        newey_west_regression(frame, "headache_days ~ week", "week", 2)


# ---- day by day ----


def days_of(patients: int, days: int, spread: float, seed: int = 8) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    level = np.repeat(generator.normal(0, spread, patients), days)
    post = np.tile(np.arange(days) >= days // 2, patients).astype(int)
    headache = generator.random(len(post)) < expit(level - 0.5 * post)
    return pd.DataFrame(
        {"patient_id": np.repeat(np.arange(patients), days), "post": post, "headache": headache}
    )


def test_a_planted_daily_change_lies_in_the_interval() -> None:
    found = daily_logit(days_of(200, 40, 1.0), "headache ~ post")
    post = found["post"]
    assert post.low is not None and post.high is not None
    assert post.low < -0.5 < post.high
    assert found["sd Intercept"].value == pytest.approx(1.0, abs=0.2)
    assert any(note.startswith("dependent_days") for note in found.notes)


def test_patients_who_do_not_differ_are_at_the_boundary() -> None:
    """Every patient with the same share of headache days: less spread than chance would give."""
    one = pd.DataFrame({"post": [0, 0, 0, 0, 1, 1, 1, 1], "headache": [1, 0, 1, 0, 1, 0, 0, 0]})
    whole = pd.concat([one.assign(patient_id=i) for i in range(20)], ignore_index=True)
    found = daily_logit(whole, "headache ~ post")
    assert found.status == "boundary"
    assert found["sd Intercept"].value == pytest.approx(0, abs=1e-3)
    # Then it is the plain logit: log odds 0 before, 1 of 4 after.
    assert found["Intercept"].value == pytest.approx(0, abs=1e-5)
    assert found["post"].value == pytest.approx(np.log(1 / 3), abs=1e-5)
    assert found["post"].standard_error == pytest.approx(np.sqrt(1 / 20 + 1 / 15), rel=1e-4)


def test_effects_in_lockstep_are_at_the_boundary() -> None:
    """Levels differ and changes do not: the fit's slopes follow from its intercepts, a correlation of ±1."""
    found = daily_logit(days_of(30, 20, 1.0), "headache ~ post", random="1 + post")
    correlation, spread = found["correlation Intercept, post"].value, found["sd post"].value
    assert correlation is not None and abs(correlation) == pytest.approx(1, abs=1e-6)
    assert spread is not None and spread > 1e-3
    assert found.status == "boundary"
    assert found["post"].low is not None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows[rows["patient_id"] == 0], "insufficient_n"),
        (lambda rows: rows.assign(headache=True), "no_variation"),
        (lambda rows: rows[rows["post"] == 1], "not_identified"),
        (lambda rows: rows.assign(post=np.nan), "no_rows"),
        (lambda rows: rows.assign(headache=rows["post"] == 0), "separation"),
    ],
)
def test_days_that_cannot_carry_a_logit_say_why(change: Any, reason: str) -> None:
    found = daily_logit(change(days_of(12, 20, 1.0)), "headache ~ post")
    assert not found.usable and found.terms == ()
    assert found.reason.startswith(reason)


def test_a_daily_logit_does_not_depend_on_the_order_of_rows() -> None:
    rows = days_of(30, 20, 1.0)
    expected = daily_logit(rows, "headache ~ post")
    assert numbers(daily_logit(rows.sample(frac=1, random_state=3), "headache ~ post")) == numbers(expected)


def test_what_cannot_be_asked_of_a_daily_logit() -> None:
    rows = days_of(12, 20, 1.0)
    with pytest.raises(oc.PlanError, match="0 or 1"):
        daily_logit(rows.assign(headache=rows["headache"] * 2), "headache ~ post")
    with pytest.raises(oc.PlanError, match="nodes"):
        daily_logit(rows, "headache ~ post", random="1 + post", points=100)
    with pytest.raises(oc.PlanError, match="patient_id"):
        daily_logit(rows.drop(columns="patient_id"), "headache ~ post")
    with pytest.raises(oc.PlanError):
        daily_logit(rows, "headache ~ weather")


# ---- sessions ----


def test_sessions_are_an_association_without_a_p_value() -> None:
    """The label stands beside the numbers, and a p value comes only when it is asked for."""
    generator = np.random.default_rng(2)
    rows = pd.DataFrame(
        {
            "patient_id": np.repeat(np.arange(20), 4),
            "period": np.tile(np.arange(4), 20),
            "sessions": generator.integers(0, 4, 80),
            "value": generator.integers(0, 29, 80).astype(float),
        }
    )
    found = dose_association(rows)
    assert [term.p for term in found.terms] == [None, None]
    assert LABEL in found.notes[0]
    asked = dose_association(rows, p_values=True)
    assert all(term.p is not None for term in asked.terms)
    assert [term.value for term in asked.terms] == [term.value for term in found.terms]


def test_within_and_between_are_told_apart() -> None:
    """Planted without noise between periods: +2 days per session between patients, −1 within them."""
    generator = np.random.default_rng(5)
    mean, extra = np.repeat(np.arange(1.0, 11), 4), np.tile([1.0, -1, 0.5, -0.5], 10)
    value = 8 + 2 * mean - extra + generator.normal(0, 0.01, 40)
    rows = pd.DataFrame(
        {
            "patient_id": np.repeat(np.arange(10), 4),
            "period": np.tile([0, 1, 1, 0], 10),
            "sessions": mean + extra,
            "value": value,
        }
    )
    found = dose_association(rows.assign(period=0))
    assert found[WITHIN].value == pytest.approx(-1, abs=0.02)
    assert found[BETWEEN].value == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize(
    ("sessions", "reason"),
    [([1, 1, 1, 1, 2, 2, 2, 2], "not_identified"), ([1, 2, 1, 2, 1, 2, 1, 2], "not_identified")],
)
def test_sessions_that_do_not_vary_say_so(sessions: list[int], reason: str) -> None:
    rows = pd.DataFrame(
        {
            "patient_id": [0] * 4 + [1] * 4,
            "period": [0, 1, 2, 3] * 2,
            "sessions": sessions,
            "value": [3.0, 4, 5, 6, 7, 8, 9, 3],
        }
    )
    found = dose_association(rows)
    assert found.status == "not_estimable" and found.reason.startswith(reason)
    assert LABEL in found.notes[0]


# ---- practitioners ----


def patients_of(sizes: dict[str, int], seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    names = np.repeat(list(sizes), list(sizes.values()))
    baseline = generator.integers(4, 25, len(names)).astype(float)
    followup = np.clip(baseline + generator.integers(-8, 5, len(names)), 0, 28)
    return pd.DataFrame({"practitioner_id": names, "baseline": baseline, "followup": followup})


def test_practitioners_with_fewer_than_five_patients_are_not_shown() -> None:
    found = compare_practitioners(patients_of({"A": 12, "B": 4, "C": 9, "D": 1}))
    assert [row.practitioner for row in found.rows] == ["A", "C"]
    assert (found.suppressed, found.suppressed_patients, found.n) == (2, 5, 21)
    with pytest.raises(oc.PlanError, match="5 or more"):
        compare_practitioners(patients_of({"A": 12, "C": 9}), least_patients=3)


def test_practitioners_stand_in_the_order_of_their_names_and_have_no_rank() -> None:
    pairs = patients_of({"C": 8, "A": 8, "B": 8})
    pairs.loc[pairs["practitioner_id"] == "C", "followup"] -= 3
    found = compare_practitioners(pairs)
    assert [row.practitioner for row in found.rows] == ["A", "B", "C"]
    assert not [name for name in found.to_frame().columns if "rank" in name]
    shuffled = compare_practitioners(pairs.sample(frac=1, random_state=9))
    assert shuffled.rows == found.rows


def test_drawn_in_lies_between_the_own_figure_and_the_mean() -> None:
    found = compare_practitioners(patients_of({name: 6 + 3 * i for i, name in enumerate("ABCDEF")}))
    mean = found.mean.value or 0.0
    for row in found.rows:
        assert min(row.adjusted, mean) - 1e-12 <= row.shrunken <= max(row.adjusted, mean) + 1e-12
        assert row.low < row.shrunken < row.high
        assert row.outer_low < row.funnel_low < mean < row.funnel_high < row.outer_high
    widths = [row.funnel_high - row.funnel_low for row in found.rows]
    assert widths == sorted(widths, reverse=True)


def test_a_worse_baseline_alone_makes_no_difference_between_practitioners() -> None:
    """Follow-up is half the baseline for everyone: the plain changes differ, the ones at one baseline do not."""
    baseline = np.concatenate([np.arange(4.0, 12), np.arange(14.0, 22)])
    noise = np.tile([0.5, -0.5, -0.5, 0.5], 4)
    pairs = pd.DataFrame(
        {"practitioner_id": ["A"] * 8 + ["B"] * 8, "baseline": baseline, "followup": baseline / 2 + noise}
    )
    first, second = compare_practitioners(pairs).rows
    assert second.observed - first.observed == pytest.approx(-5)
    assert second.adjusted == pytest.approx(first.adjusted, abs=1e-9)


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [({}, "insufficient_n"), ({"A": 20}, "insufficient_n"), ({"A": 4, "B": 3}, "insufficient_n")],
)
def test_one_practitioner_is_nobody_to_compare(sizes: dict[str, int], reason: str) -> None:
    pairs = patients_of(sizes) if sizes else patients_of({"A": 1}).iloc[:0]
    found = compare_practitioners(pairs)
    assert (found.status, found.rows, found.mean.value) == ("not_estimable", (), None)
    assert found.reason.startswith(reason)
    assert found.to_frame().empty


def test_the_same_change_everywhere_has_no_spread() -> None:
    pairs = patients_of({"A": 8, "B": 8})
    found = compare_practitioners(pairs.assign(followup=pairs["baseline"] - 2))
    assert found.status == "not_estimable" and found.reason.startswith("zero_variance")


def test_alike_units_have_no_variance_between_them() -> None:
    found = random_effects(np.array([-1.0, -1.1, -0.9]), np.array([1.0, 1.0, 1.0]))
    assert found.tau_squared == 0
    assert list(found.predictions) == pytest.approx([-1.0] * 3)
    same = random_effects(np.array([2.0, 2.0]), np.array([1.0, 0.5]))
    assert (same.mean.value, same.mean.low) == (2.0, None)
    with pytest.raises(oc.PlanError):
        random_effects(np.array([1.0]), np.array([1.0]))
    with pytest.raises(oc.PlanError):
        random_effects(np.array([1.0, 2.0]), np.array([1.0, 0.0]))


# ---- from records ----


@pytest.fixture(scope="module")
def periods(sample: Path) -> oc.Periods:
    return oc.split_periods(oc.load_records(sample))


def test_weeks_add_up_to_the_windows(periods: oc.Periods) -> None:
    """Weeks −4 to −1 are the baseline window, weeks 8 to 11 the follow-up: the same recorded and headache days."""
    from outcomes.analysis.day_counts import window_counts

    weeks = weekly_series(periods)
    counts = window_counts(periods).set_index("patient_id")
    counts = counts[counts["standing"] == "analysed"]
    for window, (first, last) in {"baseline": (-4, -1), "followup": (8, 11)}.items():
        cut = (
            weeks[weeks["week"].between(first, last)]
            .groupby("patient_id")[["recorded_days", "headache_days"]]
            .sum()
        )
        for name in ("recorded_days", "headache_days"):
            assert (cut[name] == counts[f"{window}_{name}"]).all()
    assert weeks["patient_id"].nunique() == len(counts)
    assert weekly_series(periods, analysed_only=False)["patient_id"].nunique() > len(counts)


def test_sessions_of_the_records(periods: oc.Periods) -> None:
    """Every patient's first session is day 0, and the sessions of the periods are all sessions."""
    given = session_days(periods)
    assert (given.groupby("patient_id")["relative_day"].min() == 0).all()
    rows = dose_rows(periods)
    assert rows["recorded_days"].min() >= 20 and rows["period"].min() == 0
    one = rows.iloc[0]
    days = given.loc[given["patient_id"] == one["patient_id"], "relative_day"] - 28 * one["period"]
    assert one["sessions"] == int(days.between(0, 27).sum())
    assert dose_association(rows).usable


def test_a_patient_belongs_to_whoever_gave_most_sessions() -> None:
    diary = pd.DataFrame(
        {"patient_id": ["P-0001", "P-0002", "P-0003"], "day": [1, 1, 1], "headache": ["no"] * 3}
    )
    sessions = pd.DataFrame(
        {
            "patient_id": ["P-0001", "P-0001", "P-0001", "P-0002", "P-0002", "P-0003"],
            "day": [0, 7, 14, 0, 7, 0],
            "practitioner_id": ["PR-1", "PR-1", "PR-2", "PR-1", "PR-2", ""],
        }
    )
    records = oc.load_records({"diary": diary, "sessions": sessions})
    found = main_practitioner(oc.split_periods(records))
    assert found["P-0001"] == "PR-1"
    assert pd.isna(found["P-0002"]) and pd.isna(found["P-0003"])


def test_practitioners_of_the_sample(periods: oc.Periods) -> None:
    """Every analysed patient is in a row, suppressed, or left out."""
    pairs = oc.pair_by_patient(oc.measure_endpoints(periods), "headache_days_per_28")
    found = compare_practitioners(pairs.join(main_practitioner(periods)))
    assert found.status == "converged"
    assert found.n == sum(row.n for row in found.rows)
    assert found.n + found.n_left_out + found.suppressed_patients == len(pairs)


def test_records_without_a_diary_or_sessions_say_so() -> None:
    diary = pd.DataFrame({"patient_id": ["P-0001", "P-0001"], "day": [-1, 1], "headache": ["no", "yes"]})
    with pytest.raises(oc.PlanError, match="no sessions"):
        session_days(oc.split_periods(oc.load_records({"diary": diary})))
    summaries = pd.DataFrame(
        {"patient_id": ["P-0001"], "period": ["baseline"], "headache_days_per_28": [4.0]}
    )
    with pytest.raises(oc.PlanError, match="no daily diary"):
        weekly_series(oc.split_periods(oc.load_records({"summaries": summaries})))


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_the_interval_of_a_practitioner_holds_what_was_planted(spread: float) -> None:
    """Eight practitioners with 12 patients each, 300 clinics; only luck and `spread` differ."""
    generator = np.random.default_rng(20)
    names = np.repeat(list("ABCDEFGH"), 12)
    hits = []
    for _ in range(300):
        planted = generator.normal(-3, spread, 8)
        baseline = generator.normal(14, 4, len(names))
        followup = baseline + np.repeat(planted, 12) + generator.normal(0, 4, len(names))
        frame = pd.DataFrame({"practitioner_id": names, "baseline": baseline, "followup": followup})
        found = compare_practitioners(frame)
        hits += [row.low <= true <= row.high for row, true in zip(found.rows, planted, strict=True)]
    # Practitioners of one clinic share the mean and τ²: the standard error is of 300 clinics, not of 2,400 figures.
    assert np.mean(hits) >= 0.95 - 4 * (0.95 * 0.05 / 300) ** 0.5 / 2
