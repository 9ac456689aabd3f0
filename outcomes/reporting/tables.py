"""Results as tables: for the screen, for a notebook cell, and as blocks of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from outcomes.analysis.catalogue import Endpoint
from outcomes.analysis.comparison import DESCRIBED
from outcomes.analysis.diagnoses import DIAGNOSED_LATER, SELF_LABELLED_SINUS
from outcomes.analysis.periods import REASONS, PatientFlow
from outcomes.analysis.results import ComparisonTable, Course, Multiverse, PairedChange, Statistic
from outcomes.errors import PlanError
from outcomes.reporting.disclosure import NOT_SHOWN, TOO_FEW, Disclosure, SafeTable, Shown, carried_words
from outcomes.reporting.formatting import (
    confidence_name,
    interval,
    number,
    p_value,
    percent,
    percent_interval,
)
from outcomes.reporting.methods_text import METHOD_NAMES, methods_text
from outcomes.reporting.page import TableBlock
from outcomes.reporting.wording import (
    LIMITATION,
    change_sentence,
    counts_phrase,
    described_words,
    least_baseline,
    mode_name,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {
    "baseline_mean": "baseline mean",
    "followup_mean": "follow-up mean",
    "change": "change",
    "rate_ratio": "rate ratio",
    "baseline_sd": "baseline SD",
    "followup_sd": "follow-up SD",
    "change_sd": "SD of change",
    "change_median": "median change",
    "correlation": "correlation",
    f"{DESCRIBED}baseline_mean": "baseline mean of those described only",
    f"{DESCRIBED}followup_mean": "follow-up mean of those described only",
    **METHOD_NAMES,
}


#: Codes whose words are not the code itself.
GROUP_NAMES = {
    "tension_type": "Tension-type",
    SELF_LABELLED_SINUS: "Unclassified (self-labelled sinus)",
    DIAGNOSED_LATER: "Diagnosed after the first session",
}


def label_of(name: str) -> str:
    """A code as people read it: `tension_type` → `Tension-type`."""
    return GROUP_NAMES.get(name, name.replace("_", " ").capitalize())


def statistic_label(name: str, endpoint: Endpoint) -> str:
    """The name of a statistic as a row label."""
    if name in _NAMES:
        return _NAMES[name]
    kind, size, *rest = name.split("_")
    label = f"≥{size}% {_direction(endpoint, better=kind == 'responders')}"
    return f"{label}, of all who started" if rest else label


def _direction(endpoint: Endpoint, *, better: bool) -> str:
    if (endpoint.improvement == "decrease") == better:
        return "fewer" if endpoint.counts_days else "lower"
    return "more" if endpoint.counts_days else "higher"


def statistic_texts(row: Statistic) -> tuple[str, str, str]:
    """Value, interval and p of an exact statistic, rounded for reading."""
    if row.unit == "share":
        return percent(row.value), percent_interval(row.low, row.high), p_value(row.p)
    decimals = 2 if row.unit in ("ratio", "correlation", "z", "standard deviations") else 1
    return number(row.value, decimals), interval(row.low, row.high, decimals), p_value(row.p)


def change_block(change: PairedChange) -> TableBlock:
    """Every statistic of one comparison."""
    rows = []
    for row in change.statistics:
        value, between, p = statistic_texts(row)
        rows.append(
            (
                statistic_label(row.statistic, change.endpoint),
                value,
                between,
                p,
                f"{row.n:,}",
                f"{row.n_left_out:,}",
            )
        )
    name = confidence_name(change.plan.confidence)
    return TableBlock(
        ("", "value", f"{name} interval", "p", "patients", "left out"),
        tuple(rows),
        caption=f"{change.endpoint.label} ({change.endpoint.unit})",
        align=("left", "decimal", "right", "right", "right", "right"),
        notes=change.notes,
    )


def changes_block(changes: Sequence[PairedChange], disclosure: Disclosure, caption: str = "") -> TableBlock:
    """Baseline, follow-up and change of several endpoints, one row each."""
    labels = [f"{one.endpoint.label} ({one.endpoint.unit}){mode_name(one.mode)}" for one in changes]
    return _changes_table(labels, changes, disclosure, caption)


def groups_block(changes: Sequence[PairedChange], disclosure: Disclosure, caption: str = "") -> TableBlock:
    """Baseline, follow-up and change of one endpoint in several groups, one row each.

    Groups that `share` may not show apart are one row together, without values.
    """
    shown, together = disclosure.apart(changes)
    table = _changes_table([label_of(change.group) for change in shown], shown, disclosure, caption)
    if not together:
        return table
    # Without their number: beside everyone's and the shown groups' it would narrow all of them down.
    row = ("Others, not shown apart", "–", "–", NOT_SHOWN, "–", "–")
    note = "Small groups stand together, so that none can be worked out from the others."
    return replace(table, rows=(*table.rows, row), notes=(*table.notes, note))


def _changes_table(
    labels: Sequence[str], changes: Sequence[PairedChange], disclosure: Disclosure, caption: str
) -> TableBlock:
    rows, carried = [], []
    for label, change in zip(labels, changes, strict=True):
        before, after, moved = disclosure.before_after(change)
        if moved.carried_from:
            carried.append(f"{label}: {carried_words((moved.carried_from,))}.")
        if disclosure.exact and change.n == 0 and f"{DESCRIBED}baseline_mean" in change:
            levels = (change[f"{DESCRIBED}{period}_mean"].value for period in ("baseline", "followup"))
            cells = (*map(number, levels), "not compared", "–")
        elif moved.value is None:
            cells = ("–", "–", moved.reason, "–")
        else:
            between = interval(moved.low, moved.high)
            cells = (number(before.value), number(after.value), number(moved.value), between)
        rows.append((label, *cells, moved.n_text))
    name = confidence_name(changes[0].plan.confidence) if changes else "95%"
    return TableBlock(
        ("", "baseline", "follow-up", "change", f"{name} interval", "patients"),
        tuple(rows),
        caption=caption,
        align=("left", "decimal", "decimal", "decimal", "right", "right"),
        notes=() if disclosure.exact else ("Patients rounded to the nearest 5.", *carried),
    )


def flow_block(flow: PatientFlow, disclosure: Disclosure) -> TableBlock:
    """From everyone in the records to the patients compared, with the reason for each loss."""
    rows = [
        (step, disclosure.patients_in_table(out) if number_ else "", disclosure.patients_in_table(still))
        for number_, (step, still, out) in enumerate(flow.steps())
    ]
    rows.append(("compared", "", disclosure.patients_in_table(flow.n_analysed)))
    return TableBlock(("", "left out here", "still in"), tuple(rows))


def flow_block_rounded(flow: PatientFlow, reasons: Iterable[str], disclosure: Disclosure) -> TableBlock:
    """The same for `share`: every reason there can be, so that none is missing because it is nobody's.

    Without the patients still in at each step: rounded one by one they would narrow down the small numbers
    between them. The total is that of the numbers shown.
    """
    left_out = dict(flow.left_out)
    counts = [
        (f"left out: {REASONS[reason]}", disclosure.standing(reason, left_out.get(reason, 0)))
        for reason in reasons
    ]
    counts.append(("compared", disclosure.standing("analysed", flow.n_analysed)))
    total = int(sum(count.drawn for _, count in counts if count.drawn is not None))
    rows = [(label, count.text) for label, count in counts]
    rows.append(("total of the numbers shown", number(total, 0) if total else "–"))
    carried = carried_words(tuple(count.carried_from for _, count in counts))
    notes = ("Rounded to the nearest 5.", *([f"Some numbers are {carried}."] if carried else []))
    return TableBlock(("", "patients"), tuple(rows), notes=notes)


def responders_block(change: PairedChange, disclosure: Disclosure) -> TableBlock:
    """Share reaching each reduction, of those evaluable and of all who started, and worsening."""
    rows, carried = [], []
    for reduction in change.plan.responder_reductions:
        name = f"responders_{reduction:g}"
        evaluable, started = disclosure.responders(change, name)
        carried += [evaluable.carried_from, started.carried_from]
        rows.append(
            (_share_label(change, reduction, better=True), *_share_cells(evaluable), *_share_cells(started))
        )
    for increase in change.plan.worsening_increases:
        shown = disclosure.share(change[f"worsened_{increase:g}"])
        carried.append(shown.carried_from)
        rows.append((_share_label(change, increase, better=False), *_share_cells(shown), "–", "–"))
    first = change[f"responders_{change.plan.responder_reductions[0]:g}"] if rows else None
    counted = [f"{note}." for note in (first.notes if first is not None else ()) if "not eligible" in note]
    least = least_baseline(change)
    return TableBlock(
        ("", "of those with both periods", "patients", "of all who started", "patients"),
        tuple(rows),
        caption=f"{change.endpoint.label}: patients by change as a share of their own baseline",
        notes=(
            f"{least[0].upper()}{least[1:]}. Of all who started: a missing follow-up counts as no response.",
            *(counted if disclosure.exact else ()),
            *([f"Some shares are {words}."] if (words := carried_words(tuple(carried))) else ()),
        ),
    )


def _share_label(change: PairedChange, size: float, *, better: bool) -> str:
    direction = _direction(change.endpoint, better=better)
    if size == 100 and direction in ("fewer", "lower"):
        return "none left" if change.endpoint.counts_days else "down to 0"
    return f"at least {size:g}% {direction}"


def _share_cells(shown: Shown) -> tuple[str, str]:
    counts = counts_phrase(shown)
    if shown.value is None:
        return shown.reason, counts
    return f"{percent(shown.value)} ({percent_interval(shown.low, shown.high)})", counts


def comparison_text(table: ComparisonTable, flows: Sequence[PatientFlow], notes: Sequence[str] = ()) -> str:
    """The comparison for a terminal: exact, for the clinic's own eyes."""
    parts = []
    for flow in flows:
        left_out = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in flow.left_out)
        parts.append(
            f"{flow.mode}: {flow.n_analysed} of {flow.n_patients} patients compared. Left out: {left_out or 'none'}."
        )
    parts += _described_lines(table)
    heads = ("endpoint", "group", "baseline", "follow-up", "change", "interval", "p", "patients")
    rows = [heads]
    for change in (one for block in table.blocks if block.is_told for one in block):
        before, after = (statistic_texts(change[name])[0] for name in ("baseline_mean", "followup_mean"))
        moved, between, p = statistic_texts(change["change"])
        name = change.endpoint.name if change.mode == "diary" else f"{change.endpoint.name} ({change.mode})"
        rows.append((name, change.group, before, after, moved, between, p, str(change.n)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        cells = [
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        parts.append("  ".join(cells).rstrip())
    parts += [f"{block.in_a_word}, each in --json and --csv." for block in table.blocks if not block.is_told]
    parts += [f"Note: {note}." for note in table.notes]
    parts += [f"Note: {note}" for note in notes]
    parts += [
        "",
        *(_responder_line(change) for change in table.everyone if "responders_50" in change),
    ]
    for change in table.everyone:
        parts += methods_text(
            [(row, *statistic_texts(row)) for row in change.statistics], mode_name(change.mode)
        )
    if any(block[0].by is not None and "wilcoxon_pratt" in block[0] for block in table.blocks):
        parts += ["", "The groups by other methods are in --json and --csv."]
    parts += ["", "Internal: exact numbers, not to leave the clinic.", LIMITATION]
    return "\n".join(parts)


def _described_lines(table: ComparisonTable) -> list[str]:
    """What is known of patients who are not compared; where they are everyone, that there is no comparison."""
    disclosure = Disclosure("internal", table.plan.minimum_cell)
    everyone = table.everyone
    lines = [words for change in everyone[:1] if (words := described_words(change, disclosure))]
    if lines and everyone[0].n == 0:
        lines.insert(0, "There is no comparison of before and after for these patients, and no headline.")
    return lines


def _responder_line(change: PairedChange) -> str:
    found = change["responders_50"]
    if not found.n:
        return f"{change.endpoint.name}{mode_name(change.mode)}: nobody had enough at baseline for a reduction by half."
    value, between, _ = statistic_texts(found)
    return (
        f"{change.endpoint.name}{mode_name(change.mode)}: reduced by half or more in {found.count} of {found.n} "
        f"({value}; {between})."
    )


def change_html(change: PairedChange) -> str:
    """What a notebook cell shows of one comparison."""
    disclosure = Disclosure("internal", change.plan.minimum_cell)
    return f"<p>{change_sentence(change, disclosure)}</p>{change_block(change).as_html()}"


def comparison_html(table: ComparisonTable) -> str:
    """What a notebook cell shows of several comparisons."""
    parts = []
    disclosure = Disclosure("internal", table.plan.minimum_cell)
    told = [block for block in table.blocks if block.is_told]
    for name, mode in dict.fromkeys((block[0].endpoint.name, block[0].mode) for block in told):
        same = [block for block in told if (block[0].endpoint.name, block[0].mode) == (name, mode)]
        changes = [change for block in same for change in block]
        caption = f"{changes[0].endpoint.label} ({changes[0].endpoint.unit}){mode_name(mode)}"
        parts.append(groups_block(changes, disclosure, caption).as_html())
    parts += [
        f"<p>{escape(block.in_a_word)}, in to_frame().</p>" for block in table.blocks if not block.is_told
    ]
    return "".join(parts)


def frame_html(frame: pd.DataFrame) -> str:
    """A frame of numbers as a plain table."""
    rows = tuple(
        tuple(number(float(value), 1) if isinstance(value, float) else str(value) for value in row)
        for row in frame.itertuples(index=False)
    )
    return TableBlock(tuple(str(name) for name in frame.columns), rows).as_html()


def group_table(changes: Sequence[PairedChange], disclosure: Disclosure, least: int = 0) -> SafeTable:
    """`label`, `value`, `low`, `high`, `n_text`, `reason` of each group, for the figure by group.

    Groups of fewer than `least` patients are named and not drawn: their intervals would set the scale.
    """
    rows: list[dict[str, Shown | str | float]] = []
    for change in changes:
        shown = disclosure.before_after(change)[2]
        if change.n < least:
            reason = f"{TOO_FEW}: {disclosure.patients(change.n)}"
            shown = replace(shown, value=None, low=None, high=None, reason=reason)
        rows.append({"label": label_of(change.group), "": shown})
    return disclosure.table(rows)


def draw_change(change: PairedChange, ax: Axes | None = None) -> Axes:
    """Each patient of one comparison, the means and their intervals, exact."""
    from outcomes.reporting.figures import draw_paired_change

    summary: dict[str, float] = {}
    for name in ("baseline", "followup"):
        row = change[f"{name}_mean"]
        bounds = ((name, row.value), (f"{name}_low", row.low), (f"{name}_high", row.high))
        summary |= {key: float("nan") if value is None else value for key, value in bounds}
    name = f"{change.endpoint.label.lower()} ({change.endpoint.unit})"
    return draw_paired_change(change.pairs, summary, unit=name, ax=ax)


def draw_changes(table: ComparisonTable, ax: Axes | None = None) -> Axes:
    """The change of the first endpoint in each group, exact. Raises PlanError for very many groups."""
    from outcomes.reporting.figures import draw_by_group

    first = table.changes[0].endpoint
    blocks = [block for block in table.blocks if block[0].endpoint.name == first.name]
    for block in blocks:
        if not block.is_told:
            raise PlanError(f"{block.in_a_word} are more than a figure holds: draw from to_frame().")
    changes = [change for block in blocks for change in block]
    safe = group_table(changes, Disclosure("internal", table.plan.minimum_cell))
    return draw_by_group(safe.frame, f"change in {first.label.lower()} ({first.unit})", ax=ax)


def draw_course_of(course: Course, ax: Axes | None = None) -> Axes:
    """The weekly course with its windows, exact."""
    from outcomes.reporting.figures import draw_course

    return draw_course(course.weeks, window_edges(course), ax=ax)


def draw_multiverse_of(found: Multiverse, ax: Axes | None = None) -> Axes:
    """Every comparable estimate of the multiverse and the choices behind it, exact. A choice of one option is not
    drawn."""
    return multiverse_drawing(found)(ax=ax)


def multiverse_drawing(found: Multiverse) -> Callable[..., Axes]:
    """What `draw_multiverse_of` draws, with all that it needs: to be called with the Axes."""
    # Here, since the comparison on the command line uses these tables and none of the further methods.
    from outcomes.analysis.multiverse.moves import comparable
    from outcomes.reporting.figures_multiverse import draw_multiverse
    from outcomes.reporting.wording_multiverse import choice_name

    frame = found.to_frame()
    few = len(frame[frame["value"].notna()])
    frame = comparable(frame)
    few -= len(frame)
    varied = {name: choice_name(name) for name in found.choices if frame[name].nunique() > 1}
    level = confidence_name(found.plan.confidence)
    name = f"change in {found.endpoint.label.lower()} ({found.endpoint.unit}), {level} intervals"
    meaning = "light: 0 not excluded" + (
        "; hollow: bound of the missing days" if frame["is_bound"].any() else ""
    )
    few_text = f"; {few} of fewer than five patients not drawn" if few else ""
    return partial(draw_multiverse, frame, varied, f"{name} ({meaning}{few_text})")


def window_edges(course: Course) -> dict[str, tuple[float, float]]:
    """The two windows as edges in weeks from the first session."""
    plan = course.plan
    return {
        "baseline": (-plan.baseline_days / 7, 0.0),
        "follow-up": (plan.followup_first_day / 7, (plan.followup_last_day + 1) / 7),
    }
