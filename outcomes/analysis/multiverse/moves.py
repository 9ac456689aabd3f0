"""How far the answer moves, which choice moves it, and how many ways lead to the other side of no change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from outcomes.analysis.estimates import MIN_PAIRS_FOR_P

#: Names of the lines that are not one choice.
ALL_ROWS, BOUNDS, ALL_WITH_BOUNDS = "all choices", "missing_data, bounds", "all choices, with bounds"

_COLUMNS = ["choice", "rows", "lowest", "lowest_option", "highest", "highest_option", "range"]


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with an estimate of five patients or more (or of as many as the default has, if that is fewer).

    One patient who recorded enough days for the strictest combination is no answer to hold against the others.
    """
    known = frame[frame["value"].notna()]
    planned = known.loc[known["is_default"], "n"]
    least = min([MIN_PAIRS_FOR_P, *planned])
    return known[known["n"] >= least]


def which_moves_it(frame: pd.DataFrame, choices: list[str]) -> pd.DataFrame:
    """One line per choice: the estimates where this choice alone departs from the default.

    `range` is highest − lowest, the default among them; lines of choices come widest first. Then all rows
    together, without and with the bounds of the missing days, which are limits and not answers. A choice of one
    option has a range of 0. Only rows that are `comparable` count. No lines where there is no default estimate.
    """
    default = _default(frame)
    if default is None:
        return pd.DataFrame([], columns=_COLUMNS)
    known = comparable(frame)
    answers = known[~known["is_bound"]]
    one_moves = [_line(choice, _moving_only(choice, answers, default, choices), choice) for choice in choices]
    one_moves.sort(key=lambda line: -line["range"])
    lines = [*one_moves, _line(ALL_ROWS, answers, None)]
    if known["is_bound"].any():
        bounds = _moving_only("missing_data", known, default, choices)
        lines += [
            _line(BOUNDS, bounds[bounds["is_bound"]], "missing_data"),
            _line(ALL_WITH_BOUNDS, known, None),
        ]
    return pd.DataFrame(lines, columns=_COLUMNS)


def sides(frame: pd.DataFrame) -> pd.DataFrame:
    """How many rows, with how many on which side of 0: without the bounds, and with them.

    `excludes_zero` rows have an interval that does not hold 0; `other_side` rows have an estimate on the other
    side of 0 than the default's; `contradicts` rows have both. The two `share_…` columns are of the rows with an
    interval and of those with an estimate; NaN where there are none, or where the default is 0 or unknown. Only
    rows that are `comparable` count.
    """
    default = _default(frame)
    sign = float(np.sign(default["value"])) if default is not None else np.nan
    lines = []
    everything = comparable(frame)
    for name, known in ((ALL_ROWS, everything[~everything["is_bound"]]), (ALL_WITH_BOUNDS, everything)):
        with_interval = known[known["low"].notna() & known["high"].notna()]
        excludes = (with_interval["low"] > 0) | (with_interval["high"] < 0)
        other = np.sign(known["value"]) == -sign if sign else known["value"].isna()
        lines.append(
            {
                "rows": name,
                "estimated": len(known),
                "with_interval": len(with_interval),
                "excludes_zero": int(excludes.sum()),
                "other_side": int(other.sum()),
                "contradicts": int((excludes & other.reindex(with_interval.index)).sum()),
                "share_excludes_zero": _share(int(excludes.sum()), len(with_interval)),
                "share_other_side": _share(int(other.sum()), len(known)) if sign in (-1, 1) else np.nan,
            }
        )
    return pd.DataFrame(lines)


def _default(frame: pd.DataFrame) -> pd.Series | None:
    rows = frame[frame["is_default"] & frame["value"].notna()]
    return rows.iloc[0] if len(rows) else None


def _moving_only(choice: str, rows: pd.DataFrame, default: pd.Series, choices: list[str]) -> pd.DataFrame:
    """Rows that are like the default in every other choice."""
    others = [name for name in choices if name != choice]
    return rows[(rows[others] == default[others]).all(axis=1)]


def _line(name: str, rows: pd.DataFrame, option_of: str | None) -> dict[str, Any]:
    ordered = rows.sort_values("value", kind="stable")
    low, high = ordered.iloc[0], ordered.iloc[-1]
    return {
        "choice": name,
        "rows": len(rows),
        "lowest": float(low["value"]),
        "lowest_option": str(low[option_of]) if option_of else "",
        "highest": float(high["value"]),
        "highest_option": str(high[option_of]) if option_of else "",
        "range": float(high["value"] - low["value"]),
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
