"""The privacy gate held against the folder that is about to leave, as a reader of it would hold it."""

from __future__ import annotations

from pathlib import Path

from outcomes.engine import Engine
from outcomes.plan import read_plan
from outcomes.records.findings import Finding
from outcomes.records.mapping import SourceMapping


def hold_output_gate(folder: Path) -> list[Finding]:
    """What the gate finds in the output: level "identity" blocks it. No allowance of the clinic is looked at."""
    from outcomes.records.gatekeeping import run_gate
    from outcomes.records.matching import match_tables
    from outcomes.records.sources import locate, open_source

    location, mapping = locate(folder), SourceMapping()
    engine = Engine(location.readable)
    opened = open_source(location, engine, mapping)
    # A folder without a diary is no source for a comparison, and still has to pass: problems are for its reader.
    sources, _ = match_tables(opened.tables, engine, mapping, read_plan(None, folder))
    report = run_gate(engine, opened.tables, sources, mapping, location, None)
    found = [finding for finding in opened.findings if finding.level == "identity"]
    return [*found, *report.blocks, *report.warnings]
