"""Endpoints that are valued day by day, for the two windows and for 28-day periods of the course.

One pass of SQL over the days, put together from the catalogue's entries; nothing runs unless an endpoint is asked
for. Definitions and sources: docs/method.md#further-endpoints.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from outcomes.analysis.catalogue import CATALOGUE, Endpoint, daily_names, find_endpoint
from outcomes.analysis.periods import Periods
from outcomes.engine import identifier
from outcomes.errors import PlanError
from outcomes.plan import DAYS_PER_PERIOD, AnalysisPlan
from outcomes.records.schema import DIARY

_PACKAGE = "outcomes.analysis"

#: Days before a period that its days may be judged by: whether they were recorded and free of headache.
_DAYS_BEFORE = 2

_SQL_TYPES = {"yes_no": "BOOLEAN", "number": "DOUBLE", "whole": "INTEGER"}

#: What a diary never asks for cannot be met: the rule that rests on it goes without, and a note says so.
_FALSE_WHERE_NOT_ASKED = (
    "unilateral",
    "pulsating",
    "worse_with_activity",
    "nausea_or_vomiting",
    "photophobia",
    "phonophobia",
    "aura",
    "acute_medication_helped",
)


def window_values(periods: Periods, names: Sequence[str]) -> pd.DataFrame:
    """The named endpoints of the two windows, one row per patient and window with any recorded day.

    Columns: `patient_id`, `period` (baseline, followup), then one per name, NaN where the endpoint is not defined
    or known on fewer days than the window needs.
    """
    inside = {
        name: f"relative_day BETWEEN {first} AND {last}"
        for name, (first, last) in periods.plan.windows.items()
    }
    cases = " ".join(f"WHEN {days} THEN '{name}'" for name, days in inside.items())
    around = [
        f"relative_day BETWEEN {first - _DAYS_BEFORE} AND {last}"
        for first, last in periods.plan.windows.values()
    ]
    counted = _counted_days(periods, names, f"CASE {cases} END", " OR ".join(around))
    needed = {name: periods.minimums[f"{name}_minimum"] for name in periods.plan.windows}
    minimum = counted["period"].map(needed).astype("float64")
    values = {name: _value(counted, CATALOGUE[name], minimum) for name in names}
    return pd.DataFrame({"patient_id": counted["patient_id"], "period": counted["period"], **values})


def measure_by_period(
    periods: Periods, names: Sequence[str], first_day: int = -28, last_day: int = 167
) -> pd.DataFrame:
    """The named endpoints in each 28-day period of the course, one row per patient, period and endpoint.

    Columns: `patient_id`; `period` (−1 is days −28 to −1; 0 is days 1 to 27, since day 0 is the first session; 1 is
    days 28 to 55, and so on); `endpoint`; `recorded_days`; `known_days`, those on which the endpoint is known; `value`,
    NaN where these are fewer than a period of the course needs. Periods without a recorded day have no row.
    Raises PlanError for a name that is not in the catalogue or that this diary cannot give.
    """
    counted = _counted_by_period(periods, names, first_day, last_day)
    minimum = _course_minimum(periods, counted)
    frames = [
        pd.DataFrame(
            {
                "patient_id": counted["patient_id"],
                "period": counted["period"].astype("int64"),
                "endpoint": name,
                "recorded_days": counted["recorded_days"].astype("int64"),
                "known_days": _known_days(counted, CATALOGUE[name]).astype("int64"),
                "value": _value(counted, CATALOGUE[name], minimum),
            }
        )
        for name in names
    ]
    columns = ["patient_id", "period", "endpoint", "recorded_days", "known_days", "value"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def values_by_period(
    periods: Periods, names: Sequence[str], first_day: int = -28, last_day: int = 167
) -> pd.DataFrame:
    """The values of `measure_by_period` side by side: `patient_id`, `period`, then a column for each name."""
    counted = _counted_by_period(periods, names, first_day, last_day)
    minimum = _course_minimum(periods, counted)
    values = {name: _value(counted, CATALOGUE[name], minimum) for name in names}
    place = {"patient_id": counted["patient_id"], "period": counted["period"].astype("int64")}
    return pd.DataFrame({**place, **values})


def _course_minimum(periods: Periods, counted: pd.DataFrame) -> pd.Series:
    return pd.Series(periods.plan.min_recorded_in_course(DAYS_PER_PERIOD), index=counted.index)


def _counted_by_period(periods: Periods, names: Sequence[str], first_day: int, last_day: int) -> pd.DataFrame:
    """Known days and totals of the named endpoints in each 28-day period of the course. Raises PlanError."""
    for name in names:
        find_endpoint(name, periods.plan)
    if missing := [name for name in names if name not in daily_names(periods.records)]:
        raise PlanError(f"This diary does not hold what {', '.join(missing)} needs.")
    period = (
        f"CASE WHEN relative_day <> 0 AND relative_day BETWEEN {first_day} AND {last_day} "
        "THEN (relative_day + 2800000) // 28 - 100000 END"
    )
    within = f"relative_day BETWEEN {first_day - _DAYS_BEFORE} AND {last_day}"
    return _counted_days(periods, names, period, within)


def day_statement(periods: Periods, names: Sequence[str], period: str, within: str) -> str:
    """The SQL that values and counts the days of the named endpoints: one column `k_…` with the known days and one
    `t_…` with their total for each. `period` and `within` are SQL over `relative_day`."""
    plan, records = periods.plan, periods.records
    columns = set(records.columns("diary"))
    parts = _parts(names)
    values = [f"{day_value(CATALOGUE[name], plan)} AS v_{name}" for name in parts]
    sums = [f"count(v_{name}) AS k_{name}, {_total(CATALOGUE[name])} AS t_{name}" for name in parts]
    looks_back = any("free_" in value for value in values)
    return records.engine.statement(
        _PACKAGE,
        "further_endpoints",
        days=records.placed_days(),
        standing=periods.tables["standing"],
        period=period,
        within=within,
        columns=", ".join(_column(name, columns) for name in _COLUMNS),
        before=", " + ", ".join(_free_before(days) for days in (1, 2)) if looks_back else "",
        asks_classes="TRUE" if "acute_medication_class" in columns else "FALSE",
        migraine_drug_days=plan.migraine_drug_days,
        moderate_from=repr(plan.severity_bounds[0]),
        values=", ".join(values),
        sums=",\n    ".join(sums),
    )


def day_value(endpoint: Endpoint, plan: AnalysisPlan) -> str:
    """The SQL of an entry's day, the keys of the plan filled in."""
    keys = {key: value for key, value in vars(plan).items() if isinstance(value, (int, float))}
    return string.Template(endpoint.day).substitute(keys)


