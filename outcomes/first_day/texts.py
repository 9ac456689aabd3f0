"""The words of the kit in English: sheets, printed forms and messages. The long texts lie in `en/`.

What a column means, its range and its codes come from the data dictionary and are not repeated here.
"""

from __future__ import annotations

from typing import Final

#: A letter for paper and plain words for patients, for each class of medicine in the data dictionary.
MEDICINES: Final[dict[str, tuple[str, str]]] = {
    "paracetamol": ("P", "paracetamol"),
    "aspirin": ("A", "aspirin"),
    "nsaid": ("N", "ibuprofen, naproxen, diclofenac, other anti-inflammatories"),
    "triptan": ("T", "triptan (such as sumatriptan)"),
    "ergot": ("E", "ergotamine"),
    "gepant": ("G", "gepant (such as rimegepant)"),
    "ditan": ("D", "ditan (lasmiditan)"),
    "opioid": ("O", "codeine, tramadol, other opioids"),
    "combination_analgesic": ("C", "combined painkiller (such as with caffeine)"),
    "other": ("X", "other, or not sure"),
}

#: What a code means where the code alone does not say it.
CODE_MEANINGS: Final[dict[tuple[str, str], str]] = {
    ("headache_type", "tension_type"): "tension-type headache",
    ("headache_type", "cervicogenic"): "headache from the neck, diagnosed as such",
    ("headache_type", "sinus"): "headache from a nose or sinus disorder that was shown to be there",
    ("headache_type", "mixed"): "more than one type",
    ("headache_type", "unclassified"): "no diagnosis made",
    ("group", "treated"): "received the treatment",
    ("group", "waiting_list"): "waited, and kept a diary meanwhile",
    ("group", "usual_care"): "went on with the usual care",
    ("group", "sham"): "received a sham treatment in a study",
    ("allocation", "randomised"): "by chance, in a study",
    ("allocation", "queue"): "by the order of booking",
    ("allocation", "self_selected"): "by the patient's or the clinic's own choice",
    ("age_band", "90+"): "90 years and older",
    ("technique", "fast_in_fast_out"): "needle in and out, no time left in place",
    ("technique", "electrical"): "with electrical stimulation",
    ("technique", "mixed"): "more than one technique in this session",
    ("muscles", "other"): "any other muscle",
    ("co_interventions", "none"): "nothing else was given or changed",
    ("co_interventions", "preventive_started"): "a preventive headache medicine was started",
    ("co_interventions", "preventive_stopped"): "a preventive headache medicine was stopped",
    ("co_interventions", "preventive_changed"): "a preventive headache medicine or its dose was changed",
    ("aftercare", "none"): "no aftercare",
    ("ichd3_code", "1.1"): "migraine without aura",
    ("ichd3_code", "1.2"): "migraine with aura",
    ("ichd3_code", "1.3"): "chronic migraine",
    ("ichd3_code", "1.5"): "probable migraine",
    ("ichd3_code", "2.1"): "infrequent episodic tension-type headache",
    ("ichd3_code", "2.2"): "frequent episodic tension-type headache",
    ("ichd3_code", "2.3"): "chronic tension-type headache",
    ("ichd3_code", "2.4"): "probable tension-type headache",
    ("ichd3_code", "3.1"): "cluster headache",
    ("ichd3_code", "3.1.1"): "episodic cluster headache",
    ("ichd3_code", "3.1.2"): "chronic cluster headache",
    ("ichd3_code", "8.2"): "medication-overuse headache; beside it the first diagnosis has its own code",
    ("ichd3_code", "11.2.1"): "cervicogenic headache",
    ("ichd3_code", "11.5"): "headache from a nose or sinus disorder that was shown to be there",
    ("ichd3_code", "not_classified"): "no diagnosis made, or none of these criteria met",
    ("label_as_referred", "sinus"): "called sinus headache, whether or not a disorder was shown",
    ("sinus_evidence", "unknown"): "nobody looked",
    ("adverse_event_kind", "headache_worse"): "the headache got worse",
    ("adverse_event_kind", "needle_left"): "a needle was left in place",
    ("adverse_event_72h", "not_asked"): "the patient was not asked again; an empty cell says the same",
    ("adverse_event_72h", "none"): "the patient was asked again, and nothing had happened",
    ("adverse_event_72h", "mild"): "short, reversible, no inconvenience (such as a bruise)",
    ("adverse_event_72h", "significant"): "got in the way of activities, or needed medical attention",
    ("adverse_event_72h", "serious"): "hospital admission, lasting or significant disability, or death",
    ("instrument", "hit6"): "HIT-6, total 36 to 78",
    ("instrument", "midas"): "MIDAS, days of the last three months",
    ("instrument", "pedmidas"): "PedMIDAS, for patients below 18",
    ("instrument", "ndi"): "neck disability index; write the unit, points of 50 or percent",
    ("instrument", "msq"): "MSQ 2.1, all items",
    ("instrument", "msq_rr"): "MSQ 2.1, role restrictive, 0 to 100",
    ("instrument", "msq_rp"): "MSQ 2.1, role preventive, 0 to 100",
    ("instrument", "msq_ef"): "MSQ 2.1, emotional function, 0 to 100",
    ("instrument", "hdi"): "headache disability inventory, 0 to 100",
    ("instrument", "pgic"): "patient's impression of change, 1 very much improved to 7 very much worse",
    ("instrument", "eq5d"): "EQ-5D, value by the country's value set",
    ("instrument", "eq_vas"): "EQ-5D scale of health today, 0 to 100",
    ("instrument", "nrs"): "usual headache, 0 to 10",
    ("instrument", "rom_flexion"): "neck, bending forward, in degrees",
    ("instrument", "rom_extension"): "neck, bending back, in degrees",
    ("instrument", "rom_lateral_flexion"): "neck, bending to a side, in degrees; write the side",
    ("instrument", "rom_rotation"): "neck, turning to a side, in degrees; write the side",
    ("instrument", "ppt"): "pressure pain threshold; write unit, site and side",
    ("unit", "kpa"): "kilopascal",
    ("unit", "kg_per_cm2"): "kilograms per square centimetre",
    ("site", "other"): "any other muscle",
    (
        "kind",
        "preventive_change",
    ): "a preventive headache medicine was started, stopped or changed between visits",
    ("kind", "diagnosis_change"): "the diagnosis was changed; the sheet patients keeps the first one",
    ("kind", "red_flag"): "a sign that called for a doctor",
    ("kind", "drop_out"): "the patient stopped coming",
    ("kind", "treatment_ended"): "the course of treatment ended",
    ("kind", "treatment_resumed"): "treatment was taken up again",
    ("grade", "mild"): "short, reversible, no inconvenience (such as a bruise)",
    ("grade", "significant"): "got in the way of activities, or needed medical attention",
    ("grade", "serious"): "hospital admission, lasting or significant disability, or death",
    ("adverse_event", "not_asked"): "the patient was not asked; not the same as none",
    ("adverse_event", "none"): "the patient was asked, and nothing happened",
    ("adverse_event", "mild"): "short, reversible, no inconvenience (such as a bruise)",
    ("adverse_event", "significant"): "got in the way of activities, or needed medical attention",
    ("adverse_event", "serious"): "hospital admission, lasting or significant disability, or death",
}

