"""What becomes of dates: day numbers cut to whole windows, dates moved by whole weeks, months, or the truth.

A diary ends, for most patients, on the day the records were exported. Whoever knows that day reads the true
date of every other entry off the last one. So day numbers end with the last whole window of 28 days, which
leaves 28 possible days (windows.py), and moved dates are kept only where every possible move could have led to
them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outcomes.errors import InvalidRecords, PlanError
from outcomes.records.deidentify.config import WEEKDAYS, DeidentifySettings
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.deidentify.windows import WINDOW_DAYS, Bounds, bounds_of, comparable, tell_comparable

if TYPE_CHECKING:
    import pandas as pd

    Frames = dict[str, pd.DataFrame]

DATED = ("diary", "sessions", "scores", "events")
#: Columns of `patients` that hold a date, with the columns that hold the same as a day number.
PATIENT_DATES = {"contact_date": "contact_day", "index_date": "index_day", "diagnosed_date": "diagnosed_day"}
SHIFT_WEEKS = 26
LONGEST_SHIFT = 7 * SHIFT_WEEKS

OUTSIDE_WINDOWS = "outside the whole 28-day windows"
OUTSIDE_KEPT_DATES = "outside the dates that can be kept"


@dataclass(frozen=True)
class TrueDates:
    """The secret that the attacks of the linkage report are held against. It is written nowhere.

    Days are ordinals. `zero`: patient → first session (or index date); `shift`: patient → days moved back;
    `visits`: patient → days of the sessions. `common_end`: the day, other than that of the export, on which most
    diaries end.
    """

    zero: Mapping[str, int] = field(default_factory=dict)
    shift: Mapping[str, int] = field(default_factory=dict)
    visits: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    first: int = 0
    exported: int = 0
    common_end: int = 0
    opening_days: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"TrueDates({len(self.zero)} patients)"

    @property
    def known(self) -> bool:
        return bool(self.zero)


def true_dates(
    frames: Frames, settings: DeidentifySettings, shift_of: Callable[[str], int] | None
) -> TrueDates:
    """The true days of a source that has dates; nothing for one that has day numbers only."""
    days = {name: _ordinals(frames[name]["date"]) for name in DATED if "date" in frames.get(name, ())}
    newest = max((int(column.max()) for column in days.values() if column.notna().any()), default=0)
    if not newest:
        return TrueDates()
    visits = _visits(frames, days)
    zero = {patient: min(own) for patient, own in visits.items()}
    for patient, day in _index_days(frames).items():
        zero.setdefault(patient, day)
    exported = settings.exported_on.toordinal() if settings.exported_on else newest
    patients = set(zero).union(*(frames[name]["patient_id"] for name in days))
    opening = tuple(WEEKDAYS.index(name) for name in settings.opening_days)
    return TrueDates(
        zero=zero,
        shift={patient: shift_of(patient) for patient in patients} if shift_of else {},
        visits=visits,
        first=_first_day(frames, days, settings.k),
        exported=exported,
        common_end=_common_end(frames, days, exported),
        opening_days=opening or tuple(sorted({(day - 1) % 7 for own in visits.values() for day in own})),
    )


def _first_day(frames: Frames, days: Mapping[str, pd.Series], patients: int) -> int:
    """The day by which so many patients had begun: one wrong date must not make the records seem older."""
    import pandas as pd

    told = [column.groupby(frames[name]["patient_id"]).min() for name, column in days.items()]
    firsts = sorted(int(day) for day in pd.concat(told).groupby(level=0).min().dropna())
    return firsts[min(patients, len(firsts)) - 1]


def _common_end(frames: Frames, days: Mapping[str, pd.Series], exported: int) -> int:
    """The day on which most diaries end, as when an app was given up; 0 where no two do."""
    if "diary" not in days:
        return 0
    ends = days["diary"].groupby(frames["diary"]["patient_id"]).max().dropna()
    counts = ends[ends != exported].astype(int).value_counts().sort_index()
    return max((int(day) for day in counts.index[counts == counts.max()] if counts[day] > 1), default=0)


def shift_days(digest: bytes) -> int:
    """How many days a patient's dates move back, from a hash: 1 to 26 whole weeks, so that weekdays stay."""
    return 7 * (1 + int.from_bytes(digest, "big") % SHIFT_WEEKS)


