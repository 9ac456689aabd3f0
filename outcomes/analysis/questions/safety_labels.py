"""What the numbers of the safety question are called, and what must stand beside them."""

from __future__ import annotations

from outcomes.records.code_lists import EVENT_GRADES

#: The grades of an event; `any` is every grade, and events without one.
GRADES = ("any", *EVENT_GRADES)

LABELS = {
    "asked_either": "sessions asked about, at the session or at 72 hours",
    "asked_at_session": "sessions asked about at the session",
    "asked_at_72h": "sessions asked about again at 72 hours",
    "written_not_asked": "sessions with 'not asked' written down",
    "left_empty": "sessions with nothing written down",
    **{f"sessions_{grade}": f"sessions with an event, {grade}" for grade in GRADES},
    **{
        f"sessions_{grade}_clustered": f"the same, {grade}, allowing for alike sessions of a patient"
        for grade in GRADES
    },
    **{f"sessions_{grade}_at_most": f"sessions, {grade}: none seen, at most" for grade in GRADES},
    **{f"patients_{grade}": f"patients with an event, {grade}" for grade in GRADES},
    **{f"patients_{grade}_at_most": f"patients, {grade}: none seen, at most" for grade in GRADES},
    "any_if_unasked_had_none": "all sessions, had none of those not asked had one",
    "any_if_unasked_had_one": "all sessions, had each of those not asked had one",
    "events_per_100_sessions": "events per 100 sessions asked about",
    "recorded_per_100_sessions": "events written down anywhere, per 100 sessions",
    "kind": "sessions with it, of those asked about",
    "kind_not_written": "events without a kind, of sessions with an event",
    "listed": "adverse events in the events table",
    "listed_beside_session": "of them on the day of a session asked about",
    "listed_told_twice": "of these, told by the session as well (counted once)",
    "listed_without_grade": "without a grade",
    "listed_expected": "as patients are told to expect",
    "needles_counted": "sessions with needles counted in and out",
    "needles_differ": "needles in are not needles out, of sessions with both counted",
    "needles_fewer_out": "fewer needles out than in",
    "red_flags": "red flags written down",
    "patients_red_flag": "patients with a red flag",
    **{f"soreness_day_{day}": f"soreness (0–10), day {day} after a session" for day in range(8)},
    **{
        f"sore_day_{day}": f"with any soreness, day {day} after a session, of a patient's days"
        for day in range(8)
    },
    "worst_soreness": "worst soreness told at the session (0–10)",
    "soreness_gone_72h": "soreness gone within 72 hours",
    "soreness_hours": "hours until the soreness was gone",
    "change_planned": "change, all days",
    "change_without_session_days": "change, days after sessions left out",
    "moved_by": "moved by leaving them out, same patients",
}

NOTES = (
    "none_is_not_blank: 'none' is an answer; sessions not asked about, or left empty, are in no rate",
    "none_seen: where no event was seen, the upper limit says what was not ruled out; it never shows that there are "
    "none",
    "asked_by_the_clinic: events told to the person who treats are fewer than those that happen",
    "context, other ways of grading and asking, not to be compared: Brady 2014, 7,629 treatments, mild 19.18% and no "
    "significant event; Boyce 2020, 20,494 treatments, minor 36.7% and major 1 in 1,024; MacPherson 2004, acupuncture, "
    "told by patients, 10.7% with at least one in three months",
)
