"""What the monthly report holds: each section as blocks, under the rules of one profile.

The notebook template decides the order. The parts: first_page, comparison_sections, topic_sections, month_sections,
next_page, closing_sections. The numbers come from report_numbers, worked out once for every profile.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from outcomes.claims.kept import Standing
from outcomes.plan import AnalysisPlan
from outcomes.records.reading import load_records
from outcomes.records.sources import locate
from outcomes.reporting.claims_blocks import claims_beside
from outcomes.reporting.closing_sections import ClosingSections
from outcomes.reporting.disclosure import Disclosure, Profile
from outcomes.reporting.disclosure.release import begin_release
from outcomes.reporting.language import speak
from outcomes.reporting.month_sections import MonthSections
from outcomes.reporting.next_page import NextPage
from outcomes.reporting.report_numbers import ReportNumbers
from outcomes.reporting.restatements import EarlierReport
from outcomes.reporting.topic_sections import TopicSections


class MonthlyReport(TopicSections, MonthSections, NextPage, ClosingSections):
    """The report of one month under one profile. Its methods give blocks for a notebook cell to show."""


#: The numbers of the last report of this process and what they were worked out from: the next profile has them.
_last: dict[str, ReportNumbers] = {}


def open_report(
    source: str,
    *,
    month: str | None,
    profile: Profile,
    plan: Mapping[str, Any],
    mapping: str | None = None,
    allowances: str | None = None,
    accept_set_aside: int | None = None,
    run_id: str | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
    claims_since: Mapping[str, Sequence[str]] | None = None,
    ledger: str | None = None,
) -> MonthlyReport:
    """Load the records and make the comparisons of one month's report.

    `month` is YYYY-MM, or None for all patients. `plan` is a plan as plain values. `run_id` is shown,
    `earlier` holds what earlier reports showed (`EarlierReport`), and `claims_since` from when on each claim of
    claims.toml counts, and why, where that is not what the file says. `ledger` is the folder of a run of the report
    command, in which it finds the release ledger and writes what it shows; without it a report is held against no
    earlier one. These four are for `outcomes report`. A second profile of the same month takes the numbers of the
    first, unless a file has changed since. Raises the errors of `load_records`, of the plan and of the claims.
    """
    chosen = AnalysisPlan.from_mapping(plan)
    speak(chosen.language)
    key = _key(source, month, chosen, mapping, allowances, accept_set_aside)
    numbers = _last.get(key) if key else None
    if numbers is None:
        records = load_records(
            source, chosen, mapping=mapping, allowances=allowances, accept_set_aside=accept_set_aside
        )
        numbers = ReportNumbers(records, month)
        _last.clear()
        if key:
            _last[key] = numbers
    before = tuple(EarlierReport.from_mapping(one) for one in earlier)
    disclosure = Disclosure(profile, chosen.minimum_cell, behind=numbers.who_stands_behind)
    if ledger is not None and not disclosure.exact:
        # The numbers are the same for every profile; what was released is this profile's own.
        release = begin_release(ledger, profile, month, chosen, disclosure.least_cell)
        release.behind = numbers.who_stands_behind
        disclosure = replace(disclosure, release=release)
    since = {
        name: Standing(dt.date.fromisoformat(day), why) for name, (day, why) in (claims_since or {}).items()
    }
    declared = claims_beside(locate(source))
    return MonthlyReport(numbers.records, month, disclosure, numbers, run_id, before, declared, since)


def _key(source: str, month: str | None, plan: AnalysisPlan, *others: object) -> str:
    """All that the numbers rest on; empty for a source whose changes cannot be seen, such as a server."""
    location = locate(source)
    if location.path is None:
        return ""
    beside = [Path(other) for other in others if isinstance(other, str)]
    # Mapping and allowances are found beside the records where they are not given.
    beside += [*Path(location.beside).glob("*.toml")] if location.beside is not None else []
    files = [*location.files, *(path for path in beside if path.is_file())]
    stamps = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in map(Path, files)]
    return json.dumps([source, month, plan.to_dict(), stamps, others], default=str, sort_keys=True)
