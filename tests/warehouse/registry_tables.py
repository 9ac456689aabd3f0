"""A made-up registry as typed tables, with planted errors of every kind that such tables can hold."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

FIRST_DAY = dt.date(2025, 1, 1)
#: Days over which diaries are kept.
SPAN_DAYS = 650


def registry(patients: int, days_each: int = 140, seed: int = 7) -> dict[str, pa.Table]:
    """`diary`, `sessions` and `patients`, one diary of some `days_each` days around each first session.

    Planted in the diary, each in about one row of some hundreds: copies of rows, contradicting rows, an intensity of
    11, an intensity beside "no", a day without a patient, a day that has not come, a date that was lost, an answer
    missing beside an intensity, and days listed without an answer. Of the patients some have no session, some no
    diary, and some a diary with too few days.
    """
    draw = np.random.default_rng(seed)
    first = draw.integers(40, SPAN_DAYS - days_each, patients)
    patient = np.repeat(np.arange(patients), days_each)
    day = np.tile(np.arange(days_each), patients) + np.repeat(first - 35, days_each)
    share = np.repeat(draw.choice([0.55, 0.85, 0.97, 1.0], patients), days_each)
    kept = draw.random(len(patient)) < share
    patient, day = patient[kept], day[kept]
    n = len(patient)
    headache = draw.random(n) < np.repeat(draw.beta(2, 3, patients), days_each)[kept]
    intensity = np.where(headache, np.round(draw.uniform(1, 10, n) * 2) / 2, np.nan)
    hours = np.where(headache, np.round(draw.gamma(2, 3, n).clip(0.1, 24), 1), np.nan)
    taken = np.where(draw.random(n) < 0.9, (headache & (draw.random(n) < 0.5)).astype(float), np.nan)
    answer = headache.astype(float)
    odd = draw.random(n)
    intensity[odd < 0.001] = 11.0
    answer[(odd > 0.001) & (odd < 0.003)] = 0.0
    intensity[(odd > 0.001) & (odd < 0.002)] = 4.0
    answer[(odd > 0.003) & (odd < 0.004)] = np.nan
    blank = (odd > 0.004) & (odd < 0.007)
    for column in (answer, intensity, hours, taken):
        column[blank] = np.nan
    date = np.datetime64(FIRST_DAY) + day.astype("timedelta64[D]")
    date[(odd > 0.007) & (odd < 0.0075)] = np.datetime64("2031-05-05")
    date[(odd > 0.0075) & (odd < 0.008)] = np.datetime64("1970-01-01")
    ids = np.char.add("P-", np.char.zfill(patient.astype(str), 16)).astype(object)
    ids[(odd > 0.008) & (odd < 0.0085)] = None
    order = np.arange(n)
    copies = order[(odd > 0.99) & (odd < 0.992)]
    clash = order[(odd > 0.995) & (odd < 0.996)]
    order = np.concatenate([order, copies, clash])
    answer, intensity = answer[order], intensity[order]
    swapped = slice(len(order) - len(clash), None)
    answer[swapped] = np.where(answer[swapped] == 1, 0.0, 1.0)
    intensity[swapped] = np.where(answer[swapped] == 1, 6.0, np.nan)
    hours, taken = hours[order], taken[order]
    hours[swapped] = np.nan
    shuffled = draw.permutation(len(order))
    diary = pa.table(
        {
            "patient_id": pa.array(ids[order][shuffled], pa.string()),
            "date": pa.array(date[order][shuffled]).cast(pa.date32()),
            "headache": _yes_no(answer[shuffled]),
            "intensity": _number(intensity[shuffled]),
            "duration_hours": _number(hours[shuffled]),
            "acute_medication": _yes_no(taken[shuffled]),
        }
    )
    return {"diary": diary, "sessions": _sessions(first, draw), "patients": _patients(patients, draw)}


def _yes_no(values: np.ndarray) -> pa.Array:
    return pa.array(values == 1, pa.bool_(), mask=np.isnan(values))


def _number(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _sessions(first: np.ndarray, draw: np.random.Generator) -> pa.Table:
    who = np.flatnonzero(draw.random(len(first)) < 0.97)
    rows = [(patient, first[patient] + 7 * visit) for patient in who for visit in range(int(patient) % 4 + 1)]
    ids = [f"P-{patient:016d}" for patient, _ in rows]
    dates = [FIRST_DAY + dt.timedelta(int(day)) for _, day in rows]
    return pa.table({"patient_id": pa.array(ids, pa.string()), "date": pa.array(dates, pa.date32())})


def _patients(patients: int, draw: np.random.Generator) -> pa.Table:
    # Some of them are known by this table alone.
    n = patients + max(1, patients // 50)
    kinds = draw.choice(["migraine", "tension_type", "cluster"], n)
    return pa.table(
        {
            "patient_id": pa.array([f"P-{patient:016d}" for patient in range(n)], pa.string()),
            "headache_type": pa.array(kinds.astype(object), pa.string()),
            "sex": pa.array(draw.choice(["female", "male"], n).astype(object), pa.string()),
        }
    )


def by_month(diary: pa.Table) -> pa.Table:
    """The diary with its partition: the month of the day, YYYY-MM."""
    months = [None if day is None else f"{day:%Y-%m}" for day in diary.column("date").to_pylist()]
    return diary.append_column("month", pa.array(months, pa.string()))
