"""The endpoint catalogue as the analysis asks for it: by name, by what the records hold, and as a page.

The entries stand in `outcomes/records/endpoint_catalogue.py`, since `summaries` may carry each of them. The five core
ones are computed in `sql/endpoints.sql`, the further ones in `sql/further_endpoints.sql`.
`python -m outcomes.analysis.catalogue` writes the table of docs/method.md#further-endpoints.
"""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

from outcomes.errors import PlanError
from outcomes.plan import AnalysisPlan
from outcomes.records.endpoint_catalogue import CATALOGUE as CATALOGUE
from outcomes.records.endpoint_catalogue import CORE_NAMES as CORE_NAMES
from outcomes.records.endpoint_entry import Endpoint as Endpoint

if TYPE_CHECKING:
    from outcomes.records.checked import Records


def find_endpoint(name: str, plan: AnalysisPlan) -> Endpoint:
    """The endpoint of that name, from the catalogue or declared in the plan. Raises PlanError."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    for declared in plan.endpoints:
        if declared.name == name:
            return Endpoint(name, name.replace("_", " ").capitalize(), declared.unit, declared.improvement)
    known = [*CATALOGUE, *(declared.name for declared in plan.endpoints)]
    close = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known endpoints: {', '.join(known)}."
    raise PlanError(f"'{name}' is not an endpoint. {hint} Declare your own as [endpoints.NAME] in the plan.")


def daily_names(records: Records) -> list[str]:
    """Endpoints that the daily diary of these records holds the columns for, in the order of the catalogue."""
    if not records.has("diary"):
        return []
    columns = set(records.columns("diary"))
    return [name for name, endpoint in CATALOGUE.items() if endpoint.held_by(columns)]


def further_names(records: Records) -> list[str]:
    """Those of `daily_names` that are measured only when asked for."""
    return [name for name in daily_names(records) if not CATALOGUE[name].core]


_TOGETHER = {
    "days": "28 × days ÷ known days",
    "sum": "28 × sum ÷ known days",
    "week": "7 × sum ÷ known days",
    "mean": "mean over known days",
    "peak": "greatest of the known days",
    "headache_mean": "mean over headache days",
    "product": "product of other endpoints",
}


def catalogue_page() -> str:
    """The catalogue as a Markdown table, one row per endpoint."""
    lines = ["| endpoint | unit | definition | of the days | needs | source |", "|---|---|---|---|---|---|"]
    for endpoint in CATALOGUE.values():
        lines.append(
            f"| `{endpoint.name}` | {endpoint.unit} | {endpoint.definition} | {_TOGETHER[endpoint.together]} | "
            f"{endpoint.needs_in_words} | {endpoint.source} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(catalogue_page())
