"""The answers to a topic as they may leave the clinic: statistics by their kind, and the frames of figures.

What the records' `Answers` cannot tell (who stands behind a number of events, which sessions are one patient's) is
hidden. Rules: docs/method.md#disclosure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from outcomes.analysis.answers import Answers
from outcomes.analysis.care_units import CARE_UNITS
from outcomes.analysis.results import Statistic
from outcomes.reporting.disclosure.rules import NOT_SHOWN, ROUND_COUNTS_TO, TOO_FEW, Profile
from outcomes.reporting.disclosure.shown import SafeTable, Shown, needs_safe, safe_table
from outcomes.reporting.formatting import rounded

if TYPE_CHECKING:
    from outcomes.reporting.disclosure.profiles import Disclosure

_NAN = float("nan")

#: Days at which a curve may be read; its steps are patients.
CURVE_DAYS = (28, 56, 84, 112, 140, 168, 252, 364)

#: Who treats is a person too: shown inside the clinic only.
_PROVIDERS = CARE_UNITS
_POOLED = ("practitioners", "sites")
_OF_SESSIONS = ("sessions", "adverse_events", "pain_within_session")
_OF_PATIENTS = ("patients", "had_", "sore_")
_QUARTILES = {"_lower": 0.25, "_upper": 0.75}


@dataclass(frozen=True)
class SafeRow:
    """One statistic of a topic, its name in words, and what of it may be shown."""

    endpoint: str
    by: str | None
    group: str
    statistic: str
    label: str
    shown: Shown


@dataclass(frozen=True)
class SafeAnswers:
    """Answers under a profile. `frames` have the columns of the exact ones; cells that are hidden are NaN.

    `notes` are the answers' own in `internal`; they may count patients, so elsewhere there are none.
    """

    topic: str
    rows: tuple[SafeRow, ...]
    notes: tuple[str, ...] = ()
    frames: Mapping[str, SafeTable] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def find(
        self, statistic: str, *, endpoint: str | None = None, group: str | None = None
    ) -> SafeRow | None:
        """The first row that fits; None where there is none."""
        for row in self.rows:
            if row.statistic == statistic and endpoint in (None, row.endpoint) and group in (None, row.group):
                return row
        return None


def to_draw(answers: Answers, safe: SafeAnswers, profile: Profile) -> Answers:
    """The answers for `outcomes.reporting.figures_topics`: the safe frames alone, and statistics without numbers.

    A frame that may not leave is not there; the figure of the topic then says so (PlanError) or is drawn without it.
    """
    nothing = tuple(
        replace(row, value=None, low=None, high=None, p=None, n=0, n_left_out=0, count=None, notes=())
        for row in answers.statistics
    )
    frames = {name: needs_safe(table, profile) for name, table in safe.frames.items()}
    return replace(answers, statistics=nothing, notes=(), frames=frames)


def safe_answers(answers: Answers, disclosure: Disclosure, sessions: Sequence[int] = ()) -> SafeAnswers:
    """See `Disclosure.answers`. `sessions`: sessions of each patient looked at, without which none is counted out."""
    if not disclosure.exact and not sessions and disclosure.release is not None:
        behind = disclosure.release.behind()
        sessions = behind.sessions_per_patient if behind is not None else ()
    alone = _groups_shown(answers, disclosure)
    rows = []
    for one in answers.statistics:
        shown = _shown(one, disclosure, sessions, answers.topic)
        if one.by is not None and (one.by, one.group) not in alone and not disclosure.exact:
            shown = _nothing(shown, NOT_SHOWN)
        rows.append(
            SafeRow(one.endpoint, one.by, one.group, one.statistic, answers.label(one.statistic), shown)
        )
    frames = {
        name: made
        for name, frame in answers.frames.items()
        if (made := _safe_frame(answers, name, frame, disclosure, alone)) is not None
    }
    notes = answers.notes if disclosure.exact else ()
    return SafeAnswers(answers.topic, tuple(rows), notes, MappingProxyType(frames))


def _groups_shown(answers: Answers, disclosure: Disclosure) -> set[tuple[str, str]]:
    """The groups that stand alone: of each column, none whose number everybody and the other groups give away."""
    sizes: dict[str, dict[str, int]] = {}
    for row in answers.statistics:
        if row.by is not None:
            groups = sizes.setdefault(row.by, {})
            groups[row.group] = max(groups.get(row.group, 0), row.n)
    return {(by, group) for by, groups in sizes.items() for group in standing_alone(groups, disclosure)}


def standing_alone(sizes: Mapping[str, int], disclosure: Disclosure) -> set[str]:
    """Of groups that make up everyone those that may be shown, as `Disclosure.apart` does for comparisons."""
    if disclosure.exact or len(sizes) == 1:
        return set(sizes)
    shown = {group: n for group, n in sizes.items() if n >= disclosure.least_for_mean}
    hidden = {group: n for group, n in sizes.items() if group not in shown}
    while shown and hidden and disclosure.is_small(sum(hidden.values())):
        least = min(shown.values())
        hidden |= {group: n for group, n in shown.items() if n == least}
        shown = {group: n for group, n in shown.items() if n != least}
    return set(shown)


def _shown(row: Statistic, disclosure: Disclosure, sessions: Sequence[int], topic: str) -> Shown:
    if disclosure.exact:
        return disclosure.share(row) if row.unit == "share" else disclosure.mean(row)
    hidden = _nothing(disclosure.statistic_alone(row), NOT_SHOWN)
    if row.by in _PROVIDERS and (row.group not in _POOLED or row.unit == "share"):
        return hidden
    if row.unit.startswith("events") or row.unit in ("practitioners", "sites"):
        return hidden
    if row.unit == "share" and _counts_sessions(row):
        return _share_of_sessions(row, disclosure, sessions, topic)
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
    return row.endpoint in _OF_SESSIONS and not row.statistic.startswith(_OF_PATIENTS)


def _share_of_sessions(row: Statistic, disclosure: Disclosure, sessions: Sequence[int], topic: str) -> Shown:
    alone = disclosure.statistic_alone(row)
    if row.count is None or row.value is None or row.n == 0:
        return _nothing(alone, NOT_SHOWN)
    if not all(from_enough(part, sessions, disclosure) for part in (row.count, row.n - row.count)):
        return _nothing(alone, TOO_FEW)
    n, count = (ROUND_COUNTS_TO * int(rounded(part / ROUND_COUNTS_TO, 0)) for part in (row.n, row.count))
    value = float(rounded(count / n, 2))
    low, high = (None if bound is None else float(rounded(bound, 2)) for bound in (row.low, row.high))
    shown = replace(
        alone, value=value, low=low, high=high, n=float(n), n_text=f"{n:,}", count_text=f"{count:,}",
        people=f"about {n:,} sessions", reason="",
    )  # fmt: skip
    return disclosure.released(shown, row, topic)


def from_enough(count: int, sessions: Sequence[int], disclosure: Disclosure) -> bool:
    """Whether so many sessions are certain to be of enough patients, none of whom has too many of them.

    `sessions` are those of each patient: however the counted ones lie, they cannot be of fewer patients than those
    with most sessions would need.
    """
    if count <= 0 or not sessions:
        return False
    ordered = sorted(sessions, reverse=True)
    rules = disclosure.rules
    if ordered[0] > rules.largest_patient * count:
        return False
    needed, covered = 0, 0
    for of_patient in ordered:
        if covered >= count:
            break
        needed, covered = needed + 1, covered + of_patient
    return needed >= max(rules.session_patients, disclosure.least_cell)


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


# ---- frames ----


def _safe_frame(
    answers: Answers, name: str, frame: pd.DataFrame, disclosure: Disclosure, alone: set[tuple[str, str]]
) -> SafeTable | None:
    """The frame of a figure; None where it may not leave the clinic in any form."""
    if disclosure.exact:
        return safe_table(frame, disclosure.profile)
    made = _MAKERS.get((answers.topic, name))
    if made is None or frame.empty:
        return None
    safe = made(frame, disclosure, answers)
    if "group" in safe.columns and "by" in safe.columns:
        kept = [
            (by, group) in alone or group == "all"
            for by, group in zip(safe["by"], safe["group"], strict=True)
        ]
        safe = safe[kept]
    return disclosure.released_frame(f"{answers.topic}/{name}", safe)


def means(frame: pd.DataFrame, disclosure: Disclosure, *columns: str) -> pd.DataFrame:
    """Rows of means over `n` patients: one decimal, hidden below the least number, `n` to the nearest 5."""
    safe = frame.copy()
    hidden = safe["n"].fillna(0) < disclosure.least_for_mean
    for column in columns:
        safe[column] = [_decimals(value, 1) for value in safe[column]]
    safe.loc[hidden, list(columns)] = _NAN
    safe["n"] = [_fives(n, disclosure) for n in safe["n"]]
    return safe


def shares(frame: pd.DataFrame, disclosure: Disclosure, *ends: str) -> pd.DataFrame:
    """Rows of shares of `n` patients (`share…`, `low…`, `high…` for each end), from rounded counts, whole percent."""
    safe = frame.astype({f"{name}{end}": "float64" for end in ends for name in ("share", "low", "high")})
    for end in ends:
        for at in safe.index:
            n, value = frame.loc[at, "n"], frame.loc[at, f"share{end}"]
            found = _share_from_fives(n, value, disclosure)
            safe.loc[at, f"share{end}"] = found
            for bound in ("low", "high"):
                given = frame.loc[at, f"{bound}{end}"]
                safe.loc[at, f"{bound}{end}"] = _decimals(given, 2) if found == found else _NAN
    safe["n"] = [_fives(n, disclosure) for n in safe["n"]]
    return safe


def _share_from_fives(n: float, value: float, disclosure: Disclosure) -> float:
    if value != value or n < disclosure.least_for_mean:
        return _NAN
    count = round(value * n)
    if disclosure.is_small(count) or disclosure.is_small(n - count):
        return _NAN
    of, counted = _fives(n, disclosure), _fives(count, disclosure)
    return float(rounded(min(1.0, counted / of), 2))


def _staircase(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers) -> pd.DataFrame:
    """At the plan's reductions alone: between them each step is a patient."""
    return shares(frame[frame["reduction"].isin(answers.plan.responder_reductions)], disclosure, "")


