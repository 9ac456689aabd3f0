"""The first page: what happened, beside what else explains it, in two minutes."""

from __future__ import annotations

from outcomes.analysis.answers import statistic_of
from outcomes.analysis.comparison import DESCRIBED
from outcomes.analysis.estimates import Estimate
from outcomes.analysis.proportions import share as share_of
from outcomes.analysis.questions.care import still_in_care
from outcomes.analysis.results import PairedChange, Statistic
from outcomes.reporting.claims_blocks import claims_summary_block
from outcomes.reporting.disclosure import (
    AS_OF_WORDS,
    HELD_BACK,
    HELD_BACK_WORDS,
    TOO_FEW,
    carried_words,
    is_carried,
)
from outcomes.reporting.disclosure.release import Part
from outcomes.reporting.expectations import expectation_words, glance_words, halved_expected
from outcomes.reporting.figure_blocks import by_group_block, course_block
from outcomes.reporting.formatting import interval, month_name, month_words, number, percent, percent_interval
from outcomes.reporting.language import ENGLISH, say, spoken, translated
from outcomes.reporting.page import (
    Block,
    Columns,
    Heading,
    KeyFigure,
    KeyFigures,
    Lead,
    Masthead,
    NewPage,
    Notes,
    Sentence,
    Strong,
    TableBlock,
)
from outcomes.reporting.report_base import ReportBase
from outcomes.reporting.safety_words import asked_again, event_share, nobody_asked, serious_words
from outcomes.reporting.span_blocks import last_span_words
from outcomes.reporting.wording import (
    CLUSTER_NOT_COMPARED,
    RECALLED,
    care_words,
    change_words,
    described_words,
    interval_phrase,
    mode_name,
    share_phrase,
    windows_phrase,
)

#: Reasons of a flow after which a patient has no baseline, and those for whom the question does not arise.
_NOT_STARTED = ("no_first_session", "outside_cohort", "episodic_cluster")
_NO_BASELINE = ("no_diary", "no_baseline_diary", "baseline_too_few_days")


