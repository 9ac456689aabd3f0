"""Which change matters to which patient: the plan's number, else the one of the headache type, else the general one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from outcomes.analysis.instruments.definitions import (
    INSTRUMENTS,
    PLAN,
    ImportantChange,
    Instrument,
    Reliability,
    find_instrument,
)
from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.code_lists import HEADACHE_TYPES

#: ICHD-3 codes of tension-type headache that is not chronic: the stricter number for the chronic form is not theirs.
NOT_CHRONIC_TENSION_TYPE = ("2.1", "2.2", "2.4")


@dataclass(frozen=True)
class Thresholds:
    """Important changes of one patient in one instrument: `general` (None where none is known) and by headache type."""

    general: ImportantChange | None
    by_type: dict[str, ImportantChange]

    def of(self, headache_type: object, ichd3_code: object = None) -> ImportantChange | None:
        """The change that matters to a patient of that type."""
        own = self.by_type.get(headache_type) if isinstance(headache_type, str) else None
        if own is not None and own.source != PLAN and headache_type == "tension_type":
            own = None if ichd3_code in NOT_CHRONIC_TENSION_TYPE else own
        return own if own is not None else self.general

    @property
    def words(self) -> str:
        """All of them, with their sources."""
        told = [self.general] if self.general is not None else []
        return ", ".join(change.words for change in [*told, *self.by_type.values()])


def thresholds(instrument: Instrument, plan: AnalysisPlan, unit: str = "") -> Thresholds:
    """The important changes of an instrument under a plan; `unit` is that of a pressure pain threshold.

    `hit6` in the plan replaces every number of the instrument, `hit6.TYPE` that of one headache type, and stands
    above it. Raises PlanError for a name that the plan gives and nobody knows.
    """
    check_names(plan)
    given = dict(plan.important_changes)
    general = next((change for change in instrument.individual if not change.only), None)
    by_type = {change.only: change for change in instrument.individual if change.only}
    own = f"{instrument.name}.{unit}" if instrument.name == "ppt" else instrument.name
    if own in given:
        general, by_type = ImportantChange(given[own], PLAN, "ours"), {}
    for name, size in given.items():
        of, _, only = name.partition(".")
        if of == instrument.name and only in HEADACHE_TYPES:
            by_type[only] = ImportantChange(size, PLAN, "ours", only)
    return Thresholds(general, by_type)


def reliability(instrument: Instrument, plan: AnalysisPlan) -> Reliability | None:
    """The plan's test–retest reliability of an instrument, else the one that a source gives; None without either."""
    given = dict(plan.reliabilities).get(instrument.name)
    return Reliability(given, PLAN, "ours") if given is not None else instrument.reliability


def check_names(plan: AnalysisPlan) -> None:
    """Raises PlanError for a name under [important_changes] or [reliabilities] that nobody knows."""
    known = [name for name in INSTRUMENTS if name not in ("ppt", "pgic")]
    _check(plan.reliabilities, [*known, "ppt"], "reliabilities")
    units = [f"ppt.{unit}" for unit in INSTRUMENTS["ppt"].sheet.units]
    by_type = [f"{name}.{kind}" for name in known for kind in HEADACHE_TYPES]
    _check(plan.important_changes, [*known, *by_type, *units], "important_changes")


def _check(given: Iterable[tuple[str, float]], known: Iterable[str], key: str) -> None:
    for name, _ in given:
        if name in known:
            continue
        if name == "ppt":
            raise PlanError(f"[{key}] 'ppt' needs its unit: ppt.kpa or ppt.kg_per_cm2, in quotation marks.")
        if name == "pgic":
            raise PlanError(f"[{key}] 'pgic' is a change already: its share of 1 and 2 is counted.")
        find_instrument(name.partition(".")[0])
        raise PlanError(
            f"[{key}] '{name}' is not known: name an instrument, or in important_changes an instrument and a "
            'headache type, such as  "hit6.tension_type" = 8.'
        )
