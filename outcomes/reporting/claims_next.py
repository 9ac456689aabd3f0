"""What each claim still needs until it can be told: patients, months at the present rate, and what no number brings.

Planning figures with their assumptions, rounded up, and never a promise. Definitions:
docs/claims.md#patients-still-needed.
"""

from __future__ import annotations

from outcomes.analysis.claims.cohorts import ALL
from outcomes.analysis.claims.judging import ClaimsReview, Judged
from outcomes.analysis.claims.still_needed import ASSUMPTIONS, OBSTACLES, REVIEW_MONTHS, StillNeeded
from outcomes.reporting.disclosure import Disclosure
from outcomes.reporting.formatting import two_digits_up
from outcomes.reporting.page import Align, Block, Notes, Sentence, TableBlock


def claims_next_block(review: ClaimsReview | None, disclosure: Disclosure) -> Block:
    """One row per claim that is asked. In `share` no number of patients analysed, and nothing of single types."""
    if review is None:
        return Notes(())
    asked = [(one, one.still) for one in review if one.still is not None]
    if disclosure.release is not None or not asked:
        return Sentence(f"{_due_words(review)} What each claim still needs is told to the clinic alone.")
    rows = tuple(_row(judged, still, disclosure) for judged, still in asked)
    align: tuple[Align, ...] = ("left", "right", "right", "right", "left")
    header = ("Claims: until they can be told", "analysed", "needed", "months", "and besides")
    keep = range(len(header)) if disclosure.exact else (0, 2, 4)
    return TableBlock(
        tuple(header[place] for place in keep),
        tuple(tuple(row[place] for place in keep) for row in rows),
        align=tuple(align[place] for place in keep),
        notes=_notes(review, [still for _, still in asked], disclosure),
    )


def _row(judged: Judged, still: StillNeeded, disclosure: Disclosure) -> tuple[str, ...]:
    promise = f"“{judged.claim.says}”"
    if still.told:
        return promise, f"{still.analysed:,}", "–", "–", f"told: {judged.verdict.word}"
    besides = ", ".join(OBSTACLES[code][0] for code in still.obstacles) or "–"
    analysed = "not yet" if still.analysed is None else f"{still.analysed:,}"
    if still.needed is None:
        return promise, analysed, "no number", "–", besides
    if not disclosure.exact:
        # Of one type it would stand beside that of everyone, and tell of types that are hidden elsewhere.
        whole = judged.claim.population == ALL and judged.claim.kind != "contrast"
        return promise, "", f"{two_digits_up(still.needed):,}" if whole else "–", "", besides
    least = "at least " if still.analysed is None else ""
    months = "–" if still.months is None else f"{still.months:,}"
    return promise, analysed, f"{least}{still.needed:,}", months, besides


def _notes(review: ClaimsReview, stills: list[StillNeeded], disclosure: Disclosure) -> tuple[str, ...]:
    used = dict.fromkeys(code for still in stills for code in still.obstacles)
    notes = [_due_words(review)]
    if any(still.fits_a_review is False for still in stills) and disclosure.exact:
        notes.append(
            f"A review looks at the patients of {REVIEW_MONTHS} months, who are not looked at again: where more months "
            "are needed, no review at the present rate will hold as many, and waiting alone does not help. Fewer "
            "claims in the file need fewer patients."
        )
    notes += [
        f"{short[0].upper()}{short[1:]}: {words}." for short, words in (OBSTACLES[code] for code in used)
    ]
    notes.append(
        f"Planning figures, rounded up, and no promise. {'. '.join(_sentence(one) for one in ASSUMPTIONS)}."
    )
    return tuple(notes)


def _due_words(review: ClaimsReview) -> str:
    coming = review.review.after()
    return f"Claims move next in the review of {coming.name}, in reports of months after that."


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
