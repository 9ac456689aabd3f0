"""Which importers there are: ours and anybody's, found through the entry-point group `outcomes.importers`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from outcomes.errors import PlanError
from outcomes.records.importers.contract import ENTRY_POINTS, Importer


@dataclass(frozen=True)
class Listed:
    """One line of the list of importers; `importer` is None where the plug-in cannot be loaded."""

    name: str
    importer: Importer | None

    def sentence(self) -> str:
        if self.importer is None:
            return f"{self.name}: installed, but it cannot be loaded"
        whose = "one patient's export" if self.importer.one_patient else "a clinic's system"
        return f"{self.name}: {self.importer.title} ({whose}; confidence {self.importer.confidence})"


def names() -> list[str]:
    """The names that `outcomes import` takes, in alphabetical order."""
    return sorted({point.name for point in _points()})


def listed() -> list[Listed]:
    """All importers, loaded; one that cannot be loaded hides no other."""
    found = []
    for name in names():
        try:
            found.append(Listed(name, find_importer(name)))
        except PlanError:
            found.append(Listed(name, None))
    return found


def find_importer(name: str) -> Importer:
    """The importer of that name; `-` and `_` are the same. Raises PlanError, listing the known ones."""
    wanted = name.strip().lower().replace("-", "_")
    points = [point for point in _points() if point.name == wanted]
    if not points:
        known = ", ".join(names()) or "none is installed"
        raise PlanError(f"There is no importer of that name. Known: {known}.")
    if len({point.value for point in points}) > 1:
        # Two packages that claim one name: neither may stand in for the other unseen.
        raise PlanError(f"More than one installed package has an importer '{wanted}'. Remove one of them.")
    try:
        importer = points[0].load()
    except Exception as error:
        # Whatever a plug-in raises while it is loaded, it is the plug-in that is named, and no more.
        raise PlanError(f"The importer '{wanted}' cannot be loaded ({type(error).__name__}).") from None
    if not isinstance(importer, Importer):
        raise PlanError(f"The importer '{wanted}' does not keep the contract of docs/importers.md.")
    return importer


def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=ENTRY_POINTS))
