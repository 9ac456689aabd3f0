"""The claims of a clinic as blocks: promise, restatement, verdict, numbers, reasons, cause and published evidence.

In `share` every number goes through `Disclosure`, and the numbers of single types of headache stay out: beside
those of everyone, they would give away the types that are hidden elsewhere. Where reports follow one another, a shared
one tells the verdicts and no numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outcomes.analysis.claims.cohorts import ALL
from outcomes.analysis.claims.judging import ClaimsReview, Judged
from outcomes.analysis.results import Statistic
from outcomes.claims.declared import CLAIMS_FILE, DeclaredClaims, read_claims
from outcomes.claims.evidence import OWN_AUDIT, RANKS, SEARCH, Published, published_for, why_none
from outcomes.claims.rules import CANNOT_BE_TOLD, CONSISTENT, NOT_SUPPORTED
from outcomes.records.sources import Location
from outcomes.reporting.claims_next import claims_next_block
from outcomes.reporting.claims_wording import (
    NOT_A_QUESTION,
    SIGNS,
    due_to_treatment,
    restarted_words,
    restatement,
    review_words,
    verdict_mark,
    what_is_in_it,
)
from outcomes.reporting.disclosure import Disclosure, Shown
from outcomes.reporting.formatting import (
    confidence_name,
    interval,
    number,
    percent,
    percent_decimals,
    percent_interval,
)
from outcomes.reporting.page import Block, Heading, Notes, Sentence, Strong, TableBlock

#: Readings that may be handed on: others differ from these by few patients or by few days.
_SHARED = ("change", "share_of_started", "patients_with_event")

LABELS = {
    "change": "change",
    "returned": "change, drop-outs at their baseline",
    "missing_by_odds_worst": "change, missing days of one period worse: 5 times the odds of headache",
    "missing_by_odds_best": "change, missing days of one period better: a fifth of the odds",
    "missing_bounds_worst": "change, missing days of one period as bad as can be",
    "missing_bounds_best": "change, missing days of one period as good as can be",
    "without_preventive": "change, without those who changed a preventive drug",
    "repeat_baseline": "change from a baseline after the booking",
    "bad_month_range": "change that entering in a bad month alone gives, at most",
    "below_average": "follow-up less the lowest average from outside",
    "concurrent_group": "difference to the concurrent group, same baseline",
    "randomised": "difference between groups drawn by lot, same baseline",
    "difference": "difference of the changes",
    "difference_returned": "difference, drop-outs at their baseline",
    "difference_without_preventive": "difference, without those who changed a preventive drug",
    "difference_equal_baselines": "difference at the same baseline",
    "share_of_started": "share of those who started",
    "bad_month_share": "share that entering in a bad month alone gives, at most",
    "patients_with_event": "patients with the event, of those asked",
    "sessions_asked_72h": "sessions after which it was asked for 72 hours later",
}
_NOTHING = "What is said in public is not declared: there is no claims.toml beside the records."
_READ_ME = (
    "“Consistent” is not “true”, and says nothing about what caused a change. Verdicts move twice a year, on patients "
    "who were not looked at before; pages in between repeat them, worked out anew from the records as they stand."
)


_NO_NUMBERS = (
    "The numbers and reasons behind the verdicts are told to the clinic alone: they are of half-years, and beside the "
    "twelve months of the same patients they could tell of the few by whom the two differ."
)

#: Claims of one verdict that are listed on the first page.
_MOST_AT_A_GLANCE = 6


@dataclass(frozen=True)
class Together(Block):
    """Several blocks, one under the other, shown by one cell."""

    blocks: tuple[Block, ...]

    def as_html(self) -> str:
        return "".join(block.as_html() for block in self.blocks)

    def as_typst(self) -> str:
        return "[" + "\n".join(f"#{block.as_typst()}" for block in self.blocks) + "]"

    def as_text(self) -> str:
        return "\n".join(text for text in (block.as_text() for block in self.blocks) if text)


def claims_beside(location: Location) -> DeclaredClaims | None:
    """The claims that lie beside the records; None where there are none. Raises PlanError, FileProblem."""
    folder = location.beside
    if folder is None or not (folder / CLAIMS_FILE).is_file():
        return None
    return read_claims(folder / CLAIMS_FILE)


def claims_block(review: ClaimsReview | None, disclosure: Disclosure, n_headline: int | None = None) -> Block:
    """Every claim with all that belongs to it. `n_headline` patients stand behind the report's own change."""
    if review is None:
        return Sentence(_NOTHING)
    why_none = () if disclosure.release is None else (_NO_NUMBERS,)
    blocks: list[Block] = [Sentence(_READ_ME), Notes((_confidence_words(review), *why_none))]
    for judged in review:
        blocks += _claim_blocks(judged, review, disclosure, n_headline)
    blocks.append(published_block(review))
    return Together(tuple(blocks))


def claims_summary_block(review: ClaimsReview | None) -> Block:
    """What is said in public by verdict, and whether it is due to treatment: the short form, without numbers."""
    if review is None:
        return Sentence(_NOTHING)
    said: dict[str, list[str]] = {}
    for one in review:
        word = one.verdict.word if one.is_question else NOT_A_QUESTION
        said.setdefault(word, []).append(f"“{one.claim.says}”")
    rows = tuple(
        (f"{SIGNS.get(word, '')} {word}".strip(), _listed(said.get(word, ["none"])))
        for word in (CONSISTENT, NOT_SUPPORTED, CANNOT_BE_TOLD, NOT_A_QUESTION)
        if word in said or word in (CONSISTENT, NOT_SUPPORTED)
    )
    design = next((one for one in review if one.is_question), None)
    cause = due_to_treatment(design) if design is not None else ""
    return TableBlock(
        ("", "What is said in public"),
        rows,
        caption=f"Held against these records in the review of {review.review.name}",
        align=("left", "left"),
        notes=(f"Due to treatment? {cause}",) if cause else (),
    )


