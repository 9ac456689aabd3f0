"""The last page: what is still to be done, and what this clinic can and cannot know yet. Never treat more."""

from __future__ import annotations

import math

import pandas as pd

from outcomes.analysis.planning import MOST_PATIENTS, half_width, patients_needed
from outcomes.errors import PlanError
from outcomes.reporting.claims_blocks import Together
from outcomes.reporting.claims_next import claims_next_block
from outcomes.reporting.comparison_sections import ComparisonSections
from outcomes.reporting.formatting import date_name, number, two_digits_up
from outcomes.reporting.page import Block, Notes, Sentence, TableBlock

#: Changes that a clinic may want to tell from none, in days per 28; the first is the default margin of a claim.
_CHANGES = (1.0, 2.0, 3.0)
_POWER = 0.8
_MOST_LISTED = 25


class NextPage(ComparisonSections):
    """Diaries and answers that can still be had, data to clean, and how many patients are still needed."""

    def next_diaries(self) -> Block:
        """Whose diary falls behind in an open window and can still be filled."""
        if self.disclosure.release is not None:
            return Sentence(
                "Diaries and answers that can still be had are told to the clinic alone: from month to month their "
                "numbers would tell of single patients."
            )
        found = self.numbers.next
        if found is None:
            return Sentence("Open diaries cannot be told: that needs a daily diary with dates.")
        day = date_name(found.as_of)
        if not len(found.diaries) and self.disclosure.exact:
            return Sentence(f"Diaries to chase on {day}: none falls behind in an open follow-up window.")
        people = self.disclosure.people(len(found.diaries))
        behind = "with fewer recorded days than the open follow-up window needs by now"
        start = f"Diaries to chase on {day}: {people} {behind}."
        if not self.disclosure.exact:
            return Sentence(start)
        rows = [
            (str(row.patient_id), f"{row.recorded} of {row.needed}", f"{row.days_left}", str(row.closes))
            for row in found.diaries.head(_MOST_LISTED).itertuples()
        ]
        more = len(found.diaries) - len(rows)
        notes = (start,) + ((f"{more} more.",) if more > 0 else ())
        if found.lost:
            notes += (f"{found.lost} more can no longer reach what the window needs.",)
        return TableBlock(
            ("Diaries to chase", "recorded, needed", "days left", "window closes"), tuple(rows),
            align=("left", "right", "right", "right"), notes=notes,
        )  # fmt: skip

    def next_answers(self) -> Block:
        """Sessions not asked about at 72 hours, and red flags written down."""
        found = self.numbers.next
        if found is None or self.disclosure.release is not None:
            return Notes(())
        rows = []
        if found.ask is not None:
            rows.append(
                ("Asked at 72 hours: still open, sessions of 3 to 14 days ago", *self._who(found.ask))
            )
        if found.red_flags is not None:
            rows.append(("Red flags written down, all months", *self._who(found.red_flags)))
        if not rows:
            return Notes(())
        if not self.disclosure.exact:
            return TableBlock(("", "patients"), tuple((label, people) for label, people, _ in rows))
        notes = ("No red flag written down is not no red flag present.",)
        return TableBlock(("", "patients", "who"), tuple(rows), align=("left", "right", "left"), notes=notes)

    def _who(self, frame: pd.DataFrame) -> tuple[str, str]:
        patients = list(dict.fromkeys(str(one) for one in frame["patient_id"]))
        listed = ", ".join(patients[:_MOST_LISTED]) + (" …" if len(patients) > _MOST_LISTED else "")
        return self.disclosure.patients_in_table(len(patients)), listed or "–"

    def next_patients(self) -> Block:
        """Patients and months still needed: to tell a change from none, and until each claim can be told."""
        claims = claims_next_block(self.claims_review, self.disclosure)
        return Together((self._patients_for_changes(), claims))

    def _patients_for_changes(self) -> Block:
        if self.disclosure.release is not None:
            # How many are missing tells from month to month how many came.
            return Sentence(self.precision_text())
        change = self.primary
        sd = change["change_sd"].value if "change_sd" in change else None
        hidden = self.disclosure.before_after(change)[2].value is None
        least = self.disclosure.least_for_mean
        if not sd or hidden or change.n < least or change.endpoint.unit != "days per 28":
            words = "are needed before their spread can be told" if change.n < least else "differ too little"
            return Sentence(
                f"How many patients are still needed cannot be told yet: at least {least} with both periods {words}."
            )
        rows = []
        for size in _CHANGES:
            try:
                needed = patients_needed(size, sd, _POWER, 1 - self.plan.confidence)
            except PlanError:
                needed = MOST_PATIENTS
            rows.append((f"{size:g} {'day' if size == 1 else 'days'} per 28", *self._still(needed)))
        notes = (
            "Patients with both periods for an 80% chance that a true mean change of this size is told from none, if "
            "they differ as much as those here. Months: at the rate of the last twelve.",
            self.precision_text(),
        )
        return TableBlock(
            ("A change of", "patients needed", "still missing", "months at this rate"),
            tuple(rows),
            notes=notes,
        )

    def _still(self, needed: int) -> tuple[str, str, str]:
        """Needed, missing and months; in `share` to two digits of what is shown."""
        have = self.primary.n
        if not self.disclosure.exact:
            needed, have = two_digits_up(needed), int(self.disclosure.patients_drawn(have) or 0)
        missing = max(0, needed - have)
        rate = self.numbers.pairs_per_month
        if missing == 0:
            months = "there already"
        elif not rate or (not self.disclosure.exact and 12 * rate < self.disclosure.least_for_mean):
            months = "not known"
        else:
            months = f"{math.ceil(missing / rate):,}"
        return f"{needed:,}", "none" if missing == 0 else f"{missing:,}", months

    def what_can_be_known(self) -> Block:
        """What a clinic of this size can know: how wide the interval is now, and at twice as many patients."""
        return Sentence(self.disclosure.text("what can be known", self._known_words(), self.primary))

    def _known_words(self) -> str:
        change, least = self.primary, self.disclosure.least_for_mean
        sd = change["change_sd"].value if "change_sd" in change else None
        if not sd or change.n < least or self.disclosure.before_after(change)[2].value is None:
            nobody = self.disclosure.exact and not change.n
            people = "With nobody compared" if nobody else f"With {self.disclosure.people(change.n)} compared"
            return (
                f"{people} the records can tell who came and what happened at sessions. They cannot tell a "
                "mean change from the ups and downs of months, and no headache type from another."
            )
        now, twice = (half_width(n, sd, self.plan.confidence) for n in (change.n, 2 * change.n))
        types = [one for one in self.shown_types() if one.n >= 20]
        by_type = (
            ""
            if types
            else " No headache type has the 20 patients from which it could be looked at by itself."
        )
        return (
            f"With {self.disclosure.before_after(change)[2].people} the mean change is known to within ±{number(now)} "
            f"{change.endpoint.unit}; with twice as many, to within ±{number(twice)}. More patients make the interval "
            f"narrower; they do not show what caused a change, which needs a comparison group.{by_type}"
        )

    def next_cleaning(self) -> Block:
        """What the check found, by file; in `share` only that there is something."""
        # What the privacy gate warns of is looked at there, and nothing to be corrected in the records.
        aside = [
            one
            for one in self.records.findings
            if one.level in ("set aside", "warning", "collapsed") and not one.rule.startswith("PRV-")
        ]
        if not aside:
            return Sentence("Data to clean: the check found nothing.")
        if not self.disclosure.exact:
            return Sentence(
                "Data to clean: rows were set aside or warned about; 'outcomes check' lists them for the clinic."
            )
        aside = sorted(aside, key=lambda one: (one.file, -one.count))
        rows = [
            (one.file, f"{one.column}: {one.problem}" if one.column else one.problem, f"{one.count:,}")
            for one in aside[:_MOST_LISTED]
        ]
        notes: tuple[str, ...] = ("'outcomes check' names the rows and what to do.",)
        if len(aside) > _MOST_LISTED:
            notes += (f"{len(aside) - _MOST_LISTED} more findings.",)
        return TableBlock(
            ("Data to clean", "problem", "rows"), tuple(rows), align=("left", "left", "right"), notes=notes
        )
