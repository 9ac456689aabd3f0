"""The rules by which a claim is judged: numbers in, one of three verdicts and every reason out.

Nothing here reads records or chooses what to look at: whoever calls has computed each number by the plan, at the
confidence that many claims leave (`claim_confidence`). A verdict says what the records show, never what caused it.
Rules and their reasons: docs/claims.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CONSISTENT = "consistent with our records"
NOT_SUPPORTED = "not supported"
CANNOT_BE_TOLD = "cannot be told"

LEAST_ANALYSED = 20
LEAST_SHARE_ANALYSED = 0.7
MOST_SHARE_PREVENTIVE = 0.2
LEAST_SHARE_ASKED = 0.9

#: By how much the odds of headache on the missing days of one window may differ from those of its recorded days: the
#: whole range that the project's statistics ask of a tipping analysis (odds 1, 1.5, 2, 3, 5). Not the plan's key
#: `tipping_odds`: what could be moved to fit the data would be.
MISSING_ODDS = 5.0

MISSING_DAYS = "the days that nobody recorded could change the verdict"

NOTHING_AGAINST = (
    "a bad month alone could give this: nothing is kept to set against it, neither a baseline after the booking nor a "
    "concurrent group nor, for headache days, an average from outside"
)


@dataclass(frozen=True)
class Interval:
    """An estimate with the limits at the claims' confidence. None: undefined."""

    value: float | None
    low: float | None
    high: float | None

    @property
    def known(self) -> bool:
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Verdict:
    """`word` is one of the three; `reasons` say what decided, in sentences without a subject."""

    word: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ChangeEvidence:
    """What is known of a mean change, or of a difference of two. All intervals are improvements as negative numbers,
    in the claim's unit.

    `returned`: with drop-outs back at their baseline. `beyond`: what must be below 0 as well, each with the sentence
    that stands where it is not: the change from a repeat baseline that qualifies, the difference to a concurrent
    group, the change beyond what a bad month alone gives. `needs_beyond`: without any of them it is never consistent.
    `by_odds`: the change were headache on the missing days of one window `MISSING_ODDS` times as likely (in odds) as on
    its recorded days, or as much less; `bounds`: were every missing day of one window with headache, or none;
    `bounds_unknown` where days are missing and that cannot be worked out. `without_preventive`: leaving out those who
    changed a preventive drug; `preventive_unknown` where nobody wrote down for too many whether they did.
    """

    n_started: int
    n_analysed: int
    change: Interval
    returned: Interval | None
    beyond: tuple[tuple[str, Interval], ...] = ()
    needs_beyond: bool = True
    by_odds: tuple[Interval, ...] = ()
    bounds: tuple[Interval, ...] = ()
    bounds_unknown: bool = False
    share_preventive_changed: float | None = None
    preventive_unknown: bool = False
    without_preventive: Interval | None = None
    is_recalled: bool = False
    wants_diary: bool = True
    episodic_cluster: bool = False
    sinus_without_evidence: bool = False


def claim_confidence(confidence: float, asked: int) -> float:
    """1 − (1 − confidence)/m: the confidence of each interval where m claims are declared (Bonferroni)."""
    return 1 - (1 - confidence) / max(1, asked)


def judge_change(evidence: ChangeEvidence, margin: float) -> Verdict:
    """Rules 2 and 3: is the mean change an improvement by more than the margin?

    Consistent: the whole interval improves by more than the margin, also with drop-outs returned to baseline, and
    what is set against it (repeat baseline, group, or the range of a bad month) leaves an excess. Not supported: an
    improvement of the margin is excluded. Otherwise, and wherever rule 3 applies, it cannot be told.
    """
    if barred := tuple(barred_by(evidence)):
        return Verdict(CANNOT_BE_TOLD, barred)
    word, reasons = _by_interval(evidence.change, margin)
    held_back = tuple(_held_back(evidence, margin)) if word == CONSISTENT else ()
    # All that stands in the way is told: who removes one obstacle should know of the next.
    if stopped := (*held_back, *_moved(evidence, margin, word)):
        return Verdict(CANNOT_BE_TOLD, stopped)
    return Verdict(word, reasons)


