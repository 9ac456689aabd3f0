"""Durability, from diaries drawn month by month. Baseline 20 headache days of 28: 8 days are a response, 15 a relapse.

Where there are sessions they are on days 0 and 27, so that the months after the last one are the periods from day
28 on; the follow-up window is days 56 to 83. Loss and relapse must last for two months in a row.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from diaries import load
from months import Month, by_month, sessions_on

import outcomes as oc
from outcomes import AnalysisPlan
from outcomes.analysis.answers import Answers
from outcomes.analysis.durability_events import Followed, loss_among_responders, relapse, return_of_headache
from outcomes.analysis.periods import Periods
from outcomes.analysis.questions import ask
from outcomes.analysis.response_course import response_course
from outcomes.analysis.survival import kaplan_meier
from outcomes.analysis.treatment_course import last_sessions
from outcomes.errors import PlanError

GOOD: tuple[Month, ...] = (20, 8, 8, 8)

#: Months 84 to 111, 112 to 139, 140 to 167 after a response in the follow-up window.
RESPONDERS: dict[str, tuple[Month, ...]] = {
    "kept": (*GOOD, 8, 8, 8),
    "lost": (*GOOD, 8, 18, 18),
    "blip": (*GOOD, 18, 8, 18),
    "broken": (*GOOD, 18, None, 18),
}


def clinic(
    patients: dict[str, tuple[Month, ...]],
    sessions: dict[str, list[int]] | None = None,
    plan: AnalysisPlan | None = None,
    events: list[tuple[str, int, str]] | None = None,
    **columns: list[str],
) -> Periods:
    tables = by_month(patients)
    given = sessions if sessions is not None else {name: [0, 27] for name in patients}
    if given:
        tables["sessions"] = sessions_on(given, **columns)
    if events:
        tables["events"] = pd.DataFrame(events, columns=["patient_id", "day", "kind"])
    return oc.split_periods(load(tables, plan))


def durability(patients: dict[str, tuple[Month, ...]], **options: Any) -> Answers:
    return ask(clinic(patients, **options), "durability")


def times(who: Followed) -> dict[str, tuple[float, float]]:
    """Patient → (last day known to be without the event, end of the window in which it began)."""
    ends = zip(who.times.left.tolist(), who.times.right.tolist(), strict=True)
    return dict(zip(who.patients, ends, strict=True))


def relapses(
    patients: dict[str, tuple[Month, ...]], *, responders_only: bool = False, **options: Any
) -> Followed:
    periods = clinic(patients, **options)
    return relapse(periods, response_course(periods), responders_only=responders_only)


# ---- loss of response ----


def test_a_response_is_lost_when_two_months_in_a_row_are_below_30_percent() -> None:
    """`lost` began in the second month after the follow-up window, days 29 to 56 from its end. `blip` did not last,
    and `broken`, with a missing month, has no two months in a row to judge by."""
    periods = clinic(RESPONDERS)
    found = loss_among_responders(periods, response_course(periods))
    assert times(found) == {"blip": (56, np.inf), "kept": (56, np.inf), "lost": (28, 56)}
    assert found.n_not_followed == 1 and set(found.reasons) == {"", "diary ended"}


def test_fourteen_days_of_twenty_are_exactly_30_percent_and_no_loss() -> None:
    patients: dict[str, tuple[Month, ...]] = {"edge": (*GOOD, 14, 14), "over": (*GOOD, 15, 15)}
    periods = clinic(patients)
    assert times(loss_among_responders(periods, response_course(periods))) == {
        "edge": (28, np.inf),
        "over": (0, 28),
    }


def test_the_curve_of_loss_by_hand() -> None:
    """Three followed to day 56, one loss there: 2/3. Read at its start, day 28: mean 28 + 28·2/3 of 56 days."""
    answers = durability(RESPONDERS, plan=AnalysisPlan(restricted_mean_days=56))
    free = answers.find("loss_free", group="responders")
    assert (free.value, free.n, free.n_left_out) == (pytest.approx(2 / 3), 3, 1)
    assert answers.find("loss_free_days", group="responders").value == 56
    assert answers.find("loss_free_days_early", group="responders").value == pytest.approx(28 + 28 * 2 / 3)
    assert answers.find("loss_free_days_least", group="responders").value == pytest.approx(28 + 28 * 2 / 3)
    assert answers.find("loss_free_days_greatest", group="responders").value == pytest.approx(56)
    assert any("conditioned on response" in note for note in free.notes)
    assert any("1 of 3 had the event; diary ended 2; 1 without a window" in note for note in free.notes)


def test_beyond_the_last_day_anybody_was_observed_nothing_is_said() -> None:
    free = durability(RESPONDERS).find("loss_free_days", group="responders")
    assert free.value is None and any("beyond_observation" in note for note in free.notes)


def test_loss_counts_from_the_first_response_for_everybody_who_had_one() -> None:
    """Responded on days 1 to 27, lost in the two months after: no responder at follow-up at all."""
    answers = durability({"early": (20, 8, 18, 18, 18), "never": (20, 20, 20, 20, 20)})
    assert answers.find("loss_free", group="responders").n == 0
    first = answers.find("loss_free", group="first_responders")
    assert first.n == 1 and "1 of 1 had the event" in first.notes[-3] + first.notes[0] + first.notes[1]
    curve = answers.frames["curve"]
    row = curve[curve["of"] == "loss_first_responders"].iloc[0]
    assert (row["time"], row["events"], row["survival"]) == (28, 1, 0)


# ---- relapse ----


def test_relapse_counts_from_the_last_session() -> None:
    """15 of 20 days are 75%: as near to the baseline as to half of it. `back` began in the third month after the last
    session: day 57 to 84 after it."""
    found = relapses({"back": (20, 8, 8, 8, 15, 15), "near": (20, 8, 8, 8, 14, 14)})
    assert times(found) == {"back": (56, 84), "near": (84, np.inf)}


def test_the_strict_reading_is_one_key_away() -> None:
    """18 of 20 days are 90%; 5 of 6 are below that, and within one day of the baseline."""
    strict = AnalysisPlan(relapse_baseline_percent=90)
    found = relapses({"back": (20, 8, 8, 8, 18, 18), "near": (20, 8, 8, 8, 17, 17)}, plan=strict)
    assert times(found) == {"back": (56, 84), "near": (84, np.inf)}
    assert times(relapses({"small": (6, 2, 2, 2, 5, 5)}, plan=strict)) == {"small": (56, 84)}
    stricter = AnalysisPlan(relapse_baseline_percent=90, relapse_within_days=0.5)
    assert times(relapses({"small": (6, 2, 2, 2, 5, 5)}, plan=stricter)) == {"small": (84, np.inf)}


def test_the_share_without_relapse_at_either_end_of_its_window() -> None:
    """One of two relapsed between days 56 and 84: half are free on day 84, and half on day 60 read at the start."""
    patients: dict[str, tuple[Month, ...]] = {"back": (20, 8, 8, 8, 18, 18), "kept": (20, 8, 8, 8, 8, 8)}
    for day, late, early in ((84, 0.5, 0.5), (60, 1.0, 0.5), (50, 1.0, 1.0)):
        answers = durability(patients, plan=AnalysisPlan(restricted_mean_days=day))
        assert answers.find("relapse_free", group="all").value == late
        assert answers.find("relapse_free_early", group="all").value == early


def test_a_relapse_after_a_missing_month_lies_somewhere_in_two() -> None:
    found = relapses({"gap": (20, 8, 8, 8, None, 18, 18)})
    assert times(found) == {"gap": (56, 112)}


def test_windows_after_the_last_session_need_not_be_those_after_the_first() -> None:
    """Last session on day 13: the windows are days 14 to 41, 42 to 69 and so on. Every day from day 84 on has a
    headache, so that days 70 to 97 hold 14 headache days and days 98 to 125 all 28."""
    found = relapses({"back": (20, 8, 8, 8, 28, 28, 28)}, sessions={"back": [0, 13]})
    assert times(found) == {"back": (84, 112)}
    earlier = relapses({"back": (20, 8, 8, 8, 28, 28, 28)}, sessions={"back": [0, 7]})
    assert times(earlier) == {"back": (84, 112)}, "days 64 to 91 hold 8, days 92 to 119 all 28"
    later = relapses({"back": (20, 8, 8, 8, 28, 28, 28)}, sessions={"back": [0, 20]})
    assert times(later) == {"back": (56, 84)}, "days 77 to 104 hold 21"


def test_a_gap_of_four_weeks_ends_the_course_of_treatment() -> None:
    periods = clinic({"a": GOOD, "b": GOOD}, {"a": [0, 27, 54], "b": [0, 28, 56]})
    assert last_sessions(periods).to_dict() == {"a": 54, "b": 0}
    wider = clinic({"b": GOOD}, {"b": [0, 28, 56]}, AnalysisPlan(retreatment_gap_days=29))
    assert last_sessions(wider).to_dict() == {"b": 56}


BACK: dict[str, tuple[Month, ...]] = {"back": (20, 8, 8, 8, 18, 18, 18)}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"sessions": {"back": [0, 27, 112]}}, "treated again"),
        ({"events": [("back", 112, "treatment_resumed")]}, "treated again"),
        ({"events": [("back", 112, "preventive_change")]}, "preventive changed"),
    ],
)
def test_observation_ends_when_something_else_begins(options: dict[str, Any], reason: str) -> None:
    """On day 112 one month of the relapse is over: it could not yet be told from a bad month."""
    found = relapses(BACK, **options)
    assert times(found) == {"back": (56, np.inf)} and found.reasons == (reason,)
    assert times(relapses(BACK)) == {"back": (56, 84)}


def test_a_change_of_a_preventive_before_the_last_session_is_not_an_end() -> None:
    assert times(relapses(BACK, events=[("back", 20, "preventive_change")])) == {"back": (56, 84)}


def test_a_preventive_started_at_a_later_session_ends_the_observation_of_a_response() -> None:
    """Still in the same course of treatment: a session every 27 days, a preventive drug begun at that on day 108."""
    patients: dict[str, tuple[Month, ...]] = {"on": (*GOOD, 18, 18, 18)}
    days = [0, 27, 54, 81, 108]
    plain = clinic(patients, {"on": days})
    assert times(loss_among_responders(plain, response_course(plain))) == {"on": (0, 28)}
    codes = ["none"] * 4 + ["advice;preventive_started"]
    changed = clinic(patients, {"on": days}, co_interventions=codes)
    assert loss_among_responders(changed, response_course(changed)).n_not_followed == 1


def test_responders_cannot_relapse_before_they_responded() -> None:
    """Back at the baseline on days 1 to 55, a response at follow-up, then back for good: the relapse is the later one.
    The last session was the first, on day 0, so that the windows begin on day 1, a day after the tiles."""
    patients: dict[str, tuple[Month, ...]] = {"odd": (20, 27, 28, 8, 28, 28)}
    only_first = {"odd": [0]}
    assert times(relapses(patients, sessions=only_first)) == {"odd": (0, 28)}
    assert times(relapses(patients, sessions=only_first, responders_only=True)) == {"odd": (84, 112)}


def test_without_sessions_there_is_loss_but_no_relapse() -> None:
    answers = durability(RESPONDERS, sessions={})
    assert answers.find("loss_free", group="responders").n == 3
    assert not [row for row in answers if row.statistic.startswith(("relapse", "wearing"))]
    assert any("no sessions" in note for note in answers.notes)


# ---- freedom from headache, and the late window ----


def test_headache_comes_back_after_a_month_without() -> None:
    """The first month free ends on day 27. A headache written down counts in however empty a month."""
    patients: dict[str, tuple[Month, ...]] = {
        "back": (20, 0, 0, 1, 0),
        "free": (20, 0, 0, 0, 0),
        "sparse": (20, 0, None, (1, 3)),
        "never": (20, 8, 8, 8, 8),
    }
    periods = clinic(patients)
    found = return_of_headache(periods, response_course(periods))
    assert times(found) == {"back": (28, 56), "free": (84, np.inf), "sparse": (0, 56)}


def test_the_whole_cohort_in_weeks_21_to_24() -> None:
    """Changes −12, −12, −2 and 0 where it was recorded; of five who started two are responders."""
    patients: dict[str, tuple[Month, ...]] = {
        "a": (20, 8, 8, 8, 8, 8, 8),
        "b": (20, 20, 20, 20, 20, 20, 8),
        "c": (20, 8, 8, 8, 18, 18, 18),
        "d": (20, 20, 20, 20, 20, 20, 20),
        "gone": (20, 8, 8, 8, 8, 8),
    }
    answers = durability(patients)
    change = answers["late_change"]
    assert (change.value, change.n, change.n_left_out) == (pytest.approx(-6.5), 4, 1)
    assert (answers["late_responders_50"].count, answers["late_responders_50"].n) == (2, 4)
    started = answers["late_responders_50_all_started"]
    assert (started.count, started.n) == (2, 5)
    assert answers["late_responders_50_all_started_due"].n == 5, "day numbers do not say when the records end"
    assert answers["late_worsened_30"].count == 0


def test_the_late_window_is_the_plans() -> None:
    patients: dict[str, tuple[Month, ...]] = {"a": (20, 8, 8, 8, 8, 20, 20), "b": (20, 8, 8, 8, 8, 20, 20)}
    assert durability(patients)["late_change"].value == 0
    assert durability(patients, plan=AnalysisPlan(late_window_first_day=84))["late_change"].value == -12


def test_who_is_not_there_yet_is_told_from_who_left() -> None:
    """Both halved their days; for `recent` the late window is not over when the records end."""
    early: dict[str, tuple[Month, ...]] = {"early": (20, 8, 8, 8, 8, 8, 8), "recent": (20, 8, 8, 8)}
    tables = by_month(early, first_session="2026-01-05")
    for name in ("diary", "sessions"):
        recent = tables[name]["patient_id"] == "recent"
        moved = pd.to_datetime(tables[name].loc[recent, "date"]) + pd.Timedelta(days=56)
        tables[name].loc[recent, "date"] = moved.dt.strftime("%Y-%m-%d")
    answers = ask(oc.split_periods(load(tables, exported_on="2026-12-01")), "durability")
    everyone, due = (answers[f"late_responders_50_all_started{ending}"] for ending in ("", "_due"))
    assert (everyone.count, everyone.n, due.count, due.n) == (1, 2, 1, 1)


# ---- wearing off ----


def test_headaches_come_back_before_the_next_session() -> None:
    """84 days between two sessions: one headache a week for eight weeks, three a week in the last four."""
    wearing = "3000000" * 8 + "3330000" * 4
    answers = _wearing(wearing, [0, 85])
    worn, rise = answers["wearing_off"], answers["wearing_off_rise"]
    assert (worn.count, worn.n) == (1, 1) and rise.value == pytest.approx(2)
    steady = _wearing("3300000" * 12, [0, 85])
    assert steady["wearing_off"].count == 0 and steady["wearing_off_rise"].value == pytest.approx(0)


@pytest.mark.parametrize(
    ("sessions", "told"),
    [([0, 56], "patients without such a gap: 1"), ([0, 7, 14], "patients without such a gap: 1")],
)
def test_sessions_that_lie_closer_cannot_tell(sessions: list[int], told: str) -> None:
    """A gap needs twice four weeks between its sessions: 55 days are one too few."""
    worn = _wearing("3000000" * 12, sessions)["wearing_off"]
    assert (worn.value, worn.n) == (None, 0) and any(told in note for note in worn.notes)
    assert _wearing("3000000" * 12, [0, 57])["wearing_off"].n == 1


def test_a_gap_without_recorded_days_is_counted_as_such() -> None:
    worn = _wearing("3000000" * 8 + "......." * 4 + "0" * 7, [0, 85])["wearing_off"]
    assert worn.n == 0 and any("with too few recorded days in theirs: 1" in note for note in worn.notes)


def _wearing(after: str, sessions: list[int]) -> Answers:
    from diaries import drawn

    tables = drawn(f"p1 : {'3' * 20}{'0' * 8} | .{after}")
    return ask(oc.split_periods(load({**tables, "sessions": sessions_on({"p1": sessions})})), "durability")


# ---- edges and laws ----


def test_nobody_with_a_baseline() -> None:
    answers = durability({"after": ((3, 5), 8, 8, 8)})
    assert all(row.value is None for row in answers)
    assert all((row.n, row.n_left_out) == (0, 1) for row in answers)
    assert answers.frames["curve"].empty


def test_nobody_relapses_and_everybody_does() -> None:
    three = ("a", "b", "c")
    none = durability(dict.fromkeys(three, (20, 8, 8, 8, 8, 8)), plan=AnalysisPlan(restricted_mean_days=84))
    assert none.find("relapse_free", group="all").value == 1
    assert none.find("relapse_free_days", group="all").value == 84
    every = durability(dict.fromkeys(three, (20, 8, 20, 20, 20)))
    assert every.find("relapse_free", group="all").value == 0
    assert every.find("relapse_median_days", group="all").value == 28


def test_everyone_looked_at_is_in_or_left_out() -> None:
    patients = RESPONDERS | {"mild": (2, 0, 0, 0), "new": ((3, 5), 8, 8, 8)}
    assert {row.n + row.n_left_out for row in durability(patients)} == {6}


def test_frames_say_the_same_as_the_numbers() -> None:
    answers = durability(RESPONDERS)
    at_risk = answers.frames["at_risk"]
    assert list(at_risk.loc[at_risk["of"] == "loss_responders", "at_risk"]) == [3, 3, 3]
    curve = answers.frames["curve"]
    assert set(curve.columns) >= {"of", "time", "at_risk", "events", "survival", "low", "high"}
    ended = answers.frames["ended"].set_index("of")
    assert ended.loc["loss_responders", "patients"] == 2


def test_neither_the_order_of_rows_nor_names_matter() -> None:
    periods = clinic(RESPONDERS)
    frames = {name: periods.records.frame(name) for name in ("diary", "sessions")}
    names = {name: f"q{9 - n}" for n, name in enumerate(RESPONDERS)}
    other = {
        table: frame.sample(frac=1, random_state=2).assign(
            patient_id=lambda rows: rows["patient_id"].map(names)
        )
        for table, frame in frames.items()
    }
    assert list(ask(oc.split_periods(load(other)), "durability")) == list(ask(periods, "durability"))


def test_a_plan_of_one_month_finds_what_two_do_not() -> None:
    periods = clinic(RESPONDERS)
    hasty = dataclasses.replace(AnalysisPlan(), loss_periods=1)
    course = response_course(oc.split_periods(periods.records, hasty))
    found = loss_among_responders(oc.split_periods(periods.records, hasty), course)
    assert times(found) == {"blip": (0, 28), "broken": (0, 28), "kept": (84, np.inf), "lost": (28, 56)}


def test_records_of_summaries_cannot_answer() -> None:
    rows = [("a", "baseline", 20), ("a", "followup", 8)]
    summaries = pd.DataFrame(rows, columns=["patient_id", "period", "headache_days_per_28"])
    with pytest.raises(PlanError, match="no daily diary"):
        ask(oc.split_periods(load({"summaries": summaries})), "durability")


def test_it_can_be_read() -> None:
    text = durability(RESPONDERS, plan=AnalysisPlan(restricted_mean_days=56)).summary()
    assert "responders: without loss of response at day 56 (Kaplan–Meier)" in text
    assert "a claim of lasting change is judged by everyone who started" in text


# ---- planted relapses ----

#: Of those still well, the share that relapses in each month after the last session.
HAZARD = 0.15


def planted(clinics: int, patients: int, seed: int) -> Periods:
    """Made-up clinics: headache on every second day before, one in ten while well, three in four after a relapse.

    Relapses begin with a month after the last session (day 27). Diaries end after 3 to 8 months, whatever happens.
    """
    generator = np.random.default_rng(seed)
    names = [f"c{number:03d}-{patient:03d}" for number in range(clinics) for patient in range(patients)]
    relapse_month = generator.geometric(HAZARD, len(names)) - 1
    months = generator.integers(3, 9, len(names))
    rows = []
    for name, relapsed, length in zip(names, relapse_month, months, strict=True):
        days = np.arange(-28, 28 + 28 * length)
        chance = np.select([days < 0, days < 28 + 28 * relapsed], [0.5, 0.1], 0.75)
        rows.append(
            pd.DataFrame({"patient_id": name, "day": days, "headache": generator.random(len(days)) < chance})
        )
    diary = pd.concat(rows, ignore_index=True)
    diary["headache"] = np.where(diary["headache"], "yes", "no")
    sessions = sessions_on({name: [0, 27] for name in names})
    return oc.split_periods(load({"diary": diary[diary["day"] != 0], "sessions": sessions}))


def covered(periods: Periods) -> dict[int, int]:
    """Day after the last session → clinics whose interval holds the planted share without a relapse."""
    found = relapse(periods, response_course(periods), responders_only=False)
    clinics = np.array([name.split("-")[0] for name in found.patients])
    hits = dict.fromkeys((28, 56, 112), 0)
    for one in np.unique(clinics):
        own = clinics == one
        curve = kaplan_meier(found.times.time[own], found.times.seen[own], 0.95)
        for day in hits:
            at, truth = curve.at(day), (1 - HAZARD) ** (day / 28)
            hits[day] += at.low is not None and at.high is not None and at.low <= truth <= at.high
    return hits


def test_planted_relapses_are_found_again() -> None:
    """300 patients: the planted share without relapse lies in the interval of the topic's own curve."""
    curve = ask(planted(1, 300, seed=11), "durability").frames["curve"]
    own = curve[curve["of"] == "relapse_all"].set_index("time")
    for day in (28.0, 56.0, 112.0):
        assert own.loc[day, "low"] <= (1 - HAZARD) ** (day / 28) <= own.loc[day, "high"]


@pytest.mark.long
def test_the_interval_of_the_curve_keeps_its_promise() -> None:
    """100 clinics of 60 patients: at each of three days at least 90 intervals hold the truth."""
    assert min(covered(planted(100, 60, seed=5)).values()) >= 90


def test_first_responses_are_looked_for_as_in_the_response_over_time() -> None:
    """A first response, and a first month without headache, in the third month; the plan looks at two or at three."""
    patients: dict[str, tuple[Month, ...]] = {"late": (20, 20, 20, 0, 8, 20, 20)}
    for n_periods, followed in ((3, 1), (2, 0)):
        answers = durability(patients, plan=AnalysisPlan(response_periods=n_periods, sustained_periods=2))
        assert answers.find("loss_free", group="first_responders").n == followed
        assert answers.find("return_free", group="headache_free").n == followed
