"""The sections on topics: sustained response, medication, questionnaires, durability, sessions, safety, types.

Every number comes from `outcomes.analysis.questions` as `SafeAnswers`, which give out no more than may be shown.
"""

from __future__ import annotations

from functools import partial

from outcomes.reporting import figures
from outcomes.reporting.comparison_sections import DRUG_ENDPOINTS, ComparisonSections
from outcomes.reporting.disclosure import TOO_FEW, SafeAnswers, SafeRow, Shown, carried_words, needs_safe
from outcomes.reporting.figure_words import forest_words, soreness_words, survival_words
from outcomes.reporting.figures_forest import draw_forest, forest_height_mm
from outcomes.reporting.figures_safety import SORENESS_MM, draw_events, draw_soreness, events_height_mm
from outcomes.reporting.figures_survival import draw_survival, survival_height_mm
from outcomes.reporting.figures_topics import CURVE_NAMES, change_name
from outcomes.reporting.formatting import interval, number, p_value, percent
from outcomes.reporting.page import Block, Columns, Notes, Sentence, TableBlock
from outcomes.reporting.safety_words import asked_again, event_share, nobody_asked, serious_words
from outcomes.reporting.tables import changes_block
from outcomes.reporting.topic_blocks import answers_table, notes_of, value_text

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
        answers = self.topic("response")
        if isinstance(answers, str):
            return Sentence(f"Lasting responses cannot be told: {answers}")
        names = [
            "sustained_30_over_3_all_started", "sustained_50_over_3_all_started", "sustained_75_over_3_all_started",
            "sustained_50_over_6_all_started", "first_response_by_followup_end", "first_response_kept",
        ]  # fmt: skip
        notes = notes_of(answers)
        caption = "Responses for 28-day periods in a row"
        return answers_table(answers, answers.rows(*names), self.disclosure, caption=caption, notes=notes)

    # ---- headache types ----

    def type_figure(self) -> Block:
        """The forest of headache types, for the clinic's own eyes; in `share` the table of types alone."""
        answers = self.numbers.ask("strata")
        if isinstance(answers, str) or not self.disclosure.exact:
            return Notes(())
        safe = self.disclosure.answers(answers).frame("forest")
        frame = needs_safe(safe, self.disclosure.profile)
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
        """Whether the types differ by more than chance; for the clinic alone, since it rests on every type."""
        answers = self.numbers.ask("strata")
        if isinstance(answers, str) or not self.disclosure.exact:
            return Notes(())
        row = next(
            (one for one in answers if (one.statistic, one.by) == ("heterogeneity", "headache_type")), None
        )
        if row is None or row.value is None:
            return Notes(())
        forest = answers.frames["forest"]
        known = forest[(forest["by"] == "headache_type") & forest["p"].notna()]
        told = (
            f"p {p_value(float(known['p'].iloc[0]))}, {p_value(float(known['p_adjusted'].iloc[0]))} adjusted for "
            "looking at several characteristics"
            if len(known)
            else "p not known"
        )
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
        answers = self.topic("states")
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
            before, after = answers.find(f"{name}_before"), answers.find(f"{name}_after")
            if before is not None and after is not None and not before.nobody:
                rows.append((f"{label[:1].upper()}{label[1:]}", *_two_shares(before.shown, after.shown)))
        if not rows:
            return Notes(())
        if not self.disclosure.exact and all(row[1] == TOO_FEW and row[2] == TOO_FEW for row in rows):
            return Sentence(f"Patients in the overuse range: {TOO_FEW}.")
        note = (
            "A count of days with a drug; overuse headache itself is a diagnosis that a diary does not make."
        )
        return TableBlock(("", "before", "after", "patients"), tuple(rows), "Range of overuse", notes=(note,))

    # ---- questionnaires ----

    def questionnaires(self) -> Block:
        """Each instrument before and after, with the shares that reached an important change and worsened by it."""
        answers = self.topic("questionnaires")
        if isinstance(answers, str):
            return Sentence(f"Questionnaires: {answers}")
        changes = [row for row in answers.rows("change") if not row.nobody]
        rows = [row for one in changes if (row := self._instrument(answers, one.endpoint)) is not None]
        if not rows:
            few = "no patient has one before and after" if self.disclosure.exact else TOO_FEW
            return Sentence(f"Questionnaires: {few}.")
        columns = ("", "before", "after", "change", "better", "worse", "pairs")
        months = {carried for *_, carried in rows}
        of_all = carried_words((next(iter(months)),)) if len(months) == 1 else ""
        notes = (
            "Better and worse: by as much as matters to one patient, of those with one before and one after; a dash "
            "where no such size is known. Pairs: patients with both.",
            *([f"{of_all[:1].upper()}{of_all[1:]}."] if of_all else []),
        )
        lines = []
        for *cells, carried in rows:
            words = "" if of_all else carried_words((carried,))
            lines.append((*cells[:-1], f"{cells[-1]}, {words}" if words else cells[-1]))
        return TableBlock(columns, tuple(lines), "Questionnaires and measurements", notes=notes)

    def _instrument(self, answers: SafeAnswers, name: str) -> tuple[str, ...] | None:
        """Its cells, and the month that they are carried forward from."""
        names = ("baseline_mean", "followup_mean", "change")
        means = [row.shown for row in answers.rows(*names, endpoint=name)]
        if len(means) != len(names) or any(one.value is None for one in means):
            return None
        change = means[2]
        bounds = f" ({interval(change.low, change.high)})" if change.low is not None else ""
        shares = [_share_of(answers.find(one, endpoint=name)) for one in ("improved", "worsened")]
        return (
            answers.label(name), number(means[0].value), number(means[1].value), f"{number(change.value)}{bounds}",
            *shares, change.n_text, change.carried_from,
        )  # fmt: skip

    # ---- durability ----

    def late_window(self) -> Block:
        """The whole cohort in the late window: by this a claim of lasting change is judged."""
        answers = self.topic("durability")
        if isinstance(answers, str):
            return Sentence(f"Whether a change lasts cannot be told: {answers}")
        names = [
            "late_change", "late_responders_50", "late_responders_50_all_started_due", "late_worsened_50",
            "loss_free", "loss_free_early", "relapse_free", "relapse_free_early", "wearing_off",
        ]  # fmt: skip
        rows = [row for row in answers.rows(*names) if row.group in ("all", "responders")]
        labels = [
            f"{row.label}, {'all patients' if row.group == 'all' else 'responders'}"
            if row.statistic.startswith(("loss_free", "relapse_free"))
            else row.label
            for row in rows
        ]
        notes = notes_of(answers)
        caption = "Later, and whether a response is kept"
        return answers_table(answers, rows, self.disclosure, caption=caption, labels=labels, notes=notes)

    def durability_figure(self) -> Block:
        """Kaplan–Meier curves, for the clinic's own eyes: each step is a patient."""
        answers = self.numbers.ask("durability")
        if isinstance(answers, str) or not self.disclosure.exact:
            return Notes(())
        safe = self.disclosure.answers(answers)
        curve, at_risk = (
            needs_safe(safe.frame(name), self.disclosure.profile) for name in ("curve", "at_risk")
        )
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
        answers = self.topic("dose")
        if isinstance(answers, str):
            return Sentence(f"Sessions: {answers}")
        names = ["received_before_followup", "received_by_end", "planned", "had_planned_number"]
        rows = [row for row in (*answers.rows(*names), *answers.rows(group="per_session")) if not row.nobody]
        notes = (_NOT_THE_DOSE,)
        return answers_table(answers, rows, self.disclosure, caption="Sessions received", notes=notes)

    # ---- safety ----

    def safety_lead(self) -> Block:
        """Events of the sessions asked about, in one sentence."""
        answers = self.topic("safety")
        if isinstance(answers, str):
            return Sentence(f"What happened after needling cannot be told: {answers}")
        if nobody_asked(answers):
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
        answers = self.topic("safety")
        if isinstance(answers, str) or nobody_asked(answers):
            return Notes(())
        rows = []
        for grade in ("any", "mild", "significant", "serious"):
            share, beside = event_share(answers, grade, self.disclosure)
            found = answers.find(f"patients_{grade}")
            of_patients = TOO_FEW
            if found is not None and found.shown.value is not None:
                of_patients = f"{value_text(found.shown)} of {found.shown.n_text}"
            sessions = f"{share}, {beside}" if share != "–" else beside
            if grade == "serious":
                sessions = serious_words(answers, self.disclosure).removeprefix("serious: ")
            rows.append((f"Event, {grade}", sessions, of_patients))
        rows += self._needle_rows(answers)
        # Notes that count rows or patients are the clinic's own.
        own = () if self.disclosure.exact else _COUNTING_NOTES
        return TableBlock(
            ("", "sessions", "patients with it"), tuple(rows), "Adverse events, the worse of both askings",
            ("left", "right", "right"), notes_of(answers, without=("context", *own)),
        )  # fmt: skip

    def _needle_rows(self, answers: SafeAnswers) -> list[tuple[str, str, str]]:
        counted, differ = answers.find("needles_counted"), answers.find("needles_differ")
        if counted is None or differ is None or counted.shown.count_text in ("", "0"):
            return [("Needles counted in and out", "not written down", "–")]
        if self.disclosure.exact:
            of = [f"{one.shown.count_text} of {one.shown.n_text}" for one in (counted, differ)]
            return [
                ("Needles counted in and out", of[0], "–"),
                ("Needles in are not needles out", of[1], "–"),
            ]
        words = value_text(counted.shown)
        return [
            (
                "Needles counted in and out",
                words if counted.shown.value is None else f"{words} of sessions",
                "–",
            )
        ]

    def safety_figures(self) -> Block:
        """Events by grade and the course of soreness, side by side; in `share` the soreness of days with enough."""
        answers = self.topic("safety")
        if isinstance(answers, str) or nobody_asked(answers):
            return Notes(())
        soreness = self._soreness(answers)
        if not self.disclosure.exact:
            return soreness if soreness is not None else Sentence(f"Soreness after a session: {TOO_FEW}.")
        events = self._events(answers)
        return events if soreness is None else Columns(events, soreness)

    def _events(self, answers: SafeAnswers) -> Block:
        frame = needs_safe(answers.frame("events"), self.disclosure.profile)
        words = "Share of sessions and of patients with an event of each grade, as in the table."
        draw = partial(draw_events, frame)
        return figures.figure_block(draw, alt=words, height_mm=events_height_mm(frame), width="half")

    def _soreness(self, answers: SafeAnswers) -> Block | None:
        safe = answers.frame("soreness")
        frame = needs_safe(safe, self.disclosure.profile)
        frame = frame[frame["mean"].notna()]
        if frame.empty:
            return None
        draw = partial(draw_soreness, frame)
        return figures.figure_block(
            draw,
            alt=soreness_words(frame),
            height_mm=SORENESS_MM,
            width="half",
            caption=f"{safe.note[:1].upper()}{safe.note[1:]}",
        )


def _two_shares(before: Shown, after: Shown) -> tuple[str, str, str]:
    """Both shares or neither: one beside a hidden one would be worth an attempt."""
    if before.value is None or after.value is None:
        return TOO_FEW, TOO_FEW, before.n_text
    return value_text(before), value_text(after), before.n_text


def _share_of(row: SafeRow | None) -> str:
    if row is None or row.shown.reason == "not defined":
        return "–"
    return percent(row.shown.value) if row.shown.value is not None else TOO_FEW
