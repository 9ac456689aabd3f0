"""Whether a cell may be shown beside what was shown before: reports that differ by a few patients give them away.

A cell is a measure (such as headache days per 28), a definition of who is in it, and its patients. What rests on the
values of patients (a mean) is shown anew where at least eight of its patients are in no cell of that measure that was
released before. Then no sum or difference of any number of reports is about fewer than eight: of the cells that it is
made from, the newest has those eight, and no older one has any of them. Rounded counts and shares are held against
each earlier cell, one by one. What is held back is shown as it was last released, with its month, or not at all
(docs/method.md#disclosure). Patients appear as HMAC under the ledger's key alone.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    packed,
    part_name,
    runs_in,
)
from outcomes.reporting.disclosure.rules import FEW_APART, Profile

if TYPE_CHECKING:
    from outcomes.reporting.disclosure.behind import Behind

#: Patients behind a part of a cell, with what each gave to it (None: nothing but being there).
Part = Mapping[str, object]


#: Parts whose marks are kept at hand, for the next number that rests on the same.
_MOST_KEPT = 8

#: Patients of a group, and not of it, whose cells are looked at.
_MOST_COUNTED = 5_000


@dataclass(frozen=True)
class Place:
    """What a cell measures, over whom, and its patients: one mapping for each part (of a share: those counted out of,
    those counted, the others). `parts` None: not known patient by patient, so everyone looked at stands for them.

    `rounded`: counts to the nearest 5, or what is worked out from such. `later`: of a month, how many of the cell's
    patients had their follow-up closed after it, and everyone who was looked at for that.
    """

    measure: str
    definition: str
    parts: Sequence[Part] | None = None
    rounded: bool = False
    later: Callable[[str], tuple[int, Iterable[str]]] | None = None


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
    _names: dict[int, tuple[Members, str]] = field(default_factory=dict)
    _marks: dict[str, bytes] = field(default_factory=dict)
    _members_of: dict[int, tuple[Part, Members]] = field(default_factory=dict)
    _compared: dict[tuple[int, int], tuple[bool, StoredCell, StoredCell]] = field(default_factory=dict)

    @property
    def carried_from(self) -> tuple[str, ...]:
        """Months from which something in this report is carried forward."""
        return tuple(sorted({one.carried_from for _, one in self._judged.values() if one.carried_from}))

    def judge(self, place: Place, content: Any) -> Verdict:
        """The content, an earlier one, or nothing. Asked again for the same cell it says the same."""
        asked = json.dumps(content, sort_keys=True)
        for number in itertools.count(1):
            named = replace(place, definition=self._named(place.definition, number))
            key = (named.measure, named.definition)
            if key not in self._judged:
                self._judged[key] = (asked, self._judge(named, content))
            # Two numbers under one name are two cells: the first may not stand for the second.
            if self._judged[key][0] == asked:
                return self._judged[key][1]
        raise AssertionError("counting does not end")

    def _named(self, definition: str, number: int) -> str:
        months = "all months" if self.period == "all" else "twelve months"
        again = f" ({number})" if number > 1 else ""
        return f"{definition}{again}, {months}{self.plan_mark}"

    def tell(self, what: str, rule: str, action: str) -> None:
        """Notes what was done to a cell that is not shown by its own rules; for `disclosure.json`."""
        if (what, rule, action) not in self._told:
            self._told.append((what, rule, action))
            self._write({"told": [what, rule, action]})

    def history(self, measure: str, definition: str) -> list[tuple[str, Any]]:
        """(month, content) of what was shown anew of a cell before this report's month, the oldest first."""
        named = self._named(definition, 1)
        own = (self.profile, named)
        cells = [one for one in cells_of(self._ledger, measure) if (one.profile, one.definition) == own]
        shown = {one.period: one.shown for one in cells if one.is_new and one.period < self.period}
        return sorted(shown.items())

    def last_shown(self, measure: str, definition: str) -> str:
        """The last month before this report's in which a cell was shown anew; empty where it never was."""
        history = self.history(measure, definition)
        return history[-1][0] if history else ""

    def newest(self, measure: str) -> str | None:
        """The last month before this report's in which something of a measure was shown anew."""
        months = [
            cell.period
            for cell in cells_of(self._ledger, measure)
            if cell.is_new and cell.period < self.period
        ]
        return max(months, default=None)

    def may_renew(self, month: str) -> bool:
        """Whether a number shown in `month`, whose patients are not known one by one, is due again.

        Once a quarter, with the first report of it: to know how many are new, all is worked out for them once more.
        """
        return "all" not in (month, self.period) and _quarter(month) < self._quarter_begun

    @cached_property
    def _quarter_begun(self) -> tuple[int, int]:
        """The quarter of this report where it is the first of its profile in it, else none."""
        own = _quarter(self.period)
        runs = runs_in(self._ledger) if self._ledger is not None else []
        earlier = [period for period, profile, *_ in runs if profile == self.profile and period < self.period]
        return (0, 0) if any(_quarter(period) == own for period in earlier) else own

    def _judge(self, place: Place, content: Any) -> Verdict:
        parts, exact = self._members(place)
        before = cells_of(self._ledger, place.measure)
        beside = [cell for cell in (*self._of_other_profiles, *self._own) if cell.measure == place.measure]
        new = StoredCell(
            place.measure, place.definition, self.profile, self.period, exact, parts, content, ""
        )
        found = self._as_before(new, [*before, *beside]) or self._against(place, new, before, beside)
        self._own.append(new.as_shown(found.content, found.carried_from))
        self._write_cell(self._own[-1])
        return found

    def _write_cell(self, cell: StoredCell) -> None:
        """The cell, and before it those of its parts that no cell had before."""
        for part in cell.parts:
            if id(part) not in self._names:
                # The part is kept beside its name, so that no other takes its place in memory.
                self._names[id(part)] = (part, part_name(part))
                self._write({"part": [self._names[id(part)][1], packed(part).hex()]})
        row = cell.to_dict([self._names[id(part)][1] for part in cell.parts])
        self._write({"cell": row})

    def _as_before(self, new: StoredCell, earlier: Sequence[StoredCell]) -> Verdict | None:
        """What the same report said of the same patients with the same values, if it was held back."""
        for cell in reversed(earlier):
            if cell.is_same_place(new) and cell.parts == new.parts:
                return None if cell.is_new else Verdict(cell.shown, cell.carried_from)
        return None

    def _against(
        self, place: Place, new: StoredCell, before: Sequence[StoredCell], beside: Sequence[StoredCell]
    ) -> Verdict:
        before, beside = ([cell for cell in cells if cell.is_new] for cells in (before, beside))
        released = [*before, *beside]
        if any(cell.exact == new.exact and cell.parts == new.parts for cell in released):
            # Released already, of these patients with these values: nothing is told that was not.
            return Verdict(new.shown)
        if self._is_of_enough(place, new, before, beside):
            return Verdict(new.shown)
        own = [one for one in released if (one.definition, one.profile) == (new.definition, new.profile)]
        if not own:
            return Verdict(None)
        # Of an old month that is made again its own value, else the newest there is.
        last = next((one for one in reversed(own) if one.period == new.period), own[-1])
        return Verdict(last.shown, last.period)

    def _is_of_enough(
        self, place: Place, new: StoredCell, before: Sequence[StoredCell], beside: Sequence[StoredCell]
    ) -> bool:
        if any(gives_away(cell, new, self.few) for cell in beside):
            return False
        if not new.exact or not all(cell.exact for cell in before):
            return self._is_of_others(place, new, before)
        if any(gives_away(cell, new, self.few) for cell in before):
            return False
        return place.rounded or not self._leaves_few(new, before, beside)

    def _is_of_others(self, place: Place, new: StoredCell, before: Sequence[StoredCell]) -> bool:
        """Whether a cell whose patients are not known has surely enough who were in none before, or tells the same."""
        last = max((cell.period for cell in before if self._overlaps(cell, new)), default=None)
        if last is None:
            return True
        if place.later is None or not self.may_renew(last):
            return False
        n, looked_at = place.later(last)
        told = {patient for cell in before for patient in cell.everyone}
        again = sum(self._mark(patient) in told for patient in looked_at)
        return n - again >= self.few

    def _overlaps(self, cell: StoredCell, new: StoredCell) -> bool:
        """Whether two cells whose patients are not known give any away; asked for every topic of the same people."""
        # The sets are kept in memory as long as the cells are, so that these marks stay theirs.
        pair = (id(cell.everyone), id(new.everyone)) if len(cell.parts) == len(new.parts) == 1 else None
        if pair is None:
            return gives_away(cell, new, self.few)
        if pair not in self._compared:
            self._compared[pair] = (gives_away(cell, new, self.few), cell, new)
        return self._compared[pair][0]

    def _leaves_few(
        self, new: StoredCell, before: Sequence[StoredCell], beside: Sequence[StoredCell]
    ) -> bool:
        """Whether some sum of this cell and those shown before may be of few patients."""
        if not is_whole(new):
            return self._group_leaves_few(new, [*before, *beside], beside)
        told = {patient for cell in before for patient in cell.parts[0]}
        return bool(told & set(new.parts[0])) and len(set(new.parts[0]) - told) < self.few

    def _group_leaves_few(
        self, new: StoredCell, shown: Sequence[StoredCell], beside: Sequence[StoredCell]
    ) -> bool:
        """The same for a group beside everyone.

        Of those who are in no group that was shown, some are in this one and some are not. A sum that leaves out the
        first, of those who are in the same cells of everyone, cannot leave out the second: the fewer of both stay.
        """
        wholes = [cell.parts[0] for cell in shown if is_whole(cell)]
        told = {patient for cell in shown if not is_whole(cell) for patient in cell.parts[0]}
        group = new.parts[0]

        def counted(members: Iterable[tuple[bytes, bytes]]) -> Counter[tuple[int, ...]]:
            # Some are enough: of fewer the sum is smaller.
            return Counter(
                tuple(at for at, whole in enumerate(wholes) if whole.get(patient) == value)
                for patient, value in itertools.islice(members, _MOST_COUNTED)
            )

        inside = counted(item for item in group.items() if item[0] not in told)
        everyone = dict.fromkeys(item for whole in wholes for item in whole.items())
        outside = counted(item for item in everyone if item[0] not in told and item[0] not in group)
        left = sum(n if not where else min(n, outside[where]) for where, n in inside.items())
        return left < self.few and not _makes_up_everyone(new, beside)

    def _members(self, place: Place) -> tuple[tuple[Members, ...], bool]:
        if place.parts is not None:
            return tuple(self._hashed(part) for part in place.parts), True
        return (self._everyone,), False

    @cached_property
    def _everyone(self) -> Members:
        behind = self.behind()
        return self._hashed(behind.everyone if behind is not None else {})

    def _hashed(self, part: Part) -> Members:
        if id(part) not in self._members_of:
            while len(self._members_of) >= _MOST_KEPT:
                del self._members_of[next(iter(self._members_of))]
            members = {
                self._mark(patient): self._hash(f"{patient}\0{value!r}")[:DIGEST_BYTES]
                for patient, value in part.items()
            }
            # Beside its marks the part is kept, so that no other takes its place in memory.
            self._members_of[id(part)] = (part, members)
        return self._members_of[id(part)][1]

    def _mark(self, patient: str) -> bytes:
        if patient not in self._marks:
            self._marks[patient] = self._hash(patient)[:MEMBER_BYTES]
        return self._marks[patient]

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")

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


def is_whole(cell: StoredCell) -> bool:
    """Whether a cell is of everyone compared, and not of a group."""
    return cell.definition.startswith("all")


def _makes_up_everyone(new: StoredCell, beside: Sequence[StoredCell]) -> bool:
    """Whether the group is what the groups of the same report leave over of everyone: it is known already."""
    wholes = [cell for cell in beside if is_whole(cell) and cell.profile == new.profile]
    groups = [cell for cell in beside if not is_whole(cell) and cell.profile == new.profile]
    together = {item for cell in (*groups, new) for item in cell.parts[0].items()}
    return any(together == set(whole.parts[0].items()) for whole in wholes)


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


def _quarter(month: str) -> tuple[int, int]:
    year, number = map(int, month.split("-"))
    return year, (number - 1) // 3
