"""The README of a simulated clinic: its truth, for people."""

from __future__ import annotations

from dataclasses import fields

from outcomes.simulation.clinic import Clinic
from outcomes.simulation.features import FEATURES
from outcomes.simulation.special import SPECIAL_CLINICS
from outcomes.simulation.truth import ClinicTruth

_README = """\
# A simulated clinic

No row here comes from a patient: everything was drawn at random by `outcomes simulate`. To the extent
possible under law, it is given to the public domain (CC0 1.0).

    outcomes simulate {kind}--patients {patients} --output {folder} --seed {seed}

makes these files, the same bytes on every system. {first_day} to {last_day}, {patients} patients.{special}

| file | one row per | rows |
|---|---|---|
{files}

{diary}
## What is true in this clinic

| what | value |
|---|---|
{truth}
{lesson}
{headaches}## Sessions, and what follows them

| what | value |
|---|---|
{sessions}

## Questionnaires and measurements

At the first session (some up to a week before it), in weeks 8 to 12, and about week 24. A score follows the
patient's headache days of the 28 days before, bad month included, and has a real change of its own on top, which
comes as that of the headache does. PGIC asks about the change itself.

| instrument | filled in by | usual score | per headache day per 28 | real change of its own |
|---|---|---|---|---|
{scores}

## Events

| what | value |
|---|---|
{events}

## Planted data errors

{faults}
"""

_FAULTS = """\
Rows count as a spreadsheet shows them: the header is row 1.

| file | row | column | what is wrong | what a reader should do |
|---|---|---|---|---|
{rows}
"""

_UNRECORDED = """\
A day that has no row in `diary.csv`, or a row with an empty `headache`, was not recorded. `truth.json` holds
every knob as it was set. `claims.toml` lists what the clinic says in public (docs/claims.md).
"""

_NO_DIARIES = """\
`truth.json` holds every knob as it was set. `claims.toml` lists what the clinic says in public (docs/claims.md).
"""

_HEADACHES = """\
## How each headache is

Shares of the days with headache that say so, each day by itself; in the diaries of {asked} of the patients, which
ask for it. Whether the medication helped is a share of the days with medication, in all diaries.

{features}

"""

_BAD_MONTH = """
A comparison of before and after therefore finds more than the real change: the patients began in a bad
month, and the month after a bad one is on average better whatever is done. Set the real change to 0 and the
fall that is left is all of that kind. {also}
"""

_DIARY_BIAS = """\
Headache days are also written down more often than headache-free
ones, so that days per 28 from the recorded days are a little too high, before and after alike."""

_RECALL_BIAS = """\
Headache days are also recalled a tenth too many, and often
rounded to fives, before and after alike."""

_BOUTS = """
Headache days fall here and nothing was changed by anything: bouts end by themselves.
"""


def readme(tables: Clinic, truth: ClinicTruth) -> str:
    """The README of a clinic, as Markdown."""
    per = {
        "diary": "patient-day written down",
        "sessions": "treatment session",
        "patients": "patient",
        "scores": "questionnaire or measurement",
        "events": "event",
    }
    special = SPECIAL_CLINICS.get(truth.kind)
    files = [f"| `{name}.csv` | {per[name]} | {len(table)} |" for name, table in tables.items()]
    return _README.format(
        kind=f"--kind {truth.kind} " if special else "",
        folder="DIR" if special else "data/sample",
        special=f"\nWhat is special: {special.what}." if special else "",
        diary=_UNRECORDED if truth.diaries else _NO_DIARIES,
        lesson=_lesson(truth),
        headaches=_headaches(truth),
        sessions=_rows(_session_truth(truth)),
        scores=_score_rows(truth),
        events=_rows(_event_truth(truth)),
        patients=truth.patients,
        seed=truth.seed,
        first_day=truth.first_day.isoformat(),
        last_day=truth.last_day.isoformat(),
        files="\n".join(files),
        truth=_rows(_truth_rows(tables, truth)),
        faults=_fault_table(tables).rstrip(),
    )


def _rows(pairs: list[tuple[str, str]]) -> str:
    return "\n".join(f"| {what} | {value} |" for what, value in pairs)


def _lesson(truth: ClinicTruth) -> str:
    if truth.cluster_bout_median_days_after_first_session:
        return _BOUTS
    if truth.worst_of_months == 1:
        return ""
    return _BAD_MONTH.format(also=_DIARY_BIAS if truth.diaries else _RECALL_BIAS)


def _headaches(truth: ClinicTruth) -> str:
    if not truth.diaries:
        return ""
    return _HEADACHES.format(asked=f"{truth.features_asked_share:.0%}", features=_feature_table(truth))


