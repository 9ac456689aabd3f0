"""Cluster Headache Tracker: the CSV of its attack list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from outcomes.records.importers.accounting import Tally
from outcomes.records.importers.app_tables import (
    FREE_TEXT,
    check_choices,
    leave_out,
    positions,
    read_app_table,
)
from outcomes.records.importers.attack_rows import NOT_AN_END, AttackRow, take_attack
from outcomes.records.importers.attacks import AttackList, diary_of
from outcomes.records.importers.contract import Imported, ImportSettings
from outcomes.records.importers.delimited import DelimitedTable
from outcomes.records.importers.medication import empty_means, read_medication
from outcomes.records.importers.times import (
    Clock,
    proven_order,
    read_time,
    read_time_of_day,
    refuse_mixed_offsets,
)

_NEEDED = ("start_time", "end_time", "intensity")
_READ = (*_NEEDED, "medication")
_LEFT_OUT = {"triggers": FREE_TEXT, "notes": FREE_TEXT}


class ClusterHeadacheTracker:
    """Importer of the attack list. An empty end is an attack that was still going on."""

    name = "cluster_headache_tracker"
    title = "Cluster Headache Tracker, CSV"
    confidence = "A"
    one_patient = True

    def read(self, files: Sequence[Path], settings: ImportSettings) -> Imported:
        check_choices(settings, self.name, ("fold", "empty_medication"))
        tally, listed, clock = Tally(), AttackList(), Clock.of(settings)
        rows: list[AttackRow] = []
        for path in files:
            table = read_app_table(path, "Cluster Headache Tracker", _NEEDED)
            rows += _rows(table, settings)
            leave_out(table, _READ, _LEFT_OUT, tally)
        refuse_mixed_offsets(files[0].name, [time for row in rows for time in (row.start, row.end)])
        for row in rows:
            tally.came_in()
            take_attack(row, clock, listed, tally)
        return tally.imported({"diary": diary_of(listed, settings, tally)})


def _rows(table: DelimitedTable, settings: ImportSettings) -> list[AttackRow]:
    at = positions(table, _READ)
    times = [cells[at[name]] for _, cells in table.rows for name in ("start_time", "end_time")]
    order = proven_order(table.file, times, settings)
    empty = empty_means(settings)
    rows = []
    for number, cells in table.rows:
        start = read_time(cells[at["start_time"]], order)
        end = _end(cells[at["end_time"]], start, order)
        wrong = NOT_AN_END if cells[at["end_time"]].strip() and end is None else ""
        medication = read_medication([cells[at["medication"]]], empty) if "medication" in at else None
        rows.append(
            AttackRow(table.file, number, start, end, None, cells[at["intensity"]], medication, wrong)
        )
    return rows


def _end(text: str, start: dt.datetime | None, order: str) -> dt.datetime | None:
    """The end as written; a time of day alone is the next one after the start."""
    time = read_time_of_day(text)
    if time is None or start is None:
        return read_time(text, order)
    end = dt.datetime.combine(start.date(), time, tzinfo=start.tzinfo)
    return end if end >= start else end + dt.timedelta(days=1)


IMPORTER = ClusterHeadacheTracker()
