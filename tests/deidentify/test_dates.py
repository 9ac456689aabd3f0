"""What becomes of dates, held against a recount day by day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.errors import PlanError
from outcomes.records.deidentify import dates, fields
from outcomes.records.deidentify.config import DeidentifySettings
from outcomes.records.deidentify.ledger import Ledger

ZERO = dt.date(2026, 3, 4)
EXPORTED = dt.date(2026, 12, 31)


def _iso(day: int) -> str:
    return (ZERO + dt.timedelta(days=day)).isoformat()


def _table(days: list[tuple[str, int]], **columns: str) -> pd.DataFrame:
    rows = [{"patient_id": patient, "date": _iso(day), **columns} for patient, day in days]
    return pd.DataFrame(rows, columns=["patient_id", "date", *columns], dtype=object)


def _diary(days: list[tuple[str, int]]) -> pd.DataFrame:
    return _table(days, headache="yes")


def _place(
    frames: dict[str, pd.DataFrame], ledger: Ledger | None = None, shift: int | None = None, **settings: Any
) -> dict[str, pd.DataFrame]:
    chosen = DeidentifySettings(**{"exported_on": EXPORTED, **settings})
    ledger = ledger or Ledger()
    clean = fields.cleaned(frames, chosen, ledger)
    truth = dates.true_dates(clean, chosen, (lambda _: shift) if shift is not None else None)
    return dates.placed(clean, chosen, truth, ledger)


@given(st.integers(-130, 40), st.integers(-40, 300))
def test_the_diary_keeps_exactly_its_whole_windows(first: int, last: int) -> None:
    ledger = Ledger()
    days = list(range(first, last + 1))
    frames = {"sessions": _table([("a", 0)]), "diary": _diary([("a", day) for day in days])}
    kept = _place(frames, ledger)["diary"]["day"].tolist() if days else []
    wanted = [
        day
        for start in range(-140, 308, 28)
        if start >= first and start + 27 <= last
        for day in range(start, start + 28)
    ]
    assert kept == wanted
    if days:
        assert ledger.dropped["diary"][dates.OUTSIDE_WINDOWS] == len(days) - len(wanted)


@given(st.lists(st.integers(-60, 200), min_size=1, max_size=30, unique=True), st.integers(0, 200))
def test_no_table_tells_a_day_after_the_last_whole_window(sparse: list[int], visit: int) -> None:
    frames = {
        "sessions": _table([("a", 0), ("a", visit)]),
        "diary": _diary([("a", day) for day in sparse]),
        "scores": _table([("a", day) for day in sparse], instrument="hit6", score="60"),
    }
    done = _place(frames)
    last = max([0, visit, *sparse])
    shown = [day for frame in done.values() for day in frame["day"] if day != 0]
    assert all((day // 28 + 1) * 28 - 1 <= last for day in shown)
    assert 0 in set(done["sessions"]["day"]), "without its first session a patient has no day 0"


def test_a_baseline_that_is_not_whole_is_gone_and_the_clinic_is_told() -> None:
    ledger = Ledger()
    frames = {
        "sessions": _table([("whole", 0), ("late", 0), ("brief", 0)]),
        "diary": _diary(
            [("whole", day) for day in range(-28, 84)]
            + [("late", day) for day in range(-27, 84)]
            + [("brief", day) for day in range(-10, 10)]
        ),
    }
    diary = _place(frames, ledger)["diary"]
    assert diary.groupby("patient_id")["day"].agg(["min", "max"]).to_dict("index") == {
        "whole": {"min": -28, "max": 83},
        "late": {"min": 0, "max": 83},
    }
    assert any(note.startswith("1 patients have no whole 28-day window") for note in ledger.notes)
    assert any(note.startswith("2 patients wrote in the 28 days before") for note in ledger.notes)


def test_a_clinic_with_short_baselines_can_keep_the_start_of_the_diary() -> None:
    frames = {"sessions": _table([("a", 0)]), "diary": _diary([("a", day) for day in range(-14, 90)])}
    assert _place(frames)["diary"]["day"].min() == 0
    kept = _place(frames, keep_diary_start=True)["diary"]["day"]
    assert (kept.min(), kept.max()) == (-14, 83)


def test_who_has_no_first_session_counts_from_the_index_date_or_is_counted_out() -> None:
    ledger = Ledger()
    people = pd.DataFrame(
        {"patient_id": ["waits", "lost"], "index_date": [_iso(5), None], "contact_date": [_iso(-40), None]},
        dtype=object,
    )
    frames = {
        "diary": _diary([(patient, day) for patient in ("waits", "lost") for day in range(70)]),
        "patients": people,
    }
    done = _place(frames, ledger)
    assert done["diary"]["day"].agg(["min", "max"]).tolist() == [0, 55]
    assert set(done["diary"]["patient_id"]) == {"waits"}
    assert ledger.dropped["diary"]["no first session to count days from"] == 70
    assert done["patients"]["index_day"].iloc[0] == 0


@given(st.integers(-400, 0))
def test_the_booking_is_told_in_windows_and_never_before_it_was(day: int) -> None:
    people = pd.DataFrame({"patient_id": ["a"], "contact_date": [_iso(day)]}, dtype=object)
    frames = {"sessions": _table([("a", 0)]), "patients": people}
    told = _place(frames)["patients"]["contact_day"].iloc[0]
    assert told % 28 == 0 and told - 28 < day <= told
    # A window that begins at or after the booking as told does so in truth, and the other way round.
    for start in range(-420, 1, 28):
        assert (start >= told) == (start >= day)


@given(
    st.integers(1, 26).map(lambda weeks: 7 * weeks),
    st.integers(-120, 0),
    st.integers(1, 302),
    st.lists(st.integers(0, 250), min_size=1, max_size=5),
)
def test_every_shifted_date_could_have_come_from_every_shift(
    shift: int, first: int, last: int, visits: list[int]
) -> None:
    frames = {
        "sessions": _table([("a", day) for day in visits]),
        "diary": _diary([("a", day) for day in range(first, last + 1)]),
    }
    done = _place(frames, dates="shift", shift=shift)
    begun = min(first, *visits)
    for name in ("diary", "sessions"):
        true = {
            (ZERO + dt.timedelta(days=day)) for day in (range(first, last + 1) if name == "diary" else visits)
        }
        for text in done[name]["date"]:
            day = dt.date.fromisoformat(text)
            assert day + dt.timedelta(days=shift) in true
            assert day.weekday() == (day + dt.timedelta(days=shift)).weekday()
            assert ZERO + dt.timedelta(days=begun) <= day
            assert day + dt.timedelta(days=182) <= EXPORTED
    # A patient whose first session is not told would have another day 0.
    told = set(done["sessions"]["date"])
    assert (_iso(min(visits) - shift) in told) or (not told and not len(done["diary"]))


def test_one_wrong_early_date_does_not_make_the_records_seem_older() -> None:
    many = [f"p{number}" for number in range(9)]
    diary = [(patient, day) for patient in many for day in range(-30, 200)]
    frames = {"sessions": _table([(patient, 0) for patient in many]), "diary": _diary(diary)}
    wrong = {**frames, "diary": _diary([*diary, ("p0", -3000)])}
    right = _place(frames, dates="shift", shift=28)["diary"]
    assert set(_place(wrong, dates="shift", shift=28)["diary"]["date"]) == set(right["date"])


def test_the_shift_is_one_to_twenty_six_weeks_and_all_of_them_occur() -> None:
    found = {dates.shift_days(bytes([number]) * 32) for number in range(256)}
    assert found == {7 * weeks for weeks in range(1, 27)}


def test_months_keep_the_month_alone_and_no_diary() -> None:
    ledger = Ledger()
    frames = {"sessions": _table([("a", 0), ("a", 40)]), "diary": _diary([("a", 1)])}
    done = _place(frames, ledger, dates="month")
    assert done["sessions"]["date"].tolist() == ["2026-03-01", "2026-04-01"]
    assert not len(done["diary"]) and sum(ledger.dropped["diary"].values()) == 1


def test_keep_leaves_the_days_and_drops_the_time_of_day() -> None:
    ledger = Ledger()
    sessions = _table([("a", 0)])
    sessions["date"] = f"{ZERO.isoformat()} 14:35:00"
    done = _place({"sessions": sessions}, ledger, dates="keep")
    assert done["sessions"]["date"].tolist() == [ZERO.isoformat()]
    assert ledger.cells["sessions"]["date: time of day not kept"] == 1


@pytest.mark.parametrize("mode", ["relative", "shift", "keep"])
def test_visits_by_the_week_count_from_the_first_one(mode: str) -> None:
    visits = [("a", day) for day in (0, 6, 7, 13, 15)]
    frames = {"sessions": _table(visits), "diary": _diary([("a", day) for day in range(-60, 90)])}
    done = _place(frames, dates=mode, shift=7, coarsen_visits="week")["sessions"]
    told = done["day"] if mode == "relative" else pd.to_datetime(done["date"]).map(pd.Timestamp.toordinal)
    assert [day - told.iloc[0] for day in told] == [0, 0, 7, 7, 14]


def test_records_that_count_days_can_only_stay_so() -> None:
    days = pd.DataFrame(
        {"patient_id": ["a"] * 60, "day": [str(day) for day in range(60)], "headache": "yes"}, dtype=object
    )
    assert _place({"diary": days})["diary"]["day"].tolist() == list(range(56))
    for mode in ("shift", "month", "keep"):
        with pytest.raises(PlanError, match="relative"):
            _place({"diary": days}, dates=mode, shift=7)


def test_a_shift_needs_the_day_of_the_export() -> None:
    with pytest.raises(PlanError, match="exported_on"):
        _place({"sessions": _table([("a", 0)])}, dates="shift", shift=7, exported_on=None)


def _ends(first_sessions: list[int], *, last: int = 82, further: int = 150) -> dict[str, pd.DataFrame]:
    """Patients begun on those days whose diaries end on day `last`, and two whose diaries go on for longer."""
    diary, sessions = [], []
    for number, zero in enumerate(first_sessions):
        diary += [(f"p{number}", zero + day) for day in range(-28, last + 1)]
        sessions += [(f"p{number}", zero), (f"p{number}", zero + 60)]
    for patient, end in (("long", further), ("longer", further + 60)):
        diary += [(patient, day) for day in range(-28, end + 1)]
        sessions.append((patient, 0))
    return {"diary": _diary(diary), "sessions": _table(sessions)}


def _last_day(done: dict[str, pd.DataFrame], patient: str = "p0") -> int:
    return int(done["diary"].loc[done["diary"]["patient_id"] == patient, "day"].max())


def test_a_window_that_was_over_at_the_export_is_kept_where_its_last_day_was_not_recorded() -> None:
    ledger = Ledger()
    done = _place(_ends([0]), ledger)
    assert _last_day(done) == 82
    # What else happened in that window is kept as well, and nobody is lost.
    assert set(done["sessions"].loc[done["sessions"]["patient_id"] == "p0", "day"]) == {0, 60}
    assert any(line.endswith("and all of them in the output.") for line in ledger.told)


@pytest.mark.parametrize("further", [82, 83, 150])
def test_the_window_leaves_only_if_it_was_over_when_the_newest_diaries_ended(further: int) -> None:
    assert _last_day(_place(_ends([0], further=further))) == (82 if further >= 83 else 55)
    at_export = ZERO + dt.timedelta(days=82)
    assert _last_day(_place(_ends([0]), exported_on=at_export)) == 55


def test_diaries_that_end_together_are_cut_to_whole_windows() -> None:
    assert _last_day(_place(_ends([0, 3]))) == 82
    ledger = Ledger()
    done = _place(_ends([0, -2, 1]), ledger)
    assert {_last_day(done, f"p{number}") for number in range(3)} == {55}
    (told,) = ledger.told
    assert "3 of them no longer in the output" in told and "3 because the diary ends within" in told


def test_a_diary_that_ends_with_a_month_is_cut_to_whole_windows() -> None:
    assert _iso(88) == "2026-05-31"
    assert _last_day(_place(_ends([6]))) == 55
    assert [_last_day(_place(_ends([zero]))) for zero in (5, 7)] == [82, 82]


def test_a_window_with_too_few_days_to_compare_does_not_tell_where_the_diary_ends() -> None:
    assert _last_day(_place(_ends([0], last=75))) == 75
    assert _last_day(_place(_ends([0], last=74))) == 55


def test_a_window_within_the_diary_is_kept_without_its_first_and_last_days() -> None:
    days = [day for day in range(-40, 120) if day not in (-28, -1, 0, 56, 82, 83)]
    done = _place({"sessions": _table([("a", 0)]), "diary": _diary([("a", day) for day in days])})
    assert done["diary"]["day"].tolist() == [day for day in days if -28 <= day < 112]


def test_without_the_calendar_only_whole_windows_are_kept() -> None:
    days = [("a", day) for day in range(83)] + [("b", day) for day in range(151)]
    frame = pd.DataFrame(
        [{"patient_id": patient, "day": str(day), "headache": "yes"} for patient, day in days], dtype=object
    )
    assert _place({"diary": frame})["diary"].groupby("patient_id")["day"].max().tolist() == [55, 139]


@pytest.mark.parametrize(
    ("mode", "advice"), [("shift", "newest 26 weeks"), ("month", "not written by the month")]
)
def test_other_ways_to_tell_dates_say_who_is_lost(mode: str, advice: str) -> None:
    ledger = Ledger()
    frames = {"sessions": _table([("a", 0)]), "diary": _diary([("a", day) for day in range(-28, 200)])}
    _place(frames, ledger, dates=mode, shift=7, exported_on=ZERO + dt.timedelta(days=200))
    (told,) = ledger.told
    assert "1 of them no longer in the output" in told and advice in told
