"""How sessions and headache days go together: always an association, confounded by indication.

Docs: docs/method.md#sessions-received. Sessions are given because of symptoms, and patients who improve stop coming.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from outcomes.analysis.among import among
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.estimates import AT_LEAST_ZERO, Estimate, mean_interval, median
from outcomes.analysis.models.dose import BETWEEN, LABEL, WITHIN, dose_association
from outcomes.analysis.models.fitted import FittedModel
from outcomes.analysis.models.practitioners import LEAST_PATIENTS
from outcomes.analysis.models.session_rows import dose_rows, other_groups, people_looked_at, session_table
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import share
from outcomes.analysis.questions.primary_pairs import PrimaryPairs, described_change, primary_pairs
from outcomes.analysis.results import Statistic
from outcomes.analysis.session_counts import (
    CODED,
    MEASURED,
    code_counts,
    grouped_levels,
    main_codes,
    planned_sessions,
    sessions_received,
    time_has_come,
)
from outcomes.errors import PlanError

DOSE_COLUMNS = ("planned_sessions", "value", "low", "high", "n")

LABELS = {
    "received_before_followup": "sessions received before the follow-up window, mean",
    "received_before_followup_median": "sessions received before the follow-up window, median",
    "received_by_end": "sessions received by the end of the follow-up window, mean",
    "planned": "sessions planned, mean",
    "had_planned_number": "patients who had the planned number by the end of the follow-up window",
    "change_by_planned": "change of patients with so many sessions planned",
    "within_patients": "per session more in the same 28 days, within patients",
    "between_patients": "per session more in 28 days on average, between patients",
    "sessions_with": "sessions with it, of those where it was written down",
    "patients_with": "patients with it at any session",
    "change": "change of patients with it at most sessions",
    "change_lower_half": "change of patients up to the median",
    "change_upper_half": "change of patients above the median",
    **{name: f"{name.replace('_', ' ')}, mean over patients" for name in MEASURED},
}

NOTES = (
    f"{LABEL}: sessions are given because of symptoms, and patients who improve stop coming",
    "number_of_sessions: these records show how many sessions were planned and given, and what was written down "
    "beside. They cannot say how many to give, nor that more or fewer would have changed anything: for that, patients "
    "would have to be shared out by lot to different numbers of sessions",
    "planned: groups go by the number planned at the start, since the number received follows the response; who was "
    "planned how many was still decided by how bad it was",
)


def ask_dose(periods: Periods) -> Answers:
    """Sessions received and planned, change by planned number, and how needling was done; no p value anywhere.

    Statistics of `by` planned_sessions stand in a group for each number or range of numbers with at least five
    compared patients; those of `by` technique, electrical, … in a group for each entry. `frames["dose"]`:
    `DOSE_COLUMNS`, `value` the change of the primary endpoint. `frames["muscles"]`: muscle, sessions, patients.
    `frames["needling"]`: by, group, sessions, patients. Raises PlanError where the records hold no sessions.
    """
    sessions = session_table(periods)
    primary = primary_pairs(periods)
    by_planned, dose = _by_planned(periods, primary)
    coded, needling = _coded(periods, sessions, primary)
    statistics = [
        *_received(periods, sessions),
        *by_planned,
        *_association(periods),
        *coded,
        *_measured(periods, sessions, primary),
    ]
    muscles = pd.DataFrame(columns=["muscle", "sessions", "patients"])
    if "muscles" in sessions:
        muscles = code_counts(sessions, "muscles").rename(columns={"muscles": "muscle"})
        statistics += _muscles(periods, sessions, muscles)
    notes = (*NOTES, *other_groups(periods, sessions), *((primary.problem,) if primary.problem else ()))
    frames = {"dose": dose, "muscles": muscles, "needling": needling}
    return Answers("dose", tuple(statistics), periods.plan, LABELS, notes, frames)


def _row(
    periods: Periods, found: Estimate, name: str, n: int, left: int, *, unit: str, count: int | None = None,
    by: str | None = None, group: str = "all", endpoint: str = "sessions", mode: str = "sessions",
    notes: tuple[str, ...] = (),
) -> Statistic:  # fmt: skip
    return statistic_of(
        found, periods.plan, endpoint=endpoint, statistic=name, n=n, n_left_out=left, unit=unit, count=count, by=by,
        group=group, mode=mode, notes=notes,
    )  # fmt: skip


def _received(periods: Periods, sessions: pd.DataFrame) -> Iterator[Statistic]:
    """Sessions per patient with a first session whose follow-up window is over: the others may still be treated."""
    plan, people = periods.plan, len(people_looked_at(periods))
    over = time_has_come(periods)
    before = sessions_received(sessions, plan.followup_first_day - 1)
    by_end = sessions_received(sessions, plan.followup_last_day)
    before, by_end = before[among(before.index, over)], by_end[among(by_end.index, over)]
    values = before.to_numpy(np.float64)
    n = len(values)
    confidence, unit = plan.confidence, "sessions"
    yield _row(
        periods,
        mean_interval(values, confidence, AT_LEAST_ZERO),
        "received_before_followup",
        n,
        people - n,
        unit=unit,
    )
    yield _row(periods, median(values), "received_before_followup_median", n, people - n, unit=unit)
    ended = mean_interval(by_end.to_numpy(np.float64), confidence, AT_LEAST_ZERO)
    yield _row(periods, ended, "received_by_end", n, people - n, unit=unit)
    planned = planned_sessions(periods)
    planned = planned[among(planned.index, people_looked_at(periods))]
    of_all = mean_interval(planned.to_numpy(np.float64), confidence, AT_LEAST_ZERO)
    yield _row(periods, of_all, "planned", len(planned), people - len(planned), unit=unit)
    both = pd.DataFrame({"planned": planned, "received": by_end}).dropna()
    had = int((both["received"] >= both["planned"]).sum())
    yield _row(
        periods, share(had, len(both), confidence), "had_planned_number", len(both), people - len(both), unit="share",
        count=had,
    )  # fmt: skip


def _by_planned(periods: Periods, primary: PrimaryPairs) -> tuple[list[Statistic], pd.DataFrame]:
    """The change of the primary endpoint in each group of planned sessions, the fewest first."""
    planned = planned_sessions(periods)
    pairs = primary.pairs.assign(planned=planned.reindex(primary.pairs.index))
    complete = pairs.dropna()
    groups = grouped_levels(complete["planned"], LEAST_PATIENTS)
    rows: list[Statistic] = []
    ordered = dict.fromkeys(groups.loc[complete["planned"].sort_values(kind="stable").index])
    for name in ordered:
        here = complete.loc[groups[groups == name].index]
        low, high = here["planned"].min(), here["planned"].max()
        looked_at = int(pairs["planned"].between(low, high).sum())
        found, n = described_change(here, periods.plan.confidence)
        rows.append(
            _row(
                periods, found, "change_by_planned", n, looked_at - n, unit=primary.endpoint.unit,
                by="planned_sessions", group=name, endpoint=primary.endpoint.name, mode=primary.mode, notes=(LABEL,),
            )
        )  # fmt: skip
    shown = [(row.group, row.value, row.low, row.high, row.n) for row in rows if row.value is not None]
    frame = pd.DataFrame(shown, columns=list(DOSE_COLUMNS))
    return rows, frame.astype(dict.fromkeys(("value", "low", "high"), "float64"))


def _association(periods: Periods) -> list[Statistic]:
    """Headache days on the sessions of the same 28 days, within and between patients (models/dose.py)."""
    names = {"within_patients": WITHIN, "between_patients": BETWEEN}
    people = len(people_looked_at(periods))
    try:
        rows = dose_rows(periods)
    except PlanError as error:
        nothing = Estimate(None, None, None, None, "within/between model", (f"no_days: {error}", LABEL))
        found, n = dict.fromkeys(names, nothing), 0
    else:
        fitted = dose_association(rows, periods.plan.confidence)
        n = int(rows["patient_id"].nunique()) - fitted.n_left_out
        found = {name: _term(fitted, term) for name, term in names.items()}
    return [
        _row(
            periods, estimate, name, n, people - n, unit="days per 28 and session", endpoint="headache_days_per_28",
            mode="diary",
        )
        for name, estimate in found.items()
    ]  # fmt: skip


def _term(fitted: FittedModel, name: str) -> Estimate:
    """One slope without its p value, or the reason why there is none."""
    notes = tuple(note for note in fitted.notes if not note.startswith("no_p"))
    if not fitted.usable or name not in fitted:
        return Estimate(None, None, None, None, fitted.method, (fitted.reason, *notes))
    return Estimate(fitted[name].value, fitted[name].low, fitted[name].high, None, fitted.method, notes)


def _coded(
    periods: Periods, sessions: pd.DataFrame, primary: PrimaryPairs
) -> tuple[list[Statistic], pd.DataFrame]:
    """For technique, electrical stimulation and twitch response: sessions and patients, and the patients' change."""
    rows: list[Statistic] = []
    tables = [pd.DataFrame(columns=["by", "group", "sessions", "patients"])]
    for column in (name for name in CODED if name in sessions):
        counts = code_counts(sessions, column)
        main = main_codes(sessions, column, periods.plan.followup_last_day)
        for entry in counts.itertuples(index=False):
            code = str(entry[0])
            # In a list of lines `yes` alone would not say what.
            group = f"{column}_{code}" if code in ("yes", "no") else code
            told = int(counts["sessions"].sum())
            rows += _with_it(periods, sessions, column, code, group, told, counts)
            own = primary.pairs[among(primary.pairs.index, main[main == code].index)]
            rows.append(_change(periods, primary, own, "change", column, group))
        tables.append(counts.rename(columns={column: "group"}).assign(by=column))
    frame = pd.concat([one for one in tables if len(one)] or tables, ignore_index=True)
    return rows, frame[["by", "group", "sessions", "patients"]]