def _periods(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers) -> pd.DataFrame:
    ends = [name.removeprefix("share") for name in frame.columns if name.startswith("share")]
    safe = shares(frame, disclosure, *ends)
    return safe.drop(columns=[name for name in ("n_over",) if name in safe])


def curve(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers | None = None) -> pd.DataFrame:
    """A Kaplan–Meier curve read at set days, never its steps; a day needs enough events since the last one shown."""
    rows = []
    for of, steps in frame.groupby("of", sort=False):
        steps = steps.sort_values("time")
        told = 0.0
        for day in CURVE_DAYS:
            past = steps[steps["time"] <= day]
            if past.empty or steps["time"].max() < day:
                continue
            last, events = past.iloc[-1], float(past["events"].sum())
            left = float(last["at_risk"] - last["events"])
            if disclosure.is_small(events - told) or left < disclosure.least_for_mean:
                continue
            told = events
            bounds = {name: _decimals(last[name], 2) for name in ("survival", "low", "high")}
            rows.append({"of": of, "time": float(day), **bounds})
    return pd.DataFrame(rows, columns=["of", "time", "survival", "low", "high"])


def _at_risk(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers) -> pd.DataFrame:
    safe = frame[frame["time"].isin((0, *CURVE_DAYS))]
    return safe.assign(at_risk=[_fives(n, disclosure) for n in safe["at_risk"]])


