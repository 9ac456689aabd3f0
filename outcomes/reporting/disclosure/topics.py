"""The answers to a topic as they may leave the clinic: the one way from `Answers` to a report.

Whoever words or draws a topic is given `SafeAnswers`, which gives out each row and frame under the rules of the
profile, held against earlier reports under the name of the topic. What the records' `Answers` cannot tell (who stands
behind a number of events, which sessions are one patient's) is hidden. Rules: docs/method.md#disclosure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from outcomes.analysis.answers import Answers
from outcomes.analysis.care_units import CARE_UNITS
from outcomes.analysis.proportions import most_if_none
from outcomes.analysis.proportions import share as share_of
from outcomes.analysis.results import Statistic
from outcomes.reporting.disclosure.behind import Later, least_patients
from outcomes.reporting.disclosure.release import Part
from outcomes.reporting.disclosure.rules import MIN_ROWS_FOR_SHARE, NOT_SHOWN, ROUND_COUNTS_TO, TOO_FEW
from outcomes.reporting.disclosure.shown import SafeTable, Shown, safe_table
from outcomes.reporting.disclosure.topic_frames import frame_to_show, standing_alone
from outcomes.reporting.formatting import rounded

if TYPE_CHECKING:
    from outcomes.reporting.disclosure.profiles import Disclosure

#: Who treats is a person too: shown inside the clinic only.
_PROVIDERS = CARE_UNITS
_POOLED = ("practitioners", "sites")
_OF_SESSIONS = ("sessions", "adverse_events", "pain_within_session")
_OF_PATIENTS = ("patients", "had_", "sore_")
_QUARTILES = {"_lower": 0.25, "_upper": 0.75}

#: Columns of frames whose numbers of patients tell whether enough of a row are new.
_ROW_KEYS = ("day", "time", "week", "period", "reduction")


@dataclass(frozen=True)
class SafeRow:
    """One statistic of a topic, its name in words, and what of it may be shown. `nobody`: it looked at no one."""

    endpoint: str
    by: str | None
    group: str
    statistic: str
    label: str
    shown: Shown
    nobody: bool


class SafeAnswers:
    """Answers under a profile. The exact ones stay inside; a row is judged when it is asked for."""

    __slots__ = ("__answers", "__dict__", "__disclosure")

    def __init__(self, answers: Answers, disclosure: Disclosure) -> None:
        self.__answers = answers
        self.__disclosure = disclosure

    @property
    def topic(self) -> str:
        return self.__answers.topic

    @property
    def notes(self) -> tuple[str, ...]:
        """The answers' own notes in `internal`; they may count patients, so elsewhere those without a number."""
        notes = self.__answers.notes
        return notes if self.__disclosure.exact else tuple(one for one in notes if not _has_number(one))

    def label(self, statistic: str) -> str:
        return self.__answers.label(statistic)

    def rows(self, *names: str, **where: str | None) -> list[SafeRow]:
        """The rows of these names (of all, where none is given) that fit, in the order of the names."""
        listed = names or tuple(dict.fromkeys(row.statistic for row in self.__answers.statistics))
        return [
            self._row(row)
            for name in listed
            for row in self.__answers.statistics
            if row.statistic == name and all(getattr(row, key) == value for key, value in where.items())
        ]

    def find(self, statistic: str, **where: str | None) -> SafeRow | None:
        """The first row that fits; None where there is none."""
        for row in self.__answers.statistics:
            if row.statistic == statistic and all(getattr(row, key) == value for key, value in where.items()):
                return self._row(row)
        return None

    def none_seen(self, statistic: str, **where: str | None) -> Shown:
        """The most that is not ruled out of a share of sessions of which none was seen; hidden where one was.

        Nobody is found by what happened to nobody, so a zero is shown, of enough patients.
        """
        row = next(
            row
            for row in self.__answers.statistics
            if row.statistic == statistic and all(getattr(row, key) == value for key, value in where.items())
        )
        return _none_seen(row, self.__disclosure, self.topic)

    def frame(self, name: str) -> SafeTable:
        """The frame of a figure; empty where it may not leave the clinic in any form."""
        answers, disclosure = self.__answers, self.__disclosure
        if disclosure.exact:
            return safe_table(answers.frames[name], disclosure.profile)
        safe = frame_to_show(answers, name, disclosure)
        if safe is None or safe.empty:
            return safe_table(answers.frames[name].iloc[:0], disclosure.profile)
        if "group" in safe.columns and "by" in safe.columns:
            pairs = zip(safe["by"], safe["group"], strict=True)
            safe = safe[[(by, group) in self._alone or group == "all" for by, group in pairs]]
        keys = [one for one in _ROW_KEYS if one in safe.columns]
        return disclosure.released_rows(
            f"{answers.topic}/{name}",
            safe,
            keys[0] if keys else "",
            lambda later: self._new_in(name, keys, later),
        )

    def _new_in(self, name: str, keys: Sequence[str], later: Later) -> Mapping[object, float]:
        answers = later.ask(self.topic)
        frame = answers.frames.get(name) if not isinstance(answers, str) else None
        if frame is None or not keys or "n" not in frame:
            return {}
        return frame.groupby(keys[0])["n"].min().to_dict()

    @cached_property
    def _alone(self) -> set[tuple[str, str]]:
        """The groups that stand alone: of each column, none whose number everybody and the other groups give away."""
        sizes: dict[str, dict[str, int]] = {}
        for row in self.__answers.statistics:
            if row.by is not None:
                groups = sizes.setdefault(row.by, {})
                groups[row.group] = max(groups.get(row.group, 0), row.n)
        return {
            (by, group) for by, groups in sizes.items() for group in standing_alone(groups, self.__disclosure)
        }

    def _row(self, row: Statistic) -> SafeRow:
        disclosure = self.__disclosure
        if row.by is not None and not disclosure.exact and (row.by, row.group) not in self._alone:
            shown = _nothing(disclosure.statistic_alone(row), NOT_SHOWN)
        else:
            shown = shown_row(row, disclosure, self.topic)
        return SafeRow(
            row.endpoint, row.by, row.group, row.statistic, self.label(row.statistic), shown, row.n == 0
        )


