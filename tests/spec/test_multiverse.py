"""The multiverse: each row is what the plan of its choices gives, and the lines below it are counted by hand."""

from __future__ import annotations

import dataclasses
import itertools
import math
import subprocess
import sys
from typing import Any

import matplotlib.axes
import numpy as np
import pandas as pd
import pytest
from diaries import drawn, load

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.catalogue import CATALOGUE
from outcomes.analysis.estimates import t_quantile
from outcomes.analysis.missing_diaries.analyses import missing_diary_analyses
from outcomes.analysis.multiverse import choices as choice_table
from outcomes.analysis.multiverse.analyses import ANALYSES
from outcomes.analysis.multiverse.choices import Asked, Choice, Option
from outcomes.analysis.multiverse.day_weighted import day_weighted_difference
from outcomes.analysis.results import Multiverse, MultiverseRow
from outcomes.errors import PlanError
from outcomes.records.checked import Records

QUICK = AnalysisPlan(bootstrap_resamples=999, imputations=20)


@pytest.fixture(scope="module")
def records(sample: Any) -> Records:
    return oc.load_records(sample, QUICK)


@pytest.fixture(scope="module")
def found(records: Records) -> Multiverse:
    return oc.multiverse(records, QUICK)


def one(frame: pd.DataFrame, **wanted: str) -> pd.Series:
    """The row of these options, the planned ones where none is named."""
    default = frame[frame["is_default"]].iloc[0]
    names = [
        "followup_window",
        "baseline_window",
        "minimum_days",
        "headache_day_rule",
        "missing_data",
        "estimator",
    ]
    rows = frame
    for name in names:
        rows = rows[rows[name] == wanted.get(name, default[name])]
    assert len(rows) == 1
    return rows.iloc[0]


def compared(records: Records, plan: AnalysisPlan, endpoint: str = "headache_days_per_28") -> Any:
    return oc.compare(oc.measure_endpoints(oc.split_periods(records, plan)), endpoint, plan).change


def same(row: pd.Series, statistic: Any) -> None:
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (statistic.value, statistic.low, statistic.high), rel=1e-12
    )
    assert (row["n"], row["n_left_out"]) == (statistic.n, statistic.n_left_out)


# ---- each row is the answer of its own plan ----


def test_the_default_row_is_the_comparison(records: Records, found: Multiverse) -> None:
    change = compared(records, QUICK)
    default = found.default
    assert (default.value, default.low, default.high) == (change.value, change.low, change.high)
    assert (default.n, default.n_left_out) == (change.n, change.n_left_out)
    assert found.rows[0] is default
    assert sum(row.is_default for row in found.rows) == 1


@pytest.mark.parametrize("minimum", [14, 20, 23])
@pytest.mark.parametrize("window", [(56, 83), (1, 28)])
def test_windows_and_minimum_are_those_of_a_plan(
    records: Records, found: Multiverse, window: tuple[int, int], minimum: int
) -> None:
    first, last = window
    plan = dataclasses.replace(
        QUICK, followup_first_day=first, followup_last_day=last, min_recorded_days=minimum
    )
    row = one(found.to_frame(), followup_window=f"days {first} to {last}", minimum_days=f"{minimum} of 28")
    same(row, compared(records, plan))


def test_a_minimum_keeps_its_share_in_windows_of_other_lengths(records: Records, found: Multiverse) -> None:
    """20 of 28 is 10 of 14 and 100 of 140: what a plan without a minimum of its own asks for."""
    plan = dataclasses.replace(QUICK, baseline_days=14, followup_first_day=28, followup_last_day=167)
    assert (plan.min_recorded_in(14), plan.min_recorded_in(140)) == (10, 100)
    row = one(found.to_frame(), baseline_window="14 days", followup_window="days 28 to 167")
    same(row, compared(records, plan))


@pytest.mark.parametrize("minimum", [14, 20, 23])
def test_the_rows_of_missing_days_are_the_missing_diary_analyses(
    records: Records, found: Multiverse, minimum: int
) -> None:
    plan = dataclasses.replace(QUICK, min_recorded_days=minimum)
    other = missing_diary_analyses(oc.split_periods(records, plan), plan)
    frame = found.to_frame()
    for name, statistic in {
        "observed days": "change",
        "each weekday 1/7": "weekday_change",
        "inverse probability": "ipw_change",
        "inverse probability, all started": "ipw_change_all_started",
        "imputed": "imputed_change",
        "imputed, all started": "imputed_change_all_started",
        "lost back at baseline": "return_to_baseline_change",
        "bound: lowest": "bounds_change_lowest",
        "bound: highest": "bounds_change_highest",
    }.items():
        row = one(frame, minimum_days=f"{minimum} of 28", missing_data=name, estimator="mean change")
        same(row, other[statistic])


