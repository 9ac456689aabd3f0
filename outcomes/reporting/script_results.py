"""`results.json`: what a report shows, for scripts.

In `share` it holds what the page shows and nothing else: the same blocks, and the key figures under the same rules.
In `internal` the exact, unrounded statistics stand beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from outcomes.reporting.page import Notes
from outcomes.reporting.restatements import shown_figures
from outcomes.reporting.words import BLOCK_MIME, Words

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from outcomes.reporting.report_base import ReportBase

RESULTS_MIME = "application/vnd.outcomes.results+json"


@dataclass(frozen=True)
class ScriptResults(Notes):
    """A block that shows nothing on the page and carries the numbers for scripts."""

    items: tuple[Words, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {**super()._repr_mimebundle_(include, exclude), RESULTS_MIME: dict(self.payload)}


def results_payload(report: ReportBase) -> dict[str, Any]:
    """Key figures as shown, and in `internal` the flow and every statistic of the comparison, unrounded."""
    payload: dict[str, Any] = {"figures": shown_figures(report)}
    if report.disclosure.exact:
        changes = (*report.comparison, *report.numbers.other_modes)
        payload["flow"] = report.flow.to_dict()
        payload["statistics"] = [_finite(row.to_dict()) for change in changes for row in change.statistics]
    return payload


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN: what is not defined is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else _plain(value)
        for name, value in row.items()
    }


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def taken_results(run: NotebookNode) -> dict[str, Any]:
    """The numbers for scripts and the blocks by section, as an executed report holds them; taken out of it."""
    results: dict[str, Any] = {"figures": []}
    blocks: list[dict[str, Any]] = []
    section = ""
    for cell in getattr(run, "cells", ()):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            results.update(data.pop(RESULTS_MIME, {}))
            block = data.pop(BLOCK_MIME, None)
            if block is None or not any(block.get(name) for name in ("text", "rows", "items", "alt")):
                continue
            section = block["text"] if block["kind"] == "heading" else section
            # Drawings are files of their own (`--format figures`).
            blocks.append({"section": section, **{name: one for name, one in block.items() if name != "svg"}})
    return {**results, "blocks": blocks}
