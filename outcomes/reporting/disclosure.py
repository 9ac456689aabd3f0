"""What may be shown to whom: exact for the clinic's own eyes, controlled for what is handed on.

`internal` shows numbers as they are. In `share` a patient count is "≤7" or rounded to the nearest 5, shares
come from rounded counts, means need ten patients who differ and keep one decimal, and a group is shown only
where it cannot be used to work out another that is hidden. Sources and reasons: docs/method.md#disclosure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from outcomes.analysis.proportions import share as share_of
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.reporting.formatting import number, percent, rounded
from outcomes.reporting.language import say

Profile = Literal["internal", "share"]

#: Below this many patients no mean, interval or model leaves the clinic.
MIN_PATIENTS_FOR_MEAN = 10
ROUND_COUNTS_TO = 5

#: Rows of a table below this number are few enough to be one patient's.
MIN_ROWS_FOR_SHARE = 100

TOO_FEW = "too few to show"
NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Shown:
    """A statistic as it may be shown. `value`, `low`, `high` are None where hidden or undefined.

    `n` is the number of patients as may be drawn (None where hidden), `n_text` as may be written;
    `reason` says why a value is not there.
    """

    value: float | None
    low: float | None
    high: float | None
    n: float | None
    n_text: str
    count_text: str
    unit: str
    confidence: float
    reason: str


@dataclass(frozen=True)
class Disclosure:
    """The rules of one profile. `minimum_cell` is the plan's: fewer patients than that are never counted out."""

    profile: Profile
    minimum_cell: int

    @property
    def exact(self) -> bool:
        return self.profile == "internal"

    @property
    def mark(self) -> str:
        """What stands on every page."""
        if self.exact:
            return "internal: exact numbers, not to leave the clinic"
        return "share: small numbers hidden, counts rounded to the nearest 5"

    def patients(self, n: int) -> str:
        """A number of patients, in words."""
        if self.exact:
            return number(n, 0)
        return self._few if self._is_small(n) else say("counts.about", n=number(self._to_five(n), 0))

    def patients_in_table(self, n: int) -> str:
        """The same without `about`: the column says that counts are rounded."""
        if self.exact:
            return number(n, 0)
        return self._few if self._is_small(n) else number(self._to_five(n), 0)

    def patients_drawn(self, n: int) -> float | None:
        """A number of patients as the length of a bar; None where it is hidden."""
        if self.exact:
            return float(n)
        return None if self._is_small(n) else float(self._to_five(n))

    def people(self, n: int) -> str:
        """`1 patient`, `about 115 patients`, `≤7 patients`."""
        if n == 1 and self.exact:
            return say("counts.one_patient")
        return say("counts.patients", n=self.patients(n))

    def rows(self, n: int, of: int) -> str:
        """Rows of a table, in `share` as whole percent of its rows and never as none or all of them."""
        if self.exact:
            return number(n, 0)
        if of < MIN_ROWS_FOR_SHARE:
            return TOO_FEW
        share = n / of
        return "<1%" if share < 0.01 else ">99%" if share > 0.99 else percent(share)

    def mean(self, statistic: Statistic) -> Shown:
        """A mean, a change or a ratio with its interval."""
        decimals = 2 if statistic.unit == "ratio" else 1
        if self.exact:
            reason = "" if statistic.value is not None else "not defined"
            return self._shown(statistic, statistic.value, statistic.low, statistic.high, reason)
        if statistic.n < self.least_for_mean:
            return self._shown(statistic, None, None, None, TOO_FEW)
        if statistic.value is not None and (statistic.low is None or statistic.low == statistic.high):
            # Without variation the mean is every patient's own value.
            return self._shown(statistic, None, None, None, NOT_SHOWN)
        values = (statistic.value, statistic.low, statistic.high)
        value, low, high = (None if one is None else float(rounded(one, decimals)) for one in values)
        return self._shown(statistic, value, low, high, "" if value is not None else "not defined")

    def before_after(self, change: PairedChange) -> tuple[Shown, Shown, Shown]:
        """Baseline, follow-up and change: all three or none, since two of them give the third."""
        means = [self.mean(change[name]) for name in ("baseline_mean", "followup_mean", "change")]
        hidden = [one.reason for one in means if one.value is None]
        if hidden and not self.exact:
            means = [replace(one, value=None, low=None, high=None, reason=hidden[0]) for one in means]
        return means[0], means[1], means[2]

    def apart(
        self, changes: Sequence[PairedChange]
    ) -> tuple[tuple[PairedChange, ...], tuple[PairedChange, ...]]:
        """The groups that may be shown each by itself, and those that may only be counted together.

        The groups make up everyone, who are shown too: a group that stands alone in the second part, or with
        few patients, could be worked out. So the smallest of the first join it until it is large enough.
        """
        if self.exact:
            return tuple(changes), ()
        shown = [change for change in changes if self.mean(change["change"]).value is not None]
        hidden = [change for change in changes if change not in shown]
        while shown and hidden and self._is_small(sum(change.n for change in hidden)):
            least = min(change.n for change in shown)
            hidden += [change for change in shown if change.n == least]
            shown = [change for change in shown if change.n != least]
        # One group that is everyone would say of each patient that he is in it.
        if len(shown) == 1 and not hidden:
            shown, hidden = [], shown
        return tuple(shown), tuple(hidden)

    def share(self, statistic: Statistic) -> Shown:
        """A share of patients with its interval, in `share` from rounded counts."""
        if self.exact:
            reason = "" if statistic.value is not None else "nobody to count"
            return self._shown(statistic, statistic.value, statistic.low, statistic.high, reason)
        count = statistic.count or 0
        if statistic.n < self.least_for_mean or self._is_small(count):
            return self._shown(statistic, None, None, None, TOO_FEW)
        # Few of the others is as telling as few: 97 of 100 says that 3 did not.
        if self._is_small(statistic.n - count):
            shown = self._shown(statistic, None, None, None, TOO_FEW)
            return replace(shown, count_text=f"all but {self._few}")
        total = self._to_five(statistic.n)
        estimate = share_of(min(self._to_five(count), total), total, statistic.confidence)
        value, low, high = (
            None if one is None else float(rounded(one, 2))
            for one in (estimate.value, estimate.low, estimate.high)
        )
        return self._shown(statistic, value, low, high, "")

    def course(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A course (`cohort`, `mean`, `low`, `high`, `n`) as may be drawn: NaN where hidden.

        In `share` the headline cohort alone: the line of all patients beside it would, week by week, give
        away the few by whom they differ.
        """
        if self.exact:
            return frame.astype({"n": "float64"})
        shown = frame[frame["cohort"] == "headline"].astype({"n": "float64"})
        # Without variation, a mean is every patient's own value.
        hidden = (shown["n"] < self.least_for_mean) | ~(shown["high"] > shown["low"])
        for column in ("mean", "low", "high"):
            shown[column] = [
                float(rounded(value, 1)) if value == value else value for value in shown[column].tolist()
            ]
        shown.loc[hidden, ["mean", "low", "high"]] = float("nan")
        drawn = [self.patients_drawn(int(n)) for n in shown["n"]]
        shown["n"] = [float("nan") if n is None else n for n in drawn]
        # The first and last week in which anybody wrote anything are somebody's.
        weeks = shown.loc[shown["mean"].notna(), "week"]
        return shown[shown["week"].between(weeks.min(), weeks.max())]

    def completeness(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The weekly share of recorded days, whole percent in `share`, without weeks of few patients."""
        if self.exact:
            return frame
        shown = frame[frame["patients"] >= self.least_for_mean]
        return shown.assign(share=[float(rounded(value, 2)) for value in shown["share"].tolist()])

    @property
    def least_for_mean(self) -> int:
        """Below this many patients no mean is shown in `share`."""
        return max(MIN_PATIENTS_FOR_MEAN, self.minimum_cell)

    @property
    def _few(self) -> str:
        return f"≤{self.minimum_cell - 1}"

    def _is_small(self, n: int) -> bool:
        return n < self.minimum_cell

    def _to_five(self, n: int) -> int:
        return ROUND_COUNTS_TO * int(rounded(n / ROUND_COUNTS_TO, 0))

    def _shown(
        self, statistic: Statistic, value: float | None, low: float | None, high: float | None, reason: str
    ) -> Shown:
        count = "" if statistic.count is None else self.patients_in_table(statistic.count)
        return Shown(
            value,
            low,
            high,
            self.patients_drawn(statistic.n),
            self.patients_in_table(statistic.n),
            count,
            statistic.unit,
            statistic.confidence,
            reason,
        )