def test_the_estimators_are_those_of_all_methods_and_of_the_model(
    records: Records, found: Multiverse
) -> None:
    from outcomes.analysis.day_counts import window_counts
    from outcomes.analysis.models.beta_binomial import beta_binomial_model

    periods = oc.split_periods(records, QUICK)
    change = oc.compare(oc.measure_endpoints(periods), "headache_days_per_28", QUICK, all_methods=True)
    frame = found.to_frame()
    same(one(frame, estimator="Hodges–Lehmann"), change["hodges_lehmann"])
    same(one(frame, estimator="bootstrap-t"), change["bootstrap_t"])
    counts = window_counts(periods).query("standing == 'analysed'")
    rows = [
        counts[["patient_id", f"{period}_recorded_days", f"{period}_headache_days"]]
        .set_axis(["patient_id", "recorded_days", "headache_days"], axis=1)
        .assign(period=period)
        for period in ("baseline", "followup")
    ]
    fitted = beta_binomial_model(pd.concat(rows, ignore_index=True), baseline="baseline")["change"]
    row = one(frame, estimator="beta-binomial model")
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (fitted.value, fitted.low, fitted.high), abs=1e-6
    )
    before, after = (
        28 * counts[f"{period}_headache_days"].sum() / counts[f"{period}_recorded_days"].sum()
        for period in ("baseline", "followup")
    )
    assert one(frame, estimator="day-weighted")["value"] == pytest.approx(after - before, rel=1e-12)


def test_the_whole_cross_is_there_once(found: Multiverse) -> None:
    """3 windows × 2 baselines × 3 minimums, each with every analysis that fits no model, once: for any headache."""
    frame = found.to_frame().query("status != 'not_varied' and headache_day_rule == 'any headache'")
    assert not frame.duplicated(list(found.choices)).any()
    plain = [one_of for one_of in ANALYSES if not one_of.fits_model]
    cells = list(itertools.product(range(3), range(2), range(3)))
    fitted = [cell for cell in cells if sum(option > 0 for option in cell) <= 1]
    assert len(frame) == len(cells) * len(plain) + len(fitted) * (len(ANALYSES) - len(plain))
    assert set(frame["status"]) == {"estimated"}


def test_models_run_everywhere_when_asked() -> None:
    """Twelve patients, so that the models are quick: then every cut has every analysis."""
    small = load(drawn(_clinic(12)), QUICK)
    frame = oc.multiverse(small, QUICK, models_everywhere=True).to_frame().query("status != 'not_varied'")
    assert len(frame) == 18 * len(ANALYSES)
    fewer = oc.multiverse(small, QUICK).to_frame()
    together = fewer.merge(frame, on=list(frame.columns[:6]), suffixes=("", "_everywhere"))
    assert len(together) == len(fewer) - 1
    assert together["value"].equals(together["value_everywhere"])


def test_another_endpoint_has_the_observed_days(records: Records) -> None:
    found = oc.multiverse(records, QUICK, "acute_medication_days_per_28")
    frame = found.to_frame()
    default = found.default
    change = compared(records, QUICK, "acute_medication_days_per_28")
    assert (default.value, default.n) == (change.value, change.n)
    plan = dataclasses.replace(QUICK, min_recorded_days=14)
    row = frame.query("minimum_days == '14 of 28' and estimator == 'mean change'").iloc[0]
    same(row, compared(records, plan, "acute_medication_days_per_28"))
    assert set(frame["missing_data"]) == {"observed days", "not varied"}
    assert len(frame.query("status == 'not_varied'")) == 1


def test_a_cohort_keeps_to_its_months(records: Records) -> None:
    cohort = oc.Cohort.of_month("2026-06")
    periods = oc.split_periods(records, QUICK, cohort)
    change = oc.compare(oc.measure_endpoints(periods), "headache_days_per_28", QUICK).change
    default = oc.multiverse(records, QUICK, cohort=cohort).default
    assert 0 < change.n < oc.multiverse(records, QUICK).default.n
    assert (default.value, default.n, default.n_left_out) == (change.value, change.n, change.n_left_out)


