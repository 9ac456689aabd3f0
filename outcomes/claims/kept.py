"""claims.json: what was declared when the file was last looked at, so that an edited claim starts again, visibly.

One private file beside the reports, for every source by a digest of its place. It holds fingerprints and days, no
sentence and no number of the records. Rule 1 of docs/claims.md.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outcomes.claims.declared import DeclaredClaims
from outcomes.errors import FileProblem
from outcomes.files import write_private
from outcomes.plan import AnalysisPlan

KEPT_FILE = "claims.json"

EDITED = "edited"
DATE_MOVED = "date moved"
ADDED_LATER = "added later"
PLAN_CHANGED = "plan changed"

#: Keys of the plan by which a claim is measured: its windows, who counts in them, and what a bad month is held against.
MEASURED_BY = (
    "baseline_days",
    "followup_first_day",
    "followup_last_day",
    "min_recorded_days",
    "late_window_first_day",
    "responder_min_baseline",
    "summary_baseline",
    "summary_followup",
    "score_baseline_first_day",
    "score_followup_first_day",
    "score_followup_last_day",
    "confidence",
    "external_means",
    "enrolment_rules",
    "repeat_baseline_min_patients",
    "concurrent_change_days",
)


@dataclass(frozen=True)
class Standing:
    """From which day on a claim counts as declared, and why not from the day that the file says (empty: from it)."""

    declared_on: dt.date
    why: str = ""


def source_key(place: str) -> str:
    """A source in the file: a digest, since a path may name a clinic."""
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def measured_by(plan: AnalysisPlan) -> str:
    """The keys of the plan that claims are measured by, as a digest."""
    told = {name: getattr(plan, name) for name in MEASURED_BY}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def compare_with_kept(
    declared: DeclaredClaims,
    kept: Mapping[str, Any] | None,
    today: dt.date,
    plan: AnalysisPlan | None = None,
) -> tuple[dict[str, Standing], dict[str, Any]]:
    """(how each claim stands, by id; what is to be kept from now on).

    A claim whose fingerprint is another than the one kept begins on the day on which that is seen, or later where it
    says so itself. A date that was moved back is not followed; one that was moved forward is. A claim that was not
    there when the file was last looked at cannot have been declared before that look. Without anything kept, the
    file is believed. A claim that was taken out is remembered: put back, it goes on from what was kept. Where the
    `plan` is given and was kept, another window or average in it is an edit of every claim.
    """
    digest = measured_by(plan) if plan is not None else None
    known: Mapping[str, Any] = (kept or {}).get("claims", {})
    looked_on = dt.date.fromisoformat(kept["looked_on"]) if kept else None
    standings: dict[str, Standing] = {}
    entries: dict[str, Any] = {name: dict(entry) for name, entry in known.items()}
    for claim in declared.claims:
        before = known.get(claim.id)
        if before is None:
            late = looked_on is not None and claim.declared_on <= looked_on
            standing = (
                Standing(max(claim.declared_on, today), ADDED_LATER) if late else Standing(claim.declared_on)
            )
        else:
            begun = dt.date.fromisoformat(before["declared_on"])
            if before["fingerprint"] != claim.fingerprint():
                standing = Standing(max(claim.declared_on, today), EDITED)
            elif digest is not None and before.get("plan") not in (None, digest):
                standing = Standing(max(claim.declared_on, today), PLAN_CHANGED)
            elif claim.declared_on < begun:
                standing = Standing(begun, before["why"] or DATE_MOVED)
            else:
                why = before["why"] if claim.declared_on == begun or before["why"] else ""
                standing = Standing(max(begun, claim.declared_on), why)
        standings[claim.id] = standing
        entries[claim.id] = {
            "fingerprint": claim.fingerprint(),
            "declared_on": standing.declared_on.isoformat(),
            "why": standing.why,
            "plan": digest or (before or {}).get("plan"),
        }
    return standings, {"looked_on": today.isoformat(), "claims": entries}


def read_kept(path: Path) -> dict[str, Any]:
    """What is kept, by source; nothing where there is no file. Raises FileProblem where it is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise FileProblem(f"{path.name}: cannot be read. Put back the copy of it that you have.") from None
    if not isinstance(found, dict) or not isinstance(found.get("sources"), dict):
        raise FileProblem(f"{path.name}: is not the file that keeps what was declared.")
    sources: dict[str, Any] = found["sources"]
    return sources


def standings_of(
    declared: DeclaredClaims, path: Path, place: str, today: dt.date, plan: AnalysisPlan | None = None
) -> dict[str, Standing]:
    """Hold the claims against what is kept at `path` for the source at `place`, without writing anything."""
    return compare_with_kept(declared, read_kept(path).get(source_key(place)), today, plan)[0]


def keep(
    declared: DeclaredClaims, path: Path, place: str, today: dt.date, plan: AnalysisPlan | None = None
) -> dict[str, Standing]:
    """`standings_of`, and write down what was seen: 0600, whole or not at all. Raises FileProblem."""
    sources = read_kept(path)
    key = source_key(place)
    standings, entry = compare_with_kept(declared, sources.get(key), today, plan)
    if (sources.get(key) or {}).get("claims") != entry["claims"] or key not in sources:
        content = {"version": 1, "sources": {**sources, key: entry}}
        write_private(path, json.dumps(content, indent=1, sort_keys=True) + "\n")
    return standings
