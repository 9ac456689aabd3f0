"""The frames of figures as they may be drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from outcomes.reporting.disclosure.behind import Later
from outcomes.reporting.disclosure.profile_rules import to_decimals
from outcomes.reporting.disclosure.release import Place
from outcomes.reporting.disclosure.shares import ShareRules
from outcomes.reporting.disclosure.shown import SafeTable, Shown, safe_table
from outcomes.reporting.formatting import rounded

_NAN = float("nan")


class FrameRules(ShareRules):
    """Tables that figures and exports take: `SafeTable` and nothing else."""

    def table(
        self,
        rows: Sequence[Mapping[str, Shown | str | float]],
        names: Mapping[str, str] | None = None,
        scale: float = 1.0,
    ) -> SafeTable:
        """A frame for a figure, of shown values and of words and plan's numbers beside them.

        A `Shown` under the name `x` gives `x`, `x_low`, `x_high`; under the empty name `value`, `low`, `high`, `n_text`
        and `reason`. `names` renames columns; `scale` multiplies values (100 for percent).
        """
        plain: list[dict[str, Any]] = []
        months = []
        for row in rows:
            cells: dict[str, Any] = {}
            for name, one in row.items():
                if not isinstance(one, Shown):
                    cells[name] = one
                    continue
                months.append(one.carried_from)
                ends = ("value", "low", "high") if not name else (name, f"{name}_low", f"{name}_high")
                bounds = (one.value, one.low, one.high)
                cells |= {
                    end: _NAN if bound is None else scale * bound
                    for end, bound in zip(ends, bounds, strict=True)
                }
                if not name:
                    cells |= {"n_text": one.people, "reason": one.reason}
            plain.append(cells)
        frame = pd.DataFrame(plain).rename(columns=dict(names or {}))
        return safe_table(frame, self.profile, tuple(months))

    def course(self, frame: pd.DataFrame) -> SafeTable:
        """A course (`cohort`, `mean`, `low`, `high`, `n`) as may be drawn: NaN where hidden.

        In `share` the headline cohort alone: the line of all patients beside it would, week by week, give
        away the few by whom they differ.
        """
        if self.exact:
            return safe_table(frame.astype({"n": "float64"}), self.profile)
        shown = frame[frame["cohort"] == "headline"].astype({"n": "float64"})
        # Without variation, a mean is every patient's own value.
        hidden = (shown["n"] < self.least_for_mean) | ~(shown["high"] > shown["low"])
        for column in ("mean", "low", "high"):
            shown[column] = [to_decimals(value, 1) for value in shown[column].tolist()]
            shown[column] = shown[column].astype("float64")
        shown.loc[hidden, ["mean", "low", "high"]] = _NAN
        drawn = [self._n_drawn(int(n)) for n in shown["n"]]
        shown["n"] = [_NAN if n is None else n for n in drawn]
        # The first and last week in which anybody wrote anything are somebody's.
        weeks = shown.loc[shown["mean"].notna(), "week"]
        shown = shown[shown["week"].between(weeks.min(), weeks.max())]
        return self.released_rows("course", shown, "week", _compared_in_weeks)

    def completeness(self, frame: pd.DataFrame) -> SafeTable:
        """The weekly share of recorded days, whole percent in `share`, without weeks of few patients."""
        if self.exact:
            return safe_table(frame, self.profile)
        shown = frame[frame["patients"] >= max(self.rules.mean, self.least_cell)]
        shown = shown.assign(share=[float(rounded(value, 2)) for value in shown["share"].tolist()])
        return self.released_rows("completeness", shown.drop(columns="patients"), "week", _followed_in_weeks)

    def released_rows(
        self,
        measure: str,
        frame: pd.DataFrame,
        key: str,
        new_in: Callable[[Later], Mapping[Any, float]],
    ) -> SafeTable:
        """The frame of a figure, held as one against what was shown before, without rows of too few new patients.

        `new_in` gives, for those patients who came later, their number in each row, by the column `key`.
        """
        behind, release = self.behind(), self.release
        if release is None or behind is None or behind.closed_after is None or not key:
            return self._released_frame(measure, frame, None)
        since, last = behind.closed_after, release.newest(measure)
        found: Mapping[Any, float] = {}
        if last is not None and release.may_renew(last):
            found = new_in(since(last))
            enough = frame[[found.get(row, 0) >= self.least_cell for row in frame[key]]]
            frame = frame if enough.empty else enough
        least = min((found.get(row, 0) for row in frame[key]), default=0)

        def later(month: str) -> tuple[int, Iterable[str]]:
            people = since(month).who_stands_behind().everyone
            return (int(least) if month == last else 0), people

        return self._released_frame(measure, frame, later)

    def _released_frame(
        self, measure: str, frame: pd.DataFrame, later: Callable[[str], tuple[int, Iterable[str]]] | None
    ) -> SafeTable:
        if self.release is None:
            return safe_table(frame, self.profile)
        plain = frame.astype(object).where(frame.notna(), None)
        content = {name: plain[name].tolist() for name in plain.columns}
        found = self.release.judge(Place(measure, "all", None, later=later), content)
        if found.content is None:
            return safe_table(frame.iloc[:0], self.profile, held_back=True)
        shown = pd.DataFrame(found.content, columns=list(frame.columns)).astype(dict(frame.dtypes))
        return safe_table(shown, self.profile, (found.carried_from,))


def _compared_in_weeks(later: Later) -> Mapping[Any, float]:
    if later.course is None:
        return {}
    weeks = later.course.weeks
    return dict(weeks.loc[weeks["cohort"] == "headline", ["week", "n"]].to_numpy().tolist())


def _followed_in_weeks(later: Later) -> Mapping[Any, float]:
    if later.course is None:
        return {}
    return dict(later.course.completeness[["week", "patients"]].to_numpy().tolist())
