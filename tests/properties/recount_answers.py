"""Each number of the topics beside its recount: (what, as the toolkit says it, as counted by hand)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

import recount_course as rc
import recount_outcomes as ro
import recount_visits as rv
from recount_outcomes import Told

from outcomes.analysis import durability_events
from outcomes.analysis.answers import Answers
from outcomes.analysis.durability_events import Followed
from outcomes.analysis.endpoints import measure_endpoints
from outcomes.analysis.periods import Periods
from outcomes.analysis.questions import ask
from outcomes.analysis.response_course import response_course
from outcomes.analysis.wearing_off import wearing_off

Compared = tuple[str, Any, Any]
NOBODY = math.nan


def differs(found: Any, expected: Any) -> bool:
    one, other = (math.nan if value is None else float(value) for value in (found, expected))
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) != math.isnan(other)
    return not (one == other or abs(one - other) < 1e-9 * max(1.0, abs(one)))


def counted(answers: Answers, name: str, count: int, n: int, **which: str) -> Iterator[Compared]:
    row = answers.find(name, **which)
    yield f"{name} {which} count", row.count, count
    yield f"{name} {which} n", row.n, n


def mean_of(answers: Answers, name: str, values: list[float], **which: str) -> Iterator[Compared]:
    row = answers.find(name, **which)
    yield f"{name} {which} n", row.n, len(values)
    if row.value is not None:
        yield f"{name} {which}", row.value, fmean(values)


def endpoints(told: Told, periods: Periods) -> Iterator[Compared]:
    table = measure_endpoints(periods, "all")
    table = table[table["mode"] == "diary"].set_index(["patient_id", "period"])
    for (name, period), values in ro.further_endpoints(told).items():
        for endpoint, value in values.items():
            if endpoint in table:
                yield f"{endpoint} of {name} {period}", table.at[(name, period), endpoint], value


def response(told: Told, periods: Periods) -> Iterator[Compared]:
    answers, who = ask(periods, "response"), rc.eligible(told)
    both = [pair for pair in who.values() if not math.isnan(pair[1])]
    for percent in (30, 50, 75, 100):
        hits = sum(rc.reaches(*pair, percent) for pair in both)
        yield from counted(answers, f"responders_{percent}", hits, len(both))
        yield from counted(answers, f"responders_{percent}_all_started", hits, len(who))
    for percent in (30, 50):
        worse = sum(rc.reduction(*pair) <= -percent + 1e-7 for pair in both)
        yield from counted(answers, f"worsened_{percent}", worse, len(both))
    for name in [row.statistic for row in answers if row.statistic.startswith("sustained")]:
        if not name.endswith("_all_started"):
            percent, length = (int(part) for part in name.removeprefix("sustained_").split("_over_"))
            got, could, everyone = rc.sustained(told, percent, length)
            yield from counted(answers, name, got, could)
            yield from counted(answers, f"{name}_all_started", got, everyone)
    first = list(rc.first_responses(told).values())
    by_end = answers["first_response_by_followup_end"]
    yield "first responses n", by_end.n, len(first)
    if by_end.value is not None:
        yield "first responses", by_end.value, 1 - rc.surviving(first, told.plan.followup_last_day + 1)
    again, valid, everyone = rc.kept(told)
    yield from counted(answers, "first_response_kept", again, valid)
    yield from counted(answers, "first_response_kept_all", again, everyone)
    for number in range(told.plan.response_periods):
        first_day, last_day = max(1, rc.period_days(number)[0]), rc.period_days(number)[1]
        values = {name: rc.course(told, name, [number])[0] for name in who}
        yield from counted(
            answers, "responders_50_of_period",
            sum(rc.reaches(who[name][0], value, 50) for name, value in values.items()),
            sum(not math.isnan(value) for value in values.values()), group=f"days {first_day} to {last_day}",
        )  # fmt: skip
    for row in answers.frames["staircase"].itertuples():
        share = fmean(rc.reaches(*pair, row.reduction) for pair in both)
        yield f"staircase {row.reduction}", row.share, share


def spells(what: str, followed: Followed, expected: Mapping[str, rc.Spell]) -> Iterator[Compared]:
    times = zip(followed.times.left, followed.times.right, strict=True)
    found = dict(zip(followed.patients, times, strict=True))
    for name in sorted({*found, *expected}):
        left, right = found.get(name, (NOBODY, NOBODY))
        spell = expected.get(name, rc.Spell(NOBODY, NOBODY))
        yield f"{what} {name} not before", left, spell.left
        yield f"{what} {name} by", right, spell.right


def durability(told: Told, periods: Periods) -> Iterator[Compared]:
    answers, course = ask(periods, "durability"), response_course(periods)
    events = durability_events
    everybody = rc.relapses(told, responders_only=False)
    of_responders = rc.relapses(told, responders_only=True)
    lost, lost_later = rc.losses_of_responders(told), rc.losses_of_first_responders(told)
    yield from spells("loss of responders", events.loss_among_responders(periods, course), lost)
    yield from spells("loss of first", events.loss_after_first_response(periods, course), lost_later)
    yield from spells("relapse", events.relapse(periods, course, responders_only=False), everybody)
    yield from spells(
        "relapse of responders", events.relapse(periods, course, responders_only=True), of_responders
    )
    yield from spells("return", events.return_of_headache(periods, course), rc.returns_of_headache(told))
    curve = answers.find("relapse_free", group="all")
    if curve.value is not None:
        days = told.plan.restricted_mean_days
        yield "relapse free", curve.value, rc.surviving(list(everybody.values()), days)
    late, who = rc.late_pairs(told), rc.eligible(told)
    changes = [after - before for before, after in late.values() if not math.isnan(before + after)]
    yield from mean_of(answers, "late_change", changes)
    seen = sum(not math.isnan(late[name][1]) for name in who)
    last_day = told.plan.late_window_first_day + 27
    due = sum(told.is_over(name, last_day) or not math.isnan(late[name][1]) for name in who)
    for percent in (30, 50, 75, 100):
        hits = sum(rc.reaches(*late[name], percent) for name in who)
        yield from counted(answers, f"late_responders_{percent}", hits, seen)
        yield from counted(answers, f"late_responders_{percent}_all_started", hits, len(who))
        yield from counted(answers, f"late_responders_{percent}_all_started_due", hits, due)
    found, expected = wearing_off(periods, course.patients), rc.wearing_off(told)
    rises = dict(zip(found.patients, found.rise, strict=True))
    for name in sorted({*rises, *expected}):
        yield f"wearing off {name}", rises.get(name), fmean(expected[name]) if name in expected else NOBODY


def states(told: Told, periods: Periods) -> Iterator[Compared]:
    answers, plan = ask(periods, "states"), told.plan
    known = {row.statistic for row in answers}
    both = rv.analysed(told)
    for side, place in (("before", 0), ("after", 1)):
        chronic = sum(
            bool(rc.reached(pair[place], rc.limit(told, plan.chronic_days))) for pair in both.values()
        )
        yield from counted(answers, f"chronic_{side}", chronic, len(both))
    yes, evaluable, chronic = rc.lastingly_episodic(told)
    if "persistent_chronic_to_episodic" in known:
        yield from counted(answers, "persistent_chronic_to_episodic", yes, evaluable)
        yield from counted(answers, "persistent_chronic_to_episodic_all_started", yes, chronic)
    values, who = ro.further_endpoints(told), rc.compared(told)
    ranges = [[rc.overuse(told, values[name, period]) for period in ro.WINDOWS] for name in who]
    for kind in ("any", "several", *ro.OVERUSE_LIMITS):
        name = {"any": "overuse_range", "several": "overuse_several_classes"}.get(kind, f"overuse_{kind}")
        found = [(one[0][kind], one[1][kind]) for one in ranges if None not in (one[0][kind], one[1][kind])]
        if f"{name}_before" in known:
            yield from counted(answers, f"{name}_before", sum(bool(one) for one, _ in found), len(found))
            yield from counted(answers, f"{name}_after", sum(bool(one) for _, one in found), len(found))
        else:
            yield f"{name} in nobody", 0, sum(bool(one) or bool(other) for one, other in found)
    if "overuse_criteria_met_after_alone" in known:
        met = [one for one in rc.criteria_met(told, rc.AFTER).values() if one is not None]
        yield from counted(answers, "overuse_criteria_met_after_alone", sum(met), len(met))
    yield from _bands(told, answers, values)


def _bands(told: Told, answers: Answers, values: Mapping[Any, Mapping[str, float]]) -> Iterator[Compared]:
    endpoint = "migraine_or_moderate_severe_days_per_28"
    who, needed = rc.compared(told), ro.needed_in_course(told.plan, 28)
    pairs = [[rc.band(values[name, period][endpoint]) for period in ro.WINDOWS] for name in who]
    pairs = [pair for pair in pairs if None not in pair]
    end = (told.plan.followup_last_day + 1) // 28
    months = [
        [ro.further(told, name, *rc.period_days(number), needed)[endpoint] for number in range(end - 3, end)]
        for name in who
    ]
    lasting = [one for one in (rc.band(fmean(three)) for three in months) if one is not None]
    for band in ("freedom", "optimal", "modest", "insufficient"):
        for side, place in (("before", 0), ("after", 1)):
            hits = sum(pair[place] == band for pair in pairs)
            yield from counted(answers, f"control_month_{band}_{side}", hits, len(pairs))
        if lasting:
            yield from counted(
                answers, f"control_3_months_{band}_after_alone", lasting.count(band), len(lasting)
            )


def within_session(told: Told, periods: Periods) -> Iterator[Compared]:
    answers = ask(periods, "within_session")
    own, numbered = rv.within_session(told)
    yield from mean_of(answers, "change", list(own.values()), group="all")
    for number, changes in numbered.items():
        if any(row.group == f"session_{number}" for row in answers):
            yield from mean_of(answers, "change", list(changes.values()), group=f"session_{number}")
    rows = rv.all_sessions(told)
    for column, yes in (
        ("aftercare", lambda value: value != "none"),
        ("explanation", bool),
        ("personal_plan", bool),
    ):
        hits, given = rv.share_of(rows, column, yes)
        yield from counted(answers, f"{column}_yes", hits, given)
        yield from counted(answers, f"{column}_recorded", given, len(rows))


def safety(told: Told, periods: Periods) -> Iterator[Compared]:
    answers = ask(periods, "safety")
    for grade in ("any", *rv.GRADES):
        for when in ("at_session", "at_72h", "worst_of_both"):
            hits, asked = rv.sessions_with(told, when, grade)
            yield from counted(answers, f"sessions_{grade}", hits, asked, group=when)
        yield from counted(answers, f"patients_{grade}", *rv.patients_with(told, grade))
    kinds, asked = rv.kinds(told)
    for kind, count in kinds.items():
        yield from counted(answers, "kind", count, asked, group=kind)
    both, differing, fewer = rv.needles(told)
    yield from counted(answers, "needles_differ", differing, both)
    yield from counted(answers, "needles_fewer_out", fewer, both)
    for day, (mean, share, n) in rv.soreness(told).items():
        row = answers[f"soreness_day_{day}"]
        yield f"soreness {day} n", row.n, n
        yield f"soreness {day}", row.value, mean
        yield f"sore {day}", answers[f"sore_day_{day}"].value, share
    changes = [after - before for before, after in rv.without_session_days(told).values()]
    yield from mean_of(answers, "change_without_session_days", changes)
    yield "planned change n", answers["change_planned"].n, len(rv.analysed(told))


def questionnaires(told: Told, periods: Periods) -> Iterator[Compared]:
    answers = ask(periods, "questionnaires")
    table = answers.frames["pairs"]
    for name in rv.SHEETS:
        before, after = rv.paired_scores(told, name)
        if not before and not after:
            continue
        rows = table[table["instrument"] == name].set_index("patient_id")
        for patient in sorted({*before, *after, *rows.index}):
            for column, mine in (("baseline", before), ("followup", after)):
                theirs = rows.at[patient, column] if patient in rows.index else NOBODY
                # Whoever has one side alone need not stand among the pairs.
                if patient in rows.index or (patient in before and patient in after):
                    yield f"{name} {column} {patient}", theirs, mine.get(patient, NOBODY)
        improved, worsened, n, mean = rv.improvements(told, name)
        change = answers.find("change", endpoint=name)
        yield f"{name} n", change.n, n
        if change.value is not None:
            yield f"{name} change", change.value, mean
        if rv.important(told, next(iter(told.patients)), name) is not None:
            yield from counted(answers, "improved", improved, n, endpoint=name)
            yield from counted(answers, "worsened", worsened, n, endpoint=name)
        if name == "midas":
            improved, worsened, n = rv.ahs(told)
            yield from counted(answers, "improved_ahs", improved, n, endpoint=name)
            yield from counted(answers, "worsened_ahs", worsened, n, endpoint=name)


def recalled(told: Told, periods: Periods) -> Iterator[Compared]:
    answers = ask(periods, "recalled")
    for span in (28, 7):
        found = rv.recalled_pairs(told, span)
        rows = {row.statistic: row for row in answers if row.mode == f"recall_{span}"}
        for place, name in enumerate(("level_baseline", "level_followup")):
            values = [pair[place] for pair in found.values() if not math.isnan(pair[place])]
            yield f"recall {span} {name} n", rows[name].n, len(values)
            if rows[name].value is not None:
                yield f"recall {span} {name}", rows[name].value, fmean(values)
        changes = [found[name][1] - found[name][0] for name in rc.compared(told)]
        changes = [change for change in changes if not math.isnan(change)]
        yield f"recall {span} n", rows["change"].n if "change" in rows else 0, len(changes)
        if "change" in rows and rows["change"].value is not None:
            yield f"recall {span} change", rows["change"].value, fmean(changes)


def dose(told: Told, periods: Periods) -> Iterator[Compared]:
    answers, both = ask(periods, "dose"), rv.analysed(told)
    early = rv.received(told, told.plan.followup_first_day - 1)
    late = rv.received(told, told.plan.followup_last_day)
    yield from mean_of(answers, "received_before_followup", list(early.values()))
    yield from mean_of(answers, "received_by_end", list(late.values()))
    planned = {name: told.patients[name].get("planned_sessions") for name in late}
    planned = {name: number for name, number in planned.items() if number is not None}
    had = sum(late[name] >= number for name, number in planned.items())
    yield from counted(answers, "had_planned_number", had, len(planned))
    for column in ("technique", "electrical", "local_twitch_response"):
        main = rv.main_entry(told, column)
        for entry in sorted(set(main.values())):
            group = {"True": f"{column}_yes", "False": f"{column}_no"}.get(entry, entry)
            changes = [
                both[name][1] - both[name][0] for name, one in main.items() if one == entry and name in both
            ]
            yield from mean_of(answers, "change", changes, by=column, group=group)
    for row in answers:
        if row.statistic == "change_by_planned" and row.group.isdigit():
            who = [name for name in both if told.patients[name].get("planned_sessions") == int(row.group)]
            yield from mean_of(
                answers, row.statistic, [both[name][1] - both[name][0] for name in who], group=row.group
            )


def care_and_drugs(told: Told, periods: Periods) -> Iterator[Compared]:
    inside, known = rv.in_care(told)
    yield from counted(ask(periods, "care"), "still_in_care", len(inside), len(known))
    answers, both = ask(periods, "concurrent"), rv.analysed(told)
    flagged = rv.preventive_changes(told) & set(both)
    yield from counted(answers, "flagged", len(flagged), len(both))
    for group, who in (("changed", flagged), ("unchanged", set(both) - flagged)):
        changes = [both[name][1] - both[name][0] for name in sorted(who)]
        if any(row.group == group for row in answers):
            yield from mean_of(answers, "change", changes, group=group)


def strata(told: Told, periods: Periods) -> Iterator[Compared]:
    answers, both = ask(periods, "strata"), rv.analysed(told)
    least = rc.limit(told, told.plan.chronic_days)
    levels = {
        "severity_at_baseline": {name: rv.severity(told, name) for name in both},
        "chronic_at_baseline": {
            name: "chronic" if rc.reached(pair[0], least) else "episodic" for name, pair in both.items()
        },
        **{by: {name: told.patients[name].get(by) for name in both} for by in ("sex", "age_band")},
    }
    for by, level_of in levels.items():
        groups: dict[str, list[float]] = {}
        for name, level in level_of.items():
            groups.setdefault(level or "not recorded", []).append(both[name][1] - both[name][0])
        for level, changes in groups.items():
            yield from mean_of(answers, "change", changes, by=by, group=level)
        tested = [one for level, one in groups.items() if level != "not recorded" and len(one) >= 5]
        if by in ("sex", "age_band") and len(tested) > 1:
            yield f"heterogeneity by {by}", answers.find("heterogeneity", by=by).value, rv.welch(tested)


TOPICS = (
    endpoints, response, durability, states, within_session, safety, questionnaires, recalled, dose, care_and_drugs,
    strata,
)  # fmt: skip