EXPLAINED_TITLE: Final = "What each column means"
EXPLAINED_INTRO: Final = (
    "Made from the data dictionary. Dark headers must be filled in, light ones where you have the answer.",
    "Leave a cell empty when something was not recorded: empty is not zero, and not 'no'.",
    "Do not rename, add or hide columns or sheets, and write no names, notes or comments anywhere.",
)
EXPLAINED_HEADERS: Final = ("sheet", "column", "needed", "meaning", "how to write it", "unit", "range")
CODES_TITLE: Final = "What the codes mean"
CODES_HEADERS: Final = ("sheet", "column", "code", "meaning", "letter on paper")
NEEDED: Final = "yes"
WELCOME: Final = "if known"

DATE_PROMPT: Final = "Such as 2026-03-02. Day, month and year must all be there."
#: By column.
ID_PROMPTS: Final[dict[str, str]] = {
    "patient_id": "The patient's code from the paper list, such as P-0001. Never a name.",
    "practitioner_id": "A code for who treated, such as T-01. Never a name.",
    "site_id": "A code for the branch, such as S-01, where there is more than one. Never a name of a place.",
}
HEADACHE_PROMPT: Final = (
    "yes or no, as ticked on the sheet. If neither box was ticked, leave out the whole row: the day was not "
    "recorded, and is not counted as a day without headache."
)
MULTI_PROMPT: Final = "One or more, with semicolons between: {example}. See the sheet 'explained'."

