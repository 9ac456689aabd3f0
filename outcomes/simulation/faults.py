"""The slips of the pen: a few data errors of the kinds that clinics' files have, each counted and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from outcomes.simulation.draws import Draws
from outcomes.simulation.truth import ClinicTruth


@dataclass(frozen=True)
class FaultKind:
    """One kind of data error: where it is, how many are planted, and what a reader should do about it."""

    name: str
    table: str
    column: str
    count: int
    problem: str
    reader: str


@dataclass(frozen=True)
class PlantedFault:
    """One planted data error. `row` is the row as a spreadsheet shows it (the header is row 1)."""

    kind: FaultKind
    row: int

    @property
    def file(self) -> str:
        return f"{self.kind.table}.csv"


FAULT_KINDS = (
    FaultKind(
        "duplicate_row", "diary", "", 6, "the same row a second time", "use the day once, count the copy"
    ),
    FaultKind(
        "conflicting_day", "diary", "headache", 1, "two rows for one day that differ", "set both rows aside"
    ),
    FaultKind(
        "intensity_out_of_range", "diary", "intensity", 2, "above 10", "set the row aside, never rescale it"
    ),
    FaultKind("impossible_date", "diary", "date", 1, "31 February", "set the row aside"),
    FaultKind(
        "other_date_format", "diary", "date", 3, "DD/MM/YYYY", "set the row aside, never guess the order"
    ),
    FaultKind(
        "intensity_without_headache",
        "diary",
        "intensity",
        3,
        "headache is no, yet an intensity above 0",
        "name the row: it contradicts itself",
    ),
    FaultKind(
        "misspelt_headache_type", "patients", "headache_type", 1, "migrane", "refuse the code, name the row"
    ),
    FaultKind(
        "misspelt_adverse_event", "sessions", "adverse_event", 1, "mlid", "refuse the code, name the row"
    ),
    FaultKind(
        "needle_count",
        "sessions",
        "needles_removed",
        1,
        "one needle fewer out than in",
        "keep the row, show it as a safety finding",
    ),
    FaultKind(
        "no_sessions",
        "patients",
        "patient_id",
        1,
        "kept a diary, never had a session",
        "keep, leave out of the comparison, show in the patient flow",
    ),
    FaultKind(
        "no_diary",
        "patients",
        "patient_id",
        1,
        "had sessions, never kept a diary",
        "keep, leave out of the comparison, show in the patient flow",
    ),
)

_OUT_OF_RANGE = (11, 70)

#: A patient is chosen for a slip only with this many days of either kind, and only once: slips never meet.
_LEAST_DAYS = 10


@dataclass
class _Pen:
    """The tables while the slips are made. Rows keep their labels until the end, when positions are known."""

    tables: dict[str, pd.DataFrame]
    draws: Draws
    marks: list[tuple[FaultKind, Any]] = field(default_factory=list)
    copies: list[pd.DataFrame] = field(default_factory=list)

    def row_of(self, table: str, patient: str, **having: str) -> Any:
        """Label of one of the patient's rows in which every given column has the given value."""
        frame = self.tables[table]
        rows = frame[frame["patient_id"] == patient]
        for column, value in having.items():
            rows = rows[rows[column] == value]
        return rows.index[int(self.draws.uniform(1)[0] * len(rows))]

    def copy(self, label: Any) -> Any:
        """Put a copy of a diary row right after it and return the label of the copy."""
        row = self.tables["diary"].loc[[label]].set_axis([label + 0.5])
        self.copies.append(row)
        return label + 0.5


def plant_faults(tables: dict[str, pd.DataFrame], truth: ClinicTruth) -> tuple[PlantedFault, ...]:
    """Plant the data errors in the tables and list them in the order of files and rows.

    A clinic that is too small has fewer, or none.
    """
    pen = _Pen(tables, Draws(truth.seed, "faults"))
    patients = _candidates(pen)
    for kind in FAULT_KINDS:
        for number in range(kind.count):
            patient = next(patients, None)
            if patient is not None:
                _PLANT[kind.name](pen, kind, patient, number)
    _put_copies(pen)
    planted = [PlantedFault(kind, _row(tables[kind.table], label)) for kind, label in pen.marks]
    for name in tables:
        tables[name] = tables[name].reset_index(drop=True)
    order = list(tables)
    return tuple(sorted(planted, key=lambda fault: (order.index(fault.kind.table), fault.row)))


def fault_counts(planted: tuple[PlantedFault, ...]) -> dict[str, int]:
    """How many data errors of each kind were planted. A conflict is one error in two rows."""
    found = Counter(fault.kind.name for fault in planted)
    found["conflicting_day"] //= 2
    return {kind.name: found[kind.name] for kind in FAULT_KINDS}