def _truth_rows(tables: Clinic, truth: ClinicTruth) -> list[tuple[str, str]]:
    return [
        *_patient_truth(tables, truth),
        *_enrolment_truth(truth),
        *(_record_truth(truth) if truth.diaries else _recall_truth(truth)),
    ]


def _patient_truth(tables: Clinic, truth: ClinicTruth) -> list[tuple[str, str]]:
    types = ", ".join(f"{kind.name} {kind.share:.0%} ({kind.usual_days_per_28:g})" for kind in truth.types)
    change, spread = _signed(truth.true_change_days_per_28), truth.true_change_sd_days_per_28
    realised = _signed(round(tables.realised_change_days_per_28, 2))
    return [
        ("headache types, share (usual headache days per 28)", types),
        (
            "real change, headache days per 28",
            f"{change} on average (SD {spread:g}, in proportion to a patient's usual days); "
            f"{realised} on average in the patients drawn",
        ),
        ("real change, intensity", f"{_signed(truth.true_change_intensity_nrs)} on 0–10"),
        ("real change complete", f"from day {truth.full_change_from_day}, step by step, and lasting"),
        ("day intra-class correlation within a patient's 28-day months", f"{truth.day_icc:g}"),
        ("intra-class correlation of patients' usual days within a type", f"{truth.patient_icc:g}"),
        *_planted_beyond(truth),
    ]


def _planted_beyond(truth: ClinicTruth) -> list[tuple[str, str]]:
    """Truths that most clinics are without, where this one has them."""
    rows = []
    if truth.cluster_bout_median_days_after_first_session:
        median = truth.cluster_bout_median_days_after_first_session
        told = f"{truth.cluster_episodic_share:.0%} of cluster patients; the bout ends by itself, median day {median:g}"
        rows.append(("bouts", told))
    if truth.relapse_share:
        median = truth.relapse_median_days_after_last_session
        told = f"{truth.relapse_share:.0%} lose it on one day, median {median:g} days after the last session"
        rows.append(("loss of the real change", told))
    if truth.dose_slope_days_per_28_per_session:
        told = (
            f"{_signed(truth.dose_slope_days_per_28_per_session)} headache days per 28 from the day after it"
        )
        rows.append(("each session received", told))
    for who, spread in (
        ("practitioners", truth.practitioner_sd_days_per_28),
        ("sites", truth.site_sd_days_per_28),
    ):
        if spread:
            rows.append((f"spread of the real change over {who}", f"SD {spread:g} headache days per 28"))
    if not rows:
        rows.append(("relapses, dose, practitioners and sites", "move nothing"))
    return rows


def _enrolment_truth(truth: ClinicTruth) -> list[tuple[str, str]]:
    short, long_wait = truth.short_wait_days, truth.long_wait_days
    return [
        ("enrolment", f"booked in the worst of {truth.worst_of_months:g} months (1 = in any month)"),
        (
            "from booking to the first session",
            f"{short[0]} to {short[1]} days, the bad month being the baseline month; for "
            f"{truth.long_wait_share:.0%} of patients {long_wait[0]} to {long_wait[1]} days, the bad month "
            "being the one before it, so that their baseline month is an ordinary one",
        ),
        (
            "sessions",
            f"{truth.planned_sessions_least} to {truth.planned_sessions_most} planned, about weekly; those "
            f"who feel better stop, with {truth.improver_stop_share_per_session:.0%} chance before each "
            "session from the fourth",
        ),
    ]


def _record_truth(truth: ClinicTruth) -> list[tuple[str, str]]:
    return [
        (
            "diary",
            f"from booking to about day {truth.diary_days_after}; {truth.late_diary_share:.0%} begin at most "
            f"{truth.late_diary_most_days_before} days before the first session",
        ),
        (
            "days written down",
            f"{truth.recorded_share:.0%} of headache-free weekdays for the average patient at the start (SD "
            f"between patients {truth.recorded_sd_logit:g} on the logit scale); odds × "
            f"{truth.recorded_odds_ratio_weekend:g} at weekends, × {truth.recorded_odds_ratio_headache:g} on "
            f"headache days, × {truth.recorded_odds_ratio_per_28_days:g} with every 28 days",
        ),
        ("rows with an empty `headache`", f"{truth.blank_headache_share:.1%} of the days written down"),
        (
            "drop-out",
            f"{truth.drop_out_share_by_day_168:.0%} by day 168; hazard × "
            f"{truth.drop_out_hazard_ratio_per_day_of_change:g} per day of doing worse than the average",
        ),
    ]


def _recall_truth(truth: ClinicTruth) -> list[tuple[str, str]]:
    return [
        (
            "headache days of the last 28, recalled",
            "asked at 85% of sessions; a tenth too many, 40% in fives",
        ),
        ("drop-out", f"{truth.drop_out_share_by_day_168:.0%} by day 168"),
    ]


