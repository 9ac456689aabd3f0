"""How many patients one review would need until a claim can be told, and what more patients will not bring.

A planning figure and never a promise: it takes the spread of now for that of later. Definitions and assumptions:
docs/claims.md#patients-still-needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from outcomes.analysis.claims.found import Found, margin_of
from outcomes.analysis.estimates import t_quantile
from outcomes.analysis.planning import patients_needed
from outcomes.analysis.proportions import clopper_pearson, share
from outcomes.claims.declared import Claim
from outcomes.claims.reviews import HalfYear
from outcomes.claims.rules import (
    CANNOT_BE_TOLD,
    LEAST_ANALYSED,
    LEAST_SHARE_ANALYSED,
    LEAST_SHARE_ASKED,
    MOST_SHARE_PREVENTIVE,
    ChangeEvidence,
    Interval,
    word_by_interval,
)
from outcomes.errors import PlanError

#: A review looks at the patients of so many months.
REVIEW_MONTHS = 6

#: The chance with which a review of the size needed tells the claim, at the distance that is planned for.
POWER = 0.8

#: Beyond this nobody plans: the number says no more than "very many".
MOST_PLANNED = 100_000

ASSUMPTIONS = (
    f"means: so many that a true change one margin away from the promise (none, or twice the margin) is told with a "
    f"chance of {POWER:.0%}, at the confidence that the number of claims leaves, if patients differ as much as those "
    "of the last review; shares and rates: so many that the interval leaves out the declared one, if they stay as seen",
    f"never fewer than the rules ask ({LEAST_ANALYSED} analysed, of each type where types are compared); what "
    "drop-outs and missing days take away comes on top",
    f"months: at the rate of the last review; a review looks at the patients of {REVIEW_MONTHS} months alone",
)

#: What stands in the way and does not go away with more patients: code, (in a table, in a sentence).
OBSTACLES: dict[str, tuple[str, str]] = {
    "never": (
        "chronic form alone",
        "episodic cluster headache can never be told before and after; of the chronic form 20 patients are needed, and "
        "nobody with the episodic one among them",
    ),
    "nobody": ("patients of that kind", "no patient of whom it speaks has been followed up"),
    "not_held": ("other records", "these records do not hold what it speaks of"),
    "no_dates": ("dates", "records without calendar dates cannot show who came after the claim"),
    "diary": ("a daily diary", "it needs a daily diary, and not what is recalled"),
    "completeness": (
        f"follow-up of {LEAST_SHARE_ANALYSED:.0%}",
        f"fewer than {LEAST_SHARE_ANALYSED:.0%} of those who started could be analysed; more patients will not alter "
        "that",
    ),
    "fuller_diaries": ("fuller diaries", "it would need fuller diaries rather than more patients"),
    "every_day": (
        "no missing day",
        "how far a missing day could move it cannot be worked out: it would need diaries without a missing day in the "
        "follow-up rather than more patients",
    ),
    "preventive_changed": (
        "fewer drug changes",
        f"more than {MOST_SHARE_PREVENTIVE:.0%} changed a preventive drug; more patients will not alter that",
    ),
    "preventive_unknown": (
        "drug changes written down",
        "at each session it must be written down whether a preventive drug was changed, also where it was not",
    ),
    "something_against": (
        "a second baseline or a group",
        "without a second baseline month (a diary kept from the booking on) or a comparison group it can be excluded, "
        "and never be consistent",
    ),
    "outside_average": (
        "an average from outside",
        "without an average from outside in the plan (external_means) a share can be excluded, and never be "
        "consistent",
    ),
    "shown_disorder": (
        "a disorder that was shown",
        "it needs patients for whom a disorder of nose or sinuses was shown",
    ),
    "asked_72h": (
        "asking at 72 hours",
        f"patients must be asked again 72 hours later, at {LEAST_SHARE_ASKED:.0%} of sessions or more; more patients "
        "will not alter that",
    ),
    "above_declared": (
        "a lower rate",
        "the rate seen lies above the declared one; more patients make it more certain, and not lower",
    ),
    "close": (
        "close to the promise",
        "the last review had as many as are needed, and the number lies so close to the promise that its interval "
        "holds both; the next review may tell or not",
    ),
}


@dataclass(frozen=True)
class StillNeeded:
    """Of one claim. `analysed` in the last review (None: not reviewed yet), `needed` in one review, None where no
    number of patients can be worked out or none would do; `months` at the present rate until as many are analysed.
    `obstacles` are codes of OBSTACLES. `next_review` is the half year whose patients come next; its verdict is in
    reports from the day after it on."""

    told: bool
    analysed: int | None
    needed: int | None
    months: int | None
    obstacles: tuple[str, ...]
    next_review: HalfYear

    @property
    def missing(self) -> int | None:
        """How many more than in the last review."""
        if self.needed is None or self.analysed is None:
            return None
        return max(0, self.needed - self.analysed)

    @property
    def fits_a_review(self) -> bool | None:
        """Whether one review holds as many at the present rate."""
        return None if self.months is None else self.months <= REVIEW_MONTHS

    def to_dict(self) -> dict[str, Any]:
        return {
            "analysed_in_last_review": self.analysed,
            "needed_in_one_review": self.needed,
            "still_missing": self.missing,
            "months_at_present_rate": self.months,
            "one_review_holds_them": self.fits_a_review,
            "not_a_matter_of_patients": [OBSTACLES[code][1] for code in self.obstacles],
            "next_review": self.next_review.name,
            "due_after": self.next_review.last.isoformat(),
        }


def not_reviewed(next_review: HalfYear, obstacles: tuple[str, ...] = ()) -> StillNeeded:
    """Of a claim that was not looked at: what the rules ask at the least, and nothing read from the data."""
    needed = None if obstacles else LEAST_ANALYSED
    return StillNeeded(False, None, needed, None, obstacles, next_review)


def still_needed(claim: Claim, found: Found, next_review: HalfYear) -> StillNeeded:
    """Of a claim that was reviewed, from what it was judged by."""
    told = found.verdict.word != CANNOT_BE_TOLD
    obstacles = () if told else tuple(_obstacles(claim, found))
    if "never" in obstacles:
        obstacles = ("never",)
    needed = None if told or set(obstacles) & _NO_NUMBER else _needed(claim, found)
    if needed is not None and needed <= found.n_analysed and _is_close(claim, found):
        obstacles = (*obstacles, "close")
    months = None
    if needed is not None and found.n_analysed:
        months = math.ceil(needed * REVIEW_MONTHS / found.n_analysed - 1e-9)
    return StillNeeded(told, found.n_analysed, needed, months, obstacles, next_review)


#: With these no number of patients would do, or none can be told.
_NO_NUMBER = {"never", "nobody", "diary", "fuller_diaries", "every_day"}


# ---- what more patients will not bring -----------------------------------------------------------------------------


def _obstacles(claim: Claim, found: Found) -> Iterator[str]:
    if claim.kind == "harm":
        yield from _of_harm(claim, found)
        return
    if not found.n_started:
        yield "nobody"
    evidence = found.evidence
    if evidence is None:
        return
    if evidence.episodic_cluster:
        yield "never"
    if evidence.sinus_without_evidence:
        yield "shown_disorder"
    if evidence.wants_diary and evidence.is_recalled:
        yield "diary"
    if found.n_started and found.n_analysed < LEAST_SHARE_ANALYSED * found.n_started - 1e-9:
        yield "completeness"
    if (evidence.share_preventive_changed or 0.0) > MOST_SHARE_PREVENTIVE + 1e-9:
        yield "preventive_changed"
    elif evidence.preventive_unknown:
        yield "preventive_unknown"
    if evidence.bounds_unknown:
        yield "every_day"
    elif claim.kind != "share" and _diaries_decide(evidence, margin_of(claim)):
        yield "fuller_diaries"
    if claim.kind == "share":
        if not any(row.statistic == "bad_month_share" for row in found.numbers):
            yield "outside_average"
    elif evidence.needs_beyond and not evidence.beyond:
        yield "something_against"


def _is_close(claim: Claim, found: Found) -> bool:
    """Whether the interval of the number itself holds both less and more than the promise."""
    evidence = found.evidence
    if evidence is None or claim.kind == "share":
        return False
    return word_by_interval(evidence.change, margin_of(claim)) == CANNOT_BE_TOLD


def _of_harm(claim: Claim, found: Found) -> Iterator[str]:
    asked = next((row.value for row in found.numbers if row.statistic == "sessions_asked_72h"), None)
    if asked is None or asked < LEAST_SHARE_ASKED - 1e-9:
        yield "asked_72h"
    seen = found.numbers[0].value
    if seen is not None and seen >= (claim.at_most or 0.0):
        yield "above_declared"


def _diaries_decide(evidence: ChangeEvidence, margin: float) -> bool:
    """Whether missing days alone keep either verdict away, however many patients there are: by the means."""

    def means(intervals: tuple[Interval, ...]) -> list[float]:
        return [one.value for one in intervals if one.value is not None]

    by_odds, bounds = means(evidence.by_odds), means(evidence.bounds)
    if not by_odds or not bounds or max(by_odds) - min(by_odds) < 1e-9:
        return False
    can_be_consistent = max(by_odds) < -margin and max(bounds) < 0
    can_be_excluded = min(by_odds) > -margin
    return not (can_be_consistent or can_be_excluded)


# ---- how many patients ---------------------------------------------------------------------------------------------


def _needed(claim: Claim, found: Found) -> int | None:
    """Patients analysed in one review; None where their spread cannot be told yet."""
    if claim.kind in ("share", "harm"):
        seen = found.numbers[0]
        if seen.count is None or not seen.n:
            return LEAST_ANALYSED
        declared = (claim.at_most if claim.kind == "harm" else claim.at_least) or 0.0
        interval = clopper_pearson if claim.kind == "harm" else share
        confidence = seen.confidence

        def is_told(n: int) -> bool:
            # Rounded up: never fewer events or failures than were seen.
            count = round(seen.count / seen.n * n) if seen.count else 0
            limits = interval(count, n, confidence)
            return (
                limits.low is not None
                and limits.high is not None
                and not limits.low <= declared <= limits.high
            )

        return _fewest(is_told)
    least = LEAST_ANALYSED
    if found.smaller and found.n_analysed:
        least = math.ceil(LEAST_ANALYSED * found.n_analysed / found.smaller)
    row = next((one for one in found.numbers if one.statistic in ("change", "difference")), None)
    if row is None or row.low is None or row.high is None or row.n < 2 or row.high <= row.low:
        return least
    sd = (row.high - row.low) / 2 * math.sqrt(row.n) / t_quantile(row.confidence, row.n - 1)
    try:
        by_interval = patients_needed(margin_of(claim), sd, POWER, 1 - row.confidence)
    except PlanError:
        return None
    return max(least, by_interval) if by_interval <= MOST_PLANNED else None


def _fewest(is_told: Callable[[int], bool]) -> int | None:
    """The fewest patients from 20 on whose interval leaves the declared share out; None beyond MOST_PLANNED."""
    low, high = LEAST_ANALYSED - 1, LEAST_ANALYSED
    while not is_told(high):
        low, high = high, 2 * high
        if high > MOST_PLANNED:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_told(middle) else (middle, high)
    return high