def _candidates(pen: _Pen) -> Iterator[str]:
    """Migraine patients with headache and headache-free days whose diary begins before the first session,
    in random order. Of one type, so that the misspelt type is a slip of that type.
    """
    patients, diary, sessions = (pen.tables[name] for name in ("patients", "diary", "sessions"))
    counts = [diary.loc[diary["headache"] == state, "patient_id"].value_counts() for state in ("yes", "no")]
    began = diary.groupby("patient_id")["date"].min()
    treated = sessions.groupby("patient_id")["date"].min()
    early = began.index[began < treated.reindex(began.index)]
    ids = patients.loc[patients["headache_type"] == "migraine", "patient_id"]
    for days in counts:
        ids = ids[ids.isin(days.index[days >= _LEAST_DAYS])]
    ids = ids[ids.isin(early)]
    order = pen.draws.uniform(len(ids)).argsort(kind="stable")
    return iter(ids.to_numpy()[order].tolist())


def _row(table: pd.DataFrame, label: Any) -> int:
    """Row of a label as a spreadsheet shows it: the header is row 1."""
    return int(table.index.get_indexer(pd.Index([label]))[0]) + 2


def _put_copies(pen: _Pen) -> None:
    diary = pen.tables["diary"]
    if pen.copies:
        pen.tables["diary"] = pd.concat([diary, *pen.copies]).sort_index(kind="stable")


def _duplicate_row(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    pen.marks.append((kind, pen.copy(pen.row_of("diary", patient, headache="yes"))))


def _conflicting_day(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    row = pen.row_of("diary", patient, headache="yes")
    other = pen.copy(row)
    changed = pen.copies[-1]
    changed.loc[other, ["headache", "acute_medication"]] = "no"
    for column in changed.columns:
        if column not in ("patient_id", "date", "headache", "acute_medication", "soreness"):
            changed.loc[other, column] = None
    pen.marks += [(kind, row), (kind, other)]


def _intensity_out_of_range(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    row = pen.row_of("diary", patient, headache="yes")
    pen.tables["diary"].loc[row, "intensity"] = _OUT_OF_RANGE[number % len(_OUT_OF_RANGE)]
    pen.marks.append((kind, row))


def _impossible_date(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    diary = pen.tables["diary"]
    row = pen.row_of("diary", patient)
    diary.loc[row, "date"] = f"{diary.loc[row, 'date'][:4]}-02-31"
    pen.marks.append((kind, row))


def _other_date_format(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    diary = pen.tables["diary"]
    row = pen.row_of("diary", patient)
    year, month, day = diary.loc[row, "date"].split("-")
    diary.loc[row, "date"] = f"{day}/{month}/{year}"
    pen.marks.append((kind, row))


def _intensity_without_headache(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    row = pen.row_of("diary", patient, headache="no")
    pen.tables["diary"].loc[row, "intensity"] = 3 + number
    pen.marks.append((kind, row))


def _misspelt_headache_type(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    row = pen.row_of("patients", patient)
    pen.tables["patients"].loc[row, "headache_type"] = kind.problem
    pen.marks.append((kind, row))


def _misspelt_adverse_event(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    row = pen.row_of("sessions", patient)
    pen.tables["sessions"].loc[row, "adverse_event"] = kind.problem
    pen.marks.append((kind, row))


def _needle_count(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    row = pen.row_of("sessions", patient)
    pen.tables["sessions"].loc[row, "needles_removed"] -= 1
    pen.marks.append((kind, row))


def _no_sessions(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    sessions = pen.tables["sessions"]
    theirs = sessions["patient_id"] == patient
    booked = sessions.loc[theirs, "date"].min()
    pen.tables["sessions"] = sessions[~theirs]
    # Of whoever never came, nothing is written down from the day on that was booked.
    for name in ("diary", "scores", "events"):
        table = pen.tables[name]
        pen.tables[name] = table[(table["patient_id"] != patient) | (table["date"] < booked)]
    pen.marks.append((kind, pen.row_of("patients", patient)))


def _no_diary(pen: _Pen, kind: FaultKind, patient: str, number: int) -> None:
    diary = pen.tables["diary"]
    pen.tables["diary"] = diary[diary["patient_id"] != patient]
    pen.marks.append((kind, pen.row_of("patients", patient)))


_PLANT: dict[str, Callable[[_Pen, FaultKind, str, int], None]] = {
    "duplicate_row": _duplicate_row,
    "conflicting_day": _conflicting_day,
    "intensity_out_of_range": _intensity_out_of_range,
    "impossible_date": _impossible_date,
    "other_date_format": _other_date_format,
    "intensity_without_headache": _intensity_without_headache,
    "misspelt_headache_type": _misspelt_headache_type,
    "misspelt_adverse_event": _misspelt_adverse_event,
    "needle_count": _needle_count,
    "no_sessions": _no_sessions,
    "no_diary": _no_diary,
}