# ---- drawn diaries ----


def _clinic(patients: int, change: int = 3) -> str:
    """Complete diaries from day −28 to day 167 with a whole number of headache days per week, no chance in them."""
    lines = []
    for number in range(patients):
        before = 2 + number % 4
        after = max(0, before - change + number % 3)
        weeks = {"before": "3" * before + "0" * (7 - before), "after": "3" * after + "0" * (7 - after)}
        lines.append(f"p{number:03d}: {weeks['before'] * 4} | . {(weeks['after'] * 24)[1:]}")
    return "\n".join(lines)


def test_with_every_day_recorded_no_rule_for_missing_days_matters() -> None:
    found = oc.multiverse(load(drawn(_clinic(12)), QUICK), QUICK)
    frame = found.to_frame().query("status != 'not_varied' and estimator == 'mean change'")
    frame = frame[frame["followup_window"] != "days 1 to 28"]
    for _, rows in frame.groupby(["followup_window", "baseline_window", "minimum_days"]):
        assert rows["value"].to_numpy() == pytest.approx(rows["value"].iloc[0], abs=1e-9)
        assert rows["low"].to_numpy() == pytest.approx(rows["low"].iloc[0], abs=1e-9)
    moves = found.which_moves_it().set_index("choice")["range"]
    assert moves["missing_data"] == pytest.approx(0, abs=1e-9)
    assert moves["minimum_days"] == 0
    # 2, 3, 4, 5 days of 7 before; after 3 fewer, 2 fewer, 1 fewer in turn, at least 0.
    weekly = [max(0, 2 + n % 4 - 3 + n % 3) - (2 + n % 4) for n in range(12)]
    assert found.default.value == pytest.approx(4 * sum(weekly) / 12)


def test_nothing_depends_on_the_order_of_rows() -> None:
    plan = dataclasses.replace(QUICK, bootstrap_resamples=999)
    tables = drawn(_clinic(9).replace("0003", ".003"))
    straight = oc.multiverse(load(tables, plan), plan)
    shuffled = oc.multiverse(load({"diary": tables["diary"].sample(frac=1, random_state=1)}, plan), plan)
    assert straight.rows == shuffled.rows


def test_lost_patients_are_counted_under_each_minimum() -> None:
    """`c` recorded 15 of 28 follow-up days: analysed with 14, lost with 20; its baseline is complete."""
    full, half = "3" * 28, "3" * 15 + "." * 13
    text = "\n".join(
        f"{name}: {'3' * 14}{'0' * 14} | . {'.' * 55} {after}"
        for name, after in (("a", full), ("b", "3" * 7 + "0" * 21), ("c", half))
    )
    frame = oc.multiverse(load(drawn(text), QUICK), QUICK).to_frame()
    assert one(frame)["n"] == 2
    assert one(frame, minimum_days="14 of 28")["n"] == 3
    back = {
        name: one(frame, minimum_days=name, missing_data="lost back at baseline")
        for name in ("20 of 28", "14 of 28")
    }
    assert [row["n"] for row in back.values()] == [3, 3]
    # Baseline 14 each; follow-up 28, 7 and 28 a month; with 20 days needed c is taken back to 14.
    assert back["20 of 28"]["value"] == pytest.approx((14 - 7 + 0) / 3)
    assert back["14 of 28"]["value"] == pytest.approx((14 - 7 + 14) / 3)
    lowest, highest = (
        one(frame, minimum_days="14 of 28", missing_data=f"bound: {end}") for end in ("lowest", "highest")
    )
    assert (lowest["value"], highest["value"]) == pytest.approx(((14 - 7 + 1) / 3, (14 - 7 + 14) / 3))


@pytest.mark.parametrize("patients", [0, 1, 2, 5])
def test_few_patients_have_notes_and_no_exception(patients: int) -> None:
    text = _clinic(patients) if patients else "a: 3303 | . 0000"
    found = oc.multiverse(load(drawn(text), QUICK), QUICK)
    for row in found.rows:
        assert row.n == (0 if row.status == "not_varied" else patients)
        assert row.status == "estimated" or row.notes
        assert (row.status == "estimated") == (row.value is not None and row.low is not None)
    assert found.summary() and found._repr_html_()
    assert isinstance(found.plot(), matplotlib.axes.Axes)


