"""Whether a cell may be shown beside what was shown before: two that differ by a few patients give them away.

A cell is a measure (such as headache days per 28), a definition of who is in it, and its patients. It is held
against every cell of that measure that was released before, and against those of this report: where 1 to 7
patients are in one of the two only, or are in both with another value, the earlier value is shown again, or
nothing (docs/method.md#disclosure). Patients appear as HMAC under the ledger's key alone.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outcomes.plan import AnalysisPlan
from outcomes.reporting.disclosure.ledger import (
    DIGEST_BYTES,
    KEY_FILE,
    MEMBER_BYTES,
    SESSION_FILE,
    Members,
    StoredCell,
    cells_in,
    cells_of,
    lines_file,
)
from outcomes.reporting.disclosure.rules import FEW_APART, Profile

if TYPE_CHECKING:
    from outcomes.reporting.disclosure.behind import Behind

#: Patients behind a part of a cell, with what each gave to it (None: nothing but being there).
Part = Mapping[str, object]


@dataclass(frozen=True)
class Place:
    """What a cell measures, over whom, and its patients: one mapping for each part (of a share: those counted out of,
    those counted, the others). `parts` None: not known patient by patient, so everyone looked at stands for them.
    """

    measure: str
    definition: str
    parts: Sequence[Part] | None = None


@dataclass(frozen=True)
class Verdict:
    """`content` as it may be shown, None where it is held back; `carried_from` the month it was first shown in."""

    content: Any
    carried_from: str = ""


@dataclass
class Release:
    """The cells of one report while it is made, in the notebook's process.

    `behind` tells who stands behind a number; it is asked for when the first cell is judged. `plan_mark` tells apart
    the definitions of two plans.
    """

    folder: Path
    profile: Profile
    period: str
    few: int = FEW_APART
    behind: Callable[[], Behind | None] = lambda: None
    plan_mark: str = ""
    _judged: dict[tuple[str, str], tuple[str, Verdict]] = field(default_factory=dict)
    _told: list[tuple[str, str, str]] = field(default_factory=list)
    _own: list[StoredCell] = field(default_factory=list)

    @property
    def carried_from(self) -> tuple[str, ...]:
        """Months from which something in this report is carried forward."""
        return tuple(sorted({one.carried_from for _, one in self._judged.values() if one.carried_from}))

    def judge(self, place: Place, content: Any) -> Verdict:
        """The content, an earlier one, or nothing. Asked again for the same cell it says the same."""
        asked = json.dumps(content, sort_keys=True)
        months = "all months" if self.period == "all" else "twelve months"
        for number in itertools.count(1):
            again = f" ({number})" if number > 1 else ""
            named = replace(place, definition=f"{place.definition}{again}, {months}{self.plan_mark}")
            key = (named.measure, named.definition)
            if key not in self._judged:
                self._judged[key] = (asked, self._judge(named, content))
            # Two numbers under one name are two cells: the first may not stand for the second.
            if self._judged[key][0] == asked:
                return self._judged[key][1]
        raise AssertionError("counting does not end")

    def tell(self, what: str, rule: str, action: str) -> None:
        """Notes what was done to a cell that is not shown by its own rules; for `disclosure.json`."""
        if (what, rule, action) not in self._told:
            self._told.append((what, rule, action))
            self._write({"told": [what, rule, action]})

    def _judge(self, place: Place, content: Any) -> Verdict:
        parts, exact = self._members(place)
        earlier = cells_of(self._ledger, place.measure)
        earlier += [cell for cell in (*self._of_other_profiles, *self._own) if cell.measure == place.measure]
        new = StoredCell(
            place.measure, place.definition, self.profile, self.period, exact, parts, content, ""
        )
        found = self._as_before(new, earlier) or self._against(new, earlier)
        self._own.append(new.as_shown(found.content, found.carried_from))
        self._write({"cell": self._own[-1].to_dict()})
        return found

    def _as_before(self, new: StoredCell, earlier: Sequence[StoredCell]) -> Verdict | None:
        """What the same report said of the same patients with the same values, if it was held back."""
        for cell in reversed(earlier):
            if cell.is_same_place(new) and cell.parts == new.parts:
                return None if cell.is_new else Verdict(cell.shown, cell.carried_from)
        return None

    def _against(self, new: StoredCell, earlier: Sequence[StoredCell]) -> Verdict:
        released = [cell for cell in earlier if cell.is_new]
        if any(cell.is_same_place(new) and cell.parts == new.parts for cell in released):
            # Released already, with these patients and values: nothing is told that was not.
            return Verdict(new.shown)
        close = [cell for cell in released if gives_away(cell, new, self.few)]
        if not close:
            return Verdict(new.shown)
        # The newest that nearly the same patients stand behind, else the newest at all.
        for cells in (close, released):
            own = [one for one in cells if (one.definition, one.profile) == (new.definition, new.profile)]
            if own:
                return Verdict(own[-1].shown, own[-1].period)
        return Verdict(None)

    def _members(self, place: Place) -> tuple[tuple[Members, ...], bool]:
        if place.parts is not None:
            return tuple(self._hashed(part) for part in place.parts), True
        behind = self.behind()
        return (self._hashed(behind.everyone if behind is not None else {}),), False

    def _hashed(self, part: Part) -> Members:
        return {
            self._hash(patient)[:MEMBER_BYTES]: self._hash(f"{patient}\0{value!r}")[:DIGEST_BYTES]
            for patient, value in part.items()
        }

    def _hash(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    @cached_property
    def _of_other_profiles(self) -> list[StoredCell]:
        """What the reports hold that the same run made before this one."""
        return [cell for cell in cells_in(self.folder) if cell.profile != self.profile]

    @cached_property
    def _key(self) -> bytes:
        return (self.folder / KEY_FILE).read_bytes()

    @cached_property
    def _ledger(self) -> Path | None:
        told = json.loads((self.folder / SESSION_FILE).read_text(encoding="utf-8"))
        return Path(told["ledger"]) if told["ledger"] else None

    def _write(self, record: Mapping[str, Any]) -> None:
        with lines_file(self.folder, self.profile).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def begin_release(folder: str, profile: Profile, month: str | None, plan: AnalysisPlan, few: int) -> Release:
    """The cells of one report of a run whose folder is `folder`. `month` None: of all patients."""
    choices = json.dumps({**plan.to_dict(), "release": {}}, sort_keys=True)
    mark = f", plan {hashlib.sha256(choices.encode()).hexdigest()[:8]}"
    return Release(Path(folder), profile, month or "all", few, plan_mark=mark)


def gives_away(earlier: StoredCell, new: StoredCell, few: int) -> bool:
    """Whether the two, side by side, tell of 1 to `few` − 1 patients.

    Where the patients of one are not known, only two that are of the same people with the same records, or of
    quite other people, are known not to.
    """
    if not (earlier.exact and new.exact):
        one, other = earlier.everyone, new.everyone
        return not (one == other or not set(one) & set(other))
    return any(0 < _apart(one, other) < few for one, other in zip(earlier.parts, new.parts, strict=False))


def _apart(one: Members, other: Members) -> int:
    """Patients who are in one only; where there are none, patients who are in both with another value."""
    return len(set(one) ^ set(other)) or sum(other[patient] != value for patient, value in one.items())