def flows(frame: pd.DataFrame, by: str, disclosure: Disclosure) -> pd.DataFrame:
    """Patients from band to band, to the nearest 5, of each part (`by`) in which no flow is small.

    Beside the shares before and after, which are its margins, one hidden flow could be worked out, and a flow that is
    not drawn says that there is none: so a part is shown whole or not at all.
    """
    kept = []
    for _, part in frame.groupby(by, sort=False):
        full = part.groupby(["before", "after"])["n"].sum().unstack(fill_value=0).stack()
        if not any(disclosure.is_small(float(n)) for n in full.to_numpy()):
            kept.append(part.assign(n=[_fives(n, disclosure) for n in part["n"]]))
    return pd.concat(kept, ignore_index=True) if kept else frame.iloc[:0]


def cross(frame: pd.DataFrame, disclosure: Disclosure) -> SafeTable:
    """A table of counts of patients (rows: groups, columns: what they are counted by) as it may be printed.

    Each cell is hidden (NaN) or to the nearest 5. The last row and column, `total of cells shown`, add up what is
    shown: there is no other total.
    """
    safe = frame.map(lambda n: _fives(n, disclosure)).astype("float64")
    if not disclosure.exact:
        safe["total of cells shown"] = safe.sum(axis=1, min_count=1)
        safe.loc["total of cells shown"] = safe.sum(axis=0, min_count=1)
    return safe_table(safe.rename_axis("group").reset_index(), disclosure.profile)


