"""Simulated clinics made untidy as the reader allows, and what they say when read by the rules in plain words."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from recount_outcomes import Row, Told

from outcomes import AnalysisPlan
from outcomes.simulation import ClinicTruth, simulate_clinic

Tables = dict[str, pd.DataFrame]

YES_NO = {
    "headache", "acute_medication", "acute_medication_helped", "self_labelled_migraine", "unilateral", "pulsating",
    "worse_with_activity", "nausea_or_vomiting", "photophobia", "phonophobia", "aura", "electrical",
    "local_twitch_response", "explanation", "personal_plan", "preventive_use", "expected",
}  # fmt: skip
NUMBERS = {
    "intensity", "duration_hours", "acute_doses", "attacks", "soreness", "trigger_points", "needles_inserted",
    "needles_removed", "depth_mm", "dwell_minutes", "pain_before", "pain_after", "soreness_hours", "planned_sessions",
    "recalled_headache_days_7", "recalled_headache_days_28", "score",
    *(f"item_{number}" for number in range(1, 26)),
}  # fmt: skip
#: Cells of these columns may be blank on any day.
OFTEN_BLANK = (
    "intensity", "duration_hours", "acute_medication", "acute_medication_class", "acute_doses", "attacks",
    "acute_medication_helped", "unilateral", "pulsating", "worse_with_activity", "nausea_or_vomiting", "photophobia",
    "phonophobia", "aura", "self_labelled_migraine", "soreness",
)  # fmt: skip


def messy_clinic(seed: int, patients: int = 50, **knobs: Any) -> Tables:
    """Rows gone, cells blank, words for numbers, contradictions, copies, conflicts, late sessions, odd events."""
    given = {"recorded_share": 0.95, "drop_out_share_by_day_168": 0.1, **knobs}
    made = simulate_clinic(ClinicTruth(patients=patients, seed=seed, faults=False, **given))
    tables = {
        name: table.astype("object").where(table.notna(), "").map(_text).reset_index(drop=True)
        for name, table in made.items()
    }
    random = np.random.default_rng(seed)
    if "diary" in tables:
        tables["diary"] = _messy_diary(tables["diary"], random)
    tables["sessions"] = _messy_sessions(tables["sessions"], random)
    tables["events"] = _more_events(tables["events"], tables["sessions"], random)
    tables["scores"] = _messy_scores(tables["scores"], random)
    return tables


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _messy_diary(diary: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    n = len(diary)
    diary = diary[random.random(n) > 0.05].reset_index(drop=True)
    n = len(diary)
    told = diary["headache"] != ""
    headache = (diary["headache"] == "yes").to_numpy()
    for column in OFTEN_BLANK:
        diary.loc[random.random(n) < 0.04, column] = ""
    # A word where no number was written, and now and then both.
    words = np.array(["mild", "moderate", "severe"])[random.integers(0, 3, n)]
    chosen = (
        headache
        & ((diary["intensity"] == "").to_numpy() | (random.random(n) < 0.02))
        & (random.random(n) < 0.6)
    )
    diary["severity"] = np.where(chosen, words, "")
    # A drug told of beside "none", a dose without a class, an aura and a label on a day free of headache.
    for column, value, share in (
        ("acute_medication", "no", 0.03), ("acute_doses", "2", 0.03), ("acute_doses", "0", 0.01),
        ("acute_medication_class", "triptan;nsaid", 0.02), ("acute_medication_class", "gepant", 0.01),
        ("acute_medication_class", "paracetamol", 0.05), ("aura", "yes", 0.01),
        ("self_labelled_migraine", "yes", 0.01),
    ):  # fmt: skip
        diary.loc[told & (random.random(n) < share), column] = value
    diary.loc[headache & (random.random(n) < 0.02), "duration_hours"] = "0.4"
    copies = diary[random.random(n) < 0.01]
    # Rows that contradict each other about a day, in whatever column: none of them is used.
    others = diary[told & (random.random(n) < 0.008)].assign(soreness="9.5")
    return pd.concat([diary, copies, others]).sample(frac=1, random_state=random.integers(2**31))


def _messy_sessions(sessions: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    n = len(sessions)
    for column in (
        "pain_before",
        "pain_after",
        "adverse_event",
        "needles_removed",
        "aftercare",
        "co_interventions",
    ):
        sessions.loc[random.random(n) < 0.05, column] = ""
    # A second session on the same day, and late ones after a long time without any.
    later = sessions.groupby("patient_id").tail(1)
    late = later[random.random(len(later)) < 0.4].copy()
    days = random.integers(20, 110, len(late))
    late["date"] = (pd.to_datetime(late["date"]) + pd.to_timedelta(days, "D")).dt.strftime("%Y-%m-%d")
    late = late[late["date"] <= sessions["date"].max()]
    again = sessions[random.random(n) < 0.01].assign(needles_inserted="9", recalled_headache_days_7="6")
    return (
        pd.concat([sessions, late, again])
        .drop_duplicates()
        .sample(frac=1, random_state=random.integers(2**31))
    )


def _more_events(events: pd.DataFrame, sessions: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Adverse events on days of sessions and on others, of every grade and of none."""
    some = sessions[random.random(len(sessions)) < 0.06][["patient_id", "date"]].drop_duplicates()
    shift = np.where(random.random(len(some)) < 0.7, 0, random.integers(1, 5, len(some)))
    dates = (pd.to_datetime(some["date"]) + pd.to_timedelta(shift, "D")).dt.strftime("%Y-%m-%d")
    grades = np.array(["mild", "significant", "serious", ""])[random.integers(0, 4, len(some))]
    more = some.assign(date=dates, kind="adverse_event", grade=grades)
    return pd.concat([events, more]).fillna("").drop_duplicates()


