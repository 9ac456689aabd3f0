"""Who stands behind a number: the patients of a statistic, of a step of the flow, and everyone looked at.

The release ledger compares these sets between reports. Nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
import pandas as pd

from outcomes.analysis.adverse_events import session_events
from outcomes.analysis.among import among, texts_of
from outcomes.analysis.answers import Answers
from outcomes.analysis.catalogue import find_endpoint
from outcomes.analysis.comparison import NOT_RECORDED, pair_by_patient
from outcomes.analysis.endpoints import endpoint_names
from outcomes.analysis.models.session_rows import session_days
from outcomes.analysis.periods import Periods
from outcomes.analysis.responders import TIE_TOLERANCE, eligible_baselines, improved_share, reaches
from outcomes.analysis.results import Course, PairedChange, Statistic

_SHARES = re.compile(r"(?P<kind>responders|worsened)_(?P<size>[0-9.]+)(?P<started>_all_started)?")
_OF_PAIRS = (
    "baseline_mean",
    "followup_mean",
    "change",
    "rate_ratio",
    "baseline_sd",
    "followup_sd",
    "change_sd",
    "change_median",
    "correlation",
)

Part = Mapping[str, object]

#: Sets of patients kept at hand: several numbers of one endpoint, asked for one after the other, have the same.
_MOST_KEPT = 8


class Later(Protocol):
    """The numbers of those patients of a report whose follow-up closed after a month."""

    @property
    def course(self) -> Course | None: ...

    def ask(self, topic: str) -> Answers | str: ...

    def who_stands_behind(self) -> Behind: ...


class Behind:
    """The patients of one report. `endpoints` are those of `periods`, as `measure_endpoints` gives them.

    `closed_after` gives the numbers of those whose follow-up closed after a month (YYYY-MM).
    """

    def __init__(
        self,
        periods: Periods,
        endpoints: pd.DataFrame,
        closed_after: Callable[[str], Later] | None = None,
    ) -> None:
        self._periods = periods
        self._endpoints = endpoints
        self.closed_after = closed_after
        self._changes: dict[int, tuple[PairedChange, Part]] = {}
        self._pairs = lru_cache(_MOST_KEPT)(self._pairs_of)
        self._complete = lru_cache(_MOST_KEPT)(self._complete_of)

    @cached_property
    def everyone(self) -> dict[str, object]:
        """Every patient looked at, with the records they come from: other records may hold other values."""
        people = self._periods.tables["people"]
        rows = self._periods.records.engine.rows(f"SELECT patient_id FROM {people} WHERE in_cohort")
        records = " ".join(sorted(self._periods.records.fingerprints().values()))
        return {str(patient): records for (patient,) in rows}

    @cached_property
    def of_all_months(self) -> dict[str, object]:
        """Every patient named in the records, whatever the month; with the records, as above."""
        people = self._periods.tables["people"]
        rows = self._periods.records.engine.rows(f"SELECT patient_id FROM {people}")
        records = " ".join(sorted(self._periods.records.fingerprints().values()))
        return {str(patient): records for (patient,) in rows}

    @cached_property
    def standings(self) -> dict[str, dict[str, object]]:
        """Reason for being left out, or `analysed` → patients; empty where there is no daily diary."""
        standing = self._periods.tables.get("standing")
        if standing is None:
            return {}
        found: dict[str, dict[str, object]] = {}
        for patient, name in self._periods.records.engine.rows(
            f"SELECT patient_id, standing FROM {standing}"
        ):
            found.setdefault(str(name), {})[str(patient)] = None
        return found

    @cached_property
    def sessions_per_patient(self) -> tuple[int, ...]:
        """Sessions of each patient looked at; nothing where the records hold none."""
        if not self._periods.records.has("sessions"):
            return ()
        given = session_days(self._periods)
        given = given[among(given["patient_id"], self.everyone)]
        return tuple(int(n) for n in given.groupby("patient_id").size())

    def later_in(self, topic: str, row: Statistic) -> Callable[[str], tuple[int, Iterable[str]]] | None:
        """Of a month: how many patients of a row of a topic closed after it, at least, and who was looked at."""
        since = self.closed_after
        if since is None:
            return None

        def found(month: str) -> tuple[int, Iterable[str]]:
            later = since(month)
            answers, behind = later.ask(topic), later.who_stands_behind()
            if isinstance(answers, str):
                return 0, ()
            same = [one for one in answers if _row_name(one) == _row_name(row)]
            n = same[0].n if same else 0
            if row.mode == "sessions":
                n = least_patients(n, behind.sessions_per_patient)
            return n, behind.everyone

        return found

    @cached_property
    def sessions_asked(self) -> dict[str, tuple[str, ...]]:
        """Patients with a session at which events were asked about, with what was answered at each."""
        if not self._periods.records.has("sessions"):
            return {}
        sessions = session_events(self._periods)
        asked = sessions[sessions["asked"].to_numpy()]
        found: dict[str, list[str]] = {}
        answers = map(str, asked[["worst", "at_72h"]].to_numpy().tolist())
        for patient, answer in zip(texts_of(asked["patient_id"]), answers, strict=True):
            found.setdefault(patient, []).append(answer)
        return {patient: tuple(sorted(found[patient])) for patient in sorted(found)}

    def of_change(self, change: PairedChange) -> Part:
        """The patients with both periods, with their two values."""
        if id(change) not in self._changes:
            while len(self._changes) >= _MOST_KEPT:
                del self._changes[next(iter(self._changes))]
            # Beside its part the change is kept, so that no other takes its place in memory.
            self._changes[id(change)] = (change, _with_values(change.pairs))
        return self._changes[id(change)][1]

    def of_statistic(self, row: Statistic) -> tuple[Part, ...] | None:
        """The patients behind a statistic of a comparison; None where they cannot be told for certain."""
        pairs = self._pairs(row.endpoint, row.mode, row.by, row.group)
        if pairs is None:
            return None
        if row.statistic in _OF_PAIRS:
            part = self._complete(row.endpoint, row.mode, row.by, row.group)
            return (part,) if len(part) == row.n else None
        found = _SHARES.fullmatch(row.statistic)
        parts = self._parts_of_share(pairs, row, found) if found else None
        fits = parts is not None and (len(parts[0]), len(parts[1])) == (row.n, row.count)
        return parts if fits else None

    def _pairs_of(self, endpoint: str, mode: str, by: str | None, group: str) -> pd.DataFrame | None:
        rows = self._endpoints
        if endpoint not in endpoint_names(rows) or mode not in set(rows["mode"]):
            return None
        if by is not None:
            if by not in rows.columns:
                return None
            category = rows[by].astype("object").where(rows[by].notna(), NOT_RECORDED).astype(str)
            rows = rows[category == group]
        elif group != "all":
            return None
        return pair_by_patient(rows, endpoint, mode) if len(rows) else None

    def _complete_of(self, endpoint: str, mode: str, by: str | None, group: str) -> Part:
        """Those of the pairs with both periods, with their two values."""
        pairs = self._pairs(endpoint, mode, by, group)
        return {} if pairs is None else _with_values(pairs.dropna())

    def _parts_of_share(self, pairs: pd.DataFrame, row: Statistic, found: re.Match[str]) -> tuple[Part, ...]:
        """Those counted out of, those counted, and the others."""
        plan = self._periods.plan
        endpoint = find_endpoint(row.endpoint, plan)
        baseline, followup = (pairs[name].to_numpy(dtype=np.float64) for name in ("baseline", "followup"))
        counted_of = eligible_baselines(baseline, endpoint, plan)
        if not found["started"]:
            counted_of = counted_of & ~np.isnan(followup)
        with np.errstate(invalid="ignore", divide="ignore"):
            improved = improved_share(baseline, followup, endpoint)
            size = float(found["size"])
            reached = (
                reaches(improved, size)
                if found["kind"] == "responders"
                else improved <= -size / 100 + TIE_TOLERANCE
            )
        return tuple(
            dict.fromkeys(texts_of(pairs.index[chosen]), None)
            for chosen in (counted_of, counted_of & reached, counted_of & ~reached)
        )


def _with_values(pairs: pd.DataFrame) -> Part:
    before, after = (pairs[name].astype("float64").tolist() for name in ("baseline", "followup"))
    return dict(zip(texts_of(pairs.index), zip(before, after, strict=True), strict=True))


def least_patients(count: int, sessions: Sequence[int]) -> int:
    """The fewest patients who could have had so many sessions. `sessions`: those of each patient."""
    needed, covered = 0, 0
    for of_patient in sorted(sessions, reverse=True):
        if covered >= count:
            break
        needed, covered = needed + 1, covered + of_patient
    return needed


def _row_name(row: Statistic) -> tuple[str, str, str | None, str, str]:
    return row.mode, row.endpoint, row.by, row.group, row.statistic
