"""Who changed a preventive drug around the first session. Definitions: docs/method.md#concurrent-treatment."""

from __future__ import annotations

import pandas as pd

from outcomes.analysis.among import among, set_of
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.coded_cells import each_code
from outcomes.analysis.event_days import event_days
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.periods import Periods
from outcomes.analysis.primary_change import PrimaryChange, primary_change
from outcomes.analysis.proportions import share
from outcomes.analysis.results import Statistic
from outcomes.errors import PlanError

#: Codes of `sessions.co_interventions` that are a change of a preventive drug.
CHANGES = ("preventive_started", "preventive_stopped", "preventive_changed")

#: A change that the events tell of, without saying which.
FROM_EVENTS = "preventive_change"

LABELS = {
    "flagged": "with a change of a preventive drug around the first session",
    "preventive_started": "preventive drug started",
    "preventive_stopped": "preventive drug stopped",
    "preventive_changed": "preventive drug changed",
    "preventive_change": "preventive drug changed, as an event",
    "not_told": "nothing written about other treatment in these days",
    "preventive_use": "took a preventive drug when treatment began",
    "change": "change",
}


def ask_concurrent(periods: Periods) -> Answers:
    """Starts, stops and changes of preventive drugs within the plan's days of the first session, and the change of the
    primary endpoint with and without the patients who had one.

    The rows of `change` have `by` = concurrent and the groups all, unchanged and changed. `frames["changes"]`:
    `patient_id`, `relative_day`, `kind`. `frames["sensitivity"]`: `group`, `value`, `low`, `high`, `n`. Raises
    PlanError where the records neither hold co-interventions nor events.
    """
    records = periods.records
    if "co_interventions" not in records.columns("sessions") and not records.has("events"):
        raise PlanError(
            "These records do not say whether a preventive drug was changed: sessions need co_interventions, or the "
            "events preventive_change."
        )
    primary = primary_change(periods)
    changes = preventive_changes(periods)
    flagged = set_of(changes["patient_id"])
    rows = [*_shares(primary, changes, periods), *_use(primary, periods)]
    sensitivity = _sensitivity(primary, flagged, periods)
    frame = pd.DataFrame(
        [(row.group, row.value, row.low, row.high, row.n) for row in sensitivity],
        columns=["group", "value", "low", "high", "n"],
    )
    days = periods.plan.concurrent_change_days
    notes = (
        f"A change counts from {days} days before the first session to {days} days after it. It may itself change "
        "headache days; leaving these patients out shows how far the answer rests on them, and not what the drug did.",
        "A change that nobody wrote down is not among these.",
    )
    return Answers(
        "concurrent",
        (*rows, *sensitivity),
        periods.plan,
        LABELS,
        notes,
        {"changes": changes, "sensitivity": frame},
    )


def preventive_changes(periods: Periods) -> pd.DataFrame:
    """One row per change within the plan's days of the first session: `patient_id`, `relative_day`, `kind`."""
    parts = [event_days(periods, FROM_EVENTS)[["patient_id", "relative_day"]].assign(kind=FROM_EVENTS)]
    if "co_interventions" in periods.records.columns("sessions"):
        given = session_codes(periods)
        parts.append(given[given["kind"].isin(CHANGES)])
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    found = found[found["relative_day"].abs() <= periods.plan.concurrent_change_days]
    return found.sort_values(["patient_id", "relative_day", "kind"], ignore_index=True)


def session_codes(periods: Periods) -> pd.DataFrame:
    """One row per session and code of its co-interventions, none where empty: `patient_id`, `relative_day`, `kind`."""
    given = session_days(periods, "co_interventions").dropna(subset=["co_interventions"])
    given["kind"] = given["co_interventions"].astype("object")
    each = each_code(given[["patient_id", "relative_day", "kind"]], "kind", _codes_in)
    return each.reset_index(drop=True)


def _codes_in(cell: object) -> list[str]:
    return [code.strip() for code in str(cell).split(";")]


def _shares(primary: PrimaryChange, changes: pd.DataFrame, periods: Periods) -> list[Statistic]:
    """Patients analysed with a change, by kind, and those of whom nothing was written either way."""
    analysed, plan = primary.analysed, periods.plan
    n, left_out = len(analysed), len(primary.pairs) - len(analysed)
    who = {"flagged": set_of(changes["patient_id"])}
    for kind in (*CHANGES, FROM_EVENTS):
        who[kind] = set_of(changes.loc[changes["kind"] == kind, "patient_id"])
    told = set(who["flagged"])
    if "co_interventions" in periods.records.columns("sessions"):
        given = session_codes(periods)
        told |= set_of(given.loc[given["relative_day"].abs() <= plan.concurrent_change_days, "patient_id"])
    counts = {name: int(among(analysed, patients).sum()) for name, patients in who.items()}
    counts["not_told"] = n - int(among(analysed, told).sum())
    return [
        statistic_of(
            share(count, n, plan.confidence), plan, endpoint=primary.endpoint.name, statistic=name, n=n,
            n_left_out=left_out, count=count, unit="share", mode=primary.mode,
        )
        for name, count in counts.items()
        if count or name in ("flagged", "not_told")
    ]  # fmt: skip


def _use(primary: PrimaryChange, periods: Periods) -> list[Statistic]:
    """Patients analysed who took a preventive drug when treatment began, of those of whom it is known."""
    if "preventive_use" not in periods.records.columns("patients"):
        return []
    use = primary.categories()["preventive_use"].reindex(primary.analysed)
    known, plan = int(use.notna().sum()), periods.plan
    count = int(use.eq("yes").sum())
    return [
        statistic_of(
            share(count, known, plan.confidence), plan, endpoint=primary.endpoint.name, statistic="preventive_use",
            n=known, n_left_out=len(primary.pairs) - known, count=count, unit="share", mode=primary.mode,
        )
    ]  # fmt: skip


def _sensitivity(primary: PrimaryChange, flagged: set[str], periods: Periods) -> list[Statistic]:
    """The change over everyone, without those who changed a drug, and of those alone."""
    everyone = primary.pairs.index
    is_flagged = among(everyone, flagged)
    rows = []
    for group, patients in (
        ("all", everyone),
        ("unchanged", everyone[~is_flagged]),
        ("changed", everyone[is_flagged]),
    ):
        found, n = primary.change_of(patients, periods.plan.confidence)
        rows.append(
            statistic_of(
                found, periods.plan, endpoint=primary.endpoint.name, statistic="change", n=n,
                n_left_out=len(patients) - n, unit=primary.endpoint.unit, by=None if group == "all" else "concurrent",
                group=group, mode=primary.mode,
            )
        )  # fmt: skip
    return rows