def word_by_interval(change: Interval, margin: float) -> str:
    """What rule 2 says of the interval alone."""
    return _by_interval(change, margin)[0]


def _by_interval(change: Interval, margin: float) -> tuple[str, tuple[str, ...]]:
    if change.low is None or change.high is None:
        return CANNOT_BE_TOLD, ("there is no interval for the change",)
    if change.high < -margin:
        return CONSISTENT, ("the whole interval lies beyond the margin",)
    if change.low > -margin:
        return NOT_SUPPORTED, ("an improvement as large as the margin is excluded",)
    return CANNOT_BE_TOLD, ("the interval holds both less and more than the margin",)


def barred_by(evidence: ChangeEvidence) -> Iterator[str]:
    """Rule 3: why the numbers are not even looked at."""
    if evidence.episodic_cluster:
        yield "episodic cluster headache is never compared before and after: bouts end by themselves"
    if evidence.sinus_without_evidence:
        yield "sinus headache counts only where a disorder of nose or sinuses is shown; it mostly is the patient's word"
    if evidence.wants_diary and evidence.is_recalled:
        yield "recalled, not recorded day by day"
    if evidence.n_analysed < LEAST_ANALYSED:
        yield f"fewer than {LEAST_ANALYSED} patients analysed"
    if evidence.n_started and evidence.n_analysed < LEAST_SHARE_ANALYSED * evidence.n_started - 1e-9:
        yield f"fewer than {LEAST_SHARE_ANALYSED:.0%} of those who started could be analysed"
    if (evidence.share_preventive_changed or 0.0) > MOST_SHARE_PREVENTIVE + 1e-9:
        yield f"more than {MOST_SHARE_PREVENTIVE:.0%} changed a preventive drug"
    elif evidence.preventive_unknown:
        yield (
            "whether a preventive drug was changed is not written down for enough patients to exclude that more than "
            f"{MOST_SHARE_PREVENTIVE:.0%} did"
        )


def _held_back(evidence: ChangeEvidence, margin: float) -> Iterator[str]:
    """Why a change whose interval lies beyond the margin is not yet consistent."""
    returned = evidence.returned
    if returned is None or returned.high is None:
        yield "the change with drop-outs returned to baseline is not known"
    elif not returned.high < -margin:
        yield "with drop-outs returned to baseline the interval no longer lies beyond the margin"
    if evidence.needs_beyond and not evidence.beyond:
        yield NOTHING_AGAINST
    for where_not, beyond in evidence.beyond:
        if beyond.high is None or not beyond.high < 0:
            yield where_not


def _moved(evidence: ChangeEvidence, margin: float, word: str) -> Iterator[str]:
    """What would give another verdict: the days nobody recorded, and those who changed a preventive drug."""
    if word == CANNOT_BE_TOLD:
        return
    if evidence.bounds_unknown:
        yield "days are missing, and how far they could move the number cannot be worked out: they could change it"
    elif _missing_days_matter(evidence, margin, word):
        yield MISSING_DAYS
    without = evidence.without_preventive
    if without is not None and _by_interval(without, margin)[0] != word:
        yield "leaving out those who changed a preventive drug changes the verdict"


def _missing_days_matter(evidence: ChangeEvidence, margin: float, word: str) -> bool:
    """Whether missing days change the verdict: within the odds, or, at the worst of all, whether anything is left.

    At the worst that missing days can be, a consistent change must still be an improvement, by the whole interval;
    at the best, an excluded one must not turn into a consistent one.
    """
    if any(_by_interval(one, margin)[0] != word for one in evidence.by_odds):
        return True
    if word == CONSISTENT:
        return any(bound.high is None or not bound.high < 0 for bound in evidence.bounds)
    return any(_by_interval(bound, margin)[0] == CONSISTENT for bound in evidence.bounds)


