"""What may be shown to whom: exact for the clinic's own eyes, controlled for what is handed on.

`internal` shows numbers as they are. In `share` a patient count is "≤7" or rounded to the nearest 5, shares
come from rounded counts, means need ten patients who differ and keep one decimal, and a group is shown only
where it cannot be used to work out another that is hidden. `public` asks for more patients. A report that is
handed on is also held against those before it (`release.py`). Sources and reasons: docs/method.md#disclosure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from outcomes.analysis.proportions import share as share_of
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.reporting.disclosure.release import Part, Place, Release, Verdict
from outcomes.reporting.disclosure.rules import (
    HELD_BACK,
    HELD_BACK_WORDS,
    MIN_ROWS_FOR_SHARE,
    NOT_SHOWN,
    ROUND_COUNTS_TO,
    RULES,
    TOO_FEW,
    Profile,
    Rules,
)
from outcomes.reporting.disclosure.shown import SafeTable, Shown, carried_words, safe_table
from outcomes.reporting.formatting import number, percent, rounded
from outcomes.reporting.language import say

if TYPE_CHECKING:
    from outcomes.analysis.answers import Answers
    from outcomes.reporting.disclosure.topics import SafeAnswers

_NAN = float("nan")
_MARKS = {
    "internal": "internal: exact numbers, not to leave the clinic",
    "share": "share: small numbers hidden, counts rounded to the nearest 5",
    "public": "public: small numbers hidden, counts rounded to the nearest 5, larger groups only",
}


class Count(NamedTuple):
    """A number of patients as may be written and drawn (None where hidden)."""

    text: str
    drawn: float | None
    carried_from: str = ""


@dataclass(frozen=True)
class Disclosure:
    """The rules of one profile. `minimum_cell` is the plan's: fewer patients than that are never counted out.

    `release` holds the cells of a report that leaves the clinic against those shown before. Without it (in Python)
    the rules hold within one report.
    """

    profile: Profile
    minimum_cell: int
    release: Release | None = field(default=None, compare=False, repr=False)

    @property
    def exact(self) -> bool:
        return self.profile == "internal"

    @property
    def mark(self) -> str:
        """What stands on every page."""
        return _MARKS[self.profile]

    # ---- numbers of patients ----

    def patients(self, n: int) -> str:
        """A number of patients, in words. In a release of which nobody knows who they are: whether they are few."""
        if self.exact:
            return number(n, 0)
        if self._is_small(n):
            return self._few
        if self.release:
            return f"{self.least_cell} or more"
        return say("counts.about", n=number(self._to_five(n), 0))

    def patients_in_table(self, n: int) -> str:
        """The same without `about`: the column says that counts are rounded."""
        return self.patients(n) if self.release and not self.exact else self._n_text(n)

    def patients_drawn(self, n: int) -> float | None:
        """A number of patients as the length of a bar; None where it is hidden."""
        return None if self.release and not self.exact else self._n_drawn(n)

    def people(self, n: int) -> str:
        """`1 patient`, `about 115 patients`, `≤7 patients`."""
        if n == 1 and self.exact:
            return say("counts.one_patient")
        return say("counts.patients", n=self.patients(n))

    def count(self, measure: str, definition: str, n: int, patients: Part | None = None) -> Count:
        """A number of patients under the rules and, where they are told, held against what was shown before."""
        if self.exact or self.release is None or self._is_small(n):
            return Count(self._n_text(n), self._n_drawn(n))
        parts = None if patients is None else (patients,)
        found = self.release.judge(Place(measure, definition, parts), [self._n_text(n), self._n_drawn(n)])
        if found.content is None:
            return Count("–", None)
        text, drawn = found.content
        return Count(text, drawn, found.carried_from)

    def standing(self, reason: str, n: int) -> Count:
        """The patients of one step of the flow: of a reason for being left out, or `analysed`."""
        behind = self.release.behind() if self.release is not None else None
        return self.count("flow", reason, n, behind.standings.get(reason) if behind is not None else None)

    def rows(self, n: int, of: int) -> str:
        """Rows of a table, in `share` as whole percent of its rows and never as none or all of them."""
        if self.exact:
            return number(n, 0)
        if of < MIN_ROWS_FOR_SHARE:
            return TOO_FEW
        share = n / of
        return "<1%" if share < 0.01 else ">99%" if share > 0.99 else percent(share)

    # ---- means ----

    def mean(self, statistic: Statistic, topic: str = "") -> Shown:
        """A mean, a change or a ratio with its interval. `topic`: of whose answers, where it is one of them."""
        return self._released(self._mean(statistic), statistic, topic)

    def _mean(self, statistic: Statistic) -> Shown:
        decimals = 2 if statistic.unit == "ratio" else 1
        if self.exact:
            reason = "" if statistic.value is not None else "not defined"
            return self._shown(statistic, statistic.value, statistic.low, statistic.high, reason)
        if statistic.n < self.least_for_mean:
            return self._hidden(statistic, TOO_FEW)
        if statistic.value is not None and (statistic.low is None or statistic.low == statistic.high):
            # Without variation the mean is every patient's own value.
            return self._hidden(statistic, NOT_SHOWN)
        value, low, high = (
            _to_decimals(one, decimals) for one in (statistic.value, statistic.low, statistic.high)
        )
        return self._shown(statistic, value, low, high, "" if value is not None else "not defined")

    def quantile(self, statistic: Statistic, q: float, topic: str = "") -> Shown:
        """A median (`q` 0.5) or another quantile: as many patients as the rule asks for on its smaller side."""
        if self.exact:
            return self._mean(statistic)
        if statistic.n * min(q, 1 - q) < self._rules.quantile_tail or self._is_small(statistic.n):
            return self._hidden(statistic, TOO_FEW)
        value, low, high = (_to_decimals(one, 1) for one in (statistic.value, statistic.low, statistic.high))
        shown = self._shown(statistic, value, low, high, "" if value is not None else "not defined")
        return self._released(shown, statistic, topic)

    def before_after(self, change: PairedChange) -> tuple[Shown, Shown, Shown]:
        """Baseline, follow-up and change: all three or none, since two of them give the third."""
        means = self._three_means(change)
        if self.exact or self.release is None or means[2].n is None:
            return means[0], means[1], means[2]
        behind = self.release.behind()
        parts = None if behind is None else (behind.of_change(change),)
        place = Place(f"{change.mode}/{change.endpoint.name}", _group(change.by, change.group), parts)
        found = self.release.judge(place, [asdict(one) for one in means])
        first, second, third = (self._of_verdict(one, found, number) for number, one in enumerate(means))
        return first, second, third

    def _three_means(self, change: PairedChange) -> list[Shown]:
        means = [self._mean(change[name]) for name in ("baseline_mean", "followup_mean", "change")]
        hidden = [one.reason for one in means if one.value is None]
        if hidden and not self.exact:
            means = [replace(one, value=None, low=None, high=None, reason=hidden[0]) for one in means]
        return means

    def apart(
        self, changes: Sequence[PairedChange]
    ) -> tuple[tuple[PairedChange, ...], tuple[PairedChange, ...]]:
        """The groups that may be shown each by itself, and those that may only be counted together.

        The groups make up everyone, who are shown too: a group that stands alone in the second part, or with
        few patients, could be worked out. So the smallest of the first join it until it is large enough.
        """
        if self.exact:
            return tuple(changes), ()
        shown = self._without_small_rest(
            changes, [change for change in changes if self._three_means(change)[2].value is not None]
        )
        # Only what stands alone is held against earlier reports, and what is held back does not stand alone.
        shown = self._without_small_rest(
            changes, [change for change in shown if self.before_after(change)[2].value is not None]
        )
        hidden = [change for change in changes if change not in shown]
        # One group that is everyone would say of each patient that he is in it.
        if len(shown) == 1 and not hidden:
            shown, hidden = [], shown
        return tuple(shown), tuple(hidden)

    def _without_small_rest(
        self, changes: Sequence[PairedChange], shown: list[PairedChange]
    ) -> list[PairedChange]:
        """Those of `shown` that may be, so that the others are together many or none."""
        rest = sum(change.n for change in changes if change not in shown)
        while shown and len(shown) < len(changes) and self._is_small(rest):
            least = min(change.n for change in shown)
            shown = [change for change in shown if change.n != least]
            rest = sum(change.n for change in changes if change not in shown)
        return shown

    # ---- shares ----

    def share(self, statistic: Statistic, topic: str = "") -> Shown:
        """A share of patients with its interval, in `share` from rounded counts."""
        return self._released(self._share(statistic), statistic, topic)

    def _share(self, statistic: Statistic) -> Shown:
        if self.exact:
            reason = "" if statistic.value is not None else "nobody to count"
            return self._shown(statistic, statistic.value, statistic.low, statistic.high, reason)
        count = statistic.count or 0
        if statistic.n < self._rules.mean or self._is_small(statistic.n) or self._is_small(count):
            return self._hidden(statistic, TOO_FEW)
        # Few of the others is as telling as few: 97 of 100 says that 3 did not.
        if self._is_small(statistic.n - count):
            return replace(self._hidden(statistic, TOO_FEW), count_text=f"all but {self._few}")
        total = self._to_five(statistic.n)
        estimate = share_of(min(self._to_five(count), total), total, statistic.confidence)
        value, low, high = (_to_decimals(one, 2) for one in (estimate.value, estimate.low, estimate.high))
        return self._shown(statistic, value, low, high, "")

    # ---- text and cells whose patients are not told one by one ----

    def text(self, measure: str, words: str, change: PairedChange | None = None) -> str:
        """A sentence with numbers in it, held back like a cell. `change` tells whose it is, where it is one's."""
        if self.exact or self.release is None or not words:
            return words
        found = self.cell(measure, "all", words, change)
        if found.content is None:
            return f"{_sentence_name(measure)}: {HELD_BACK_WORDS}."
        carried = carried_words((found.carried_from,))
        return f"{found.content} ({carried[0].upper()}{carried[1:]}.)" if carried else str(found.content)

    def cell(
        self, measure: str, definition: str, content: Any, change: PairedChange | None = None
    ) -> Verdict:
        """Anything that is shown as one and is safe by its own rules, held against what was shown before."""
        if self.exact or self.release is None:
            return Verdict(content)
        behind = self.release.behind()
        parts = None if change is None or behind is None else (behind.of_change(change),)
        return self.release.judge(Place(measure, definition, parts), content)

    def cell_of_records(self, measure: str, content: Any) -> Verdict:
        """The same for what is told of all the records, whatever the month."""
        if self.exact or self.release is None:
            return Verdict(content)
        behind = self.release.behind()
        parts = None if behind is None else (behind.of_all_months,)
        return self.release.judge(Place(measure, "all records", parts), content)

    # ---- frames for figures ----

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
            shown[column] = [_to_decimals(value, 1) for value in shown[column].tolist()]
            shown[column] = shown[column].astype("float64")
        shown.loc[hidden, ["mean", "low", "high"]] = _NAN
        drawn = [self._n_drawn(int(n)) for n in shown["n"]]
        shown["n"] = [_NAN if n is None else n for n in drawn]
        # The first and last week in which anybody wrote anything are somebody's.
        weeks = shown.loc[shown["mean"].notna(), "week"]
        return self._released_frame("course", shown[shown["week"].between(weeks.min(), weeks.max())])

    def completeness(self, frame: pd.DataFrame) -> SafeTable:
        """The weekly share of recorded days, whole percent in `share`, without weeks of few patients."""
        if self.exact:
            return safe_table(frame, self.profile)
        shown = frame[frame["patients"] >= max(self._rules.mean, self.least_cell)]
        shown = shown.assign(share=[float(rounded(value, 2)) for value in shown["share"].tolist()])
        return self._released_frame("completeness", shown.drop(columns="patients"))

    # ---- answers to the topics ----

    def answers(self, answers: Answers, sessions: Sequence[int] = ()) -> SafeAnswers:
        """Every statistic and every frame of a topic as may be shown; see `topics.py`."""
        from outcomes.reporting.disclosure.topics import safe_answers

        return safe_answers(answers, self, sessions)

    def statistic_alone(self, statistic: Statistic) -> Shown:
        """The statistic with its number of patients and no value: what a rule of its own begins with."""
        return self._shown(statistic, None, None, None, "")

    def released(self, shown: Shown, statistic: Statistic, topic: str = "") -> Shown:
        """What is safe by a rule of its own, held against what was shown before."""
        return self._released(shown, statistic, topic)

    def released_frame(self, measure: str, frame: pd.DataFrame) -> SafeTable:
        """The same for the frame of a figure."""
        return self._released_frame(measure, frame)

    def cross(self, frame: pd.DataFrame) -> SafeTable:
        """A table of counts of patients, groups by what they are counted by; see `topics.cross`."""
        from outcomes.reporting.disclosure.topics import cross

        return cross(frame, self)

    # ---- the rules ----

    @property
    def least_for_mean(self) -> int:
        """Below this many patients no mean with its interval is shown in `share`."""
        # A mean takes one degree of freedom from its patients.
        return max(self._rules.mean, self._rules.residual_df + 1, self.least_cell)

    def responders(self, change: PairedChange, name: str) -> tuple[Shown, Shown]:
        """Of those evaluable, and of all who started. Both are out of one count of responders: where those who did
        not respond are few, the second would give away what the first hides."""
        evaluable, started = self.share(change[name]), self.share(change[f"{name}_all_started"])
        if not self.exact and evaluable.value is None and started.value is not None:
            started = replace(started, value=None, low=None, high=None, count_text="–", reason=NOT_SHOWN)
        return evaluable, started

    @property
    def least_cell(self) -> int:
        """Fewer patients than this are never counted out."""
        return max(self.minimum_cell, self._rules.cell)

    @property
    def rules(self) -> Rules:
        """The thresholds in force."""
        return self._rules

    def is_small(self, n: float) -> bool:
        """Whether so many patients may not be counted out."""
        return n < self.least_cell

    @property
    def _rules(self) -> Rules:
        return RULES["share" if self.exact else self.profile]

    @property
    def _few(self) -> str:
        return f"<{self.least_cell}" if self.profile == "public" else f"≤{self.least_cell - 1}"

    def _is_small(self, n: float) -> bool:
        return n < self.least_cell

    def _to_five(self, n: int) -> int:
        return ROUND_COUNTS_TO * int(rounded(n / ROUND_COUNTS_TO, 0))

    def _n_text(self, n: int) -> str:
        if self.exact:
            return number(n, 0)
        return self._few if self._is_small(n) else number(self._to_five(n), 0)

    def _n_drawn(self, n: int) -> float | None:
        if self.exact:
            return float(n)
        return None if self._is_small(n) else float(self._to_five(n))

    def _hidden(self, statistic: Statistic, reason: str) -> Shown:
        if self.release is not None:
            # A group that is too small to be shown is too small to be named.
            group = "" if statistic.by is None else f", a group by {statistic.by}"
            self.release.tell(f"{statistic.endpoint} {statistic.statistic}{group}", reason, "hidden")
        return self._shown(statistic, None, None, None, reason)

    def _shown(
        self, statistic: Statistic, value: float | None, low: float | None, high: float | None, reason: str
    ) -> Shown:
        count = "" if statistic.count is None else self._n_text(statistic.count)
        n = self._n_text(statistic.n)
        about = n if self.exact or self._is_small(statistic.n) else say("counts.about", n=n)
        one = statistic.n == 1 and self.exact
        people = say("counts.one_patient") if one else say("counts.patients", n=about)
        return Shown(
            value,
            low,
            high,
            self._n_drawn(statistic.n),
            n,
            count,
            statistic.unit,
            statistic.confidence,
            reason,
            people,
        )

    def _released(self, shown: Shown, statistic: Statistic, topic: str) -> Shown:
        """The statistic held against what was shown before. Small counts tell too little to be held."""
        if self.exact or self.release is None or shown.n is None:
            return shown
        behind = self.release.behind()
        parts = behind.of_statistic(statistic) if behind is not None else None
        measure = "/".join(
            (*([topic] if topic else []), statistic.mode, statistic.endpoint, statistic.statistic)
        )
        place = Place(measure, _group(statistic.by, statistic.group), parts)
        return self._of_verdict(shown, self.release.judge(place, [asdict(shown)]), 0)

    def _of_verdict(self, shown: Shown, found: Verdict, number: int) -> Shown:
        if found.content is None:
            hidden = "" if shown.value is None else HELD_BACK
            return replace(
                shown, value=None, low=None, high=None, n=None, n_text="–", count_text="", people="number held back",
                reason=shown.reason or hidden,
            )  # fmt: skip
        return replace(Shown(**found.content[number]), carried_from=found.carried_from)

    def _released_frame(self, measure: str, frame: pd.DataFrame) -> SafeTable:
        plain = frame.astype(object).where(frame.notna(), None)
        found = self.cell(measure, "all", {name: plain[name].tolist() for name in plain.columns})
        if found.content is None:
            return safe_table(frame.iloc[:0], self.profile, held_back=True)
        shown = pd.DataFrame(found.content, columns=list(frame.columns)).astype(dict(frame.dtypes))
        return safe_table(shown, self.profile, (found.carried_from,))


def _to_decimals(value: float | None, decimals: int) -> float | None:
    return value if value is None or value != value else float(rounded(value, decimals))


def _group(by: str | None, group: str) -> str:
    return group if by is None else f"{by} = {group}"


def _sentence_name(measure: str) -> str:
    name = measure.replace("_", " ")
    return f"{name[0].upper()}{name[1:]}"