def _listed(said: Sequence[str]) -> str:
    """The first of them: each has a block of its own further down."""
    more = len(said) - _MOST_AT_A_GLANCE
    return "; ".join((*said[:_MOST_AT_A_GLANCE], *([f"and {more} more"] if more > 0 else [])))


def claims_text(review: ClaimsReview) -> str:
    """Everything as lines, exact, for the clinic's own eyes."""
    own = Disclosure("internal", review.plan.minimum_cell)
    return Together((claims_block(review, own), claims_next_block(review, own))).as_text()


def _confidence_words(review: ClaimsReview) -> str:
    what = "1 claim is" if review.asked == 1 else f"{review.asked} claims are"
    return (
        f"{what} asked of the records, so that each interval is one of {100 * review.plan.confidence:.5g}% "
        "(Bonferroni): the more is promised, the more each promise needs."
    )


def _claim_blocks(
    judged: Judged, review: ClaimsReview, disclosure: Disclosure, n_headline: int | None
) -> list[Block]:
    claim = judged.claim
    blocks: list[Block] = [
        Heading(f"“{claim.says}”", level=3),
        Sentence((verdict_mark(judged), ". ", restatement(claim, review.plan))),
    ]
    if restarted := restarted_words(judged):
        blocks.append(Sentence(restarted))
    if table := _numbers_block(judged, disclosure, n_headline):
        blocks.append(table)
    blocks.append(Sentence((Strong("Due to treatment? ", "quiet"), due_to_treatment(judged))))
    lines = []
    # Reasons tell how many could be looked at, as numbers do.
    if judged.is_question and disclosure.release is None:
        lines.append(f"Why: {'; '.join(judged.verdict.reasons)}.")
    if more := what_is_in_it(judged):
        lines.append(more)
    lines += [review_words(judged)] if review_words(judged) else []
    if disclosure.exact:
        lines += judged.notes
    if judged.is_question:
        lines.append(_published_words(judged))
    return [*blocks, Notes(tuple(lines))] if lines else blocks


def _published_words(judged: Judged) -> str:
    """The published evidence in its order, by name, the clinic's own records last; results stand in one table."""
    by_rank: dict[str, list[str]] = {}
    for one in published_for(judged.claim):
        by_rank.setdefault(one.rank, []).append(one.short)
    parts = [f"{RANKS[rank]}: {', '.join(names)}" for rank, names in by_rank.items()]
    return "; ".join(
        [f"Published: {'; '.join(parts) or why_none(judged.claim)}", f"{RANKS['own_audit']}: {OWN_AUDIT}."]
    )


def published_block(review: ClaimsReview) -> Block:
    """Every publication that stands beside one of the claims, once, with what was read of it."""
    found: dict[Published, None] = {}
    for judged in review:
        found |= dict.fromkeys(published_for(judged.claim))
    order = list(RANKS)
    ones = sorted(found, key=lambda one: order.index(one.rank))
    rows = tuple((one.name, RANKS[one.rank], f"{one.words}. {one.source}") for one in ones)
    caption = "Published, and not to be set against a change within patients"
    return TableBlock(
        ("", "kind", "design and result, as far as they were read; source"),
        rows,
        caption,
        ("left", "left", "left"),
        (SEARCH,),
    )


def _numbers_block(judged: Judged, disclosure: Disclosure, n_headline: int | None) -> Block | None:
    rows = []
    for row in judged.numbers:
        shown = _shown(row, judged, disclosure, n_headline)
        if shown is None or (row.n == 0 and row.value is None):
            continue
        label = LABELS[row.statistic]
        if "medication" in row.endpoint:
            label = label.replace("odds of headache", "odds of medication")
        elif not row.unit.startswith("days"):
            label = label.replace(" of headache", "")
        value, between = _texts(row, shown)
        rows.append((label, value, between, shown.n_text))
    if not rows:
        return None
    what = "Treated" if judged.claim.kind == "harm" else "Started"
    started = "" if judged.n_started is None else f"{what}: {disclosure.people(judged.n_started)}."
    unit = next((row.unit for row in judged.numbers if not row.unit.startswith("share")), "")
    return TableBlock(
        (unit, "value", f"{confidence_name(round(judged.numbers[0].confidence, 3))} interval", "patients"),
        tuple(rows),
        align=("left", "decimal", "right", "right"),
        notes=(started,) if started else (),
    )


def _shown(row: Statistic, judged: Judged, disclosure: Disclosure, n_headline: int | None) -> Shown | None:
    """A number as it may be shown; None where the profile shows none."""
    if disclosure.exact:
        return (
            disclosure.share(row) if row.unit == "share" and row.count is not None else disclosure.mean(row)
        )
    if row.statistic not in _SHARED or judged.claim.population != ALL:
        return None
    if disclosure.release is not None:
        # Of other patients than the report's own numbers, by few perhaps: those are held against one another alone.
        return None
    if n_headline is not None and 0 < abs(n_headline - row.n) < disclosure.least_for_mean:
        # Two cohorts that differ by few patients would tell of those few.
        return None
    shown = disclosure.share(row) if row.unit == "share" else disclosure.mean(row)
    return shown if shown.value is not None else None


def _texts(row: Statistic, shown: Shown) -> tuple[str, str]:
    if row.unit.startswith("share"):
        decimals = percent_decimals(shown.high)
        return percent(shown.value, decimals), percent_interval(shown.low, shown.high, decimals)
    return number(shown.value), interval(shown.low, shown.high)
