"""What stands behind a report's numbers: where the rows went, on whose word they rest, plan, versions and inputs."""

from __future__ import annotations

import platform
from importlib import metadata

import outcomes
from outcomes.plan import AnalysisPlan
from outcomes.records.checked import Records
from outcomes.reporting.disclosure import Disclosure, carried_words
from outcomes.reporting.page import Block, Notes, Provenance, TableBlock

#: Tables whose rows are patients, or few for each: in `share` their rows are not counted out.
_ROWS_ARE_PATIENTS = ("patients", "summaries")

_PACKAGES = ("duckdb", "numpy", "pandas", "scipy", "statsmodels")


def data_quality_block(records: Records, disclosure: Disclosure) -> Block:
    """Where the rows of each table went: as counts, or in `share` as percent of the table's rows."""
    exact, show = disclosure.exact, disclosure.rows
    rows: list[tuple[str, ...]] = []
    carried: list[str] = []
    for count in records.counts:
        if not exact and count.table in _ROWS_ARE_PATIENTS:
            continue
        parts = (count.used, count.not_recorded, count.collapsed, count.set_aside)
        first = (show(count.rows_in, count.rows_in),) if exact else ()
        cells = [*first, *(show(part, count.rows_in) for part in parts)]
        found = disclosure.cell_of_records(f"rows of {count.table}", cells)
        rows.append((count.table, *(found.content or ["–"] * len(cells))))
        if found.carried_from:
            carried.append(f"{count.table}: {carried_words((found.carried_from,))}.")
    notes = ["Set aside: rows that break a rule or contradict another; 'outcomes check' lists them."]
    if not exact:
        notes.append("Percent of the rows of each table. Tables with a row per patient are not in it.")
    notes += carried + _declarations(records, disclosure)
    if not rows:
        return Notes(("The rows of these tables are patients, so they are not counted out here.", *notes[2:]))
    first = ("rows in",) if exact else ()
    columns = ("table", *first, "used", "without an entry", "repeats", "set aside")
    return TableBlock(columns, tuple(rows), notes=tuple(notes))


def _declarations(records: Records, disclosure: Disclosure) -> list[str]:
    """What rests on the clinic's own word: declared spans, what was let pass by the privacy gate."""
    if disclosure.exact:
        return list(records.notes)
    told = []
    if records.rests_on_declared_days:
        told.append(
            "Some days without an entry count as free of headache, because the clinic declares the spans in "
            "which they lie fully recorded."
        )
    if records.rests_on_combined_days:
        told.append(
            "Rows that contradict each other about a day were put together, as the plan says "
            f"(duplicate_day = {records.plan.duplicate_day})."
        )
    gate = records.gate
    told += [
        f"{one.code}: looked at by the clinic and let pass until {one.expires}."
        for one in (gate.allowed if gate else ())
    ]
    return told


def provenance_block(
    records: Records, plan: AnalysisPlan, window: str, disclosure: Disclosure, run_id: str | None = None
) -> Block:
    """Plan, versions and inputs behind every number. `window` is the follow-up in words, where there is a diary.

    Fingerprints of the input stay in the clinic: they would confirm a guess about a small file.
    """
    shown = ", ".join(
        f"{key} = {value}" for key, value in plan.to_dict().items() if value not in (None, {}, [])
    )
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    rows = [
        *((("run", run_id),) if run_id else ()),
        ("plan", shown),
        *((("follow-up window", window),) if window else ()),
        ("versions", f"outcomes {outcomes.__version__}, Python {platform.python_version()}, {versions}"),
    ]
    if disclosure.release is not None:
        rows.append(
            ("release ledger", "each number was held against those of earlier reports; the manifest names it")
        )
    if records.gate is not None:
        rows.append(("identity checks that ran", "; ".join(records.gate.checks_run)))
    if disclosure.exact:
        rows += [(f"SHA-256 of {name}", digest) for name, digest in records.fingerprints().items()]
    return Provenance(tuple(rows))
