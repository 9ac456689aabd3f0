"""What the multiverse table says, in words and as a short table: how far the answer moves, never why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from outcomes.analysis.multiverse.moves import ALL_ROWS, ALL_WITH_BOUNDS, BOUNDS, comparable
from outcomes.analysis.results import Multiverse
from outcomes.reporting.formatting import confidence_name, interval, number
from outcomes.reporting.page import TableBlock

#: Headings of the choices.
CHOICE_NAMES = {
    "followup_window": "Follow-up window",
    "baseline_window": "Baseline window",
    "minimum_days": "Recorded days needed",
    "headache_day_rule": "Days counted",
    "missing_data": "Missing days",
    "estimator": "Estimator",
}

NOT_THE_CAUSE = (
    "That rows agree says that the choices matter little, not what caused the change: none has a comparison "
    "group."
)


def choice_name(name: str) -> str:
    """The heading of a choice; one that has no name yet by its own."""
    return CHOICE_NAMES.get(name, name.replace("_", " ").capitalize())


def describe_multiverse(found: Multiverse) -> str:
    """The planned answer, how far the others lie from it, and the choice that moves it most."""
    label, default = found.endpoint.label, found.default
    if default.value is None:
        why = "; ".join(default.notes) or default.status
        return f"{label}: the planned analysis has no estimate ({why}), so nothing can be said to move it."
    moves: dict[Any, dict[Any, Any]] = found.which_moves_it().set_index("choice").to_dict("index")
    counted: dict[Any, Any] = found.sides().set_index("rows").to_dict("index")[ALL_ROWS]
    name = confidence_name(found.plan.confidence)
    start = (
        f"{label}, change as planned: {number(default.value)} {found.endpoint.unit} ({name} interval "
        f"{interval(default.low, default.high)}; {default.n:,} patients)."
    )
    spread = (
        f"Over {counted['estimated']:,} analyses the change lies between {number(moves[ALL_ROWS]['lowest'])} and "
        f"{number(moves[ALL_ROWS]['highest'])}; {counted['excludes_zero']:,} of {counted['with_interval']:,} "
        f"intervals hold no 0, and {_other_side(counted)}."
    )
    return " ".join(part for part in (start, spread, _most(moves), _bounds(moves), NOT_THE_CAUSE) if part)


def multiverse_html(found: Multiverse) -> str:
    """What a notebook cell shows: the sentences, and what each choice does."""
    return f"<p>{describe_multiverse(found)}</p>{moves_block(found).as_html()}"


def moves_block(found: Multiverse) -> TableBlock:
    """One line per choice: how far the estimate moves when this choice alone departs from the plan."""
    rows = [
        (
            _line_name(line["choice"]),
            str(line["rows"]),
            _end(line["lowest"], line["lowest_option"]),
            _end(line["highest"], line["highest_option"]),
            number(line["range"]),
        )
        for line in found.which_moves_it().to_dict("records")
    ]
    fixed = tuple(
        row.notes[0].removeprefix("not_varied: ") for row in found.rows if row.status == "not_varied"
    )
    frame = found.to_frame()
    few = int(frame["value"].notna().sum()) - len(comparable(frame))
    small = (f"{few} estimates of fewer than five patients stand in the table and not here",) if few else ()
    what = f"Change in {found.endpoint.label.lower()} ({found.endpoint.unit})"
    return TableBlock(
        ("", "estimates", "lowest", "highest", "range"),
        tuple(rows),
        caption=f"{what} when one choice departs from the plan",
        align=("left", "right", "right", "right", "decimal"),
        notes=tuple(f"{note[0].upper()}{note[1:]}." for note in (*found.notes, *small, *fixed)),
    )


def _line_name(choice: object) -> str:
    special = {
        ALL_ROWS: "All choices together",
        BOUNDS: "Bounds of the missing days",
        ALL_WITH_BOUNDS: "All together, with bounds",
    }
    return special.get(str(choice)) or choice_name(str(choice))


def _end(value: float, option: str) -> str:
    return f"{number(value)} ({option})" if option else number(value)


def _other_side(counted: Mapping[Any, Any]) -> str:
    n = int(counted["other_side"])
    if math.isnan(counted["share_other_side"]):
        return "the planned change is 0, which has no other side"
    if n == 0:
        return "no estimate lies on the other side of 0"
    lies = "estimate lies" if n == 1 else "estimates lie"
    return f"{n:,} {lies} on the other side of 0"


def _most(moves: Mapping[Any, Mapping[Any, Any]]) -> str:
    # Lines of choices come first and widest first.
    choice, widest = next(iter(moves.items()))
    if not widest["range"]:
        return ""
    return (
        f"The choice that moves it most is '{choice_name(choice).lower()}': from {number(widest['lowest'])} "
        f"({widest['lowest_option']}) to {number(widest['highest'])} ({widest['highest_option']})."
    )


def _bounds(moves: Mapping[Any, Mapping[Any, Any]]) -> str:
    if BOUNDS not in moves:
        return ""
    line = moves[BOUNDS]
    return (
        "If every missing day had been the best or the worst for the change, it would lie between "
        f"{number(line['lowest'])} and {number(line['highest'])}."
    )