ERROR_TITLE: Final = "Please look again"
ERRORS: Final[dict[str, str]] = {
    "patient": "This must be a code such as P-0001, without spaces, and each patient has one row only. "
    "Never write a name or a hospital number.",
    "known_patient": "This code is not on the sheet 'patients' yet. Enter the patient there first, or correct "
    "the code. Never write a name.",
    "id": "This must be a code of a few letters and digits, such as P-0001 or T-01, without spaces. "
    "Never write a name.",
    "date": "This must be a date from 2000 up to today, such as 2026-03-02.",
    "yes_no": "Choose yes or no from the list. Leave the cell empty if it was not recorded.",
    "number": "This must be {rule}. Leave the cell empty if it was not recorded.",
    "code": "Choose one entry from the list. Leave the cell empty if it was not recorded.",
    "codes": "Something here is not on the list of codes, or stands twice. The codes are on the sheet 'explained'; "
    "write semicolons between them.",
}

PATIENT_CODE: Final = "Patient code"
FIRST_DAY: Final = "First day of this sheet (day / month / year)"
TODAY: Final = "Date (day / month / year)"

DIARY_TITLE: Final = "Headache diary"
DIARY_STEPS: Final = (
    ("Every evening, tick one box:", "no headache or headache. Please tick it on good days too."),
    (
        "With headache:",
        "circle how strong it was at its worst, 0 (no pain) to 10 (worst imaginable), and write how many hours you "
        "had it that day.",
    ),
    (
        "Medicine for headache?",
        "Tick no or yes, every day. If yes, write how many doses, and the letters below. Helped: Y if the headache was "
        "gone or mild two hours later, else N.",
    ),
    (
        "Missed a day?",
        "Fill it in within two days, else leave it blank. Blank means not recorded; it is never taken for a day "
        "without headache.",
    ),
)
DIARY_RULE: Final = (
    "A headache day is a day with headache for half an hour or longer, or with any headache for which you took "
    "medicine. A headache that lasts past midnight counts on both days."
)
#: To circle.
DIARY_HELPED: Final = ("Y", "N")
DIARY_SORE: Final = (
    "Treated?",
    "From that day on, write how sore the treated place was at its worst, 0 to 10, until it is 0.",
)
DIARY_GROUPS: Final = ("", "Tick one, every day", "Only with headache", "Medicine for headache", "Treated?")
DIARY_COLUMNS: Final = (
    "Day",
    "Date",
    "No headache",
    "Headache",
    "Worst of the day",
    "Hours",
    "No",
    "Yes",
    "Doses",
    "Letters",
    "Helped",
    "Sore",
)
DIARY_LETTERS: Final = "Letters for medicines:"
DIARY_CARE: Final = (
    "Nobody reads this sheet day by day. Get medical help at once for a sudden headache that is the worst of your "
    "life, or a headache with fever, a stiff neck, weakness, confusion, or trouble speaking or seeing."
)
DIARY_NO_NAME: Final = "Please do not write your name on this sheet."

