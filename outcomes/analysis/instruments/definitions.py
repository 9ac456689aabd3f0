"""One frozen description per instrument: direction, recall, bands, important changes, each number with its source.

What a row may hold (items, answers, ranges, units) stands in `outcomes.records.instruments`. The whole table in
words: docs/method.md#questionnaires-and-measurements.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from outcomes.errors import PlanError
from outcomes.records.instruments import SHEETS, AnswerSheet

Told = Literal["read", "from memory", "ours"]

#: The source of a number that the user gives.
PLAN = "as the plan says"


@dataclass(frozen=True)
class ImportantChange:
    """A change that matters, as a size without a sign, in the unit of the instrument.

    `only`: the headache type, the unit or the patients that the number is for; empty where it is the general one.
    `told` says how far the source was read.
    """

    size: float
    source: str
    told: Told
    only: str = ""

    @property
    def words(self) -> str:
        whose = f" in {self.only.replace('_', ' ')}" if self.only else ""
        told = "" if self.source == PLAN else f"; {self.told}"
        return f"{self.size:g}{whose} ({self.source}{told})"


@dataclass(frozen=True)
class Band:
    """A band of totals: from `least` up to where the next band begins."""

    name: str
    least: float


@dataclass(frozen=True)
class Reliability:
    """Test–retest reliability, 0 to 1."""

    value: float
    source: str
    told: Told

    @property
    def words(self) -> str:
        told = "" if self.source == PLAN else f"; {self.told}"
        return f"test–retest reliability {self.value:g} ({self.source}{told})"


@dataclass(frozen=True)
class Instrument:
    """One questionnaire or measurement.

    `recall_days` before its day is what an answer is about; 0 is the day itself, or what it does not say.
    `individual`: changes that matter to one patient, the general one first; empty where no source is known.
    `group`: differences that matter between groups of patients. `missing` is the rule for missing items in words.
    `bands` rise from the lowest total on; `bands_source` tells where they are from.
    """

    name: str
    label: str
    unit: str
    improvement: Literal["decrease", "increase"]
    recall_days: int = 0
    missing: str = ""
    bands: tuple[Band, ...] = ()
    bands_source: str = ""
    individual: tuple[ImportantChange, ...] = ()
    group: tuple[ImportantChange, ...] = ()
    reliability: Reliability | None = None
    needs_baseline: bool = True

    @property
    def sheet(self) -> AnswerSheet:
        """What a row of `scores` may hold for it."""
        return SHEETS[self.name]

    def band(self, score: float) -> str | None:
        """The band of a total; None where the instrument has none."""
        fitting = [band.name for band in self.bands if score >= band.least]
        return fitting[-1] if fitting else None


_COLE = "Cole 2009"
_NONE_MISSING = "no score where an item is missing"
_YOUNG = "Young 2019"


def _msq(domain: str, label: str, group: float, individual: ImportantChange) -> Instrument:
    return Instrument(
        domain,
        f"MSQ {label}",
        "points",
        "increase",
        recall_days=28,
        missing=_NONE_MISSING,
        individual=(individual,),
        group=(ImportantChange(group, _COLE, "read"),),
    )


def _movement(name: str) -> Instrument:
    return Instrument(f"rom_{name}", f"Neck {name.replace('_', ' ')}", "degrees", "increase")


INSTRUMENTS: dict[str, Instrument] = {
    instrument.name: instrument
    for instrument in (
        Instrument(
            "hit6",
            "HIT-6",
            "points",
            "decrease",
            recall_days=28,
            missing=_NONE_MISSING,
            bands=(Band("little", 36), Band("some", 50), Band("substantial", 56), Band("severe", 60)),
            bands_source="read",
            individual=(
                ImportantChange(6, "Houts 2020, chronic migraine", "read"),
                ImportantChange(8, "Castien 2012, chronic tension-type headache", "read", "tension_type"),
            ),
            group=(
                ImportantChange(1.5, "Smelt 2014", "read", "migraine"),
                ImportantChange(2.3, "Coeytaux 2006", "read", "chronic daily headache"),
            ),
        ),
        Instrument(
            "midas",
            "MIDAS",
            "points",
            "decrease",
            recall_days=84,
            missing=_NONE_MISSING,
            bands=(Band("little", 0), Band("mild", 6), Band("moderate", 11), Band("severe", 21)),
            bands_source="read",
            individual=(ImportantChange(4.5, "Carvalho 2021", "from memory"),),
        ),
        Instrument(
            "pedmidas",
            "PedMIDAS",
            "points",
            "decrease",
            recall_days=84,
            missing=_NONE_MISSING,
            bands=(Band("little", 0), Band("mild", 11), Band("moderate", 31), Band("severe", 51)),
            bands_source="Hershey 2004, from memory",
            reliability=Reliability(0.80, "Hershey 2001, two weeks, 56 patients", "read"),
        ),
        Instrument(
            "ndi",
            "NDI",
            "points of 50",
            "decrease",
            missing="50·sum/(5·n) of the n answers, with at most `ndi_missing_items` missing",
            bands=(
                Band("none", 0),
                Band("mild", 5),
                Band("moderate", 15),
                Band("severe", 25),
                Band("complete", 35),
            ),
            bands_source="from memory",
            individual=(
                ImportantChange(10, "Young 2009, mechanical neck pain", "read"),
                ImportantChange(5.5, _YOUNG, "read", "cervicogenic"),
            ),
            reliability=Reliability(0.92, f"{_YOUNG}, cervicogenic headache, four weeks", "read"),
        ),
        _msq("msq_rr", "role restrictive", 3.2, ImportantChange(5.0, _COLE, "read")),
        _msq(
            "msq_rp", "role preventive", 4.6, ImportantChange(7.9, f"{_COLE}, upper end of 5.0–7.9", "read")
        ),
        _msq("msq_ef", "emotional", 7.5, ImportantChange(10.6, f"{_COLE}, upper end of 8.0–10.6", "read")),
        Instrument(
            "hdi",
            "HDI",
            "points",
            "decrease",
            missing=_NONE_MISSING,
            individual=(ImportantChange(29, "Jacobson 1994, 95% retest", "from memory"),),
        ),
        Instrument("pgic", "PGIC", "points", "decrease", needs_baseline=False),
        Instrument(
            "eq5d",
            "EQ-5D-5L index",
            "index",
            "increase",
            missing=_NONE_MISSING,
            individual=(ImportantChange(0.07, "McClure 2017, upper end of 0.04–0.07", "from memory"),),
        ),
        Instrument("eq_vas", "EQ VAS", "points", "increase"),
        Instrument(
            "nrs",
            "Pain 0–10",
            "points",
            "decrease",
            individual=(
                ImportantChange(2, "Farrar 2001, chronic pain other than headache", "read"),
                ImportantChange(2.5, _YOUNG, "read", "cervicogenic"),
            ),
            reliability=Reliability(0.72, f"{_YOUNG}, cervicogenic headache, four weeks", "read"),
        ),
        *(_movement(name) for name in ("flexion", "extension", "lateral_flexion", "rotation")),
        Instrument("ppt", "Pressure pain threshold", "", "increase"),
    )
}


def find_instrument(name: str) -> Instrument:
    """The instrument of that name. Raises PlanError."""
    if name in INSTRUMENTS:
        return INSTRUMENTS[name]
    if name == "msq":
        raise PlanError("The MSQ has no total score: name a domain, msq_rr, msq_rp or msq_ef.")
    close = difflib.get_close_matches(name, INSTRUMENTS, 1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known instruments: {', '.join(INSTRUMENTS)}."
    raise PlanError(f"'{name}' is not an instrument. {hint}")
