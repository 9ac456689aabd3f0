"""Numbers of patients and of rows as they may be shown."""

from __future__ import annotations

from typing import NamedTuple

from outcomes.reporting.disclosure.profile_rules import ProfileRules
from outcomes.reporting.disclosure.release import Part, Place
from outcomes.reporting.disclosure.rules import MIN_ROWS_FOR_SHARE, TOO_FEW
from outcomes.reporting.formatting import number, percent
from outcomes.reporting.language import say


class Count(NamedTuple):
    """A number of patients as may be written and drawn (None where hidden)."""

    text: str
    drawn: float | None
    carried_from: str = ""


class CountRules(ProfileRules):
    """How many, and never exactly how many outside the clinic."""

    def patients(self, n: int) -> str:
        """A number of patients, in words. In a release of which nobody knows who they are: whether they are few."""
        if self.exact:
            return number(n, 0)
        if self.is_small(n):
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
        if self.exact or self.release is None or self.is_small(n):
            return Count(self._n_text(n), self._n_drawn(n))
        parts = None if patients is None else (patients,)
        place = Place(measure, definition, parts, rounded=True)
        found = self.release.judge(place, [self._n_text(n), self._n_drawn(n)])
        if found.content is None:
            return Count("–", None)
        text, drawn = found.content
        return Count(text, drawn, found.carried_from)

    def standing(self, reason: str, n: int) -> Count:
        """The patients of one step of the flow: of a reason for being left out, or `analysed`."""
        behind = self.behind()
        return self.count("flow", reason, n, behind.standings.get(reason) if behind is not None else None)

    def rows(self, n: int, of: int) -> str:
        """Rows of a table, in `share` as whole percent of its rows and never as none or all of them."""
        if self.exact:
            return number(n, 0)
        if of < MIN_ROWS_FOR_SHARE:
            return TOO_FEW
        share = n / of
        return "<1%" if share < 0.01 else ">99%" if share > 0.99 else percent(share)
