"""How much worse than the recorded days the missing ones would have to be before the answer tips."""

from __future__ import annotations

from dataclasses import replace

from outcomes.analysis.estimates import Estimate
from outcomes.analysis.missing_diaries.imputation import ImputedChanges, pooled_change
from outcomes.analysis.missing_diaries.started import Answer, Started
from outcomes.plan import DAYS_PER_PERIOD

_METHOD = "smallest odds tried at which the interval holds 0"
_SUFFIXES = ("", "_all_started")


def tipping_point(
    started: Started, imputed: ImputedChanges | Estimate, odds: tuple[float, ...], confidence: float
) -> tuple[Answer, ...]:
    """The change with the odds of headache on missing follow-up days multiplied, and where it tips.

    `tipping_change_X`, one row for each of the odds tried, and `tipping_odds`: the smallest of them at which the
    interval of the change holds 0. None where it holds at all of them (the note says up to where), where it goes
    from below 0 to above 0 between two of them (the note says which), and where the change is no reduction to
    begin with. The same with `_all_started`, drop-outs in. Baseline days are imputed as
    the model has them. `tipping_shift_all_started`: by how many days per 28 the change of those lost would have
    to be worse than the model has it for the mean change over all to be 0: −change ÷ share lost.
    """
    rows: list[Answer] = []
    for who, suffix in enumerate(_SUFFIXES):
        n = (started.n_analysed, len(started))[who]
        found = [_at(started, imputed, each, who, confidence) for each in odds]
        rows += [
            Answer(f"tipping_change_{each:g}{suffix}", estimate, n)
            for each, estimate in zip(odds, found, strict=True)
        ]
        rows.append(Answer(f"tipping_odds{suffix}", _tips(odds, found), n, "odds"))
    rows.append(_shift(started, imputed, confidence))
    return tuple(rows)


def _at(
    started: Started, imputed: ImputedChanges | Estimate, odds: float, who: int, confidence: float
) -> Estimate:
    if isinstance(imputed, Estimate):
        return imputed
    found = pooled_change(started, imputed, imputed.odds.index(odds), who, confidence)
    return replace(found, method=f"missing follow-up days at odds × {odds:g}; {found.method}")


def _tips(odds: tuple[float, ...], found: list[Estimate]) -> Estimate:
    if any(each.low is None or each.high is None for each in found):
        why = next(each for each in found if each.low is None or each.high is None)
        return Estimate(None, None, None, None, _METHOD, ("no interval to tip", *why.notes))
    for position, (each, estimate) in enumerate(zip(odds, found, strict=True)):
        if estimate.low is not None and estimate.low > 0:
            note = "not_a_reduction: the change is above 0 before any odds could make it so"
            if position:
                note = (
                    f"passed_over: the interval holds 0 somewhere between {odds[position - 1]:g} and {each:g}"
                )
            return Estimate(None, None, None, None, _METHOD, (note,))
        if estimate.high is not None and estimate.high >= 0:
            after = f"between {odds[position - 1]:g} and {each:g}" if position else "at the first odds tried"
            return Estimate(each, None, None, None, _METHOD, (f"the interval comes to hold 0 {after}",))
    return Estimate(None, None, None, None, _METHOD, (f"does not tip up to odds × {odds[-1]:g}",))


def _shift(started: Started, imputed: ImputedChanges | Estimate, confidence: float) -> Answer:
    name, n = "tipping_shift_all_started", len(started)
    method = "−change ÷ share lost"
    lost = n - started.n_analysed
    if isinstance(imputed, Estimate):
        return Answer(name, replace(imputed, method=method), n)
    if not lost:
        return Answer(name, Estimate(None, None, None, None, method, ("nobody was lost",)), n)
    change = imputed.estimate(0, 1, confidence).value
    if change is None:
        return Answer(name, Estimate(None, None, None, None, method, ("no change to shift",)), n)
    shift = -change * n / lost
    notes = () if abs(shift) <= DAYS_PER_PERIOD else ("more than a month has days: no such shift can be",)
    return Answer(name, Estimate(shift, None, None, None, method, notes), n)
