"""The thresholds of a profile, and how a value becomes `Shown`: what every rule of disclosure stands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from outcomes.analysis.results import PairedChange, Statistic
from outcomes.reporting.disclosure.behind import Behind
from outcomes.reporting.disclosure.release import Part, Place, Release, Verdict
from outcomes.reporting.disclosure.rules import (
    HELD_BACK,
    HELD_BACK_WORDS,
    ROUND_COUNTS_TO,
    RULES,
    Profile,
    Rules,
)
from outcomes.reporting.disclosure.shown import Shown, carried_words
from outcomes.reporting.formatting import number, rounded
from outcomes.reporting.language import say

_MARKS = {
    "internal": "internal: exact numbers, not to leave the clinic",
    "share": "share: small numbers hidden, counts rounded to the nearest 5",
    "public": "public: small numbers hidden, counts rounded to the nearest 5, larger groups only",
}


@dataclass(frozen=True)
class ProfileRules:
    """The rules of one profile. `minimum_cell` is the plan's: fewer patients than that are never counted out.

    `release` holds the cells of a report that leaves the clinic against those shown before. Without it (in Python)
    the rules hold within one report. `behind` tells who stands behind a number; without it no sessions are counted out.
    """

    profile: Profile
    minimum_cell: int
    release: Release | None = field(default=None, compare=False, repr=False)
    behind: Callable[[], Behind | None] = field(default=lambda: None, compare=False, repr=False)

    @property
    def exact(self) -> bool:
        return self.profile == "internal"

    @property
    def mark(self) -> str:
        """What stands on every page."""
        return _MARKS[self.profile]

    @property
    def least_for_mean(self) -> int:
        """Below this many patients no mean with its interval is shown in `share`."""
        # A mean takes one degree of freedom from its patients.
        return max(self.rules.mean, self.rules.residual_df + 1, self.least_cell)

    @property
    def least_cell(self) -> int:
        """Fewer patients than this are never counted out."""
        return max(self.minimum_cell, self.rules.cell)

    @property
    def rules(self) -> Rules:
        """The thresholds in force."""
        return RULES["share" if self.exact else self.profile]

    @property
    def sessions_per_patient(self) -> tuple[int, ...]:
        """Sessions of each patient looked at; nothing where that is not told."""
        behind = self.behind()
        return behind.sessions_per_patient if behind is not None else ()

    def is_small(self, n: float) -> bool:
        """Whether so many patients may not be counted out."""
        return n < self.least_cell

    @property
    def _few(self) -> str:
        return f"<{self.least_cell}" if self.profile == "public" else f"≤{self.least_cell - 1}"

    def _to_five(self, n: int) -> int:
        return ROUND_COUNTS_TO * int(rounded(n / ROUND_COUNTS_TO, 0))

    def _n_text(self, n: int) -> str:
        if self.exact:
            return number(n, 0)
        return self._few if self.is_small(n) else number(self._to_five(n), 0)

    def _n_drawn(self, n: int) -> float | None:
        if self.exact:
            return float(n)
        return None if self.is_small(n) else float(self._to_five(n))

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
        about = n if self.exact or self.is_small(statistic.n) else say("counts.about", n=n)
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

    def released(
        self, shown: Shown, statistic: Statistic, topic: str = "", parts: Sequence[Part] | None = None
    ) -> Shown:
        """The statistic held against what was shown before. Small counts tell too little to be held.

        `parts`: whose it is, where a comparison does not tell.
        """
        if self.exact or self.release is None or shown.n is None:
            return shown
        behind = self.behind()
        later = None
        if behind is not None and parts is None:
            parts = behind.of_statistic(statistic)
            later = behind.later_in(topic, statistic) if topic and parts is None else None
        names = (*([topic] if topic else []), statistic.mode, statistic.endpoint, statistic.statistic)
        place = Place(
            "/".join(names),
            group_words(statistic.by, statistic.group),
            parts,
            # An estimated share has decimals that no rounded count stands behind.
            statistic.unit == "share" and statistic.count is not None,
            later,
        )
        return self._of_verdict(shown, self.release.judge(place, [asdict(shown)]), 0)

    def _of_verdict(self, shown: Shown, found: Verdict, number: int) -> Shown:
        if found.content is None:
            hidden = "" if shown.value is None else HELD_BACK
            return replace(
                shown, value=None, low=None, high=None, n=None, n_text="–", count_text="", people="number held back",
                reason=shown.reason or hidden,
            )  # fmt: skip
        return replace(Shown(**found.content[number]), carried_from=found.carried_from)

    # ---- text and cells whose patients are not told one by one ----

    def text(self, measure: str, words: str, change: PairedChange | None = None) -> str:
        """A sentence with numbers in it, held back like a cell. `change` tells whose it is, where it is one's."""
        if self.exact or self.release is None or not any(sign.isdigit() for sign in words):
            return words
        found = self.cell(measure, "all", words, change)
        if found.content is None:
            return f"{_sentence_name(measure)}: {HELD_BACK_WORDS}."
        carried = carried_words((found.carried_from,))
        if not carried:
            return str(found.content)
        return f"{str(found.content).removesuffix('.')} ({carried})."

    def cell(
        self, measure: str, definition: str, content: Any, change: PairedChange | None = None
    ) -> Verdict:
        """Anything that is shown as one and is safe by its own rules, held against what was shown before."""
        if self.exact or self.release is None:
            return Verdict(content)
        behind = self.behind()
        parts = None if change is None or behind is None else (behind.of_change(change),)
        return self.release.judge(Place(measure, definition, parts), content)

    def cell_of_records(self, measure: str, content: Any) -> Verdict:
        """The same for what is told of all the records, whatever the month."""
        if self.exact or self.release is None:
            return Verdict(content)
        behind = self.behind()
        parts = None if behind is None else (behind.of_all_months,)
        return self.release.judge(Place(measure, "all records", parts, rounded=True), content)

    def statistic_alone(self, statistic: Statistic) -> Shown:
        """The statistic with its number of patients and no value: what a rule of its own begins with."""
        return self._shown(statistic, None, None, None, "")


def to_decimals(value: float | None, decimals: int) -> float | None:
    return value if value is None or value != value else float(rounded(value, decimals))


def group_words(by: str | None, group: str) -> str:
    return group if by is None else f"{by} = {group}"


def _sentence_name(measure: str) -> str:
    name = measure.replace("_", " ")
    return f"{name[0].upper()}{name[1:]}"