def _with_it(
    periods: Periods,
    sessions: pd.DataFrame,
    column: str,
    code: str,
    group: str,
    told: int,
    counts: pd.DataFrame,
) -> Iterator[Statistic]:
    """How many sessions of those where the column was written down, and how many patients at any session."""
    row = counts[counts.iloc[:, 0] == code].iloc[0]
    total = len(sessions)
    treated = int(sessions.dropna(subset=[column])["patient_id"].nunique())
    people = len(people_looked_at(periods))
    for name, count, n, left in (
        ("sessions_with", int(row["sessions"]), told, total - told),
        ("patients_with", int(row["patients"]), treated, people - treated),
    ):
        found = Estimate(count / n, None, None, None, "count")
        yield _row(periods, found, name, n, left, unit="share", count=count, by=column, group=group)


def _change(
    periods: Periods, primary: PrimaryPairs, own: pd.DataFrame, name: str, by: str, group: str
) -> Statistic:
    found, n = described_change(own, periods.plan.confidence)
    return _row(
        periods, found, name, n, len(own) - n, unit=primary.endpoint.unit, by=by, group=group,
        endpoint=primary.endpoint.name, mode=primary.mode, notes=(LABEL,),
    )  # fmt: skip


def _measured(periods: Periods, sessions: pd.DataFrame, primary: PrimaryPairs) -> Iterator[Statistic]:
    """Needles, depth, dwell and trigger points: patients' own means, and the change of both halves of patients."""
    people = len(people_looked_at(periods))
    given = sessions[sessions["relative_day"] <= periods.plan.followup_last_day]
    for column, unit in MEASURED.items():
        if column not in sessions:
            continue
        own = given[column].astype("float64").groupby(given["patient_id"]).mean().dropna()
        found = mean_interval(np.asarray(own, dtype=np.float64), periods.plan.confidence, AT_LEAST_ZERO)
        yield _row(
            periods, found, column, len(own), people - len(own), unit=unit, by=column, group="per_session"
        )
        of_pairs = own[among(own.index, primary.pairs.dropna().index)]
        if of_pairs.nunique() < 2:
            continue
        middle = of_pairs.median()
        for name, half in (("change_lower_half", own <= middle), ("change_upper_half", own > middle)):
            pairs = primary.pairs[among(primary.pairs.index, own[half].index)]
            yield _change(periods, primary, pairs, name, column, column)


def _muscles(periods: Periods, sessions: pd.DataFrame, muscles: pd.DataFrame) -> list[Statistic]:
    """How many sessions needled each muscle, and how many patients had it needled at any."""
    told = int(sessions["muscles"].notna().sum())
    rows: list[Statistic] = []
    for muscle in muscles["muscle"]:
        rows += _with_it(periods, sessions, "muscles", str(muscle), str(muscle), told, muscles)
    return rows