def shown_row(row: Statistic, disclosure: Disclosure, topic: str) -> Shown:
    """A row of the answers to `topic` as it may be shown."""
    if disclosure.exact:
        shown = disclosure.share(row) if row.unit == "share" else disclosure.mean(row)
        return replace(shown, reason="not known") if row.value is None and row.n else shown
    hidden = _nothing(disclosure.statistic_alone(row), NOT_SHOWN)
    if row.by in _PROVIDERS and (row.group not in _POOLED or row.unit == "share"):
        return hidden
    if row.unit.startswith("events") or row.unit in ("practitioners", "sites"):
        return hidden
    if row.unit == "share" and _counts_sessions(row):
        return _share_of_sessions(row, disclosure, topic)
    if row.unit == "share" and row.count is None:
        return share_without_count(row, disclosure, topic)
    if row.unit == "share":
        return disclosure.share(row, topic)
    if "median" in row.statistic or row.method.startswith(("median", "Kaplan–Meier median")):
        return disclosure.quantile(row, 0.5, topic)
    ends = [q for end, q in _QUARTILES.items() if row.statistic.endswith(end)]
    if ends or row.method == "quantile":
        return disclosure.quantile(row, ends[0] if ends else 0.25, topic)
    return disclosure.mean(row, topic)


def _has_number(note: str) -> bool:
    return any(sign.isdigit() for sign in note)


def _nothing(shown: Shown, reason: str) -> Shown:
    if shown.value is None and shown.reason == TOO_FEW:
        reason = TOO_FEW
    return replace(
        shown, value=None, low=None, high=None, n=None, n_text="–", count_text="", reason=reason, people=""
    )


