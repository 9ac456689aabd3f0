"""Every answer sheet and measurement of the records on each patient's own days, scored, or with the reason why not.

Sources: docs/method.md#questionnaires-and-measurements.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from outcomes.analysis.endpoints import people_of
from outcomes.analysis.instruments.definitions import INSTRUMENTS, Instrument
from outcomes.analysis.instruments.scoring import ITEMS_MISSING, NO_VALUE_SET, profile_of, score_answers
from outcomes.analysis.instruments.value_sets import plan_value_set
from outcomes.analysis.once import once
from outcomes.analysis.periods import Periods
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.records.instruments import MSQ_DOMAINS, NDI_POINTS

#: Why a sheet is not used, in the order in which it is asked.
NO_DAY_ZERO = "the first session of the patient is not known"
NO_DAY = "no day"
NOT_FOR_CHILDREN = "MIDAS of a patient under 18: PedMIDAS is the instrument"
NOT_FOR_ADULTS = "PedMIDAS of a patient of 18 or more: MIDAS is the instrument"
UNIT_NOT_TOLD = "points or percent is not told"
EMPTY = "neither a score nor answers"
TOLD_TWICE = "told twice for one day, with different scores"

CHILDREN = "0-17"

#: Columns by which one measure is told from another: a unit is never mixed with another.
_MEASURE = ("instrument", "site", "side", "unit")
_COLUMNS = ("patient_id", "day", *_MEASURE, "score", "profile", "reason")


def people(periods: Periods) -> pd.DataFrame:
    """One row per patient looked at, with `headache_type`, `ichd3_code`, `age_band` where known, by `patient_id`.

    Whoever is named in any table: everyone, or those of the cohort.
    """
    records = periods.records
    named = people_of(periods)
    about = ["headache_type", "ichd3_code", "age_band"]
    if records.has("patients"):
        told = records.frame("patients")
        held = [name for name in about if name in told.columns]
        named = named.merge(told[["patient_id", *held]], on="patient_id", how="left", validate="one_to_one")
    return named.reindex(columns=["patient_id", *about]).astype(dict.fromkeys(about, "object"))


@once
def scored_sheets(periods: Periods, instrument: str | None = None) -> pd.DataFrame:
    """One row per sheet and measure of the patients looked at, by measure, patient and day; of one instrument alone
    where it is named.

    Columns: `patient_id`; `day` (0 is the first session, NaN where not known); `instrument`, `site`, `side`,
    `unit` (empty where the measure has none); `score` (unrounded, in the instrument's unit, the neck disability
    index in points of 50; NaN where there is none); `profile` (EQ-5D-5L); `reason` (empty where the sheet can be
    used). A sheet of the MSQ makes three rows. Raises PlanError where the records hold no scores.
    """
    records = periods.records
    if not records.has("scores"):
        raise PlanError("These records hold no questionnaires or measurements (table scores).")
    given = records.frame("scores")
    if instrument is not None:
        # A domain of the MSQ may stand in a sheet of the whole.
        among = (instrument, "msq") if instrument in MSQ_DOMAINS else (instrument,)
        given = given[given["instrument"].isin(among)]
    given = given.merge(
        people(periods)[["patient_id", "age_band"]], on="patient_id", how="inner", validate="many_to_one"
    )
    given["own_day"], given["no_day"] = _relative_days(records, given)
    parts = [_score(rows, str(name), periods.plan) for name, rows in given.groupby("instrument", sort=True)]
    made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_COLUMNS))
    made = made.astype({"day": "float64", "score": "float64"})
    made = made.sort_values([*_MEASURE, "patient_id", "day", "score", "profile"], ignore_index=True)
    once_each = _told_once(made)
    if instrument is None:
        return once_each
    return once_each[once_each["instrument"] == instrument].reset_index(drop=True)


def _score(rows: pd.DataFrame, name: str, plan: AnalysisPlan) -> pd.DataFrame:
    """The rows of one instrument as scored sheets."""
    if name == "msq":
        return pd.concat(
            [_score_one(_domain(rows, *place), domain, plan) for domain, place in MSQ_DOMAINS.items()]
        )
    return _score_one(rows, name, plan)


def _domain(rows: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """The same sheets with the items of one domain as their only items."""
    own = {
        f"item_{number - first + 1}": rows.get(f"item_{number}", pd.Series(np.nan, rows.index))
        for number in range(first, last + 1)
    }
    kept = [column for column in rows.columns if not column.startswith("item_") and column != "score"]
    return rows[kept].assign(**own)


def _score_one(rows: pd.DataFrame, name: str, plan: AnalysisPlan) -> pd.DataFrame:
    instrument = INSTRUMENTS[name]
    empty = pd.Series("", rows.index, dtype="object")
    unit = rows["unit"].astype("object").where(rows["unit"].notna(), "") if "unit" in rows else empty
    score, profile, reason = _scores(instrument, rows, unit, plan)
    for column, wrong, why in (("midas", True, NOT_FOR_CHILDREN), ("pedmidas", False, NOT_FOR_ADULTS)):
        if name == column:
            known = rows["age_band"].notna()
            reason = reason.mask(known & ((rows["age_band"] == CHILDREN) == wrong), why)
    reason = reason.mask(rows["no_day"] != "", rows["no_day"])
    told = {
        column: rows[column].astype("object").where(rows[column].notna(), "") if column in rows else empty
        for column in ("site", "side")
    }
    return pd.DataFrame(
        {
            "patient_id": rows["patient_id"],
            "day": rows["own_day"],
            "instrument": name,
            "site": told["site"] if name == "ppt" else empty,
            "side": told["side"] if name in ("ppt", "rom_lateral_flexion", "rom_rotation") else empty,
            "unit": unit if name == "ppt" else empty,
            "score": score.where(reason == ""),
            "profile": profile,
            "reason": reason,
        }
    )


def _scores(
    instrument: Instrument, rows: pd.DataFrame, unit: pd.Series, plan: AnalysisPlan
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """(score, profile, reason why there is none): answers before totals, which they were checked against."""
    total = rows["score"].astype("float64") if "score" in rows else pd.Series(np.nan, rows.index)
    profile = pd.Series("", rows.index, dtype="object")
    reason = pd.Series("", rows.index, dtype="object")
    answers = _answers(instrument, rows)
    some = pd.Series((~np.isnan(answers)).any(axis=1), rows.index)
    if instrument.name == "eq5d":
        return _indexes(answers, total, some, plan)
    value = total
    if instrument.name == "ndi":
        percent = (unit == "percent") | ((unit == "") & (total > NDI_POINTS))
        reason = reason.mask(total.notna() & (unit == "") & ~percent, UNIT_NOT_TOLD)
        value = total.mask(percent, total / 2).mask(reason != "", np.nan)
    if instrument.sheet.scored_items:
        from_answers = pd.Series(score_answers(instrument, answers, plan), rows.index)
        # A total beside too few answers was made by somebody who may know more, but no rule stands behind it.
        value = from_answers.where(some, value)
        reason = reason.mask(some & from_answers.notna(), "").mask(some & from_answers.isna(), ITEMS_MISSING)
    return value, profile, reason.mask(value.isna() & (reason == ""), EMPTY)


def _indexes(
    answers: np.ndarray, total: pd.Series, some: pd.Series, plan: AnalysisPlan
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """EQ-5D-5L: the profile always, the index by the plan's value set, or as given where the plan names one."""
    value_set = plan_value_set(plan)
    profile = pd.Series([profile_of(list(row)) for row in answers], total.index, dtype="object")
    value = total if plan.eq5d_value_set_name else total * np.nan
    if value_set is not None:
        own = pd.Series([value_set.index(one) if one else np.nan for one in profile], total.index)
        value = own.where(some, value)
    reason = pd.Series("", total.index, dtype="object").mask(value.isna(), NO_VALUE_SET)
    reason = reason.mask(some & (profile == ""), ITEMS_MISSING).mask(~some & total.isna(), EMPTY)
    return value.where(reason == ""), profile, reason


