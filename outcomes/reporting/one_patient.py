"""The page of one patient in words, for the clinic's own eyes."""

from __future__ import annotations

from collections.abc import Iterator

from outcomes.analysis.estimates import Estimate
from outcomes.analysis.one_patient import OnePatient
from outcomes.analysis.single_case import percent_change
from outcomes.reporting.formatting import interval, number

INTERNAL = "Internal: one patient's own numbers, not to leave the clinic."

_ONE = "What happened to this patient, whatever brought it about. Nothing here is about other patients."


def patient_text(one: OnePatient) -> str:
    """Windows, endpoints and weeks of one patient, rounded for reading, marked as internal."""
    lines = [INTERNAL, "", *_recorded_lines(one), "", *_endpoint_lines(one), "", *_case_lines(one), ""]
    lines += ["Week by week (headache days of recorded days)", *_week_lines(one), ""]
    lines += dict.fromkeys([*one.single_case.notes, *one.notes])
    return "\n".join([*lines, _ONE])


def _recorded_lines(one: OnePatient) -> Iterator[str]:
    lengths = {"baseline": one.plan.baseline_days, "followup": one.plan.followup_days}
    names = {"baseline": "baseline", "followup": "follow-up"}
    for period, (first, last) in one.plan.windows.items():
        recorded = f"{one.recorded_days[period]} of {lengths[period]} days recorded"
        yield f"{names[period]}, days {number(first, 0)} to {number(last, 0)}: {recorded}"
    days = ", ".join(str(day) for day in one.session_days)
    yield f"sessions: {len(one.session_days)}" + (f" (days {days})" if days else "")


def _endpoint_lines(one: OnePatient) -> Iterator[str]:
    for row in one.endpoints.to_dict("records"):
        pair = f"{number(row['baseline'])} → {number(row['followup'])} {row['unit']}"
        mode = "" if row["mode"] == "diary" else f" ({row['mode'].replace('_', ' ')})"
        yield f"{row['label']}{mode}: {pair}, change {number(row['change'])}"


def _case_lines(one: OnePatient) -> Iterator[str]:
    case = one.single_case
    yield f"{case.n_before} weeks before, {case.n_after} after"
    yield f"change of headache days per week: {_estimate(case.change, 1)}"
    yield f"pairs of weeks in which the later was better (NAP): {_estimate(case.nap, 2)}"
    yield f"log response ratio: {_estimate(case.log_response_ratio, 2)}{_in_percent(case.log_response_ratio)}"
    yield f"… allowing for weeks being alike: {_estimate(case.log_response_ratio_inflated, 2)}"
    alike = case.autocorrelation
    yield f"likeness of neighbouring weeks (lag 1): {number(alike.raw, 2)}, corrected {number(alike.corrected, 2)}"
    if case.tau_u is not None and case.tau_bc is not None:
        trend = f"Tau-U {number(case.tau_u.value, 2)}, Tau-BC {number(case.tau_bc.value, 2)}"
        yield f"with the trend before taken out: {trend}"


def _week_lines(one: OnePatient) -> Iterator[str]:
    for row in one.weeks.to_dict("records"):
        short = "" if row["value"] == row["value"] else "  (too few recorded)"
        yield f"  week {number(row['week'], 0):>4}: {row['headache_days']} of {row['recorded_days']}{short}"


def _estimate(found: Estimate, decimals: int) -> str:
    bounds = f" ({interval(found.low, found.high, decimals)})" if found.low is not None else ""
    why = f" ({found.notes[0]})" if found.value is None and found.notes else ""
    return f"{number(found.value, decimals)}{bounds}{why}"


def _in_percent(found: Estimate) -> str:
    return "" if found.value is None else f", which is {number(percent_change(found.value), 0)}%"