class FirstPage(ReportBase):
    """Masthead, what happened, four figures, one sentence each, course and types."""

    def masthead(self) -> Block:
        return Masthead("Headache outcomes", self.month_name(), self._cohort_lines(), self.disclosure.profile)

    def month_name(self) -> str:
        return month_words(self.month)

    def _cohort_lines(self) -> tuple[str, ...]:
        marks = (RECALLED,) if self.numbers.is_recalled else ()
        if spoken() != ENGLISH:
            marks = (*marks, say("first_page.in_english"))
        cohort = self.numbers.cohort
        if cohort is None:
            return ("all patients in the records", *marks)
        first, last = month_name(cohort.closed_from), month_name(cohort.closed_to)
        return (say("first_page.closed", first=first, last=last), *marks)

    def lead(self) -> Block:
        """What was recorded, then what else explains a change."""
        change = self.primary
        shown = self.disclosure.before_after(change)[2]
        windows = windows_phrase(self.plan, daily=change.daily)
        if shown.value is None:
            return Lead((self._why_no_headline(windows, shown.reason),))
        start, message, end = change_words(change.endpoint, shown.value, change.mode, windows)
        carried = carried_words((shown.carried_from,))
        patients = f"{shown.people}; {carried}" if carried else shown.people
        bounds = say("first_page.bounds", interval=interval_phrase(change.endpoint, shown), patients=patients)
        cause = say("first_page.no_cause")
        still = still_in_care(self.numbers.periods, self.numbers.endpoints)
        care = care_words(still, self.plan, self.disclosure)
        more = (" ", care) if care else ()
        return Lead((start, Strong(message, "recorded"), end, mode_name(change.mode), bounds, cause, *more))

    def _why_no_headline(self, windows: tuple[str, str], reason: str) -> str:
        change, least = self.primary, self.disclosure.least_for_mean
        if change.n == 0 and f"{DESCRIBED}baseline_mean" in change:
            return described_words(change, self.disclosure) or CLUSTER_NOT_COMPARED
        if change.n == 0 and self.disclosure.exact:
            return say("first_page.nobody", after=windows[1], before=windows[0])
        if reason == HELD_BACK:
            return f"The change is {HELD_BACK_WORDS}."
        if change.n >= least:
            return "The patients differ too little for a mean to be shown safely."
        return say("first_page.too_few", least=least)

    def expectation(self) -> Block:
        """What a bad month alone would give, short; the whole of it stands in its own section."""
        numbers = self.numbers
        words = glance_words(numbers.bad_month, numbers.repeat, self.disclosure)
        return Sentence(self.disclosure.text("expected of a bad month, short", words, self.whose_bad_month()))

    def bad_month(self) -> Block:
        """What a bad month alone would give, beside the change and never taken off it."""
        numbers = self.numbers
        words = expectation_words(numbers.bad_month, numbers.repeat, self.disclosure)
        return Sentence(self.disclosure.text("expected of a bad month", words, self.whose_bad_month()))

    def whose_bad_month(self) -> PairedChange | None:
        """The comparison whose patients the expected change is of, where they are the same."""
        found = self.numbers.bad_month
        return self.primary if found is not None and found.n == self.primary.n else None

    # ---- four figures ----

    def key_figures(self) -> Block:
        """The four figures an owner asks for, each with the number that sobers it."""
        if self.primary.n == 0 and f"{DESCRIBED}baseline_mean" in self.primary:
            # Nobody is compared because of who they are: there are no figures, and not figures of nobody.
            return Notes(())
        others = ("headache_days_per_28", "acute_medication_days_per_28")
        names = list(dict.fromkeys((self.primary.endpoint.name, *others)))
        items = [self._key_mean(name) for name in names]
        items.insert(1, self._key_halved())
        items += [self._key_events(), self._key_mean("intensity_on_headache_days")]
        found = tuple(item for item in items if item is not None)[:4]
        if len(found) >= 2:
            return KeyFigures(found)
        return Notes(tuple("; ".join((f"{item.label}: {item.value}", *item.lines)) for item in found))

    def _key_mean(self, endpoint: str) -> KeyFigure | None:
        change = self.find(endpoint)
        if change is None:
            return None
        name, unit = translated(change.endpoint.label), translated(change.endpoint.unit)
        per_28 = change.endpoint.counts_days
        label = say("first_page.per_28" if per_28 else "first_page.in_unit", endpoint=name, unit=unit)
        before, after, moved = self.disclosure.before_after(change)
        carried = carried_words((moved.carried_from,))
        patients = f"{moved.people}, {carried}" if carried else moved.people
        if moved.value is None:
            return KeyFigure(label, "–", (moved.reason, patients))
        between = interval(moved.low, moved.high)
        key = "first_page.change" if moved.low is None else "first_page.change_between"
        lines = (say(key, value=number(moved.value), between=between), patients)
        return KeyFigure(label, f"{number(before.value)} → {number(after.value)}", lines)

    def _key_halved(self) -> KeyFigure | None:
        change = self.find("headache_days_per_28")
        if change is None or "responders_50" not in change:
            return None
        halved, started = self.disclosure.responders(change, "responders_50")
        interval_text = percent_interval(halved.low, halved.high)
        share = say("counts.of", share=interval_text, n=halved.n_text)
        lines = [share if halved.value is not None else share_phrase(halved)]
        lines.append(say("first_page.all_who_started", share=share_phrase(started)))
        months: tuple[str, ...] = (halved.carried_from, started.carried_from)
        if expected := self._halved_expected():
            lines.append(f"a bad month alone: {expected}")
        if "worsened_50" in change:
            worse = self.disclosure.share(change["worsened_50"])
            lines.append(say("first_page.worse_by_half", share=share_phrase(worse)))
            months += (worse.carried_from,)
        lines += [words] if (words := carried_words(months)) else []
        return KeyFigure("Headache days halved", percent(halved.value), tuple(lines))

    def _halved_expected(self) -> str:
        words = halved_expected(self.numbers.bad_month, self.disclosure)
        if not words:
            return ""
        found = self.disclosure.cell("halved by a bad month alone", "all", words, self.whose_bad_month())
        return ", ".join(part for part in (found.content or "", carried_words((found.carried_from,))) if part)

    def _key_events(self) -> KeyFigure | None:
        answers = self.topic("safety")
        if isinstance(answers, str) or nobody_asked(answers):
            return None
        value, beside = event_share(answers, "any", self.disclosure)
        lines = [beside, serious_words(answers, self.disclosure)]
        return KeyFigure("Sessions with an event", value, tuple(lines))

    # ---- one sentence each ----

    def at_a_glance(self) -> Block:
        """Activity, completeness, responders and safety, one sentence each."""
        rows = [
            ("This month" if self.disclosure.exact else "Activity", self._activity_words()),
            ("Completeness", self._completeness_words()),
            ("Safety", self._safety_words()),
        ]
        shown = tuple((name, words) for name, words in rows if words)
        if not shown:
            return Notes(())
        notes = (
            (AS_OF_WORDS,)
            if self.has_carried_key_figures or any(is_carried(words) for _, words in shown)
            else ()
        )
        return TableBlock(("", "what the records say"), shown, align=("left", "left"), notes=notes)

    @property
    def has_carried_key_figures(self) -> bool:
        """Whether something in the lead or among the key figures is as of an earlier month."""
        texts = [block.as_text() for block in (self.lead(), self.key_figures())]
        return any(is_carried(text) for text in texts)

    def _activity_words(self) -> str:
        if not self.disclosure.exact:
            told = [one for one in self.spans if one.starters.drawn is not None]
            return last_span_words(told[-1]) if told else ""
        found, shown = self.numbers.activity, self.disclosure
        if found is None:
            return ""
        ended = "" if found.ended is None else f"; treatment ended for {shown.people(found.ended)}"
        return (
            f"First session: {shown.people(found.new_patients)}. Sessions given: {shown.patients(found.sessions)}, to "
            f"{shown.people(found.treated)}{ended}."
        )

    def _completeness_words(self) -> str:
        flow, left = self.flow, dict(self.flow.left_out)
        if flow.mode != "diary" or self.course is None:
            return ""
        started = flow.n_patients - sum(left.get(reason, 0) for reason in _NOT_STARTED)
        baseline = started - sum(left.get(reason, 0) for reason in _NO_BASELINE)
        parts = [
            f"enough baseline diary {self._part('baseline', baseline, started, _NO_BASELINE)}",
            f"follow-up as well {self._part('follow-up', flow.n_analysed, started)}",
            *self._questionnaire_pairs(),
        ]
        people = f" ({started:,} with a first session)" if self.disclosure.exact else ""
        return (
            f"Patients of these twelve months{people}: {'; '.join(parts)}."
            if self.month
            else (f"Patients{people}: {'; '.join(parts)}.")
        )

    def _part(self, what: str, count: int, of: int, without: tuple[str, ...] | None = None) -> str:
        """`119 (70%)`; in `share` the percentage alone, so that no total stands beside the flow.

        `without`: reasons of those who started and are not counted; None, of all but those compared.
        """
        shown = self.disclosure.share(counted(count, of, self), what, self._standing_of(without))
        if shown.value is None:
            return shown.count_text if self.disclosure.exact else shown.reason
        if self.disclosure.exact:
            return f"{count:,} ({percent(shown.value)})"
        carried = carried_words((shown.carried_from,))
        return f"{percent(shown.value)} ({carried})" if carried else percent(shown.value)

    def _standing_of(self, without: tuple[str, ...] | None) -> tuple[Part, ...] | None:
        """Those who started, those counted, the others; None where they are not told one by one."""
        behind = self.disclosure.behind()
        if behind is None:
            return None
        started = {reason: who for reason, who in behind.standings.items() if reason not in _NOT_STARTED}
        others = set(started) - {"analysed"} if without is None else set(without)
        groups = ((True, True), (True, False), (False, True))
        return tuple(
            {
                patient: None
                for reason, who in started.items()
                if (reason not in others and counted_ones) or (reason in others and other_ones)
                for patient in who
            }
            for counted_ones, other_ones in groups
        )

    def _questionnaire_pairs(self) -> list[str]:
        answers = self.topic("questionnaires")
        if isinstance(answers, str):
            return []
        pairs = [row for row in answers.rows("paired") if not row.nobody]
        if not pairs:
            return []
        most = max(pairs, key=lambda row: (row.shown.value or 0) * (row.shown.n or 0))
        shown = most.shown
        what = f"both {answers.label(most.endpoint)} questionnaires"
        if shown.value is None:
            return [f"{what}: {shown.reason}"]
        carried = carried_words((shown.carried_from,))
        told = f"{what} {percent(shown.value)} of {shown.n_text} with a first"
        return [f"{told} ({carried})" if carried else told]

    def _safety_words(self) -> str:
        answers = self.topic("safety")
        if isinstance(answers, str) or nobody_asked(answers):
            return ""
        value, beside = event_share(answers, "any", self.disclosure)
        with_event = f"An event at {value} of sessions ({beside})" if value != "–" else f"Events: {beside}"
        again = asked_again(answers, self.disclosure)
        return (
            "; ".join(part for part in (with_event, serious_words(answers, self.disclosure), again) if part)
            + "."
        )

    # ---- two figures, promises ----

    def glance_figures(self) -> Block:
        """The course of the patients compared, and the change by headache type."""
        left: tuple[Block, ...] = (Heading("Course", "patients compared"), self._small_course())
        right: tuple[Block, ...] = (Heading("By headache type", "exploratory"), self._small_types())
        return Columns(left, right)

    def _small_course(self) -> Block:
        if self.course is None:
            return Sentence("No daily diary, so there is no course to show.")
        return course_block(self.course, self.disclosure, half=True)

    def _small_types(self) -> Block:
        types = self.shown_types()
        if not types:
            return Sentence(f"By headache type: {TOO_FEW}.")
        return by_group_block(types, self.disclosure, half=True)

    def shown_types(self) -> tuple[PairedChange, ...]:
        """The headache types of the comparison; in `share` without types that are described only."""
        if self.disclosure.exact:
            return self.numbers.by_type
        # A group that is described only holds nobody who is compared: nothing in it could be worked out.
        return tuple(one for one in self.numbers.by_type if one.n or f"{DESCRIBED}baseline_mean" not in one)

    def claims_at_a_glance(self) -> Block:
        """What the clinic says in public, as a short table; nothing where no claims are declared."""
        if self.declared is None:
            return Notes(())
        return claims_summary_block(self.claims_review)

    def new_page(self) -> Block:
        return NewPage()


def counted(count: int, of: int, report: ReportBase) -> Statistic:
    """A number of patients out of others, so that it passes the rules of a share."""
    found = share_of(count, of, report.plan.confidence) if of else Estimate(None, None, None, None, "count")
    return statistic_of(
        found, report.plan, endpoint="patients", statistic="counted", n=of, count=count, unit="share"
    )