def _counts_sessions(row: Statistic) -> bool:
    """Whether a share is one of sessions or days. In doubt it is: that rule asks for more."""
    if row.statistic.startswith("sessions"):
        return True
    of_sessions = row.mode == "sessions" or row.endpoint in _OF_SESSIONS
    return of_sessions and not row.statistic.startswith(_OF_PATIENTS)


def _share_of_sessions(row: Statistic, disclosure: Disclosure, topic: str) -> Shown:
    """From rounded numbers of sessions, where those counted and the others are surely of enough patients."""
    alone = disclosure.statistic_alone(row)
    if row.count is None or row.value is None or row.n == 0:
        return _nothing(alone, NOT_SHOWN)
    sessions = disclosure.sessions_per_patient
    if not all(from_enough(part, sessions, disclosure) for part in (row.count, row.n - row.count)):
        return _nothing(alone, TOO_FEW)
    n, count = (ROUND_COUNTS_TO * int(rounded(part / ROUND_COUNTS_TO, 0)) for part in (row.n, row.count))
    found = share_of(count, n, row.confidence)
    value, low, high = (
        None if one is None else float(rounded(one, 2)) for one in (found.value, found.low, found.high)
    )
    if row.low is None:
        low = high = None
    shown = replace(
        alone, value=value, low=low, high=high, n=float(n), n_text=f"{n:,}", count_text=f"{count:,}",
        people=f"about {n:,} sessions", reason="",
    )  # fmt: skip
    return disclosure.released(shown, row, topic, _asked(row, disclosure))


def _none_seen(row: Statistic, disclosure: Disclosure, topic: str) -> Shown:
    alone = disclosure.statistic_alone(row)
    if disclosure.exact and not row.count:
        return replace(alone, value=most_if_none(row.n, row.confidence).value)
    if row.count:
        return _nothing(alone, NOT_SHOWN)
    if row.n < MIN_ROWS_FOR_SHARE or not from_enough(row.n, disclosure.sessions_per_patient, disclosure):
        return _nothing(alone, TOO_FEW)
    n = ROUND_COUNTS_TO * int(rounded(row.n / ROUND_COUNTS_TO, 0))
    most = most_if_none(n, row.confidence).value
    shown = replace(alone, value=most, n=float(n), n_text=f"{n:,}", count_text="", reason="", people="")
    named = replace(row, statistic=f"{row.statistic}_none")
    return disclosure.released(shown, named, topic, _asked(row, disclosure))


def _asked(row: Statistic, disclosure: Disclosure) -> tuple[Part, ...] | None:
    """The patients with a session that was asked about, for shares of those sessions."""
    behind = disclosure.behind() if disclosure.release is not None else None
    if behind is None or row.endpoint != "adverse_events":
        return None
    asked = behind.sessions_asked
    return (asked,) if sum(map(len, asked.values())) == row.n else None


def from_enough(count: int, sessions: Sequence[int], disclosure: Disclosure) -> bool:
    """Whether so many sessions are certain to be of enough patients, none of whom has too many of them.

    `sessions` are those of each patient: however the counted ones lie, they cannot be of fewer patients than those
    with most sessions would need.
    """
    rules = disclosure.rules
    if count <= 0 or not sessions or max(sessions) > rules.largest_patient * count:
        return False
    return least_patients(count, sessions) >= max(rules.session_patients, disclosure.least_cell)


def share_without_count(row: Statistic, disclosure: Disclosure, topic: str) -> Shown:
    """A share that is estimated (Kaplan–Meier, a mean of shares, a difference): the patients it stands for."""
    alone = disclosure.statistic_alone(row)
    if row.value is None:
        return _nothing(alone, TOO_FEW if row.n < disclosure.least_for_mean else "not defined")
    size = abs(row.value) * row.n
    if row.n < disclosure.least_for_mean or disclosure.is_small(size) or disclosure.is_small(row.n - size):
        return _nothing(alone, TOO_FEW)
    value, low, high = (
        None if one is None else float(rounded(one, 2)) for one in (row.value, row.low, row.high)
    )
    return disclosure.released(replace(alone, value=value, low=low, high=high, reason=""), row, topic)
