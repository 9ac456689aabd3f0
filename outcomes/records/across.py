"""What only shows between tables: diaries without a session, days that do not begin at 0, patients lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcomes.records.diagnosis_codes import contradicting_diagnoses
from outcomes.records.findings import Finding
from outcomes.records.table_source import TableSource

if TYPE_CHECKING:
    from outcomes.records.checked import Records

#: Columns of `sessions` that hold headache days as a patient recalls them.
RECALLED_COLUMNS = ("recalled_headache_days_28", "recalled_headache_days_7")

#: Above this share of diary patients without a session, the two tables may not mean the same people.
STRANGERS_SHARE = 0.2


def look_across(records: Records) -> tuple[list[Finding], list[str]]:
    """What stays in and should be known, and what stops the comparison."""
    sources = {source.table.name: source for source in records.sources}
    sessions, diary = sources.get("sessions"), sources.get("diary")
    findings = [*contradicting_diagnoses(records, sources), *_declared_days(records, sources)]
    if diary is None:
        findings += _nothing_to_compare(sources)
        if sessions is not None and not records.uses_dates:
            return _day_zero(records, sessions, findings)
        return findings, []
    if not records.uses_dates:
        return _day_zero(records, sessions, findings) if sessions is not None else (findings, [])
    if not records.engine.rows("SELECT 1 FROM first_sessions LIMIT 1") and sessions is None:
        return findings, [
            f"{diary.label} has calendar dates, so the first session of each patient must be known. Add "
            "sessions.csv with 'date', or 'index_date' to patients.csv, or give 'day' in place of 'date'."
        ]
    told = _told_people(records)
    people = records.engine.row(
        "SELECT count(*) AS n, count(*) FILTER (WHERE first_day IS NULL AND NOT has_sessions) AS strangers, "
        "count(*) FILTER (WHERE first_day IS NULL AND has_sessions) AS undated FROM (SELECT patient_id, patient_id IN "
        f"(SELECT patient_id FROM sessions_checked) AS has_sessions FROM ({told})) LEFT JOIN first_sessions "
        "USING (patient_id)"
    )
    strangers, stops = people["strangers"], list[str]()
    if people["undated"]:
        problem = (
            f"{patients_in_words(people['undated'])} {_have(people['undated'])} a session whose day cannot be read or "
            "has not come yet: it may be the first, so they have no day 0."
        )
        remedy = "They are left out of the comparison. Correct the day, or take the appointment out."
        findings.append(
            _warning("no_day_zero", sessions or diary, "date", problem, remedy, people["undated"])
        )
    without = records.engine.rows(
        f"SELECT count(*) FROM first_sessions WHERE patient_id NOT IN (SELECT patient_id FROM ({told}))"
    )[0][0]
    if strangers:
        problem = f"{patients_in_words(strangers)} with a diary, of {people['n']}, {_have(strangers)} no first session."
        if strangers > STRANGERS_SHARE * people["n"]:
            hint = _alike(records, told)
            stops.append(
                f"{diary.label}: {problem} So many that the pseudonyms of the two tables may not be written alike: "
                f"compare them.{hint}"
            )
        remedy = "They are left out of the comparison."
        findings.append(_warning("no_first_session", diary, "patient_id", problem, remedy, strangers))
    if without:
        problem = f"{patients_in_words(without)} with a first session {_have(without)} no diary."
        remedy = "They stand in the patient flow and are left out of the comparison."
        where = sessions or sources["patients"]
        findings.append(_warning("no_diary", where, "patient_id", problem, remedy, without))
    return findings, stops


def _nothing_to_compare(sources: dict[str, TableSource]) -> list[Finding]:
    """Sessions or scores alone can be asked questions, and hold nothing to set before against after."""
    sessions = sources.get("sessions")
    if "summaries" in sources or (
        sessions is not None and any(sessions.has(name) for name in RECALLED_COLUMNS)
    ):
        return []
    held = sessions or sources["scores"]
    problem = "stands without a diary, summaries or recalled headache days: nothing can be compared."
    remedy = (
        "'outcomes questions' can be asked. To compare, add diary.csv or ask at each visit "
        "(recalled_headache_days_28)."
    )
    return [_warning("nothing_to_compare", held, "", problem, remedy, 1)]


def _told_people(records: Records) -> str:
    """SELECT of the patients of whom at least one row of the diary tells: declared days tell of nobody."""
    if not records.engine.has("declared_days"):
        return "SELECT DISTINCT patient_id FROM segments"
    return "SELECT DISTINCT patient_id FROM placed WHERE source_row IS NOT NULL"


def _day_zero(
    records: Records, sessions: TableSource, findings: list[Finding]
) -> tuple[list[Finding], list[str]]:
    counted = records.engine.row(
        "SELECT count(*) AS n, count(*) FILTER (WHERE first <> 0) AS late FROM (SELECT patient_id, min(day) AS first "
        "FROM sessions_checked WHERE patient_id IS NOT NULL GROUP BY patient_id)"
    )
    late = counted["late"]
    if not late:
        return findings, []
    problem = f"the first session of {patients_in_words(late)}, of {counted['n']}, is not day 0."
    remedy = "Count each patient's days from the first session."
    stops = [f"{sessions.label}: {problem} {remedy}"] if late > STRANGERS_SHARE * counted["n"] else []
    return [*findings, _warning("day_zero", sessions, "day", problem, remedy, late)], stops


def _alike(records: Records, told: str) -> str:
    """How many strangers would be found if ids that differ only in their writing were the same."""
    if records.engine.elsewhere:
        return ""
    plain = "ltrim(regexp_replace(lower(CAST(patient_id AS VARCHAR)), '[^a-z0-9]', '', 'g'), '0')"
    letters = f"regexp_replace({plain}, '^([a-z]*)0*', '\\1')"
    matched = records.engine.rows(
        f"SELECT count(DISTINCT one.key) FROM (SELECT DISTINCT {letters} AS key FROM ({told}) WHERE patient_id NOT IN "
        f"(SELECT patient_id FROM first_sessions)) AS one JOIN (SELECT DISTINCT {letters} AS key FROM first_sessions) "
        "AS two ON one.key = two.key"
    )[0][0]
    if not matched:
        return ""
    return f" {matched} would be found if leading zeros, hyphens, spaces and case did not count."


def _declared_days(records: Records, sources: dict[str, TableSource]) -> list[Finding]:
    """The declared span is told wherever something rests on it."""
    patients = sources.get("patients")
    if patients is None or not patients.has("recorded_from"):
        return []
    engine, findings = records.engine, []
    if engine.has("declared_days"):
        counted = engine.row(
            "SELECT count(*) AS days, count(DISTINCT patient_id) AS people, count(DISTINCT CASE WHEN patient_id NOT IN "
            f"({_told_people(records)}) THEN patient_id END) AS silent FROM declared_days"
        )
        broken = engine.rows(
            "SELECT count(*) FROM diary_checked WHERE fault <> 0 AND patient_id IN "
            "(SELECT patient_id FROM declared_days)"
        )[0][0]
        if counted["days"]:
            problem = (
                f"{counted['days']} days of {patients_in_words(counted['people'])} without an entry count as free of "
                "headache, because the clinic declares their spans fully recorded (recorded_from, recorded_to)."
            )
            if counted["silent"]:
                problem += f" Of {counted['silent']} of these patients no entry could be read."
            if broken:
                rows = "1 row of theirs was" if broken == 1 else f"{broken} rows of theirs were"
                problem += f" {rows} set aside; their days are not among these."
            remedy = "This stands in every report that rests on it."
            findings.append(
                _warning(DECLARED_SPAN, patients, "recorded_from", problem, remedy, counted["days"])
            )
    diary = sources.get("diary")
    if diary is not None and not records.uses_dates:
        problem = "is a date, and the diary counts in days: declared spans are not used."
        findings.append(_warning("span", patients, "recorded_from", problem, "Write dates in the diary.", 1))
        return findings
    refused = engine.rows(
        "SELECT count(*) FROM patients WHERE (recorded_from IS NULL) <> (recorded_to IS NULL) "
        "OR recorded_to < recorded_from OR recorded_to - recorded_from > 3660"
        if patients.has("recorded_to")
        else "SELECT count(*) FROM patients WHERE recorded_from IS NOT NULL"
    )[0][0]
    if refused:
        problem = (
            f"{patients_in_words(refused)} {_have(refused)} a declared span that lacks a day or cannot be."
        )
        findings.append(
            _warning("span", patients, "recorded_from", problem, "It is not used. Give both days.", refused)
        )
    return findings


#: The rule of the finding that reports must repeat.
DECLARED_SPAN = "declared_span"


def lost_patients(records: Records) -> int:
    """Patients of whom something was set aside and nothing that tells an outcome is left."""
    engine = records.engine
    named = {source.table.name for source in records.sources}
    if "diary" in named:
        lost = [
            "SELECT patient_id FROM diary_checked WHERE fault <> 0",
        ]
        if engine.has("repeated_days") and records.plan.duplicate_day == "set_aside":
            lost.append("SELECT patient_id FROM repeated_days WHERE n_different > 1")
        kept = _kept_people(records)
        if "summaries" in named:
            kept += " UNION SELECT patient_id FROM summaries"
    else:
        # Without a diary the outcomes stand in the summaries, and without those at the visits.
        held = "summaries" if "summaries" in named else "sessions"
        if held not in named:
            return 0
        lost, kept = (
            [f"SELECT patient_id FROM {held}_checked WHERE fault <> 0"],
            f"SELECT patient_id FROM {held}",
        )
    return int(
        engine.rows(
            f"SELECT count(*) FROM (({' UNION '.join(lost)}) EXCEPT ({kept})) WHERE patient_id IS NOT NULL"
        )[0][0]
    )


def _kept_people(records: Records) -> str:
    """SELECT of the patients of whom a row of the diary is used."""
    engine = records.engine
    if not engine.has("declared_days"):
        return "SELECT patient_id FROM segments"
    own = "SELECT patient_id FROM placed WHERE source_row IS NOT NULL"
    if engine.has("repeated_days") and records.plan.duplicate_day == "set_aside":
        own += (
            " AND NOT EXISTS (SELECT 1 FROM repeated_days WHERE n_different > 1 AND repeated_days.patient_id = "
            "placed.patient_id AND repeated_days.relative_day = placed.relative_day)"
        )
    return own


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def patients_in_words(n: int) -> str:
    return f"{n} patient" if n == 1 else f"{n} patients"


def _warning(rule: str, source: TableSource, column: str, problem: str, remedy: str, count: int) -> Finding:
    return Finding("warning", rule, source.table.name, source.label, column, problem, remedy, count, ())
