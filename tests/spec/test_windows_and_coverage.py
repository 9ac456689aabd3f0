"""Which days count, and when enough of them are recorded. Each diary is drawn: see diaries.py."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from diaries import WEEK_PLAN, dated, drawn, load

import outcomes as oc
from outcomes import AnalysisPlan

MONTH = 28 * "0"
PLAN = AnalysisPlan()


def _measure(
    tables: Any, plan: AnalysisPlan = PLAN, cohort: oc.Cohort | None = None, exported_on: str = ""
) -> pd.DataFrame:
    return oc.measure_endpoints(oc.split_periods(load(tables, plan, exported_on=exported_on), plan, cohort))


def _value(
    table: pd.DataFrame, period: str, column: str = "headache_days_per_28", patient: str = "p1"
) -> Any:
    row = table[(table["patient_id"] == patient) & (table["period"] == period) & (table["mode"] == "diary")]
    assert len(row) == 1
    return row.iloc[0][column]


def _flow(tables: Any, plan: AnalysisPlan = PLAN, cohort: oc.Cohort | None = None) -> oc.PatientFlow:
    flow = oc.split_periods(load(tables, plan), plan, cohort).flow
    assert flow is not None
    return flow


def _headache_free_with(day: int, mark: str = "9") -> str:
    """28 days before to 112 days after the first session, headache-free but for one day."""
    marks = ["0"] * (40 + 112)
    marks[40 + day] = mark
    return "p1 : " + "".join(marks[:40]) + "|" + "".join(marks[40:])


@pytest.mark.parametrize(
    ("day", "period"),
    [(-29, None), (-28, "baseline"), (-1, "baseline"), (0, None), (1, None), (55, None),
     (56, "followup"), (83, "followup"), (84, None)],
)  # fmt: skip
@pytest.mark.parametrize("calendar", [False, True])
def test_the_edges_of_the_windows(day: int, period: str | None, calendar: bool) -> None:
    """Days −28 to −1 and 56 to 83 count; day 0, the first session, is in neither window."""
    tables = drawn(_headache_free_with(day), first_session="2026-03-02" if calendar else None)
    table = _measure(tables)
    for name in ("baseline", "followup"):
        assert _value(table, name) == (1.0 if name == period else 0.0)
        assert _value(table, name, "recorded_days") == 28


@pytest.mark.parametrize(("recorded", "covered"), [(19, False), (20, True), (21, True)])
@pytest.mark.parametrize("period", ["baseline", "followup"])
def test_coverage_exactly_at_the_threshold(recorded: int, covered: bool, period: str) -> None:
    """Twenty of 28 recorded days are enough, nineteen are not."""
    short, whole = "3" * recorded + "." * (28 - recorded), "3" * 28
    before, after = (short, whole) if period == "baseline" else (whole, short)
    table = _measure(drawn(f"p1 : {before} | {'.' * 56} {after}"))
    assert _value(table, period, "covered") == covered
    assert pd.isna(_value(table, period)) != covered
    if covered:
        assert _value(table, period) == pytest.approx(28.0)


def test_a_blank_day_is_not_a_headache_free_day() -> None:
    table = _measure(drawn("""
        p1 : 30000.. | . 0000000
        p2 : 3333333 | . 0......
    """), WEEK_PLAN)  # fmt: skip
    # One headache in five recorded days, not in seven.
    assert _value(table, "baseline") == pytest.approx(28 / 5)
    # One recorded day of seven is not enough to say anything.
    assert pd.isna(_value(table, "followup", patient="p2"))


def test_a_row_that_is_listed_but_empty_is_not_recorded() -> None:
    """An app that lists every day with an empty answer says nothing about those days."""
    tables = drawn("p1 : 3000_00 | . __00000")
    records = load(tables, WEEK_PLAN)
    (counts,) = records.counts
    assert (counts.rows_in, counts.used, counts.not_recorded) == (14, 11, 3)
    table = _measure(tables, WEEK_PLAN)
    assert _value(table, "baseline") == pytest.approx(28 / 6)
    assert _value(table, "followup", "recorded_days") == 5


@pytest.mark.parametrize("token", ["", "n/a", "N/A", ".", "  "])
def test_the_ways_to_write_not_recorded(token: str) -> None:
    tables = drawn("p1 : 3000000 | . 0000000")
    tables["diary"]["headache"] = tables["diary"]["headache"].mask(tables["diary"]["day"] == -3, token)
    tables["diary"]["intensity"] = tables["diary"]["intensity"].mask(tables["diary"]["day"] == -3)
    assert _value(_measure(tables, WEEK_PLAN), "baseline") == pytest.approx(28 / 6)


def test_the_same_row_twice_counts_once() -> None:
    tables = drawn("p1 : 3000000 | . 0000000")
    tables["diary"] = pd.concat([tables["diary"], tables["diary"].iloc[[0, 0, 3]]], ignore_index=True)
    records = load(tables, WEEK_PLAN)
    (counts,) = records.counts
    assert (counts.rows_in, counts.used, counts.collapsed, counts.set_aside) == (17, 14, 3, 0)
    assert _value(_measure(tables, WEEK_PLAN), "baseline") == pytest.approx(28 / 7)


@pytest.mark.parametrize(
    ("headache", "intensity"),
    [("no", None), ("yes", 4.0), ("yes", None)],
    ids=["headache", "intensity", "blank"],
)
def test_two_different_entries_for_a_day_are_both_set_aside(headache: str, intensity: float | None) -> None:
    """Nobody can say which one is right, so that the day counts as not recorded."""
    tables = drawn("p1 : 3000000 | . 0000000")
    other = pd.DataFrame(
        {"patient_id": ["p1"], "day": [-7], "headache": [headache], "intensity": [intensity]}
    )
    tables["diary"] = pd.concat([tables["diary"], other], ignore_index=True)
    plan = AnalysisPlan(**{**_fields(WEEK_PLAN), "set_aside_limit": 1.0})
    records = load(tables, plan)
    (counts,) = records.counts
    assert (counts.used, counts.set_aside) == (13, 2)
    (finding,) = records.findings
    assert (finding.level, finding.rows, finding.count) == ("set aside", (1, 15), 2)
    table = _measure(tables, plan)
    assert _value(table, "baseline", "recorded_days") == 6
    assert _value(table, "baseline") == 0.0


def test_two_entries_that_differ_in_a_column_that_no_endpoint_reads_differ_all_the_same() -> None:
    tables = drawn("p1 : 3000000 | . 0000000")
    tables["diary"]["attacks"] = 0
    other = tables["diary"].iloc[[0]].assign(attacks=2)
    tables["diary"] = pd.concat([tables["diary"], other], ignore_index=True)
    plan = AnalysisPlan(**{**_fields(WEEK_PLAN), "set_aside_limit": 1.0})
    (counts,) = load(tables, plan).counts
    assert counts.set_aside == 2


def test_an_empty_row_beside_an_entry_for_the_day_takes_nothing_away() -> None:
    tables = drawn("p1 : 3000000 | . 0000000")
    empty = pd.DataFrame({"patient_id": ["p1"], "day": [-7], "headache": [""], "intensity": [None]})
    tables["diary"] = pd.concat([tables["diary"], empty.astype({"intensity": float})], ignore_index=True)
    assert _value(_measure(tables, WEEK_PLAN), "baseline") == pytest.approx(28 / 7)


def test_a_patient_without_a_session_is_left_out_and_counted() -> None:
    tables = drawn("""
        p1 : 3333333 | . 0000000
        p2 : 3333333 | . 0000000
        p3 : 3333333 | . 0000000
        p4 : 3333333 | . 0000000
        p5 : 3333333 | . 0000000
    """, first_session="2026-03-02")  # fmt: skip
    tables["sessions"] = tables["sessions"].iloc[:4]
    flow = _flow(tables, WEEK_PLAN)
    assert flow.n_patients == 5 and flow.n_analysed == 4
    assert dict(flow.left_out) == {"no_first_session": 1}


def test_more_than_a_fifth_of_the_patients_without_a_session_stops() -> None:
    """So many strangers are hardly all missing a session: the two tables may name people differently."""
    text = "\n".join(f"p{n} : 3333333 | . 0000000" for n in range(1, 6))
    tables = drawn(text, first_session="2026-03-02")
    tables["sessions"] = tables["sessions"].iloc[:3]
    with pytest.raises(oc.InvalidRecords, match="2 patients with a diary, of 5"):
        load(tables, WEEK_PLAN)


def test_sessions_without_a_diary_are_left_out_and_counted() -> None:
    tables = drawn("p1 : 3333333 | . 0000000", first_session="2026-03-02")
    tables["sessions"] = pd.concat(
        [tables["sessions"], pd.DataFrame({"patient_id": ["p2"], "date": ["2026-03-02"]})], ignore_index=True
    )
    assert dict(_flow(tables, WEEK_PLAN).left_out) == {"no_diary": 1}


def test_each_reason_to_be_left_out_is_counted_once() -> None:
    flow = _flow(drawn("""
        both        : 3333333 | . 0000000
        late        : ....... | . 0000000
        few         : 333.... | . 0000000
        gone        : 3333333 | . .......
        fading      : 3333333 | . 000....
        neither     : 3...... | . 0......
    """, first_session="2026-03-02"), WEEK_PLAN)  # fmt: skip
    assert dict(flow.left_out) == {
        "no_baseline_diary": 1,
        "baseline_too_few_days": 2,
        "no_followup_diary": 1,
        "followup_too_few_days": 1,
    }
    assert (flow.n_patients, flow.n_analysed) == (6, 1)
    assert flow.steps()[0][1] == 6 and flow.steps()[-1][1] == 1


def test_a_window_that_is_not_over_yet_is_its_own_reason() -> None:
    """The newest diary day of the whole clinic is how far these records reach."""
    tables = drawn("""
        old : 3333333 | . 0000000
        new : 3333333 | . 00.....
    """)
    flow = _flow(dated(tables, {"old": "2026-03-02", "new": "2026-03-07"}), WEEK_PLAN)
    # The records end on 9 March; the window of `new` ends on 14 March.
    assert dict(flow.left_out) == {"followup_not_over": 1}
    flow = _flow(dated(tables, {"old": "2026-03-02", "new": "2026-03-01"}), WEEK_PLAN)
    assert dict(flow.left_out) == {"followup_too_few_days": 1}


def test_a_day_number_needs_no_sessions() -> None:
    flow = _flow(drawn("p1 : 3333333 | . 0000000"), WEEK_PLAN)
    assert flow.n_analysed == 1


def test_the_first_of_several_sessions_is_day_0_wherever_it_stands_in_the_file() -> None:
    tables = drawn("p1 : 3333333 | . 0000000", first_session="2026-03-02")
    later = pd.DataFrame({"patient_id": ["p1", "p1"], "date": ["2026-03-30", "2026-03-09"]})
    tables["sessions"] = pd.concat([later, tables["sessions"]], ignore_index=True)
    table = _measure(tables, WEEK_PLAN)
    assert _value(table, "baseline") == 28 and _value(table, "followup") == 0


@pytest.mark.parametrize("with_sessions", [False, True])
def test_the_index_date_is_day_0_for_whoever_has_no_session(with_sessions: bool) -> None:
    """A waiting list has no first session; its day 0 stands in `patients`. Where there is a session it wins."""
    tables = drawn("p1 : 3333333 | . 0000000", first_session="2026-03-02")
    sessions = tables.pop("sessions")
    tables["patients"] = pd.DataFrame({"patient_id": ["p1"], "index_date": ["2026-03-02"]})
    if with_sessions:
        tables["sessions"] = sessions
        tables["patients"]["index_date"] = "2026-05-02"
    table = _measure(tables, WEEK_PLAN)
    assert _value(table, "baseline") == 28 and _value(table, "followup") == 0


def test_the_index_day_moves_day_0_of_a_diary_in_day_numbers() -> None:
    tables = drawn("p1 : 3333333 | . 0000000")
    tables["diary"]["day"] += 100
    tables["patients"] = pd.DataFrame({"patient_id": ["p1"], "index_day": [100]})
    table = _measure(tables, WEEK_PLAN)
    assert _value(table, "baseline") == 28 and _value(table, "followup") == 0


@pytest.mark.parametrize(
    "first_session",
    [
        "2026-03-01",
        "2024-03-01",
        "2024-02-29",
        "2000-03-01",
        "2100-03-01",
        "2026-01-01",
        "2025-12-31",
        "2026-10-26",
    ],
)
def test_month_ends_leap_years_and_clock_changes_do_not_move_a_window(first_session: str) -> None:
    hurting = {-28: "baseline", -29: None, 56: "followup", 83: "followup", 84: None}
    text = "\n".join(_headache_free_with(day).replace("p1", f"d{day + 100}") for day in hurting)
    table = _measure(drawn(text, first_session=first_session), exported_on="2100-12-31")
    for day, period in hurting.items():
        for name in ("baseline", "followup"):
            assert _value(table, name, patient=f"d{day + 100}") == (1.0 if name == period else 0.0), day


@pytest.mark.parametrize(("recorded", "covered"), [(9, False), (10, True)])
def test_a_fortnight_as_baseline_needs_ten_days(recorded: int, covered: bool) -> None:
    """20 of 28 is the same share as 10 of 14."""
    plan = AnalysisPlan(baseline_days=14)
    table = _measure(drawn(f"p1 : {'3' * recorded}{'.' * (14 - recorded)} | {'.' * 56} {MONTH}"), plan)
    assert _value(table, "baseline", "covered") == covered
    assert pd.isna(_value(table, "baseline")) != covered


@pytest.mark.parametrize(
    ("days", "needed"), [(7, 5), (14, 10), (21, 15), (27, 20), (28, 20), (29, 21), (56, 40), (99, 71)]
)
def test_the_default_share_rounds_up(days: int, needed: int) -> None:
    """The least whole number that is at least 20/28 of the days: 20·days/28, rounded up."""
    assert AnalysisPlan().min_recorded_in(days) == needed


@pytest.mark.parametrize(("literal", "covered"), [(8, True), (9, False)])
def test_a_minimum_that_is_written_down_is_taken_literally(literal: int, covered: bool) -> None:
    """Eight of 14 baseline days: a literal 8 is 8, whatever the length of the window."""
    plan = AnalysisPlan(baseline_days=14, min_recorded_days=literal)
    table = _measure(drawn(f"p1 : {'3' * 8}{'.' * 6} | {'.' * 56} {MONTH}"), plan)
    assert _value(table, "baseline", "covered") == covered


def test_a_literal_minimum_longer_than_a_window_is_refused() -> None:
    with pytest.raises(oc.PlanError, match="min_recorded_days"):
        AnalysisPlan(baseline_days=14, min_recorded_days=20)


def test_windows_of_odd_lengths_hold_their_own_days_only() -> None:
    """Baseline −45 to −1, follow-up 31 to 75: neither begins nor ends with a week or a month."""
    plan = AnalysisPlan(baseline_days=45, followup_first_day=31, followup_last_day=75)
    hurting = (-46, -45, -44, -29, -28, -27, -1, 0, 1, 27, 28, 30, 31, 55, 56, 57, 75, 76)
    lines = []
    for day in hurting:
        marks = ["0"] * 160
        marks[60 + day] = "5"
        lines.append(f"d{day + 100} : " + "".join(marks[:60]) + "|" + "".join(marks[60:]))
    table = _measure(drawn("\n".join(lines)), plan)
    for day in hurting:
        inside = {"baseline": -45 <= day <= -1, "followup": 31 <= day <= 75}
        for name, is_in in inside.items():
            assert _value(table, name, "recorded_days", f"d{day + 100}") == 45
            assert _value(table, name, patient=f"d{day + 100}") == pytest.approx(28 / 45 if is_in else 0.0), (
                day
            )


def test_one_set_of_records_serves_several_plans() -> None:
    """Cutting at one plan's windows leaves nothing behind for the next one."""
    tables = drawn(f"p1 : {'3' * 10}{'0' * 18} | {'.' * 30}{'0' * 26}{'5' * 28}")
    records = load(tables)
    odd = AnalysisPlan(baseline_days=11, followup_first_day=31, followup_last_day=61)

    def values(plan: AnalysisPlan) -> list[float]:
        return oc.measure_endpoints(oc.split_periods(records, plan))["headache_days_per_28"].tolist()

    first = values(PLAN)
    assert first == [10.0, 28.0]
    # Days −11 to −1 are headache-free; days 31 to 61 hold six headache days.
    assert values(odd) == [0.0, pytest.approx(28 * 6 / 31)]
    assert values(PLAN) == first


