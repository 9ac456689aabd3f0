"""A letter to one patient: what that patient wrote down, in plain words. Internal: handed over in person.

It holds no pseudonym, no score, no interval and no percentage: two counts of days, the days themselves, and what
they cannot tell. Fewer or more is said from two days per 28 on (docs/method.md#one-patient has the numbers
for the practitioner's eyes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outcomes.analysis.one_patient import HEADACHE, NO_HEADACHE, OnePatient, one_patient
from outcomes.analysis.periods import split_periods
from outcomes.plan import AnalysisPlan
from outcomes.records.reading import load_records
from outcomes.reporting.formatting import number
from outcomes.reporting.language import say, speak
from outcomes.reporting.page import (
    Block,
    Heading,
    KeyFigure,
    KeyFigures,
    Lead,
    Limitation,
    Masthead,
    Sentence,
)
from outcomes.reporting.patient_page import calendar_block

#: Headache days per 28 that the two times must lie apart before they are called different. Ours: one day more or
#: less in four weeks is no news to anybody who has headaches.
LEAST_DIFFERENCE_DAYS = 2.0

_DAYS = "headache_days_per_28"
_CLUSTER = "episodic_cluster"


def open_letter(
    source: str,
    *,
    pseudonym: str,
    plan: Mapping[str, Any],
    mapping: str | None = None,
    allowances: str | None = None,
    accept_set_aside: int | None = None,
) -> PatientLetter:
    """Load the records and look at one patient. Raises PlanError where there is no such patient or no diary."""
    chosen = AnalysisPlan.from_mapping(plan)
    speak(chosen.language)
    records = load_records(
        source, chosen, mapping=mapping, allowances=allowances, accept_set_aside=accept_set_aside
    )
    return PatientLetter(one_patient(split_periods(records), pseudonym))


@dataclass(frozen=True)
class PatientLetter:
    """The letter's blocks, for a notebook cell to show."""

    patient: OnePatient

    def masthead(self) -> Block:
        return Masthead(say("letter.title"), "", (), say("profiles.internal"))

    def lead(self) -> Block:
        """Fewer, more or as many headache days, or why that cannot be told."""
        change = self._change()
        if self.patient.standing == _CLUSTER:
            return Lead((say("letter.not_compared_type"),))
        if change is None:
            return Lead((say("letter.cannot_compare"),))
        if abs(change) < LEAST_DIFFERENCE_DAYS:
            return Lead((say("letter.alike"),))
        return Lead((say("letter.fewer" if change < 0 else "letter.more"),))

    def _change(self) -> float | None:
        """Headache days per 28, follow-up − baseline, from the diary; None where a window does not count."""
        rows = self.patient.endpoints
        own = rows[(rows["mode"] == "diary") & (rows["endpoint"] == _DAYS)]
        change = float(own["change"].iloc[0]) if len(own) else float("nan")
        return change if change == change else None

    def counted_heading(self) -> Block:
        return Heading(say("letter.counted"))

    def counted(self) -> Block:
        plan = self.patient.plan
        before = say("letter.before", days=plan.baseline_days)
        return KeyFigures(
            (
                KeyFigure(before, *self._days_in(*plan.windows["baseline"])),
                KeyFigure(self._after(), *self._days_in(*plan.windows["followup"])),
            )
        )

    def _after(self) -> str:
        first, last = self.patient.plan.windows["followup"]
        if first % 7 == 0 and (last + 1) % 7 == 0:
            return say("letter.after_weeks", first=first // 7 + 1, last=(last + 1) // 7)
        return say("letter.after_days", first=first, last=last)

    def _days_in(self, first: int, last: int) -> tuple[str, tuple[str, ...]]:
        """`12 of 26 days`, and what that is of; a day outside the diary was left empty too."""
        days = self.patient.days
        inside = days[days["relative_day"].between(first, last)]
        headache, free = (int((inside["state"] == state).sum()) for state in (HEADACHE, NO_HEADACHE))
        recorded, empty = headache + free, last - first + 1 - headache - free
        if not recorded:
            return say("letter.nothing"), (say("letter.nothing_line"),)
        lines = [say("letter.days_with_line")]
        if empty:
            lines.append(say("letter.empty_day" if empty == 1 else "letter.empty_days", n=number(empty, 0)))
        return say("letter.days_with", headache=headache, recorded=recorded), tuple(lines)

    def sessions(self) -> Block:
        count = len(self.patient.session_days)
        key = "no_session" if not count else "one_session" if count == 1 else "sessions"
        return Sentence((say("letter.not_written"), " ", say(f"letter.{key}", n=number(count, 0))))

    def every_day_heading(self) -> Block:
        return Heading(say("letter.every_day"), say("letter.every_day_aside"))

    def every_day(self) -> Block:
        return calendar_block(self.patient, names=(say("letter.before_short"), say("letter.after_short")))

    def meaning_heading(self) -> Block:
        return Heading(say("letter.what_it_means"))

    def why_not(self) -> Block:
        return Limitation(say("letter.why_not"))

    def what_to_do(self) -> Block:
        return Sentence(say("letter.what_to_do"))

    def red_flags(self) -> Block:
        return Sentence(say("letter.red_flags"))

    def mistakes(self) -> Block:
        return Sentence(say("letter.mistakes"))
