"""What happened after needling, out of the sessions that were asked about. Docs: docs/method.md#safety.

Events of the practitioners' own asking understate, and none seen is never none: each count stands out of those
asked, with an exact limit.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from outcomes.analysis.adverse_events import (
    SOURCES,
    beside_asked,
    codes_of,
    listed_events,
    session_events,
    told_twice,
)
from outcomes.analysis.among import among, set_of
from outcomes.analysis.answers import Answers, statistic_of
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.models.session_rows import other_groups, people_looked_at
from outcomes.analysis.periods import Periods
from outcomes.analysis.proportions import (
    clopper_pearson,
    clopper_pearson_clustered,
    most_if_none,
    poisson_rate,
)
from outcomes.analysis.questions.safety_days import days_after
from outcomes.analysis.questions.safety_labels import GRADES, LABELS, NOTES
from outcomes.analysis.results import Statistic
from outcomes.records.code_lists import ADVERSE_EVENT_KINDS, EVENT_GRADES

WORST = "worst_of_both"

EVENT_COLUMNS = ("grade", "unit", "count", "of", "share", "low", "high")

_CLUSTERED = "clustered: sessions of one patient are alike, so the exact interval per session is too narrow"
_LISTED_ELSEWHERE = "listed_elsewhere: {n} more listed in events on other days, or where nobody asked"


def ask_safety(periods: Periods) -> Answers:
    """Adverse events by grade, per session and per patient; asked and not asked; needles; red flags; soreness.

    Out of sessions n counts sessions and n_left_out those not asked, out of patients those asked at least once
    and the others looked at. Statistics of `by` asked_when stand in the groups at_session, at_72h and
    worst_of_both; those of `by` kind in a group for each kind. `frames["events"]`: worst of both, `EVENT_COLUMNS`,
    unit session or patient. `frames["kinds"]`: kind, count, of, share, low, high. `frames["soreness"]`:
    `outcomes.analysis.session_soreness.COURSE_COLUMNS`. Raises PlanError where the records hold no sessions.
    """
    listed = listed_events(periods)
    sessions = session_events(periods)
    listed = listed.assign(beside=beside_asked(listed, sessions), twice=told_twice(listed, sessions))
    per_session = [*_asked(periods, sessions), *_per_session(periods, sessions, listed)]
    per_patient = list(_per_patient(periods, sessions, listed))
    kinds = list(_kinds(periods, sessions))
    course, after, more_notes = days_after(periods, sessions)
    statistics = [
        *per_session,
        *per_patient,
        *kinds,
        *_rates(periods, sessions, listed),
        *_listed(periods, listed),
        *_needles(periods, sessions),
        *_red_flags(periods),
        *after,
    ]
    frames = {
        "events": _event_frame(per_session, per_patient),
        "kinds": _kind_frame(kinds),
        "soreness": course,
    }
    notes = (*NOTES, *other_groups(periods, sessions), *_set_aside(periods), *more_notes)
    return Answers("safety", tuple(statistics), periods.plan, LABELS, notes, frames)


def _row(
    periods: Periods, found: Estimate, name: str, n: int, *, left: int = 0, count: int | None = None,
    unit: str = "share", endpoint: str = "adverse_events", by: str | None = None, group: str = "all",
    notes: tuple[str, ...] = (),
) -> Statistic:  # fmt: skip
    return statistic_of(
        found, periods.plan, endpoint=endpoint, statistic=name, n=n, n_left_out=left, count=count, unit=unit, by=by,
        group=group, mode="sessions", notes=notes,
    )  # fmt: skip


def _plain(count: int, of: int) -> Estimate:
    """A share as it stands: of the sessions looked at, all of which are counted."""
    note = () if of else ("no_sessions: nothing to count",)
    return Estimate(count / of if of else None, None, None, None, "count", note)


def _asked(periods: Periods, sessions: pd.DataFrame) -> Iterator[Statistic]:
    """How many sessions were asked about, and what stands where they were not."""
    total = len(sessions)
    counts = {"asked_either": int(sessions["asked"].sum())}
    counts |= {f"asked_{name}": int(sessions[name].notna().sum()) for name in SOURCES.values()}
    if "adverse_event" in sessions:
        counts["written_not_asked"] = int((sessions["adverse_event"] == "not_asked").sum())
        counts["left_empty"] = int(sessions["adverse_event"].isna().sum())
    for name, count in counts.items():
        yield _row(periods, _plain(count, total), name, total, count=count)


def _has(ranks: pd.Series, grade: str) -> pd.Series:
    return ranks > 0 if grade == "any" else ranks == EVENT_GRADES.index(grade) + 1


def _per_session(periods: Periods, sessions: pd.DataFrame, listed: pd.DataFrame) -> Iterator[Statistic]:
    """Share of the asked sessions with an event of each grade: at the session, at 72 hours, worst of both."""
    confidence = periods.plan.confidence
    both = sessions["at_72h"].notna().any()
    for source in (*(SOURCES.values() if both else ()), WORST):
        asked = sessions[sessions["asked"] if source == WORST else sessions[source].notna()]
        left = len(sessions) - len(asked)
        for grade in GRADES:
            if source == WORST:
                met = asked["any"] if grade == "any" else _has(asked["worst"], grade)
            else:
                met = _has(asked[source], grade)
            count, of = int(met.sum()), len(asked)
            place = {"by": "asked_when", "group": source}
            notes = (_CLUSTERED, *(_elsewhere(listed, grade) if source == WORST else ()))
            found = clopper_pearson(count, of, confidence)
            yield _row(periods, found, f"sessions_{grade}", of, left=left, count=count, notes=notes, **place)
            if source == WORST and of:
                by_patient = met.groupby(asked["patient_id"]).agg(["sum", "size"])
                spread = clopper_pearson_clustered(by_patient["sum"], by_patient["size"], confidence)
                yield _row(
                    periods, spread, f"sessions_{grade}_clustered", of, left=left, count=count, **place
                )
            if source == WORST and of and not count:
                most = most_if_none(of, confidence)
                yield _row(periods, most, f"sessions_{grade}_at_most", of, left=left, **place)


def _elsewhere(listed: pd.DataFrame, grade: str) -> tuple[str, ...]:
    """Says that events of the events table are not in a rate, since nobody was asked about a session that day."""
    other = listed[~listed["beside"]]
    n = len(other) if grade == "any" else int((other["grade"] == grade).sum())
    return (_LISTED_ELSEWHERE.format(n=n),) if n else ()


def _per_patient(periods: Periods, sessions: pd.DataFrame, listed: pd.DataFrame) -> Iterator[Statistic]:
    """Patients with at least one event, of those asked at least once; listed events of any day count here.

    A listed event that a session tells of itself is that session's, in the worse of the two grades.
    """
    confidence = periods.plan.confidence
    asked = sessions[sessions["asked"]]
    patients = pd.Index(asked["patient_id"].unique())
    left, everyone = len(people_looked_at(periods)) - len(patients), set_of(patients)
    for grade in GRADES:
        met = asked["any"] if grade == "any" else _has(asked["worst"], grade)
        told = listed[~listed["twice"]]
        told = told if grade == "any" else told[told["grade"] == grade]
        who = set_of(asked.loc[met, "patient_id"]) | set_of(told["patient_id"])
        count, of = len(who & everyone), len(patients)
        never = len(who - everyone)
        notes = (
            (f"never_asked: {never} more with such an event were never asked at a session",) if never else ()
        )
        found = clopper_pearson(count, of, confidence)
        yield _row(periods, found, f"patients_{grade}", of, left=left, count=count, notes=notes)
        if of and not count:
            most = most_if_none(of, confidence)
            yield _row(periods, most, f"patients_{grade}_at_most", of, left=left)


def _kinds(periods: Periods, sessions: pd.DataFrame) -> Iterator[Statistic]:
    """Sessions with each kind that was written down, of the sessions asked about."""
    if "adverse_event_kind" not in sessions:
        return
    asked = sessions[sessions["asked"]]
    # Few different cells stand for all of them.
    cells = asked["adverse_event_kind"].value_counts()
    holds = {cell: codes_of(cell) for cell in cells.index}
    left = len(sessions) - len(asked)
    for kind in ADVERSE_EVENT_KINDS:
        count = int(sum(n for cell, n in cells.items() if kind in holds[cell]))
        if count:
            found = clopper_pearson(count, len(asked), periods.plan.confidence)
            yield _row(
                periods,
                found,
                "kind",
                len(asked),
                left=left,
                count=count,
                by="kind",
                group=kind,
                notes=(_CLUSTERED,),
            )
    own = asked[list(SOURCES.values())].max(axis=1) > 0
    written = asked["adverse_event_kind"].map({cell: bool(codes) for cell, codes in holds.items()})
    n, empty = int(own.sum()), int((own & (written != True)).sum())  # noqa: E712 - missing is not written
    yield _row(periods, _plain(empty, n), "kind_not_written", n, left=len(sessions) - n, count=empty)


def _rates(periods: Periods, sessions: pd.DataFrame, listed: pd.DataFrame) -> Iterator[Statistic]:
    """Bounds for the sessions not asked, and events per 100 sessions where one may have several."""
    asked, total = sessions[sessions["asked"]], len(sessions)
    met, unasked = int(asked["any"].sum()), total - len(asked)
    yield _row(periods, _plain(met, total), "any_if_unasked_had_none", total, count=met)
    yield _row(periods, _plain(met + unasked, total), "any_if_unasked_had_one", total, count=met + unasked)
    events = int(asked["events"].sum())
    rate = poisson_rate(events, len(asked) / 100, periods.plan.confidence)
    unit = "events per 100 sessions"
    yield _row(
        periods, rate, "events_per_100_sessions", len(asked), left=unasked, count=events, unit=unit,
        notes=(_CLUSTERED,),
    )  # fmt: skip
    if elsewhere := int((~listed["beside"]).sum()):
        every = poisson_rate(events + elsewhere, total / 100, periods.plan.confidence)
        note = "at_least: events of sessions not asked about, and not listed, are not known"
        yield _row(
            periods, every, "recorded_per_100_sessions", total, count=events + elsewhere, unit=unit,
            notes=(_CLUSTERED, note),
        )  # fmt: skip


def _listed(periods: Periods, listed: pd.DataFrame) -> Iterator[Statistic]:
    """The adverse events of the events table, and how they stand to the sessions."""
    if not periods.records.has("events"):
        return
    counts = {
        "listed": len(listed),
        "listed_beside_session": int(listed["beside"].sum()),
        "listed_told_twice": int(listed["twice"].sum()),
        "listed_without_grade": int(listed["grade"].isna().sum()),
        "listed_expected": int((listed["expected"] == True).sum()),  # noqa: E712 - missing is not expected
    }
    n = len(listed)
    for name, count in counts.items():
        found = Estimate(float(count), None, None, None, "count")
        yield _row(periods, found, name, n, count=count, unit="events")
    for grade in EVENT_GRADES:
        count = int((listed["grade"] == grade).sum())
        found = Estimate(float(count), None, None, None, "count")
        yield _row(periods, found, "listed", n, count=count, unit="events", by="grade", group=grade)


def _needles(periods: Periods, sessions: pd.DataFrame) -> Iterator[Statistic]:
    """Needles counted in and out: a difference is a needle not accounted for, or a slip of the pen."""
    total = len(sessions)
    if not {"needles_inserted", "needles_removed"} <= set(sessions.columns):
        yield _row(periods, _plain(0, total), "needles_counted", total, count=0, endpoint="needles")
        return
    inside = sessions["needles_inserted"].astype("float64")
    out = sessions["needles_removed"].astype("float64")
    counted = inside.notna() & out.notna()
    n = int(counted.sum())
    yield _row(periods, _plain(n, total), "needles_counted", total, count=n, endpoint="needles")
    for name, met in (("needles_differ", inside != out), ("needles_fewer_out", out < inside)):
        count = int((met & counted).sum())
        found = clopper_pearson(count, n, periods.plan.confidence)
        notes = (
            ("unsettled: a difference is either a needle not accounted for or a miscount; look at each",)
            if count
            else ()
        )
        yield _row(periods, found, name, n, left=total - n, count=count, endpoint="needles", notes=notes)


def _red_flags(periods: Periods) -> Iterator[Statistic]:
    """Red flags written down. Without an events table nothing can be said, least of all that there were none."""
    people = people_looked_at(periods)
    if not periods.records.has("events"):
        nothing = Estimate(None, None, None, None, "count", ("not_recorded: these records hold no events",))
        yield _row(periods, nothing, "patients_red_flag", 0, left=len(people), endpoint="red_flags")
        return
    events = periods.records.frame("events")
    flags = events[(events["kind"] == "red_flag") & among(events["patient_id"], people)]
    n, patients = len(flags), int(flags["patient_id"].nunique())
    note = () if n else ("none_written: none written down is not none present",)
    yield _row(
        periods, Estimate(float(n), None, None, None, "count", note), "red_flags", len(people), count=n, unit="events",
        endpoint="red_flags",
    )  # fmt: skip
    yield _row(
        periods,
        _plain(patients, len(people)),
        "patients_red_flag",
        len(people),
        count=patients,
        endpoint="red_flags",
    )


def _set_aside(periods: Periods) -> tuple[str, ...]:
    """Rows that break a rule are in no count, and one of them may tell of an event."""
    aside = sum(count.set_aside for count in periods.records.counts if count.table in ("sessions", "events"))
    if not aside:
        return ()
    rows = "row of sessions or events was" if aside == 1 else "rows of sessions or events were"
    return (
        f"set_aside: {aside} {rows} set aside, and what stood there is not counted; correct and run again",
    )


def _event_frame(per_session: list[Statistic], per_patient: list[Statistic]) -> pd.DataFrame:
    rows = []
    for unit, statistics, group in (("session", per_session, WORST), ("patient", per_patient, "all")):
        for grade in GRADES:
            name = f"{unit}s_{grade}"
            row = next(one for one in statistics if one.statistic == name and one.group == group)
            rows.append((grade, unit, row.count, row.n, row.value, row.low, row.high))
    frame = pd.DataFrame(rows, columns=list(EVENT_COLUMNS))
    return frame.astype({"count": "int64", "share": "float64", "low": "float64", "high": "float64"})


def _kind_frame(kinds: list[Statistic]) -> pd.DataFrame:
    rows = [
        (row.group, row.count, row.n, row.value, row.low, row.high)
        for row in kinds
        if row.statistic == "kind"
    ]
    return pd.DataFrame(rows, columns=["kind", "count", "of", "share", "low", "high"])