def test_an_earlier_result_still_stands_after_a_second_plan_was_followed() -> None:
    """Periods are a value: what they measure must not depend on what was asked in between."""
    tables = drawn(f"p1 : {'3' * 10}{'0' * 18} | {'.' * 30}{'0' * 26}{'5' * 28}")
    records = load(tables)
    earlier = oc.split_periods(records, PLAN)
    oc.split_periods(records, AnalysisPlan(baseline_days=11, followup_first_day=31, followup_last_day=61))
    assert oc.measure_endpoints(earlier)["headache_days_per_28"].tolist() == [10.0, 28.0]


@pytest.mark.parametrize(
    "marks", ["_______ | . _______", "9 | ."], ids=["empty rows only", "every row set aside"]
)
def test_a_patient_of_whom_nothing_can_be_used_is_still_counted(marks: str) -> None:
    """Denominators must not shrink in silence: whoever is named in the diary is in the flow, with a reason."""
    tables = drawn(f"p1 : 3333333 | . 0000000\n p2 : {marks}")
    tables["diary"]["intensity"] = tables["diary"]["intensity"].replace(9.0, 11.0)
    plan = AnalysisPlan(**{**_fields(WEEK_PLAN), "set_aside_limit": 1.0})
    lost = int("9" in marks)
    if lost:
        # To go on without everything that a patient recorded, somebody has to say so.
        with pytest.raises(oc.TooManySetAside, match="1 patient recorded was set aside"):
            load(tables, plan)
    flow = oc.split_periods(load(tables, plan, accept_set_aside=lost), plan).flow
    assert flow is not None
    assert flow.n_patients == 2
    assert flow.n_analysed == 1


