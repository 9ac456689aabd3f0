"""Concurrent groups compared with the baseline held equal (ANCOVA), and their responders side by side.

The only models here that set treated patients against untreated ones of the same time. Without random
allocation the groups may still differ in what nobody recorded, and a note says so.
Definition and sources: docs/method.md#groups-side-by-side.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from outcomes.analysis.comparison import TIE_TOLERANCE, pair_by_patient
from outcomes.analysis.endpoints import FIXED_COLUMNS, endpoint_names
from outcomes.analysis.estimates import Values
from outcomes.analysis.models.fitted import FittedModel, Status, Term
from outcomes.analysis.models.formulas import Design, design, formula_of, need_columns
from outcomes.analysis.models.terms import wald_term, warnings_as_notes
from outcomes.errors import PlanError

#: What a difference between groups that nobody drew by lot cannot rule out.
NOT_RANDOMISED = (
    "groups_may_differ: not allocated at random, so the groups may differ in what was not recorded"
)

#: Codes of `patients.group` that others are compared with, in the order in which one is chosen.
UNTREATED = ("waiting_list", "usual_care", "sham", "other")

_ANCOVA = "ANCOVA: follow-up on group and baseline by least squares, t interval"
_NEWCOMBE = "difference of two proportions, Newcombe's interval from Wilson's"

#: A residual this small beside the outcome's own spread is a perfect fit; beside its size it is rounding.
_NO_RESIDUAL, _ROUNDING = 1e-12, 1e-20


def group_frame(endpoints: pd.DataFrame, endpoint: str, mode: str | None = None) -> pd.DataFrame:
    """One row per patient for `ancova`: `patient_id`, `baseline`, `followup` and the categories of `patients`.

    `endpoints` comes from `measure_endpoints`. Add further columns (age, years with headache) by merging
    them on `patient_id`. Raises PlanError for an endpoint that the records do not hold.
    """
    pairs = pair_by_patient(endpoints, endpoint, mode)
    categories = [
        name for name in endpoints.columns if name not in (*FIXED_COLUMNS, *endpoint_names(endpoints))
    ]
    people = endpoints.drop_duplicates("patient_id").set_index("patient_id")[categories]
    return pairs.join(people).reset_index()


def ancova(
    frame: pd.DataFrame,
    outcome: str = "followup",
    baseline: str = "baseline",
    group: str = "group",
    covariates: Sequence[str] = (),
    *,
    reference: Hashable | None = None,
    categorical: Sequence[str] = (),
    randomised: bool = False,
    confidence: float = 0.95,
    unit: str = "days per 28",
) -> FittedModel:
    """Difference in `outcome` between groups at the same `baseline` and covariates, one row per patient.

    `difference` is the other group minus `reference` in `unit`: for headaches, negative is fewer than in the
    reference group. With more than two groups there is one `difference: NAME` each. Without `reference` the
    first of waiting_list, usual_care, sham, other that is there, else the first group in order. Covariates
    of text, bool or category are categories, the others numbers; `categorical` names columns of numbers that
    are codes. Patients who lack any of the columns are left out and counted. The other terms are the
    coefficients of the model under statsmodels' names; `.model` is statsmodels' result.

    The difference is the same whether the outcome is the follow-up or the change (Senn 2006).
    Not estimable: fewer than two groups, a group of one, no degrees of freedom left, groups that the
    covariates tell apart completely. Raises PlanError for columns that are not there and a reference that is no group.
    Source: Vickers & Altman, BMJ 2001;323:1123.
    """
    columns = [outcome, baseline, group, *covariates]
    need_columns(frame, columns)
    whole = _complete(frame, columns)
    chosen = _reference(frame, group, reference)
    others = [name for name in _groups(whole, group) if name != chosen]
    facts = _Facts("ancova", _ANCOVA, confidence, unit, whole, frame, group, chosen, randomised)
    if chosen not in set(whole[group]) or not others:
        return facts.without_numbers("one_group: no second group with complete rows to compare with")
    if min(int((whole[group] == name).sum()) for name in (chosen, *others)) < 2:
        return facts.without_numbers("insufficient_n: a group with fewer than two patients")
    coded = _coded(whole, group, [chosen, *others], [*covariates], categorical)
    found = design(formula_of(outcome, [baseline, group, *covariates]), coded)
    if found is None:
        return facts.without_numbers("no_rows: no patient has every column the model needs")
    return _fit(found, others, coded, group, facts)


def responder_difference(
    frame: pd.DataFrame,
    reduction: float,
    outcome: str = "followup",
    baseline: str = "baseline",
    group: str = "group",
    *,
    reference: Hashable | None = None,
    least_baseline: float = 0.0,
    improvement: str = "decrease",
    randomised: bool = False,
    confidence: float = 0.95,
) -> FittedModel:
    """Share of patients better by at least `reduction` percent: the other group minus `reference`.

    Two groups, one row per patient. `share` and `share_reference` are the two proportions; `difference` has
    Newcombe's interval (Newcombe 1998, method 10), `difference_wald` the normal one, which is what trials of
    2004 printed and is too narrow in small groups. Ties count. Patients without a baseline above 0 and of at
    least `least_baseline` have no percentage and are left out, as are those without a follow-up.
    Raises PlanError for columns that are not there, for more than two groups, and for an `improvement` that is
    neither `decrease` nor `increase`.
    """
    if improvement not in ("decrease", "increase"):
        raise PlanError("improvement: decrease or increase.")
    need_columns(frame, [outcome, baseline, group])
    whole = _complete(frame, [outcome, baseline, group])
    before = whole[baseline].to_numpy(np.float64)
    whole = whole[(before > 0) & (before >= least_baseline - TIE_TOLERANCE)]
    chosen = _reference(frame, group, reference)
    facts = _Facts("responders", _NEWCOMBE, confidence, "share", whole, frame, group, chosen, randomised)
    others = [name for name in _groups(whole, group) if name != chosen]
    if len(others) > 1:
        raise PlanError(f"'{group}' has more than two groups: cut the table to the two to compare.")
    is_reference = (whole[group] == chosen).to_numpy(np.bool_)
    if not others or not is_reference.any():
        return facts.without_numbers("one_group: no second group with complete rows to compare with")
    sign = 1.0 if improvement == "decrease" else -1.0
    before, after = whole[baseline].to_numpy(np.float64), whole[outcome].to_numpy(np.float64)
    better = sign * (before - after) / before >= reduction / 100 - TIE_TOLERANCE
    first, second = ((int(better[side].sum()), int(side.sum())) for side in (~is_reference, is_reference))
    return facts.fitted("converged", "", _risk_terms(first, second, confidence), None)


def _risk_terms(first: tuple[int, int], second: tuple[int, int], confidence: float) -> tuple[Term, ...]:
    from outcomes.analysis.proportions import newcombe_independent, share

    shares = [share(*counts, confidence) for counts in (first, second)]
    newcombe = newcombe_independent(*first, *second, confidence)
    (a, n), (b, m) = first, second
    difference = a / n - b / m
    error = math.sqrt(a * (n - a) / n**3 + b * (m - b) / m**3)
    # Nobody or everybody on both sides: no spread to build the normal interval on.
    wald = wald_term("difference_wald", difference, error, confidence, "difference of shares")
    rows = [
        Term(name, found.value, None, found.low, found.high, None, None, "share")
        for name, found in zip(("share", "share_reference"), shares, strict=True)
    ]
    rows += [
        Term("difference", difference, None, newcombe.low, newcombe.high, None, None, "difference of shares"),
        wald,
    ]
    return tuple(rows)


class _Facts:
    """What is the same in every answer about one comparison of groups, whether it has numbers or not."""

    def __init__(
        self, name: str, method: str, confidence: float, unit: str, whole: pd.DataFrame,
        frame: pd.DataFrame, group: str, reference: Hashable, randomised: bool,
    ):  # fmt: skip
        self.name, self.method, self.confidence, self.unit = name, method, confidence, unit
        self.n, self.n_left_out = len(whole), len(frame) - len(whole)
        self.sizes = {str(key): int((whole[group] == key).sum()) for key in _groups(frame, group)}
        self.reference = str(reference)
        self.notes: tuple[str, ...] = () if randomised else (NOT_RANDOMISED,)

    def fitted(
        self, status: Status, reason: str, terms: tuple[Term, ...], model: Any, notes: tuple[str, ...] = (),
        log_likelihood: float | None = None,
    ) -> FittedModel:  # fmt: skip
        settings = {"reference": self.reference, "group_sizes": MappingProxyType(self.sizes)}
        return FittedModel(
            name=self.name, status=status, reason=reason, terms=terms, n=self.n, n_left_out=self.n_left_out,
            n_rows=self.n, confidence=self.confidence, method=self.method, notes=(*notes, *self.notes),
            log_likelihood=log_likelihood, settings=MappingProxyType(settings), model=model,
        )  # fmt: skip

    def without_numbers(self, reason: str) -> FittedModel:
        return self.fitted("not_estimable", reason, (), None)


def _complete(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Rows that have every column, in an order that does not depend on how they came."""
    whole = frame.dropna(subset=list(columns))
    return whole.sort_values(list(columns), kind="stable", key=_sortable)