CARD_TITLE: Final = "Before your session"
CARD_RECALL: Final = "In the last 28 days (4 weeks), on how many days did you have a headache?"
CARD_RECALL_UNIT: Final = "days, 0 to 28"
CARD_RECALL_HELP: Final = "Your best guess from memory is fine. Please do not look it up in your diary."
CARD_NOW: Final = "How strong is your headache right now?"
CARD_SCALE: Final = ("no pain", "worst imaginable")
CARD_SINCE: Final = "Since your last session (leave blank at your first)"
CARD_SORENESS: Final = "How sore was the treated area at its worst?"
CARD_SORENESS_SCALE: Final = ("not sore", "worst imaginable")
CARD_EVENT: Final = "Did anything unwanted happen after the last session?"
CARD_EVENT_ANSWERS: Final = (
    "No, nothing",
    "Yes, but it was slight and soon over",
    "Yes, it got in my way, or I needed medical advice",
    "Yes, I was in hospital, or it has stayed",
)
CARD_CLINIC: Final = (
    "For the clinic, sheet 'sessions'. Today's row: 1 is recalled_headache_days_28, 2 is pain_before. Row of the "
    "last session: 3 is soreness; 4 is adverse_event (none, mild, significant, serious; graded by the therapist). "
    "Not asked: not_asked. Ask for the card before the session, never after it."
)
CARD_AFTER: Final = "Headache after this session, 0 to 10 (pain_after):"

CODES_PAGE_TITLE: Final = "Who is behind which code"
CODES_PAGE_WARNING: Final = (
    "This is the only place where names and codes stand together. Keep it on paper, locked away, apart from the "
    "records, the diaries and the computer folder. Never type it in, photograph or send it. Give each patient the "
    "next free code at booking and use it on every sheet. A code is never used twice."
)
CODES_PAGE_COLUMNS: Final = ("Code", "Name", "Date of birth", "Booked on", "Wants out on")
CODES_PAGE_SUBJECT: Final = "Patient code list"

CONSENT_MARK: Final = (
    "Draft for the clinic's own review. Not legal advice. Do not hand out before it has been reviewed."
)