def _messy_scores(scores: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    n = len(scores)
    scores = scores[random.random(n) > 0.05].copy()
    gone = random.random(len(scores)) < 0.1
    items = [name for name in scores.columns if name.startswith("item_")]
    scores.loc[gone & (scores["item_1"] != ""), "score"] = ""
    scores.loc[random.random(len(scores)) < 0.05, ["item_2"]] = ""
    # A total beside answers of which one is missing may not be checked: the answers are scored, not the total.
    scores.loc[(scores["item_2"] == "") & (scores[items] != "").any(axis=1), "score"] = ""
    return scores


def in_day_numbers(tables: Tables) -> Tables:
    """The same clinic without a calendar: days from each patient's first session."""
    first = pd.to_datetime(tables["sessions"].groupby("patient_id")["date"].min())
    found = {}
    for name, table in tables.items():
        table = table[table["patient_id"].isin(first.index)]
        for column in [one for one in table.columns if one == "date" or one.endswith("_date")]:
            day = (pd.to_datetime(table[column].replace("", None)) - table["patient_id"].map(first)).dt.days
            written = day.map(lambda value: "" if pd.isna(value) else str(int(value)))
            table = table.assign(**{column.replace("date", "day"): written}).drop(columns=column)
        found[name] = table
    return found


def told_in(tables: Tables, plan: AnalysisPlan) -> Told:
    """What these tables say: copies count once, days that contradict each other not at all."""
    dated = "date" in tables["sessions"]
    sessions = _rows(tables["sessions"])
    first = {}
    for row in sessions:
        first[row["patient_id"]] = min(first.get(row["patient_id"], row["date"]), row["date"]) if dated else 0
    diary = _used_days(_rows(tables.get("diary", pd.DataFrame())))
    newest = max((row["date"] for row in diary), default=None) if dated else None
    ends = {name: (newest - day).days for name, day in first.items()} if dated and newest else None
    told = Told(plan, {}, defaultdict(dict), defaultdict(list), ends=ends)
    told.columns = {name: set(table.columns) for name, table in tables.items()}
    for rows in (diary, sessions, _rows(tables["scores"]), _rows(tables["events"])):
        for row in rows:
            if dated:
                row["day"] = (
                    (row["date"] - first[row["patient_id"]]).days if row["patient_id"] in first else None
                )
            told.patients.setdefault(row["patient_id"], {})
    for row in _rows(tables["patients"]):
        told.patients[row["patient_id"]] = row
    for row in diary:
        told.days[row["patient_id"]][row["day"]] = row
    for row in sorted(sessions, key=lambda row: row["day"]):
        told.sessions[row["patient_id"]].append(row)
    told.scores = _rows(tables["scores"])
    told.events = _rows(tables["events"])
    for row in (*told.scores, *told.events):
        if dated:
            row["day"] = (row["date"] - first[row["patient_id"]]).days if row["patient_id"] in first else None
    return told


def _used_days(rows: list[Row]) -> list[Row]:
    by_day: dict[tuple[str, Any], list[Row]] = defaultdict(list)
    for row in rows:
        if row["headache"] is not None and not _contradicts_itself(row):
            by_day[row["patient_id"], row.get("date", row.get("day"))].append(row)
    return [found[0] for found in by_day.values() if all(row == found[0] for row in found)]


def _contradicts_itself(row: Row) -> bool:
    """No acute medication, and yet a class of it or a dose."""
    told = row.get("acute_medication_class") is not None or (row.get("acute_doses") or 0) > 0
    return row.get("acute_medication") is False and told


def _rows(table: pd.DataFrame) -> list[Row]:
    return [
        {str(name): _value(str(name), cell) for name, cell in row.items()} for row in table.to_dict("records")
    ]


def _value(column: str, cell: Any) -> Any:
    if cell in ("", None):
        return None
    if column in YES_NO:
        return cell == "yes"
    if column in NUMBERS:
        return float(cell)
    if column == "date" or column.endswith("_date"):
        return pd.Timestamp(cell).date()
    return int(cell) if column == "day" or column.endswith("_day") else cell
