"""The sensitivity methods of `compare --all-methods` for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from outcomes.analysis.results import Statistic

#: The name of each method's statistic, as people read it.
METHOD_NAMES = {
    "wilcoxon_pratt": "Wilcoxon–Pratt Z",
    "hodges_lehmann": "pseudomedian of changes",
    "sign_flip": "mean change, sign flips",
    "bootstrap_t": "mean change, bootstrap-t",
    "d_av": "d_av, in mean SDs",
    "d_z": "d_z, in SDs of the change",
    "probability_of_improvement": "probability of improvement",
    "rank_biserial": "rank-biserial correlation",
    "rate_ratio_log_delta": "rate ratio, log-delta",
    "rate_ratio_day_weighted": "rate ratio, day-weighted",
    "conditional_poisson": "rate ratio, conditional Poisson",
}

#: Notes that say why there is nothing; the others are in the table of rows.
_WHY = (
    "no_",
    "not run",
    "not_computed",
    "insufficient_n",
    "zero_variance",
    "unbounded",
    "all_zero",
    "one_direction",
)


def methods_text(rows: Sequence[tuple[Statistic, str, str, str]], mode: str = "") -> list[str]:
    """Lines for the sensitivity methods among the rows of one comparison: none where there are none.

    A row is the statistic with its value, interval and p, rounded for reading. A dash is undefined, and the
    line says why.
    """
    wanted = [
        (METHOD_NAMES[row.statistic], value, between, p, _why(row))
        for row, value, between, p in rows
        if row.statistic in METHOD_NAMES
    ]
    if not wanted:
        return []
    first = rows[0][0]
    title = f"{first.endpoint}{mode}, {first.n:,} pairs by other methods (the default is the change above)"
    heads = ("", "value", "interval", "p", "")
    widths = [max(len(line[column]) for line in (heads, *wanted)) for column in range(4)]
    lines = [
        f"  {name.ljust(widths[0])}  {value.rjust(widths[1])}  {between.rjust(widths[2])}  {p.rjust(widths[3])}  {why}"
        for name, value, between, p, why in (heads, *wanted)
    ]
    return ["", f"{title}:", *(line.rstrip() for line in lines)]


def _why(row: Statistic) -> str:
    """Why the row lacks its value or interval, without the code before the words."""
    found = [note.split(": ", 1)[-1] for note in row.notes if note.startswith(_WHY)]
    return found[0] if found else ""
