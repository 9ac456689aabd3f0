"""The yardstick for reading text: `read_csv` and the same checks, as a competent analyst would write them.

    python benchmarks/pandas_checks.py FOLDER

Reads `diary.csv` and `sessions.csv`, every column as text first and then converted with all failures found,
as `outcomes check` does; counts the rows that break a rule, repeats and conflicts. It names no row, looks for
no identity, and needs the file to fit into memory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

MISSING = ["", "n/a", "."]
YES_NO = {"yes": True, "no": False, "1": True, "0": False, "true": True, "false": False}


def _text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype="str", keep_default_na=False, na_values=MISSING)


def _number(column: pd.Series, low: float, high: float) -> tuple[pd.Series, pd.Series]:
    value = pd.to_numeric(column, errors="coerce")
    return value, column.notna() & ~value.between(low, high)


def _date(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    value = pd.to_datetime(column, format="%Y-%m-%d", errors="coerce")
    return value, column.notna() & value.isna()


def _yes_no(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    value = column.str.lower().map(YES_NO)
    return value, column.notna() & value.isna()


def check(folder: Path) -> dict[str, int]:
    """Counts of the two tables."""
    diary = _text(folder / "diary.csv")
    date, bad_date = _date(diary["date"])
    headache, bad_headache = _yes_no(diary["headache"])
    intensity, bad_intensity = _number(diary["intensity"], 0, 10)
    hours, bad_hours = _number(diary["duration_hours"], 0, 24)
    _, bad_medication = _yes_no(diary["acute_medication"])
    told = diary[["intensity", "duration_hours", "acute_medication"]].notna().any(axis=1)
    contradiction = headache.eq(False) & ((intensity > 0) | (hours > 0))
    broken = diary["patient_id"].isna() | date.isna() | bad_date | bad_headache | bad_intensity
    broken |= bad_hours | bad_medication | contradiction | (diary["headache"].isna() & told)
    good = diary[~broken & headache.notna()]
    copies = good.duplicated()
    days = good[~copies].duplicated(["patient_id", "date"], keep=False)
    conflicting = good.merge(
        good[~copies].loc[days, ["patient_id", "date"]].drop_duplicates(), on=["patient_id", "date"]
    )
    sessions = _text(folder / "sessions.csv")
    _, bad_session = _date(sessions["date"])
    strangers = ~good["patient_id"].isin(sessions["patient_id"])
    return {
        "rows_in": len(diary),
        "set_aside": int(broken.sum()) + len(conflicting),
        "collapsed": int(copies.sum()) - (len(conflicting) - int(days.sum())),
        "sessions_set_aside": int(bad_session.sum()),
        "strangers": int(good.loc[strangers, "patient_id"].nunique()),
    }


if __name__ == "__main__":
    print(json.dumps(check(Path(sys.argv[1]))))