def _parts(names: Sequence[str]) -> list[str]:
    """The endpoints that are valued by the day, in place of products those that they are made of."""
    parts = [part for name in names for part in CATALOGUE[name].product_of or (name,)]
    return list(dict.fromkeys(parts))


def _counted_days(periods: Periods, names: Sequence[str], period: str, within: str) -> pd.DataFrame:
    return periods.records.engine.frame(day_statement(periods, names, period, within))


#: Columns of the diary that a day's value may use.
_COLUMNS = tuple(
    column.name
    for column in DIARY.columns
    if column.name not in ("patient_id", "date", "day", "headache", "soreness")
)


def _column(name: str, columns: set[str]) -> str:
    """A column of the diary, or what stands for it where the diary does not have it."""
    if name in columns:
        return identifier(name)
    medication = ("acute_medication", "acute_medication_class", "acute_doses")
    never_asked = name == "acute_medication" and not columns & set(medication)
    if name in _FALSE_WHERE_NOT_ASKED or never_asked:
        return f"FALSE AS {identifier(name)}"
    sql_type = _SQL_TYPES.get(DIARY.column(name).kind, "VARCHAR")
    return f"CAST(NULL AS {sql_type}) AS {identifier(name)}"


def _free_before(days: int) -> str:
    """Whether the day so many days before was free of headache; NULL where it was not recorded."""
    return (
        "max(CASE WHEN headache THEN 0 ELSE 1 END) OVER (PARTITION BY days.patient_id ORDER BY relative_day "
        f"RANGE BETWEEN {days} PRECEDING AND {days} PRECEDING) = 1 AS free_{days}_before"
    )


def _total(endpoint: Endpoint) -> str:
    """SQL over the day's values. Numbers are added in whole units of 10^-9: the order cannot move the last digit."""
    value = f"v_{endpoint.name}"
    if endpoint.together == "days":
        return f"CAST(sum(CASE WHEN {value} THEN 1 ELSE 0 END) AS DOUBLE)"
    if endpoint.together == "peak":
        return f"CAST(max({value}) AS DOUBLE)"
    return f"sum(round({value} * CAST(1000000000 AS DOUBLE))) / 1000000000"


def _known_days(counted: pd.DataFrame, endpoint: Endpoint) -> pd.Series:
    """Days on which the endpoint is known; of a product, on which its first part is."""
    return counted[f"k_{endpoint.product_of[0] if endpoint.product_of else endpoint.name}"]


def _value(counted: pd.DataFrame, endpoint: Endpoint, minimum: pd.Series) -> pd.Series:
    """Value per patient and period from known days and totals, NaN where undefined."""
    if endpoint.product_of:
        parts = [_value(counted, CATALOGUE[part], minimum) for part in endpoint.product_of]
        product = parts[0].copy()
        for part in parts[1:]:
            product = product * part
        return product.mask(parts[0] == 0, 0.0)
    known = counted[f"k_{endpoint.name}"].astype("float64")
    total = counted[f"t_{endpoint.name}"].astype("float64")
    if endpoint.together == "headache_mean":
        defined = (counted["recorded_days"] >= minimum) & (known > 0)
    else:
        defined = known >= minimum
    if endpoint.together == "peak":
        return total.where(defined)
    scale: Mapping[str, float] = {"days": 28.0, "sum": 28.0, "week": 7.0}
    with np.errstate(invalid="ignore", divide="ignore"):
        return (scale.get(endpoint.together, 1.0) * total / known).where(defined)
