"""The data dictionary as a page: `python -m outcomes.records.dictionary` writes docs/data-dictionary.md."""

from __future__ import annotations

import sys

from outcomes.records.matching import SUMMARY_ENDPOINTS
from outcomes.records.schema import MISSING_TOKENS, TABLES, WRITTEN_AS, Column, Table


def data_dictionary() -> str:
    """The whole page as Markdown."""
    tokens = ", ".join(f"`{token}`" for token in MISSING_TOKENS if token)
    lines = [
        "# Data dictionary",
        "",
        "Made from `outcomes/records/schema.py` by `make dictionary`; edit it there.",
        "",
        "A source is a folder of tables named for what they hold: `diary.csv`, `sessions.csv`, … (`.csv`, "
        "`.tsv`, `.parquet`, or a folder `diary/` of Parquet files), a workbook with sheets of these names, or a "
        "database with tables of them. Other names and forms go through a mapping: [records.md](records.md). "
        f"An empty cell is missing, and so are {tokens}. Upper and lower case, spaces and hyphens in codes do not "
        "matter. A column that is not listed here, mapped or declared in the plan stops the reading: names and "
        "notes must not come in.",
        "",
        "How cells are written:",
        "",
        *(f"- **{kind}**: {written}" for kind, written in WRITTEN_AS.items()),
    ]
    for table in TABLES.values():
        lines += ["", *_table_lines(table)]
    return "\n".join(lines) + "\n"


def _table_lines(table: Table) -> list[str]:
    lines = [f"## {table.name}", "", f"One row per {table.row}."]
    if table.note:
        lines += ["", table.note]
    lines += ["", "| column | kind | meaning | unit and range |", "|---|---|---|---|"]
    lines += [_row(column) for column in table.columns]
    if table.name == "summaries":
        lines += [
            f"| `{name}` | number | Endpoint | {unit}, {low:g} to {high:g} |"
            for name, (unit, low, high) in SUMMARY_ENDPOINTS.items()
        ]
    lists = [column for column in table.columns if column.codes]
    if lists:
        lines += ["", *(f"Codes of `{column.name}`: {_codes(column)}." for column in lists)]
    return lines


def _codes(column: Column) -> str:
    return ", ".join(f"`{code}`" for code in column.codes)


def _row(column: Column) -> str:
    needed = " **(required)**" if column.required else ""
    bounds = ""
    if column.minimum is not None and column.maximum is not None:
        bounds = f"{column.minimum:g} to {column.maximum:g}"
    unit = ", ".join(part for part in (column.unit, bounds) if part)
    return f"| `{column.name}`{needed} | {column.kind} | {column.meaning} | {unit} |"


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
