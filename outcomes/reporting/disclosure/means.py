"""Means, quantiles and changes as they may be shown, and groups that may stand alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from outcomes.analysis.results import PairedChange, Statistic
from outcomes.reporting.disclosure.counts import CountRules
from outcomes.reporting.disclosure.profile_rules import group_words, to_decimals
from outcomes.reporting.disclosure.release import Place
from outcomes.reporting.disclosure.rules import NOT_SHOWN, TOO_FEW
from outcomes.reporting.disclosure.shown import Shown


class MeanRules(CountRules):
    """What rests on the values of patients: enough of them, who differ, to one decimal."""

    def mean(self, statistic: Statistic, topic: str = "") -> Shown:
        """A mean, a change or a ratio with its interval. `topic`: of whose answers, where it is one of them."""
        return self.released(self._mean(statistic), statistic, topic)

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
            to_decimals(one, decimals) for one in (statistic.value, statistic.low, statistic.high)
        )
        return self._shown(statistic, value, low, high, "" if value is not None else "not defined")

    def quantile(self, statistic: Statistic, q: float, topic: str = "") -> Shown:
        """A median (`q` 0.5) or another quantile: as many patients as the rule asks for on its smaller side."""
        if self.exact:
            return self._mean(statistic)
        if statistic.n * min(q, 1 - q) < self.rules.quantile_tail or self.is_small(statistic.n):
            return self._hidden(statistic, TOO_FEW)
        value, low, high = (to_decimals(one, 1) for one in (statistic.value, statistic.low, statistic.high))
        shown = self._shown(statistic, value, low, high, "" if value is not None else "not defined")
        return self.released(shown, statistic, topic)

    def before_after(self, change: PairedChange) -> tuple[Shown, Shown, Shown]:
        """Baseline, follow-up and change: all three or none, since two of them give the third."""
        means = self._three_means(change)
        if self.exact or self.release is None or means[2].n is None:
            return means[0], means[1], means[2]
        behind = self.behind()
        parts = None if behind is None else (behind.of_change(change),)
        place = Place(f"{change.mode}/{change.endpoint.name}", group_words(change.by, change.group), parts)
        found = self.release.judge(place, [asdict(one) for one in means])
        first, second, third = (self._of_verdict(one, found, number) for number, one in enumerate(means))
        return first, second, third

    def _last_shown(self, change: PairedChange) -> str:
        if self.release is None:
            return ""
        place = f"{change.mode}/{change.endpoint.name}", group_words(change.by, change.group)
        return self.release.last_shown(*place)

    def as_reported(self, change: PairedChange) -> list[tuple[str, Shown]]:
        """(month, change) of each earlier report that showed the change anew; nothing new is told by it."""
        if self.release is None:
            return []
        place = f"{change.mode}/{change.endpoint.name}", group_words(change.by, change.group)
        return [(month, Shown(**content[2])) for month, content in self.release.history(*place)]

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
        for change in sorted(changes, key=self._last_shown):
            # Who waited longest comes first: not all groups can be renewed at once.
            self.before_after(change)
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
        while shown and len(shown) < len(changes) and self.is_small(rest):
            least = min(change.n for change in shown)
            shown = [change for change in shown if change.n != least]
            rest = sum(change.n for change in changes if change not in shown)
        return shown
