"""What may be shown to whom: exact for the clinic's own eyes, controlled for what is handed on.

`internal` shows numbers as they are. In `share` a patient count is "≤7" or rounded to the nearest 5, shares
come from rounded counts, means need ten patients and keep one decimal, and nothing smaller is shown at all.
Sources and reasons: docs/method.md#disclosure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from outcomes.analysis.estimates import share as share_of
from outcomes.analysis.results import Statistic
from outcomes.reporting.formatting import rounded

Profile = Literal["internal", "share"]

#: Below this many patients no mean, interval or model leaves the clinic.
MIN_PATIENTS_FOR_MEAN = 10
ROUND_COUNTS_TO = 5

TOO_FEW = "too few to show"


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
            return f"{n:,}"
        return self._few if self._is_small(n) else f"about {self._to_five(n):,}"

    def patients_in_table(self, n: int) -> str:
        """The same without `about`: the column says that counts are rounded."""
        if self.exact:
            return f"{n:,}"
        return self._few if self._is_small(n) else f"{self._to_five(n):,}"

    def patients_drawn(self, n: int) -> float | None:
        """A number of patients as the length of a bar; None where it is hidden."""
        if self.exact:
            return float(n)
        return None if self._is_small(n) else float(self._to_five(n))

    def rows(self, n: int) -> str:
        """A number of rows of a table. Rows are not patients, and few rows may be one patient's."""
        return self.patients_in_table(n)

    def mean(self, statistic: Statistic) -> Shown:
        """A mean, a change or a ratio with its interval."""
        decimals = 2 if statistic.unit == "ratio" else 1
        if self.exact:
            reason = "" if statistic.value is not None else "not defined"
            return self._shown(statistic, statistic.value, statistic.low, statistic.high, reason)
        if statistic.n < self._least_for_mean:
            return self._shown(statistic, None, None, None, TOO_FEW)
        values = (statistic.value, statistic.low, statistic.high)
        value, low, high = (None if one is None else float(rounded(one, decimals)) for one in values)
        return self._shown(statistic, value, low, high, "" if value is not None else "not defined")

    def share(self, statistic: Statistic) -> Shown:
        """A share of patients with its interval, in `share` from rounded counts."""
        if self.exact:
            reason = "" if statistic.value is not None else "nobody to count"
            return self._shown(statistic, statistic.value, statistic.low, statistic.high, reason)
        count = statistic.count or 0
        hidden = statistic.n < self._least_for_mean or self._is_small(count)
        # Few of the others is as telling as few: 97 of 100 says that 3 did not.
        if hidden or self._is_small(statistic.n - count):
            return self._shown(statistic, None, None, None, TOO_FEW)
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
        hidden = shown["n"] < self._least_for_mean
        for column in ("mean", "low", "high"):
            shown[column] = [
                float(rounded(value, 1)) if value == value else value for value in shown[column].tolist()
            ]
        shown.loc[hidden, ["mean", "low", "high"]] = float("nan")
        drawn = [self.patients_drawn(int(n)) for n in shown["n"]]
        shown["n"] = [float("nan") if n is None else n for n in drawn]
        return shown

    def completeness(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The weekly share of recorded days, whole percent in `share`, without weeks of few patients."""
        if self.exact:
            return frame
        shown = frame[frame["patients"] >= self._least_for_mean]
        return shown.assign(share=[float(rounded(value, 2)) for value in shown["share"].tolist()])

    @property
    def _few(self) -> str:
        return f"≤{self.minimum_cell - 1}"

    @property
    def _least_for_mean(self) -> int:
        return max(MIN_PATIENTS_FOR_MEAN, self.minimum_cell)

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
