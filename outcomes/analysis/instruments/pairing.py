"""Before and after of one measure: the latest sheet before the needle, the earliest after it that its recall allows.

Windows, recall and their reasons: docs/method.md#questionnaires-and-measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from outcomes.analysis.instruments.definitions import INSTRUMENTS, Instrument
from outcomes.plan import AnalysisPlan

#: Why a scored sheet in the follow-up days is not used.
RECALL_OVERLAPS = "asks about days before day 1, which are not follow-up"
OUTSIDE = "on a day of neither window"
NOT_NEEDED = "another sheet of the window was taken"


@dataclass(frozen=True, eq=False)
class PairedScores:
    """One measure of one instrument, over the patients looked at.

    `pairs` has one row per patient with a baseline or a follow-up, by `patient_id`: `baseline_day`, `baseline`,
    `followup_day`, `followup`, NaN where there is none. `left_out` counts sheets by the reason why not.
    """

    instrument: Instrument
    site: str
    side: str
    unit: str
    n_patients: int
    pairs: pd.DataFrame
    left_out: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        """The measure in a table of results, such as `hit6` or `ppt_temporalis_left_kpa`."""
        return "_".join(filter(None, (self.instrument.name, self.site, self.side, self.unit)))

    @property
    def label(self) -> str:
        """The measure in words."""
        more = " ".join(filter(None, (self.site.replace("_", " "), self.side)))
        return f"{self.instrument.label}, {more}" if more else self.instrument.label

    @property
    def shown_unit(self) -> str:
        return {"kpa": "kPa", "kg_per_cm2": "kg/cm²"}.get(self.unit, self.instrument.unit)

    @property
    def complete(self) -> pd.DataFrame:
        """The pairs: patients with both."""
        return self.pairs.dropna(subset=["baseline", "followup"])


def paired_measures(sheets: pd.DataFrame, n_patients: int, plan: AnalysisPlan) -> Iterator[PairedScores]:
    """Every measure of `scored_sheets`, in the order of the instruments, then by site, side and unit."""
    for name, instrument in INSTRUMENTS.items():
        own = sheets[sheets["instrument"] == name]
        for place, rows in own.groupby(["site", "side", "unit"], sort=True):
            site, side, unit = (str(part) for part in place)
            pairs, left_out = pair_up(rows, "score", instrument.recall_days, plan)
            yield PairedScores(instrument, site, side, unit, n_patients, pairs, left_out)


def pair_up(
    rows: pd.DataFrame, column: str, recall_days: int, plan: AnalysisPlan
) -> tuple[pd.DataFrame, tuple[tuple[str, int], ...]]:
    """`PairedScores.pairs` and `left_out` of the sheets of one measure.

    Baseline: the latest sheet on days `score_baseline_first_day` to 0. Follow-up: the earliest one on days
    `score_followup_first_day` to `score_followup_last_day` of which the recalled days, its own day the last of
    them, all lie after day 0. A baseline's recall ends on day 0 at the latest, so the two never overlap.
    """
    usable = rows[rows["reason"] == ""]
    day = usable["day"]
    before = day.between(plan.score_baseline_first_day, 0)
    after = day.between(plan.score_followup_first_day, plan.score_followup_last_day)
    overlapping = after & (day - recall_days + 1 < 1) & (recall_days > 0)
    ordered = usable.sort_values(["patient_id", "day"], kind="stable")
    baseline = ordered[before.reindex(ordered.index)].groupby("patient_id", sort=True).tail(1)
    followup = ordered[(after & ~overlapping).reindex(ordered.index)].groupby("patient_id", sort=True).head(1)
    pairs = _side(baseline, column, "baseline").join(_side(followup, column, "followup"), how="outer")
    used = len(baseline) + len(followup)
    reasons = rows.loc[rows["reason"] != "", "reason"].value_counts().sort_index()
    left_out = [(str(reason), int(n)) for reason, n in reasons.items()]
    left_out += [
        (RECALL_OVERLAPS, int(overlapping.sum())),
        (OUTSIDE, int((~before & ~after).sum())),
        (NOT_NEEDED, int((before | (after & ~overlapping)).sum()) - used),
    ]
    return pairs.sort_index(), tuple((reason, n) for reason, n in left_out if n)


def _side(chosen: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    side = chosen.set_index("patient_id")[["day", column]]
    return side.rename(columns={"day": f"{name}_day", column: name})