def forest(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers | None = None) -> pd.DataFrame:
    """Groups of each column with their changes: those that stand alone, without p."""
    safe = means(frame, disclosure, "value", "low", "high")
    kept = pd.Series(True, index=frame.index)
    for _, part in frame[frame["by"].notna()].groupby("by", sort=False):
        sizes = Counter(
            {str(group): int(n) for group, n in zip(part["group"], part["n"], strict=True) if n == n}
        )
        alone = standing_alone(sizes, disclosure)
        for at, group in part["group"].items():
            kept.at[at] = str(group) in alone
    # Tests between the groups rest on those that are hidden too.
    safe = safe.assign(**{name: _NAN for name in ("p", "p_adjusted") if name in safe})
    return safe[kept]


def _dose(frame: pd.DataFrame, disclosure: Disclosure, answers: Answers) -> pd.DataFrame:
    alone = standing_alone(
        {str(one): int(n) for one, n in zip(frame["planned_sessions"], frame["n"], strict=True)}, disclosure
    )
    return means(frame, disclosure, "value", "low", "high")[
        [str(one) in alone for one in frame["planned_sessions"]]
    ]


def _fives(n: float, disclosure: Disclosure) -> float:
    if disclosure.exact:
        return float(n)
    if n != n or disclosure.is_small(n):
        return _NAN
    return float(ROUND_COUNTS_TO * int(rounded(n / ROUND_COUNTS_TO, 0)))


def _decimals(value: float, decimals: int) -> float:
    return float(rounded(value, decimals)) if value is not None and math.isfinite(value) else _NAN


_Maker = Callable[[pd.DataFrame, "Disclosure", Answers], pd.DataFrame]

#: Frames that may leave the clinic, and how. All others stay: rows of patients, practitioners, events.
_MAKERS: dict[tuple[str, str], _Maker] = {
    ("response", "staircase"): _staircase,
    ("response", "periods"): _periods,
    ("durability", "curve"): curve,
    ("durability", "at_risk"): _at_risk,
    ("states", "flows"): lambda frame, disclosure, _: flows(frame, "state", disclosure),
    ("questionnaires", "flows"): lambda frame, disclosure, _: flows(frame, "instrument", disclosure),
    ("strata", "forest"): forest,
    ("dose", "dose"): _dose,
    ("within_session", "sessions"): lambda frame, disclosure, _: means(
        frame, disclosure, "before", "after", "change", "low", "high"
    ),
    ("safety", "soreness"): lambda frame, disclosure, _: means(
        frame.drop(columns="share_any"), disclosure, "mean", "low", "high"
    ),
    ("recalled", "levels"): lambda frame, disclosure, _: means(frame, disclosure, "value", "low", "high"),
}
