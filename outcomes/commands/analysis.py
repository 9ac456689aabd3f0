"""`compare` and `simulate`."""

from __future__ import annotations

import argparse
import importlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.commands.console import progress, show, show_json, write_text
from outcomes.commands.source import (
    add_accept,
    add_source,
    load_source,
    refuse_over_records,
)
from outcomes.errors import EXIT_DONE, PlanError
from outcomes.files import without_formula

if TYPE_CHECKING:
    import pandas as pd

    from outcomes.analysis.periods import PatientFlow, Periods
    from outcomes.analysis.results import ComparisonTable
    from outcomes.records.checked import Records

#: Named here too, so that help comes at once; a test holds them to `outcomes.simulation`.
_KINDS = ("ordinary", "cluster", "paediatric", "all_chronic", "three_patients", "recall_only")


def add(commands: Any) -> None:
    """Add the commands of this module."""
    _add_compare(commands)
    _add_simulate(commands)


def _add_compare(commands: Any) -> None:
    parser = commands.add_parser("compare", help="the comparison table, exact and for your own eyes")
    add_source(parser)
    parser.add_argument(
        "--by",
        metavar="COLUMN",
        action="append",
        default=[],
        help="also by a column of patients, by site_id or by practitioner_id",
    )
    parser.add_argument(
        "--all-methods", action="store_true", help="add a row for each sensitivity method beside the defaults"
    )
    parser.add_argument(
        "--endpoints", metavar="NAMES", help="all that the records hold, or names with commas between them"
    )
    parser.add_argument("--csv", metavar="FILE", help="write the rows, unrounded")
    parser.add_argument("--json", action="store_true", help="plan, flow and rows as JSON, unrounded")
    add_accept(parser)
    parser.set_defaults(run=_compare)


def _add_simulate(commands: Any) -> None:
    parser = commands.add_parser("simulate", help="a made-up clinic whose truth is known")
    parser.add_argument(
        "--kind",
        choices=_KINDS,
        default=_KINDS[0],
        metavar="NAME",
        help="ordinary (default); cluster: in bouts that end by themselves; paediatric; all_chronic: 15 days a month "
        "and more; three_patients; recall_only: no diaries, days recalled at each session",
    )
    parser.add_argument("--patients", type=int, metavar="N", help="default: 240, or what suits the kind")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number, other patients")
    parser.add_argument("--output", metavar="DIR", required=True, help="folder to write to")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_simulate)


def _compare(arguments: argparse.Namespace) -> int:
    # The analysis takes half a second to import: the engine does not wait for it.
    importing = threading.Thread(target=importlib.import_module, args=("outcomes.analysis.comparison",))
    importing.start()
    try:
        refuse_over_records(arguments, arguments.csv)
        records = load_source(arguments)
    finally:
        importing.join()
    from outcomes.analysis.care_units import UNITS, with_care_unit
    from outcomes.analysis.comparison import compare_all
    from outcomes.analysis.endpoints import measure_endpoints, summary_flow
    from outcomes.analysis.periods import split_periods

    progress(arguments, "Comparing …")
    periods = split_periods(records)
    endpoints = measure_endpoints(periods, _endpoint_names(arguments.endpoints))
    for unit in (column for column in arguments.by if column in UNITS):
        endpoints = with_care_unit(endpoints, periods, unit)
    table = compare_all(endpoints, records.plan, by=arguments.by, all_methods=arguments.all_methods)
    flows = [periods.flow] if periods.flow else []
    modes = dict.fromkeys(endpoints["mode"])
    flows += [
        summary_flow(endpoints, mode, records.plan) for mode in modes if mode not in [f.mode for f in flows]
    ]
    told = [*_care_note(periods, endpoints), *records.notes]
    notes = [*table.notes, *told]
    if arguments.csv:
        frame = table.to_frame()
        frame["notes"] = ["; ".join(note for note in (own, *records.notes) if note) for own in frame["notes"]]
        for name in ("by", "group"):
            frame[name] = [without_formula(one) if isinstance(one, str) else one for one in frame[name]]
        write_text(arguments.csv, frame.to_csv(index=False, lineterminator="\n"))
    if arguments.json:
        rows = table.to_dict()
        if arguments.all_methods:
            rows["families"] = _families_json(table)
        further = _not_measured(records, endpoints)
        show_json({**rows, "flow": _flow_json(flows, records), "notes": notes, "further_endpoints": further})
    elif not arguments.csv:
        from outcomes.reporting.tables import comparison_text

        lines = [comparison_text(table, flows, told)]
        further = _not_measured(records, endpoints)
        if further and arguments.endpoints is None:
            what = "1 further endpoint" if len(further) == 1 else f"{len(further)} further endpoints"
            lines.append(
                f"These records hold {what}, such as {further[0]}: --endpoints all, or --endpoints NAME,NAME."
            )
        show(*lines)
    return EXIT_DONE


def _care_note(periods: Periods, endpoints: pd.DataFrame) -> list[str]:
    """That most patients were still treated in the follow-up window, where they were."""
    from outcomes.analysis.questions.care import still_in_care
    from outcomes.reporting.disclosure import Disclosure
    from outcomes.reporting.wording import care_words

    disclosure = Disclosure("internal", periods.plan.minimum_cell)
    words = care_words(still_in_care(periods, endpoints), periods.plan, disclosure)
    return [words] if words else []


def _endpoint_names(given: str | None) -> str | list[str] | None:
    """What `--endpoints` asks for, as `measure_endpoints` takes it. Raises PlanError where it names nothing."""
    if given is None or given.strip() == "all":
        return given and "all"
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names:
        raise PlanError("--endpoints takes 'all', or names of endpoints with commas between them.")
    return names


def _not_measured(records: Records, endpoints: pd.DataFrame) -> list[str]:
    """Endpoints that the diary could give and that were not asked for."""
    from outcomes.analysis.catalogue import further_names

    return [name for name in further_names(records) if name not in endpoints.columns]


def _families_json(table: ComparisonTable) -> list[dict[str, Any]]:
    """Which p belongs to which family of tests, and what it is once the others are allowed for."""
    from outcomes.analysis.multiplicity import in_families

    frame = in_families(table).astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _flow_json(flows: Sequence[PatientFlow], records: Records) -> dict[str, Any]:
    """The flow of the first mode, then of each mode, and where the rows of each table went."""
    return {
        **(flows[0].to_dict() if flows else {}),
        "modes": [flow.to_dict() for flow in flows],
        "tables": [count.to_dict() for count in records.counts],
    }


def _simulate(arguments: argparse.Namespace) -> int:
    from outcomes.simulation import ClinicTruth, simulate_clinic, special_clinic, write_clinic

    if arguments.kind == _KINDS[0]:
        size = ClinicTruth().patients if arguments.patients is None else arguments.patients
        truth = ClinicTruth(patients=size, seed=arguments.seed)
    else:
        truth = special_clinic(arguments.kind, patients=arguments.patients, seed=arguments.seed)
    progress(arguments, "Simulating …")
    write_clinic(simulate_clinic(truth), Path(arguments.output), truth)
    show(arguments.output)
    return EXIT_DONE
