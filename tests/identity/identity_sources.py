"""Sources for the identity gate: clean ones with the variety of real clinics, and the gate's view of them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from outcomes.engine import Engine, identifier
from outcomes.records.identity.allowances import Allowances
from outcomes.records.identity.gate import GateColumn, GateReport, GateTable, hold_gate
from outcomes.records.mapping import Attestation, SourceMapping
from outcomes.records.schema import TABLES, Column

#: A table as a test writes it: header as written → cells.
Cells = Mapping[str, Sequence[Any]]
TODAY = dt.date(2026, 11, 20)
ATTESTED = SourceMapping(attestation=Attestation("random-study-number", "A. Person", TODAY))


def gate_table(
    engine: Engine,
    table: str,
    cells: Cells,
    *,
    declared: Sequence[Column] = (),
    feeds: Mapping[str, str] | None = None,
    ignored: Sequence[str] = (),
    label: str = "",
) -> GateTable:
    """One table registered with the engine. `feeds`: header as written → name in the dictionary."""
    known = {column.name: column for column in (*TABLES[table].columns, *declared)}
    names = {f"c{number}": list(values) for number, values in enumerate(cells.values())}
    data: dict[str, Any] = {name: pa.array(values) for name, values in names.items()}
    size = max((len(values) for values in names.values()), default=0)
    data["outcomes_row"] = pa.array(range(1, size + 1), pa.int64())
    scan = f"given_{table}"
    engine.register(scan, pa.table(data))
    columns = []
    for number, written in enumerate(cells):
        typed = data[f"c{number}"].type not in (pa.string(), pa.null())
        raw = identifier(f"c{number}")
        text = f"trim(CAST({raw} AS VARCHAR))"
        text = f"CASE WHEN lower({text}) NOT IN ('', 'n/a', '.') THEN {text} END"
        sql_type = (
            engine.rows(f"SELECT typeof({raw}) FROM {scan} LIMIT 1")[0][0] if typed and size else "VARCHAR"
        )
        name = (feeds or {}).get(written, written.strip().lower())
        columns.append(
            GateColumn(number + 1, written, text, known.get(name), written in ignored, raw, sql_type)
        )
    return GateTable(
        label or f"{table}.csv",
        f"{table}.csv",
        table,
        scan,
        "outcomes_row",
        lambda row: row + 1,
        tuple(columns),
    )


@cache
def _engine() -> Engine:
    """One for all tests: opening it takes longer than most of them."""
    return Engine()


def held(
    tables: Mapping[str, Cells],
    *,
    mapping: SourceMapping | None = None,
    allowances: Allowances | None = None,
    newest: dt.date | None = None,
    **given: Any,
) -> GateReport:
    """The gate held against tables of cells. `given` goes to `gate_table`."""
    engine = _engine()
    made = [gate_table(engine, name, cells, **given) for name, cells in tables.items()]
    return hold_gate(
        engine,
        made,
        mapping or SourceMapping(),
        allowances or Allowances(),
        newest_session=newest,
        today=TODAY,
    )


def codes(report: GateReport) -> set[str]:
    return {finding.rule for finding in report.blocks}


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
REGIONS = ("north", "south", "east", "west", "left", "right", "centre")


def patient_ids(draw: random.Random, form: str, n: int) -> list[str]:
    """Ids of one allowed form."""
    if form == "pseudonym":
        return ["P-" + "".join(draw.choices(CROCKFORD, k=16)) for _ in range(n)]
    if form == "sites":
        sites = draw.sample(["LON", "BER", "PAR", "ROM", "MAD", "AMS"], draw.randint(2, 4))
        counts: dict[str, int] = {}
        ids = []
        for _ in range(n):
            site = draw.choice(sites)
            counts[site] = counts.get(site, 0) + 1
            ids.append(f"{site}-{counts[site]:03d}")
        return ids
    first = {"counter": 1, "late counter": 101}.get(form, 1)
    written = {
        "counter": "P-{:04d}", "late counter": "P-{:06d}", "short": "p{}", "study": "S{}", "subject": "SUBJ-{:03d}",
        "running": "{}", "padded": "{:05d}",
    }[form]  # fmt: skip
    return [written.format(number) for number in range(first, first + n)]


ID_FORMS = (
    "pseudonym", "sites", "counter", "late counter", "short", "study", "subject", "running", "padded",
)  # fmt: skip


def clean_source(seed: int, n: int | None = None) -> dict[str, dict[str, list[Any]]]:
    """A clean source of several tables; the same for the same seed."""
    draw = random.Random(seed)
    n = n or draw.choice([3, 8, 12, 24, 40, 80])
    ids = patient_ids(draw, ID_FORMS[seed % len(ID_FORMS)], n)
    practitioners = draw.choice(
        [["PR-1", "PR-2", "PR-3"], ["1", "2"], ["T01", "T02", "T03", "T04", "T05", "T06"]]
    )
    sites = draw.choice([["S-1", "S-2"], ["1", "2", "3"], ["B01", "B02", "B03", "B04"]])
    start = dt.date(2026, 10, 1) - dt.timedelta(draw.randint(0, 6000))
    tables = {
        "diary": _diary(draw, ids, start),
        "sessions": _sessions(draw, ids, practitioners, sites, start),
        "patients": _patients(draw, ids, start),
    }
    if seed % 2:
        tables["scores"] = _scores(draw, ids, start)
    if seed % 3 == 0:
        tables["events"] = _events(draw, ids, start)
    if seed % 4 == 0:
        tables["summaries"] = _summaries(draw, ids)
    return tables


def _maybe(draw: random.Random, value: str, missing: float = 0.2) -> str:
    return draw.choice(["", "n/a", "."]) if draw.random() < missing else value


def _diary(draw: random.Random, ids: list[str], start: dt.date) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {
        name: []
        for name in (
            "patient_id", "date", "headache", "intensity", "duration_hours", "acute_medication",
            "acute_medication_class", "acute_doses", "attacks", "aura", "acute_medication_helped", "photophobia",
            "soreness",
        )
    }  # fmt: skip
    drugs = TABLES["diary"].column("acute_medication_class").codes
    for patient in ids:
        first = start + dt.timedelta(draw.randint(-60, 60))
        for day in range(draw.randint(10, 45)):
            yes = draw.random() < 0.4
            row = (
                patient,
                str(first + dt.timedelta(day)),
                draw.choice(["yes", "1", "Yes"]) if yes else draw.choice(["no", "0"]),
                _maybe(draw, f"{draw.uniform(0, 10):.{draw.randint(0, 4)}f}") if yes else "",
                _maybe(draw, f"{draw.uniform(0, 24):.2f}") if yes else "",
                draw.choice(["yes", "no", "true", "false"]),
                ";".join(draw.sample(drugs, draw.randint(1, 3))) if yes else "",
                str(draw.randint(0, 4)),
                str(draw.randint(0, 3)),
                draw.choice(["yes", "no", ""]),
                draw.choice(["yes", "no", "1", ""]),
                draw.choice(["yes", "no", ""]),
                _maybe(draw, str(draw.randint(0, 10)), 0.7),
            )
            for values, value in zip(table.values(), row, strict=True):
                values.append(value)
    return table


def _sessions(
    draw: random.Random, ids: list[str], who: list[str], where: list[str], start: dt.date
) -> dict[str, list[Any]]:
    columns = [column for column in TABLES["sessions"].columns if column.name != "day"]
    table: dict[str, list[Any]] = {column.name: [] for column in columns}
    for patient in ids:
        for visit in range(draw.randint(1, 8)):
            for column in columns:
                if column.name == "patient_id":
                    value = patient
                elif column.name == "practitioner_id":
                    value = draw.choice(who)
                elif column.name == "site_id":
                    value = draw.choice(where)
                elif column.kind == "date":
                    value = str(start + dt.timedelta(7 * visit + draw.randint(0, 40)))
                else:
                    value = _maybe(draw, _cell(draw, column), 0.1)
                table[column.name].append(value)
    return table


def _cell(draw: random.Random, column: Column) -> str:
    if column.kind == "yes_no":
        return draw.choice(["yes", "no"])
    if column.kind == "code":
        code = draw.choice(column.codes)
        return draw.choice([code, code.replace("_", " "), code.upper(), code.replace("_", "-").title()])
    if column.kind == "codes":
        return draw.choice([";", "; "]).join(draw.sample(column.codes, draw.randint(1, 4)))
    top = int(column.maximum or 100)
    return str(draw.randint(0, top)) if column.kind == "whole" else f"{draw.uniform(0, top):.1f}"


def _patients(draw: random.Random, ids: list[str], start: dt.date) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {"patient_id": ids}
    closed = ("headache_type", "group", "allocation", "sex", "age_band", "ichd3_code", "label_as_referred",
              "sinus_evidence")  # fmt: skip
    for name in closed:
        table[name] = [_maybe(draw, draw.choice(TABLES["patients"].column(name).codes), 0.05) for _ in ids]
    table["contact_date"] = [str(start - dt.timedelta(draw.randint(0, 90))) for _ in ids]
    table["diagnosed_date"] = [_maybe(draw, str(start - dt.timedelta(draw.randint(0, 60)))) for _ in ids]
    table["preventive_use"] = [_maybe(draw, draw.choice(["yes", "no"])) for _ in ids]
    table["planned_sessions"] = [str(draw.randint(1, 12)) for _ in ids]
    table["region"] = [draw.choice(REGIONS) for _ in ids]
    return table


DECLARED = (Column("region", "code", "Declared in the plan", codes=REGIONS),)


def _scores(draw: random.Random, ids: list[str], start: dt.date) -> dict[str, list[Any]]:
    rows = [
        (patient, str(start + dt.timedelta(28 * time)), draw.choice(["hit6", "midas", "ndi", "eq5d"]))
        for patient in ids
        for time in range(3)
    ]
    table = {
        name: [row[place] for row in rows] for place, name in enumerate(("patient_id", "date", "instrument"))
    }
    table["score"] = [draw.choice([str(draw.randint(0, 270)), f"{draw.random():.5f}", ""]) for _ in rows]
    for name in ("unit", "side"):
        table[name] = [_maybe(draw, draw.choice(TABLES["scores"].column(name).codes), 0.6) for _ in rows]
    for number in range(1, 11):
        table[f"item_{number}"] = [_maybe(draw, str(draw.randint(0, 13)), 0.3) for _ in rows]
    return table


def _events(draw: random.Random, ids: list[str], start: dt.date) -> dict[str, list[Any]]:
    kinds = TABLES["events"].column("kind").codes
    details = [
        "bruise",
        "D1",
        "fainting",
        "other",
        "metallic taste",
        "topiramate",
        "A-12",
        "Vertigo",
        "left_side",
    ]
    names = ("patient_id", "date", "kind", "detail", "grade", "expected")
    table: dict[str, list[Any]] = {name: [] for name in names}
    for patient in ids:
        for value, name in (
            (patient, "patient_id"),
            (str(start + dt.timedelta(draw.randint(0, 99))), "date"),
            (draw.choice(kinds), "kind"),
            (_maybe(draw, draw.choice(details)), "detail"),
            (_maybe(draw, draw.choice(TABLES["events"].column("grade").codes)), "grade"),
            (_maybe(draw, draw.choice(["yes", "no"])), "expected"),
        ):
            table[name].append(value)
    return table


def _summaries(draw: random.Random, ids: list[str]) -> dict[str, list[Any]]:
    times = draw.choice(
        [
            ("baseline", "followup"),
            ("T0", "T1", "T2"),
            ("week 0", "week 12"),
            ("Monat_1", "Monat_3"),
            ("pre", "post"),
        ]
    )
    rows = [(patient, time) for patient in ids for time in times]
    return {
        "patient_id": [row[0] for row in rows],
        "mode": [draw.choice(["diary", "recall_28"])] * len(rows),
        "period": [row[1] for row in rows],
        "recorded_days": [str(draw.randint(0, 28)) for _ in rows],
    }