class TestCohort:
    """The report's month: whose follow-up window closed in the twelve months to the month's end."""

    @pytest.mark.parametrize(
        ("closing", "is_in"),
        [("2025-10-31", False), ("2025-11-01", True), ("2026-10-31", True), ("2026-11-01", False)],
    )
    def test_the_edges_of_the_twelve_months(self, closing: str, is_in: bool) -> None:
        first = (dt.date.fromisoformat(closing) - dt.timedelta(days=83)).isoformat()
        flow = _flow(
            drawn(f"p1 : {MONTH} | {'.' * 56} {MONTH}", first_session=first),
            PLAN,
            oc.Cohort.of_month("2026-10"),
        )
        assert flow.n_analysed == int(is_in)
        assert dict(flow.left_out) == ({} if is_in else {"outside_cohort": 1})

    @pytest.mark.parametrize(
        ("month", "first", "last"),
        [
            ("2026-10", "2025-11-01", "2026-10-31"),
            ("2026-12", "2026-01-01", "2026-12-31"),
            ("2024-02", "2023-03-01", "2024-02-29"),
            ("2025-02", "2024-03-01", "2025-02-28"),
            ("2026-01", "2025-02-01", "2026-01-31"),
        ],
    )
    def test_a_month_is_a_year_to_its_end(self, month: str, first: str, last: str) -> None:
        cohort = oc.Cohort.of_month(month)
        assert (cohort.closed_from.isoformat(), cohort.closed_to.isoformat()) == (first, last)

    @pytest.mark.parametrize(
        "month", ["2026-13", "2026-00", "2026", "2026-1", "10-2026", "", "2026-10-01", "0001-01", "9999-12"]
    )
    def test_what_is_not_a_month_of_a_clinic_is_refused(self, month: str) -> None:
        """A mistyped month is the command's fault (exit 2), never the program's."""
        try:
            oc.Cohort.of_month(month)
        except oc.PlanError:
            return
        assert month in ("0001-01", "9999-12")

    def test_a_cohort_needs_calendar_dates(self) -> None:
        with pytest.raises(oc.PlanError, match="calendar"):
            _flow(drawn("p1 : 3333333 | . 0000000"), WEEK_PLAN, oc.Cohort.of_month("2026-10"))

    def test_recalled_summaries_follow_the_cohort_too(self) -> None:
        """Patients outside the month are outside it in every mode."""
        tables = dated(
            drawn("in_time : 3333333 | . 0000000\n too_old : 3333333 | . 0000000"),
            {"in_time": "2026-03-02", "too_old": "2020-03-02"},
        )
        tables["summaries"] = pd.DataFrame(
            [
                (name, "recall_28", period, 9)
                for name in ("in_time", "too_old")
                for period in ("baseline", "followup")
            ],
            columns=["patient_id", "mode", "period", "headache_days_per_28"],
        )
        table = _measure(tables, WEEK_PLAN, oc.Cohort.of_month("2026-10"))
        assert set(table.loc[table["mode"] == "diary", "patient_id"]) == {"in_time"}
        assert set(table.loc[table["mode"] == "recall_28", "patient_id"]) == {"in_time"}