def test_nobody_changed() -> None:
    week = "3300000"
    text = "\n".join(f"{name}: {week * 4} | . {(week * 24)[1:]}" for name in "abcdef")
    found = oc.multiverse(load(drawn(text), QUICK), QUICK)
    assert (found.default.value, found.default.status) == (0.0, "no_interval")
    assert math.isnan(found.sides()["share_other_side"].iloc[0])
    assert "which has no other side" in found.summary()


# ---- choices ----


def test_where_the_diary_holds_no_features_a_migraine_day_rule_is_not_varied_and_one_row_says_why() -> None:
    found = oc.multiverse(load(drawn(_clinic(12)), QUICK), QUICK)
    rows = [row for row in found.rows if row.status == "not_varied"]
    assert len(rows) == 1
    assert dict(rows[0].choices)["headache_day_rule"] == "not varied"
    assert "migraine-day rule cannot be tried" in rows[0].notes[0]
    assert rows[0].value is None


def test_a_new_choice_is_one_entry_of_the_table(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    def counted_days(asked: Asked) -> Choice:
        return Choice(
            "counted_days",
            (Option("headache", True), Option("medication", endpoint="acute_medication_days_per_28")),
        )

    monkeypatch.setattr(choice_table, "CUT_CHOICES", (*choice_table.CUT_CHOICES, counted_days))
    found = oc.multiverse(records, QUICK)
    assert found.choices[-3:] == ("counted_days", "missing_data", "estimator")
    line = found.which_moves_it().set_index("choice").loc["counted_days"]
    medication = compared(records, QUICK, "acute_medication_days_per_28").value
    assert line["rows"] == 2
    assert medication in (line["lowest"], line["highest"])


def test_the_planned_options_come_first_and_once() -> None:
    plan = AnalysisPlan(baseline_days=14, followup_first_day=1, followup_last_day=28, min_recorded_days=9)
    asked = Asked(plan, CATALOGUE["headache_days_per_28"], True)
    names = {
        choice.name: [option.name for option in choice.options] for choice in choice_table.cut_choices(asked)
    }
    assert names["followup_window"] == ["days 1 to 28", "days 28 to 167"]
    assert names["baseline_window"] == ["14 days", "28 days"]
    assert names["minimum_days"] == ["9 of 14, 9 of 28", "14 of 28", "20 of 28", "23 of 28"]


def test_a_planned_minimum_of_its_own_is_the_default(records: Records) -> None:
    plan = dataclasses.replace(QUICK, min_recorded_days=17)
    found = oc.multiverse(records, plan)
    assert dict(found.default.choices)["minimum_days"] == "17 of 28"
    assert found.default.value == compared(records, plan).value


def test_summaries_cannot_be_cut_otherwise() -> None:
    rows = [
        {"patient_id": f"p{n}", "period": period, "headache_days_per_28": value, "recorded_days": days}
        for n in range(6)
        for period, value, days in (("baseline", 12.0 + n, 28), ("followup", 10.0 - n % 3, 16 + 2 * n))
    ]
    found = oc.multiverse(load({"summaries": pd.DataFrame(rows)}, QUICK), QUICK)
    frame = found.to_frame()
    assert set(frame.query("status != 'not_varied'")["followup_window"]) == {"as summarised (followup)"}
    by_minimum = frame.query("estimator == 'mean change' and status != 'not_varied'").set_index(
        "minimum_days"
    )
    # 16, 18, 20, 22, 24, 26 recorded days.
    assert by_minimum["n"].to_dict() == {"20 of 28": 4, "14 of 28": 6, "23 of 28": 2}
    assert by_minimum.loc["14 of 28", "value"] == pytest.approx(9.0 - 14.5)
    assert len(frame.query("status == 'not_varied'")) == 4


def test_a_wrong_endpoint_is_refused(records: Records) -> None:
    with pytest.raises(PlanError, match="not an endpoint"):
        oc.multiverse(records, QUICK, "headache_days")


# ---- how far it moves, by hand ----


def _row(a: str, b: str, value: float | None, half: float | None, **more: Any) -> MultiverseRow:
    low, high = (None, None) if value is None or half is None else (value - half, value + half)
    status = "estimated" if value is not None else "undefined"
    return MultiverseRow(
        (("window", a), ("missing_data", b)), value, low, high, 10, 0, "by hand", status, (),
        more.get("is_default", False), more.get("is_bound", False),
    )  # fmt: skip


BY_HAND = Multiverse(
    CATALOGUE["headache_days_per_28"],
    "diary",
    (
        _row("w1", "observed", -2.0, 1.0, is_default=True),
        _row("w1", "weekday", -1.0, 2.0),
        _row("w1", "low", -5.0, 1.0, is_bound=True),
        _row("w1", "high", 4.0, 1.0, is_bound=True),
        _row("w2", "observed", -4.0, 1.0),
        _row("w2", "weekday", 0.5, 0.25),
        _row("w2", "low", -9.0, None, is_bound=True),
        _row("w3", "observed", None, None),
    ),
    AnalysisPlan(),
)


def test_which_choice_moves_it_by_hand() -> None:
    lines = BY_HAND.which_moves_it().set_index("choice")
    assert list(lines.index) == [
        "window",
        "missing_data",
        "all choices",
        "missing_data, bounds",
        "all choices, with bounds",
    ]
    assert lines["rows"].tolist() == [2, 2, 4, 2, 7]
    assert lines["lowest"].tolist() == [-4, -2, -4, -5, -9]
    assert lines["highest"].tolist() == [-2, -1, 0.5, 4, 4]
    assert lines["range"].tolist() == [2, 1, 4.5, 9, 13]
    assert lines.loc["window", ["lowest_option", "highest_option"]].tolist() == ["w2", "w1"]


def test_a_row_of_a_handful_of_patients_does_not_count_against_the_others() -> None:
    """Four patients with −20 ± 1 stand in the table, and move neither the lines nor the sides nor the figure."""
    few = dataclasses.replace(_row("w4", "observed", -20.0, 1.0), n=4)
    with_few = dataclasses.replace(BY_HAND, rows=(*BY_HAND.rows, few))
    pd.testing.assert_frame_equal(with_few.which_moves_it(), BY_HAND.which_moves_it())
    pd.testing.assert_frame_equal(with_few.sides(), BY_HAND.sides())
    assert "1 of fewer than five patients not drawn" in with_few.plot().get_title(loc="left").replace(
        "\n", " "
    )
    # Unless the planned analysis itself has no more.
    small = tuple(dataclasses.replace(row, n=4) for row in BY_HAND.rows)
    pd.testing.assert_frame_equal(
        dataclasses.replace(BY_HAND, rows=small).which_moves_it(), BY_HAND.which_moves_it()
    )


def test_sides_by_hand() -> None:
    """Without bounds: −2 ± 1, −1 ± 2, −4 ± 1, 0.5 ± 0.25. The bounds add −5 ± 1, 4 ± 1 and −9 without interval."""
    answers, everything = BY_HAND.sides().to_dict("records")
    assert (answers["estimated"], answers["with_interval"], answers["excludes_zero"]) == (4, 4, 3)
    assert (answers["other_side"], answers["contradicts"]) == (1, 1)
    assert (answers["share_excludes_zero"], answers["share_other_side"]) == (0.75, 0.25)
    assert (everything["estimated"], everything["with_interval"], everything["excludes_zero"]) == (7, 6, 5)
    assert (everything["other_side"], everything["contradicts"]) == (2, 2)


def test_the_sentences_say_how_far_and_never_why() -> None:
    text = BY_HAND.summary()
    assert "change as planned: −2.0 days per 28 (95% interval −3.0 to −1.0; 10 patients)" in text
    assert "Over 4 analyses the change lies between −4.0 and 0.5; 3 of 4 intervals hold no 0" in text
    assert "1 estimate lies on the other side of 0" in text
    assert "'window': from −4.0 (w2) to −2.0 (w1)" in text
    assert "between −5.0 and 4.0" in text
    for word in ("effect", "because of", "works", "due to"):
        assert word not in text


# ---- the difference in which days weigh ----

BEFORE = ([20, 9, 4, 12, 28, 7, 15, 3], [28, 21, 24, 28, 28, 20, 26, 23])
AFTER = ([14, 9, 1, 5, 27, 2, 11, 6], [28, 25, 20, 22, 28, 27, 20, 28])


def test_the_day_weighted_difference_is_clubsandwich_cr2() -> None:
    """R 4.2, clubSandwich: m <- lm(28*h/n ~ per, weights = n); vcovCR(m, cluster = id, type = "CR2", target = 1/n).

    Coefficient −3.25252525252525, standard error 1.19212057963816.
    """
    arrays = [np.array(values, dtype=np.float64) for values in (*BEFORE, *AFTER)]
    found = day_weighted_difference(*arrays, 0.95)  # type: ignore[arg-type]
    assert found.value == pytest.approx(-3.25252525252525, abs=1e-12)
    assert found.low is not None and found.high is not None
    assert (found.high - found.low) / 2 / t_quantile(0.95, 7) == pytest.approx(1.19212057963816, abs=1e-10)


def test_with_the_same_days_each_it_is_the_paired_change_with_a_corrected_interval() -> None:
    """Leverage 1/n for all: the paired t's variance times (n − 1)/n ÷ (1 − 1/n), which is the paired t's."""
    from outcomes.analysis.estimates import paired_change

    h0, h1 = (np.array(values, dtype=np.float64) for values in (BEFORE[0], AFTER[0]))
    days = np.full(8, 28.0)
    weighted, paired = day_weighted_difference(h0, days, h1, days, 0.95), paired_change(h0, h1, 0.95)
    assert (weighted.value, weighted.low, weighted.high) == pytest.approx(
        (paired.value, paired.low, paired.high)
    )


@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_day_weighted_difference_of_few(n: int) -> None:
    arrays = [np.array(values[:n], dtype=np.float64) for values in (*BEFORE, *AFTER)]
    found = day_weighted_difference(*arrays, 0.95)  # type: ignore[arg-type]
    assert (found.value is None) == (n == 0)
    assert (found.low is None) == (n < 2)
    assert found.notes


# ---- the figure ----


def test_the_figure_holds_every_estimate_and_names_every_option(found: Multiverse) -> None:
    ax = found.plot()
    drawn_points = sum(len(line.get_xdata()) for line in ax.lines if line.get_marker() == "o")
    assert drawn_points == sum(row.value is not None for row in found.rows)
    figure = ax.get_figure()
    assert figure is not None
    below = figure.axes[1]
    labels = [label.get_text() for label in below.get_yticklabels()]
    for name in (
        "days 1 to 28",
        "14 days",
        "23 of 28",
        "imputed, all started",
        "bound: highest",
        "bootstrap-t",
    ):
        assert name in labels
    assert {"any headache", "migraine, 30 minutes, drugs always"} <= set(labels)


def test_a_choice_of_one_option_says_nothing_and_is_not_drawn() -> None:
    figure = oc.multiverse(load(drawn(_clinic(12)), QUICK), QUICK).plot().get_figure()
    assert figure is not None
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert "any headache" not in labels and "14 days" in labels


def test_the_figure_is_drawn_where_it_is_told_and_in_order_of_size(found: Multiverse) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    ax = found.plot(ax=figure.add_subplot())
    assert ax.get_figure() is figure
    points = sorted(
        (x, y)
        for line in ax.lines
        if line.get_marker() == "o"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    )
    values = [y for _, y in points]
    assert values == sorted(values)
    diamond = next(line for line in ax.lines if line.get_marker() == "D")
    assert float(diamond.get_ydata()[0]) == found.default.value


def test_the_tables_of_a_comparison_do_not_load_the_multiverse() -> None:
    code = "import sys, outcomes.reporting.tables; print('outcomes.analysis.multiverse' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_a_table_goes_out_whole(found: Multiverse) -> None:
    frame = found.to_frame()
    assert list(frame.columns) == [
        "followup_window", "baseline_window", "minimum_days", "headache_day_rule", "missing_data", "estimator",
        "value", "low", "high", "n", "n_left_out", "method", "status", "notes", "is_default", "is_bound",
    ]  # fmt: skip
    plain = found.to_dict()
    assert len(plain["rows"]) == len(found) == len(frame)
    assert plain["rows"][0]["choices"]["estimator"] == "mean change"
    html = found._repr_html_()
    assert html.count("<table") == html.count("</table>") == 1
    assert "nan" not in html
