"""The private report: what was done, what was left out, and how the attacks on the output went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outcomes.records.deidentify.attacks import Attack, Singled
from outcomes.records.deidentify.config import DeidentifySettings
from outcomes.records.deidentify.ledger import Ledger
from outcomes.records.deidentify.reading import LeftBehind
from outcomes.records.deidentify.risk import RISKS, Classes, Merge

_DATE_WORDS = {
    "relative": "day numbers from the first session, in windows of 28 days",
    "shift": "dates moved back by whole weeks, those kept that any move could have led to",
    "month": "months",
    "keep": "the true dates. This folder must not leave the clinic",
}


@dataclass(frozen=True)
class DeidentifyReport:
    """What `deidentify` did. Private: it tells what only the clinic may know, but no value and no patient."""

    output: Path
    report: Path
    settings: DeidentifySettings
    key_id: str
    written: Mapping[str, int]
    ledger: Ledger
    left_behind: tuple[LeftBehind, ...]
    classes: Classes
    merge: Merge | None
    attacks: tuple[Attack, ...]
    singled: tuple[Singled, ...]
    accepted: bool = False
    gate: tuple[str, ...] = ()
    gate_ran: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        return self.classes.holds

    def summary(self) -> Iterator[str]:
        """The lines for the screen: rows, the checks that ran, and where the private report lies."""
        yield from self.ledger.lines(self.written)
        yield from self.ledger.told
        yield from self.checks()
        yield f"Dates: {_DATE_WORDS[self.settings.dates]}."
        yield f"Private report: {self.report.name}. It stays in the clinic."

    def checks(self) -> Iterator[str]:
        """Which checks ran, and what came of them."""
        classes = self.classes
        over = ", ".join(classes.columns) or "no column that may be known"
        yield (
            f"Check k, patients alike in {over}: {classes.k}, at least {classes.k_wanted} wanted, "
            f"{classes.patients_below_k} patients in smaller classes."
        )
        for name in ("headache_type", "response"):
            if name in classes.diversity:
                yield (
                    f"Check l, values of {name} in a class: {classes.diversity[name]}, at least {classes.l_wanted} "
                    f"wanted, {classes.patients_below_l[name]} patients in classes with fewer."
                )
            else:
                yield f"Check l of {name}: not run, the output does not tell it, or it counts as known."
        if self.gate_ran:
            yield f"Check for identities on the output: ran, {len(self.gate)} warnings."
        if not self.attacks:
            yield "Attacks on dates: not run. They seek true dates behind day numbers or moved dates made from them."

    def to_text(self) -> str:
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "PRIVATE: for the clinic only, never for whoever gets the output"
        yield f"Pseudonyms: {self.settings.pseudonyms}{f', key {self.key_id}' if self.key_id else ''}"
        yield f"Dates: {_DATE_WORDS[self.settings.dates]}"
        yield ""
        yield "Rows"
        yield from self.ledger.lines(self.written)
        yield ""
        yield "Columns left behind"
        for column in self.left_behind:
            what = " of free text" if column.free_text else ""
            yield f"{column.file}, {column.column}: {column.cells} cells{what}"
        if not self.left_behind:
            yield "none"
        yield ""
        yield "Checks that ran"
        yield from self.checks()
        if not self.holds:
            yield f"Accepted as it is: {'yes' if self.accepted else 'no, nothing was written'}"
            proposal = (
                self.merge.sentence() if self.merge else "no single merge helps; merge or leave out more."
            )
            yield f"Cheapest single merge: {proposal}"
        yield from self.gate
        yield ""
        yield from self._linkage()
        if to_know := self._to_know():
            yield ""
            yield "To know"
            yield from to_know

    def _to_know(self) -> list[str]:
        return [*self.ledger.told, *self.ledger.notes, *self.notes]

    def _linkage(self) -> Iterator[str]:
        classes = self.classes
        yield "Linkage"
        yield "Patients by size of their class: " + ", ".join(
            f"{size}: {size * classes.sizes[size]}" for size in sorted(classes.sizes)
        )
        yield f"Highest risk {classes.highest_risk:.3f}, mean risk {classes.mean_risk:.3f}"
        for risk in RISKS:
            yield f"Patients with a risk above {risk}: {classes.share_above(risk):.1%}"
        yield from (attack.sentence() for attack in self.attacks)
        for one in self.singled:
            yield f"Singled out {one.sentence()}"
        if self.singled and not self.settings.coarsen_visits:
            yield '  coarsen_visits = "week" writes visits by the week.'
        yield "What a colleague of a patient knows is not in these figures; a person has to think about it."

    def to_dict(self) -> dict[str, Any]:
        return {
            "private": True,
            "key_id": self.key_id,
            "settings": self.settings.to_dict(),
            "tables": self.ledger.to_dict(self.written),
            "cells": {table: dict(counts) for table, counts in self.ledger.cells.items()},
            "left_behind": [
                {"file": one.file, "column": one.column, "cells": one.cells, "free_text": one.free_text}
                for one in self.left_behind
            ],
            "classes": self.classes.to_dict(),
            "holds": self.holds,
            "accepted": self.accepted,
            "cheapest_merge": self.merge.sentence() if self.merge else None,
            "attacks": [attack.to_dict() for attack in self.attacks],
            "singled_out": [one.to_dict() for one in self.singled],
            "identity_warnings": list(self.gate),
            "notes": self._to_know(),
        }