def judge_share(
    low: float | None,
    high: float | None,
    n_started: int,
    declared: float,
    by_bad_month: float | None,
    *,
    barred: tuple[str, ...] = (),
    others: tuple[tuple[str, float | None, float | None], ...] = (),
    bounds: tuple[tuple[float | None, float | None], ...] = (),
) -> Verdict:
    """Rule 4: a share of those who started, a missing follow-up counted as a failure, by its Wilson limits.

    Consistent: the lower limit lies above the declared share and above the upper end of what entering in a bad
    month alone gives (`by_bad_month`; not computable: never consistent). Not supported: the upper limit lies below
    the declared share. `barred` are the reasons of rule 3. `others` are the limits under other readings of the same
    records, each with the sentence that stands where it gives another verdict. `bounds` are the limits at the worst
    and the best that missing days can be: at the worst a consistent share must still lie above a bad month's, at the
    best an excluded one must not turn into a consistent one.
    """
    few = (f"fewer than {LEAST_ANALYSED} patients started",) if n_started < LEAST_ANALYSED else ()
    if barred or few:
        return Verdict(CANNOT_BE_TOLD, (*barred, *few))
    word, reasons = _share_by_limits(low, high, declared)
    if word == CONSISTENT and by_bad_month is None:
        reasons = ("how many would have improved by entering in a bad month alone is not known",)
        return Verdict(CANNOT_BE_TOLD, reasons)
    if word == CONSISTENT and not (low or 0.0) > (by_bad_month or 0.0):
        return Verdict(CANNOT_BE_TOLD, ("as many could have improved by entering in a bad month alone",))
    if word != CANNOT_BE_TOLD:
        moved = tuple(
            why for why, least, most in others if _share_by_limits(least, most, declared)[0] != word
        )
        if word == CONSISTENT:
            turned = any(not (least or 0.0) > (by_bad_month or 0.0) for least, _ in bounds)
        else:
            turned = any(_share_by_limits(*limits, declared)[0] == CONSISTENT for limits in bounds)
        if moved or turned:
            return Verdict(CANNOT_BE_TOLD, moved or (MISSING_DAYS,))
    return Verdict(word, reasons)


def _share_by_limits(low: float | None, high: float | None, declared: float) -> tuple[str, tuple[str, ...]]:
    if low is None or high is None:
        return CANNOT_BE_TOLD, ("there is no interval for the share",)
    if high < declared:
        return NOT_SUPPORTED, ("the whole interval lies below the declared share",)
    if low > declared:
        return CONSISTENT, ("the whole interval lies above the declared share and above a bad month's",)
    return CANNOT_BE_TOLD, ("the interval holds both less and more than the declared share",)


def judge_harm(
    n_patients: int, low: float | None, high: float | None, declared: float, share_asked: float | None
) -> Verdict:
    """Rule 5: patients with the event, by exact limits, against the declared rate. None seen is never no risk.

    `share_asked`: of the sessions, those after which the event was asked for 72 hours later.
    """
    if share_asked is None or share_asked < LEAST_SHARE_ASKED - 1e-9:
        return Verdict(
            CANNOT_BE_TOLD,
            (f"not asked for, 72 hours after, at {LEAST_SHARE_ASKED:.0%} of sessions or more",),
        )
    if n_patients < LEAST_ANALYSED:
        return Verdict(CANNOT_BE_TOLD, (f"fewer than {LEAST_ANALYSED} patients asked",))
    if low is None or high is None:
        return Verdict(CANNOT_BE_TOLD, ("there is no interval for the rate",))
    if high < declared:
        return Verdict(CONSISTENT, ("the upper limit lies below the declared rate",))
    if low > declared:
        return Verdict(NOT_SUPPORTED, ("the whole interval lies above the declared rate",))
    return Verdict(CANNOT_BE_TOLD, ("the interval holds both less and more than the declared rate",))


def judge_contrast(
    difference: ChangeEvidence, n_of: int, n_against: int, margin: float, barred: tuple[str, ...] = ()
) -> Verdict:
    """Rule 7: one type of patients against the others, by the interval of the difference of their changes.

    `difference` holds that difference under each of the readings of rule 2, with baselines held equal among what must
    be below 0 too: a type that begins higher has further to fall. `barred`: why rule 3 stops either side.
    """
    reasons = [
        *barred,
        *(
            f"fewer than {LEAST_ANALYSED} patients {side}"
            for side, n in (("of the type", n_of), ("of the others", n_against))
            if n < LEAST_ANALYSED
        ),
    ]
    if reasons:
        return Verdict(CANNOT_BE_TOLD, tuple(dict.fromkeys(reasons)))
    return judge_change(difference, margin)
