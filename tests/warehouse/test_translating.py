"""The one definition in other dialects: what Spark and PostgreSQL run, and what BigQuery and Snowflake would be told.

The texts for the two that cannot be reached here are kept in `golden/`, read back, and have never been run.
`OUTCOMES_REWRITE=1` writes them anew; every one is to be read before it is committed.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import string
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("sqlglot", reason="the extra 'databases' is not installed")

import sqlglot
from sqlglot import exp

import outcomes
from outcomes.errors import PlanError
from outcomes.warehouse.engine import Warehouse
from outcomes.warehouse.translating import DIALECTS, translated

GOLDEN = Path(__file__).resolve().parent / "golden"
PACKAGE = Path(outcomes.__file__).resolve().parent
FILES = sorted(path for path in PACKAGE.rglob("*.sql") if path.parts[-3] in ("records", "analysis"))

#: What stands in the places of a statement where these tests read it.
FILLED = {
    "absent": "",
    "anchors": "anchors",
    "asks_classes": "FALSE",
    "baseline_first": "-28",
    "baseline_last": "-1",
    "baseline_minimum": "20",
    "before": "",
    "cohorts": "SELECT patient_id, 'all' AS cohort FROM standing",
    "columns": '"patient_id", "date", "headache", "intensity"',
    "combined": "",
    "days": "placed",
    "diary_patients": "SELECT DISTINCT patient_id FROM segments",
    "episodic_cluster": "FALSE",
    "first_day": "-28",
    "first_days": "first_sessions",
    "followup_first": "56",
    "followup_last": "83",
    "followup_minimum": "20",
    "has_index": "first_day IS NOT NULL",
    "headache_duration": "max(CASE WHEN headache THEN duration_hours END)",
    "in_cohort": "TRUE",
    "index_day": "index_date",
    "last_day": "167",
    "longest": "3660",
    "migraine_drug_days": "always",
    "minimum": "20",
    "moderate_from": "4.0",
    "not_contradicting": "",
    "own_day": "date",
    "people": "people",
    "period": "CASE WHEN relative_day BETWEEN -28 AND -1 THEN 'baseline' ELSE 'followup' END",
    "relative_day": "date_diff('day', first_day, date)",
    "segment_start": "greatest(28 * ((relative_day + 2800000) // 28 - 100000), -9999999)",
    "segments": "segments",
    "session_day": '"date"',
    "standing": "standing",
    "sums": "count(v_days) AS k_days, CAST(sum(CASE WHEN v_days THEN 1 ELSE 0 END) AS DOUBLE) AS t_days",
    "target": "segments",
    "values": "headache AS v_days",
    "week_over": "10",
    "weekly": "SELECT patient_id, week, recorded_days, headache_days FROM weeks",
    "whole_window": "268435455",
    "window_over": "TRUE",
    "windows": "windows",
    "within": "relative_day BETWEEN -28 AND 83",
}


def statement(path: Path) -> str:
    places = dict(FILLED)
    if path.stem == "declared_days":
        places["last_day"] = "2026-10-31"
    if path.stem in ("day_rows", "window_counts"):
        places["first_day"] = "people.first_day"
    if path.stem == "anchored_counts":
        places["days"] = "28"
    return string.Template(path.read_text(encoding="utf-8")).substitute(places)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_statement_can_be_said_and_read_back(path: Path, dialect: str) -> None:
    said = translated(statement(path), dialect)
    assert said.sql
    read = sqlglot.parse_one(said.sql, read=dialect)
    here = sqlglot.parse_one(statement(path), read="duckdb")
    made = here.expression if isinstance(here, exp.Create) else here
    assert isinstance(read, exp.Query)
    # The same columns in the same order, from the same tables.
    assert read.named_selects == made.named_selects
    assert {table.name for table in read.find_all(exp.Table)} == {
        table.name for table in made.find_all(exp.Table)
    }


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_cannot_be_run_here_is_kept_as_text(path: Path, dialect: str) -> None:
    said = sqlglot.parse_one(translated(statement(path), dialect).sql, read=dialect)
    text = said.sql(dialect=dialect, pretty=True, identify=True, comments=False) + "\n"
    kept = GOLDEN / dialect / f"{path.stem}.sql"
    if os.environ.get("OUTCOMES_REWRITE"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    assert kept.read_text(encoding="utf-8") == text


def test_a_function_that_nobody_has_looked_at_is_refused() -> None:
    for unseen in ("try_strptime(a, '%Y')", "list_sum([a])", "quantile_cont(a, 0.5)", "my_own(a)"):
        with pytest.raises(PlanError, match="where the records lie"):
            translated(f"SELECT {unseen} FROM placed", "postgres")
    with pytest.raises(PlanError):
        translated("DELETE FROM diary", "spark")


def test_names_of_ours_become_names_that_nobody_else_has() -> None:
    said = translated("SELECT diary.a FROM diary JOIN other.diary USING (a)", "postgres", {"diary": "ours_7"})
    assert said.sql == 'SELECT "diary"."a" FROM "ours_7" AS "diary" JOIN "other"."diary" USING ("a")'


@pytest.mark.parametrize(
    ("duckdb", "dialect", "there"),
    [
        ("bit_count(a & b)", "postgres", 'BIT_COUNT(CAST(CAST("a" & "b" AS BIGINT) AS BIT(64)))'),
        ("a << CAST(n AS BIGINT)", "postgres", '"a" << CAST("n" AS INT)'),
        ("a << CAST(n AS BIGINT)", "spark", "SHIFTLEFT(`a`, CAST(`n` AS INT))"),
        ("(a + 2800000) // 28", "postgres", '("a" + 2800000) / 28'),
        ("(a + 2800000) // 28", "spark", "(`a` + 2800000) DIV 28"),
        ("regexp_full_match(v, '[0-9]+')", "postgres", "\"v\" ~ '^([0-9]+)$'"),
        ("regexp_full_match(v, '(?i)[a-z]')", "spark", "`v` RLIKE '(?i)^([a-z])\\\\z'"),
        ("strlen(v)", "postgres", 'OCTET_LENGTH("v")'),
    ],
)  # fmt: skip
def test_what_the_library_would_pass_on_wrongly(duckdb: str, dialect: str, there: str) -> None:
    assert translated(f"SELECT {duckdb}", dialect).sql == f"SELECT {there}"


class Listening(Warehouse):
    """Keeps what it is told, and has nothing."""

    def __init__(self, dialect: str) -> None:
        super().__init__()
        self.dialect = dialect
        self.told: list[str] = []

    def _make(self, kind: str, name: str, query: str) -> None:
        self.told.append(query)

    def _take(self, name: str, table: object) -> None:
        raise NotImplementedError

    def _ask(self, query: str) -> pa.Table:
        raise NotImplementedError

    def _let_go(self, kind: str, name: str) -> None:
        raise NotImplementedError

    def _types(self, name: str) -> dict[str, str]:
        raise NotImplementedError

    def offer(self, name: str, table: object) -> None:
        self._made[name] = str(table)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_some_days_are_told_by_their_midnights_and_their_months(dialect: str) -> None:
    """The day after the last is left out, so that a time of the last day stays."""
    engine = Listening(dialect)
    engine.offer("given_0", "theirs")
    engine.narrow("given_0", "entry day", (dt.date(2025, 12, 30), dt.date(2026, 1, 31)), "month")
    where = sqlglot.parse_one(engine.told[0], read=dialect).find(exp.Where)
    said = where.sql(dialect=dialect).replace("`", '"') if where is not None else ""
    assert re.fullmatch(
        r'WHERE "entry day" >= CAST\(\'2025-12-30\' AS DATE\) AND "entry day" < CAST\(\'2026-02-01\' AS DATE\) '
        r'AND \(SUBSTRING\(CAST\("month" AS [A-Z]+\)(, 1, 7| FROM 1 FOR 7)\) BETWEEN \'2025-12\' AND \'2026-01\' '
        r'OR "month" IS NULL\)',
        said,
    ), said
    assert engine.has("given_0") and engine.has("given_0_of_all_days")