def _sortable(column: pd.Series) -> pd.Series:
    return column if pd.api.types.is_numeric_dtype(column) else column.astype(str)


def _groups(frame: pd.DataFrame, group: str) -> list[Hashable]:
    return sorted(frame[group].dropna().unique().tolist(), key=lambda name: (str(type(name)), name))


def _reference(frame: pd.DataFrame, group: str, wanted: Hashable | None) -> Hashable:
    names = _groups(frame, group)
    if wanted is not None:
        if wanted not in names:
            raise PlanError(f"'{wanted}' is not a group of '{group}'.")
        return wanted
    return next((name for name in UNTREATED if name in names), names[0] if names else "")


def _coded(
    whole: pd.DataFrame,
    group: str,
    order: list[Hashable],
    covariates: list[str],
    categorical: Sequence[str],
) -> pd.DataFrame:
    """Categories as categories, so that the formula engine compares each with the first."""
    coded = whole.copy()
    coded[group] = pd.Categorical(whole[group], categories=order)
    for name in covariates:
        numeric = pd.api.types.is_numeric_dtype(whole[name]) and not pd.api.types.is_bool_dtype(whole[name])
        if name in categorical or not numeric:
            coded[name] = pd.Categorical(whole[name], categories=_groups(whole, name))
    return coded