def _feature_table(truth: ClinicTruth) -> str:
    shares = [field.name for field in fields(truth.types[0].days_are) if field.name.endswith("_share")]
    columns = [f"{name}_share" for name in FEATURES]
    columns += [name for name in shares if name not in columns] + ["further_attacks_per_day"]
    names = [kind.name for kind in truth.types]
    lines = [f"| column of `diary.csv` | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for column in columns:
        cells = [getattr(kind.days_are, column) for kind in truth.types]
        shown = [f"{cell:.0%}" if column.endswith("_share") else f"{cell:g}" for cell in cells]
        lines.append(f"| {_FEATURE_WORDS.get(column, _column_words(column))} | {' | '.join(shown)} |")
    return "\n".join(lines)


_FEATURE_WORDS = {
    "medication_helped_share": "`acute_medication_helped`",
    "attack_goes_on_share": "after a headache day, the attack goes on and none begins (`attacks` 0)",
    "further_attacks_per_day": "further attacks on top of the first, mean (at most 8)",
}


def _column_words(column: str) -> str:
    return f"`{column.removesuffix('_share')}`"


def _session_truth(truth: ClinicTruth) -> list[tuple[str, str]]:
    falls = truth.pain_fall_shares_0_to_3_nrs
    mean = sum(points * share for points, share in enumerate(falls)) / sum(falls)
    course = " / ".join(f"{share:.0%}" for share in truth.soreness_share_by_day)
    return [
        ("sites", f"{truth.sites}; each of the {truth.practitioners} practitioners works at one"),
        (
            "worst adverse event per session",
            f"mild {truth.adverse_event_mild_per_session:.1%}, "
            f"significant {truth.adverse_event_significant_per_session:.1%}, "
            f"serious {truth.adverse_event_serious_per_session:.1%}; not asked after "
            f"{truth.adverse_event_not_asked_share:.0%} of sessions",
        ),
        (
            "asked again after 72 hours",
            f"{truth.adverse_event_72h_asked_share:.0%} of sessions; of those without an event, "
            f"{truth.adverse_event_72h_late_share:.0%} have a mild one by then",
        ),
        ("any soreness, by day from the day of the session", course),
        ("headache right after the session", f"{mean:.2g} points lower than before (never below 0)"),
        (
            "explained; personal plan",
            f"{truth.explained_share:.0%}; {truth.personal_plan_share:.0%}; neither written down at "
            f"{truth.process_not_recorded_share:.0%} of sessions",
        ),
        *_recalled_week(truth),
        (
            "diagnosis written down after the first session",
            f"{truth.diagnosed_late_share:.0%} of patients; the referral says something else for about "
            f"{truth.label_differs_share:.0%}",
        ),
    ]


def _score_rows(truth: ClinicTruth) -> str:
    rows = []
    for score in truth.scores:
        who = ", ".join(score.types) or "all types"
        cells = (score.instrument, f"{score.share:.0%} of {who}", f"{score.usual_points:g}")
        moved = (_signed(score.points_per_headache_day), _signed(score.real_change_points))
        rows.append(f"| {' | '.join((*cells, *moved))} |")
    return "\n".join(rows)


def _event_truth(truth: ClinicTruth) -> list[tuple[str, str]]:
    change = truth.preventive_change_days_per_28
    moves = f"{_signed(change)} headache days per 28 from then on" if change else "moves nothing"
    return [
        (
            "preventive drug changed between visits",
            f"{truth.preventive_change_share:.0%} of patients, once, days −84 to 168 (nothing is known from before "
            f"booking); {moves}. Changes at a visit stand in `sessions.co_interventions`",
        ),
        ("takes a preventive drug at the start", f"{truth.preventive_use_share:.0%} of patients"),
        ("red flag", f"{truth.red_flag_share:.1%} of patients"),
        ("diagnosis changed later", f"{truth.diagnosis_change_share:.0%} of patients"),
        ("treated again elsewhere", f"{truth.resumed_elsewhere_share:.0%} of those whose course ended"),
        ("adverse events", "those from `significant` on, on the day of their session"),
    ]


def _fault_table(tables: Clinic) -> str:
    if not tables.planted:
        return "None."
    rows = [
        (fault.file, str(fault.row), fault.kind.column or "all", fault.kind.problem, fault.kind.reader)
        for fault in tables.planted
    ]
    return _FAULTS.format(rows="\n".join(f"| {' | '.join(row)} |" for row in rows))


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _recalled_week(truth: ClinicTruth) -> list[tuple[str, str]]:
    if not truth.recalled_7_asked_share:
        return []
    asked = f"asked at {truth.recalled_7_asked_share:.0%} of sessions, one day off at most"
    return [("headache days of the last 7, recalled", asked)]
