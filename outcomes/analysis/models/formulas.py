"""Formulas such as `value ~ period + group`, through the engine that statsmodels uses, into numbers."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.estimates import Values
from outcomes.analysis.models.terms import warnings_as_notes
from outcomes.errors import PlanError

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Design:
    """What a formula makes of a table: the outcome, the columns of the model and their names.

    `kept` marks the rows of the table that have everything the formula needs; the others are left out.
    `model` is statsmodels' OLS of the same formula, not fitted.
    """

    formula: str
    outcome: Values
    matrix: Values
    names: tuple[str, ...]
    kept: Flags
    notes: tuple[str, ...] = ()
    model: Any = field(default=None, repr=False)

    def rows(self, frame: pd.DataFrame) -> Values:
        """The columns of the model for other rows, coded as the formula coded its own."""
        from statsmodels.regression.linear_model import RegressionResults

        # A prediction with one coefficient at 1 and the others at 0 is that coefficient's column, and all of them
        # at once are the columns: the only way to them through statsmodels' public names, whichever formula
        # engine stands behind them.
        every = RegressionResults(self.model, np.eye(len(self.names)))
        return np.asarray(every.predict(frame.reset_index(drop=True)), dtype=np.float64)


def design(formula: str, frame: pd.DataFrame) -> Design | None:
    """The outcome and the columns that `formula` asks of `frame`; None where no row has all that it needs.

    Raises PlanError for a formula that cannot be read, names what the table lacks, or has no number on its
    left side, or an infinite one.
    """
    from statsmodels.regression.linear_model import OLS

    _check_outcome(formula, frame)
    fresh = frame.reset_index(drop=True)
    notes: list[str] = []
    with warnings_as_notes(notes, "reading the formula"):
        try:
            model = OLS.from_formula(formula, data=fresh, missing="drop")
        except ValueError:
            return None
        except Exception as error:
            raise PlanError(f"The formula '{formula}' cannot be followed with these columns.") from error
    if not np.isfinite(np.asarray(model.endog, dtype=np.float64)).all():
        raise PlanError(f"The outcome of the formula '{formula}' holds a value that is not finite.")
    kept = np.zeros(len(fresh), dtype=np.bool_)
    kept[np.asarray(model.data.row_labels, dtype=np.int64)] = True
    return Design(
        formula=formula,
        outcome=np.asarray(model.endog, dtype=np.float64),
        matrix=np.asarray(model.exog, dtype=np.float64),
        names=tuple(model.exog_names),
        kept=kept,
        notes=tuple(notes),
        model=model,
    )


def plain_design(frame: pd.DataFrame, outcome: str, category: str, numbers: Sequence[str]) -> Design:
    """What `design` gives for `outcome ~ numbers + C(category)`, without reading a formula.

    Reading one costs a second for statsmodels and what it needs. Every row of `frame` must be complete and `category`
    hold text; of a category with one level there is no column. The columns stand in the order of a formula's: the
    category's before the numbers. Raises PlanError for a number that is not finite.
    """
    if not np.isfinite(frame[[outcome, *numbers]].to_numpy(np.float64)).all():
        raise PlanError("The rows of the model hold a value that is not finite.")
    levels = sorted(frame[category].unique())[1:]
    columns = [np.ones(len(frame)), *((frame[category] == level).to_numpy(np.float64) for level in levels)]
    columns += [frame[name].to_numpy(np.float64) for name in numbers]
    told = [outcome, " + ".join([*numbers, *([f"C({category})"] if levels else [])])]
    return Design(
        formula=" ~ ".join(told),
        outcome=frame[outcome].to_numpy(np.float64),
        matrix=np.column_stack(columns),
        names=("Intercept", *(f"C({category})[T.{level}]" for level in levels), *numbers),
        kept=np.ones(len(frame), dtype=np.bool_),
    )


def formula_of(outcome: str, terms: Iterable[str]) -> str:
    """`outcome ~ term + term`, with names that are no Python names put into quotes."""
    return f"{quoted(outcome)} ~ {' + '.join(quoted(term) for term in terms)}"


def quoted(name: str) -> str:
    """The name of a column as a formula may hold it."""
    if name.isidentifier() and not keyword.iskeyword(name) and name not in ("C", "I", "Q"):
        return name
    return f"Q({name!r})"


def need_columns(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise PlanError for the columns that the table lacks."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise PlanError(f"The table has no column {', '.join(repr(name) for name in missing)}.")


def need_numbers(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise PlanError for columns that are not there, and for those that hold words or infinite numbers."""
    names = tuple(names)
    need_columns(frame, names)
    for name in names:
        if not _holds_numbers(frame[name]):
            raise PlanError(f"The column '{name}' holds something that is not a finite number.")


def _holds_numbers(column: pd.Series) -> bool:
    """Finite numbers, missing ones among them; digits that are text are no numbers."""
    if (
        not pd.api.types.is_numeric_dtype(column)
        and pd.api.types.infer_dtype(column, skipna=True) == "string"
    ):
        return False
    try:
        return not bool(np.isinf(column.astype("float64")).any())
    except (TypeError, ValueError):
        return False


def _check_outcome(formula: str, frame: pd.DataFrame) -> None:
    left = formula.partition("~")[0].strip()
    if "~" not in formula or not left:
        raise PlanError(f"The formula '{formula}' has no outcome on its left side.")
    numbers = left in frame.columns and pd.api.types.is_numeric_dtype(frame[left])
    if left in frame.columns and (not numbers or pd.api.types.is_bool_dtype(frame[left])):
        raise PlanError(f"The outcome '{left}' of the formula is not a column of numbers.")