def _fit(
    found: Design, others: list[Hashable], coded: pd.DataFrame, group: str, facts: _Facts
) -> FittedModel:
    contrasts = _contrasts(found, others, coded, group)
    inverse = np.linalg.pinv(found.matrix)
    reachable = inverse @ found.matrix
    if any(np.abs(reachable.T @ contrast - contrast).max() > 1e-8 for contrast in contrasts):
        return facts.without_numbers("aliased: the covariates tell the groups apart completely")
    rank = int(np.linalg.matrix_rank(found.matrix))
    if len(found.outcome) - rank < 1:
        return facts.without_numbers("insufficient_n: as many coefficients as patients")
    notes = [*found.notes]
    with warnings_as_notes(notes, "least squares"):
        result = found.model.fit()
    if rank < found.matrix.shape[1]:
        notes.append("aliased: some covariates say the same; their own coefficients mean nothing")
    spread = float(np.square(found.outcome - found.outcome.mean()).sum())
    size = float(np.square(found.outcome).sum())
    exact = float(result.ssr) <= max(_NO_RESIDUAL * spread, _ROUNDING * size)
    if exact:
        notes.append("zero_variance: the model leaves no residual, so there is no interval")
    names = ["difference"] if len(others) == 1 else [f"difference: {name}" for name in others]
    terms = [
        _contrast_term(name, contrast, result, facts.confidence, facts.unit, exact)
        for name, contrast in zip(
            [*names, *found.names], [*contrasts, *np.eye(len(found.names))], strict=True
        )
    ]
    fitted = None if exact else float(result.llf)
    return facts.fitted("converged", "", tuple(terms), result, tuple(notes), fitted)


def _contrasts(found: Design, others: list[Hashable], coded: pd.DataFrame, group: str) -> list[Values]:
    """The coefficients that make up each group's difference from the reference, whatever the engine's names."""
    one = coded.iloc[[0]]
    levels = coded[group].cat.categories

    def row(level: Hashable) -> Values:
        here = one.assign(**{group: pd.Categorical([level], categories=levels)})
        first: Values = found.rows(here)[0]
        return first

    return [row(name) - row(levels[0]) for name in others]


def _contrast_term(
    name: str, contrast: Values, result: Any, confidence: float, unit: str, exact: bool
) -> Term:
    value = float(contrast @ np.asarray(result.params))
    df = float(result.df_resid)
    error = None if exact else math.sqrt(float(contrast @ np.asarray(result.cov_params()) @ contrast))
    return wald_term(name, value, error, confidence, unit, df)
