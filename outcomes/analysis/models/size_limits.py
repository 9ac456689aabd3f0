"""How many rows a model takes, and what stands in its place beyond: decided by the rows, never by a timer.

Each limit is what one core runs in about half a minute and some hundred MiB
(docs/performance.md#a-million-patients).
"""

from __future__ import annotations

#: Rows (a patient in a period) of the count models, whose likelihood is a sum over nodes for every patient.
MOST_ROWS_BY_QUADRATURE = 80_000

#: Recorded patient-days of the mixed logit.
MOST_DAYS_BY_QUADRATURE = 2_000_000

#: Rows (a patient in a period) of the linear mixed models.
MOST_ROWS_OF_MIXED = 1_000_000

PAIRED_INSTEAD = "the paired comparison needs no model and has every patient"
DAYS_INSTEAD = "clustered_logit counts each patient's days and integrates nothing"


def too_large(rows: int, most: int, instead: str) -> str:
    """Why a model of so many rows is not run, and what can be used; empty where it is."""
    if rows <= most:
        return ""
    return f"too_large: {rows:,} rows are more than the {most:,} that this model is run for; {instead}"