#: Why a key of the plan is there. Every key that the plan file shows has its sentence.
PLAN_COMMENTS: Final[dict[str, str]] = {
    "baseline_days": "Days of diary before the first session that count as baseline, ending the day before it.\n"
    "14 is allowed and is flagged in the report. Decide once, for all patients, before you look at results.",
    "followup_first_day": "The days after the first session (day 0) that are compared with the baseline:\n"
    "days 56 to 83 are weeks 9 to 12.",
    "followup_last_day": "",
    "min_recorded_days": "Days that must be recorded in each of the two windows. Left out, it is 20 of 28 and the\n"
    "same share of another length (10 of 14).",
    "primary_endpoint": "The one number that is decided on beforehand and comes first in every report.",
    "responder_reductions": "Shares of patients with at least so many percent fewer headache days.",
    "responder_min_baseline": "Patients with fewer headache days than this at baseline have no percentage.",
    "worsening_increases": "Shares of patients with at least so many percent more headache days.",
    "confidence": "How sure the intervals are meant to be.",
    "minimum_cell": "Fewer patients than this are never counted out in what leaves the clinic. 8 or more.",
    "set_aside_limit": "The report stops when more than this share of rows breaks a rule.",
    "duplicate_day": "Rows that contradict each other about one day: set_aside uses none of them; max, sum and last\n"
    "put them together, and every report says so.",
    "seed": "Start of the random numbers of methods that draw; printed with the results.",
    "summary_baseline": "Names of the two time points, only for records that come already summarised.",
    "summary_followup": "",
    "sensitivity_min_recorded": "From here on: for whoever looks further than the report; the defaults will do.\n"
    "Other numbers of recorded days, of 28, in the table of sensitivity.",
    "key_secondaries": "Tested after the primary one, in this order, each only if those before it are clear.",
    "external_means": "Mean headache days per 28 of people like these elsewhere, such as [8.0, 10.0]. Without one\n"
    "nobody can say what entering in a bad month alone would give.",
    "enrolment_rules": "How patients may have come to begin: any month, the worst of 2 or 3, or at_least_8 days.",
    "null_draws": "Draws behind what entering in a bad month alone would give.",
    "flare_correlations": "How far the month of booking may run on into the next one.",
    "repeat_baseline_min_patients": "Patients with a second baseline after booking before it counts. 20 or more.",
    "bootstrap_resamples": "Draws of the methods that resample patients.",
    "imputations": "Draws of the days that nobody recorded.",
    "tipping_odds": "How much likelier a headache may have been on follow-up days that nobody recorded.",
    "quadrature_points": "Fineness of the models for counts.",
    "headache_day_min_minutes": "A headache day of the trial rule lasts 30, 60 or 240 minutes, or has medicine.",
    "migraine_day_min_minutes": "A migraine day lasts so many minutes (30 or 240), or has an aura or a migraine drug.",
    "migraine_drug_days": "A migraine drug makes a migraine day always, or only where it helped (effective).",
    "moderate_severe_min_hours": "A moderate or severe headache day lasts so many hours, or has medicine.",
    "attack_free_days": "Recorded days without headache that part one attack from the next.",
    "month_limits": "Limits per month (10 and 15 days): taken as they are, or scaled to 28 days.",
    "chronic_days": "Headache days from which a patient counts as chronic.",
    "chronic_persistence_periods": "Periods of 28 days in a row that a change from chronic to episodic must last.",
    "overuse_persistence_periods": "Periods of 28 days in a row that too much medicine must last.",
    "response_periods": "Periods of 28 days in which a response is looked for.",
    "sustained_periods": "Periods of 28 days in a row that a sustained response must last.",
    "loss_reduction": "Whoever had 50% fewer headache days, and then less than this, lost the response.",
    "loss_periods": "Periods in a row that a loss, and a relapse, must last.",
    "relapse_within_days": "Relapse: within so many days of the baseline,",
    "relapse_baseline_percent": "or at so many percent of it; 90 is the strict reading.",
    "restricted_mean_days": "How far the mean time in response is counted.",
    "retreatment_gap_days": "A session after so many days without one begins another course.",
    "late_window_first_day": "First of the 28 days by which a lasting response is judged.",
    "wearing_off_weeks": "Wearing off: so many weeks before the next session are looked at,",
    "wearing_off_days_per_week": "and must have so many headache days a week more than the weeks before.",
    "soreness_last_day": "Days from each session, 0 to this, that one sensitivity analysis leaves out.",
    "concurrent_change_days": "A change of a preventive medicine counts so many days around the first session.",
    "still_in_care_share": "From this share still treated at follow-up on, it is called care including dry needling.",
    "score_baseline_first_day": "Days in which a questionnaire counts: from this day to day 0 as baseline,",
    "score_followup_first_day": "from this day",
    "score_followup_last_day": "to this one as follow-up.",
    "ndi_missing_items": "Items of the neck disability index that may be missing.",
    "important_changes": "Important change of one patient, by questionnaire, where another than the usual is wanted.",
    "reliabilities": "Retest reliability, by questionnaire, for the reliable change.",
    "eq5d_value_set": "A value set of the EQ-5D-5L, which is not part of this program, by profile,",
    "eq5d_value_set_name": "and its name and version.",
    "severity_bounds": "Worst intensities from which a patient counts as moderate and as severe.",
    "strata": "What patients are looked at by, one after the other.",
    "language": "Of the report's fixed text: en, es or de. The last two are begun.",
    "release": "With sign_off = true a person has to approve what leaves the clinic (outcomes release).",
    "plan_version": "Which edition of these rules is meant.",
}

#: What the runners say. Plain letters only: a Windows batch file gives most other signs a meaning.
RUNNER: Final = {
    "checking": "Checking the records ...",
    "missing": "The program outcomes was not found on this computer.",
    "missing_help": "Ask whoever looks after your computers to install it, with Python 3.11 or later. "
    "Nothing was changed.",
    "stopped": "No report was made. Put right what is listed above, save, close the workbooks, and start again.",
    "ask": "Something above needs putting right. Rows that were set aside are left out of a report.",
    "answer": "Type yes for a report without them, or press Enter to stop: ",
    "yes": "yes",
    "month": "Report up to which month? Press Enter for {month}, or type another such as 2026-10: ",
    "writing": "Writing the report. This takes a little while ...",
    "done": "The reports are in the folder whose name ends in -reports. Only the one named share may leave "
    "the clinic.",
    "failed": "The report was not made. The reason stands above.",
    "close": "Press Enter to close this window. ",
}
