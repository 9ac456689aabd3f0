"""The sections on topics: sustained response, medication, questionnaires, durability, sessions, safety, types.

Every number comes from `outcomes.analysis.questions` and passes `topic_blocks` on its way.
"""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from outcomes.analysis.answers import Answers
from outcomes.analysis.results import Statistic
from outcomes.reporting import figures
from outcomes.reporting.comparison_sections import DRUG_ENDPOINTS, ComparisonSections
from outcomes.reporting.disclosure import TOO_FEW, carried_words, needs_safe
from outcomes.reporting.figure_words import forest_words, soreness_words, survival_words
from outcomes.reporting.figures_forest import draw_forest, forest_height_mm
from outcomes.reporting.figures_safety import SORENESS_MM, draw_events, draw_soreness, events_height_mm
from outcomes.reporting.figures_survival import draw_survival, survival_height_mm
from outcomes.reporting.figures_topics import CURVE_NAMES, change_name
from outcomes.reporting.formatting import interval, number, p_value, percent, rounded
from outcomes.reporting.page import Block, Columns, Notes, Sentence, TableBlock
from outcomes.reporting.safety_words import asked_again, event_share, serious_words
from outcomes.reporting.tables import changes_block
from outcomes.reporting.topic_blocks import answers_table, chosen, first, notes_of, shown_row, value_text

#: Curves that the report shows; the others are for the analyst.
_CURVES = ("loss_responders", "relapse_all")

_NOT_THE_DOSE = (
    "How many sessions were had says nothing of how many are needed: who has symptoms is given more, and patients who "
    "improve stop coming."
)

#: Notes on safety that hold counts.
_COUNTING_NOTES = ("set_aside", "other_groups", "as_written", "session_days")