def placed(frames: Frames, settings: DeidentifySettings, truth: TrueDates, ledger: Ledger) -> Frames:
    """The tables with their dates in the form that may leave."""
    if settings.dates == "shift" and settings.exported_on is None:
        raise PlanError('dates = "shift" needs exported_on, the day on which the raw files were exported.')
    if settings.dates != "relative" and any("day" in frames.get(name, ()) for name in DATED):
        raise PlanError('The records count days already, which only  dates = "relative"  keeps.')
    frames = {name: _readable_day(name, frame, ledger) for name, frame in frames.items()}
    if settings.dates == "relative":
        return _coarse(_relative(frames, settings, truth, ledger), settings, truth)
    before = _comparable_by_date(frames, truth.zero)
    frames = _coarse(frames, settings, truth)
    if settings.dates == "shift":
        frames = _shifted(frames, truth, ledger)
        zero = {patient: day - truth.shift.get(patient, 0) for patient, day in truth.zero.items()}
        tell_comparable(before, _comparable_by_date(frames, zero), _NEWEST_WEEKS, ledger)
    elif settings.dates == "month":
        frames = _by_month(frames, ledger)
        tell_comparable(before, set(), _NO_DIARY, ledger)
    return frames


_NEWEST_WEEKS = 'The newest 26 weeks are not written: dates = "relative" keeps more, or export again later.'
_NO_DIARY = 'A diary is not written by the month: dates = "relative" keeps it, in day numbers.'


def _comparable_by_date(frames: Frames, zero: Mapping[str, int]) -> set[str]:
    diary = frames.get("diary")
    if diary is None or not {"date", "headache"} <= set(diary.columns):
        return set()
    days = _ordinals(diary["date"]) - diary["patient_id"].map(zero).astype("Float64")
    return comparable(diary.assign(day=days)[days.notna()])


def _ordinals(dates: pd.Series) -> pd.Series:
    return dates.map(
        lambda text: None if text != text or text is None else dt.date.fromisoformat(text).toordinal()
    ).astype("Float64")


def _visits(frames: Frames, days: Mapping[str, pd.Series]) -> dict[str, tuple[int, ...]]:
    if "sessions" not in days:
        return {}
    told = days["sessions"].dropna().astype(int)
    by_patient = told.groupby(frames["sessions"].loc[told.index, "patient_id"])
    return {str(patient): tuple(sorted(set(own))) for patient, own in by_patient}


def _index_days(frames: Frames) -> dict[str, int]:
    patients = frames.get("patients")
    if patients is None or "index_date" not in patients.columns:
        return {}
    told = _ordinals(patients["index_date"]).dropna().astype(int)
    return dict(zip(patients.loc[told.index, "patient_id"], told, strict=True))