class TestASessionRowThatBreaksARule:
    """Day 0 is the hinge of every number: a typing error elsewhere in that row must not move it in silence."""

    def test_a_typing_error_in_a_code_of_the_first_session_does_not_move_day_0(self) -> None:
        tables = drawn("p1 : 3333333 | . 0000000 0000000", first_session="2026-03-02")
        tables["sessions"] = pd.DataFrame(
            {"patient_id": ["p1", "p1"], "date": ["2026-03-02", "2026-03-09"], "technique": ["deeep", "deep"]}
        )
        plan = AnalysisPlan(**{**_fields(WEEK_PLAN), "set_aside_limit": 1.0})
        records = load(tables, plan)
        assert any(found.table == "sessions" and found.column == "technique" for found in records.findings)
        periods = oc.split_periods(records, plan)
        value = _value(oc.measure_endpoints(periods), "baseline")
        left_out = periods.flow is not None and periods.flow.n_analysed == 0
        # With 9 March as day 0 the baseline would be the week after the treatment, and nobody would know.
        assert left_out or value == 28

    def test_a_first_session_whose_date_cannot_be_read_does_not_hand_day_0_to_the_second(self) -> None:
        text = "\n".join(f"p{n} : 3333333 | . 0000000 0000000" for n in range(1, 6))
        tables = drawn(text, first_session="2026-03-02")
        doubtful = pd.DataFrame({"patient_id": ["p1", "p1"], "date": ["02/03/2026", "2026-03-09"]})
        tables["sessions"] = pd.concat([doubtful, tables["sessions"].iloc[1:]], ignore_index=True)
        plan = AnalysisPlan(**{**_fields(WEEK_PLAN), "set_aside_limit": 1.0})
        periods = oc.split_periods(load(tables, plan), plan)
        value = _value(oc.measure_endpoints(periods), "baseline")
        left_out = periods.flow is not None and periods.flow.n_analysed == 4
        assert left_out or value == 28

    def test_a_typing_error_in_a_category_does_not_lose_the_index_date(self) -> None:
        tables = drawn("p1 : 3333333 | . 0000000", first_session="2026-03-02")
        del tables["sessions"]
        tables["patients"] = pd.DataFrame(
            {"patient_id": ["p1"], "index_date": ["2026-03-02"], "headache_type": ["migrane"]}
        )
        plan = AnalysisPlan(**{**_fields(WEEK_PLAN), "set_aside_limit": 1.0})
        table = _measure(tables, plan)
        assert _value(table, "baseline") == 28


def _fields(plan: AnalysisPlan) -> dict[str, Any]:
    import dataclasses

    return {item.name: getattr(plan, item.name) for item in dataclasses.fields(plan)}
