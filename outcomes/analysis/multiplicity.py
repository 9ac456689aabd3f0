"""Several endpoints, one error rate: what is tested in which order, and p values that allow for the rest.

The intervals of a comparison are not adjusted, and neither are the rows of sensitivity methods: they ask the
same question again. Formulas and sources: docs/method.md#multiplicity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from outcomes.analysis.results import ComparisonTable, PairedChange
from outcomes.errors import PlanError

Adjustment = Literal["fixed_sequence", "holm", "bh"]

PRIMARY, KEY_SECONDARY, SECONDARY, EXPLORATORY = "primary", "key secondary", "secondary", "exploratory"

#: Columns of the table of families, in order.
FAMILY_FIELDS = (
    "endpoint",
    "by",
    "group",
    "mode",
    "statistic",
    "p",
    "family",
    "adjusted_p",
    "how",
    "tested",
)


def adjusted(p_values: Sequence[float | None], method: Adjustment) -> list[float | None]:
    """P values adjusted for each other, in the order given; None and NaN become None and count for nothing.

    `fixed_sequence`: in this order, each the greatest so far. `holm`: Holm 1979, for the chance of any false
    finding. `bh`: Benjamini and Hochberg 1995, for the share of false ones among the findings. Raises
    PlanError for another method.
    """
    known = [p for p in p_values if p is not None and not math.isnan(p)]
    if method == "fixed_sequence":
        found = np.maximum.accumulate(known).tolist() if known else []
    elif method in ("holm", "bh"):
        # Worked out here: statsmodels takes a second to start, and gives the same to the last digit (a test).
        found = (_holm if method == "holm" else _benjamini_hochberg)(known) if known else []
    else:
        raise PlanError(f"'{method}' is not an adjustment. Known: fixed_sequence, holm, bh.")
    each = iter(found)
    return [None if _is_missing(p) else float(next(each)) for p in p_values]


def in_families(table: ComparisonTable) -> pd.DataFrame:
    """The p values of a table of comparisons, in families, adjusted. One row per change and ratio.

    - `primary`: the change of the plan's primary endpoint over everyone. Not adjusted.
    - `key secondary`: the plan's `key_secondaries` over everyone, in that order, each tested only if the
      primary and all before it are below 1 − confidence. An endpoint that the records do not hold is passed
      over; one without a p stops the sequence, and without the primary it does not begin. `adjusted_p` is the
      greatest p so far, and 1 where the primary, or a p before it, is missing.
    - `secondary`: the other endpoints over everyone, by Holm, tested only if the sequence came to its end.
    - `exploratory`: every group, and every mode but the headline's (the diary where there is one, else the
      first), by Benjamini–Hochberg together.

    The ratio shares the p of its change, so it is one test with it and not one more. `tested` says whether the
    order allowed the test at all: where it is False the p value is not evidence of anything. Undefined
    numbers are NaN.
    """
    mode = _headline_mode(table)
    everyone = {change.endpoint.name: change for change in table.everyone if change.mode == mode}
    alpha = 1 - table.plan.confidence
    order = dict.fromkeys((table.plan.primary_endpoint, *table.plan.key_secondaries))
    sequence = [everyone[name] for name in order if name in everyone]
    primary_there = table.plan.primary_endpoint in everyone
    rows, open_gate, worst = _sequence_rows(sequence, primary_there, table.plan.primary_endpoint, alpha)
    others = [change for name, change in everyone.items() if name not in order]
    rows += _secondary_rows(others, open_gate, worst)
    blocks = (block for block in table.blocks if block[0].by is not None or block[0].mode != mode)
    rest = [change for block in blocks for change in block]
    rows += _exploratory_rows(rest)
    frame = pd.DataFrame(rows, columns=list(FAMILY_FIELDS))
    return frame.astype({"p": "float64", "adjusted_p": "float64", "tested": "bool"})


def _is_missing(p: float | None) -> bool:
    return p is None or math.isnan(p)


def _headline_mode(table: ComparisonTable) -> str | None:
    modes = [block[0].mode for block in table.blocks]
    return "diary" if "diary" in modes else next(iter(modes), None)


def _sequence_rows(
    sequence: Sequence[PairedChange], open_gate: bool, primary: str, alpha: float
) -> tuple[list[tuple[object, ...]], bool, float]:
    """Rows of the fixed sequence, whether it came to its end, and the greatest p in it."""
    rows: list[tuple[object, ...]] = []
    worst = 0.0 if open_gate else 1.0
    for change in sequence:
        family = PRIMARY if change.endpoint.name == primary else KEY_SECONDARY
        p = change.change.p
        worst = 1.0 if p is None else max(worst, p)
        how = "not adjusted" if family == PRIMARY else "fixed sequence"
        if p is None:
            how += ": no p value"
        elif not open_gate:
            how += ": stopped before this endpoint"
        rows += _rows(change, family, None if p is None else worst, how, open_gate and p is not None)
        open_gate = open_gate and p is not None and p < alpha
    return rows, open_gate, worst


def _secondary_rows(
    changes: Sequence[PairedChange], open_gate: bool, worst: float
) -> list[tuple[object, ...]]:
    found = adjusted([change.change.p for change in changes], "holm")
    rows: list[tuple[object, ...]] = []
    for change, p in zip(changes, found, strict=True):
        how = "Holm" if open_gate else "Holm: the sequence before it stopped"
        # The gate is part of the test: nothing behind it can be surer than what had to be passed before it.
        value = None if p is None else max(p, worst)
        rows += _rows(change, SECONDARY, value, how, open_gate and p is not None)
    return rows


def _exploratory_rows(changes: Sequence[PairedChange]) -> list[tuple[object, ...]]:
    found = adjusted([change.change.p for change in changes], "bh")
    rows: list[tuple[object, ...]] = []
    for change, p in zip(changes, found, strict=True):
        rows += _rows(change, EXPLORATORY, p, "Benjamini–Hochberg", p is not None)
    return rows


def _rows(
    change: PairedChange, family: str, value: float | None, how: str, tested: bool
) -> list[tuple[object, ...]]:
    """The change, and the ratio where it has a p: the same test, so the same numbers."""
    rows: list[tuple[object, ...]] = []
    for name in ("change", "rate_ratio"):
        if name not in change or (name == "rate_ratio" and change[name].p is None):
            continue
        told = how if name == "change" else f"{how} (one test with the change)"
        where = (change.endpoint.name, change.by, change.group, change.mode)
        rows.append((*where, name, change[name].p, family, value, told, tested))
    return rows


def _holm(p_values: Sequence[float]) -> list[float]:
    """The smallest of m is taken m times, the next m − 1 times, and none becomes smaller than the one before."""
    ordered, place = np.sort(p_values), np.argsort(p_values)
    stepped = np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1))
    return _back_in_place(stepped, place)


def _benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The i-th smallest of m is taken m / i times, and none becomes greater than the one after it."""
    ordered, place = np.sort(p_values), np.argsort(p_values)
    share = np.arange(1, len(ordered) + 1) / float(len(ordered))
    stepped = np.minimum.accumulate((ordered / share)[::-1])[::-1]
    return _back_in_place(stepped, place)


def _back_in_place(adjusted_p: NDArray[np.float64], place: NDArray[np.intp]) -> list[float]:
    found = np.empty_like(adjusted_p)
    found[place] = np.minimum(adjusted_p, 1.0)
    as_given: list[float] = found.tolist()
    return as_given