class TopicSections(ComparisonSections):
    """Blocks of the topics, in the order of the report."""

    # ---- response ----

    def sustained(self) -> Block:
        """Responses that lasted for periods in a row, and first responses that were kept."""
        answers = self.numbers.ask("response")
        if isinstance(answers, str):
            return Sentence(f"Lasting responses cannot be told: {answers}")
        names = [
            "sustained_30_over_3_all_started", "sustained_50_over_3_all_started", "sustained_75_over_3_all_started",
            "sustained_50_over_6_all_started", "first_response_by_followup_end", "first_response_kept",
        ]  # fmt: skip
        notes = notes_of(answers, self.disclosure)
        caption = "Responses for 28-day periods in a row"
        return answers_table(answers, chosen(answers, names), self.disclosure, caption=caption, notes=notes)

    # ---- headache types ----

    def type_figure(self) -> Block:
        """The forest of headache types, for the clinic's own eyes; in `share` the table of types alone."""
        answers = self.numbers.ask("strata")
        if isinstance(answers, str) or not self.disclosure.exact:
            return Notes(())
        frame = answers.frames["forest"]
        frame = frame[(frame["n"] > 0) & (frame["by"] == "headache_type")]
        if not frame["value"].notna().any():
            return Notes(())
        name = change_name(answers)
        draw = partial(draw_forest, frame, name)
        return figures.figure_block(
            draw,
            alt=forest_words(frame, name),
            height_mm=forest_height_mm(frame, narrow=True),
            width="half",
        )

    def heterogeneity(self) -> Block:
        """Whether the types differ by more than chance; in `share` only where every type is shown."""
        answers = self.numbers.ask("strata")
        row = first(answers, "heterogeneity", by="headache_type")
        hidden = not self.disclosure.exact and self.disclosure.apart(self.shown_types())[1]
        if row is None or row.value is None or hidden or isinstance(answers, str):
            return Notes(())
        forest = answers.frames["forest"]
        known = forest[(forest["by"] == "headache_type") & forest["p"].notna()]
        told = (
            f"p {p_value(float(known['p'].iloc[0]))}, {p_value(float(known['p_adjusted'].iloc[0]))} adjusted for "
            "looking at several characteristics"
            if len(known)
            else "p not known"
        )
        few = row.n < self.disclosure.least_for_mean and not self.disclosure.exact
        if few or self.disclosure.release is not None:
            return Notes(())
        words = f"Difference between the headache types: F {number(row.value, 2)}, {told}"
        people = self.disclosure.people(row.n)
        return Sentence(f"{words} ({people}). No difference found is not a finding of no difference.")

    # ---- medication ----

    def medication(self) -> Block:
        """Days with acute medication, with each class and with overuse classes, before and after."""
        names = ("acute_medication_days_per_28", *DRUG_ENDPOINTS)
        found = [change for name in names if (change := self.find(name)) is not None]
        shown = [one for one in found if self.may_be_listed(one)]
        if not found:
            return Sentence("These records do not hold the days on which medication was taken.")
        if not shown:
            return Sentence(f"Days with medication: {TOO_FEW}.")
        return changes_block(shown, self.disclosure, "Acute medication")

    def overuse(self) -> Block:
        """Patients in the overuse range before and after; those whose headache was chronic."""
        answers = self.numbers.ask("states")
        if isinstance(answers, str):
            return Notes(())
        pairs = (
            ("overuse_range", "in the overuse range, any class"),
            ("overuse_triptan", "in the overuse range, triptans"),
            ("overuse_simple", "in the overuse range, simple analgesics"),
            ("chronic", "chronic: 15 or more headache days per 28"),
        )
        rows = []
        for name, label in pairs:
            before, after = first(answers, f"{name}_before"), first(answers, f"{name}_after")
            if before is not None and after is not None and before.n:
                rows.append((f"{label[:1].upper()}{label[1:]}", *self._two_shares(before, after)))
        if not rows:
            return Notes(())
        if not self.disclosure.exact and all(row[1] == TOO_FEW and row[2] == TOO_FEW for row in rows):
            return Sentence(f"Patients in the overuse range: {TOO_FEW}.")
        note = (
            "A count of days with a drug; overuse headache itself is a diagnosis that a diary does not make."
        )
        return TableBlock(("", "before", "after", "patients"), tuple(rows), "Range of overuse", notes=(note,))

    def _two_shares(self, before: Statistic, after: Statistic) -> tuple[str, str, str]:
        """Both shares or neither: one beside a hidden one would be worth an attempt."""
        shown = [shown_row(row, self.disclosure, topic="states") for row in (before, after)]
        if any(one.value is None for one in shown):
            return TOO_FEW, TOO_FEW, shown[0].n_text
        return value_text(shown[0]), value_text(shown[1]), shown[0].n_text

    # ---- questionnaires ----

    def questionnaires(self) -> Block:
        """Each instrument before and after, with the shares that reached an important change and worsened by it."""
        answers = self.numbers.ask("questionnaires")
        if isinstance(answers, str):
            return Sentence(f"Questionnaires: {answers}")
        instruments = dict.fromkeys(row.endpoint for row in answers if row.statistic == "change" and row.n)
        rows = [row for name in instruments if (row := self._instrument(answers, name)) is not None]
        if not rows:
            few = "no patient has one before and after" if self.disclosure.exact else TOO_FEW
            return Sentence(f"Questionnaires: {few}.")
        columns = ("", "before", "after", "change", "better", "worse", "pairs")
        notes = (
            "Better and worse: by as much as matters to one patient, of those with one before and one after; a dash "
            "where no such size is known. Pairs: patients with both.",
        )
        return TableBlock(columns, tuple(rows), "Questionnaires and measurements", notes=notes)

    def _instrument(self, answers: Answers, name: str) -> tuple[str, ...] | None:
        found = {row.statistic: row for row in answers if row.endpoint == name}
        means = [
            shown_row(found[one], self.disclosure, topic=answers.topic)
            for one in ("baseline_mean", "followup_mean", "change")
        ]
        if any(one.value is None for one in means):
            return None
        change = means[2]
        bounds = f" ({interval(change.low, change.high)})" if change.low is not None else ""
        shares = [self._share_of(found.get(one), answers.topic) for one in ("improved", "worsened")]
        carried = carried_words(tuple(one.carried_from for one in means))
        pairs = f"{change.n_text}, {carried}" if carried else change.n_text
        return (
            answers.label(name), number(means[0].value), number(means[1].value), f"{number(change.value)}{bounds}",
            *shares, pairs,
        )  # fmt: skip

    def _share_of(self, row: Statistic | None, topic: str) -> str:
        if row is None or row.value is None:
            return "–"
        shown = self.disclosure.share(row, topic)
        return percent(shown.value) if shown.value is not None else TOO_FEW

    # ---- durability ----

    def late_window(self) -> Block:
        """The whole cohort in the late window: by this a claim of lasting change is judged."""
        answers = self.numbers.ask("durability")
        if isinstance(answers, str):
            return Sentence(f"Whether a change lasts cannot be told: {answers}")
        names = [
            "late_change", "late_responders_50", "late_responders_50_all_started_due", "late_worsened_50",
            "loss_free", "relapse_free", "wearing_off",
        ]  # fmt: skip
        rows = [row for row in chosen(answers, names) if row.group in ("all", "responders")]
        labels = [
            f"{answers.label(row.statistic)}, {'all patients' if row.group == 'all' else 'responders'}"
            if row.statistic in ("loss_free", "relapse_free")
            else answers.label(row.statistic)
            for row in rows
        ]
        notes = notes_of(answers, self.disclosure)
        caption = "Later, and whether a response is kept"
        return answers_table(answers, rows, self.disclosure, caption=caption, labels=labels, notes=notes)

    def durability_figure(self) -> Block:
        """Kaplan–Meier curves, for the clinic's own eyes: each step is a patient."""
        answers = self.numbers.ask("durability")
        if isinstance(answers, str) or not self.disclosure.exact:
            return Notes(())
        curve, at_risk = answers.frames["curve"], answers.frames["at_risk"]
        known = curve[curve["survival"].notna()].groupby("of").size()
        kinds = [kind for kind in _CURVES if known.get(kind, 0) > 1]
        if not kinds:
            return Notes(())
        curve, at_risk = curve[curve["of"].isin(kinds)], at_risk[at_risk["of"].isin(kinds)]
        draw = partial(draw_survival, curve, at_risk, CURVE_NAMES)
        return figures.figure_block(
            draw, alt=survival_words(curve, at_risk, CURVE_NAMES),
            height_mm=survival_height_mm(curve), narrow_height_mm=survival_height_mm(curve, narrow=True),
        )  # fmt: skip

    # ---- sessions ----

    def sessions_received(self) -> Block:
        """How many sessions patients had, and how they were given."""
        answers = self.numbers.ask("dose")
        if isinstance(answers, str):
            return Sentence(f"Sessions: {answers}")
        names = ["received_before_followup", "received_by_end", "planned", "had_planned_number"]
        rows = [row for row in chosen(answers, names) if row.value is not None]
        per_session = [row for row in answers if row.group == "per_session" and row.value is not None]
        rows += per_session
        notes = (_NOT_THE_DOSE,)
        return answers_table(answers, rows, self.disclosure, caption="Sessions received", notes=notes)

    # ---- safety ----

    def safety_lead(self) -> Block:
        """Events of the sessions asked about, in one sentence."""
        answers = self.numbers.ask("safety")
        if isinstance(answers, str):
            return Sentence(f"What happened after needling cannot be told: {answers}")
        if not answers["asked_either"].n:
            return Sentence("No session is in this report, so nothing can be told of events.")
        value, beside = event_share(answers, "any", self.disclosure)
        words = [
            f"An event at {value} of sessions ({beside})" if value != "–" else f"Events: {beside}",
            serious_words(answers, self.disclosure),
            asked_again(answers, self.disclosure),
        ]
        tail = "Where none was seen, some may have been missed; where nobody asked, nothing is known."
        return Sentence(f"{'; '.join(word for word in words if word)}. {tail}")

    def safety_table(self) -> Block:
        """Each grade per session and per patient, asked and not asked, needles in and out."""
        answers = self.numbers.ask("safety")
        if isinstance(answers, str) or not answers["asked_either"].n:
            return Notes(())
        rows = []
        for grade in ("any", "mild", "significant", "serious"):
            share, beside = event_share(answers, grade, self.disclosure)
            patients = first(answers, f"patients_{grade}")
            shown = (
                shown_row(patients, self.disclosure, topic=answers.topic) if patients is not None else None
            )
            of_patients = TOO_FEW
            if shown is not None and shown.value is not None:
                of_patients = f"{value_text(shown)} of {shown.n_text}"
            sessions = f"{share}, {beside}" if share != "–" else beside
            if grade == "serious":
                sessions = serious_words(answers, self.disclosure).removeprefix("serious: ")
            rows.append((f"Event, {grade}", sessions, of_patients))
        rows += self._needle_rows(answers)
        # Notes that count rows or patients are the clinic's own.
        own = () if self.disclosure.exact else _COUNTING_NOTES
        notes = notes_of(answers, self.disclosure, without=("context", *own))
        return TableBlock(
            ("", "sessions", "patients with it"), tuple(rows), "Adverse events, the worse of both askings",
            ("left", "right", "right"), notes,
        )  # fmt: skip

    def _needle_rows(self, answers: Answers) -> list[tuple[str, str, str]]:
        counted, differ = first(answers, "needles_counted"), first(answers, "needles_differ")
        if counted is None or not counted.count or differ is None:
            return [("Needles counted in and out", "not written down", "–")]
        if self.disclosure.exact:
            return [
                ("Needles counted in and out", f"{counted.count:,} of {counted.n:,}", "–"),
                ("Needles in are not needles out", f"{differ.count:,} of {differ.n:,}", "–"),
            ]
        share = self.disclosure.rows(counted.count, counted.n)
        words = share if share == TOO_FEW else f"{share} of sessions"
        return [("Needles counted in and out", self.disclosure.text("needles counted", words), "–")]

    def safety_figures(self) -> Block:
        """Events by grade and the course of soreness, side by side; in `share` the soreness of days with enough."""
        answers = self.numbers.ask("safety")
        if isinstance(answers, str) or not answers["asked_either"].n:
            return Notes(())
        soreness = self._soreness(answers)
        if not self.disclosure.exact:
            return soreness if soreness is not None else Sentence(f"Soreness after a session: {TOO_FEW}.")
        events = self._events(answers)
        return events if soreness is None else Columns(events, soreness)

    def _events(self, answers: Answers) -> Block:
        frame = answers.frames["events"]
        words = "Share of sessions and of patients with an event of each grade, as in the table."
        draw = partial(draw_events, frame)
        return figures.figure_block(draw, alt=words, height_mm=events_height_mm(frame), width="half")

    def _soreness(self, answers: Answers) -> Block | None:
        frame: pd.DataFrame = answers.frames["soreness"]
        frame = frame[frame["mean"].notna()]
        if not self.disclosure.exact:
            frame = frame[(frame["n"] >= self.disclosure.least_for_mean) & (frame["high"] > frame["low"])]
            frame = frame.assign(n=[self.disclosure.patients_drawn(int(n)) or math.nan for n in frame["n"]])
            for column, decimals in (("mean", 1), ("low", 1), ("high", 1), ("share_any", 2)):
                frame[column] = [float(rounded(one, decimals)) for one in frame[column]]
        caption = ""
        if self.disclosure.release is not None:
            # Whose soreness it is day by day is not known here: it is held as one.
            safe = self.disclosure.released_frame("safety/soreness", frame)
            frame, caption = needs_safe(safe, self.disclosure.profile), safe.note
        if frame.empty:
            return None
        draw = partial(draw_soreness, frame)
        return figures.figure_block(
            draw,
            alt=soreness_words(frame),
            height_mm=SORENESS_MM,
            width="half",
            caption=caption,
        )