def _answers(instrument: Instrument, rows: pd.DataFrame) -> np.ndarray:
    """The scored items, one column each; NaN where missing or where the source has no such column."""
    names = [f"item_{number}" for number in range(1, instrument.sheet.scored_items + 1)]
    return rows.reindex(columns=names).to_numpy(dtype=np.float64)


def _told_once(made: pd.DataFrame) -> pd.DataFrame:
    """A domain may stand in a sheet and in a row of its own: once where both agree, not at all where they do not."""
    key = ["patient_id", "day", *_MEASURE]
    usable = made["reason"] == ""
    repeats = usable & made.duplicated([*key, "score"])
    several = made[usable & made.duplicated(key, keep=False)]
    differing = several.groupby(key, dropna=False)["score"].transform("nunique") > 1
    made["reason"] = made["reason"].mask(differing.reindex(made.index, fill_value=False), TOLD_TWICE)
    made["score"] = made["score"].where(made["reason"] == "")
    return made[~repeats].reset_index(drop=True)


def _relative_days(records: Records, given: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """(day, why there is none) of every row; day 0 is the first session."""
    starts = records.engine.frame("SELECT patient_id, first_day FROM first_sessions")
    first = given["patient_id"].map(starts.set_index("patient_id")["first_day"])
    if "day" in given.columns:
        # Day 0 is built into records that count in days, unless a patient has an index day.
        start = pd.to_numeric(first, errors="coerce") if not records.uses_dates else first * np.nan
        day = given["day"].astype("float64") - start.astype("float64").fillna(0)
        return day, pd.Series("", given.index, dtype="object").mask(day.isna(), NO_DAY)
    dates = pd.to_datetime(given["date"])
    day = (dates - pd.to_datetime(first)).dt.days.astype("float64")
    reason = pd.Series("", given.index, dtype="object").mask(first.isna(), NO_DAY_ZERO)
    return day, reason.mask(dates.isna(), NO_DAY)
