"""The yardstick for whole commands: the pipeline that a competent analyst would write with pandas and SciPy.

It answers the same question from the same Parquet files as `outcomes compare`: range checks, repeated and
conflicting days, the first session, the two 28-day windows, 20 recorded days in each, per-patient means of
the same five endpoints, paired t. It is vectorised throughout, reads Parquet through Arrow, and holds no
row-wise Python; it does nothing about row numbers of faults, other periods, or records larger than memory.
With `--arrow` the columns stay in Arrow types, which not everybody knows of and which takes less memory.

    python benchmarks/pandas_pipeline.py FOLDER [--arrow]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy import stats

WINDOWS = {"baseline": (-28, -1), "followup": (56, 83)}
MIN_RECORDED_DAYS = 20

ENDPOINTS = (
    "headache_days_per_28",
    "intensity_on_headache_days",
    "burden_per_28",
    "acute_medication_days_per_28",
    "hours_on_headache_days",
)


def read(path: Path, *, arrow: bool, columns: list[str] | None = None) -> pd.DataFrame:
    """A table, its dates as timestamps: plain `read_parquet` makes them Python objects, a trap worth avoiding."""
    if not arrow:
        return pq.read_table(path, columns=columns).to_pandas(date_as_object=False)
    table = pd.read_parquet(path, columns=columns, dtype_backend="pyarrow")
    table["date"] = table["date"].astype("timestamp[ms][pyarrow]").astype("datetime64[ms]")
    return table


def read_diary(folder: Path, *, arrow: bool) -> pd.DataFrame:
    """The recorded days that keep every rule, repeats once and conflicting days not at all."""
    path = folder / "diary.parquet"
    diary = read(path if path.exists() else folder / "diary", arrow=arrow)
    intensity, hours = diary["intensity"], diary["duration_hours"]
    no_headache = diary["headache"] == False  # noqa: E712 - a missing answer is not a no
    empty = diary["headache"].isna()
    told = intensity.notna() | hours.notna() | diary["acute_medication"].notna()
    broken = (
        diary["patient_id"].isna()
        | diary["date"].isna()
        | (intensity < 0)
        | (intensity > 10)
        | (hours < 0)
        | (hours > 24)
        | (no_headache & ((intensity > 0) | (hours > 0)))
        | (empty & told)
    )
    diary = diary[~broken.fillna(False).astype(bool) & ~empty]
    if diary.duplicated(["patient_id", "date"]).any():
        diary = diary.drop_duplicates()
        diary = diary[~diary.duplicated(["patient_id", "date"], keep=False)]
    return diary


def place(diary: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """The days of the two windows, with the period that each lies in."""
    first = sessions.groupby("patient_id", as_index=False)["date"].min().rename(columns={"date": "first_day"})
    diary = diary.merge(first, on="patient_id", how="inner")
    day = (diary["date"] - diary["first_day"]).dt.days
    diary["period"] = np.select(
        [day.between(*WINDOWS["baseline"]), day.between(*WINDOWS["followup"])], ["baseline", "followup"], ""
    )
    return diary[diary["period"] != ""]


def measure(days: pd.DataFrame) -> pd.DataFrame:
    """The five endpoints per patient and period, NaN where the period is not covered."""
    days = days.assign(
        headache=days["headache"].astype("int64"),
        medication=days["acute_medication"].astype("float64"),
        intensity=days["intensity"].where(days["headache"].astype("bool")),
        hours=days["duration_hours"].where(days["headache"].astype("bool")),
    )
    table = days.groupby(["patient_id", "period"]).agg(
        recorded=("headache", "size"),
        headache=("headache", "sum"),
        intensity=("intensity", "mean"),
        hours=("hours", "mean"),
        medication_known=("medication", "count"),
        medication=("medication", "sum"),
    )
    covered = table["recorded"] >= MIN_RECORDED_DAYS
    burden = 28 * table["intensity"].fillna(0) * table["headache"] / table["recorded"]
    burden = burden.where(table["intensity"].notna() | (table["headache"] == 0))
    medication = 28 * table["medication"] / table["medication_known"]
    return pd.DataFrame(
        {
            "headache_days_per_28": (28 * table["headache"] / table["recorded"]).where(covered),
            "intensity_on_headache_days": table["intensity"].where(covered),
            "burden_per_28": burden.where(covered),
            "acute_medication_days_per_28": medication.where(table["medication_known"] >= MIN_RECORDED_DAYS),
            "hours_on_headache_days": table["hours"].where(covered),
        }
    )


def compare(values: pd.DataFrame) -> list[dict[str, object]]:
    """One row per endpoint and statistic, named as `outcomes compare --json` names them."""
    rows: list[dict[str, object]] = []
    for endpoint in ENDPOINTS:
        pairs = values[endpoint].unstack("period").dropna()
        test = stats.ttest_rel(pairs["followup"], pairs["baseline"])
        interval = test.confidence_interval(0.95)
        change = (pairs["followup"] - pairs["baseline"]).mean()
        for statistic, value, low, high, p in (
            ("baseline_mean", pairs["baseline"].mean(), None, None, None),
            ("followup_mean", pairs["followup"].mean(), None, None, None),
            ("change", change, interval.low, interval.high, test.pvalue),
        ):
            rows.append(
                {
                    "endpoint": endpoint,
                    "statistic": statistic,
                    "value": float(value),
                    "low": low if low is None else float(low),
                    "high": high if high is None else float(high),
                    "p": p if p is None else float(p),
                    "n": len(pairs),
                }
            )
    return rows


def main(folder: Path, *, arrow: bool) -> None:
    """Read, check, compare, print."""
    diary = read_diary(folder, arrow=arrow)
    sessions = read(folder / "sessions.parquet", arrow=arrow, columns=["patient_id", "date"])
    print(json.dumps({"rows": compare(measure(place(diary, sessions)))}, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), arrow="--arrow" in sys.argv[2:])
