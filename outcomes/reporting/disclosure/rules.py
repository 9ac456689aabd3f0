"""The thresholds of the profiles that leave the clinic. Sources and reasons: docs/method.md#disclosure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Profile = Literal["internal", "share", "public"]

#: Profiles in the order in which reports are written; the first is exact and stays.
PROFILES: tuple[Profile, ...] = ("internal", "share", "public")

ROUND_COUNTS_TO = 5

#: Rows of a table below this number are few enough to be one patient's.
MIN_ROWS_FOR_SHARE = 100

TOO_FEW = "too few to show"
NOT_SHOWN = "not shown"
HELD_BACK = "held back"
#: Why, where there is room to say it.
HELD_BACK_WORDS = "held back, since too few patients differ from what was shown before"
#: What `as of` a month says, once on a page.
AS_OF_WORDS = "As of a month: as its report showed it, since too few patients are new for a newer number."


@dataclass(frozen=True)
class Rules:
    """From how many patients on something is shown.

    `cell`: patients of a count. `mean`: patients of a mean, an interval or a model, which also needs `residual_df`.
    `quantile_tail`: patients on the smaller side of a median or quantile. `session_patients`: patients behind a
    count of sessions or days, of which the largest may have `largest_patient` of them.
    """

    cell: int
    mean: int
    residual_df: int
    quantile_tail: int
    session_patients: int
    largest_patient: float


RULES: dict[str, Rules] = {
    "share": Rules(cell=8, mean=10, residual_df=10, quantile_tail=5, session_patients=8, largest_patient=0.5),
    "public": Rules(
        cell=10, mean=20, residual_df=10, quantile_tail=10, session_patients=10, largest_patient=0.3
    ),
}

#: Below this many patients no mean, interval or model leaves the clinic.
MIN_PATIENTS_FOR_MEAN = RULES["share"].mean

#: Two cells of one measure that differ by fewer patients than this give those patients away.
FEW_APART = RULES["share"].cell