def _readable_day(name: str, frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Every dated row has its date or day; one without has no place in time."""
    if name not in DATED:
        return frame
    column = "day" if "day" in frame.columns else "date"
    if column not in frame.columns:
        raise InvalidRecords([f"{name}: no column is mapped to 'date' or 'day'."])
    return ledger.keep(name, frame, frame[column].notna(), f"{column} is empty")


def _relative(frames: Frames, settings: DeidentifySettings, truth: TrueDates, ledger: Ledger) -> Frames:
    """Days from the first session, cut where the last and the first whole window end."""
    done = {}
    for name, frame in frames.items():
        if name in DATED and "date" in frame.columns:
            zero = frame["patient_id"].map(truth.zero).astype("Float64")
            frame = frame.assign(day=(_ordinals(frame["date"]) - zero))
            frame = ledger.keep(name, frame, frame["day"].notna(), "no first session to count days from")
            frame = frame.assign(day=frame["day"].astype("int64")).drop(columns="date")
        elif "day" in frame.columns:
            frame = frame.assign(day=frame["day"].map(lambda text: None if text is None else int(text)))
            frame = frame.assign(day=frame["day"].astype("int64" if name in DATED else "Int64"))
        done[name] = _patient_days(frame, truth) if name == "patients" else frame
    return _whole_windows(done, truth, settings.keep_diary_start, ledger)


def _patient_days(patients: pd.DataFrame, truth: TrueDates) -> pd.DataFrame:
    """Day numbers of `patients`. Booking and diagnosis are told in whole windows before day 0, rounded towards
    it, so that a window said to lie after the booking does."""
    zero = patients["patient_id"].map(truth.zero).astype("Float64")
    for date, day in PATIENT_DATES.items():
        if date in patients.columns:
            patients = patients.assign(**{day: _ordinals(patients[date]) - zero}).drop(columns=date)
        elif day in patients.columns:
            told = patients[day].map(lambda text: None if text is None else int(text))
            patients = patients.assign(**{day: told.astype("Float64")})
    for day in ("contact_day", "diagnosed_day"):
        if day in patients.columns:
            whole = -(-patients[day] // WINDOW_DAYS) * WINDOW_DAYS
            patients = patients.assign(**{day: whole.astype("Int64")})
    if "index_day" in patients.columns:
        patients = patients.assign(index_day=patients["index_day"].astype("Int64"))
    return patients


def _whole_windows(frames: Frames, truth: TrueDates, keep_start: bool, ledger: Ledger) -> Frames:
    """The diary from its first to its last whole window; nothing else later than the patient's last one.

    The first session stays whatever comes after it: without it there is no day 0.
    """
    import pandas as pd

    dated = [frames[name][["patient_id", "day"]] for name in DATED if name in frames]
    if not dated:
        return frames
    last = pd.concat(dated).groupby("patient_id")["day"].max()
    end = (last + 1) // WINDOW_DAYS * WINDOW_DAYS - 1
    done = dict(frames)
    if "diary" in frames:
        bounds = bounds_of(frames["diary"], truth.zero, truth.exported)
        end = end.where(end >= bounds.end.reindex(end.index).fillna(end), bounds.end.reindex(end.index))
        done["diary"] = _whole_diary(frames["diary"], bounds, keep_start, ledger)
    for name in ("sessions", "scores", "events"):
        if name not in frames:
            continue
        frame = frames[name]
        kept = frame["day"] <= frame["patient_id"].map(end)
        if name == "sessions":
            kept |= frame["day"] == 0
        done[name] = ledger.keep(name, frame, kept, OUTSIDE_WINDOWS)
    return done


def _whole_diary(diary: pd.DataFrame, bounds: Bounds, keep_start: bool, ledger: Ledger) -> pd.DataFrame:
    """The diary within its bounds, and who can be compared no longer because of them."""
    begun = diary["day"] >= diary["patient_id"].map(bounds.begin)
    ended = diary["day"] > diary["patient_id"].map(bounds.end)
    done = ledger.keep("diary", diary, (keep_start | begun) & ~ended, OUTSIDE_WINDOWS)
    _tell_what_was_lost(diary, done, ledger)
    before, after, with_start = (comparable(rows) for rows in (diary, done, diary[~ended]))
    tell_comparable(before, after, _advice(len(before - with_start), len(with_start - after)), ledger)
    return done


def _advice(by_end: int, by_start: int) -> str:
    """What to do about patients who were lost by where their diaries end, and by where they begin."""
    told = []
    if by_start:
        told.append(
            f"{by_start} because the diary begins within the window before: keep_diary_start = true, under "
            "[deidentify], keeps them, and tells of every diary on which day it began."
        )
    if by_end:
        told.append(
            f"{by_end} because the diary ends within the window after, on a day that could tell the true dates: no "
            "setting keeps them. Compare them in the clinic, or export again when their diaries have gone on."
        )
    return " ".join(told)


def _tell_what_was_lost(before: pd.DataFrame, after: pd.DataFrame, ledger: Ledger) -> None:
    """Patients who have a diary but no whole window of it, or no whole one before the first session."""

    def with_baseline(diary: pd.DataFrame) -> set[str]:
        return set(diary.loc[diary["day"].between(-WINDOW_DAYS, -1), "patient_id"])

    none = set(before["patient_id"]) - set(after["patient_id"])
    if none:
        ledger.notes.append(
            f"{len(none)} patients have no whole 28-day window of diary, so none of it is written."
        )
    lost = with_baseline(before) - with_baseline(after)
    if lost:
        ledger.notes.append(
            f"{len(lost)} patients wrote in the 28 days before the first session, but not from the first of them "
            "on: they have no baseline in the output. With  keep_diary_start = true  they would."
        )


def _coarse(frames: Frames, settings: DeidentifySettings, truth: TrueDates) -> Frames:
    """Visits told by the week from day 0: intervals of visits tell people apart, intervals in weeks hardly."""
    if settings.coarsen_visits != "week":
        return frames
    done = dict(frames)
    for name in ("sessions", "scores", "events"):
        frame = frames.get(name)
        if frame is None:
            continue
        if "day" in frame.columns:
            done[name] = frame.assign(day=frame["day"] // 7 * 7)
        else:
            zero = frame["patient_id"].map(truth.zero).astype("Float64").fillna(0)
            days = _ordinals(frame["date"])
            done[name] = frame.assign(date=_iso(days - (days - zero) % 7))
    return done


def _iso(days: pd.Series) -> pd.Series:
    import pandas as pd

    told = [None if day is pd.NA else dt.date.fromordinal(int(day)).isoformat() for day in days]
    return pd.Series(told, days.index, dtype=object)


def _shifted(frames: Frames, truth: TrueDates, ledger: Ledger) -> Frames:
    """Shift and truncate: only dates to which each of the 26 moves could have led from a true date.

    Where a patient's first session is lost, so is the meaning of all the patient's other dates.
    """
    earliest, latest = truth.first, truth.exported - LONGEST_SHIFT
    lost = {
        patient
        for patient, day in truth.zero.items()
        if not earliest <= day - truth.shift.get(patient, 0) <= latest
    }
    done = {}
    for name, frame in frames.items():
        for column in ("date",) if name in DATED else tuple(PATIENT_DATES):
            if column not in frame.columns:
                continue
            shift = frame["patient_id"].map(truth.shift).astype("Float64")
            days = _ordinals(frame[column]) - shift
            stays = days.between(earliest, latest).fillna(False) & ~frame["patient_id"].isin(lost)
            if name in DATED:
                without = frame["patient_id"].isin(lost)
                frame = ledger.keep(
                    name,
                    frame.assign(date=_iso(days)),
                    ~without,
                    "first session outside the dates that can be kept",
                )
                frame = ledger.keep(name, frame, stays[frame.index].astype(bool), OUTSIDE_KEPT_DATES)
            else:
                ledger.cell(
                    name, f"{column}: {OUTSIDE_KEPT_DATES}, emptied", int((days.notna() & ~stays).sum())
                )
                frame = frame.assign(**{column: _iso(days.where(stays))})
        done[name] = frame
    return done


def _by_month(frames: Frames, ledger: Ledger) -> Frames:
    """The first of the month in place of each date. A diary of one date for many days is no diary."""
    done = {}
    for name, frame in frames.items():
        if name == "diary":
            frame = ledger.keep(name, frame, frame["date"].isna(), "a diary is not written by the month")
        for column in ("date", *PATIENT_DATES):
            if column in frame.columns:
                first = frame[column].map(
                    lambda text: None if text is None or text != text else f"{text[:7]}-01"
                )
                frame = frame.assign(**{column: first.astype(object)})
        done[name] = frame
    return done
